"""What can be expected of a review, and what follows if one of its dates is changed.

A milestone is expected on its date if it has one, but not before what it waits for, and not before
today; without a date its period is counted from the day on which it will begin. A date that is put
off takes along, if that is wanted, the dates of whatever waits for it. All of this is a decision of
this software; the terms of reference say only that dates are agreed (ToR 25). Pure: nothing is
written, and what is shown beforehand is what is then carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from workflows import deadlines, engine
from workflows.spec import Facts, Milestone, Process
from workflows.working_days import EVERY_DAY, WorkCalendar

Key = tuple[str, int]
"""A milestone and the side that owes it, or the number of a question."""

BEFORE_SESSION: Final = timedelta(days=7)
"""So long before a session its participants are taken to be on their way already."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another date of one milestone; ``moves``: dates of what waits for it are put off as well."""

    key: Key
    day: date
    moves: bool = True


@dataclass(frozen=True, slots=True)
class Period:
    """Days on which something takes place, the last one included."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Appointment:
    """A visit or meeting whose days are set: the milestone that it reaches, and its days."""

    milestone: str
    first: date
    last: date


class ClashKind(StrEnum):
    """Why a date does not go well with something else."""

    WAITS = "waits"
    """It lies before what it waits for can be expected."""
    APPOINTMENT = "appointment"
    """It lies on or after the first day of a visit or meeting that should find it done."""
    SESSION = "session"
    NEAR_SESSION = "near_session"
    DAY_OFF = "day_off"


@dataclass(frozen=True, slots=True)
class Clash:
    """A date that does not go well: with what it waits for, or with the days of something."""

    kind: ClashKind
    key: Key
    day: date
    waits_for: str = ""
    """The milestone that it waits for."""
    other: Period | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One date before and after; ``is_set`` if it is recorded, else it is only expected then."""

    key: Key
    before: date | None
    after: date
    is_set: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """What follows from a proposal."""

    lines: tuple[Line, ...]
    clashes: tuple[Clash, ...]
    end_before: date | None
    end_after: date | None

    @property
    def days(self) -> int:
        """By how many days the end of the review is put off; negative if it comes earlier."""
        if self.end_before is None or self.end_after is None:
            return 0
        return (self.end_after - self.end_before).days


def expected(
    process: Process, facts: Facts, appointment: Appointment | None = None
) -> dict[Key, date]:
    """The day on which each open milestone can be expected, in the order of the process."""
    days = _Days(process, facts, appointment)
    found = {
        (item.key, slot): days.of(item, slot)
        for item, slot in process.instances()
        if (item.key, slot) not in facts.done and engine.applies(item, facts)
    }
    asked = (key for key in sorted(facts.open_repeats) if key in facts.due)
    return found | {key: max(facts.due[key], days.today) for key in asked}


def dates_set(process: Process, facts: Facts, proposal: Proposal) -> dict[Key, date]:
    """Every date that a proposal sets: its own, and those that move along, on working days.

    What waits for a milestone is put off by as many days as the milestone as a whole: where two
    reviewing States owe it, the later of their dates counts. An earlier date moves nothing along,
    so that nobody loses time by it.
    """
    if proposal.day == facts.due.get(proposal.key):
        return {}
    found = {proposal.key: proposal.day}
    delay = _delay(process, facts, proposal)
    if not proposal.moves or delay <= timedelta(0):
        return found
    later = _waiting_for(process, proposal.key[0])
    for item, slot in process.instances():
        former = facts.due.get((item.key, slot))
        if former and item.key in later and _is_open(item, slot, facts):
            found[item.key, slot] = calendar_of(process, facts, item, slot).from_then_on(
                former + delay
            )
    return found


def outlook(
    process: Process,
    facts: Facts,
    proposal: Proposal,
    sessions: Sequence[Period] = (),
    appointment: Appointment | None = None,
) -> Outlook:
    """What changes, what clashes then that did not before, and what becomes of the end."""
    dates = dates_set(process, facts, proposal)
    return of_dates(process, facts, dates, facts.today, sessions, appointment)


def of_dates(
    process: Process,
    facts: Facts,
    dates: Mapping[Key, date],
    today: date | None,
    sessions: Sequence[Period],
    appointment: Appointment | None,
) -> Outlook:
    """The same for dates that are set at once, on a day that may be still to come."""
    then = replace(facts, due={**facts.due, **dates}, today=today)
    before = expected(process, facts, appointment)
    after = expected(process, then, appointment)
    return Outlook(
        lines=tuple(_lines(facts, dates, before, after)),
        clashes=(
            *_days_off(process, facts, dates),
            *_out_of_order(process, facts, then, before, after),
            *_appointment(process, dates, appointment),
            *_sessions(dates, sessions),
        ),
        end_before=max(before.values(), default=None),
        end_after=max(after.values(), default=None),
    )


class _Days:
    """Expected days of one review, each worked out once."""

    def __init__(self, process: Process, facts: Facts, appointment: Appointment | None) -> None:
        self.process, self.facts, self.appointment = process, facts, appointment
        self.today = facts.today or date.min
        self._found: dict[Key, date] = {}

    def of(self, item: Milestone, slot: int) -> date:
        """The day of one instance that is open."""
        key = item.key, slot
        if key not in self._found:
            needs = (self.whole(need) for need in item.needs)
            earliest = max([self.today, *(day for day in needs if day)])
            self._found[key] = max(self._own(item, slot) or earliest, earliest)
        return self._found[key]

    def whole(self, milestone: str) -> date | None:
        """The day on which the last side reaches it; None if all have, or it does not count."""
        item = self.process.milestone(milestone)
        open_slots = (slot for slot in item.slots if _is_open(item, slot, self.facts))
        return max((self.of(item, slot) for slot in open_slots), default=None)

    def _own(self, item: Milestone, slot: int) -> date | None:
        if (item.key, slot) in self.facts.due:
            return self.facts.due[item.key, slot]
        if self.appointment and self.appointment.milestone == item.key:
            return self.appointment.last
        start = self.whole(item.due.after) if item.due else None
        if item.due is None or start is None:
            return None
        calendar = calendar_of(self.process, self.facts, item, slot)
        return deadlines.due_date(item.due, start, calendar)


def _is_open(item: Milestone, slot: int, facts: Facts) -> bool:
    return (item.key, slot) not in facts.done and engine.applies(item, facts)


def calendar_of(process: Process, facts: Facts, item: Milestone, slot: int) -> WorkCalendar:
    """The working days of whoever owes a milestone, where the process counts them."""
    if not process.counting.shifts:
        return EVERY_DAY
    return facts.calendar(item.owner_of(0 if item.repeats else slot), slot)


def _delay(process: Process, facts: Facts, proposal: Proposal) -> timedelta:
    """By how much later the last side reaches the milestone; nothing if it had no date."""
    milestone, _ = proposal.key
    item = process.milestone(milestone)
    before = {
        (milestone, slot): facts.due[milestone, slot]
        for slot in item.slots
        if (milestone, slot) in facts.due and (milestone, slot) not in facts.done
    }
    if proposal.key not in before:
        return timedelta(0)
    after = {**before, proposal.key: proposal.day}
    return max(after.values()) - max(before.values())


def _waiting_for(process: Process, milestone: str) -> frozenset[str]:
    """What needs a milestone or is counted from it, directly or by way of others."""
    found: set[str] = set()
    new = {milestone}
    while new:
        new = {
            item.key
            for item in process.milestones
            if new & {*item.needs, item.due.after if item.due else ""}
        } - found
        found |= new
    return frozenset(found)


def _lines(
    facts: Facts, dates: Mapping[Key, date], before: Mapping[Key, date], after: Mapping[Key, date]
) -> Iterator[Line]:
    """The date that is changed first, then the others in the order of the process."""
    for key, day in dates.items():
        yield Line(key, facts.due.get(key), day, is_set=True)
    for key, day in after.items():
        if key not in dates and key not in facts.due and day != before[key]:
            yield Line(key, before[key], day, is_set=False)


def _days_off(process: Process, facts: Facts, dates: Mapping[Key, date]) -> Iterator[Clash]:
    for (milestone, slot), day in dates.items():
        item = process.milestone(milestone)
        if not calendar_of(process, facts, item, slot).works(day):
            yield Clash(ClashKind.DAY_OFF, (milestone, slot), day)


def _out_of_order(
    process: Process,
    facts: Facts,
    then: Facts,
    before: Mapping[Key, date],
    after: Mapping[Key, date],
) -> Iterator[Clash]:
    """Dates that lie before what they wait for, and did not until now."""
    for key in after:
        need = _latest_need(process, key[0], after)
        day = then.due.get(key)
        if need is None or day is None or day >= after[need]:
            continue
        former, needed = facts.due.get(key), _latest_need(process, key[0], before)
        if former is None or needed is None or former >= before[needed]:
            yield Clash(ClashKind.WAITS, key, day, waits_for=need[0])


def _latest_need(process: Process, milestone: str, days: Mapping[Key, date]) -> Key | None:
    needs = process.milestone(milestone).needs
    return max((key for key in days if key[0] in needs), key=lambda key: days[key], default=None)


def _appointment(
    process: Process, dates: Mapping[Key, date], appointment: Appointment | None
) -> Iterator[Clash]:
    """Dates of what should be done when the visit or meeting begins."""
    if appointment is None:
        return
    held = process.milestone(appointment.milestone)
    later = {held.key, *_waiting_for(process, held.key)}
    period = Period("", appointment.first, appointment.last)
    for key, day in dates.items():
        item = process.milestone(key[0])
        is_earlier = process.position(item.stage) <= process.position(held.stage)
        if is_earlier and item.key not in later and day >= appointment.first:
            yield Clash(ClashKind.APPOINTMENT, key, day, other=period)


def _sessions(dates: Mapping[Key, date], sessions: Sequence[Period]) -> Iterator[Clash]:
    for key, day in dates.items():
        for session in sessions:
            if session.first <= day <= session.last:
                yield Clash(ClashKind.SESSION, key, day, other=session)
            elif session.first - BEFORE_SESSION <= day < session.first:
                yield Clash(ClashKind.NEAR_SESSION, key, day, other=session)
