"""Databases of tests: copies of one that is made already, and work that does not stay."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from review import db

_numbers = itertools.count(1)


def named(url: str, name: str) -> str:
    """The address of another database of the same server."""
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


def run(url: str, statement: str) -> None:
    """Run a statement that no transaction can hold, such as CREATE DATABASE."""
    engine = sa.create_engine(
        db.driver_url(named(url, "postgres")), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        connection.execute(sa.text(statement))


def copy(url: str, pattern: str, name: str) -> str:
    """Make a database like the pattern, to which nobody may be connected; gives its address."""
    run(url, f"CREATE DATABASE {name} TEMPLATE {pattern} STRATEGY file_copy")
    return named(url, name)


@contextmanager
def copied(url: str, pattern: str) -> Iterator[str]:
    """The address of a copy of the pattern, for the length of the block."""
    name = f"test_{next(_numbers)}"
    yield copy(url, pattern, name)
    run(url, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def undone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection whose work is undone at the end, whatever sessions on it commit."""
    with engine.connect() as connection, connection.begin() as outer:
        yield connection
        outer.rollback()
