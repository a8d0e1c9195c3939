"""Who reviews whom in the first cycle: the known pairs, and drawn ones where a review surely ran.

A drawn pair is part of the simulation and carries the basis "simulated". The rules of the draw are
kept: two parties, not the State itself, one from its regional group, no mutual reviews, at most
three reviews each (ToR 18-20).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from review.reference import FirstCycleEntry, first_cycle, party
from review.services import documented

SIMULATED: Final = "simulated"
_MOST_REVIEWS: Final = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reviewing States, that of the own regional group first; `basis` says how they are known.

    Where only one State is known, the other code is empty and nothing can start.
    """

    first: str
    second: str
    basis: str

    @property
    def complete(self) -> bool:
        """Whether both are known."""
        return bool(self.first and self.second)


def known_pair(entry: FirstCycleEntry) -> Pair:
    """The pair as the reference data have it, in the order of the slots."""
    own = party(entry.iso3).regional_group
    known = [code for code in (entry.reviewer1, entry.reviewer2) if code]
    known.sort(key=lambda code: party(code).regional_group != own)
    if len(known) == 1 and party(known[0]).regional_group != own:
        return Pair("", known[0], entry.pair_basis)
    first, second = (*known, "", "")[:2]
    return Pair(first, second, entry.pair_basis)


@cache
def expected(seed: int) -> Mapping[str, Pair]:
    """The pair of every review that runs in the simulation, by State.

    Reviews whose pair is not known and of which no source speaks are left out: they wait.
    """
    pairs = {entry.iso3: known_pair(entry) for entry in first_cycle()}
    for entry in first_cycle():
        if not pairs[entry.iso3].complete and documented.ran(entry.iso3):
            pairs[entry.iso3] = _drawn(entry, pairs, seed)
    return {iso3: pair for iso3, pair in pairs.items() if pair.complete}


def _drawn(entry: FirstCycleEntry, pairs: Mapping[str, Pair], seed: int) -> Pair:
    rng = Random(f"{seed}:draw:{entry.iso3}")  # noqa: S311 - a simulation, not a secret
    known = pairs[entry.iso3]
    own = party(entry.iso3).regional_group
    first = known.first or rng.choice(_candidates(entry, pairs, {known.second}, own))
    second = known.second or rng.choice(_candidates(entry, pairs, {first}, None))
    return Pair(first, second, SIMULATED)


def _candidates(
    entry: FirstCycleEntry, pairs: Mapping[str, Pair], taken: set[str], group: str | None
) -> list[str]:
    """Parties at the time of the draw that may review this State under the rules."""
    day = documented.SESSIONS[entry.year].first_day
    load = Counter(code for pair in pairs.values() for code in (pair.first, pair.second))
    reviewed_by_it = {s for s, pair in pairs.items() if entry.iso3 in (pair.first, pair.second)}
    closed = {entry.iso3, *taken, *reviewed_by_it}
    return [
        other.iso3
        for other in (party(e.iso3) for e in first_cycle())
        if other.iso3 not in closed
        and load[other.iso3] < _MOST_REVIEWS
        and other.ratification_date
        and other.ratification_date <= day
        and group in (None, other.regional_group)
    ]
