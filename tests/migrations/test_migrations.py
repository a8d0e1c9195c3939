"""Migrations: from nothing, from every earlier state with rows in it, and back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.pool import NullPool

from review import schema
from review.resources import MIGRATIONS
from tests.migrations.old_data import OLD_DATA, OldData

REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
_numbers = itertools.count(1)


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    """An empty database of the test's own."""
    name = f"migrating_{next(_numbers)}"
    _administer(postgres_url, f"CREATE DATABASE {name} TEMPLATE template0")
    yield sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    _administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(url: str, statement: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(statement))


def picture(url: str) -> dict[str, list[tuple[str, ...]]]:
    """The tables as the database itself describes them: columns, constraints, indexes, triggers."""
    questions = {
        "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_schema = 'public'",
        "constraints": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace",
        "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "functions": "SELECT proname, prosrc FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace",
    }
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(sa.text(question))), key=str)
            for name, question in questions.items()
        }


def test_there_is_one_line_of_migrations() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))

    assert scripts.get_heads() == [schema.head()]
    assert scripts.get_bases() == ["0001"]
    assert sorted(REVISIONS) == REVISIONS, "their numbers follow their order"


def test_empty_database_gets_what_the_models_say(empty_url: str) -> None:
    assert schema.revision(empty_url) is None

    schema.upgrade(empty_url)

    assert schema.revision(empty_url) == schema.head()
    assert schema.differences(empty_url) == ""
    before = picture(empty_url)
    schema.upgrade(empty_url)
    assert picture(empty_url) == before, "a second run changes nothing"


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_migration_goes_down_and_up_again(empty_url: str, revision: str) -> None:
    config = schema.configuration(empty_url)
    command.upgrade(config, revision)
    after = picture(empty_url)

    command.downgrade(config, "-1")
    command.upgrade(config, revision)

    assert picture(empty_url) == after


def test_all_the_way_down_leaves_nothing(empty_url: str) -> None:
    schema.upgrade(empty_url)

    command.downgrade(schema.configuration(empty_url), "base")

    left = picture(empty_url)
    assert {row[0] for row in left["columns"]} == {"alembic_version"}
    assert left["triggers"] == left["functions"] == []


@pytest.mark.parametrize("old", OLD_DATA, ids=lambda old: old.name)
def test_rows_of_an_earlier_state_survive(empty_url: str, old: OldData) -> None:
    command.upgrade(schema.configuration(empty_url), old.revision)
    engine = sa.create_engine(empty_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(old.load)

    schema.upgrade(empty_url)

    with engine.connect() as connection:
        old.check(connection)
    assert schema.differences(empty_url) == ""


def test_audit_trail_is_kept_by_the_database_itself(empty_url: str) -> None:
    schema.upgrade(empty_url)

    triggers = {row[0]: row[1] for row in picture(empty_url)["triggers"]}

    assert "BEFORE DELETE OR UPDATE ON public.audit" in triggers["audit_keeps_rows"]
    assert "BEFORE TRUNCATE ON public.audit" in triggers["audit_keeps_truncate"]


def test_migration_that_fails_changes_nothing(empty_url: str) -> None:
    """One transaction: somebody else's table in the way, and the database stays as it was."""
    engine = sa.create_engine(empty_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE submission (id int)"))
    before = picture(empty_url)

    with pytest.raises(sa.exc.ProgrammingError, match="submission"):
        schema.upgrade(empty_url)

    assert picture(empty_url) == before
