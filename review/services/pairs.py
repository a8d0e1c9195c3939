"""Who reviews whom in the first cycle: the known pairs, and the unknown ones drawn by lot here.

What no source gives is drawn year by year under the rules of the Mechanism (ToR 18-20), with what
is known standing, so that the whole cycle keeps every rule. A pair drawn so carries the basis
"simulated" wherever it is shown. The draws can be repeated from their transcripts like any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from review.reference import FirstCycleEntry, first_cycle, lot_rules, party
from review.services import documented
from workflows import chance, drawing
from workflows.announcement import Mode, ReviewersAnnouncement
from workflows.lots import LotOrder, LotParty, LotReview, Rules

SIMULATED: Final = "simulated"
_YEARS: Final = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reviewing States, that of the own regional group first; `basis` says how they are known.

    Where only one State is known, the other code is empty. ``drawn``: the slots filled by lot here.
    """

    first: str
    second: str
    basis: str
    drawn: tuple[int, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether both are known."""
        return bool(self.first and self.second)


@dataclass(frozen=True, slots=True)
class YearDraw:
    """The lots of one year of the first cycle for slots that no source fills."""

    year: int
    announcement: ReviewersAnnouncement
    secret: str
    read_out: str
    entries: tuple[drawing.Entry, ...]

    @property
    def transcript(self) -> dict[str, Any]:
        """The transcript, as for any draw."""
        return drawing.transcript(self.announcement, self.secret, self.read_out, self.entries)


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
    """The pair of every review of the first cycle, by State."""
    filled = {(e["state"], e["slot"]): e["drawn"] for year in draws(seed) for e in year.entries}
    return {
        entry.iso3: _completed(entry.iso3, known_pair(entry), filled) for entry in first_cycle()
    }


def _completed(iso3: str, known: Pair, filled: Mapping[tuple[str, int], str]) -> Pair:
    drawn = tuple(slot for slot in (1, 2) if (iso3, slot) in filled)
    if not drawn:
        return known
    first, second = known.first or filled[iso3, 1], known.second or filled[iso3, 2]
    return Pair(first, second, SIMULATED if len(drawn) == 2 else known.basis, drawn)


@cache
def draws(seed: int) -> tuple[YearDraw, ...]:
    """The draws that complete the first cycle, year by year; another seed draws others."""
    rules = _rules()
    reviews = {entry.iso3: _review(entry) for entry in first_cycle()}
    found = []
    for year in _YEARS:
        made = _draw(year, seed, rules, reviews)
        for entry in made.entries:
            review = reviews[entry["state"]]
            reviews[review.code] = review.with_reviewer(entry["slot"], entry["drawn"])
        found.append(made)
    return tuple(found)


def _draw(year: int, seed: int, rules: Rules, reviews: Mapping[str, LotReview]) -> YearDraw:
    told = f"uncac-review, first cycle completed by lot, year {year}, seed {seed}"
    secret = hashlib.sha256(told.encode()).hexdigest()
    this_year = sorted(
        (review for review in reviews.values() if review.year == year),
        key=lambda review: (party(review.code).regional_group or "", review.code),
    )
    announcement = ReviewersAnnouncement(
        1,
        year,
        f"Completion of the unknown pairs of year {year}, drawn by this system",
        chance.secret_hash(secret),
        Mode.LOT_BY_LOT,
        rules,
        tuple(_party(entry) for entry in first_cycle()),
        tuple(reviews.values()),
        tuple(LotOrder(one.code, slot) for one in this_year for slot in one.open_slots()),
    )
    read_out = f"simulated, seed {seed}"
    entries = drawing.draw_all(announcement, chance.seed(announcement.commitment, read_out, secret))
    return YearDraw(year, announcement, secret, read_out, tuple(entries))


def _rules() -> Rules:
    usual = lot_rules()
    return Rules(
        most=usual.most,
        least=usual.least,
        working_most=usual.working_most,
        last_year=usual.last_year,
        no_mutual=usual.no_mutual,
        similar_tickets=usual.similar_tickets,
        steps_per_slot=usual.steps_per_slot,
    )


def _review(entry: FirstCycleEntry) -> LotReview:
    known = known_pair(entry)
    return LotReview(entry.iso3, entry.year, (known.first or None, known.second or None))


def _party(entry: FirstCycleEntry) -> LotParty:
    """A party that was reviewed in the cycle; it serves from the session at which it was one."""
    one = party(entry.iso3)
    joined = one.ratification_date
    not_yet = [
        year for year in _YEARS if joined is None or joined > documented.SESSIONS[year].first_day
    ]
    return LotParty(
        one.iso3, one.name, one.regional_group, one.legal_tradition, excused=frozenset(not_yet)
    )
