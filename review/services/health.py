"""Whether the parts of the system work: for `/health`, for those who run it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import redis
from sqlalchemy.exc import SQLAlchemyError

from review import db
from review.services import watch_picture, watchdogs
from review.services.heartbeats import SIGN_OF_LIFE, Job
from review.services.watch_picture import Picture
from review.services.watchdogs import Broken
from review.settings import Settings

TRIES: Final = 3
"""So often the broker is asked before it counts as away."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: whether it works, and a word about it without any secret."""

    ok: bool
    state: str


_UNKNOWN: Final = Part(ok=False, state="unknown while the database is away")


@dataclass(frozen=True, slots=True)
class Report:
    """Every part, each job by itself, and what was seen."""

    parts: Mapping[str, Part]
    """database, broker, scheduler, mail, reminders, clock"""
    jobs: Mapping[str, Part] = field(default_factory=dict)
    picture: Picture | None = None
    """What was seen; None while the database is away."""
    broken: tuple[Broken, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all of them work and no rule is broken."""
        return not self.broken and all(
            part.ok for part in (*self.parts.values(), *self.jobs.values())
        )


def report(
    settings: Settings, jobs: Iterable[Job], *, now: datetime, machine: Callable[[], datetime]
) -> Report:
    """Ask every part; takes two seconds at most where one does not answer. Changes nothing."""
    broker = ask_broker(settings.redis_url)
    try:
        with db.reading() as session:
            picture = watch_picture.look(session, jobs, now=now, machine=machine, broker=broker.ok)
            session.expunge_all()
    except SQLAlchemyError as problem:
        away = Part(ok=False, state=f"away ({type(problem).__name__})")
        rest = dict.fromkeys(("scheduler", "mail", "reminders", "clock"), _UNKNOWN)
        return Report({"database": away, "broker": broker, **rest})
    broken = watchdogs.judge(picture, settings)
    parts = {
        "database": Part(ok=True, state="answers"),
        "broker": broker,
        "scheduler": _job(picture, SIGN_OF_LIFE, broken, "scheduler"),
        "mail": Part(not _of(broken, "mail"), _mail(picture)),
        "reminders": Part(not _of(broken, "reminders"), _reminders(picture)),
        "clock": Part(not _of(broken, "clock"), f"{picture.apart:.0f} s from the database's"),
    }
    each = {
        job.name: _job(picture, job.name, broken, "jobs")
        for job in picture.jobs
        if job.name != SIGN_OF_LIFE
    }
    return Report(parts, each, picture, broken)


def ask_broker(redis_url: str, tries: int = 1) -> Part:
    """Whether the broker answers; asked again after a second where it does not."""
    for _ in range(tries - 1):
        if (part := _asked(redis_url)).ok:
            return part
        time.sleep(1)
    return _asked(redis_url)


def _asked(redis_url: str) -> Part:
    client = redis.Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=1)
    try:
        client.ping()
    except (redis.RedisError, OSError) as problem:
        return Part(ok=False, state=f"away ({type(problem).__name__})")
    finally:
        client.close()
    return Part(ok=True, state="answers")


def _of(broken: Sequence[Broken], part: str, subject: str = "") -> list[Broken]:
    """The broken rules of a part."""
    found = [one for one in broken if one.rule.part == part]
    return [one for one in found if not subject or one.measured.subject == subject]


def _job(picture: Picture, name: str, broken: Sequence[Broken], part: str) -> Part:
    beat = picture.beats.get(name)
    last = beat.ended_at if beat else None
    if beat is None or last is None:
        return Part(ok=False, state="has not run yet")
    subject = name if part == "jobs" else ""
    state = f"last ran {_seconds(picture.now, last)} s ago"
    if beat.failures:
        state += f", failed {beat.failures} times in a row ({beat.failure})"
    return Part(not _of(broken, part, subject), state)


def _mail(picture: Picture) -> str:
    mails = picture.mails
    if mails.oldest is None:
        return "nothing waits"
    return f"{mails.waiting} waiting, the oldest for {_seconds(picture.now, mails.oldest)} s"


def _reminders(picture: Picture) -> str:
    if picture.reminder is None:
        return "none is overdue"
    return f"one is due for {_seconds(picture.now, picture.reminder)} s"


def _seconds(now: datetime, since: datetime) -> int:
    return int((now - since).total_seconds())
