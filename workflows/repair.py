"""Repairing what stands after a withdrawal, a deferral or a repeat, with the fewest changed lots.

A board with emptied slots usually has a completion as it is: then nothing else need move. If it has
none, standing lots must be opened, and the fewest are sought among those that may be (drawn, and
the review has not started). Who then fills the opened slots is decided by lot; the repair only says
which are opened, and shows one way in which the lots could fall.

In the network of ``network.py`` a standing lot that may be opened is a pair that costs nothing to
keep and one to give up; a flow of least cost opens fewest. Four things do not fit into a flow: two
States that review each other, a State that would move from slot 2 to slot 1 of the same review, and
a State above one of the two limits, which may keep what it has but gains nothing. Where the flow
has one of them, each way out is tried, cheapest first; the first flow without is the least.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from workflows.completion import Completion, UndecidedError, network_of
from workflows.lots import Board, Closed, LotsError
from workflows.network import IN, OUT, bits
from workflows.rerouting import Rerouting

_MOST_TRIALS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Change:
    """A standing lot to be opened: who stood, and who could take the slot in the example."""

    state: str
    slot: int
    old: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class Repair:
    """Which standing lots are opened so that the cycle can be completed; often none.

    ``proven``: no repair opens fewer; if not, the search ended at its bound, and all that is known
    is that at least ``fewest`` must be opened. ``tried``: how many ways were tried. ``example``:
    one way to fill every open slot of the cycle afterwards, those of the changes included. Of
    several repairs with as few changes one is given, always the same for the same board.
    """

    changes: tuple[Change, ...]
    fewest: int
    proven: bool
    tried: int
    example: Mapping[tuple[str, int], str]


def repair(board: Board, movable: Set[tuple[str, int]]) -> Repair | None:
    """The fewest lots (State under review, slot) to open so that ``board`` has a completion.

    None if there is no completion even with all of ``movable`` open (``conflicts.py`` says why).
    Raises LotsError if nobody stands in a slot of ``movable``, UndecidedError if the search was
    given up before it found any repair.
    """
    for state, slot in sorted(movable):
        if state not in board.reviews or board.reviews[state].reviewers[slot - 1] is None:
            raise LotsError(f"nobody stands in slot {slot} of {state}")
    if completion := Completion.find(board):
        return Repair((), 0, True, 0, completion.pairs())
    return _Search(board, movable).run() if movable else None


class _Search:
    """Plans in the order of their cost, until one keeps every rule."""

    def __init__(self, board: Board, movable: Set[tuple[str, int]]) -> None:
        self._board = board
        self._movable = sorted(movable)
        self._heap: list[tuple[int, int, int, _Plan]] = []
        self._order = count()
        self._tried = 0

    def run(self) -> Repair | None:
        first = _Plan.of(self._board, self._movable)
        if not first.rerouting.fill():
            return None
        self._put(first, 0)
        while self._heap:
            cost, depth, _, plan = heapq.heappop(self._heap)
            self._tried += 1
            if self._tried > _MOST_TRIALS:
                return self._dive(plan, at_least=cost)
            ways = plan.ways_out()
            if ways is None:
                return self._found(plan, cost, proven=True)
            for way in ways:
                self._put(way, 1 - depth)
        return None

    def _put(self, plan: _Plan, depth: int) -> None:
        heapq.heappush(self._heap, (plan.cost, -depth, next(self._order), plan))

    def _dive(self, plan: _Plan, *, at_least: int) -> Repair:
        """Any repair, the cheaper way out first at every turn."""
        stack = [plan]
        while stack and self._tried <= 2 * _MOST_TRIALS:
            self._tried += 1
            plan = stack.pop()
            ways = plan.ways_out()
            if ways is None:
                return self._found(plan, at_least, proven=False)
            stack += sorted(ways, key=lambda way: -way.cost)
        raise UndecidedError("the search for a repair was given up")

    def _found(self, plan: _Plan, fewest: int, *, proven: bool) -> Repair:
        opened = plan.given_up()
        after = self._board
        for state, slot in opened:
            after = after.put(state, slot, None)
        completion = Completion.find(after)
        if completion is None:
            raise AssertionError("a repair after which the cycle cannot be completed")
        example = completion.pairs()
        changes = tuple(
            Change(
                state,
                slot,
                self._board.reviews[state].reviewers[slot - 1] or "",
                example[state, slot],
            )
            for state, slot in opened
        )
        return Repair(changes, fewest, proven or len(changes) == fewest, self._tried, example)


@dataclass(slots=True)
class _Plan:
    """A flow in which standing lots are kept or given up, and what a flow does not see of them.

    ``room`` and ``early_room``: what a party may carry if it takes anything new. ``second``: by
    State under review with both slots open or movable, the party of its own group that stands in
    slot 2, and whether that could also be drawn for slot 1.
    """

    rerouting: Rerouting
    lots: Mapping[tuple[str, int], tuple[int, int]]
    room: list[int]
    early_room: list[int]
    second: dict[int, tuple[int, bool]] = field(default_factory=dict)

    @classmethod
    def of(cls, board: Board, movable: list[tuple[str, int]]) -> _Plan:
        """All movable lots kept, nothing filled."""
        number = {code: index for index, code in enumerate(board.parties)}
        emptied = board
        for state, slot in movable:
            emptied = emptied.put(state, slot, None)
        net = network_of(emptied)
        lots = {
            (state, slot): (number[board.reviews[state].reviewers[slot - 1] or ""], number[state])
            for state, slot in movable
        }
        plan = cls(Rerouting(net, [0] * net.size), lots, net.room[:], net.early_room[:])
        for (state, slot), (party, under_review) in lots.items():
            inside = emptied.why_never(state, 1, list(number)[party]) is not Closed.OTHER_GROUP
            both = len(emptied.reviews[state].open_slots()) == 2
            plan._keep(party, under_review, second=both and slot == 2, inside=inside)
        for party in range(net.size):
            net.room[party] = max(net.room[party], net.load(party))
            net.early_room[party] = max(net.early_room[party], net.early_load(party))
        return plan

    def _keep(self, party: int, under_review: int, *, second: bool, inside: bool) -> None:
        net, bit = self.rerouting.net, 1 << under_review
        if second and inside:
            self.second[under_review] = (party, bool(net.can_in[party] & bit))
        net.ban(party, under_review)
        outside = second and not inside
        (net.can_out if outside else net.can_in)[party] |= bit
        net.add(party, (OUT if outside else IN) * net.size + under_review)
        self.rerouting.priced[party] |= bit

    @property
    def cost(self) -> int:
        """How many standing lots are given up."""
        return len(self.lots) - sum(self._is_kept(*pair) for pair in self.lots.values())

    def given_up(self) -> list[tuple[str, int]]:
        """The standing lots that are given up."""
        return [lot for lot, pair in self.lots.items() if not self._is_kept(*pair)]

    def ways_out(self) -> list[_Plan] | None:
        """The plans of which one must hold, if this one breaks a rule; None if it breaks none."""
        if mutual := self._mutual():
            ways = [self._without(*mutual), self._without(*mutual[::-1])]
        elif moved := self._moved():
            ways = [self._in_slot_1(*moved), self._own_group_only(moved[0])]
        elif (party := self._above()) is not None:
            ways = [self._lowered(party), self._nothing_new(party)]
        else:
            return None
        return [way for way in ways if way]

    def _is_kept(self, party: int, under_review: int) -> bool:
        return self.rerouting.is_kept(party, under_review)

    def _copy(self) -> _Plan:
        return replace(self, rerouting=self.rerouting.copy())

    def _mutual(self) -> tuple[int, int] | None:
        """Two States that review each other, not both of them by what stood before."""
        net = self.rerouting.net
        for party in range(net.size) if net.no_mutual else ():
            for other in bits(net.serves[party] & net.served_by(party)):
                if not (self._is_kept(party, other) and self._is_kept(other, party)):
                    return party, other
        return None

    def _without(self, party: int, under_review: int) -> _Plan | None:
        way = self._copy()
        return way if way.rerouting.ban(party, under_review) else None

    def _moved(self) -> tuple[int, int, bool] | None:
        """A State under review whose slot 2 is kept in the flow, but another has to stand in it."""
        net = self.rerouting.net
        for under_review, (party, eligible) in self.second.items():
            if net.outer[under_review] and self._is_kept(party, under_review):
                return under_review, party, eligible
        return None

    def _in_slot_1(self, under_review: int, party: int, eligible: bool) -> _Plan | None:
        """The plan in which the lot of slot 2 is given up; the party may be drawn for slot 1."""
        if not eligible:
            return self._without(party, under_review)
        way = self._copy()
        way.rerouting.unprice(party, under_review)
        return way

    def _own_group_only(self, under_review: int) -> _Plan | None:
        """The plan in which only the own group is drawn for this State under review."""
        way = self._copy()
        net = way.rerouting.net
        for party in range(net.size):
            net.can_out[party] &= ~(1 << under_review)
        occupants = list(bits(net.outer[under_review]))
        return way if all(way.rerouting.ban(p, under_review) for p in occupants) else None

    def _new(self, party: int) -> int:
        """The States under review for which a party is newly drawn."""
        return self.rerouting.net.serves[party] & ~self.rerouting.priced[party]

    def _above(self) -> int | None:
        """A party that gains a review although what it keeps fills a limit."""
        net = self.rerouting.net
        for party in range(net.size):
            new = self._new(party)
            if new and net.load(party) > self.room[party]:
                return party
            if new & net.early and net.early_load(party) > self.early_room[party]:
                return party
        return None

    def _lowered(self, party: int) -> _Plan | None:
        """The plan in which the party gives up what is above its limit."""
        way = self._copy()
        net = way.rerouting.net
        above = net.load(party) > self.room[party]
        room = self.room[party] if above else net.room[party]
        early_room = net.early_room[party] if above else self.early_room[party]
        return way if way.rerouting.lower(party, room, early_room) else None

    def _nothing_new(self, party: int) -> _Plan | None:
        """The plan in which the party gains nothing under the limit that is filled."""
        way = self._copy()
        net, priced = way.rerouting.net, way.rerouting.priced[party]
        above = net.load(party) > self.room[party]
        closed = ~priced if above else ~priced & net.early
        net.can_in[party] &= ~closed
        net.can_out[party] &= ~closed
        gone = list(bits(net.serves[party] & closed))
        return way if all(way.rerouting.ban(party, u) for u in gone) else None
