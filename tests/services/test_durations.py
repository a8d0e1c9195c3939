"""The model of durations: calibrated, repeatable, true to the days that sources give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from review.reference import first_cycle
from review.services import documented, durations, pairs
from review.services.durations import FINAL_STEP, Plan
from review.services.replay import given


@pytest.fixture(scope="module")
def plans() -> Mapping[str, Plan]:
    return durations.calibrated(durations.DEFAULT_SEED)


@pytest.mark.parametrize("seed", range(1, 6))
def test_every_seed_meets_the_published_total(seed: int) -> None:
    ends = [plan.when(FINAL_STEP) for plan in durations.calibrated(seed).values()]
    finalised = [end for end in ends if end and end.date() <= date(2013, 5, 24)]
    assert len(finalised) == 38


def test_the_same_seed_gives_the_same_review_and_another_one_another() -> None:
    entry = next(e for e in first_cycle() if e.iso3 == "ZMB")
    pair = pairs.known_pair(entry)
    first = durations.plan(entry, pair, seed=3, pace=1.0)
    assert first == durations.plan(entry, pair, seed=3, pace=1.0)
    assert first.steps != durations.plan(entry, pair, seed=4, pace=1.0).steps
    assert first.steps[-1].at < durations.plan(entry, pair, seed=3, pace=2.0).steps[-1].at


def test_steps_follow_one_another(plans: Mapping[str, Plan]) -> None:
    for plan in plans.values():
        assert all(before.at < after.at for before, after in pairwise(plan.steps)), plan.entry


def test_nobody_works_at_night_or_on_a_free_day(plans: Mapping[str, Plan]) -> None:
    for plan in plans.values():
        for step in plan.steps:
            if step.step == "notify_start" and not step.documented:
                local = step.at.astimezone(ZoneInfo("Europe/Vienna"))
                assert 9 <= local.hour < 17
                assert local.weekday() < 5


def test_every_day_that_a_source_names_is_kept(plans: Mapping[str, Plan]) -> None:
    for iso3, plan in plans.items():
        for pin in documented.pins(iso3).values():
            if pin.documented:
                days = [s.at.date() for s in plan.steps if s.step == pin.step and s.documented]
                assert days == [pin.last_day], (iso3, pin.step)


def test_summaries_appear_in_the_year_of_their_job_number(plans: Mapping[str, Plan]) -> None:
    for iso3, plan in plans.items():
        pin, end = documented.pins(iso3).get(FINAL_STEP), plan.when(FINAL_STEP)
        if pin and end:
            assert abs((end.date() - pin.last_day).days) <= 3, iso3


def test_a_job_number_is_placed_in_its_year() -> None:
    assert documented.pins("ZAF")[FINAL_STEP].last_day == date(2012, 11, 16), "day precision wins"
    assert documented.pins("GBR")[FINAL_STEP].last_day.year == 2013
    assert not documented.pins("GBR")[FINAL_STEP].documented


def test_document_symbols_are_unique_and_known_ones_kept(plans: Mapping[str, Plan]) -> None:
    symbols = given.symbols(plans)
    assert len(set(symbols.values())) == len(plans)
    assert symbols["AUS"] == "CAC/COSP/IRG/I/2/1"
    assert symbols["ZAF"] == "CAC/COSP/IRG/I/2/1/Add.9"
    assert symbols["FIN"].startswith("CAC/COSP/IRG/I/1/1")


def test_a_pair_is_drawn_once_both_are_parties() -> None:
    assert documented.drawn_at(3, ("RWA", "SWZ")).name == "Resumed third session"
    assert documented.drawn_at(3, ("PHL", "KEN")).name == "Third session"
