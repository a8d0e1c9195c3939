"""The roster of a cycle: every party, whether it can be drawn, and why not; and the lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from review.models import Cycle
from review.reference import LotRules
from review.services import cycle_planning, parties
from review.services.errors import NotFound
from review.services.parties import Party
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day

PER_PAGE: Final = 50
SHOWN: Final[Mapping[str, Callable[[Party, LotRules], bool]]] = {
    "eligible": lambda one, rules: one.excluded(rules) is None,
    "only_late": lambda one, rules: one.only_late(rules),
    "excluded": lambda one, rules: one.excluded(rules) is not None,
    "no_list": lambda one, _rules: not one.has_list,
    "excused": lambda one, _rules: one.excused,
    "volunteers": lambda one, _rules: one.volunteers_for is not None,
    "late": lambda one, _rules: one.late,
}
"""What the roster can be narrowed down to."""


@dataclass(frozen=True, slots=True)
class RosterFilters:
    """What of the roster is shown; empty values show all. Pages count from 1."""

    q: str = ""
    group: str = ""
    show: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Roster:
    """A page of the roster, how many parties fit, and counts of all parties by what is shown."""

    rows: Sequence[Party]
    found: int
    page: int
    counts: Mapping[str, int]
    everybody: int
    rules: LotRules

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.found // PER_PAGE))


def roster(session: Session, cycle: Cycle, filters: RosterFilters, now: datetime) -> Roster:
    """The parties that fit the filters, by name."""
    rules = cycle_planning.rules_of(cycle)
    everybody = parties.parties(session, cycle, local_day(now, VIENNA), rules)
    counts = Counter(key for one in everybody for key, fits in SHOWN.items() if fits(one, rules))
    found = [one for one in everybody if _fits(one, filters, rules)]
    last = max(1, -(-len(found) // PER_PAGE))
    page = min(filters.page, last)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    return Roster(shown, len(found), page, counts, len(everybody), rules)


def party(session: Session, cycle: Cycle, iso3: str, now: datetime) -> Party:
    """One party in a cycle. Raises NotFound for a State that is no party by now."""
    rules = cycle_planning.rules_of(cycle)
    everybody = parties.parties(session, cycle, local_day(now, VIENNA), rules)
    found = next((one for one in everybody if one.code == iso3), None)
    if found is None:
        raise NotFound(f"{iso3} is no party in cycle {cycle.number}")
    return found


def _fits(one: Party, filters: RosterFilters, rules: LotRules) -> bool:
    words = filters.q.casefold()
    return (
        (not words or words in one.name.casefold() or words == one.code.casefold())
        and filters.group in ("", one.group)
        and (not filters.show or SHOWN[filters.show](one, rules))
    )


@dataclass(frozen=True, slots=True)
class Lists:
    """A page of the States with their lists, how many fit, and counts of all."""

    rows: Sequence[Party]
    found: int
    page: int
    counts: Mapping[str, int]
    experts: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.found // PER_PAGE))


_LISTS: Final[Mapping[str, Callable[[Party], bool]]] = {
    "listed": lambda one: one.has_list,
    "missing": lambda one: not one.has_list,
    "circulated": lambda one: one.circulated_on is not None,
    "waiting": lambda one: one.experts > 0 and one.circulated_on is None,
}


def lists(
    session: Session,
    cycle: Cycle,
    now: datetime,
    *,
    group: str = "",
    show: str = "",
    page: int = 1,
) -> Lists:
    """The lists of experts by State: all, or those of a group or of a kind."""
    rules = cycle_planning.rules_of(cycle)
    everybody = parties.parties(session, cycle, local_day(now, VIENNA), rules)
    counts = Counter(key for one in everybody for key, fits in _LISTS.items() if fits(one))
    rows = [
        one for one in everybody if group in ("", one.group) and (not show or _LISTS[show](one))
    ]
    page = min(page, max(1, -(-len(rows) // PER_PAGE)))
    shown = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
    return Lists(shown, len(rows), page, counts, sum(one.experts for one in everybody))


def waiting(session: Session, cycle: Cycle, now: datetime) -> list[str]:
    """The States whose lists stand here and were not circulated yet."""
    rules = cycle_planning.rules_of(cycle)
    everybody = parties.parties(session, cycle, local_day(now, VIENNA), rules)
    return [one.code for one in everybody if _LISTS["waiting"](one)]
