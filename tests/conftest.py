"""The servers of the tests: the embedded ones of `make run`, once for each test process.

``session`` is undone after each test, so service tests leave nothing behind. ``database`` is a
database of the test's own for whatever needs real commits, several connections or processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import Session

from review import db, embedded, schema, seals
from review.services import passwords
from tests import databases

# How long something takes says nothing on a busy machine.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(autouse=True, scope="session")
def secret_key() -> None:
    """Links by mail need a key, in every process of the tests the same."""
    seals.set_key("the key of the tests, and of nothing else")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An empty database of a server of its own, quick and without safety against a power cut.

    Not among pytest's folders: as root, a second run closes those of the first to other users.
    """
    with (
        TemporaryDirectory(prefix="reviews-", ignore_cleanup_errors=True) as folder,
        embedded.postgres(Path(folder) / "postgres", durable=False) as url,
    ):
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of its own."""
    with embedded.redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def template_url(postgres_url: str) -> str:
    """A migrated database that nobody connects to, from which others are copied."""
    databases.run(postgres_url, "CREATE DATABASE pattern")
    url = databases.named(postgres_url, "pattern")
    schema.upgrade(url)
    return url


@pytest.fixture(scope="session")
def database_url(template_url: str) -> str:
    """A database with all tables, as the migrations make them, and no rows."""
    return databases.copy(template_url, "pattern", "ready")


@pytest.fixture(scope="session")
def quick_passwords() -> None:
    """Argon2 with the least work, so that tests do not wait for it."""
    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[sa.Engine]:
    """One engine for all tests whose work is undone."""
    engine = db.make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: sa.Engine, quick_passwords: None) -> Iterator[Session]:
    """A session whose work is undone after the test, whatever it commits."""
    with (
        databases.undone(engine) as connection,
        Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session,
    ):
        yield session


@pytest.fixture
def database(template_url: str, quick_passwords: None) -> Iterator[str]:
    """The address of a migrated, empty database of the test's own; ``review.db`` is connected."""
    with databases.copied(template_url, "pattern") as url:
        db.connect(url)
        yield url
        db.disconnect()


@pytest.fixture(scope="module")
def module_database(template_url: str, quick_passwords: None) -> Iterator[str]:
    """The same for the tests of a module, which share what is long in the making."""
    with databases.copied(template_url, "pattern") as url:
        db.connect(url)
        yield url
        db.disconnect()
