"""Drawing lots with the exact check: a lot, a year, ever more parties; the solver as referee.

The floor of a lot is what any draw has to do: ask of every party whether the rules of the moment
close it, and draw. It looks no further, so it may run into a dead end; ours cannot.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, Final

from bench.lots_boards import cycle, drawn_until, found, lot, made_up, reference_parties, slots_of
from bench.lots_peers import Backtracking, Solver
from workflows.completion import Completion
from workflows.lots import Board, Closed
from workflows.whole_draw import Slot

SIZES: Final = (62, 125, 250, 500, 1000)
LONG_YEAR: Final = (61, 43, 43, 42)
LOTS_A_SIZE: Final = 15
DRAWS_GOING_BACK: Final = 20
SECONDS_GOING_BACK: Final = 2.0
ASKED_A_LOT: Final = 8
"""Closed States and candidates of one lot that the solver is asked about, of each as many."""

Entry = dict[str, Any]


def measure() -> list[Entry]:
    """The entries for ``bench/results.json``."""
    sizes = [_size(count) for count in SIZES]
    return [_year(), *sizes, *_last_year(), _going_back(), _memory()]


def _timed(does: Callable[[], Any]) -> float:
    began = time.perf_counter()
    does()
    return time.perf_counter() - began


def _entry(name: str, unit: str, ours: float, floor: float, peers: dict[str, float]) -> Entry:
    return {
        "name": name,
        "unit": unit,
        "ours": round(ours, 3),
        "floor": round(floor, 3),
        "peers": {peer: round(value, 1) for peer, value in peers.items()},
        "ratio_to_floor": round(floor / ours, 3),
    }


def _rules_only(board: Board, slot: Slot, chance: Random) -> Board:
    """A lot that asks the rules of the moment and nothing more; stuck, it leaves the slot open."""
    candidates = [code for code in board.parties if board.why_closed(*slot, code) is None]
    return board.put(*slot, chance.choice(candidates)) if candidates else board


def _draw(completion: Completion, slots: Sequence[Slot], chance: Random) -> Iterator[float]:
    """Seconds of each lot."""
    for slot in slots:
        began = time.perf_counter()
        completion = lot(completion, slot, chance)
        yield time.perf_counter() - began


def _draw_rules_only(board: Board, slots: Sequence[Slot], chance: Random) -> Iterator[float]:
    for slot in slots:
        began = time.perf_counter()
        board = _rules_only(board, slot, chance)
        yield time.perf_counter() - began


def _year() -> Entry:
    board = cycle(reference_parties(), LONG_YEAR)
    slots = slots_of(board, 1)

    def ours() -> None:
        sum(_draw(found(board), slots, Random(1)))

    turns = [
        (_timed(ours), _timed(lambda: sum(_draw_rules_only(board, slots, Random(1)))))
        for _ in range(5)
    ]
    name = f"lots: a year of {len(slots) // 2} reviews, {len(board.parties)} parties"
    return _entry(name, "s", *(statistics.median(times) for times in zip(*turns, strict=True)), {})


def _size(count: int) -> Entry:
    board = cycle(made_up(count))
    slots = slots_of(board, 1)[:LOTS_A_SIZE]
    completion = found(board)
    ours = [1000 * seconds for seconds in _draw(completion, slots, Random(1))]
    floor = [1000 * seconds for seconds in _draw_rules_only(board, slots, Random(1))]
    name = f"lots: a lot with its check, {count} parties"
    return _entry(name, "ms", statistics.median(ours), statistics.median(floor), {})


def _last_year() -> list[Entry]:
    """Lots of the last year, where most States close: speed, and the referee's answers."""
    board = drawn_until(cycle(reference_parties()), 4, seed=5)
    completion, chance = found(board), Random(1)
    ours, floor, solver, counts = [], [], [], Counter[str]()
    for number, slot in enumerate(board.open_slots()):
        if number % 12 == 11:
            solver += _ask(completion, slot, chance, counts)
        ours.append(_timed(lambda at=completion, s=slot: lot(at, s, Random(2))))
        floor.append(_timed(lambda at=completion, s=slot: _rules_only(at.board, s, Random(2))))
        completion = lot(completion, slot, chance)
    times = [1000 * statistics.median(one) for one in (ours, floor, solver)]
    counts += _ask_small()
    return [
        _entry(
            f"lots: a lot of the last year, {len(board.parties)} parties",
            "ms",
            times[0],
            times[1],
            {"CP-SAT, one State": times[2]},
        ),
        {
            "name": "lots: answers compared with OR-Tools CP-SAT",
            "unit": "questions",
            "measured": dict(counts),
        },
    ]


def _ask(completion: Completion, slot: Slot, chance: Random, counts: Counter[str]) -> list[float]:
    """Seconds of each question; RuntimeError if the solver contradicts."""
    bowl = completion.bowl(*slot)
    closed = bowl.closed.get(Closed.NO_COMPLETION, ())
    referee, seconds = Solver(completion.board), []
    for codes, open_ in ((closed, False), (bowl.candidates, True)):
        for code in chance.sample(codes, min(ASKED_A_LOT, len(codes))):
            began = time.perf_counter()
            said = referee.possible(*slot, code)
            seconds.append(time.perf_counter() - began)
            if said is not open_:
                raise RuntimeError(f"{code} for {slot}: the solver says {said}, ours {open_}")
            counts["asked"] += 1
            counts["closed, and the solver agrees" if not open_ else "open, and it agrees"] += 1
    return seconds


def _ask_small() -> Counter[str]:
    """Cycles of 24 parties drawn to the end, every fourth lot asked about."""
    counts, chance = Counter[str](), Random(3)
    for seed in range(6):
        completion = found(cycle(made_up(24), seed=seed))
        for number, slot in enumerate(completion.board.open_slots()):
            if number % 4 == 3:
                _ask(completion, slot, chance, counts)
            completion = lot(completion, slot, chance)
    return counts


def _going_back() -> Entry:
    whole = cycle(reference_parties())
    given_up = Counter[str]()
    for seed in range(DRAWS_GOING_BACK):
        last = drawn_until(whole, 4, seed=seed)
        for name, board in (("the whole cycle", whole), ("the last year", last)):
            draw = Backtracking(board, board.open_slots(), Random(seed))
            ended = draw.run(SECONDS_GOING_BACK) is not None
            given_up[f"{name}: given up after {SECONDS_GOING_BACK:.0f} s"] += not ended
    measured = {"draws of each": DRAWS_GOING_BACK, **given_up}
    return {
        "name": "lots: drawing by local rules and going back, 189 parties",
        "unit": "draws",
        "measured": measured,
    }


def _memory() -> Entry:
    board = cycle(reference_parties(), LONG_YEAR)
    tracemalloc.start()
    sum(_draw(found(board), slots_of(board, 1), Random(1)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "name": "lots: peak memory of that year's draw",
        "unit": "MiB",
        "measured": {"ours": round(peak / 2**20, 1)},
    }
