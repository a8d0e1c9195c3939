"""A flow whose pairs have a price: changed step by step, it stays one of least cost.

Keeping a pair that stands costs nothing, giving it up costs one; any other pair is free. The flow
starts with every such pair kept, and each change follows a cheapest path of the residual network.
"""

from __future__ import annotations

import heapq

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


class Rerouting:
    """A network and, for each party, the States under review (as bits) it costs one to give up."""

    def __init__(self, network: Network, priced: list[int]) -> None:
        self.net = network
        self.priced = priced

    def copy(self) -> Rerouting:
        """The same flow and prices, to be changed apart."""
        return Rerouting(self.net.copy(), self.priced[:])

    def kept(self, party: int) -> int:
        """The priced pairs of a party that are in the flow."""
        return self.net.serves[party] & self.priced[party]

    def is_kept(self, party: int, under_review: int) -> bool:
        """Whether this pair is priced and in the flow."""
        return bool(self.kept(party) >> under_review & 1)

    def given_up(self) -> int:
        """How many priced pairs are not in the flow."""
        net = self.net
        return sum((self.priced[p] & ~net.serves[p]).bit_count() for p in range(net.size))

    def fill(self) -> bool:
        """Fill every slot and give every party its least. False: not possible."""
        pool = POOL * self.net.size
        while True:
            missing, lacking = self.net.missing(), self._lacking()
            if not missing and not lacking:
                return True
            goals = (SINK,) if missing >= lacking else (SINK, pool)
            if not self._send(SOURCE, *goals):
                return False

    def ban(self, party: int, under_review: int) -> bool:
        """Exclude a pair; what it carries goes another way. False: not possible."""
        net = self.net
        net.ban(party, under_review)
        if not net.serves[party] >> under_review & 1:
            return True
        if not self._send(net.unit(party, under_review), net.entry_in_use(party, under_review)):
            return False
        net.remove(party, under_review)
        return True

    def unprice(self, party: int, under_review: int) -> None:
        """From now on nothing is saved by keeping a pair, so it stays only if that is cheapest."""
        net = self.net
        arrives = net.entry_in_use(party, under_review)
        # Sought at the old price: at the new one the way out and back would be a gain in itself.
        found = self._cheapest(net.unit(party, under_review), arrives)
        self.priced[party] &= ~(1 << under_review)
        if found and found[0] < 0:
            net.push(found[1])
            net.remove(party, under_review)

    def lower(self, party: int, room: int, early_room: int) -> bool:
        """Let a party carry less. False: not possible."""
        net = self.net
        net.room[party] = min(net.room[party], room)
        net.early_room[party] = min(net.early_room[party], early_room)
        at, hub = PARTY * net.size + party, EARLY * net.size + party
        while net.early_load(party) > net.early_room[party]:
            if not self._send(at, hub):
                return False
        while net.load(party) > net.room[party]:
            if not self._send(POOL * net.size, at):
                return False
        return True

    def _lacking(self) -> int:
        net = self.net
        return sum(max(0, net.least[p] - net.load(p)) for p in range(net.size))

    def _send(self, start: int, *goals: int) -> bool:
        found = self._cheapest(start, *goals)
        if found:
            self.net.push(found[1])
        return found is not None

    def _cheapest(self, start: int, *goals: int) -> tuple[int, list[int]] | None:
        """A cheapest path and its cost; among those of the same cost one without mutual pairs."""
        given_up = self.given_up()
        free = _Search(self, given_up, mutual=not self.net.no_mutual).run(start, goals)
        if not self.net.no_mutual or (free and free[0] <= -given_up):
            return free
        some = _Search(self, given_up, mutual=True).run(start, goals)
        return free if free and some and free[0] <= some[0] else some


class _Search:
    """One search for a cheapest path, nearest nodes first; prices may be negative, circles not."""

    def __init__(self, plan: Rerouting, given_up: int, *, mutual: bool) -> None:
        self.plan = plan
        self.net = plan.net
        self.mutual = mutual
        self.most_saved = given_up
        self.before: dict[int, int] = {}
        self.cost: dict[int, int] = {}
        self.seen: dict[int, list[int]] = {}
        self.queue: list[tuple[int, int]] = []

    def run(self, start: int, goals: tuple[int, ...]) -> tuple[int, list[int]] | None:
        self.before[start] = start
        if start == SOURCE:
            self._from_source()
        else:
            kind, number = divmod(start, self.net.size)
            self._visit(start, 0, kind, 1 << number)
        while self.queue:
            cost, node = heapq.heappop(self.queue)
            if cost > self.cost[node]:
                continue
            if min(self._costs(goals).values(), default=cost + 1) <= cost - self.most_saved:
                break
            kind, number = divmod(node, self.net.size)
            self._LEAVE[kind](self, node, cost, number)
        if not (reached := self._costs(goals)):
            return None
        cheapest = min(reached, key=reached.__getitem__)
        return reached[cheapest], path_to(self.before, cheapest)

    def _costs(self, goals: tuple[int, ...]) -> dict[int, int]:
        return {goal: self.cost[goal] for goal in goals if goal in self.cost}

    def _visit(self, node: int, cost: int, kind: int, mask: int) -> None:
        """Mark every node of a kind in the set that was not reached as cheaply."""
        for level, seen in self.seen.items():
            if level <= cost:
                mask &= ~seen[kind]
        if not mask:
            return
        self.seen.setdefault(cost, [0] * 6)[kind] |= mask
        base = kind * self.net.size
        for number in bits(mask):
            if base + number != node:
                self.before[base + number] = node
            self.cost[base + number] = cost
            heapq.heappush(self.queue, (cost, base + number))

    def _serve(self, node: int, cost: int, party: int, among: int) -> None:
        net = self.net
        among &= ~net.serves[party]
        priced = among & self.plan.priced[party]
        among &= ~priced
        if not self.mutual:
            opposite = net.served_by(party)
            among &= ~opposite
            for other in bits(priced & opposite):
                if not self.plan.is_kept(other, party):
                    priced &= ~(1 << other)
        for kind, able in ((IN, net.can_in[party]), (OUT, net.can_out[party])):
            self._visit(node, cost - 1, kind, able & priced)
            self._visit(node, cost, kind, able & among)

    def _party(self, node: int, cost: int, party: int) -> None:
        net = self.net
        self._serve(node, cost, party, ~net.early)
        if net.early_load(party) < net.early_room[party]:
            self._visit(node, cost, EARLY, 1 << party)
        if net.load(party) > net.least[party]:
            self._visit(node, cost, POOL, 1)

    def _early(self, node: int, cost: int, party: int) -> None:
        self._serve(node, cost, party, self.net.early)
        if self.net.early_load(party) > 0:
            self._visit(node, cost, PARTY, 1 << party)

    def _in(self, node: int, cost: int, under_review: int) -> None:
        net = self.net
        if net.inner[under_review].bit_count() < net.demand[under_review]:
            self._visit(node, cost, UNDER_REVIEW, 1 << under_review)
        self._give_back(node, cost, under_review, net.inner[under_review])

    def _out(self, node: int, cost: int, under_review: int) -> None:
        if not self.net.outer[under_review]:
            self._visit(node, cost, UNDER_REVIEW, 1 << under_review)
        self._give_back(node, cost, under_review, self.net.outer[under_review])

    def _give_back(self, node: int, cost: int, under_review: int, mask: int) -> None:
        kind = EARLY if self.net.early >> under_review & 1 else PARTY
        for party in bits(mask):
            price = self.plan.priced[party] >> under_review & 1
            self._visit(node, cost + price, kind, 1 << party)

    def _under_review(self, node: int, cost: int, under_review: int) -> None:
        net = self.net
        lacks = net.served_by(under_review).bit_count() < net.demand[under_review]
        if lacks and cost < self.cost.get(SINK, cost + 1):
            self.before[SINK], self.cost[SINK] = node, cost
        if net.inner[under_review]:
            self._visit(node, cost, IN, 1 << under_review)
        if net.outer[under_review]:
            self._visit(node, cost, OUT, 1 << under_review)

    def _pool(self, node: int, cost: int, _: int) -> None:
        net = self.net
        able = (p for p in range(net.size) if net.load(p) < net.room[p])
        self._visit(node, cost, PARTY, sum(1 << p for p in able))

    def _from_source(self) -> None:
        net = self.net
        lacking = {p: net.least[p] - net.load(p) for p in range(net.size)}
        lacking = {p: short for p, short in lacking.items() if short > 0}
        self._visit(SOURCE, 0, PARTY, sum(1 << p for p in lacking))
        if net.missing() > sum(lacking.values()):
            self._visit(SOURCE, 0, POOL, 1)

    _LEAVE = (_party, _early, _in, _out, _under_review, _pool)
