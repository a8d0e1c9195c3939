"""Recording a draw: its result goes into the reviews, and the States concerned are told.

The official act is the step ``assign_reviewers`` of each review, so audit rows and mails come from
it; a draw of the years selects each State. All in one transaction, and once only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Draw, Person, Review, Reviewer
from review.services import cycles, steps
from review.services.audit import Verb
from review.services.draws import feasibility
from review.services.draws.conduct import entries
from review.services.draws.prepare import expect, keep, locked
from review.services.errors import InvalidGiven, Refused
from workflows.drawing import Entry
from workflows.facts import Reason

DRAWN = "drawn"
"""The basis of a reviewing State that a draw of this system gave."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording did: the States whose review changed; empty if it was recorded before."""

    draw_id: int
    states: tuple[str, ...]


def record(
    session: Session, draw_id: int, *, actor: Person, now: datetime, simulated: bool = False
) -> Recorded:
    """Write the result of a draw into the reviews; recorded before, it does nothing.

    Raises NotFound; Refused if lots are missing, or a review is no longer as it was announced.
    """
    draw = locked(session, draw_id)
    if draw.state == "recorded":
        return Recorded(draw.id, ())
    expect(draw, "drawn", N_("A draw is recorded when every lot is drawn."))
    feasibility.unchanged(session, draw)
    draw.state, draw.recorded_at = "recorded", now
    session.flush()
    done = entries(session, draw)
    if draw.kind == "years":
        for entry in done:
            cycles.select_state(
                session, draw.cycle.number, entry["drawn"], entry["year"], actor=actor, now=now
            )
        states = tuple(sorted(entry["drawn"] for entry in done))
    else:
        states = _assign(session, draw, done, actor=actor, now=now, simulated=simulated)
    after = {"states": list(states), "digest": draw.transcript and draw.transcript["digest"]}
    keep(session, Verb.DRAW_RECORDED, draw, after, actor=actor, now=now)
    return Recorded(draw.id, states)


def _assign(
    session: Session,
    draw: Draw,
    done: list[Entry],
    *,
    actor: Person,
    now: datetime,
    simulated: bool,
) -> tuple[str, ...]:
    drawn: dict[str, dict[int, str]] = {}
    for entry in done:
        drawn.setdefault(entry["state"], {})[entry["slot"]] = entry["drawn"]
    stood = _standing(session, draw, drawn)
    replaced = [row for row in stood if drawn[row.of].get(row.slot, row.iso3) != row.iso3]
    _return_to_the_bowl(session, replaced, now)
    for state, places in drawn.items():
        kept = {row.slot: row for row in stood if row.of == state and row.slot not in places}
        pair = {slot: row.iso3 for slot, row in kept.items()} | places
        review_id = _take(session, draw, state, pair, actor=actor, now=now, simulated=simulated)
        for slot in pair:
            values = {"basis": DRAWN} if slot in places else kept[slot].origin
            session.execute(
                sa.update(Reviewer)
                .where(
                    Reviewer.review_id == review_id,
                    Reviewer.slot == slot,
                    Reviewer.voided_at.is_(None),
                )
                .values(values)
            )
    return tuple(sorted(drawn))


@dataclass(frozen=True, slots=True)
class _Stood:
    """A reviewing State that stands in a review of which lots were drawn, and where it is from."""

    id: int
    of: str
    slot: int
    iso3: str
    origin: Mapping[str, Any]


def _standing(session: Session, draw: Draw, states: Collection[str]) -> list[_Stood]:
    wanted = (
        sa.select(Reviewer, Review.iso3)
        .join(Review, Review.id == Reviewer.review_id)
        .where(
            Review.cycle_id == draw.cycle_id,
            Review.iso3.in_(states),
            Reviewer.voided_at.is_(None),
        )
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


def _return_to_the_bowl(session: Session, replaced: Collection[_Stood], now: datetime) -> None:
    """Make the places void that were drawn anew, all of them before the first step is taken.

    Else a State that is drawn for one review would still stand in another, and be refused there as
    a mutual reviewer.
    """
    session.execute(
        sa.update(Reviewer)
        .where(Reviewer.id.in_([row.id for row in replaced]))
        .values(voided_at=now)
    )


def _take(
    session: Session,
    draw: Draw,
    state: str,
    pair: Mapping[int, str],
    *,
    actor: Person,
    now: datetime,
    simulated: bool,
) -> int:
    """The official act for one review; its id. Raises Refused naming the State."""
    of_state = sa.select(Review.id).where(Review.cycle_id == draw.cycle_id, Review.iso3 == state)
    review_id = session.scalars(of_state).one()
    held = draw.session.title if draw.session else draw.announcement["title"]
    given = {
        "first": pair.get(1, ""),
        "second": pair.get(2, ""),
        "session": held,
        "drawn_on": draw.drawn_on.isoformat() if draw.drawn_on else "",
    }
    try:
        steps.take(
            session, review_id, "assign_reviewers", actor=actor, now=now, given=given,
            simulated=simulated,
        )  # fmt: skip
    except (InvalidGiven, Refused) as problem:
        why = problem.errors.values() if isinstance(problem, InvalidGiven) else problem.reasons
        reasons = tuple(Reason(f"{state}: {reason}") for reason in why)
        raise Refused("record", reasons) from problem
    return review_id
