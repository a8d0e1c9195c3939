"""The years of review: how many States of each group in each year, and who is in the bowl (ToR 14).

Pure. ``quotas()`` divides every group over the years; ``places()`` puts the lots in their order;
``bowl()`` says for one lot who may be drawn and why the others of the group may not. The form in
which such a draw is published is ``docs/lots/specification.md``, section 7.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

NO_GROUP: Final = ""
"""The group of the parties that belong to no regional group."""


class YearsError(ValueError):
    """Groups, shares or parties that no division can start from; the text says what to correct."""


class ClosedYear(StrEnum):
    """Why a party of the group is not in the bowl, in the order in which the reasons are asked."""

    PLACED = "placed"
    VOLUNTEERS_FIRST = "volunteers_first"
    VOLUNTEERS_LATER = "volunteers_later"


@dataclass(frozen=True, slots=True)
class YearParty:
    """A party as the lots of the years see it.

    ``group`` is empty for a party without one. ``volunteers``: the year for which it offered
    itself, or 0.
    """

    code: str
    name: str
    group: str
    volunteers: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place to be filled by lot: a group's, in a year from 1."""

    group: str
    year: int


@dataclass(frozen=True, slots=True)
class Bowl:
    """Who may be drawn for a place, and who of the group may not, by reason; codes are sorted."""

    candidates: tuple[str, ...]
    closed: Mapping[ClosedYear, tuple[str, ...]]


def quotas(sizes: Mapping[str, int], shares: Sequence[int]) -> dict[str, list[int]]:
    """Places of each group in each year, by largest remainder; groups in the order of their names.

    ``shares`` has the weight of each year, from year 1. A row adds up to the size of its group, and
    no cell is further from its exact share than the next whole number. Equal remainders go to the
    year that lacks most against its total over all groups, then to the earlier one: with equal
    shares the years differ by one State at most. Raises YearsError for a negative size or weight,
    or if no year has any weight.
    """
    weight = sum(shares)
    if any(share < 0 for share in shares) or weight < 1:
        raise YearsError("a year's share is 0 or more, and at least one year has a share")
    if any(size < 0 for size in sizes.values()):
        raise YearsError("a group has 0 parties or more")
    found = {group: [sizes[group] * share // weight for share in shares] for group in sorted(sizes)}
    everybody = sum(sizes.values())
    lacks = [
        Fraction(everybody * share, weight) - sum(row[year] for row in found.values())
        for year, share in enumerate(shares)
    ]
    for group, row in found.items():
        remainders = [sizes[group] * share % weight for share in shares]
        order = sorted(range(len(shares)), key=lambda year: (-remainders[year], -lacks[year], year))
        for year in order[: sizes[group] - sum(row)]:
            row[year] += 1
            lacks[year] -= 1
    return found


def places(quota: Mapping[str, Sequence[int]]) -> tuple[Place, ...]:
    """Every place in the order of drawing: groups by name, then years, then the places of a year.

    Raises YearsError for a negative quota.
    """
    if any(count < 0 for row in quota.values() for count in row):
        raise YearsError("a quota is 0 or more")
    return tuple(
        Place(group, year)
        for group in sorted(quota)
        for year, count in enumerate(quota[group], start=1)
        for _place in range(count)
    )


def bowl(parties: Iterable[YearParty], placed: Collection[str], place: Place) -> Bowl:
    """Who may be drawn for a place; ``placed`` are the codes of the parties that have their year.

    Whoever volunteered for the year comes first; whoever volunteered for a later year waits while
    there is somebody else. Parties of other groups are not mentioned.
    """
    mine = sorted((one for one in parties if one.group == place.group), key=lambda one: one.code)
    waiting = [one for one in mine if one.code not in placed]
    volunteer = any(one.volunteers == place.year for one in waiting)
    closed: dict[ClosedYear, list[str]] = {}
    left = []
    for one in mine:
        if one.code in placed:
            closed.setdefault(ClosedYear.PLACED, []).append(one.code)
        elif volunteer and one.volunteers != place.year:
            closed.setdefault(ClosedYear.VOLUNTEERS_FIRST, []).append(one.code)
        else:
            left.append(one)
    ordinary = [one for one in left if one.volunteers <= place.year]
    if ordinary and (later := [one.code for one in left if one.volunteers > place.year]):
        closed[ClosedYear.VOLUNTEERS_LATER] = later
    return Bowl(
        tuple(one.code for one in ordinary or left),
        {reason: tuple(codes) for reason, codes in closed.items()},
    )
