"""The years of review: what a fair division keeps, and who is in the bowl for a place."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.review_years import (
    NO_GROUP,
    Bowl,
    ClosedYear,
    Place,
    YearParty,
    YearsError,
    bowl,
    places,
    quotas,
)

sizes = st.dictionaries(st.sampled_from(["", "A", "B", "C", "D", "E"]), st.integers(0, 80))
shares = st.lists(st.integers(0, 6), min_size=1, max_size=5).filter(any)


@given(sizes, shares)
def test_every_party_has_a_place_and_no_cell_strays_from_its_share(
    groups: dict[str, int], years: list[int]
) -> None:
    found = quotas(groups, years)

    assert list(found) == sorted(groups)
    for group, row in found.items():
        assert sum(row) == groups[group]
        for count, share in zip(row, years, strict=True):
            exact = Fraction(groups[group] * share, sum(years))
            assert math.floor(exact) <= count <= math.ceil(exact)


@given(sizes, shares)
def test_a_larger_remainder_is_rounded_up_first(groups: dict[str, int], years: list[int]) -> None:
    for group, row in quotas(groups, years).items():
        exact = [Fraction(groups[group] * share, sum(years)) for share in years]
        up = [share - int(share) for share, count in zip(exact, row, strict=True) if count > share]
        down = [
            share - int(share) for share, count in zip(exact, row, strict=True) if count < share
        ]
        assert not up or not down or min(up) >= max(down)


@given(sizes, st.integers(1, 5))
def test_equal_years_differ_by_one_state_at_most(groups: dict[str, int], years: int) -> None:
    columns = [sum(column) for column in zip(*quotas(groups, [1] * years).values(), strict=True)]

    assert not columns or max(columns) - min(columns) <= 1


def test_the_first_cycle_by_hand() -> None:
    groups = {"African States": 5, "Asia-Pacific States": 6, NO_GROUP: 1}

    assert quotas(groups, [1, 1, 1, 1, 0]) == {
        NO_GROUP: [1, 0, 0, 0, 0],
        "African States": [1, 2, 1, 1, 0],
        "Asia-Pacific States": [1, 1, 2, 2, 0],
    }


@pytest.mark.parametrize(
    ("groups", "years"),
    [({"A": 1}, [0, 0]), ({"A": 1}, []), ({"A": 1}, [1, -1]), ({"A": -1}, [1])],
)
def test_what_cannot_be_divided_is_refused(groups: dict[str, int], years: list[int]) -> None:
    with pytest.raises(YearsError):
        quotas(groups, years)


def test_places_go_by_group_and_year() -> None:
    assert places({"B": [1, 0], "A": [1, 2]}) == (
        Place("A", 1),
        Place("A", 2),
        Place("A", 2),
        Place("B", 1),
    )
    with pytest.raises(YearsError):
        places({"A": [-1]})


# The bowl --------------------------------------------------------------------------------------


def party(code: str, volunteers: int = 0, group: str = "A") -> YearParty:
    return YearParty(code, code.title(), group, volunteers)


def test_a_volunteer_of_the_year_comes_first() -> None:
    found = bowl([party("ZZZ", 1), party("AAA"), party("BBB", 2)], [], Place("A", 1))

    assert found == Bowl(("ZZZ",), {ClosedYear.VOLUNTEERS_FIRST: ("AAA", "BBB")})


def test_a_volunteer_of_a_later_year_waits_while_there_is_another() -> None:
    parties = [party("AAA", 3), party("BBB"), party("CCC", 1)]

    assert bowl(parties, [], Place("A", 2)) == Bowl(
        ("BBB", "CCC"), {ClosedYear.VOLUNTEERS_LATER: ("AAA",)}
    )
    assert bowl(parties, ["BBB", "CCC"], Place("A", 2)) == Bowl(
        ("AAA",), {ClosedYear.PLACED: ("BBB", "CCC")}
    )


def test_other_groups_are_not_mentioned() -> None:
    found = bowl([party("AAA"), party("BBB", group="")], [], Place("", 1))

    assert found == Bowl(("BBB",), {})


@st.composite
def draws(draw: st.DrawFn) -> tuple[list[YearParty], dict[str, list[int]]]:
    count = draw(st.integers(1, 12))
    parties = [
        party(f"P{number:02}", draw(st.integers(0, 3)), draw(st.sampled_from(["", "A"])))
        for number in range(count)
    ]
    groups = {one.group for one in parties}
    size = {group: sum(one.group == group for one in parties) for group in groups}
    return parties, quotas(size, [1, 1, 1])


@given(draws(), st.randoms(use_true_random=False))
def test_a_draw_never_stops_and_gives_everybody_one_year(
    case: tuple[list[YearParty], dict[str, list[int]]], chance: Random
) -> None:
    parties, quota = case
    placed: dict[str, int] = {}
    for place in places(quota):
        found = bowl(parties, placed, place)
        closed = [code for codes in found.closed.values() for code in codes]
        mine = {one.code for one in parties if one.group == place.group}
        assert sorted([*found.candidates, *closed]) == sorted(mine), "each named once"
        assert found.candidates == tuple(sorted(found.candidates))
        placed[chance.choice(found.candidates)] = place.year

    assert placed.keys() == {one.code for one in parties}
    for year in (1, 2, 3):
        for group, row in quota.items():
            offered = {p.code for p in parties if p.group == group and p.volunteers == year}
            got = sum(placed[code] == year for code in offered)
            taken = sum(placed[code] < year for code in offered)
            assert got + taken >= min(len(offered), row[year - 1]), "volunteers fill their year"
