"""Cycles: which there are, and how far each year of one has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Cycle, CycleYear, Review, State
from review.services.errors import NotFound
from review.services.queries.board import Row
from review.services.snapshot import VIENNA
from workflows.deadlines import add_months, local_day

DRAW_BEFORE_YEAR = timedelta(days=60)
"""A year is prepared before it begins: reviews of year 4 of the first cycle were started in May."""


def cycles(session: Session) -> list[Cycle]:
    """Every cycle, the first one first."""
    return list(session.scalars(sa.select(Cycle).order_by(Cycle.number)))


def find(session: Session, number: int) -> Cycle:
    """The cycle of a number. Raises NotFound."""
    found = session.scalars(sa.select(Cycle).where(Cycle.number == number)).one_or_none()
    if found is None:
        raise NotFound(f"no cycle {number}")
    return found


def current(session: Session, now: datetime) -> Cycle:
    """The latest cycle that has begun and has reviews; else the first one. Raises NotFound."""
    has_reviews = sa.exists().where(Review.cycle_id == Cycle.id)
    begun = (
        sa.select(Cycle)
        .where(Cycle.starts_on <= local_day(now, VIENNA))
        .order_by(has_reviews.desc(), Cycle.number.desc())
        .limit(1)
    )
    found = session.scalars(begun).one_or_none()
    return found or find(session, 1)


def year_begins(session: Session, cycle: Cycle) -> dict[int, date]:
    """The day on which each year of a cycle begins: as planned, else a year after the other."""
    wanted = sa.select(CycleYear.year, CycleYear.starts_on).where(CycleYear.cycle_id == cycle.id)
    planned: dict[int, date] = dict(session.execute(wanted).all())
    usual = {year: add_months(cycle.starts_on, 12 * (year - 1)) for year in range(1, 6)}
    return usual | planned


def year_prepared(session: Session, cycle: Cycle, now: datetime) -> int:
    """The latest year of a cycle whose reviews can be started by now; 0 before the first."""
    day = local_day(now, VIENNA) + DRAW_BEFORE_YEAR
    return sum(1 for begins in year_begins(session, cycle).values() if begins <= day)


def candidates(session: Session, cycle: Cycle, now: datetime) -> list[tuple[str, str]]:
    """The States parties that are not under review in a cycle yet: code and name, by name."""
    reviewed = sa.exists().where(Review.cycle_id == cycle.id, Review.iso3 == State.iso3)
    found = session.execute(
        sa.select(State.iso3, State.name)
        .where(State.ratified_on <= local_day(now, VIENNA), sa.not_(reviewed))
        .order_by(State.name)
    )
    return list(found)


@dataclass(frozen=True, slots=True)
class Year:
    """One year of a cycle: its reviews by stage, and how its list of States is known."""

    number: int
    begins_on: date
    by_stage: Mapping[str, int]
    completed: int
    late: int
    bases: Mapping[str, int]
    pairs: Mapping[str, int]

    @property
    def total(self) -> int:
        """All reviews of the year."""
        return sum(self.by_stage.values())


def years(begins: Mapping[int, date], rows: Sequence[Row]) -> list[Year]:
    """The years of a cycle that have reviews; ``begins`` has the first day of each."""
    made = []
    for number in sorted({row.year for row in rows}):
        mine = [row for row in rows if row.year == number]
        made.append(
            Year(
                number,
                begins[number],
                Counter(row.seen.stage for row in mine),
                sum(1 for row in mine if row.stage.final),
                sum(1 for row in mine if row.late_days),
                Counter(row.year_basis for row in mine if row.year_basis),
                Counter(_pair_basis(row) for row in mine),
            )
        )
    return made


def _pair_basis(row: Row) -> str:
    """How the pair of reviewing States is known; "not_drawn" while one of them is missing."""
    if len(row.seen.facts.reviewers) < 2:
        return "not_drawn"
    return next((basis for basis in row.pair_basis.values() if basis), "documented")
