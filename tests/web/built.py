"""Worlds that are built once and copied afterwards: a copy of a database is quicker to have.

The first test that asks for a world plays the review to its stage through the services. The
database is kept as a pattern; later tests get a copy of it in the place of their own, empty one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from review import db
from review.models import Person
from tests.world import World


@dataclass(frozen=True)
class Kept:
    """What is needed to find the people of a kept world again."""

    pattern: str
    review_id: int
    officer: int
    administrator: int
    people: dict[str, int]
    now: datetime


_kept: dict[str, Kept] = {}


def built(app: Flask, key: str, build: Callable[[Session], World]) -> World:
    """The world of that name, in the application's own database."""
    url = str(app.extensions["review"].database_url)
    if key not in _kept:
        with db.transaction() as session:
            made = build(session)
            session.flush()
            kept = _keep(key, made)
        db.disconnect()
        _run(url, f'CREATE DATABASE {kept.pattern} TEMPLATE "{_name(url)}" STRATEGY file_copy')
        _kept[key] = kept
    else:
        db.disconnect()
        _run(url, f'DROP DATABASE "{_name(url)}" WITH (FORCE)')
        _run(url, f'CREATE DATABASE "{_name(url)}" TEMPLATE {_kept[key].pattern} STRATEGY wal_log')
    db.connect(url)
    with db.transaction() as session:
        return _found(session, _kept[key])


def _keep(key: str, made: World) -> Kept:
    people = {name: one.id for name, one in made.people.items()}
    pattern = f"pattern_{len(_kept)}_{key}"
    return Kept(pattern, made.review_id, made.officer.id, made.administrator.id, people, made.now)


def _found(session: Session, kept: Kept) -> World:
    def one(number: int) -> Person:
        person = session.get_one(Person, number)
        session.refresh(person)
        return person

    people = {name: one(number) for name, number in kept.people.items()}
    officer, administrator = one(kept.officer), one(kept.administrator)
    return World(session, kept.review_id, officer, administrator, people, kept.now)


def _name(url: str) -> str:
    return str(sa.make_url(url).database)


def _run(url: str, statement: str) -> None:
    engine = sa.create_engine(
        sa.make_url(db.driver_url(url)).set(database="postgres"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
