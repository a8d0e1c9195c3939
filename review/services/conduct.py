"""The conduct of a review: dates extended, clock stopped, position corrected (ToR 25)."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from review.models import ClockStop, Extension
from review.services import nominations, reports
from review.services.change import Change
from review.services.errors import InvalidGiven
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day
from workflows.spec import N_


def parse_milestone(value: str) -> tuple[str, int]:
    """A milestone as forms name it, such as ``desk_review:2``. Raises ValueError."""
    key, _, slot = value.partition(":")
    return key, int(slot)


def extend(change: Change) -> None:
    """Set a new agreed date of an open milestone; the former one is kept as history."""
    try:
        key = parse_milestone(change.text("milestone"))
    except ValueError:
        raise InvalidGiven({"milestone": N_("Choose one of the list.")}) from None
    dates = change.snapshot.dates.get(key)
    if dates is None or dates.done_at:
        raise InvalidGiven({"milestone": N_("Choose one of the list.")})
    day, today = change.given("new_date"), change.snapshot.facts.today
    if today and day <= today:
        raise InvalidGiven({"new_date": N_("Choose a day after today.")})
    if day == dates.due_on:
        raise InvalidGiven({"new_date": N_("This is the date already.")})
    change.session.add(
        Extension(
            review_id=change.review_id,
            milestone=key[0],
            slot=key[1],
            old_date=dates.due_on,
            new_date=day,
            reason=change.text("reason"),
            granted_by=change.actor.id,
            granted_at=change.now,
        )
    )
    change.session.flush()
    change.agree(key, day)
    change.params |= {
        "milestone": key[0],
        "slot_of_milestone": key[1],
        "old_date": dates.due_on.isoformat() if dates.due_on else None,
        "new_date": day.isoformat(),
    }


def suspend(change: Change) -> None:
    """Stop the clock: no period runs and no reminder goes out until it is resumed."""
    change.put(suspended_at=change.now, suspended_reason=change.text("reason"))
    change.session.add(
        ClockStop(review_id=change.review_id, stopped_at=change.now, reason=change.text("reason"))
    )
    change.session.flush()


def resume(change: Change) -> None:
    """Start the clock: every open date moves by the days for which it stood still."""
    stopped = change.snapshot.columns["suspended_at"]
    days = (local_day(change.now, VIENNA) - local_day(stopped, VIENNA)).days
    change.put(suspended_at=None, suspended_reason="")
    change.session.execute(
        sa.update(ClockStop)
        .where(ClockStop.review_id == change.review_id, ClockStop.resumed_at.is_(None))
        .values(resumed_at=change.now)
    )
    if days:
        for key, dates in change.snapshot.dates.items():
            if dates.due_on and not dates.done_at:
                change.agree(key, dates.due_on + timedelta(days=days))
    change.after["days_stopped"] = days
    change.params["days_stopped"] = days


def correct(change: Change) -> None:
    """Move the review to its right stage; approvals of the report do not outlive a step back.

    Raises InvalidGiven if it is there already, or has not started: only a start begins the periods.
    """
    target = change.outcome.target
    if target == change.outcome.source:
        raise InvalidGiven({"stage": N_("The review is in this stage already.")})
    if change.snapshot.columns["started_at"] is None:
        raise InvalidGiven({"stage": N_("The review has not started yet. Start it instead.")})
    change.params |= {"from_stage": change.outcome.source, "to_stage": target}
    change.put(completed_at=None)
    nominations.keep(change)
    if target == "selected":
        change.put(started_at=None)
    position = change.snapshot.process.position
    if position(target) < position("finalization"):
        reports.clear_approvals(change)
        reports.withdraw(change)
