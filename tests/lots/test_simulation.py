"""Simulated cycles: drawn by the rules, repeatable, and fair to the draw they are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from workflows import simulation
from workflows.completion import Completion
from workflows.lots import Board, LotParty, LotReview, Rules

RULES = Rules(
    most=3, least=1, working_most=2, last_year=4, no_mutual=True, similar_tickets=2,
    steps_per_slot=10,
)  # fmt: skip
SHARES = (1, 1, 1, 1)


def parties(count: int = 32) -> tuple[LotParty, ...]:
    roster = [
        LotParty(f"{group[0]}{letter}{letter}", f"Specimen {group} {letter}", group, "civil")
        for group in ("North", "South", "East")
        for letter in "ABCDEFGH"
    ]
    return simulation.sample(roster, count, Random(1))


def spread(among: Sequence[LotParty]) -> Board:
    """A cycle of these parties, reviewed in the four years in turn."""
    reviews = [LotReview(one.code, number % 4 + 1) for number, one in enumerate(among)]
    return Board.of(RULES, among, reviews)


def completable(board: Board) -> Completion:
    found = Completion.find(board)
    assert found is not None
    return found


def test_cycle_that_nobody_could_complete_is_no_dead_end() -> None:
    two = parties(24)[:2]
    (outcome,) = simulation.outcomes(RULES, two, SHARES, [1])

    assert outcome.impossible
    assert not outcome.dead_end
    assert not outcome.naive_dead_end


def test_no_cycle_gets_stuck_or_breaks_a_rule() -> None:
    summary = simulation.Summary()
    for outcome in simulation.outcomes(RULES, parties(), SHARES, range(25)):
        summary.add(outcome)

    assert (summary.cycles, summary.dead_ends) == (25, 0)
    assert summary.document()["naive_dead_ends"] == summary.naive_dead_ends


def test_seed_gives_the_same_cycles() -> None:
    def drawn(seed: int) -> Board:
        return simulation.by_lot(completable(spread(parties())), Random(seed))[0]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_years_are_divided_by_quota() -> None:
    years = simulation.years_by_lot(parties(), SHARES, Random(3))

    assert years.keys() == {one.code for one in parties()}
    assert sorted(list(years.values()).count(year) for year in range(1, 5)) == [8, 8, 8, 8]


def test_first_lot_draws_whoever_is_in_the_bowl_and_nobody_else() -> None:
    board = spread([one for one in parties(24) if one.code[1] in "ABC"])
    state, slot, _year = next(simulation.in_order(board))
    completion = completable(board)

    drawn = {
        simulation.by_lot(completion, Random(seed))[0].reviews[state].reviewers[slot - 1]
        for seed in range(150)
    }

    assert drawn == set(completion.bowl(state, slot).candidates)


def test_naive_draw_keeps_every_rule_that_it_can_see() -> None:
    for seed in range(10):
        years = simulation.years_by_lot(parties(), SHARES, Random(seed))
        board = Board.of(RULES, parties(), [LotReview(c, year) for c, year in years.items()])
        end, stuck_in = simulation.naively(board, Random(seed))

        assert max(end.carried.values()) <= RULES.most
        assert max(end.carried_early.values()) <= RULES.working_most
        assert bool(stuck_in) == bool(end.open_slots())
        if not stuck_in:
            assert simulation.broken(end) == 0


def test_what_is_broken_is_counted() -> None:
    first, second, third = parties(3)
    reviews = [
        LotReview(first.code, 4, (second.code, third.code)),
        LotReview(second.code, 4, (first.code, third.code)),
        LotReview(third.code, 4),
    ]

    assert simulation.broken(Board.of(RULES, (first, second, third), reviews)) == 1
    assert simulation.broken(Board.of(RULES, parties(4), reviews)) == 2


def test_sample_beyond_the_roster_has_codes_of_its_own() -> None:
    many = parties(200)

    assert len({one.code for one in many}) == 200
    with pytest.raises(ValueError, match="needs parties"):
        simulation.sample([], 3, Random(1))
