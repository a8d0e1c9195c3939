"""Who reviews whom in a cycle, for lists that leave the system: rows, JSON, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from review.models import Cycle, Review, State

HEAD: Final = ("year", "iso3", "reviewer1", "reviewer2", "basis")
"""The columns of the CSV file; a file that was given out can be loaded again."""


@dataclass(frozen=True, slots=True)
class Reviewing:
    """A reviewing State; ``basis`` says how it is known."""

    code: str
    name: str
    basis: str


@dataclass(frozen=True, slots=True)
class Pairing:
    """A State under review with its reviewing States; None where nobody stands."""

    state: str
    name: str
    group: str
    year: int
    first: Reviewing | None
    second: Reviewing | None

    @property
    def basis(self) -> str:
        """How the pair is known: documented only if both reviewing States are."""
        bases = [one.basis for one in (self.first, self.second) if one and one.basis]
        doubtful = [basis for basis in bases if basis != "documented"]
        return next(iter(doubtful or bases), "")


def pairings(session: Session, cycle: Cycle, *, year: int | None = None) -> list[Pairing]:
    """Who reviews whom, by year, regional group and name."""
    wanted = (
        sa.select(Review)
        .join(State, State.iso3 == Review.iso3)
        .where(Review.cycle_id == cycle.id)
        .options(selectinload(Review.reviewers))
        .order_by(Review.year, State.regional_group.asc().nulls_last(), State.name)
        .execution_options(populate_existing=True)
    )
    if year is not None:
        wanted = wanted.where(Review.year == year)
    return [_pairing(one) for one in session.scalars(wanted)]


def _pairing(review: Review) -> Pairing:
    slots = {one.slot: Reviewing(one.iso3, one.state.name, one.basis) for one in review.reviewers}
    return Pairing(
        review.iso3,
        review.state.name,
        review.state.regional_group or "",
        review.year,
        slots.get(1),
        slots.get(2),
    )


def lines(rows: Sequence[Pairing]) -> list[tuple[str | int, ...]]:
    """The cells of the CSV file, without its head."""
    return [
        (
            one.year,
            one.state,
            one.first.code if one.first else "",
            one.second.code if one.second else "",
            one.basis,
        )
        for one in rows
    ]


def as_csv(rows: Sequence[Pairing]) -> bytes:
    """The CSV file, in UTF-8; its cells are codes, numbers and fixed words."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows(lines(rows))
    return text.getvalue().encode()


def as_json(cycle: Cycle, rows: Sequence[Pairing]) -> dict[str, Any]:
    """The same for programs, with the names in English."""
    return {
        "cycle": cycle.number,
        "pairings": [
            {
                "year": one.year,
                "iso3": one.state,
                "name": one.name,
                "group": one.group or None,
                "reviewers": [
                    {"iso3": each.code, "name": each.name, "slot": slot, "basis": each.basis}
                    for slot, each in ((1, one.first), (2, one.second))
                    if each
                ],
            }
            for one in rows
        ],
    }
