"""Cycles and the reviews in them (ToR 12-14; res. 3/1, op. 3-4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review.models import Cycle, MilestoneDate, Person, Review, State
from review.services import audit
from review.services.errors import InvalidGiven, NotFound
from workflows.deadlines import DUTY_STATION_ZONE, local_day
from workflows.registry import process
from workflows.spec import N_


def select_state(
    session: Session, cycle_number: int, iso3: str, year: int, *, actor: Person, now: datetime
) -> Review:
    """Record that a State is selected for a year of a cycle; its review starts as ``selected``.

    Raises NotFound for an unknown cycle, InvalidGiven for a State that is not a party or is under
    review in the cycle already (no State is reviewed twice in a cycle, ToR 13), or a wrong year.
    """
    cycle = session.scalars(sa.select(Cycle).where(Cycle.number == cycle_number)).first()
    if cycle is None:
        raise NotFound(f"no cycle {cycle_number}")
    if errors := _faults(session, cycle, iso3, year, now):
        raise InvalidGiven(errors)
    review = Review(
        cycle_id=cycle.id,
        iso3=iso3,
        year=year,
        process_key=cycle.process_key,
        stage=process(cycle.process_key).start,
        stage_since=now,
    )
    session.add(review)
    session.flush()
    created(session, [review.id], cycle.process_key, actor=actor, now=now)
    return review


def _faults(session: Session, cycle: Cycle, iso3: str, year: int, now: datetime) -> dict[str, str]:
    errors = {}
    state = session.get(State, iso3)
    if (
        state is None
        or state.ratified_on is None
        or state.ratified_on > local_day(now, DUTY_STATION_ZONE)
    ):
        errors["state"] = N_("This is not a State party.")
    elif session.scalar(
        sa.select(Review.id).where(Review.cycle_id == cycle.id, Review.iso3 == iso3)
    ):
        errors["state"] = N_("This State is under review in this cycle already.")
    if not 1 <= year <= 5:
        errors["year"] = N_("A cycle has the years 1 to 5.")
    return errors


def created(
    session: Session,
    review_ids: Sequence[int],
    process_key: str,
    *,
    actor: Person | None,
    now: datetime,
) -> None:
    """Give new reviews their milestones, all open, and record them in the audit trail."""
    rows = [
        {"review_id": review_id, "key": item.key, "slot": slot}
        for review_id in review_ids
        for item, slot in process(process_key).instances()
    ]
    if rows:
        session.execute(insert(MilestoneDate).on_conflict_do_nothing(), rows)
    for review_id in review_ids:
        audit.record(session, audit.Verb.REVIEW_CREATED, now=now, actor=actor, review_id=review_id)
