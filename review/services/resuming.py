"""What a pause held back is looked at again when it ends early, on the next working morning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import MilestoneDate
from review.services import recipients, reminders, snapshot
from review.services.recipients import Owed
from review.services.setbacks import Setbacks
from workflows import deadlines
from workflows.deadlines import Place


class Rest(NamedTuple):
    """A pause that is over: when it began, when it was ended, and its last day."""

    set_at: datetime
    ended_at: datetime
    until: date


def resume(
    session: Session,
    review_ids: Iterable[int],
    person_id: int | None,
    *,
    rests: Sequence[Rest],
    now: datetime,
) -> None:
    """After a pause that ended early: look again, on the next working morning, at what it held.

    ``person_id``: whose pause it was, None for that of a review; ``rests``: that pause, and those
    before it, the last first.
    """
    setbacks = Setbacks()
    for review_id in sorted(review_ids):
        with setbacks.review(review_id):
            seen = snapshot.load(session, review_id, now, lock=True)
            for owed in reminders.owed_now(seen, now, setbacks):
                whose = {to.person_id for to in recipients.responsible(owed)}
                held = owed.reminder.at >= _held_since(rests, owed.place)
                if held and (person_id is None or person_id in whose):
                    look_again(session, owed, _next_morning(owed, now))


def _held_since(rests: Sequence[Rest], place: Place) -> datetime:
    """When the rest began at a place: one that took the place of another, or came before the
    morning on which what the other held was to be written, goes on with it."""
    since = rests[0].set_at
    for one in rests[1:]:
        ended_on = min(one.until, deadlines.local_day(one.ended_at, place.zone))
        if deadlines.working_morning(ended_on + timedelta(days=1), place) <= since:
            break
        since = one.set_at
    return since


def _next_morning(owed: Owed, now: datetime) -> datetime:
    """The next working morning where something is owed."""
    today = deadlines.local_day(now, owed.place.zone)
    morning = deadlines.working_morning(today, owed.place)
    if morning <= now:
        morning = deadlines.working_morning(today + timedelta(days=1), owed.place)
    return morning


def look_again(session: Session, owed: Owed, at: datetime) -> None:
    """Let a sweep look at a milestone at this moment, unless one does so before."""
    session.execute(
        sa.update(MilestoneDate)
        .where(
            MilestoneDate.review_id == owed.seen.id,
            MilestoneDate.key == owed.item.key,
            MilestoneDate.slot == owed.slot,
            MilestoneDate.remind_at > at,
        )
        .values(remind_at=at, remind_rung=owed.reminder.offset)
    )
