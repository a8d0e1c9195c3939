"""What follows when the clock of a review has stood still. Pure, like ``outlook.py``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from workflows import outlook
from workflows.outlook import Appointment, Key, Outlook, Period
from workflows.spec import Facts, Process


@dataclass(frozen=True, slots=True)
class Stop:
    """A time in which the clock stands still: for how many days, and the day it runs again."""

    days: int
    runs_again: date


def dates_after(process: Process, facts: Facts, days: int) -> dict[Key, date]:
    """Every open date once the clock has stood still for so many days, on working days."""
    if days <= 0:
        return {}
    order = [(item.key, slot) for item, slot in process.instances()]
    order += sorted(facts.due.keys() - set(order))  # questions, by number
    return {
        key: day_after(process, facts, key, facts.due[key], days)
        for key in order
        if key in facts.due and key not in facts.done
    }


def day_after(process: Process, facts: Facts, key: Key, day: date, days: int) -> date:
    """A day of whoever owes a milestone, so many days later or on the next working day."""
    calendar = outlook.calendar_of(process, facts, process.milestone(key[0]), key[1])
    return calendar.from_then_on(day + timedelta(days))


def outlook_after(
    process: Process,
    facts: Facts,
    stop: Stop,
    sessions: Sequence[Period] = (),
    appointment: Appointment | None = None,
) -> Outlook:
    """What changes and clashes when the clock runs again, and what becomes of the end."""
    dates = dates_after(process, facts, stop.days)
    return outlook.of_dates(process, facts, dates, stop.runs_again, sessions, appointment)
