"""The lots of reviewing States: rules, parties, what stands, and who is in the bowl and why not.

Pure. Limits come with the rules, none is written here (``review/data/lot_rules.json`` has them with
their sources). Whether a cycle can still be completed is asked of ``completion.py``; the form in
which a draw is published is ``docs/lots/specification.md``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TypeVar


class LotsError(ValueError):
    """Rules, parties or reviews that no draw can start from; the text says what to correct."""


class Closed(StrEnum):
    """Why a party is not in the bowl, in the order in which the reasons are asked."""

    ITSELF = "itself"
    ALREADY = "already"
    OTHER_GROUP = "other_group"
    NOT_SERVING = "not_serving"
    EXCUSED = "excused"
    REPEATED = "repeated"
    MUTUAL = "mutual"
    MOST = "most"
    WORKING_MOST = "working_most"
    NO_COMPLETION = "no_completion"


@dataclass(frozen=True, slots=True)
class Rules:
    """The limits of a cycle's draws (ToR 18-20 and the practice of the Group).

    ``most`` and ``least``: reviews a State carries out in the cycle. ``working_most``: most before
    ``last_year``. ``similar_tickets``: tickets of a State with a similar legal system in a lot for
    slot 1. ``steps_per_slot``: length of the walk of the whole draw.
    """

    most: int
    least: int
    working_most: int
    last_year: int
    no_mutual: bool
    similar_tickets: int
    steps_per_slot: int

    def __post_init__(self) -> None:
        if self.most < 1:
            raise LotsError(f"most: {self.most} allows no review at all")
        if not 0 <= self.least <= self.most:
            raise LotsError(f"least: {self.least} is not between 0 and most ({self.most})")
        if not self.least <= self.working_most <= self.most:
            raise LotsError(
                f"working_most: {self.working_most} is not between least ({self.least})"
                f" and most ({self.most})"
            )
        for name in ("last_year", "similar_tickets", "steps_per_slot"):
            if getattr(self, name) < 1:
                raise LotsError(f"{name}: must be at least 1")
        for name, highest in (("similar_tickets", 1000), ("steps_per_slot", 100_000)):
            if getattr(self, name) > highest:
                raise LotsError(f"{name}: must be at most {highest}")


@dataclass(frozen=True, slots=True)
class LotParty:
    """A party to the Convention as the lots see it.

    ``group`` is None for a party that belongs to no regional group. ``serves`` is False for a party
    that takes no further reviews. ``excused``: years in which it asked not to review (ToR 20).
    """

    code: str
    name: str
    group: str | None
    tradition: str = ""
    serves: bool = True
    excused: frozenset[int] = frozenset()

    def similar(self, other: LotParty) -> bool:
        """Whether the legal systems are similar (ToR 19: a preference, never a condition)."""
        return bool(self.tradition) and self.tradition == other.tradition


@dataclass(frozen=True, slots=True)
class LotReview:
    """A State under review, its year, and who stands in slots 1 and 2 (None: to be drawn)."""

    code: str
    year: int
    reviewers: tuple[str | None, str | None] = (None, None)

    @property
    def standing(self) -> tuple[str, ...]:
        """The reviewing States that stand."""
        return tuple(code for code in self.reviewers if code)

    def open_slots(self) -> tuple[int, ...]:
        """The slots still to be drawn."""
        return tuple(slot for slot in (1, 2) if self.reviewers[slot - 1] is None)

    def with_reviewer(self, slot: int, code: str | None) -> LotReview:
        """The same review with this State in the slot."""
        first, second = self.reviewers
        return replace(self, reviewers=(code, second) if slot == 1 else (first, code))


@dataclass(frozen=True, slots=True, order=True)
class LotOrder:
    """One lot to be drawn: for whom, which slot, and whom a repeat does not draw again."""

    state: str
    slot: int
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Board:
    """What stands in a cycle and what is still to be drawn. Never changed: ``put`` gives a new one.

    Raises LotsError on what contradicts itself: a party or review named twice, an unknown State, a
    State that reviews itself or the same State twice, a lot whose slot is filled.
    """

    rules: Rules
    parties: Mapping[str, LotParty]
    reviews: Mapping[str, LotReview]
    without: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """State under review to the parties which this draw does not draw for it again."""

    @classmethod
    def of(
        cls,
        rules: Rules,
        parties: Iterable[LotParty],
        reviews: Iterable[LotReview],
        lots: Sequence[LotOrder] = (),
    ) -> Board:
        """A board from lists, checked, in the order of the codes."""
        by_code = _once(parties, "party")
        under_review = _once(reviews, "review")
        for review in under_review.values():
            _check(review, by_code)
        _check_lots(lots, under_review, by_code)
        without = {lot.state: frozenset(lot.without) for lot in lots if lot.without}
        return cls(rules, by_code, under_review, without)

    def put(self, state: str, slot: int, code: str | None) -> Board:
        """The board after this State is drawn for the slot, or (None) after the slot is emptied."""
        review = self.reviews[state].with_reviewer(slot, code)
        return replace(self, reviews={**self.reviews, state: review})

    @cached_property
    def carried(self) -> Counter[str]:
        """Reviews that stand, by reviewing State."""
        return Counter(code for review in self.reviews.values() for code in review.standing)

    @cached_property
    def carried_early(self) -> Counter[str]:
        """Those of them in years before the last."""
        return Counter(
            code
            for review in self.reviews.values()
            if review.year < self.rules.last_year
            for code in review.standing
        )

    def open_slots(self) -> tuple[tuple[str, int], ...]:
        """Every slot still to be drawn in the cycle, in the order of year, State and slot."""
        order = sorted(self.reviews.values(), key=lambda review: (review.year, review.code))
        return tuple((review.code, slot) for review in order for slot in review.open_slots())

    def why_closed(self, state: str, slot: int, code: str) -> Closed | None:
        """Why a party cannot be drawn for a slot by what stands now; None if it can.

        The outlook to the end of the cycle is not asked here: see ``completion.py``.
        """
        review = self.reviews[state]
        if closed := self.why_never(state, slot, code):
            return closed
        if self.rules.no_mutual and code in self.reviews and state in self.reviews[code].standing:
            return Closed.MUTUAL
        if self.carried[code] >= self.rules.most:
            return Closed.MOST
        early = review.year < self.rules.last_year
        if early and self.carried_early[code] >= self.rules.working_most:
            return Closed.WORKING_MOST
        return None

    def why_never(self, state: str, slot: int, code: str) -> Closed | None:
        """Why a party cannot be drawn for a slot, whatever is drawn for other reviews."""
        review, party = self.reviews[state], self.parties[code]
        group = self.parties[review.code].group
        reasons = (
            (Closed.ITSELF, party.code == review.code),
            (Closed.ALREADY, party.code in review.standing),
            (Closed.OTHER_GROUP, slot == 1 and group is not None and party.group != group),
            (Closed.NOT_SERVING, not party.serves),
            (Closed.EXCUSED, review.year in party.excused),
            (Closed.REPEATED, party.code in self.without.get(review.code, ())),
        )
        return next((reason for reason, holds in reasons if holds), None)

    def tickets(self, state: str, slot: int, code: str) -> int:
        """How many tickets a candidate has in the bowl (ToR 19: similar legal system, slot 1)."""
        if slot == 1 and self.parties[code].similar(self.parties[state]):
            return self.rules.similar_tickets
        return 1


_Listed = TypeVar("_Listed", LotParty, LotReview)


def _once(items: Iterable[_Listed], what: str) -> dict[str, _Listed]:
    by_code: dict[str, _Listed] = {}
    for item in sorted(items, key=lambda item: item.code):
        if item.code in by_code:
            raise LotsError(f"the {what} {item.code} is listed twice")
        by_code[item.code] = item
    return by_code


def _check(review: LotReview, parties: Mapping[str, LotParty]) -> None:
    for code in (review.code, *review.standing):
        if code not in parties:
            raise LotsError(f"{code} in the review of {review.code} is not a party on the list")
    if review.year < 1:
        raise LotsError(f"the review of {review.code} has the year {review.year}")
    if review.code in review.standing:
        raise LotsError(f"{review.code} stands as its own reviewer")
    if len(set(review.standing)) < len(review.standing):
        raise LotsError(f"the review of {review.code} has the same State in both slots")


def _check_lots(
    lots: Sequence[LotOrder], reviews: Mapping[str, LotReview], parties: Mapping[str, LotParty]
) -> None:
    seen: dict[str, LotOrder] = {}
    for lot in lots:
        if lot.state not in reviews:
            raise LotsError(f"a lot is for {lot.state}, which is not under review")
        if lot.slot not in reviews[lot.state].open_slots():
            raise LotsError(f"slot {lot.slot} of {lot.state} is not to be drawn")
        if unknown := [code for code in lot.without if code not in parties]:
            raise LotsError(f"the lot for {lot.state} excludes {unknown[0]}, which is no party")
        if len(set(lot.without)) < len(lot.without):
            raise LotsError(f"the lot for {lot.state} excludes the same State twice")
        other = seen.setdefault(lot.state, lot)
        if other is not lot and (other.slot == lot.slot or other.without != lot.without):
            raise LotsError(f"two lots for {lot.state} contradict each other")
