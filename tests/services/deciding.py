"""A stored world for tests of reminders decided ahead, and what sweeps write in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from review import db
from review.models import MilestoneDate, Outbox, PreparedReminder
from review.services import preparing, reminders, steps
from tests import world

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class Stored:
    """A committed world and its people by number."""

    review_id: int
    now: datetime
    people: dict[str, int]


def store() -> Stored:
    """A review in which both reviewing States owe the desk review; another that has just begun."""
    with db.transaction() as session:
        w = world.advance(world.world(session), "desk_review")
        cycle = w.review.cycle
        world.states(session, "MEX", "BRA", "FJI")
        other = world.review(session, cycle, "MEX", 1, officer_id=w.officer.id)
        drawn = {"first": "BRA", "second": "FJI", "session": "First", "drawn_on": "2011-07-01"}
        for step, given_ in (("assign_reviewers", drawn), ("notify_start", {})):
            steps.take(session, other.id, step, actor=w.officer, now=w.now, given=given_)
        numbers = {key: one.id for key, one in w.people.items()}
        numbers |= {"officer": w.officer.id, "administrator": w.administrator.id}
    return Stored(w.review_id, w.now, numbers)


def moments(now: datetime) -> list[datetime]:
    """When something falls due, as it stands."""
    with db.reading() as session:
        found = session.scalars(
            sa.select(MilestoneDate.remind_at).where(MilestoneDate.remind_at > now).distinct()
        )
        return sorted(at for at in found if at)


def prepare_all(now: datetime) -> int:
    done = 0
    while True:
        with db.transaction() as session:
            count = preparing.prepare(session, now)
        done += count
        if count < reminders.BATCH:
            return done


class _Undo(Exception):
    pass


def outcome(now: datetime, *, ahead: bool) -> tuple[list[Any], list[Any], int]:
    """What a sweep writes and leaves, undone afterwards; and how much of it was decided ahead."""
    found: tuple[list[Any], list[Any], int] = [], [], 0
    try:
        with db.transaction() as session:
            if not ahead:
                session.execute(sa.delete(PreparedReminder))
            last = session.scalar(sa.select(sa.func.max(Outbox.id))) or 0
            before = session.scalar(sa.select(sa.func.count()).select_from(PreparedReminder)) or 0
            while reminders.sweep(session, now) >= reminders.BATCH:
                pass
            after = session.scalar(sa.select(sa.func.count()).select_from(PreparedReminder)) or 0
            mails = sa.select(
                Outbox.key, Outbox.notice, Outbox.review_id, Outbox.person_id, Outbox.address,
                Outbox.language, Outbox.params, Outbox.state, Outbox.created_at,
                Outbox.next_try_at,
            ).where(Outbox.id > last).order_by(Outbox.key)  # fmt: skip
            dates = sa.select(
                MilestoneDate.review_id, MilestoneDate.key, MilestoneDate.slot,
                MilestoneDate.remind_at, MilestoneDate.remind_rung,
            ).order_by(MilestoneDate.review_id, MilestoneDate.key, MilestoneDate.slot)  # fmt: skip
            found = (
                [tuple(row) for row in session.execute(mails)],
                [tuple(row) for row in session.execute(dates)],
                before - after,
            )
            raise _Undo
    except _Undo:
        return found


def compare(now: datetime) -> int:
    """The same with and without decisions made ahead; gives how many of them were used."""
    mails, dates, used = outcome(now, ahead=True)
    plain, left, _ = outcome(now, ahead=False)
    assert mails == plain
    assert dates == left
    return used
