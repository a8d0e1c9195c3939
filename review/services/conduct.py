"""The conduct of a review: clock stopped, position corrected (ToR 25, 49-50)."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from review.models import ClockStop
from review.services import dialogue, nominations, reports
from review.services.change import Change
from review.services.errors import InvalidGiven
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day
from workflows.spec import N_


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
    dialogue.call_off(change)
    nominations.keep(change)
    if target == "selected":
        change.put(started_at=None)
    position = change.snapshot.process.position
    if position(target) < position("finalization"):
        reports.clear_approvals(change)
        reports.withdraw(change)
