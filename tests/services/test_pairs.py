"""The pairs of the first cycle: what is known stands, the rest is drawn, and every rule holds."""

from __future__ import annotations

from collections import Counter

import pytest

from review.reference import first_cycle, lot_rules, party
from review.services import documented, pairs
from workflows import drawing

SEEDS = (1, 2, 3)


@pytest.fixture(params=SEEDS, name="cycle")
def _cycle(request: pytest.FixtureRequest) -> dict[str, pairs.Pair]:
    return dict(pairs.expected(request.param))


def test_every_review_has_two_different_states_one_of_its_group(
    cycle: dict[str, pairs.Pair],
) -> None:
    assert len(cycle) == 165
    for iso3, pair in cycle.items():
        assert pair.complete
        assert len({iso3, pair.first, pair.second}) == 3
        assert party(pair.first).regional_group == party(iso3).regional_group


def test_nobody_reviews_whoever_reviews_it(cycle: dict[str, pairs.Pair]) -> None:
    arcs = {(one, iso3) for iso3, pair in cycle.items() for one in (pair.first, pair.second)}
    assert not [arc for arc in arcs if arc[::-1] in arcs]


def test_every_state_reviews_one_to_three_times(cycle: dict[str, pairs.Pair]) -> None:
    rules = lot_rules()
    loads = Counter(one for pair in cycle.values() for one in (pair.first, pair.second))
    assert set(loads) == set(cycle)
    assert rules.least <= min(loads.values()) <= max(loads.values()) <= rules.most


def test_who_is_drawn_was_a_party_and_within_the_working_limit() -> None:
    rules = lot_rules()
    cycle = pairs.expected(1)
    early: Counter[str] = Counter()
    for entry in first_cycle():
        pair = pairs.known_pair(entry)
        if entry.year < rules.last_year:
            early.update(filter(None, (pair.first, pair.second)))
    for entry in first_cycle():
        pair = cycle[entry.iso3]
        for slot in pair.drawn:
            drawn = (pair.first, pair.second)[slot - 1]
            joined = party(drawn).ratification_date
            assert joined
            assert joined <= documented.SESSIONS[entry.year].first_day
            if entry.year < rules.last_year:
                early[drawn] += 1
                assert early[drawn] <= rules.working_most


def test_what_is_known_is_left_as_it_is() -> None:
    for entry in first_cycle():
        known, found = pairs.known_pair(entry), pairs.expected(1)[entry.iso3]
        assert known.first in ("", found.first)
        assert known.second in ("", found.second)
        assert set(found.drawn) == {
            slot for slot, code in ((1, known.first), (2, known.second)) if not code
        }
    assert pairs.expected(1)["ZMB"] == pairs.Pair("ZWE", "ITA", "recalled"), "own group first"


def test_the_draws_can_be_repeated_and_differ_by_seed() -> None:
    for year in pairs.draws(1):
        assert drawing.drawn_anew(year.transcript) == year.transcript
    assert pairs.expected(1) != pairs.expected(2)
