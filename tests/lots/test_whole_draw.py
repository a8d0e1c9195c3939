"""The whole draw against the exact distribution over all completions of small cycles."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import cache
from hashlib import sha256
from random import Random

import pytest

from tests.lots import exact, small
from tests.lots.test_chance import chi_square, most_of_chi_square
from workflows import whole_draw
from workflows.chance import Chance
from workflows.completion import Completion
from workflows.lots import Board, LotParty, LotReview, Rules
from workflows.whole_draw import Slot

SEEDS = 600
LONG_WALK = 40


def seed(number: int) -> Chance:
    return Chance(sha256(f"whole draw {number}".encode()).hexdigest())


@cache
def boards(first: int, count: int, most_slots: int = 6) -> tuple[Board, ...]:
    """Small cycles that can be completed in more than one way."""
    numbers = Random(first)
    found: list[Board] = []
    while len(found) < count:
        board = small.random_board(numbers, numbers.randint(4, 6))
        slots = board.open_slots()
        if not 2 <= len(slots) <= most_slots or not Completion.find(board):
            continue
        if 1 < len(every(board)) <= 120:
            found.append(board)
    return tuple(found)


def every(board: Board) -> list[exact.Filled]:
    return list(exact.completions(board, board.open_slots()))


def with_rules(board: Board, *, steps: int, tickets: int = 1) -> Board:
    rules = replace(board.rules, steps_per_slot=steps, similar_tickets=tickets)
    return replace(board, rules=rules)


def found(board: Board) -> Completion:
    completion = Completion.find(board)
    assert completion is not None
    return completion


def walked(completion: Completion, number: int) -> exact.Filled:
    """The result of a whole draw, in the order of the slots."""
    slots = completion.board.open_slots()
    drawn = whole_draw.sample(completion, slots, seed(number))
    return tuple(drawn[slot] for slot in slots)


@cache
def graph(first: int, count: int, number: int) -> dict[exact.Filled, exact.Chances]:
    """Every completion of a small cycle, and where one step leads from it."""
    board = boards(first, count)[number]
    slots = board.open_slots()
    return {filled: exact.steps(board, slots, filled) for filled in every(board)}


def test_the_completions_are_those_found_by_trying_all() -> None:
    for board in boards(1, 25, most_slots=5):
        slots = board.open_slots()
        tried = {tuple(one[slot] for slot in slots) for one in small.completions(board)}

        assert tried == set(every(board))


def test_the_draw_ends_in_a_completion() -> None:
    numbers = Random(2)
    for number in range(120):
        board = small.random_board(numbers, numbers.randint(4, 9))
        completion = Completion.find(board)
        if completion and board.open_slots():
            slots = board.open_slots()
            drawn = whole_draw.sample(completion, slots[: len(slots) // 2], seed(number))

            assert set(drawn) == set(slots)
            assert small.keeps_every_rule(board, drawn)


def test_the_same_seed_gives_the_same_draw_and_others_give_others() -> None:
    for board in boards(3, 10):
        drawn = [walked(found(board), number) for number in range(20)]

        assert drawn == [walked(found(board), number) for number in range(20)]
        assert len(set(drawn)) > 1


def test_what_is_announced_first_is_numbered_first() -> None:
    board = boards(4, 1)[0]
    slots = board.open_slots()
    orders: list[tuple[Slot, ...]] = [slots, slots[::-1]]

    drawn = {tuple(sorted(whole_draw.sample(found(board), o, seed(9)).items())) for o in orders}

    assert len(drawn) == 2, "a label belongs to the number of a slot"


@pytest.mark.parametrize("number", range(12))
def test_a_step_keeps_the_weights_of_completions_in_balance(number: int) -> None:
    board = boards(5, 12)[number]
    slots = board.open_slots()
    transitions = graph(5, 12, number)

    for filled, led_to in transitions.items():
        assert sum(led_to.values()) == 1
        for led, chance in led_to.items():
            assert led in transitions, "a step leads out of the completions"
            there = exact.weight(board, slots, filled) * chance
            back = exact.weight(board, slots, led) * transitions[led].get(filled, 0)
            assert there == back


@pytest.mark.parametrize("number", range(12))
def test_a_step_leads_wherever_one_replacement_or_one_exchange_does(number: int) -> None:
    transitions = graph(5, 12, number)

    for filled, led_to in transitions.items():
        for other in transitions:
            differ = [i for i, code in enumerate(filled) if code != other[i]]
            exchange = len(differ) == 2 and all(
                filled[i] == other[j] for i, j in (differ, differ[::-1])
            )
            if len(differ) == 1 or exchange:
                assert led_to[other] > 0


@pytest.mark.parametrize("tickets", [1, 2, 5])
@pytest.mark.parametrize("number", range(3))
def test_a_long_walk_ends_in_the_weighted_distribution(number: int, tickets: int) -> None:
    graphs = [graph(6, 20, index) for index in range(20)]
    connected = [
        i for i, g in enumerate(graphs) if len(exact.components(g)) == 1 and 5 < len(g) < 60
    ]
    board = with_rules(boards(6, 20)[connected[number]], steps=LONG_WALK, tickets=tickets)
    completion = found(board)
    expected = exact.target(board, board.open_slots(), every(board))

    counts = Counter(walked(completion, one) for one in range(SEEDS))

    assert set(counts) <= set(expected)
    seen = sum(
        (counts[f] - SEEDS * float(p)) ** 2 / (SEEDS * float(p)) for f, p in expected.items()
    )
    assert seen < most_of_chi_square(len(expected) - 1)


def test_every_completion_can_be_drawn_lot_by_lot() -> None:
    for board in boards(7, 40):
        drawn = exact.lot_by_lot(found(board), board.open_slots())

        assert sum(drawn.values()) == 1
        assert set(drawn) == set(every(board))


def test_the_bowl_does_not_depend_on_the_completion_that_was_found() -> None:
    """Three States of a group review each other in a ring, in one direction or the other."""
    rules = Rules(3, 0, 3, 1, no_mutual=True, similar_tickets=1, steps_per_slot=5)
    ring = [LotParty(code, code, "North") for code in ("AAA", "BBB", "CCC")]
    parties = [*ring, LotParty("DDD", "DDD", None)]
    board = Board.of(rules, parties, [LotReview(party.code, 1) for party in ring])

    for state, others in (("AAA", "BBB CCC"), ("BBB", "AAA CCC"), ("CCC", "AAA BBB")):
        assert found(board).bowl(state, 1).candidates == tuple(others.split())


def test_lot_by_lot_is_not_uniform_and_the_chi_square_above_would_see_it() -> None:
    board = max(boards(7, 40), key=unevenness)
    expected = exact.target(board, board.open_slots(), every(board))
    drawn = exact.lot_by_lot(found(board), board.open_slots())

    seen = sum(SEEDS * float((drawn[f] - p) ** 2 / p) for f, p in expected.items())
    assert seen > most_of_chi_square(len(expected) - 1)


def unevenness(board: Board) -> float:
    slots = board.open_slots()
    return exact.distance(
        exact.lot_by_lot(found(board), slots), exact.target(board, slots, every(board))
    )


def test_parts_that_no_step_connects_are_reached_from_the_start() -> None:
    """Where the walk cannot cross, the start decides, and it reaches every part."""
    parts_of = {number: exact.components(graph(8, 30, number)) for number in range(30)}
    split = [number for number, parts in parts_of.items() if len(parts) > 1]
    assert 0 < len(split) < 15, "a minority of tight small cycles, but they exist"

    parts = parts_of[split[0]]
    board = with_rules(boards(8, 30)[split[0]], steps=5, tickets=1)
    start = exact.lot_by_lot(found(board), board.open_slots())
    shares = [float(sum((start[filled] for filled in part), Fraction(0))) for part in parts]
    drawn = [walked(found(board), number) for number in range(SEEDS)]
    counts = Counter(next(i for i, p in enumerate(parts) if one in p) for one in drawn)

    assert min(shares) > 0
    assert abs(sum(shares) - 1) < 1e-9
    seen = sum((counts[i] - SEEDS * p) ** 2 / (SEEDS * p) for i, p in enumerate(shares))
    assert seen < most_of_chi_square(len(parts) - 1)


def test_chi_square_counts_what_nobody_drew() -> None:
    assert chi_square(Counter({0: 10}), 5, 2) == 10
