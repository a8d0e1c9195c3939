"""Whose turn it is, with dates: one reading for My turn, the board and a review's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from review import policy
from review.models import Person
from review.services.snapshot import VIENNA, Snapshot
from workflows import deadlines, engine
from workflows.engine import Option
from workflows.spec import Milestone, Party, Step


@dataclass(frozen=True, slots=True)
class Due:
    """Something a party owes: the milestone, by when, and where that day ends."""

    milestone: Milestone
    slot: int
    party: Party
    iso3: str
    """The State that owes it; empty for the secretariat."""
    name: str
    on: date | None
    zone: str
    place: str
    late_days: int
    working_days: int = 0
    """Working days left, of whoever owes it; 0 if none is, or the day is not ahead."""

    @property
    def is_late(self) -> bool:
        """Whether the day is over where it ends."""
        return self.late_days > 0


def owed(snapshot: Snapshot) -> tuple[Due, ...]:
    """Everything that is somebody's turn now, the earliest date first."""
    found = []
    for turn in engine.turns(snapshot.process, snapshot.facts):
        dates = snapshot.dates.get((turn.milestone.key, turn.slot))
        found.append(due(snapshot, turn.milestone, turn.slot, dates.due_on if dates else None))
    return tuple(sorted(found, key=lambda item: (item.on is None, item.on or date.max)))


def due(snapshot: Snapshot, milestone: Milestone, slot: int, on: date | None) -> Due:
    """A milestone instance with its owner, place and lateness."""
    party = milestone.owner_of(0 if milestone.repeats else slot)
    side = None
    if party is not Party.SECRETARIAT:
        side = snapshot.sides.get(slot if party is Party.REVIEWING_STATE else 0)
    zone = side.time_zone if side else VIENNA
    today = deadlines.local_day(snapshot.now, zone)
    calendar = snapshot.facts.calendar(party, slot)
    return Due(
        milestone,
        slot,
        party,
        side.iso3 if side else "",
        side.name if side else "",
        on,
        zone,
        side.capital if side else "Vienna",
        max(0, (today - on).days) if on else 0,
        max(0, calendar.between(today, on)) if on else 0,
    )


@dataclass(frozen=True, slots=True)
class Task:
    """Something a person can do about what their side owes."""

    review: Snapshot
    due: Due
    options: tuple[Option, ...]
    page: str
    """The page on which the work is done, if it is more than a form."""


def tasks(snapshot: Snapshot, person: Person) -> tuple[Task, ...]:
    """What a person has to do in one review. The snapshot holds every group of facts."""
    capacities = policy.capacities(person, snapshot.members)
    options = {
        option.step.key: option
        for option in engine.available(snapshot.process, snapshot.facts, capacities)
    }
    mine = {(who.actor.party, who.slot) for who in capacities}
    found = []
    for item in owed(snapshot):
        slot = item.slot if item.party is Party.REVIEWING_STATE else 0
        if (item.party, slot) not in mine:
            continue
        steps = _steps(snapshot, item)
        offered = tuple(options[step.key] for step in steps if step.key in options)
        page = next((step.page for step in steps if step.page), "")
        found.append(Task(snapshot, item, offered, page))
    return tuple(found)


def _steps(snapshot: Snapshot, item: Due) -> tuple[Step, ...]:
    return tuple(
        step
        for step in snapshot.process.steps_for(item.milestone.key)
        if item.party.actor in step.by
    )


def coming(snapshot: Snapshot, item: Due, count: int = 3) -> tuple[Milestone, ...]:
    """The milestones that follow one, in the order of the process, as far as they are open."""
    order = snapshot.process.milestones
    later = order[order.index(item.milestone) + 1 :]
    open_ones = (
        one
        for one in later
        if not one.repeats
        and engine.applies(one, snapshot.facts)
        and any((one.key, slot) not in snapshot.done for slot in one.slots)
    )
    return tuple(open_ones)[:count]


def waiting_for(snapshot: Snapshot, item: Due) -> tuple[str, ...]:
    """Who can go on only when this is done: names of States; empty names the secretariat."""
    process = snapshot.process
    if item.milestone.repeats:
        following = [(Party.REVIEWING_STATE, slot) for slot in (1, 2)]
    else:
        following = [
            (one.owner_of(slot), slot)
            for one in process.milestones
            if item.milestone.key in one.needs and engine.applies(one, snapshot.facts)
            for slot in one.slots
            if (one.key, slot) not in snapshot.done
        ]
    names = []
    for party, slot in following:
        side = snapshot.sides.get(slot if party is Party.REVIEWING_STATE else 0)
        mine = (party, slot if party is Party.REVIEWING_STATE else 0) == (item.party, item.slot)
        if not mine and (party is Party.SECRETARIAT or side):
            names.append("" if party is Party.SECRETARIAT else side.name if side else "")
    return tuple(dict.fromkeys(names))
