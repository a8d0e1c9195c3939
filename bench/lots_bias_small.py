"""How far both modes of drawing are from even chances, where all completions can be listed."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from tests.lots import exact, small
from tests.lots.exact import Filled
from workflows.completion import Completion
from workflows.lots import Board

BOARDS: Final = 100
MOST_COMPLETIONS: Final = 150
STEPS: Final = (1, 2, 5, 10, 20, 50, 100, 200)


@dataclass(frozen=True)
class Distances:
    """Total variation distances of one cycle; ``walk`` by steps a slot, ``parts`` of its graph."""

    slots: int
    completions: int
    lot_by_lot: float
    walk: Mapping[int, float]
    parts: int


def measure() -> list[dict[str, Any]]:
    """Entries for ``bench/results.json``: without tickets for similar legal systems, and with."""
    found = []
    for tickets in (1, 2):
        measured = [_distances(board) for board in boards(tickets)]
        whole = [one for one in measured if one.parts == 1]
        split = [one for one in measured if one.parts > 1]
        values = {
            "cycles": len(measured),
            "of them in parts that no step connects": len(split),
            "completions, median": statistics.median(one.completions for one in measured),
            **_three("lot by lot", [one.lot_by_lot for one in whole]),
        }
        for steps in STEPS:
            values |= _three(f"whole, {steps} steps a slot", [one.walk[steps] for one in whole])
        if split:
            values |= _three("in parts: lot by lot", [one.lot_by_lot for one in split])
            values |= _three("in parts: whole, 200", [one.walk[200] for one in split])
        found.append(
            {
                "name": f"bias: small cycles, similar_tickets {tickets}",
                "unit": "total variation distance",
                "measured": values,
            }
        )
    return found


def _three(name: str, values: Sequence[float]) -> dict[str, float]:
    return {
        f"{name}: mean": round(statistics.mean(values), 4),
        f"{name}: median": round(statistics.median(values), 4),
        f"{name}: worst": round(max(values), 4),
    }


def boards(tickets: int) -> list[Board]:
    """Small cycles by chance, often tight, with two completions or more."""
    numbers, found = Random(2026), []
    while len(found) < BOARDS:
        board = small.random_board(numbers, numbers.randint(4, 6))
        board = replace(board, rules=replace(board.rules, similar_tickets=tickets))
        slots = board.open_slots()
        if 3 <= len(slots) <= 8 and Completion.find(board):
            every = [
                one for one, _ in zip(exact.completions(board, slots), range(200), strict=False)
            ]
            if 1 < len(every) <= MOST_COMPLETIONS:
                found.append(board)
    return found


def _distances(board: Board) -> Distances:
    slots = board.open_slots()
    every = list(exact.completions(board, slots))
    completion = Completion.find(board)
    if completion is None:
        raise RuntimeError("a completion was not found")
    aim = exact.target(board, slots, every)
    start = exact.lot_by_lot(completion, slots)
    graph = {filled: exact.steps(board, slots, filled) for filled in every}
    leads = {
        filled: [(led, float(chance)) for led, chance in one.items()]
        for filled, one in graph.items()
    }
    now, walk, done = {filled: float(chance) for filled, chance in start.items()}, {}, 0
    for steps in STEPS:
        for _ in range(steps * len(slots) - done):
            now = _one_step(now, leads)
        done = steps * len(slots)
        walk[steps] = exact.distance(now, aim)
    parts = len(exact.components(graph))
    return Distances(len(slots), len(every), exact.distance(start, aim), walk, parts)


def _one_step(
    now: Mapping[Filled, float], leads: Mapping[Filled, Sequence[tuple[Filled, float]]]
) -> dict[Filled, float]:
    after = dict.fromkeys(leads, 0.0)
    for filled, share in now.items():
        for led, chance in leads[filled]:
            after[led] += share * chance
    return after
