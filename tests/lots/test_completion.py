"""The exact check against trying everything, on thousands of small cycles."""

from __future__ import annotations

from random import Random

import pytest

from tests.lots import small
from workflows.completion import Completion
from workflows.lots import Closed

SEEDS = range(40)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_completion_is_found_if_there_is_one(seed: int) -> None:
    chance = Random(seed)
    for _ in range(40):
        board = small.random_board(chance, chance.randint(3, 5))
        if len(board.open_slots()) > 6:
            continue
        found = Completion.find(board)
        exists = next(small.completions(board), None) is not None
        assert (found is not None) == exists, board
        if found:
            assert small.keeps_every_rule(board, found.pairs()), board


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bowl_holds_exactly_those_who_can_be_drawn(seed: int) -> None:
    chance = Random(1000 + seed)
    for _ in range(25):
        board = small.random_board(chance, chance.randint(3, 5))
        completion = Completion.find(board)
        if completion is None or not 0 < len(board.open_slots()) <= 6:
            continue
        every = list(small.completions(board))
        for state, slot in board.open_slots():
            bowl = completion.bowl(state, slot)
            assert set(bowl.candidates) == {filled[state, slot] for filled in every}, (board, slot)
            listed = [*bowl.candidates, *(c for codes in bowl.closed.values() for c in codes)]
            assert sorted(listed) == sorted(board.parties)
            for code in bowl.closed.get(Closed.NO_COMPLETION, ()):
                assert completion.draw(state, slot, code) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_after_every_lot_the_cycle_can_be_completed(seed: int) -> None:
    chance = Random(2000 + seed)
    for _ in range(25):
        completion = Completion.find(small.random_board(chance, chance.randint(4, 8)))
        if completion is None:
            continue
        slots = list(completion.board.open_slots())
        chance.shuffle(slots)
        for state, slot in slots:
            code = chance.choice(completion.bowl(state, slot).candidates)
            after = completion.draw(state, slot, code)
            assert after is not None
            assert small.keeps_every_rule(after.board, after.pairs())
            completion = after
