"""The network behind a completion: who could review whom, and one way in which everybody does.

Without the ban on mutual reviews, completing a cycle is a flow: every slot still open asks for
one unit; a party gives at most ``room`` units, of them at most ``early_room`` to reviews before
the last year, and at least ``least``. Units above ``least`` pass through a common pool whose size
is what is left of all slots when every party has had its least, so a flow that fills every slot
serves every least as well. A pair carries one unit; a State under review with both slots open
takes at most one from outside its group. Mutual pairs couple two arcs and are settled outside
(``completion.py``).

Parties are numbered; sets of parties are the bits of an integer, which makes one search over the
residual network a matter of a few hundred machine words.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

Arc = tuple[int, int]
"""A reviewing State and the State under review it serves, by number."""

PARTY, EARLY, IN, OUT, UNDER_REVIEW, POOL = range(6)
SOURCE: Final = -1
SINK: Final = -2


def bits(mask: int) -> Iterator[int]:
    """The numbers in a set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@dataclass(slots=True)
class Network:
    """Capacities and a flow: ``serves[v]``, whom v serves; ``inner[u]`` and ``outer[u]``, by whom.

    ``can_in`` and ``can_out``: States under review that a party could serve, as one of their own
    group or as any; once a single slot is open there, everybody who may take it counts as ``in``.
    """

    size: int
    can_in: list[int]
    can_out: list[int]
    room: list[int]
    early_room: list[int]
    least: list[int]
    demand: list[int]
    early: int
    no_mutual: bool
    serves: list[int] = field(default_factory=list)
    inner: list[int] = field(default_factory=list)
    outer: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.serves:
            self.serves = [0] * self.size
            self.inner = [0] * self.size
            self.outer = [0] * self.size

    def copy(self) -> Network:
        """A network of its own with the same flow."""
        return replace(
            self,
            can_in=self.can_in[:], can_out=self.can_out[:], room=self.room[:],
            early_room=self.early_room[:], least=self.least[:], demand=self.demand[:],
            serves=self.serves[:], inner=self.inner[:], outer=self.outer[:],
        )  # fmt: skip

    def served_by(self, under_review: int) -> int:
        """Who serves a State under review in this flow."""
        return self.inner[under_review] | self.outer[under_review]

    def load(self, party: int) -> int:
        """How many slots a party fills in this flow."""
        return self.serves[party].bit_count()

    def early_load(self, party: int) -> int:
        """How many of them are before the last year."""
        return (self.serves[party] & self.early).bit_count()

    def pool(self) -> int:
        """Slots that are left when every party has had its least; below 0: not enough slots."""
        return sum(self.demand) - sum(self.least)

    def missing(self) -> int:
        """Slots that nobody fills in this flow."""
        return sum(self.demand) - sum(mask.bit_count() for mask in self.serves)

    def mutual(self) -> Arc | None:
        """Two States that serve each other in this flow, if that is banned and any do."""
        if not self.no_mutual:
            return None
        for party, served in enumerate(self.serves):
            if both := served & self.served_by(party):
                return party, next(bits(both))
        return None

    def unit(self, party: int, under_review: int) -> int:
        """The node from which a party serves that review: its hub for early ones, or itself."""
        kind = EARLY if self.early >> under_review & 1 else PARTY
        return kind * self.size + party

    def entry_in_use(self, party: int, under_review: int) -> int:
        """The node at which the unit of a pair in the flow arrives."""
        kind = IN if self.inner[under_review] >> party & 1 else OUT
        return kind * self.size + under_review

    def ban(self, party: int, under_review: int) -> None:
        """From now on the party cannot be chosen for that State; a unit in the flow stays."""
        self.can_in[party] &= ~(1 << under_review)
        self.can_out[party] &= ~(1 << under_review)

    def stand(self, party: int, under_review: int, kind: int, *, both: bool) -> None:
        """Take a slot out of the network, because the party stands in it from now on.

        ``kind``: OUT if slot 2 is taken while slot 1 stays open. ``both``: two slots were open.
        """
        bit = 1 << under_review
        self.demand[under_review] -= 1
        self.room[party] -= 1
        self.least[party] = max(0, self.least[party] - 1)
        if self.early & bit:
            self.early_room[party] -= 1
        self.ban(party, under_review)
        if self.no_mutual:
            self.ban(under_review, party)
        if not both:
            return
        for other in range(self.size):
            if kind == IN:
                self.can_in[other] |= self.can_out[other] & bit
            self.can_out[other] &= ~bit
        if kind == IN:
            self.inner[under_review] |= self.outer[under_review]
            self.outer[under_review] = 0

    def fill_simply(self) -> None:
        """Fill slots one after the other with the party that has least, without looking back."""
        loads = [0] * self.size
        able = [self._servers(u) for u in range(self.size)]
        above, pool = 0, self.pool()
        for under_review in sorted(range(self.size), key=lambda u: able[u][0].bit_count()):
            inner, outer = able[under_review]
            for turn in range(self.demand[under_review]):
                taken = self.served_by(under_review) | self.serves[under_review]
                mask = (inner | outer if turn else inner) & ~taken
                free = [p for p in bits(mask) if self._free(p, under_review, loads[p])]
                if above >= pool:
                    free = [p for p in free if loads[p] < self.least[p]]
                if not free:
                    break
                party = min(free, key=lambda p: (loads[p] >= self.least[p], loads[p], p))
                above += loads[party] >= self.least[party]
                loads[party] += 1
                kind = IN if inner >> party & 1 else OUT
                self.add(party, kind * self.size + under_review)

    def _servers(self, under_review: int) -> tuple[int, int]:
        """Who could serve a State, from its group and from elsewhere."""
        inner = sum(1 << p for p in range(self.size) if self.can_in[p] >> under_review & 1)
        outer = sum(1 << p for p in range(self.size) if self.can_out[p] >> under_review & 1)
        return inner, outer

    def _free(self, party: int, under_review: int, load: int) -> bool:
        early = self.early >> under_review & 1
        return load < self.room[party] and not (
            early and self.early_load(party) >= self.early_room[party]
        )

    def add(self, party: int, node: int) -> None:
        """Let a party serve the State under review of this entry."""
        kind, under_review = divmod(node, self.size)
        self.serves[party] |= 1 << under_review
        (self.inner if kind == IN else self.outer)[under_review] |= 1 << party

    def remove(self, party: int, under_review: int) -> None:
        """Let a party no longer serve that State under review."""
        self.serves[party] &= ~(1 << under_review)
        self.inner[under_review] &= ~(1 << party)
        self.outer[under_review] &= ~(1 << party)

    def push(self, path: list[int]) -> None:
        """Send one unit along a path of the residual network."""
        for tail, head in pairwise(path):
            if tail < 0 or head < 0:
                continue
            kind, number = divmod(tail, self.size)
            to, other = divmod(head, self.size)
            if kind in (PARTY, EARLY) and to in (IN, OUT):
                self.add(number, head)
            elif kind in (IN, OUT) and to in (PARTY, EARLY):
                self.remove(other, number)

    def added(self, path: list[int]) -> list[Arc]:
        """The pairs that a path would add."""
        return [
            (tail % self.size, head % self.size)
            for tail, head in pairwise(path)
            if 0 <= tail < 2 * self.size and 2 * self.size <= head < 4 * self.size
        ]

    def reach(self, start: int, *, mutual: bool, goal: int | None = None) -> dict[int, int]:
        """Every node that a unit can be sent to from ``start``, with the node before it.

        ``mutual``: also along pairs whose opposite is in the flow. The search ends at ``goal``.
        """
        return _Search(self, mutual).run(start, goal)


def path_to(before: dict[int, int], goal: int) -> list[int]:
    """The path that a search found to a node it reached."""
    path = [goal]
    while before[path[-1]] != path[-1]:
        path.append(before[path[-1]])
    path.reverse()
    return path


class _Search:
    """One breadth-first search over the residual network."""

    def __init__(self, network: Network, mutual: bool) -> None:
        self.net = network
        self.mutual = mutual or not network.no_mutual
        self.before: dict[int, int] = {}
        self.seen = [0] * 6
        self.queue: deque[int] = deque()

    def run(self, start: int, goal: int | None) -> dict[int, int]:
        self.before[start] = start
        if start >= 0:
            kind, number = divmod(start, self.net.size)
            self.seen[kind] |= 1 << number
        self.queue.append(start)
        while self.queue and (goal is None or goal not in self.before):
            node = self.queue.popleft()
            if node >= 0:
                kind, number = divmod(node, self.net.size)
                self._LEAVE[kind](self, node, number)
            elif node == SOURCE:
                self._from_source()
        return self.before

    def _visit(self, node: int, kind: int, mask: int) -> None:
        """Mark every node of a kind in the set that was not seen, coming from ``node``."""
        new = mask & ~self.seen[kind]
        self.seen[kind] |= new
        base = kind * self.net.size
        for number in bits(new):
            self.before[base + number] = node
            self.queue.append(base + number)

    def _serve(self, node: int, party: int, among: int) -> None:
        net = self.net
        among &= ~net.serves[party]
        if not self.mutual:
            among &= ~net.served_by(party)
        self._visit(node, IN, net.can_in[party] & among)
        self._visit(node, OUT, net.can_out[party] & among)

    def _party(self, node: int, party: int) -> None:
        net = self.net
        self._serve(node, party, ~net.early)
        if net.early_load(party) < net.early_room[party]:
            self._visit(node, EARLY, 1 << party)
        if net.load(party) > net.least[party]:
            self._visit(node, POOL, 1)

    def _early(self, node: int, party: int) -> None:
        self._serve(node, party, self.net.early)
        if self.net.early_load(party) > 0:
            self._visit(node, PARTY, 1 << party)

    def _in(self, node: int, under_review: int) -> None:
        net = self.net
        if net.inner[under_review].bit_count() < net.demand[under_review]:
            self._visit(node, UNDER_REVIEW, 1 << under_review)
        self._give_back(node, under_review, net.inner[under_review])

    def _out(self, node: int, under_review: int) -> None:
        if not self.net.outer[under_review]:
            self._visit(node, UNDER_REVIEW, 1 << under_review)
        self._give_back(node, under_review, self.net.outer[under_review])

    def _give_back(self, node: int, under_review: int, mask: int) -> None:
        self._visit(node, EARLY if self.net.early >> under_review & 1 else PARTY, mask)

    def _under_review(self, node: int, under_review: int) -> None:
        net = self.net
        if net.served_by(under_review).bit_count() < net.demand[under_review]:
            self.before.setdefault(SINK, node)
        if net.inner[under_review]:
            self._visit(node, IN, 1 << under_review)
        if net.outer[under_review]:
            self._visit(node, OUT, 1 << under_review)

    def _pool(self, node: int, _: int) -> None:
        net = self.net
        able = (p for p in range(net.size) if net.load(p) < net.room[p])
        self._visit(node, PARTY, sum(1 << p for p in able))

    def _from_source(self) -> None:
        net = self.net
        lacking = (p for p in range(net.size) if net.load(p) < net.least[p])
        self._visit(SOURCE, PARTY, sum(1 << p for p in lacking))
        above = sum(max(0, net.load(p) - net.least[p]) for p in range(net.size))
        if above < net.pool():
            self._visit(SOURCE, POOL, 1)

    _LEAVE = (_party, _early, _in, _out, _under_review, _pool)
