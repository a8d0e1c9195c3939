"""When the next reminder of each open milestone falls due, after a step.

A milestone is reminded of only when it waits for nothing else: its needs are met, it applies to
this review, it has a date and the clock runs. Everything else has no next reminder.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from review.services.change import Change
from review.services.snapshot import Dates, Snapshot
from workflows import deadlines, engine
from workflows.spec import Facts, Milestone, Process


def plan_reminders(change: Change) -> None:
    """Set ``remind_at`` of every milestone of the review as it is after the step."""
    facts = facts_after(change)
    for key, dates in {**change.snapshot.dates, **change.dates}.items():
        owed = dates.done_at is None and dates.due_on is not None
        if owed or dates.remind_at:
            at = _remind_at(change, key, dates, facts) if owed else None
            if at != dates.remind_at:
                change.set_dates(key, remind_at=at)


def _remind_at(change: Change, key: tuple[str, int], dates: Dates, facts: Facts) -> datetime | None:
    seen, due = change.snapshot, dates.due_on
    item = seen.process.milestone(key[0])
    if due is None or not is_ready(seen.process, item, facts):
        return None
    if dates.remind_at and dates.remind_at <= change.now and due == _former(seen, key):
        return dates.remind_at  # one that is due and not swept yet stays due
    place = seen.place_of(item.owner_of(_slot(item, key[1])), key[1])
    coming = deadlines.next_reminder(item.reminders, due, place, change.now)
    if dates.remind_at and coming and due == _former(seen, key):
        return min(dates.remind_at, coming.at)  # the morning after a pause comes before the ladder
    return coming.at if coming else None


def _slot(item: Milestone, slot: int) -> int:
    return 0 if item.repeats else slot


def _former(seen: Snapshot, key: tuple[str, int]) -> object:
    former = seen.dates.get(key)
    return former.due_on if former else None


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


def next_reminder_at(
    process: Process, key: tuple[str, int], snapshot: Snapshot, now: datetime
) -> datetime | None:
    """When the reminder after ``now`` falls due for a milestone that stays as it is."""
    item, due = process.milestone(key[0]), snapshot.dates[key].due_on
    if due is None:
        return None
    place = snapshot.place_of(item.owner_of(_slot(item, key[1])), key[1])
    coming = deadlines.next_reminder(item.reminders, due, place, now)
    return coming.at if coming else None
