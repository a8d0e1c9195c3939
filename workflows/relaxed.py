"""Which rules a cycle could be completed with: each rule for each State can be lifted by itself.

The rules of section 4.5 of the specification are taken apart into elements: one limit for one
State, one year in which it is excused, the own-group rule for one State under review, and so on.
What stands is a fact and no element. Whether a choice of elements can hold is found in ``cuts.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from workflows.lots import Board, LotReview
from workflows.network import Network, bits

_FILLERS: Final = 2
"""Stand-ins for nobody, which fill the slots of a review that is put off."""


class Kind(StrEnum):
    """What an element of the rules says about its State."""

    REVIEW = "review"
    OWN_GROUP = "own_group"
    MOST = "most"
    WORKING_MOST = "working_most"
    LEAST = "least"
    EXCUSED = "excused"
    NOT_SERVING = "not_serving"
    REPEATED = "repeated"
    NO_MUTUAL = "no_mutual"


@dataclass(frozen=True, slots=True, order=True)
class Element:
    """One rule for one State; ``other``: the second State of ``no_mutual``, ``year``: excused."""

    kind: Kind
    state: str
    other: str = ""
    year: int = 0


Enforced = Callable[[Element], bool]
Core = frozenset[Element]
Pairs = tuple[tuple[str, str], ...]


def only(elements: Set[Element]) -> Enforced:
    """Nothing but these elements holds."""
    return elements.__contains__


def all_but(elements: Set[Element]) -> Enforced:
    """Everything but these elements holds."""
    return lambda element: element not in elements


def mutual(one: str, other: str) -> Element:
    """The ban on mutual reviews between two States."""
    return Element(Kind.NO_MUTUAL, min(one, other), max(one, other))


class Relaxed:
    """A board whose rules can be lifted one by one."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.codes = list(board.parties)
        self.number = {code: index for index, code in enumerate(self.codes)}
        self.open = self._of(lambda review: bool(review.open_slots()))
        self.early = self._of(lambda review: review.year < board.rules.last_year)
        self.both = self._of(lambda review: len(review.open_slots()) == 2)
        self.grouped = self._of(
            lambda r: 1 in r.open_slots() and board.parties[r.code].group is not None
        )
        self.in_year: dict[int, int] = {}
        self.stands: dict[str, int] = {}
        for review in board.reviews.values():
            bit = 1 << self.number[review.code]
            self.in_year[review.year] = self.in_year.get(review.year, 0) | bit & self.open
            for code in review.standing:
                self.stands[code] = self.stands.get(code, 0) | bit
        self.of_group = {
            group: self._of(lambda r, group=group: board.parties[r.code].group == group)  # type: ignore[misc]
            for group in {party.group for party in board.parties.values()}
        }

    def _of(self, holds: Callable[[LotReview], bool]) -> int:
        reviews = self.board.reviews.values()
        return sum(1 << self.number[review.code] for review in reviews if holds(review))

    def possible(self, code: str) -> int:
        """Whom a party could serve if every element were lifted."""
        return self.open & ~(1 << self.number[code]) & ~self.stands.get(code, 0)

    def blocked(self, code: str) -> Sequence[tuple[Element, int]]:
        """Elements that keep a party from some States under review, and from which."""
        return self._all_blocked[code]

    @cached_property
    def _all_blocked(self) -> dict[str, list[tuple[Element, int]]]:
        return {code: list(self._blocked(code)) for code in self.codes}

    def _blocked(self, code: str) -> Iterator[tuple[Element, int]]:
        board, party = self.board, self.board.parties[code]
        able = self.possible(code)
        single = self.grouped & ~self.both & ~self.of_group[party.group]
        for under_review in bits(able & single):
            yield Element(Kind.OWN_GROUP, self.codes[under_review]), 1 << under_review
        if not party.serves:
            yield Element(Kind.NOT_SERVING, code), able
        for state, codes in board.without.items():
            if code in codes and able >> self.number[state] & 1:
                yield Element(Kind.REPEATED, state), 1 << self.number[state]
        for year in sorted(party.excused):
            if able & self.in_year.get(year, 0):
                yield Element(Kind.EXCUSED, code, year=year), able & self.in_year[year]
        if board.rules.no_mutual and code in board.reviews:
            for other in board.reviews[code].standing:
                if able >> self.number[other] & 1:
                    yield mutual(code, other), 1 << self.number[other]

    def network(self, enforced: Enforced) -> Network:
        """The network of what is still to be drawn under these elements, with nothing filled."""
        size = len(self.codes) + _FILLERS
        own_group = self._enforced(enforced, Kind.OWN_GROUP, self.grouped)
        put_off = self.open & ~self._enforced(enforced, Kind.REVIEW, self.open)
        can_in, can_out, room, early_room, least = ([0] * size for _ in range(5))
        demand = [0] * size
        for party, code in enumerate(self.codes):
            able = self.possible(code)
            for element, kept_from in self.blocked(code):
                if enforced(element):
                    able &= ~kept_from
            outside = self.both & own_group & ~self.of_group[self.board.parties[code].group]
            can_in[party], can_out[party] = able & ~outside, able & outside
            room[party], early_room[party], least[party] = self._limits(code, enforced)
            if code in self.board.reviews:
                demand[party] = len(self.board.reviews[code].open_slots())
        for filler in range(len(self.codes), size):
            can_in[filler] = put_off
            room[filler] = early_room[filler] = size
        return Network(
            size, can_in, can_out, room, early_room, least, demand, self.early,
            no_mutual=self.board.rules.no_mutual,
        )  # fmt: skip

    def _enforced(self, enforced: Enforced, kind: Kind, among: int) -> int:
        return sum(1 << u for u in bits(among) if enforced(Element(kind, self.codes[u])))

    def _limits(self, code: str, enforced: Enforced) -> tuple[int, int, int]:
        """Room, early room and least of a party."""
        board, rules = self.board, self.board.rules
        carried, early = board.carried[code], board.carried_early[code]
        no_limit = len(self.codes)
        least = rules.least - carried if board.parties[code].serves else 0
        # As high as the other limit it says nothing of its own, and is no element.
        working_most = rules.working_most - early if rules.working_most < rules.most else no_limit
        limits = (
            (Kind.MOST, rules.most - carried, no_limit),
            (Kind.WORKING_MOST, working_most, no_limit),
            (Kind.LEAST, least, 0),
        )
        room, early_room, least = (
            max(0, limit) if enforced(Element(kind, code)) else lifted
            for kind, limit, lifted in limits
        )
        return room, early_room, min(least, room)

    def broken(self, network: Network) -> Core:
        """The elements that the flow in a network breaks."""
        return frozenset(self._broken(network))

    def _broken(self, net: Network) -> Iterator[Element]:
        for party, code in enumerate(self.codes):
            served = net.serves[party]
            yield from (element for element, kept_from in self.blocked(code) if served & kept_from)
            room, early_room, least = self._limits(code, lambda _: True)
            if net.load(party) > room:
                yield Element(Kind.MOST, code)
            if net.early_load(party) > early_room:
                yield Element(Kind.WORKING_MOST, code)
            if net.load(party) < least:
                yield Element(Kind.LEAST, code)
            if self.board.rules.no_mutual:
                yield from (
                    mutual(code, self.codes[o]) for o in bits(served & net.served_by(party))
                )
        for filler in range(len(self.codes), net.size):
            for under_review in bits(net.serves[filler]):
                yield Element(Kind.REVIEW, self.codes[under_review])
        for under_review in bits(self.grouped & self.both):
            code = self.codes[under_review]
            if not net.served_by(under_review) & ~self._outsiders[self.board.parties[code].group]:
                yield Element(Kind.OWN_GROUP, code)

    @cached_property
    def _outsiders(self) -> dict[str | None, int]:
        """By group the parties that are not of it."""
        groups = [party.group for party in self.board.parties.values()]
        return {
            group: sum(1 << p for p, other in enumerate(groups) if other != group)
            for group in set(groups)
        }
