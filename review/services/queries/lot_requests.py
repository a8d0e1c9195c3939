"""What a cycle still has to draw, and what States asked about their lots, for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from review.models import Cycle, Draw, LotRequest, Person, Review
from review.services import parties as roster
from review.services.cycle_planning import rules_of
from review.services.draws import orders
from review.services.draws.board import standing
from review.services.draws.orders import Purpose
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day
from workflows.registry import process


@dataclass(frozen=True, slots=True)
class Choice:
    """A draw that could be prepared: ``lots`` of a purpose in a year; year 0: of the years."""

    year: int
    purpose: Purpose
    lots: int


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request as it was recorded; ``state`` is the State under review."""

    id: int
    kind: str
    review_id: int
    state: str
    name: str
    year: int
    slots: tuple[int, ...]
    reason: str
    exceptional_reason: str
    received_on: date
    recorded_by: str
    recorded_at: datetime
    draw_id: int | None
    draw_state: str
    taken_back_at: datetime | None

    @property
    def waiting(self) -> bool:
        """Whether it still waits for a draw."""
        return self.draw_id is None and self.taken_back_at is None


@dataclass(frozen=True, slots=True)
class Askable:
    """A review for which a repeat or a withdrawal can be recorded: who stands in which place."""

    review_id: int
    state: str
    name: str
    year: int
    reviewers: tuple[tuple[int, str, str], ...]
    """Place, code and name of each reviewing State."""
    repeats: int
    """Repeats asked for in the cycle so far; beyond the rule it needs exceptional reasons."""


def choices(session: Session, cycle: Cycle, now: datetime) -> list[Choice]:
    """The draws of a cycle for which there is something to draw, by year and purpose."""
    stands = standing(session, cycle, local_day(now, VIENNA))
    found = []
    everybody = roster.parties(session, cycle, local_day(now, VIENNA), stands.all_rules)
    if without := [one for one in roster.divided(everybody) if one.year is None]:
        found.append(Choice(0, Purpose.REGULAR, len(without)))
    for year in sorted({one.year for one in stands.reviews}):
        for purpose in Purpose:
            lots = orders.of(session, cycle, year, purpose, stands).lots
            found.append(Choice(year, purpose, len(lots)))
    return [one for one in found if one.lots]


def requests(session: Session, cycle: Cycle, *, review_id: int | None = None) -> list[RequestRow]:
    """What was asked in a cycle, or for one review, the latest first."""
    wanted = (
        sa.select(LotRequest, Review, Draw.state, Person.title)
        .join(Review, Review.id == LotRequest.review_id)
        .outerjoin(Draw, Draw.id == LotRequest.draw_id)
        .join(Person, Person.id == LotRequest.recorded_by)
        .where(Review.cycle_id == cycle.id)
        .order_by(LotRequest.id.desc())
    )
    if review_id is not None:
        wanted = wanted.where(Review.id == review_id)
    return [
        RequestRow(
            id=one.id,
            kind=one.kind,
            review_id=review.id,
            state=review.iso3,
            name=review.state.name,
            year=review.year,
            slots=tuple(one.slots),
            reason=one.reason,
            exceptional_reason=one.exceptional_reason,
            received_on=one.received_on,
            recorded_by=by,
            recorded_at=one.recorded_at,
            draw_id=one.draw_id,
            draw_state=state or "",
            taken_back_at=one.taken_back_at,
        )
        for one, review, state, by in session.execute(wanted)
    ]


def askable(session: Session, cycle: Cycle) -> list[Askable]:
    """The reviews whose reviewing States stand and may still be drawn anew, by name."""
    asked = (
        sa.select(sa.func.count())
        .where(
            LotRequest.review_id == Review.id,
            LotRequest.kind == "repeat",
            LotRequest.taken_back_at.is_(None),
        )
        .correlate(Review)
        .scalar_subquery()
    )
    wanted = (
        sa.select(Review, asked)
        .where(Review.cycle_id == cycle.id, Review.stage == process(cycle.process_key).start)
        .options(selectinload(Review.reviewers))
    )
    found = [
        Askable(
            review.id,
            review.iso3,
            review.state.name,
            review.year,
            tuple((one.slot, one.iso3, one.state.name) for one in review.reviewers),
            repeats,
        )
        for review, repeats in session.execute(wanted)
        if review.reviewers
    ]
    return sorted(found, key=lambda one: one.name)


def usual_repeats(cycle: Cycle) -> int:
    """How many repeats a State may ask for without exceptional circumstances (ToR 19)."""
    return rules_of(cycle).repeats
