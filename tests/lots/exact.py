"""Both modes of drawing on small cycles, exactly: every completion with its probability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from workflows.chance import Chance
from workflows.completion import Completion
from workflows.lots import Board
from workflows.whole_draw import Slot, _Walk

Filled = tuple[str, ...]
"""Who stands in each slot, in the order of the slots."""
Chances = dict[Filled, Fraction]


def completions(board: Board, slots: Sequence[Slot]) -> Iterator[Filled]:
    """Every completion: slot by slot by the local rules; at the end everybody has its least."""
    if not slots:
        parties = board.parties.values()
        if all(not p.serves or board.carried[p.code] >= board.rules.least for p in parties):
            yield ()
        return
    state, slot = slots[0]
    for code in board.parties:
        if board.why_closed(state, slot, code) is None:
            for rest in completions(board.put(state, slot, code), slots[1:]):
                yield (code, *rest)


def weight(board: Board, slots: Sequence[Slot], filled: Filled) -> int:
    """The product of the tickets (specification, section 6)."""
    product = 1
    for (state, slot), code in zip(slots, filled, strict=True):
        product *= board.tickets(state, slot, code)
    return product


def target(board: Board, slots: Sequence[Slot], every: Sequence[Filled]) -> Chances:
    """What the whole draw aims at: all completions, weighted by their tickets."""
    weights = {filled: weight(board, slots, filled) for filled in every}
    everything = sum(weights.values())
    return {filled: Fraction(one, everything) for filled, one in weights.items()}


def lot_by_lot(completion: Completion, slots: Sequence[Slot]) -> Chances:
    """The probability of each completion if the slots are drawn one after the other."""
    if not slots:
        return {(): Fraction(1)}
    state, slot = slots[0]
    board = completion.board
    candidates = completion.bowl(state, slot).candidates
    tickets = {code: board.tickets(state, slot, code) for code in candidates}
    found: Chances = {}
    for code in candidates:
        after = completion.draw(state, slot, code)
        assert after is not None
        share = Fraction(tickets[code], sum(tickets.values()))
        for rest, chance in lot_by_lot(after, slots[1:]).items():
            found[(code, *rest)] = share * chance
    return found


@dataclass(frozen=True)
class _Told(Chance):
    """Numbers told beforehand, by the last word of the label; notes between how many it chose."""

    told: Mapping[str, int]
    asked: dict[str, int] = field(default_factory=dict)

    def choose(self, label: str, n: int) -> int:
        word = label.rpartition(":")[2]
        self.asked[word] = n
        return self.told[word]


def steps(board: Board, slots: Sequence[Slot], filled: Filled) -> Chances:
    """Where one step of the product's walk leads from a completion: every number once."""
    found: Counter[Filled] = Counter()
    walk = _Walk(board, slots, filled)
    choices = len(slots) * (len(slots) + len(board.parties))
    for one in range(len(slots)):
        for other in range(len(slots) + len(board.parties)):
            led, accepted = _step(walk, one, other, 0), Fraction(1)
            if led != filled:
                walk = _Walk(board, slots, filled)
                accepted = _accepted(board, slots, filled, (one, other))
            found[led] += accepted  # type: ignore[assignment]
            found[filled] += 1 - accepted  # type: ignore[assignment]
    return {led: Fraction(many) / choices for led, many in found.items() if many}


def _step(walk: _Walk, one: int, other: int, accept: int) -> Filled:
    walk.step(1, _Told("", {"slot": one, "with": other, "accept": accept}))
    return tuple(walk.parties[number] for number in walk.held)


def _accepted(
    board: Board, slots: Sequence[Slot], filled: Filled, chosen: tuple[int, int]
) -> Fraction:
    """In how many of the numbers that decide about it a step is made."""
    numbers = _Told("", {"slot": chosen[0], "with": chosen[1], "accept": 0})
    _Walk(board, slots, filled).step(1, numbers)
    many = numbers.asked.get("accept", 1)
    made = 0
    for accept in range(many):
        made += _step(_Walk(board, slots, filled), *chosen, accept) != filled
    return Fraction(made, many)


def components(transitions: Mapping[Filled, Mapping[Filled, Fraction]]) -> list[set[Filled]]:
    """The parts of the walk's graph between which no step leads."""
    left = set(transitions)
    found: list[set[Filled]] = []
    while left:
        part: set[Filled] = set()
        border = [left.pop()]
        while border:
            at = border.pop()
            part.add(at)
            border += [led for led in transitions[at] if led not in part]
        left -= part
        found.append(part)
    return found


def distance(one: Mapping[Filled, Fraction | float], other: Mapping[Filled, Fraction]) -> float:
    """Total variation distance: half of what the probabilities differ by, added up."""
    every = {*one, *other}
    return sum(abs(float(one.get(f, 0)) - float(other.get(f, 0))) for f in every) / 2
