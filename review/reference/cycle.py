"""The first review cycle: who was reviewed when and by whom, and what is documented."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import cache

from review.reference.source import rows


@dataclass(frozen=True, slots=True)
class FirstCycleEntry:
    """One review of the first cycle; reviewers are None where the pair is not known."""

    year: int
    iso3: str
    reviewer1: str | None
    reviewer2: str | None
    year_basis: str
    pair_basis: str


@dataclass(frozen=True, slots=True)
class DocumentedMilestone:
    """An event of a review found in a public source.

    `date_from` and `date_to` bound what is known: a year or a month is given by its first and
    last day; both are None where `precision` is "unknown".
    """

    iso3: str
    stage: str
    date_from: date | None
    date_to: date | None
    precision: str
    document_symbol: str
    job_number: str
    doubt: str


@cache
def first_cycle() -> tuple[FirstCycleEntry, ...]:
    """The 165 reviews of the first cycle, by year, then as in the source."""
    return tuple(
        FirstCycleEntry(
            int(row["year"]),
            row["iso3"],
            row["reviewer1"] or None,
            row["reviewer2"] or None,
            row["year_basis"],
            row["pair_basis"],
        )
        for row in rows("first_cycle.csv")
    )


@cache
def documented_milestones() -> tuple[DocumentedMilestone, ...]:
    """What public sources say about single reviews, by State."""
    return tuple(_milestone(row) for row in rows("milestones.csv"))


def _milestone(row: dict[str, str]) -> DocumentedMilestone:
    first, last = _span(row["date_from"], row["date_to"])
    return DocumentedMilestone(
        iso3=row["iso3"],
        stage=row["stage"],
        date_from=first,
        date_to=last,
        precision=row["precision"].split(",")[0],
        document_symbol=row["document_symbol"],
        job_number=row["job_number"],
        doubt=row["doubt"],
    )


def _span(start: str, end: str) -> tuple[date | None, date | None]:
    """The first and last day that "2012", "2012-12" or "2012-12-05" can mean."""
    if not start:
        return None, None
    numbers = [int(part) for part in start.split("-")]
    year, month, day = (*numbers, 0, 0)[:3]
    first = date(year, month or 1, day or 1)
    if end:
        return first, date.fromisoformat(end)
    last_month = month or 12
    return first, date(year, last_month, day or monthrange(year, last_month)[1])
