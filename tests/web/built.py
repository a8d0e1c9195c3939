"""The rows under a test of the web application, and worlds that are built once.

The tests of a process work in one database, one after the other. Before each test its rows are
replaced: by none, or by those of a world. The first test that asks for a world plays the review to
its stage through the services; its rows are kept in a schema beside the tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from review import db
from review.models import Person
from tests.world import World

NOTHING = "nothing"
"""The rows of an application that nobody has used yet."""


@dataclass(frozen=True)
class Kept:
    """What is needed to find the people of a kept world again."""

    review_id: int
    officer: int
    administrator: int
    people: dict[str, int]
    now: datetime


class Ground:
    """The database of the tests of pages, as the migrations made it."""

    def __init__(self, url: str) -> None:
        self.worlds: dict[str, Kept] = {}
        self._engine = db.make_engine(url)
        self._tables = sa.inspect(self._engine).get_table_names()
        self.keep(NOTHING)

    def connect(self) -> None:
        """Let ``review.db`` use it."""
        db.use(sessionmaker(self._engine, expire_on_commit=False))

    def keep(self, name: str) -> None:
        """Remember all rows, and the numbers that come next, under a name."""
        self._run(
            f"CREATE SCHEMA {name}",
            *(f"CREATE TABLE {name}.{table} AS TABLE public.{table}" for table in self._tables),
            f"CREATE TABLE {name}.next AS SELECT sequencename, last_value FROM pg_sequences",
        )

    def lay(self, name: str) -> None:
        """Put the rows of that name in the place of all others."""
        self._run(
            "SET LOCAL session_replication_role = replica",  # neither triggers nor foreign keys
            *(f"DELETE FROM {table}" for table in self._tables),
            *(
                f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {name}.{table}"
                for table in self._tables
            ),
            "SELECT setval(sequencename::regclass, coalesce(last_value, 1), last_value IS NOT NULL)"
            f" FROM {name}.next",
        )

    def leave(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _run(self, *statements: str) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql("; ".join(statements))


def built(app: Flask, key: str, build: Callable[[Session], World]) -> World:
    """The world of that name, under the application from now on."""
    ground: Ground = app.extensions["ground"]
    if key not in ground.worlds:
        ground.lay(NOTHING)
        ground.worlds[key] = _build(build)
        ground.keep(key)
    ground.lay(key)
    with db.transaction() as session:
        return _found(session, ground.worlds[key])


def _build(build: Callable[[Session], World]) -> Kept:
    with db.transaction() as session:
        made = build(session)
        session.flush()
        people = {name: one.id for name, one in made.people.items()}
        return Kept(made.review_id, made.officer.id, made.administrator.id, people, made.now)


def _found(session: Session, kept: Kept) -> World:
    def one(number: int) -> Person:
        person = session.get_one(Person, number)
        session.refresh(person)
        return person

    people = {name: one(number) for name, number in kept.people.items()}
    officer, administrator = one(kept.officer), one(kept.administrator)
    return World(session, kept.review_id, officer, administrator, people, kept.now)
