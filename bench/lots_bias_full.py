"""Both modes at full size: who is drawn more often, and how fast the walk forgets its start.

Every walk starts from a lot-by-lot draw of its own, so one run gives a sample of both modes. What a
draw says about the chances of each pair is taken at its best: for lot by lot the bowl of every lot,
for the walk the even choice among those who could stand in a slot if all others stay. The numbers
come from Python's generator, which is faster than the one that everybody can repeat.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from random import Random
from typing import Any, Final

from bench.lots_boards import cycle, drawn_until, found, reference_parties, slots_of
from workflows.chance import Chance
from workflows.lots import Board
from workflows.whole_draw import _Walk

WALKS: Final = 80
STEPS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 150, 200)
MIXED: Final = 50
"""Steps a slot from which on the walk is taken as forgetful (measured below)."""

Pairs = list[list[float]]
"""For every slot of the draw the probability of every party."""
Features = dict[str, float]


@dataclass(frozen=True)
class Quick(Chance):
    """Python's numbers in place of those of a seed."""

    random: Random = field(default_factory=Random)

    def choose(self, label: str, n: int) -> int:  # noqa: ARG002
        return self.random.randrange(n)


@dataclass
class Sampled:
    """One draw in both modes: pairs as probabilities, what stands after so many steps, features."""

    bowls: Pairs
    walked: Pairs
    held: dict[int, list[int]]
    features: dict[int, Features]


class Study:
    """A draw of one year of a cycle, sampled again and again."""

    def __init__(self, board: Board, year: int) -> None:
        self.board = board
        self.first = slots_of(board, year)
        rest = [slot for slot in board.open_slots() if slot not in set(self.first)]
        self.slots = [*self.first, *rest]
        self.parties = list(board.parties)
        self.number = {code: number for number, code in enumerate(self.parties)}
        self._completion = found(board)

    def sample(self, seed: int, *, fixed: bool = False) -> Sampled:
        """One draw; ``fixed``: the walk starts from the completion that is found first instead."""
        chance = Random(seed)
        drawn, bowls = self._lot_by_lot(chance)
        if fixed:
            pairs = self._completion.pairs()
            drawn = [pairs[slot] for slot in self.slots]
        walk, quick = _Walk(self.board, self.slots, drawn), Quick("", chance)
        one = Sampled(bowls, [], {}, {})
        mixed = []
        for steps in range(STEPS[-1] + 1):
            if steps:
                for _ in self.slots:
                    walk.step(0, quick)
            if steps in STEPS:
                one.held[steps] = walk.held[: len(self.first)]
                one.features[steps] = self.features(one.held[steps])
            if steps > MIXED and not steps % 15:
                mixed.append(self._replacements(walk))
        one.walked = mean(mixed)
        return one

    def _lot_by_lot(self, chance: Random) -> tuple[list[str], Pairs]:
        completion, drawn, bowls = self._completion, [], []
        for number, slot in enumerate(self.slots):
            candidates = completion.bowl(*slot).candidates
            if number < len(self.first):
                row = [0.0] * len(self.parties)
                for code in candidates:
                    row[self.number[code]] = 1 / len(candidates)
                bowls.append(row)
            code = chance.choice(candidates)
            after = completion.draw(*slot, code)
            if after is None:
                raise RuntimeError("a candidate after whom nothing can follow")
            completion = after
            drawn.append(code)
        return drawn, bowls

    def _replacements(self, walk: _Walk) -> Pairs:
        rows = []
        for slot in range(len(self.first)):
            old = [(slot, walk.held[slot])]
            able = []
            for party in range(len(self.parties)):
                if not walk._weight[slot][party]:
                    continue
                new = [(slot, party)]
                walk._replace(old, new)
                if walk._allowed(old, new):
                    able.append(party)
                walk._replace(new, old)
            row = [0.0] * len(self.parties)
            for party in able:
                row[party] = 1 / len(able)
            rows.append(row)
        return rows

    def features(self, held: Sequence[int]) -> Features:
        """What can be said of a draw in one number each."""
        times = [held.count(party) for party in range(len(self.parties))]
        return {
            "parties drawn once": times.count(1),
            "parties drawn twice or more": sum(one > 1 for one in times),
        }


def mean(tables: Sequence[Pairs]) -> Pairs:
    """The mean of tables, number by number."""
    return [
        [sum(cells) / len(tables) for cells in zip(*rows, strict=True)]
        for rows in zip(*tables, strict=True)
    ]


def distance(one: Pairs, other: Pairs) -> float:
    """Mean over the slots of the total variation distance between their probabilities."""
    rows = zip(one, other, strict=True)
    return statistics.mean(sum(abs(a - b) for a, b in zip(p, q, strict=True)) / 2 for p, q in rows)


def measure() -> list[dict[str, Any]]:
    """Entries for ``bench/results.json``: the draw of the first year, and of the last."""
    first = cycle(reference_parties())
    last = drawn_until(first, 4, seed=5)
    return [
        one
        for name, board, year in (("first", first, 1), ("last", last, 4))
        for one in _of_year(name, Study(board, year))
    ]


def _of_year(name: str, study: Study) -> list[dict[str, Any]]:
    draws = [study.sample(seed) for seed in range(WALKS)]
    fixed = [study.sample(1000 + seed, fixed=True) for seed in range(WALKS // 4)]
    title = f"bias: {len(study.board.parties)} parties, draw of the {name} year"
    return [
        {"name": f"{title}, pairs", "unit": "probability", "measured": _pairs(draws)},
        {
            "name": f"{title}, who is drawn",
            "unit": "expected reviews a party in this draw, lot by lot | whole",
            "measured": _classes(study, draws),
        },
        {"name": f"{title}, the walk", "unit": "share, number", "measured": _mixing(draws, fixed)},
    ]


def _pairs(draws: Sequence[Sampled]) -> dict[str, Any]:
    """How much the modes differ, beside how much two halves of the same mode differ by chance."""
    by: dict[str, Callable[[Sampled], Pairs]] = {
        "lot by lot": lambda one: one.bowls,
        "whole": lambda one: one.walked,
    }
    half = len(draws) // 2
    halves = {
        name: [mean([of(one) for one in part]) for part in (draws[:half], draws[half:])]
        for name, of in by.items()
    }
    lots, whole = (mean(tables) for tables in halves.values())
    differences = [
        abs(a - b) for p, q in zip(lots, whole, strict=True) for a, b in zip(p, q, strict=True)
    ]
    crossed = [distance(a, b) for a in halves["lot by lot"] for b in halves["whole"]]
    return {
        "draws": len(draws),
        "distance of the modes, a slot": round(distance(lots, whole), 4),
        "of half the draws each, mean": round(statistics.mean(crossed), 4),
        **{f"two halves of {name}": round(distance(*two), 4) for name, two in halves.items()},
        "largest difference of a pair": round(max(differences), 4),
    }


def _classes(study: Study, draws: Sequence[Sampled]) -> dict[str, str]:
    board = study.board
    year = board.reviews[study.first[0][0]].year
    later = [p for p in board.parties if board.reviews[p].year > year]
    same = [p for p in board.parties if board.reviews[p].year == year]
    classes = {"under review in this year": same, "under review later": later}
    for group in sorted({p.group or "" for p in board.parties.values()}):
        members = [code for code, p in board.parties.items() if (p.group or "") == group]
        classes[group or "no group"] = members
    for carried in range(board.rules.most):
        classes[f"carried {carried} before"] = [
            code for code in board.parties if board.carried[code] == carried
        ]
    found = {}
    everywhere = range(len(study.first))
    half = len(study.first) // 2
    for name, members in classes.items():
        if members and len(members) < len(board.parties):
            found[f"{name} ({len(members)})"] = _expected(study, draws, members, everywhere)
    lacking = classes["carried 0 before"]
    if len(lacking) < len(board.parties):
        found["carried 0 before, lots of the first half"] = _expected(
            study, draws, lacking, range(half)
        )
        found["carried 0 before, lots of the second half"] = _expected(
            study, draws, lacking, range(half, len(study.first))
        )
    return found


def _expected(study: Study, draws: Sequence[Sampled], members: Sequence[str], slots: range) -> str:
    """Expected reviews a party of the class in these slots, in both modes, with standard errors."""
    numbers = [study.number[code] for code in members]
    texts = []
    for tables in ([one.bowls for one in draws], [one.walked for one in draws]):
        values = [
            sum(table[slot][n] for slot in slots for n in numbers) / len(numbers)
            for table in tables
        ]
        error = statistics.stdev(values) / len(values) ** 0.5
        texts.append(f"{statistics.mean(values):.3f} ±{error:.3f}")
    return " | ".join(texts)


def _mixing(draws: Sequence[Sampled], fixed: Sequence[Sampled]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for steps in STEPS:
        still = [_alike(one.held[0], one.held[steps]) for one in draws]
        found[f"slots as at the start after {steps} steps a slot"] = round(
            statistics.mean(still), 4
        )
    others = [_alike(a.held[200], b.held[200]) for a, b in combinations(draws, 2)]
    found["slots alike in two walks of their own"] = round(statistics.mean(others), 4)
    for feature in draws[0].features[0]:
        for steps in (0, 1, 2, 5, 20, 50, 200):
            texts = [
                _with_error([one.features[steps][feature] for one in group])
                for group in (draws, fixed)
            ]
            found[f"{feature} after {steps}, two starts"] = " | ".join(texts)
    return found


def _alike(one: Sequence[int], other: Sequence[int]) -> float:
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)


def _with_error(values: Sequence[float]) -> str:
    error = statistics.stdev(values) / len(values) ** 0.5
    return f"{statistics.mean(values):.1f} ±{error:.1f}"
