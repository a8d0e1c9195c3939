"""What would change if a State asked for a repeat, withdrew or deferred: the fewest pairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from review.models import Cycle
from review.services.draws.board import Standing, standing
from review.services.errors import NotFound
from review.services.queries import lot_requests
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day
from workflows.lots import Board, LotOrder, LotParty, LotReview
from workflows.repair import repair


class Event(StrEnum):
    """What happens. ``place``: one or both places of a review are drawn anew.

    withdrawal: a State takes no further reviews in the cycle and leaves those that have not begun.
    deferral: a State under review is moved to the following year (ToR 14), its lots are void.
    """

    PLACE = "place"
    WITHDRAWAL = "withdrawal"
    DEFERRAL = "deferral"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the event, the State that it is about, the places (only for ``place``)."""

    event: Event
    state: str
    slots: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """A place by the names of its State under review and who stood; who could follow, if known."""

    state: str
    slot: int
    old: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class Assistance:
    """The answer. ``asked``: places that are opened by the event itself; ``changes``: others that
    must be opened besides, the fewest if ``proven``. ``possible`` is false if nothing helps."""

    possible: bool
    proven: bool
    asked: tuple[Move, ...]
    changes: tuple[Move, ...]


def states(session: Session, cycle: Cycle, now: datetime) -> list[tuple[str, str]]:
    """The States that one can ask about: code and name of every party, by name."""
    stands = standing(session, cycle, local_day(now, VIENNA))
    return sorted(stands.names.items(), key=lambda one: one[1])


def assist(session: Session, cycle: Cycle, question: Question, now: datetime) -> Assistance:
    """The answer for a cycle as it stands. Raises NotFound if it cannot happen to the State."""
    stands = standing(session, cycle, local_day(now, VIENNA))
    movable = {
        (one.state, slot)
        for one in lot_requests.askable(session, cycle)
        for slot, _code, _name in one.reviewers
    }
    opened = _opened(question, stands, movable)
    board = _after(question, stands, opened)
    found = repair(board, movable - set(opened))
    before = {one.code: one.reviewers for one in stands.reviews}
    names = stands.names
    if found is None:
        asked = _moves(((*place, "") for place in opened), before, names)
        return Assistance(False, True, asked, ())
    asked = _moves(((*place, found.example.get(place, "")) for place in opened), before, names)
    others = ((one.state, one.slot, one.suggestion) for one in found.changes)
    return Assistance(True, found.proven, asked, _moves(others, before, names))


def _opened(
    question: Question, stands: Standing, movable: set[tuple[str, int]]
) -> list[tuple[str, int]]:
    """The places that the event itself opens."""
    reviews = {one.code: one for one in stands.reviews}
    if question.event is Event.WITHDRAWAL:
        if question.state not in stands.names:
            raise NotFound(question.state)
        return sorted(
            (state, slot)
            for state, slot in movable
            if reviews[state].reviewers[slot - 1] == question.state
        )
    mine = {slot for state, slot in movable if state == question.state}
    if question.event is Event.DEFERRAL:
        if question.state not in reviews or (reviews[question.state].standing and not mine):
            raise NotFound(question.state)
        return [(question.state, slot) for slot in sorted(mine)]
    if not question.slots or not mine.issuperset(question.slots):
        raise NotFound(question.state)
    return [(question.state, slot) for slot in sorted(question.slots)]


def _after(question: Question, stands: Standing, opened: list[tuple[str, int]]) -> Board:
    """The board after the event."""
    reviews = {one.code: one for one in stands.reviews}
    parties: Iterable[LotParty] = stands.parties
    gone: dict[str, set[str]] = {}
    for state, slot in opened:
        held = reviews[state].reviewers[slot - 1]
        gone.setdefault(state, set()).update([held] if held else [])
        reviews[state] = reviews[state].with_reviewer(slot, None)
    lots: tuple[LotOrder, ...] = ()
    if question.event is Event.WITHDRAWAL:
        parties = [
            replace(one, serves=False) if one.code == question.state else one
            for one in stands.parties
        ]
    elif question.event is Event.DEFERRAL:
        moved = reviews[question.state]
        reviews[question.state] = LotReview(moved.code, moved.year + 1)
    else:
        without = tuple(sorted(gone[question.state]))
        lots = tuple(LotOrder(state, slot, without) for state, slot in opened)
    return Board.of(stands.rules, parties, reviews.values(), lots)


def _moves(
    places: Iterable[tuple[str, int, str]],
    before: dict[str, tuple[str | None, str | None]],
    names: dict[str, str],
) -> tuple[Move, ...]:
    return tuple(
        Move(
            names[state],
            slot,
            names.get(before[state][slot - 1] or "", ""),
            names.get(suggestion, ""),
        )
        for state, slot, suggestion in places
    )
