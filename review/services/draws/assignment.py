"""Putting reviewing States into reviews through the official act, the step ``assign_reviewers``.

Audit rows and mails to the States concerned come from that step. Places that do not change keep
the session, day and basis they had.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Cycle, Person, Review, Reviewer
from review.services import notices, outbox, snapshot, steps
from review.services.errors import InvalidGiven, Refused
from workflows.facts import Reason
from workflows.spec import Party

DRAWN = "drawn"
"""The basis of a reviewing State that a draw of this system gave."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who goes into which places of a State's review (1, 2), with the basis of these places."""

    state: str
    places: Mapping[int, str]
    basis: str = DRAWN


def assign(
    session: Session,
    cycle: Cycle,
    assignments: Sequence[Assignment],
    *,
    held: str,
    drawn_on: date,
    actor: Person,
    now: datetime,
    simulated: bool = False,
) -> None:
    """Take the step for each review, in this order; ``held`` is the session it is recorded with.

    Raises Refused, naming the State, if a review has begun or a rule of the step is broken; the
    caller's transaction then has to be given up.
    """
    stood = _standing(session, cycle, [one.state for one in assignments])
    by_state = {one.state: one for one in assignments}
    replaced = [
        row.id for row in stood if by_state[row.of].places.get(row.slot, row.iso3) != row.iso3
    ]
    for one in assignments:
        left = sorted(row.slot for row in stood if row.of == one.state and row.id in replaced)
        if left:
            _tell_released(session, cycle, one.state, left, now, simulated=simulated)
    _empty(session, replaced, now)
    for one in assignments:
        mine = {row.slot: row for row in stood if row.of == one.state}
        pair = {slot: row.iso3 for slot, row in mine.items()} | dict(one.places)
        given = {
            "first": pair.get(1, ""),
            "second": pair.get(2, ""),
            "session": held,
            "drawn_on": drawn_on.isoformat(),
        }
        review_id = _take(session, cycle, one.state, given, actor, now, simulated=simulated)
        for slot in pair:
            origin = {"basis": one.basis} if slot in one.places else mine[slot].origin
            _set(session, review_id, slot, origin)


@dataclass(frozen=True, slots=True)
class _Stood:
    """A reviewing State that stands, and where it is from."""

    id: int
    of: str
    slot: int
    iso3: str
    origin: Mapping[str, Any]


def _standing(session: Session, cycle: Cycle, states: Collection[str]) -> list[_Stood]:
    wanted = (
        sa.select(Reviewer, Review.iso3)
        .join(Review, Review.id == Reviewer.review_id)
        .where(Review.cycle_id == cycle.id, Review.iso3.in_(states), Reviewer.voided_at.is_(None))
    )
    return [
        _Stood(
            row.id,
            of,
            row.slot,
            row.iso3,
            {"session": row.session, "drawn_on": row.drawn_on, "basis": row.basis},
        )
        for row, of in session.execute(wanted)
    ]


def _empty(session: Session, replaced: Sequence[int], now: datetime) -> None:
    """Make void what is replaced, all of it before the first step is taken.

    Else a State that is put into one review could still stand in another that is replaced later,
    and be refused as a mutual reviewer.
    """
    session.execute(sa.update(Reviewer).where(Reviewer.id.in_(replaced)).values(voided_at=now))


def _tell_released(
    session: Session,
    cycle: Cycle,
    state: str,
    slots: Sequence[int],
    now: datetime,
    *,
    simulated: bool,
) -> None:
    """Tell the reviewing States that give up their place, while their people are still known."""
    of_state = sa.select(Review.id).where(Review.cycle_id == cycle.id, Review.iso3 == state)
    seen = snapshot.load(session, session.scalars(of_state).one(), now)
    more = {"step": "assign_reviewers", "opens": "review", "by": "secretariat", "by_state": None}
    for slot in slots:
        for to in notices.people(seen, Party.REVIEWING_STATE, slot):
            params = notices.params(seen, Party.REVIEWING_STATE, slot, to)
            outbox.put_to_side(
                session,
                "reviewer_released",
                key=f"released:{seen.id}:{seen.version + 1}:{slot}:{notices.name_of(to)}",
                to=to,
                now=now,
                params=params | more,
                review_id=seen.id,
                recorded=simulated,
            )


def _take(
    session: Session,
    cycle: Cycle,
    state: str,
    given: Mapping[str, Any],
    actor: Person,
    now: datetime,
    *,
    simulated: bool,
) -> int:
    """The official act for one review; its id."""
    of_state = sa.select(Review.id).where(Review.cycle_id == cycle.id, Review.iso3 == state)
    review_id = session.scalars(of_state).one()
    try:
        steps.take(
            session, review_id, "assign_reviewers", actor=actor, now=now, given=given,
            simulated=simulated,
        )  # fmt: skip
    except InvalidGiven as problem:
        texts: list[tuple[str, Mapping[str, Any]]] = [(one, {}) for one in problem.errors.values()]
        raise _naming(state, texts) from problem
    except Refused as problem:
        raise _naming(state, [(one.text, one.params) for one in problem.reasons]) from problem
    return review_id


def _naming(state: str, texts: Sequence[tuple[str, Mapping[str, Any]]]) -> Refused:
    """The refusal with the code of the State before each reason."""
    return Refused(
        "assign_reviewers",
        (Reason(state), *(Reason(text, params) for text, params in texts)),
    )


def _set(session: Session, review_id: int, slot: int, values: Mapping[str, Any]) -> None:
    session.execute(
        sa.update(Reviewer)
        .where(Reviewer.review_id == review_id, Reviewer.slot == slot, Reviewer.voided_at.is_(None))
        .values(values)
    )
