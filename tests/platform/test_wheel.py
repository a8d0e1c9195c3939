"""The wheel works outside the checkout: every template, migration and data file is inside."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("review", "workflows", "templates", "migrations")
NOT_SHIPPED = {".pyc", ".pot"}

INSTALLED = """
import sys
from pathlib import Path
import review, workflows, celery_worker
from review import cli, reference, schema
from review.mailbox.page import Page
from review.mailbox.store import Store
from review.resources import MIGRATIONS, STATIC, TEMPLATES
from werkzeug.test import Client

here = Path(sys.argv[1])
for path in (review.__file__, workflows.__file__, MIGRATIONS, STATIC, TEMPLATES):
    assert here in Path(path).parents, path
assert schema.head()
schema.upgrade(sys.argv[2])
assert schema.revision(sys.argv[2]) == schema.head()
assert len(reference.first_cycle()) == 165
assert Client(Page(Store(here / "mailbox"))).get("/").status_code == 200
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("source")
    for name in (*SOURCES, "docs", "celery_worker.py", "setup.py", "setup.cfg", "pyproject.toml"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    for name in ("requirements.in", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, copy / name)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
            *("--no-build-isolation", "--no-index", "--wheel-dir", str(copy / "dist"), str(copy)),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (built,) = (copy / "dist").glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for folder in SOURCES:
        prefix = "" if folder in ("review", "workflows") else "review/"
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix not in NOT_SHIPPED and path.name != ".gitkeep":
                assert f"{prefix}{path.relative_to(ROOT).as_posix()}" in inside


def test_the_wheel_works_from_another_folder(
    wheel: Path, tmp_path: Path, postgres_url: str
) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", INSTALLED, str(site), postgres_url],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
