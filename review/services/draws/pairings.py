"""The official pairings as a table: loaded over what stands, after a report of what it would do.

A line has State under review, both reviewing States and how that is known, and where wanted the
year. Nothing is applied while a line is wrong, and nothing is applied by halves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from review.models import Cycle, Person
from workflows.facts import Reason

COLUMNS = ("iso3", "reviewer1", "reviewer2", "basis")
"""The columns that a file must have; ``year`` may be there, others are not known."""


class Effect(StrEnum):
    """What a line would do."""

    ADDED = "added"
    CHANGED = "changed"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True)
class Line:
    """A usable line: its number in the file from 1, what stands and what it would put there."""

    number: int
    state: str
    name: str
    year: int
    before: tuple[str | None, str | None]
    after: tuple[str | None, str | None]
    basis: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps the file from being applied, with the number of the line (0: the whole file)."""

    number: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Report:
    """What loading a file would do. It can be applied if there are no ``faults``.

    ``digest`` names the file and what stood when it was judged: applying needs the same.
    """

    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]
    digest: str

    def of(self, effect: Effect) -> tuple[Line, ...]:
        """The lines with an effect."""
        return tuple(line for line in self.lines if line.effect is effect)


def report(session: Session, cycle: Cycle, content: bytes, now: datetime) -> Report:
    """What loading this file (CSV in UTF-8) would do; changes nothing."""
    raise NotImplementedError


def apply(
    session: Session,
    cycle_number: int,
    content: bytes,
    digest: str,
    *,
    actor: Person,
    now: datetime,
) -> Report:
    """Load a file of which the person saw the report with this digest, wholly or not at all.

    Raises InvalidGiven if it has faults, Stale-like Refused if something changed since the report.
    """
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Pairing:
    """A State under review with its reviewing States, for lists that leave the system."""

    state: str
    name: str
    group: str
    year: int
    first: str
    first_name: str
    second: str
    second_name: str
    basis: str


def pairings(session: Session, cycle: Cycle) -> Sequence[Pairing]:
    """Who reviews whom in a cycle, by year, regional group and name."""
    raise NotImplementedError
