"""How due dates are counted: calendar weeks and months, month ends clamped, end of day locally.

The terms of reference speak of weeks and months, so a period is counted on the calendar; where the
process says so, one that ends on a day off of the responsible party ends on its next working day,
and nobody is reminded on a day off (``working_days.py``; a design decision). Three dates of a
milestone are kept apart: the model date of the guidelines, the date agreed by the parties, and the
day it was reached.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workflows.spec import Deadline, Process, Recipient, Rule
from workflows.working_days import EVERY_DAY, LONGEST_PAUSE, CalendarError, WorkCalendar

DUTY_STATION_ZONE = "Europe/Vienna"
"""Where the secretariat's days end. No setting: the periods of a review do not depend on where
somebody runs the engine."""
MORNING = time(9)
"""Local hour at which a reminder becomes due."""


def add_months(day: date, months: int) -> date:
    """The same day that many calendar months later; 31 January plus one month is 28 February."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def due_date(deadline: Deadline, anchor: date, calendar: WorkCalendar = EVERY_DAY) -> date:
    """The last day of a period that began on ``anchor``, on a working day of this calendar."""
    last = add_months(anchor, deadline.months) + timedelta(weeks=deadline.weeks)
    return calendar.from_then_on(last)


def end_of_day(day: date, zone: str) -> datetime:
    """The last second of a day at a place, in UTC.

    Taken as one second before the next local midnight, so that days with a change of clock end
    when people there see them end.
    """
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    return midnight.astimezone(UTC) - timedelta(seconds=1)


def local_day(moment: datetime, zone: str) -> date:
    """The calendar day at a place at a moment."""
    return moment.astimezone(ZoneInfo(zone)).date()


def counted_from(process: Process, anchor: str) -> Iterator[tuple[str, int, Deadline]]:
    """Every milestone instance whose period starts when ``anchor`` is reached."""
    for item, slot in process.instances():
        if item.due is not None and item.due.after == anchor:
            yield item.key, slot, item.due


def model_schedule(process: Process, start: date) -> dict[str, date]:
    """The model date of every milestone with a period if each predecessor is met on time.

    A milestone without a period counts as reached together with what it waits for, so that the
    schedule of the guidelines can be shown for a review that has only just started.
    """
    dates: dict[str, date] = {}

    def reached(key: str) -> date:
        if key not in dates:
            item = process.milestone(key)
            if item.due is not None:
                dates[key] = due_date(item.due, reached(item.due.after))
            else:
                dates[key] = max((reached(need) for need in item.needs), default=start)
        return dates[key]

    for item in process.milestones:
        if not item.repeats:
            reached(item.key)
    return dates


@dataclass(frozen=True, slots=True, order=True)
class Reminder:
    """One planned reminder: when, how many days from the day that counts, and by which rule."""

    at: datetime
    offset: int
    rule: Rule = field(compare=False)

    @property
    def escalates(self) -> bool:
        """Whether the secretariat is told because so much time has passed."""
        return Recipient.SECRETARIAT in self.rule.to


Rules = Sequence[Rule]
"""The rules of one trigger and one channel in the order of their days: ``Process.rules()``."""


def _rungs(rules: Rules) -> Iterator[tuple[int, Rule]]:
    """Days relative to the day that counts with their rules, in order: -14, -7, -1, 1, 7, 14, …"""
    for rule in rules:
        yield rule.days, rule
    if rules and rules[-1].every:
        days, last = rules[-1].days, rules[-1]
        while True:
            days += last.every
            yield days, last


def rule_at(rules: Rules, offset: int) -> Rule | None:
    """The rule by which a reminder of this offset was written; None where there are no rules."""
    passed = [rule for rule in rules if rule.days <= offset]
    return passed[-1] if passed else next(iter(rules), None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a party's days begin and end, and on which of them it works."""

    zone: str
    calendar: WorkCalendar = EVERY_DAY

    def without(self, weekdays: Collection[int]) -> Place:
        """The same for somebody who rests on these weekdays as well, Monday is 0."""
        return Place(self.zone, self.calendar.without(weekdays)) if weekdays else self


def reminders(rules: Rules, due: date, place: Place) -> Iterator[Reminder]:
    """All reminders for a date at a place, in order of time; without end where a rule repeats.

    Reminders that days off have moved to the same morning are one: the last of them counts.
    """
    for offset, rule in _rungs(rules):
        yield _reminder(rule, due, place, offset)


def _reminder(rule: Rule, due: date, place: Place, offset: int) -> Reminder:
    day = due + timedelta(days=offset)
    rested = place.calendar.until_then(day) if offset <= 0 else place.calendar.from_then_on(day)
    return Reminder(_nine_o_clock(rested, place), offset, rule)


def _nine_o_clock(day: date, place: Place) -> datetime:
    return datetime.combine(day, MORNING, ZoneInfo(place.zone)).astimezone(UTC)


def working_morning(day: date, place: Place) -> datetime:
    """The morning of this day or, if nobody works then, of the next working day; in UTC."""
    return _nine_o_clock(place.calendar.from_then_on(day), place)


def when_all_work(moment: datetime, places: Sequence[Place]) -> datetime:
    """The moment if it is a working day at all these places, else the first morning that is.

    A morning is that of the place that rested last; in UTC. Raises CalendarError.
    """
    for _ in range(LONGEST_PAUSE):
        rests = [one for one in places if not one.calendar.works(local_day(moment, one.zone))]
        if not rests:
            return moment
        moment = working_morning(local_day(moment, rests[0].zone), rests[0])
    raise CalendarError(f"no day on which all work within {LONGEST_PAUSE} mornings of {moment}")


def reminder_due(rules: Rules, due: date, place: Place, now: datetime) -> Reminder | None:
    """The latest reminder whose moment has passed; after an outage the earlier ones are dropped."""
    latest, first = None, _first_open(due, place, now)
    for offset, rule in _rungs(rules):
        if offset >= first and _reminder(rule, due, place, offset).at > now:
            break
        latest = offset, rule
    return None if latest is None else _reminder(latest[1], due, place, latest[0])


def next_reminder(rules: Rules, due: date, place: Place, now: datetime) -> Reminder | None:
    """The first reminder that is still to come."""
    first = _first_open(due, place, now)
    coming = (_reminder(rule, due, place, n) for n, rule in _rungs(rules) if n >= first)
    return next((reminder for reminder in coming if reminder.at > now), None)


def _first_open(due: date, place: Place, now: datetime) -> int:
    """The first day whose reminder may be still to come, relative to the due date.

    Days off may have moved it so far; and yesterday, because a zone that crosses the date line
    (Samoa, 2011) skips a day, but not its reminder.
    """
    moved = 0 if place.calendar is EVERY_DAY else LONGEST_PAUSE
    return (local_day(now, place.zone) - due).days - 1 - moved
