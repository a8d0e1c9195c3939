"""What a step offers to choose from, and what follows from it if it is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import reference
from review.models import Question, State
from review.services import extensions
from review.services.queries.date_changes import open_requests
from review.services.queries.turns import Due, due
from review.services.snapshot import VIENNA, Snapshot
from workflows import engine
from workflows.deadlines import local_day
from workflows.spec import Actor, Effect, FieldKind, Notice, Party, Step, Who


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice: its value, what is written, and whether what is written needs translating."""

    value: str
    label: str
    translate: bool = False
    of: str = ""
    """The State concerned, where several have the same."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who receives a message: English names of States, or functions as they are written."""

    notice: Notice
    party: Party
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Consequences:
    """What follows from a step if it is taken today."""

    target: str
    dates: tuple[Due, ...]
    reopens: tuple[str, ...]
    told: tuple[Told, ...]


def choices(session: Session, seen: Snapshot, kind: FieldKind, who: Who) -> list[Choice]:
    """The choices that a field has for somebody in this review; empty where it has none."""
    if kind is FieldKind.OWED:
        return _dates_of(seen, who)
    if kind is FieldKind.REQUEST:
        return _requests(session, seen, who)
    offers = _OFFERS.get(kind)
    return offers(session, seen) if offers else []


def _states(session: Session, seen: Snapshot) -> list[Choice]:
    rows = session.execute(
        sa.select(State.iso3, State.name)
        .where(State.iso3 != seen.sides[0].iso3, State.ratified_on <= local_day(seen.now, VIENNA))
        .order_by(State.name)
    )
    return [Choice(iso3, name, translate=True) for iso3, name in rows]


def _sides(session: Session, seen: Snapshot) -> list[Choice]:
    return [one for one in _any_side(session, seen) if one.value != "0"]


def _any_side(_session: Session, seen: Snapshot) -> list[Choice]:
    return [
        Choice(str(slot), side.name, translate=True) for slot, side in sorted(seen.sides.items())
    ]


def _provisions(_session: Session, seen: Snapshot) -> list[Choice]:
    provisions = reference.provisions(seen.process.chapters)
    return [Choice(p.ref, f"{p.ref} {p.topic or p.title}") for p in provisions]


def _members(_session: Session, seen: Snapshot) -> list[Choice]:
    states = {slot: side.name for slot, side in seen.sides.items()}
    return [
        Choice(str(m.member_id), m.title, of="" if states[m.slot] in m.title else states[m.slot])
        for m in seen.members
    ]


def _stages(_session: Session, seen: Snapshot) -> list[Choice]:
    return [
        Choice(stage.key, stage.label, translate=True)
        for stage in seen.process.stages
        if not stage.final and stage.key != seen.stage
    ]


def _open_questions(session: Session, seen: Snapshot) -> list[Choice]:
    rows = session.execute(
        sa.select(Question.number, Question.provision, Question.text)
        .where(Question.review_id == seen.id, Question.answered_at.is_(None))
        .order_by(Question.number)
    )
    return [Choice(str(n), f"{n}. ({ref}) {text[:120]}") for n, ref, text in rows]


def _open_milestones(_session: Session, seen: Snapshot) -> list[Choice]:
    keys = (
        key
        for key, dates in seen.dates.items()
        if not dates.done_at and seen.process.milestone(key[0]).stage != seen.process.start
    )
    return _milestones(seen, keys)


def _dates_of(seen: Snapshot, who: Who) -> list[Choice]:
    """What one side owes by a date."""
    keys = (
        key
        for key, dates in seen.dates.items()
        if dates.due_on and not dates.done_at and extensions.side_of(seen, key) == who
    )
    return _milestones(seen, keys)


def _requests(session: Session, seen: Snapshot, who: Who) -> list[Choice]:
    """The requests that somebody can answer or take back."""
    own = None if who.actor is Actor.SECRETARIAT else who
    return _milestones(seen, (one.key for one in open_requests(session, seen, own)))


def _milestones(seen: Snapshot, keys: Iterable[tuple[str, int]]) -> list[Choice]:
    found = []
    for key, slot in keys:
        item = seen.process.milestone(key)
        side = seen.sides.get(slot) if len(item.slots) > 1 else None
        number = seen.process.milestones.index(item)
        found.append((number, slot, item.label, key, side.name if side else ""))
    return [
        Choice(f"{key}:{slot}", label, translate=True, of=name)
        for _, slot, label, key, name in sorted(found)
    ]


_OFFERS: dict[FieldKind, Callable[[Session, Snapshot], list[Choice]]] = {
    FieldKind.STATE: _states,
    FieldKind.SIDE: _sides,
    FieldKind.ANY_SIDE: _any_side,
    FieldKind.PROVISION: _provisions,
    FieldKind.QUESTION: _open_questions,
    FieldKind.MEMBER: _members,
    FieldKind.MILESTONE: _open_milestones,
    FieldKind.STAGE: _stages,
}


def consequences(seen: Snapshot, step: Step, who: Who) -> Consequences:
    """Who is told, which dates are counted from today, where the review goes."""
    process = seen.process
    dates = (
        tuple(
            due(seen, process.milestone(key), slot, day)
            for (key, slot), day in engine.periods(process, step.does, seen.facts)
        )
        if step.does
        else ()
    )
    reopens = tuple(
        dict.fromkeys(
            process.milestone(key).label for key, _ in sorted(seen.done) if key in step.undoes
        )
    )
    told = tuple(
        Told(notice, party, names)
        for notice in step.tells
        for party in notice.to
        if (names := _names(seen, party, _told_of(seen, step, notice, who)))
    )
    return Consequences(step.to, dates, reopens, told)


def _told_of(seen: Snapshot, step: Step, notice: Notice, who: Who) -> frozenset[Who]:
    """The States that a notice reaches, as capacities."""
    if Effect.REFUSE_EXTENSION in step.effects:
        return seen.facts.asking
    if notice.own:
        return frozenset({who})
    return frozenset({Who(Actor.FOCAL_POINT), Who(Actor.EXPERT, 1), Who(Actor.EXPERT, 2)})


def _names(seen: Snapshot, party: Party, told: frozenset[Who]) -> tuple[str, ...]:
    if party is Party.SECRETARIAT:
        return tuple(person.title for person in seen.secretariat)
    slots = (0,) if party is Party.STATE_UNDER_REVIEW else (1, 2)
    return tuple(
        seen.sides[slot].name
        for slot in slots
        if slot in seen.sides and Who(party.actor, slot) in told
    )
