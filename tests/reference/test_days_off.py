"""Weekends and public holidays of States, where the library knows them and where it does not."""

from __future__ import annotations

from datetime import date

from review.reference import days_off, parties


def test_weekends_are_those_of_the_state() -> None:
    assert days_off.weekend("EGY") == {4, 5}
    assert days_off.weekend("IRN") == {4}
    assert days_off.weekend("FRA") == {5, 6}
    assert days_off.weekend("MAR") == {5, 6}, "its long code is a month to the library"


def test_holidays_have_english_names() -> None:
    assert days_off.public_holidays("AUT", 2013)[date(2013, 10, 26)] == "National Day"
    assert date(2013, 10, 26) not in days_off.public_holidays("FRA", 2013)


def test_almost_every_party_is_known_and_the_others_rest_at_the_weekend() -> None:
    unknown = [one.iso3 for one in parties() if not days_off.is_known(one.iso3)]
    assert unknown == ["EUE"]
    assert days_off.weekend("EUE") == {5, 6}
    assert days_off.public_holidays("EUE", 2013) == {}
