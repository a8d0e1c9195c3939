"""When the next reminder of each open milestone falls due, after a step.

A milestone is reminded of only when it waits for nothing else: its needs are met, it applies to
this review and the clock runs. What has a date is reminded of by it; what has none, from the day on
which it became its owner's turn. Everything else has no next reminder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from review.services.change import Change
from review.services.snapshot import Dates, Snapshot
from workflows import deadlines, engine
from workflows.deadlines import Place
from workflows.spec import Facts, Milestone, Process, Rule, Trigger

Key = tuple[str, int]


class Counted(NamedTuple):
    """How a milestone is reminded of: from which day, by which rules, at which place."""

    on: Trigger
    day: date
    rules: tuple[Rule, ...]
    place: Place


class Coming(NamedTuple):
    """When a milestone is looked at next, and from which place in the ladder on reminders count."""

    at: datetime | None = None
    rung: int | None = None


_NEVER: Final = Coming()


def counted(
    seen: Snapshot,
    key: Key,
    dates: Mapping[Key, Dates] | None = None,
    columns: Mapping[str, Any] | None = None,
) -> Counted | None:
    """From when and by which rules a milestone is reminded of; None if nobody is.

    ``dates`` and ``columns``: as they will be, where that is not as they were seen.
    """
    dates, columns = dates or seen.dates, columns or seen.columns
    item, due = seen.process.milestone(key[0]), dates[key].due_on
    on = Trigger.TURN if due is None else Trigger.DUE
    rules = seen.process.rules(item, on)
    if not rules:
        return None
    place = seen.place_of(item.owner_of(_slot(item, key[1])), key[1])
    return Counted(on, due or _turn(item, dates, columns, place.zone), rules, place)


def turn_since(seen: Snapshot, item: Milestone, zone: str) -> date:
    """The day at a place on which an open milestone became its owner's turn."""
    return _turn(item, seen.dates, seen.columns, zone)


def _turn(
    item: Milestone, dates: Mapping[Key, Dates], columns: Mapping[str, Any], zone: str
) -> date:
    """The day after which nothing else was waited for: a visit or meeting that is fixed, too.

    Nor before the clock last ran again: what stands still by decision is no standstill.
    """
    reached = [one.done_at for key, one in dates.items() if key[0] in item.needs and one.done_at]
    since = max(filter(None, [*reached, columns["stage_since"], columns["resumed_at"]]))
    day = deadlines.local_day(since, zone)
    return max(day, columns["dialogue_last_day"] or day)


def plan_reminders(change: Change) -> None:
    """Set the next reminder of every milestone of the review as it is after the step."""
    facts, seen = facts_after(change), change.snapshot
    dates, columns = {**seen.dates, **change.dates}, {**seen.columns, **change.columns}
    for key, one in dates.items():
        ready = one.done_at is None and is_ready(
            seen.process, seen.process.milestone(key[0]), facts
        )
        present = counted(seen, key, dates, columns) if ready else None
        coming = _coming(change, key, one, present) if present else _NEVER
        if coming != Coming(one.remind_at, one.remind_rung):
            change.set_dates(key, remind_at=coming.at, remind_rung=coming.rung)


def _coming(change: Change, key: Key, dates: Dates, present: Counted) -> Coming:
    former = counted(change.snapshot, key) if key in change.snapshot.dates else None
    same = former is not None and (former.on, former.day) == (present.on, present.day)
    stands = Coming(dates.remind_at, dates.remind_rung)
    if dates.remind_at and dates.remind_at <= change.now and same:
        return stands  # one that is due and not swept yet stays due
    after = change.reminders_after or change.now
    coming = deadlines.next_reminder(present.rules, present.day, present.place, after)
    if coming is None:
        return _NEVER
    if dates.remind_at and dates.remind_at <= coming.at and same:
        return stands  # the morning after a pause comes before the ladder
    return Coming(coming.at, coming.offset)


def _slot(item: Milestone, slot: int) -> int:
    return 0 if item.repeats else slot


def facts_after(change: Change) -> Facts:
    """The facts of the review as they will be once the change is written."""
    seen, columns = change.snapshot, change.columns
    reopened = {key for key, dates in change.dates.items() if not dates.done_at}
    reached = {key for key, dates in change.dates.items() if dates.done_at}
    return replace(
        seen.facts,
        stage=str(columns.get("stage", seen.stage)),
        done=(seen.facts.done - reopened) | reached,
        means=str(columns.get("means", seen.facts.means)),
        suspended=columns.get("suspended_at", seen.columns["suspended_at"]) is not None,
    )


def is_ready(process: Process, item: Milestone, facts: Facts) -> bool:
    """Whether an open milestone waits for nothing but its owner."""
    if facts.suspended or process.stage(facts.stage).final or not engine.applies(item, facts):
        return False
    if item.due and not facts.is_done(item.due.after):
        return False  # its period does not run: the start was taken back
    needed = (process.milestone(need) for need in item.needs)
    return all(
        not engine.applies(need, facts)
        or all((need.key, slot) in facts.done for slot in need.slots)
        for need in needed
    )


def next_reminder_at(seen: Snapshot, key: Key, now: datetime) -> datetime | None:
    """When the reminder after ``now`` falls due for a milestone that stays as it is."""
    return coming(seen, key, now).at


def coming(seen: Snapshot, key: Key, now: datetime) -> Coming:
    """The reminder after ``now`` for a milestone that stays as it is."""
    found = counted(seen, key)
    if found is None:
        return _NEVER
    then = deadlines.next_reminder(found.rules, found.day, found.place, now)
    return Coming(then.at, then.offset) if then else _NEVER
