"""The house rules as code: what a reader may rely on without reading everything.

Imports between layers are contracts in ``setup.cfg``; style is ruff's. Here is the rest.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest
from flask import Flask

from review import documentation
from review.app import PAGES, create_app
from review.mail.render import written_notices
from review.services.effects import EFFECTS
from review.settings import Settings
from review.web.access import mark_of
from workflows.registry import PROCESSES, check_notices
from workflows.spec import Effect

ROOT = Path(__file__).parents[1]
FILE_LIMIT, FUNCTION_LIMIT = 350, 50
LONG = {
    "workflows/country_review.py": "the whole definition in one place, data only",
}
PUBLIC = {
    "account_links.forgotten_password",
    "account_links.invitation",
    "account_links.new_link",
    "account_links.reset_password",
    "accounts.change_language",
    "accounts.sign_in",
    "accounts.sign_out",
    "bounces.report",
    "calendar_feed.of_task",
    "calendar_feed.show",
    "digest_choice.end",
    "digest_choice.show",
    "draws_files.bias",
    "draws_files.public_transcript",
    "draws_files.specification",
    "draws_files.verifier",
    "health.show",
    "home.start",
    "metrics.show",
    "published.download",
    "published.index",
    "published.show",
    "static",
    "successions.again",
    "successions.by_link",
    "successions.of_mission",
    "task.again",
    "task.ask",
    "task.confirm",
    "task.show",
    "task.take",
}
"""Every page that anybody may open; one more is a decision, not an accident."""
OF_THE_HOUSE = {
    "digest",
    "escalation",
    "incident_closed",
    "incident_opened",
    "invitation",
    "invitation_expired",
    "nominated",
    "office_ended",
    "office_taken_over",
    "password_reset",
    "reminder",
    "reminder_passed_on",
    "reviewer_released",
    "succession_asked",
    "succession_receipt",
    "succession_refused",
    "task_link",
}
"""Mails that no step sends."""


@dataclass(frozen=True)
class Source:
    """One file of ours, read and parsed."""

    path: str
    text: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def calls(self) -> list[tuple[str, ast.Call]]:
        """Each call with its dotted name as it is written."""
        return [(ast.unparse(n.func), n) for n in self.nodes if isinstance(n, ast.Call)]

    @cached_property
    def functions(self) -> list[ast.FunctionDef]:
        return [n for n in self.nodes if isinstance(n, ast.FunctionDef)]

    @cached_property
    def strings(self) -> list[str]:
        constants = (n.value for n in self.nodes if isinstance(n, ast.Constant))
        return [value for value in constants if isinstance(value, str)]


def sources(*folders: str) -> list[Source]:
    return [source for folder in folders for source in _of(folder)]


@cache
def _of(folder: str) -> tuple[Source, ...]:
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        text = path.read_text()
        found.append(Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text)))
    assert found
    return tuple(found)


def product() -> list[Source]:
    return sources("review", "workflows")


def who(does: Callable[[Source], bool]) -> set[str]:
    """The files of the product in which something is done."""
    return {source.path for source in product() if does(source)}


def calls(pattern: str) -> Callable[[Source], bool]:
    wanted = re.compile(pattern)
    return lambda source: any(wanted.fullmatch(name) for name, _ in source.calls)


def says(pattern: str) -> Callable[[Source], bool]:
    wanted = re.compile(pattern)
    return lambda source: any(wanted.search(text) for text in source.strings)


# Where things happen ---------------------------------------------------------------------------


def test_the_duty_station_has_one_zone_for_periods_pages_papers_and_mails() -> None:
    assert who(says(r"^Europe/Vienna$")) == {
        "workflows/deadlines.py",
        "review/models/people.py",  # what the database writes where nothing is given
    }
    assert not who(says(r"(?i)^duty_station_zone$")) - {
        "review/web/frame.py",
        "review/web/present.py",
    }


def test_only_the_database_module_commits() -> None:
    assert who(calls(r".*\.commit")) == {"review/db.py"}


def test_only_steps_move_a_review() -> None:
    def assigns(source: Source) -> bool:
        targets = [
            target
            for node in source.nodes
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        ]
        return any(isinstance(t, ast.Attribute) and t.attr == "stage" for t in targets)

    def writes(source: Source) -> bool:
        return any(
            name.rpartition(".")[2] in {"put", "values"}
            and any(k.arg == "stage" for k in call.keywords)
            for name, call in source.calls
        )

    assert who(assigns) == set()
    assert who(writes) == set()
    assert who(says(r"(?i)update\s+review\b")) == {"review/services/steps.py"}
    steps = next(s for s in product() if s.path == "review/services/steps.py")
    assert steps.text.count('"stage":') == 2, "the one writer writes it in one place"


def test_new_reviews_begin_at_the_start_of_their_process() -> None:
    for source in product():
        for name, call in source.calls:
            for keyword in call.keywords if name == "Review" else ():
                if keyword.arg == "stage":
                    assert ast.unparse(keyword.value).endswith(".start"), source.path


def test_only_the_clock_reads_the_time() -> None:
    reads = calls(
        r"(datetime\.)*(datetime|date)\.(now|utcnow|today)|time\.(time|time_ns|localtime)"
    )

    assert who(reads) == {"review/clock.py"}
    assert who(says(r"(?i)\bnow\(\)|current_timestamp|current_date")) == set()
    assert who(calls(r"(sa\.)?func\.(now|current_\w+)")) == set()


def test_services_are_told_the_time() -> None:
    reads = who(calls(r"clock\.now"))
    told = {
        path
        for path in reads
        if path.startswith(("review/services", "review/mail", "review/models"))
    }

    assert told <= {
        "review/services/demonstration.py",  # loads what is then watched by that clock
        "review/services/replay/play.py",  # moves it
    }


def test_no_text_for_readers_stands_in_an_f_string() -> None:
    """Where pybabel does not look, so that it would stay English for ever."""
    speaks = re.compile(r"(.*\.)?(_|N_|lazy|n?gettext)")
    hidden = [
        (source.path, ast.unparse(call))
        for source in product()
        for node in source.nodes
        if isinstance(node, ast.JoinedStr)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and speaks.fullmatch(ast.unparse(call.func))
        if call.args and isinstance(call.args[0], ast.Constant)
    ]

    assert hidden == []


def test_only_tasks_queue_work() -> None:
    assert who(calls(r".*\.(delay|apply_async|send_task)")) == {"review/tasks.py"}


def test_audit_and_mail_rows_are_made_where_they_belong() -> None:
    assert who(calls(r"Audit|insert\(Audit\)")) == {"review/services/audit.py"}
    assert who(says(r"(?i)insert into audit")) == {"review/services/steps.py"}
    assert who(calls(r"Outbox")) | who(says(r"(?i)insert into outbox")) <= {
        "review/services/outbox.py",
        "review/services/prepared.py",  # a whole sweep in one statement
        "review/services/reminders.py",
        "review/services/resending.py",
        "review/services/steps.py",
    }
    assert who(says(r"(?i)(update|delete from|truncate) audit")) == set()


def test_only_the_transport_speaks_smtp() -> None:
    imports = re.compile(r"^\s*(import|from) smtplib", re.MULTILINE)

    assert who(lambda source: bool(imports.search(source.text))) == {"review/mail/transport.py"}


# Pages -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, without anything that it would talk to."""
    return create_app(
        Settings(
            database_url="postgresql://nobody@127.0.0.1:1/none",
            redis_url="redis://127.0.0.1:1",
            smtp_url="smtp://127.0.0.1:1",
            secret_key="a key that is used in tests and nowhere else",
            base_url="http://localhost",
            mail_from="reviews@secretariat.example",
            host="127.0.0.1",
            port=8000,
            web_workers=1,
            demonstration=False,
            clock_offset_seconds=0,
            data_dir=tmp_path_factory.mktemp("data"),
            session_hours=12,
            upload_limit_bytes=1024,
            mailbox_url="",
            log_level="INFO",
            trusted_proxies=0,
        )
    )


def test_every_view_says_who_may_open_it(app: Flask) -> None:
    marks = {name: mark_of(view) for name, view in app.view_functions.items()}

    assert [name for name, mark in marks.items() if mark is None] == []
    assert {name for name, mark in marks.items() if mark and mark.open} == PUBLIC


def test_every_page_module_is_registered() -> None:
    with_views = {
        Path(source.path).stem
        for source in sources("review/web")
        if any(name == "Blueprint" for name, _ in source.calls)
    }

    assert with_views == set(PAGES)


def test_views_that_only_show_do_not_open_a_writing_transaction(app: Flask) -> None:
    """GET reads in a READ ONLY transaction: it never calls what writes, in its own module."""
    for endpoint, methods in methods_of(app).items():
        if "GET" not in methods or endpoint == "static":
            continue
        module, _, name = endpoint.partition(".")
        source = next(s for s in sources("review/web") if s.path == f"review/web/{module}.py")
        functions = {f.name: f for f in source.functions}
        if "POST" in methods:
            body = ast.unparse(functions[name])
            assert "validate_on_submit" in body or "request.method" in body or "_link(" in body, (
                endpoint
            )
        else:
            assert not writes(functions, name, set()), endpoint


def methods_of(app: Flask) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        found.setdefault(rule.endpoint, set()).update(rule.methods or ())
    return found


def writes(functions: dict[str, ast.FunctionDef], name: str, seen: set[str]) -> bool:
    """Whether a function of a module, or one that it calls there, opens a transaction."""
    if name not in functions or name in seen:
        return False
    seen.add(name)
    called = {
        ast.unparse(node.func) for node in ast.walk(functions[name]) if isinstance(node, ast.Call)
    }
    return "db.transaction" in called or any(writes(functions, other, seen) for other in called)


def test_forms_are_not_excused_from_their_token() -> None:
    assert who(calls(r".*\.exempt")) == set()


# Definition and its followers ------------------------------------------------------------------


def test_every_notice_has_words_and_every_text_a_notice() -> None:
    check_notices(written_notices())
    sent = {notice for process in PROCESSES.values() for notice in process.notices()}

    assert written_notices() == sent | OF_THE_HOUSE


def test_every_effect_has_a_function() -> None:
    assert EFFECTS.keys() == set(Effect)
    used = {e for p in PROCESSES.values() for step in p.steps for e in step.effects}
    assert used == set(Effect), "an effect that no step has"


def test_written_documentation_is_what_the_definition_says() -> None:
    assert documentation.stale(ROOT / "docs") == [], "run `make docs`"


def test_results_of_the_benchmarks_are_complete() -> None:
    for entry in json.loads((ROOT / "bench" / "results.json").read_text()):
        if "measured" in entry:  # what is found out, with nothing to be compared with
            assert set(entry) == {"name", "unit", "measured"}
            assert entry["measured"]
            continue
        assert set(entry) == {"name", "unit", "ours", "floor", "peers", "ratio_to_floor"}
        assert 0 < entry["ratio_to_floor"] <= 1.2
        assert all(isinstance(value, int | float) for value in entry["peers"].values())


def test_only_the_definition_knows_the_order_of_stages() -> None:
    """Other files may name a stage; a list of them is a second definition."""
    stages = {stage.key for process in PROCESSES.values() for stage in process.stages}

    def lists(source: Source) -> bool:
        return any(
            isinstance(node, ast.Tuple | ast.List | ast.Dict)
            and len(
                stages
                & {c.value for c in ast.iter_child_nodes(node) if isinstance(c, ast.Constant)}
            )
            > 3
            for node in source.nodes
        )

    assert who(lists) <= {
        "workflows/country_review.py",
        "review/services/replay/play.py",
        "review/services/durations.py",
    }


# Shape -----------------------------------------------------------------------------------------


def test_worker_module_is_one_import() -> None:
    tree = ast.parse((ROOT / "celery_worker.py").read_text())

    assert ast.get_docstring(tree)
    assert [ast.unparse(line) for line in tree.body[1:]] == [
        "from review.tasks import app",
        "__all__ = ['app']",
    ]


def test_no_file_is_a_drawer_for_everything() -> None:
    vague = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common_functions)(_|$)")

    for source in sources("review", "workflows", "tests"):
        for part in Path(source.path).with_suffix("").parts:
            assert not vague.search(part), source.path


def test_files_are_short() -> None:
    long = {s.path: s.text.count("\n") for s in product() if s.text.count("\n") > FILE_LIMIT}

    assert long.keys() == LONG.keys()


def test_functions_are_short() -> None:
    long = {
        f"{source.path}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for source in product()
        if source.path not in LONG
        for function in source.functions
        if (function.end_lineno or 0) - function.lineno + 1 > FUNCTION_LIMIT
    }

    assert long == {}


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"#.*\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")

    assert [s.path for s in sources("review", "workflows", "tests") if later.search(s.text)] == []


def test_public_functions_and_classes_say_what_they_are_for() -> None:
    bare = [
        f"{source.path}:{node.name}"
        for source in product()
        for node in source.tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and source.path != "workflows/guards.py"  # each has its sentence in the decorator
    ]

    assert bare == []


# Tests -----------------------------------------------------------------------------------------


def test_names_of_tests_are_sentences() -> None:
    for source in sources("tests"):
        for function in source.functions:
            if function.name.startswith("test_"):
                words = function.name.removeprefix("test_").split("_")
                assert len(words) >= 2, f"{source.path}: {function.name}"
                assert Path(source.path).stem.startswith("test_"), source.path


def test_tests_are_not_skipped() -> None:
    excused = re.compile(r"(pytest\.)?(skip|xfail|mark\.skip|mark\.xfail|importorskip)")
    excused_for = {
        "tests/platform/test_command_line.py": "root may write everywhere",
        "tests/browser.py": "a machine without a browser",
        "tests/journeys/": "a machine without a browser",
    }

    found = {
        source.path
        for source in sources("tests")
        for name, _ in source.calls
        if excused.fullmatch(name) and not source.path.startswith(tuple(excused_for))
    }

    assert found == set()
