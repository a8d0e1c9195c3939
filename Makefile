# Needs Python 3.11 or newer and make, nothing else.
.DEFAULT_GOAL := help
.PHONY: help run reset test year lint format messages docs lock bench wheel clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := review workflows migrations tests celery_worker.py setup.py $(wildcard bench)
INSTALL := $(BIN)/uv pip install --quiet --python $(VENV) --require-hashes
CATALOGUES := review/translations
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

help:  ## Show what can be made
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-16s%s\n", $$1, $$2}'

run: $(VENV)/.run  ## Start everything here: pages, worker, scheduler, mailbox. Ctrl-C stops it
	@$(BIN)/uncac-review run

reset: $(VENV)/.run  ## Throw away the data of `make run`
	@$(BIN)/uncac-review reset

test: lint  ## Check and test everything
	$(BIN)/uncac-review docs --check
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

year: $(VENV)/.dev  ## Live through a year of 165 reviews with outages, and compare every message (long)
	YEAR=165x365 $(BIN)/pytest -q tests/year

lint: $(VENV)/.dev  ## Formatting, lint, types, imports
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## Format, and mend what can be mended by rule
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

messages: $(VENV)/.dev  ## Collect the texts to translate, update and compile the catalogues
	$(BIN)/pybabel --quiet extract --mapping=babel.cfg --keyword=N_ --keyword=lazy --sort-output \
		--add-location=never --project=uncac-review --output=$(CATALOGUES)/messages.pot .
	@for code in ar es fr ru zh; do \
		test -f $(CATALOGUES)/$$code/LC_MESSAGES/messages.po || $(BIN)/pybabel --quiet init \
			--locale=$$code --input-file=$(CATALOGUES)/messages.pot --output-dir=$(CATALOGUES); done
	$(BIN)/pybabel --quiet update --input-file=$(CATALOGUES)/messages.pot --output-dir=$(CATALOGUES) \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	$(BIN)/pybabel --quiet compile --directory=$(CATALOGUES)

docs: $(VENV)/.dev  ## Write docs/ from the definition of the process
	$(BIN)/uncac-review docs

bench: $(VENV)/.bench  ## Measure; ONLY=name runs one benchmark
	$(BIN)/python -m bench $(ONLY)

wheel: $(VENV)/.run  ## Build the wheel into dist/
	@rm -rf build
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

lock: $(VENV)/.run  ## Resolve the requirements anew
	@for name in requirements requirements-tools requirements-dev requirements-bench; do \
		echo $$name; $(LOCK) --upgrade $$name.in --output-file $$name.lock || exit 1; done

clean:  ## Remove the environment and what was built; `make reset` removes the data
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The environment. A stamp is older than a lock only when the lock has changed.

$(VENV)/.tools: requirements-tools.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with PYTHON=…" >&2; exit 1; }
	@echo "Making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tools.lock
	@touch $@

$(VENV)/.run: $(VENV)/.tools requirements.lock setup.cfg setup.py pyproject.toml
	@$(INSTALL) -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@$(INSTALL) -r requirements-dev.lock
	@touch $@

$(VENV)/.bench: $(VENV)/.run requirements-bench.lock
	@$(INSTALL) -r requirements-bench.lock
	@touch $@
