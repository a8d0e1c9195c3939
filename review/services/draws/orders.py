"""Which lots a draw has: the open places of a year, or those that requests ask to draw anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Cycle, LotRequest, Review, State
from review.services.draws.board import Standing
from workflows.lots import LotOrder, LotReview
from workflows.registry import process


class Purpose(StrEnum):
    """Why reviewing States are drawn.

    regular: every open place of the year. repeat, replacement: the places of waiting requests.
    deferred: the open places of reviews that were deferred into the year (ToR 14). late: those of
    States that became parties after the cycle began. completion: those of reviews for which one
    reviewing State stands already.
    """

    REGULAR = "regular"
    REPEAT = "repeat"
    REPLACEMENT = "replacement"
    DEFERRED = "deferred"
    LATE = "late"
    COMPLETION = "completion"


REQUESTED = {Purpose.REPEAT: "repeat", Purpose.REPLACEMENT: "withdrawal"}
"""The kind of the requests that a purpose answers."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Lots in the order of drawing; the reviews with what is drawn anew emptied; the requests."""

    lots: tuple[LotOrder, ...]
    reviews: tuple[LotReview, ...]
    requests: tuple[LotRequest, ...] = ()


def of(session: Session, cycle: Cycle, year: int, purpose: Purpose, stands: Standing) -> Orders:
    """The lots of a draw: by regional group, name of the State under review, and place."""
    reviews = {one.code: one for one in stands.reviews}
    requests = []
    without: dict[str, set[str]] = {}
    for request in waiting(session, cycle, purpose, year):
        code = session.get_one(Review, request.review_id).iso3
        gone = {reviews[code].reviewers[slot - 1] for slot in request.slots} - {None}
        if not gone:
            continue  # the review was deferred since: its places are open anyway
        requests.append(request)
        without.setdefault(code, set()).update(one for one in gone if one)
        for slot in request.slots:
            reviews[code] = reviews[code].with_reviewer(slot, None)
    returns = purpose is Purpose.REPEAT and stands.all_rules.repeat_returns_drawn
    lots = tuple(
        LotOrder(code, slot, () if returns else tuple(sorted(without.get(code, ()))))
        for code in _states(session, cycle, year, purpose, stands)
        if purpose not in REQUESTED or code in without
        for slot in reviews[code].open_slots()
    )
    return Orders(lots, tuple(reviews.values()), tuple(requests))


def waiting(session: Session, cycle: Cycle, purpose: Purpose, year: int) -> list[LotRequest]:
    """The requests which a purpose answers, that have no draw yet and were not taken back."""
    wanted = (
        sa.select(LotRequest)
        .join(Review, Review.id == LotRequest.review_id)
        .where(
            Review.cycle_id == cycle.id,
            Review.year == year,
            LotRequest.kind == REQUESTED.get(purpose, ""),
            LotRequest.draw_id.is_(None),
            LotRequest.taken_back_at.is_(None),
        )
        .order_by(LotRequest.id)
    )
    return list(session.scalars(wanted))


def _states(
    session: Session, cycle: Cycle, year: int, purpose: Purpose, stands: Standing
) -> Iterator[str]:
    """States of a year whose reviewing States may still be drawn, in the order of drawing."""
    wanted = (
        sa.select(Review, State)
        .join(State, State.iso3 == Review.iso3)
        .where(
            Review.cycle_id == cycle.id,
            Review.year == year,
            Review.stage == process(cycle.process_key).start,
        )
        .order_by(State.regional_group.asc().nulls_last(), State.name)
    )
    half = {one.code for one in stands.reviews if len(one.standing) == 1}
    for review, state in session.execute(wanted):
        late = state.ratified_on is not None and state.ratified_on > cycle.starts_on
        fits = {
            Purpose.DEFERRED: review.deferred_from is not None,
            Purpose.LATE: late,
            Purpose.COMPLETION: review.iso3 in half,
        }
        if fits.get(purpose, True):
            yield review.iso3
