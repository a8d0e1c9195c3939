"""The conduct of a review: clock stopped, position corrected (ToR 25, 49-50)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa

from review.models import ClockStop
from review.services import dialogue, extensions, nominations, reports
from review.services.change import Change
from review.services.errors import InvalidGiven
from review.services.snapshot import VIENNA, Snapshot
from workflows import stops
from workflows.deadlines import local_day
from workflows.spec import N_


def suspend(change: Change) -> None:
    """Stop the clock until a day: no period runs and no reminder goes out meanwhile.

    Raises InvalidGiven where that day is over or further away than one decision may reach.
    """
    until = _until(change)
    change.put(
        suspended_at=change.now, suspended_reason=change.text("reason"), suspended_until=until
    )
    _decide(change, until)


def prolong(change: Change) -> None:
    """Another last day of a stop, later or earlier, by another decision. Raises InvalidGiven."""
    until = _until(change)
    if until == change.snapshot.columns["suspended_until"]:
        raise InvalidGiven({"until": N_("This is the date already.")})
    change.put(suspended_reason=change.text("reason"), suspended_until=until)
    _end(change)
    _decide(change, until)
    change.params["prolonged"] = True


def _until(change: Change) -> date:
    until, today = change.given("until"), local_day(change.now, VIENNA)
    longest = change.snapshot.process.stopping.longest_days
    if until < today:
        raise InvalidGiven({"until": N_("This day is over.")})
    if longest and (until - today).days >= longest:
        raise InvalidGiven({"until": N_("This is longer than one decision may stop the clock.")})
    return date(until.year, until.month, until.day)


def _decide(change: Change, until: date) -> None:
    change.session.add(
        ClockStop(
            review_id=change.review_id,
            stopped_at=change.now,
            until=until,
            reason=change.text("reason"),
            approved_by=change.text("approved_by"),
            stopped_by=change.actor.id,
        )
    )
    change.session.flush()
    change.params["until"] = until.isoformat()


def _end(change: Change) -> None:
    change.session.execute(
        sa.update(ClockStop)
        .where(ClockStop.review_id == change.review_id, ClockStop.resumed_at.is_(None))
        .values(resumed_at=change.now, resumed_by=change.actor.id)
    )


def resume(change: Change) -> None:
    """Start the clock: every open date moves by the days for which it stood still.

    So does what States have asked for meanwhile: they asked for more time, not for that day.
    """
    seen = change.snapshot
    stopped = seen.columns["suspended_at"]
    days = days_stopped(seen, change.now)
    change.put(suspended_at=None, suspended_reason="", suspended_until=None, resumed_at=change.now)
    _end(change)
    for key, day in stops.dates_after(seen.process, seen.facts, days).items():
        change.agree(key, day)
    if days:
        extensions.move_requests(change, days)
    else:  # a reminder that was due and not yet written when the clock was stopped is still due
        change.reminders_after = stopped - timedelta(days=1)
    change.after["days_stopped"] = days
    change.params["days_stopped"] = days


def days_stopped(seen: Snapshot, at: datetime) -> int:
    """For how many days the clock stands still if it runs again at a moment; 0 while it runs."""
    stopped = seen.columns["suspended_at"]
    return (local_day(at, VIENNA) - local_day(stopped, VIENNA)).days if stopped else 0


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
