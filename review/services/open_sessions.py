"""Sessions of signed-in people: opened with a number, ended here for every copy of their cookie.

Only ended sessions are rows, and only until their cookies are void by age. So a request reads one
row more and writes nothing; the number itself is not stored, only its hash.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review.models.people import EndedSession, Person

LONGEST: Final = timedelta(days=7)
"""A session ends so long after signing in, whatever happens."""


def new_number() -> str:
    """A number for a session that begins; nobody guesses it."""
    return secrets.token_urlsafe(16)


def person_of(session: Session, person_id: int, number: str) -> Person | None:
    """The person of a session, None for an unknown one or if the session was ended."""
    ended = sa.exists().where(EndedSession.digest == _digest(number))
    return session.scalars(sa.select(Person).where(Person.id == person_id, ~ended)).one_or_none()


def end(session: Session, number: str, *, now: datetime) -> None:
    """End a session for good; those whose cookies are void by age are forgotten."""
    session.execute(sa.delete(EndedSession).where(EndedSession.ended_at < now - LONGEST))
    values = {"digest": _digest(number), "ended_at": now}
    session.execute(insert(EndedSession).values(values).on_conflict_do_nothing())


def _digest(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()
