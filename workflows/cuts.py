"""Whether a choice of the rules can hold, and if not, which of them stand in the way.

The flow of ``network.py`` under the elements that are enforced. Where it stops, a cut separates
what could still be reached from the rest: the elements that hold it back there cannot hold
together. Where two States would review each other, both ways out are tried, and the elements of
both cuts are taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from workflows.completion import UndecidedError
from workflows.network import (
    EARLY,
    IN,
    OUT,
    PARTY,
    POOL,
    SINK,
    SOURCE,
    UNDER_REVIEW,
    Network,
    bits,
    path_to,
)
from workflows.relaxed import Core, Element, Enforced, Kind, Relaxed, mutual

_MOST_TRIALS: Final = 2_000
_Reached = dict[int, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one choice of elements: what a way to complete the cycle breaks, or why there is none.

    ``broken``: the elements (all of them lifted) that the completion found breaks. ``core``: if
    none was found, elements that cannot hold together; ``missing``: how many slots stay empty, or
    how many reviews parties stay short of their least, whichever is more; 0 if it took mutual pairs
    to see that there is none.
    """

    broken: Core = frozenset()
    core: Core | None = None
    missing: int = 0


def outcome(relaxed: Relaxed, enforced: Enforced) -> Outcome:
    """What comes of enforcing these elements. Raises UndecidedError at the bound."""
    network = relaxed.network(enforced)
    cut = _fill(network, range(len(relaxed.codes), network.size))
    if cut is not None:
        core = _Cut(relaxed, enforced, network).core(cut)
        return Outcome(core=core, missing=network.missing() + max(0, -network.pool()))
    settled = _settle(relaxed, enforced, network, [0])
    if isinstance(settled, frozenset):
        return Outcome(core=settled)
    return Outcome(broken=relaxed.broken(settled))


def _fill(network: Network, fillers: range) -> _Reached | None:
    """Fill every slot. What a unit can still reach if that is not possible, else None."""
    if not _put_off(network, fillers):
        network.fill_simply()
    while network.missing() or network.pool() < 0:
        for free in (False, True):
            before = network.reach(SOURCE, mutual=free, goal=SINK)
            if SINK in before:
                network.push(path_to(before, SINK))
                break
        else:
            return before
    return None


def _put_off(network: Network, fillers: range) -> bool:
    """Put off every review that may be, if that is most of them and no party needs its slots."""
    able = network.can_in[fillers[0]]
    slots = sum(network.demand[u] for u in bits(able))
    if slots > network.pool() or 2 * slots < sum(network.demand):
        return False
    for under_review in bits(able):
        for filler in fillers[: network.demand[under_review]]:
            network.add(filler, IN * network.size + under_review)
    if not any(network.least):
        _fill_first(network)
    return True


def _fill_first(network: Network) -> None:
    """Fill slots with the first party that may take them; nobody has a least."""
    loads = [(network.room[p], network.early_room[p]) for p in range(network.size)]
    for under_review, slots in enumerate(network.demand):
        early = network.early >> under_review & 1
        for party in range(network.size) if slots else ():
            if network.served_by(under_review).bit_count() == slots:
                break
            able = network.can_in[party] >> under_review & 1
            room, early_room = loads[party]
            if able and room and (early_room or not early):
                if network.no_mutual and network.serves[under_review] >> party & 1:
                    continue
                network.add(party, IN * network.size + under_review)
                loads[party] = room - 1, early_room - early


def _settle(
    relaxed: Relaxed, enforced: Enforced, network: Network, trials: list[int]
) -> Network | Core:
    """A flow without mutual pairs where they are banned; a core if there is none."""
    arc = next(_mutual_pairs(relaxed, enforced, network), None)
    if arc is None:
        return network
    ban = mutual(relaxed.codes[arc[0]], relaxed.codes[arc[1]])
    together: Core = frozenset({ban})
    for party, under_review in (arc, arc[::-1]):
        trials[0] += 1
        if trials[0] > _MOST_TRIALS:
            raise UndecidedError("the search for a conflict was given up")
        other = network.copy()
        cut = _give_up(other, party, under_review)
        if cut is not None:
            core = _Cut(relaxed, enforced, other).core(cut) | {ban}
        else:
            settled = _settle(relaxed, enforced, other, trials)
            if isinstance(settled, Network):
                return settled
            core = settled
        if ban not in core:
            return core
        together |= core
    return together


def _mutual_pairs(
    relaxed: Relaxed, enforced: Enforced, network: Network
) -> Iterator[tuple[int, int]]:
    for party in range(len(relaxed.codes)) if network.no_mutual else ():
        for other in bits(network.serves[party] & network.served_by(party)):
            if enforced(mutual(relaxed.codes[party], relaxed.codes[other])):
                yield party, other


def _give_up(network: Network, party: int, under_review: int) -> _Reached | None:
    """Fill the slot of a pair otherwise. What its unit can reach if that is not possible."""
    arrives = network.entry_in_use(party, under_review)
    network.ban(party, under_review)
    for free in (False, True):
        before = network.reach(network.unit(party, under_review), mutual=free, goal=arrives)
        if arrives in before:
            network.push(path_to(before, arrives))
            network.remove(party, under_review)
            return None
    return before


class _Cut:
    """The elements that hold a unit back from what it could not reach."""

    def __init__(self, relaxed: Relaxed, enforced: Enforced, network: Network) -> None:
        self._relaxed = relaxed
        self._enforced = enforced
        self._net = network
        self._core: set[Element] = set()
        self._own_group = sum(
            1 << u
            for u in bits(relaxed.both & relaxed.grouped)
            if enforced(Element(Kind.OWN_GROUP, relaxed.codes[u]))
        )

    def core(self, before: _Reached) -> Core:
        """One element for each way out of what was reached."""
        seen = [0] * 6
        for node in before:
            if node >= 0:
                kind, number = divmod(node, self._net.size)
                seen[kind] |= 1 << number
        pool = bool(seen[POOL])
        for party, code in enumerate(self._relaxed.codes):
            if pool and not seen[PARTY] >> party & 1:
                seen[PARTY] |= self._left_out(party, code, seen)
            if seen[PARTY] >> party & 1:
                self._of_party(party, code, seen, pool=pool)
        for under_review in bits(self._relaxed.open):
            if pool and not seen[IN] >> under_review & 1:
                self._add(Element(Kind.REVIEW, self._relaxed.codes[under_review]))
        for under_review in bits(seen[OUT] & ~seen[UNDER_REVIEW]):
            self._add(Element(Kind.OWN_GROUP, self._relaxed.codes[under_review]))
        return frozenset(self._core)

    def _add(self, element: Element) -> bool:
        if self._enforced(element):
            self._core.add(element)
            return True
        return False

    def _left_out(self, party: int, code: str, seen: list[int]) -> int:
        """A party whose room is used up: it counts as reached if that would lead nowhere new."""
        if self._ways_out(party, code, seen, units=PARTY) or (
            self._net.early_room[party] and self._ways_out(party, code, seen, units=EARLY)
        ):
            self._add(Element(Kind.MOST, code))
            return 0
        return 1 << party

    def _of_party(self, party: int, code: str, seen: list[int], *, pool: bool) -> None:
        if not pool and self._net.least[party]:
            self._add(Element(Kind.LEAST, code))
        self._pairs(party, code, seen, units=PARTY)
        if seen[EARLY] >> party & 1:
            self._pairs(party, code, seen, units=EARLY)
        elif self._ways_out(party, code, seen, units=EARLY):
            self._add(Element(Kind.WORKING_MOST, code))

    def _ways_out(self, party: int, code: str, seen: list[int], *, units: int) -> int:
        """States under review that were not reached and that the party could serve anew."""
        among = self._relaxed.early if units == EARLY else ~self._relaxed.early
        able = self._relaxed.possible(code) & among & ~self._net.serves[party]
        return able & ~(seen[IN] & (seen[OUT] | ~self._outside(code)))

    def _outside(self, code: str) -> int:
        """States under review that take at most one like this party, not being of their group."""
        group = self._relaxed.board.parties[code].group
        return self._own_group & ~self._relaxed.of_group[group]

    def _pairs(self, party: int, code: str, seen: list[int], *, units: int) -> None:
        """One element for each of those States that keeps the party from it."""
        relaxed, net = self._relaxed, self._net
        left = self._ways_out(party, code, seen, units=units)
        if not left:
            return
        group_alone = self._outside(code) & seen[OUT]
        blocked = [(e, kept) for e, kept in relaxed.blocked(code) if self._enforced(e)]
        blocked.sort(key=lambda one: one[0] not in self._core)
        for element, kept_from in blocked:
            if left & kept_from & ~group_alone or element in self._core:
                self._core.add(element)
                left &= ~kept_from
        for under_review in bits(left & group_alone):
            self._core.add(Element(Kind.OWN_GROUP, relaxed.codes[under_review]))
        given_up = left & ~group_alone & ~(net.can_in[party] | net.can_out[party])
        for under_review in bits(given_up) if code in relaxed.board.reviews else ():
            self._add(mutual(code, relaxed.codes[under_review]))
