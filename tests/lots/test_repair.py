"""The fewest changed lots, against opening every set of lots, on small cycles."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from random import Random

import pytest

from tests.lots import small
from workflows.completion import Completion
from workflows.lots import Board, LotParty, LotReview, LotsError, Rules
from workflows.repair import repair

SEEDS = range(40)
Lots = tuple[tuple[str, int], ...]


def opened(board: Board, lots: Lots) -> Board:
    for state, slot in lots:
        board = board.put(state, slot, None)
    return board


def fewest(board: Board, movable: list[tuple[str, int]]) -> int | None:
    """How many lots must be opened, by opening every set of them."""
    for many in range(len(movable) + 1):
        for lots in combinations(movable, many):
            if Completion.find(opened(board, lots)):
                return many
    return None


def disturbed(chance: Random) -> tuple[Board, list[tuple[str, int]]]:
    """A cycle of which much was drawn, then something happened."""
    board = small.random_board(chance, chance.randint(4, 8))
    if completion := Completion.find(board):
        for (state, slot), code in completion.pairs().items():
            if chance.random() < 0.8:
                board = board.put(state, slot, code)
    for code in chance.sample(list(board.parties), chance.randint(0, 2)):
        gone = replace(board.parties[code], serves=False)
        board = replace(board, parties={**board.parties, code: gone})
        for state, review in board.reviews.items():
            if code in review.reviewers:
                board = board.put(state, review.reviewers.index(code) + 1, None)
    if chance.random() < 0.3:
        rules = replace(board.rules, most=max(1, board.rules.least), working_most=1)
        board = replace(board, rules=rules)
    if board.reviews and chance.random() < 0.5:
        state = chance.choice(list(board.reviews))
        later = LotReview(state, board.reviews[state].year + 1)
        board = replace(board, reviews={**board.reviews, state: later})
    standing = [
        (state, slot)
        for state, review in board.reviews.items()
        for slot in (1, 2)
        if review.reviewers[slot - 1]
    ]
    movable = [lot for lot in standing if chance.random() < 0.85]
    return board, movable[:9]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_repair_opens_fewer_lots(seed: int) -> None:
    chance = Random(seed)
    for _ in range(30):
        board, movable = disturbed(chance)
        found = repair(board, frozenset(movable))
        least = fewest(board, movable)
        assert (found.fewest if found else None) == least, board
        if found:
            assert found.proven
            assert len(found.changes) == found.fewest
            lots = tuple((change.state, change.slot) for change in found.changes)
            assert set(lots) <= set(movable)
            assert small.keeps_every_rule(opened(board, lots), dict(found.example))
            for change in found.changes:
                assert board.reviews[change.state].reviewers[change.slot - 1] == change.old
                assert found.example[change.state, change.slot] == change.suggestion
                assert change.suggestion != change.old


def two_groups(**reviewers: tuple[str | None, str | None]) -> Board:
    """North: NAA to NDD, South: SAA to SDD; each carries at most one review."""
    rules = Rules(1, 0, 1, 4, no_mutual=True, similar_tickets=1, steps_per_slot=50)
    codes = [f"{group}{letter * 2}" for group in "NS" for letter in "ABCD"]
    parties = [LotParty(code, code, "North" if code < "S" else "South") for code in codes]
    reviews = [LotReview(code, 1, standing) for code, standing in reviewers.items()]
    return Board.of(rules, parties, reviews)


def test_the_lot_that_takes_the_last_of_a_group_is_opened() -> None:
    board = two_groups(NAA=(None, "SAA"), SBB=("SCC", "NBB"), SDD=("SAA", "NCC"))
    board = replace(
        board, parties={**board.parties, "NDD": replace(board.parties["NDD"], serves=False)}
    )

    found = repair(board, frozenset({("SBB", 2), ("SDD", 1), ("NAA", 2)}))

    assert found is not None
    assert [(c.state, c.slot, c.old) for c in found.changes] == [("SBB", 2, "NBB")]
    assert found.example["NAA", 1] == "NBB"
    assert found.changes[0].suggestion == found.example["SBB", 2]


def test_what_may_not_be_opened_stays() -> None:
    board = two_groups(
        NAA=(None, "SAA"), SBB=("SCC", "NBB"), SCC=("SDD", "NCC"), SDD=("SBB", "NDD")
    )

    assert repair(board, frozenset()) is None
    assert repair(board, frozenset({("NAA", 2), ("SBB", 1)})) is None
    assert repair(board, frozenset({("NAA", 2), ("SCC", 2)})) is not None


def test_nothing_is_opened_without_need() -> None:
    board = two_groups(NAA=(None, "SAA"))

    found = repair(board, frozenset({("NAA", 2)}))

    assert found is not None
    assert (found.changes, found.fewest, found.proven) == ((), 0, True)


def test_an_empty_slot_cannot_be_opened() -> None:
    board = two_groups(NAA=(None, "SAA"))

    with pytest.raises(LotsError, match="nobody stands in slot 1 of NAA"):
        repair(board, frozenset({("NAA", 1)}))
