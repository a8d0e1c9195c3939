"""The plan of a cycle for its pages: quotas and what stands, late parties, what was changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Audit, Cycle, CycleYear, Draw, Person, Review, State
from review.services import cycle_planning, parties
from review.services.audit import Verb
from review.services.parties import Party
from review.services.snapshot import VIENNA
from workflows import review_years
from workflows.deadlines import local_day
from workflows.review_years import NO_GROUP

HISTORY_LIMIT = 30


@dataclass(frozen=True, slots=True)
class Cell:
    """Reviews of a group in a year: how many the quota gives, how many stand."""

    quota: int
    stands: int

    @property
    def remains(self) -> int:
        """Places still to be filled; 0 where more stand than the quota gives."""
        return max(0, self.quota - self.stands)


@dataclass(frozen=True, slots=True)
class Division:
    """The parties of a day divided over the years of a cycle.

    ``rows`` has a line of cells for each group, by name; ``late`` are parties that joined after the
    cycle began, ``without_year`` the divided ones whose year does not stand yet.
    """

    day: date
    years: tuple[CycleYear, ...]
    rows: Mapping[str, tuple[Cell, ...]]
    late: tuple[Party, ...]
    without_year: tuple[Party, ...]

    @property
    def totals(self) -> tuple[Cell, ...]:
        """The cells of all groups, by year."""
        return tuple(
            Cell(sum(one.quota for one in column), sum(one.stands for one in column))
            for column in zip(*self.rows.values(), strict=True)
        )


def division(session: Session, cycle: Cycle, now: datetime) -> Division:
    """How the parties are divided over the years, and how far that stands (ToR 14)."""
    day, today = parties.division_day(cycle, now), local_day(now, VIENNA)
    years = tuple(cycle_planning.years_of(session, cycle))
    everybody = parties.parties(session, cycle, today, cycle_planning.rules_of(cycle))
    divided = parties.divided(everybody)
    shares = [one.share for one in years]
    sizes = Counter(one.group or NO_GROUP for one in divided)
    quotas = review_years.quotas(sizes, shares) if any(shares) else {}
    stands = _stands(session, cycle)
    rows = {
        group: tuple(
            Cell(count, stands[group, year.year])
            for count, year in zip(quotas.get(group, [0] * len(years)), years, strict=True)
        )
        for group in sorted({*quotas, *(group for group, _year in stands)}, key=_last_if_none)
    }
    without = tuple(one for one in divided if one.year is None)
    return Division(day, years, rows, tuple(one for one in everybody if one.late), without)


def _last_if_none(group: str) -> tuple[bool, str]:
    return group == NO_GROUP, group


def _stands(session: Session, cycle: Cycle) -> Counter[tuple[str, int]]:
    group = sa.func.coalesce(State.regional_group, NO_GROUP)
    wanted = (
        sa.select(group, Review.year, sa.func.count())
        .join(State, State.iso3 == Review.iso3)
        .where(Review.cycle_id == cycle.id)
        .group_by(group, Review.year)
    )
    return Counter({(name, year): count for name, year, count in session.execute(wanted)})


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was recorded about the planning: what, when, by whom, before and after."""

    verb: str
    at: datetime
    by: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """What changed, with its values before and after."""
        about = {"cycle", "reason", "state", "session", "expert"}
        return {key: (self.before.get(key), self.after[key]) for key in self.after.keys() - about}


def history(
    session: Session, cycle: Cycle, verbs: Collection[Verb], *, iso3: str = ""
) -> list[Change]:
    """What was recorded about a cycle, or about one State in it, the latest first."""
    wanted = (
        sa.select(Audit.verb, Audit.at, Person.title, Audit.before, Audit.after)
        .outerjoin(Person, Person.id == Audit.person_id)
        .where(Audit.verb.in_(verbs), Audit.after["cycle"].as_integer() == cycle.number)
        .order_by(Audit.id.desc())
        .limit(HISTORY_LIMIT)
    )
    if iso3:
        wanted = wanted.where(Audit.after["state"].as_string() == iso3)
    return [
        Change(verb, at, by or "", before, after)
        for verb, at, by, before, after in session.execute(wanted)
    ]


def draws_in_progress(session: Session, cycle: Cycle) -> list[Draw]:
    """Draws of a cycle that are prepared and not yet published: they carry the rules of then."""
    wanted = sa.select(Draw).where(Draw.cycle_id == cycle.id, Draw.state == "prepared")
    return list(session.scalars(wanted))


def next_number(cycles: Iterable[Cycle]) -> int:
    """The number of the cycle after all that there are."""
    return max((one.number for one in cycles), default=0) + 1


def sessions_with_draws(session: Session, numbers: Sequence[int]) -> Counter[int]:
    """How many draws belong to each of these sessions of the Group."""
    wanted = (
        sa.select(Draw.session_id, sa.func.count())
        .where(Draw.session_id.in_(numbers), Draw.state != "void")
        .group_by(Draw.session_id)
    )
    return Counter({number: count for number, count in session.execute(wanted) if number})
