"""Whether and how a cycle can be completed: the exact check behind every lot.

A completion fills every slot that is still open in the cycle and keeps every rule (section 4.5 of
``docs/lots/specification.md``). One completion is kept at hand; before a lot a single search from
the State under review finds for all parties at once how the kept completion would have to change if
they were drawn. Only where mutual reviews stand in the way are alternatives tried one by one, each
time deciding for one pair which of its two directions is given up; so the answer is always exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from workflows.lots import Board, Closed, LotReview
from workflows.network import (
    EARLY,
    IN,
    OUT,
    PARTY,
    SINK,
    SOURCE,
    Network,
    bits,
    path_to,
)

_MOST_TRIALS: Final = 100_000


class UndecidedError(RuntimeError):
    """The search for a completion was given up; never seen but on instances built for it."""


@dataclass(frozen=True, slots=True)
class Bowl:
    """Who is in the bowl for one lot, and who is not and why; codes in alphabetical order."""

    state: str
    slot: int
    candidates: tuple[str, ...]
    closed: Mapping[Closed, tuple[str, ...]]


class Completion:
    """A board together with one way to complete it. Never changed: a lot gives a new one."""

    def __init__(self, board: Board, network: Network) -> None:
        self.board = board
        self._codes = list(board.parties)
        self._number = {code: number for number, code in enumerate(self._codes)}
        self._network = network

    @classmethod
    def find(cls, board: Board) -> Completion | None:
        """A completion of this board, or None if there is none."""
        network = network_of(board)
        if not _fill(network):
            return None
        settled = _settle(network)
        return cls(board, settled) if settled else None

    def bowl(self, state: str, slot: int) -> Bowl:
        """Who can be drawn for an open slot: exactly those after whom a completion exists."""
        search = _LotSearch(self, state, slot)
        candidates: list[str] = []
        closed: dict[Closed, list[str]] = {}
        for code in self._codes:
            reason = self.board.why_closed(state, slot, code)
            if reason is None and not search.possible(self._number[code]):
                reason = Closed.NO_COMPLETION
            if reason is None:
                candidates.append(code)
            else:
                closed.setdefault(reason, []).append(code)
        return Bowl(
            state,
            slot,
            tuple(candidates),
            {reason: tuple(closed[reason]) for reason in Closed if reason in closed},
        )

    def draw(self, state: str, slot: int, code: str) -> Completion | None:
        """The completion after this State is drawn for the slot; None if there is none then."""
        if self.board.why_closed(state, slot, code):
            return None
        network = _LotSearch(self, state, slot).after(self._number[code])
        return Completion(self.board.put(state, slot, code), network) if network else None

    def spares(self, code: str) -> bool:
        """Whether a completion exists if this party takes no further reviews."""
        party, network = self._number[code], self._network.copy()
        network.can_in[party] = network.can_out[party] = network.least[party] = 0
        served = list(bits(network.serves[party]))
        return all(_give_up(network, party, u) for u in served) and bool(_settle(network))

    def pairs(self) -> dict[tuple[str, int], str]:
        """Who fills each open slot in the completion at hand: one of many."""
        filled = {}
        for state, review in self.board.reviews.items():
            under_review = self._number[state]
            own = list(bits(self._network.inner[under_review]))
            others = list(bits(self._network.outer[under_review]))
            for slot, party in zip(review.open_slots(), own + others, strict=True):
                filled[state, slot] = self._codes[party]
        return filled


class _LotSearch:
    """What drawing each party for one slot would do to the completion at hand."""

    def __init__(self, completion: Completion, state: str, slot: int) -> None:
        self._network = completion._network
        self._under_review = completion._number[state]
        self._both = len(completion.board.reviews[state].open_slots()) == 2
        # With both slots open, slot 2 leaves slot 1 to the own group, whoever is drawn for it.
        self._kind = OUT if slot == 2 and self._both else IN
        self._start = self._kind * self._network.size + self._under_review
        self._quick = self._network.reach(self._start, mutual=False)

    @cached_property
    def _any(self) -> dict[int, int]:
        return self._network.reach(self._start, mutual=True)

    def possible(self, party: int) -> bool:
        """Whether a completion exists after this party is drawn."""
        return self._free_path(party) is not None or self._exact(party) is not None

    def after(self, party: int) -> Network | None:
        """The network after this party is drawn, with a completion; None if there is none."""
        path = self._free_path(party)
        return self._exact(party) if path is None else self._drawn(party, path)

    def _goal(self, party: int) -> int:
        """Where a unit must come free: at the party, or where it serves this State already."""
        net, bit = self._network, 1 << party
        if net.outer[self._under_review] & bit:
            return OUT * net.size + self._under_review
        if net.inner[self._under_review] & bit:
            return IN * net.size + self._under_review
        return net.unit(party, self._under_review)

    def _free_path(self, party: int) -> list[int] | None:
        """A change of the completion at hand that makes no mutual pair, if the search found one."""
        goal = self._goal(party)
        if goal not in self._quick:
            return None
        path = path_to(self._quick, goal)
        if not self._network.no_mutual:
            return path
        added = {*self._network.added(path), (party, self._under_review)}
        if any((second, first) in added for first, second in added):
            return None
        opposite = self._network.serves[self._under_review] >> party & 1
        return None if opposite and not self._gives_up(path, party) else path

    def _gives_up(self, path: list[int], party: int) -> bool:
        """Whether on this path the State under review ceases to serve the party."""
        net = self._network
        there = {kind * net.size + self._under_review for kind in (EARLY, PARTY)}
        return any(
            head in there and tail in (IN * net.size + party, OUT * net.size + party)
            for tail, head in pairwise(path)
        )

    def _exact(self, party: int) -> Network | None:
        goal = self._goal(party)
        if goal not in self._any:
            return None
        network = self._drawn(party, path_to(self._any, goal))
        opposite = network.serves[self._under_review] >> party & 1
        if network.no_mutual and opposite and not _give_up(network, self._under_review, party):
            return None
        return _settle(network)

    def _drawn(self, party: int, path: list[int]) -> Network:
        """The network in which the party stands in the slot."""
        net = self._network.copy()
        net.push(path)
        net.remove(party, self._under_review)
        net.stand(party, self._under_review, self._kind, both=self._both)
        return net


class _Trials:
    """Counts what the search for a completion tries, and ends it at a bound."""

    def __init__(self) -> None:
        self._left = _MOST_TRIALS

    def one_more(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise UndecidedError("the search for a completion was given up")


def _settle(network: Network) -> Network | None:
    """The same network with a flow in which nobody reviews each other; None if there is none."""
    settled = _without_mutual(network, _Trials())
    if settled:
        # What was given up on the way to this flow may be drawn all the same.
        settled.can_in, settled.can_out = network.can_in[:], network.can_out[:]
    return settled


def _without_mutual(network: Network, trials: _Trials) -> Network | None:
    arc = network.mutual()
    if arc is None:
        return network
    for party, under_review in (arc, arc[::-1]):
        trials.one_more()
        other = network.copy()
        if _give_up(other, party, under_review):
            settled = _without_mutual(other, trials)
            if settled:
                return settled
    return None


def _give_up(network: Network, party: int, under_review: int) -> bool:
    """Ban a pair that is in the flow and fill its slot otherwise. False if that cannot be done."""
    arrives = network.entry_in_use(party, under_review)
    network.ban(party, under_review)
    start = network.unit(party, under_review)
    for mutual in (False, True):
        before = network.reach(start, mutual=mutual, goal=arrives)
        if arrives in before:
            network.push(path_to(before, arrives))
            network.remove(party, under_review)
            return True
    return False


def _fill(network: Network) -> bool:
    """Fill every slot, mutual pairs allowed where it cannot be helped. False: not possible."""
    if network.pool() < 0:
        return False
    network.fill_simply()
    while network.missing():
        for mutual in (False, True):
            before = network.reach(SOURCE, mutual=mutual, goal=SINK)
            if SINK in before:
                network.push(path_to(before, SINK))
                break
        else:
            return False
    return True


def network_of(board: Board) -> Network:
    """The network of what is still to be drawn, with nothing filled."""
    number = {code: index for index, code in enumerate(board.parties)}
    masks = _Masks(board, number)
    rules = board.rules
    size = len(number)
    able = [masks.able(code) for code in board.parties]
    return Network(
        size=size,
        can_in=[mask & masks.inside(code) for mask, code in zip(able, number, strict=True)],
        can_out=[
            mask & masks.both & ~masks.inside(code) for mask, code in zip(able, number, strict=True)
        ],
        room=[masks.limit(code, rules.most, board.carried[code]) for code in number],
        early_room=[
            masks.limit(code, rules.working_most, board.carried_early[code]) for code in number
        ],
        least=[masks.limit(code, rules.least, board.carried[code]) for code in number],
        demand=[
            len(board.reviews[code].open_slots()) if code in board.reviews else 0 for code in number
        ],
        early=masks.of(lambda review: review.year < rules.last_year),
        no_mutual=rules.no_mutual,
    )


class _Masks:
    """Sets of States under review, as bits, from which the pairs of a network are made."""

    def __init__(self, board: Board, number: Mapping[str, int]) -> None:
        self._board = board
        self._number = number
        self.both = self.of(lambda review: review.open_slots() == (1, 2))
        self._open = self.of(lambda review: bool(review.open_slots()))
        self._any_group = self.of(
            lambda review: review.open_slots() == (2,) or board.parties[review.code].group is None
        )
        self._group: dict[str | None, int] = {
            group: self.of(lambda review, group=group: board.parties[review.code].group == group)  # type: ignore[misc]
            for group in {party.group for party in board.parties.values()}
        }
        self._stands: dict[str, int] = {}
        self._repeated: dict[str, int] = {}
        for review in board.reviews.values():
            for code in review.standing:
                self._stands[code] = self._stands.get(code, 0) | 1 << number[review.code]
        for state, codes in board.without.items():
            for code in codes:
                self._repeated[code] = self._repeated.get(code, 0) | 1 << number[state]

    def of(self, holds: Callable[[LotReview], bool]) -> int:
        """The States whose review is so."""
        return sum(1 << self._number[r.code] for r in self._board.reviews.values() if holds(r))

    def able(self, code: str) -> int:
        """Whom a party could serve, its group and its limits left aside."""
        board, party = self._board, self._board.parties[code]
        if not party.serves:
            return 0
        excluded = 1 << self._number[code] | self._stands.get(code, 0)
        excluded |= self._repeated.get(code, 0)
        if party.excused:
            excluded |= self.of(lambda review: review.year in party.excused)
        if board.rules.no_mutual and code in board.reviews:
            for other in board.reviews[code].standing:
                excluded |= 1 << self._number[other]
        return self._open & ~excluded

    def inside(self, code: str) -> int:
        """Where a party may take slot 1, or the only slot that is open."""
        return self._any_group | self._group[self._board.parties[code].group]

    def limit(self, code: str, limit: int, carried: int) -> int:
        """What is left of a limit for a party that serves."""
        return max(0, limit - carried) if self._board.parties[code].serves else 0
