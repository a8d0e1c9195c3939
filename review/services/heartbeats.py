"""Signs of life of the background jobs: when each last began and ended, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Heartbeat, Person

SIGN_OF_LIFE: Final = "give_sign_of_life"
"""The job that does nothing but show that scheduler, broker, worker and database work together."""
NAMES: Final = {
    "deliver": N_("Sending of messages"),
    "remind": N_("Writing of reminders"),
    "prepare_reminders": N_("Deciding on coming reminders"),
    "write_digests": N_("Writing of digests"),
    "read_reports": N_("Reading of reports about messages"),
    "resume_reviews": N_("Clocks that run again after a stop"),
    "look_for_successions": N_("Looking for offices that have to change hands"),
    "look_for_expired_invitations": N_("Looking for invitations that have expired"),
    "keep_watch": N_("Watch over the jobs"),
    SIGN_OF_LIFE: N_("Sign of life"),
}
"""The jobs in words; one that has none is called by its key."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job that the scheduler is to start again and again."""

    name: str
    every: timedelta

    @property
    def words(self) -> str:
        """What it is called, to be translated."""
        return called(self.name)


def called(name: str) -> str:
    """What a job is called, to be translated."""
    return NAMES.get(name, name.replace("_", " "))


def all_of_them(session: Session) -> dict[str, Heartbeat]:
    """What is known of each job, by its name."""
    return {one.name: one for one in session.scalars(sa.select(Heartbeat))}


def expect(session: Session, jobs: Iterable[Job], now: datetime) -> None:
    """Watch these jobs from now on, as far as they are not watched yet.

    Where no job has ever run or been watched, from the first account on: nothing has run since.
    """
    known = session.scalar(sa.select(sa.exists(sa.select(Heartbeat.name))))
    first = None if known else session.scalar(sa.select(sa.func.min(Person.invited_at)))
    _expect(session, jobs, first or now)


def _expect(session: Session, jobs: Iterable[Job], since: datetime) -> None:
    rows = [{"name": job.name, "since": since} for job in jobs]
    if rows:
        session.execute(insert(Heartbeat).values(rows).on_conflict_do_nothing())


def expect_anew(session: Session, jobs: Iterable[Job], now: datetime) -> None:
    """Watch these jobs as if they had never run: nobody missed them while all was stopped."""
    never = {"begun_at": None, "finished_at": None, "failed_at": None, "failures": 0}
    session.execute(sa.update(Heartbeat).values(since=now, **never))
    _expect(session, jobs, now)


def begun(session: Session, name: str, now: datetime) -> None:
    """Note that a job begins."""
    _note(session, name, now, {"begun_at": now})


def ended(
    session: Session, name: str, now: datetime, seconds: float, failure: str | None = None
) -> None:
    """Note that a job has ended after so long. ``failure``: the kind of what it ended with."""
    more: dict[str, object] = {"seconds": seconds, "runs": Heartbeat.runs + 1}
    first: dict[str, object] = {"seconds": seconds, "runs": 1}
    if failure is None:
        came = {"finished_at": now, "failures": 0}
        _note(session, name, now, more | came, first | came)
        return
    came = {"failed_at": now, "failure": failure[:80]}
    counted = {"failures": Heartbeat.failures + 1, "failed_runs": Heartbeat.failed_runs + 1}
    _note(session, name, now, more | came | counted, first | came | dict.fromkeys(counted, 1))


def _note(
    session: Session,
    name: str,
    now: datetime,
    changed: Mapping[str, object],
    first: Mapping[str, object] | None = None,
) -> None:
    row = {"name": name, "since": now, **(first or changed)}
    session.execute(
        insert(Heartbeat)
        .values(**row)
        .on_conflict_do_update(index_elements=[Heartbeat.name], set_=dict(changed))
    )
