"""Whether the parts of the system work: for `/health`, for those who run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import redis
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from review import db
from review.models.log import Heartbeat
from review.services import outbox

SCHEDULER: Final = "scheduler"
SILENT_AFTER: Final = timedelta(minutes=3)
"""The scheduler gives a sign every minute."""
UNSENT_AFTER: Final = timedelta(minutes=15)
"""A mail leaves within a minute where the mail server takes it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: whether it works, and a word about it without any secret."""

    ok: bool
    state: str


@dataclass(frozen=True, slots=True)
class Report:
    """The four parts."""

    database: Part
    broker: Part
    scheduler: Part
    mail: Part

    @property
    def parts(self) -> dict[str, Part]:
        """The parts by name."""
        return {
            "database": self.database,
            "broker": self.broker,
            "scheduler": self.scheduler,
            "mail": self.mail,
        }

    @property
    def ok(self) -> bool:
        """Whether all of them work."""
        return all(part.ok for part in self.parts.values())


def report(redis_url: str, *, now: datetime) -> Report:
    """Ask every part; takes two seconds at most where one does not answer."""
    broker = _broker(redis_url)
    try:
        with db.reading() as session:
            session.execute(sa.text("SELECT 1"))
            scheduler, mail = _scheduler(session, now), _mail(session, now)
    except SQLAlchemyError as problem:
        away = Part(ok=False, state=f"away ({type(problem).__name__})")
        unknown = Part(ok=False, state="unknown while the database is away")
        return Report(away, broker, unknown, unknown)
    return Report(Part(ok=True, state="answers"), broker, scheduler, mail)


def sign_of_life(session: Session, name: str, *, now: datetime) -> None:
    """Note that a background job has just run."""
    session.execute(
        insert(Heartbeat)
        .values(name=name, at=now)
        .on_conflict_do_update(index_elements=[Heartbeat.name], set_={"at": now})
    )


def _broker(redis_url: str) -> Part:
    client = redis.Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=1)
    return _asked(client.ping, client.close)


def _asked(ask: Callable[[], object], finish: Callable[[], None]) -> Part:
    try:
        ask()
    except (redis.RedisError, OSError) as problem:
        return Part(ok=False, state=f"away ({type(problem).__name__})")
    finally:
        finish()
    return Part(ok=True, state="answers")


def _scheduler(session: Session, now: datetime) -> Part:
    last = session.scalar(sa.select(Heartbeat.at).where(Heartbeat.name == SCHEDULER))
    if last is None:
        return Part(ok=False, state="has not run yet")
    ago = now - last
    return Part(ok=ago <= SILENT_AFTER, state=f"last ran {int(ago.total_seconds())} s ago")


def _mail(session: Session, now: datetime) -> Part:
    count, oldest = outbox.waiting(session, now)
    if oldest is None:
        return Part(ok=True, state="nothing waits")
    age = now - oldest
    words = f"{count} waiting, the oldest for {int(age.total_seconds())} s"
    return Part(ok=age <= UNSENT_AFTER, state=words)
