"""States parties, signatories and their seats."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from review import reference

COUNT_DATE = date(2013, 5, 24)


def test_published_counts_of_24_may_2013() -> None:
    assert len(reference.parties_at(COUNT_DATE)) == 166
    assert len(reference.signatories_at(COUNT_DATE)) == 140


def test_codes_and_names_are_unique() -> None:
    everyone = reference.parties()
    assert len(everyone) == 191
    assert len({p.iso3 for p in everyone}) == 191
    assert len({p.name for p in everyone}) == 191


@pytest.mark.parametrize("party", reference.parties(), ids=lambda p: p.iso3)
def test_every_party_has_a_zone_a_language_and_a_group(party: reference.Party) -> None:
    assert ZoneInfo(party.time_zone).key == party.time_zone
    assert party.language in {"ar", "zh", "en", "fr", "ru", "es"}
    assert party.place
    if party.iso3 != "EUE":
        assert party.regional_group in reference.REGIONAL_GROUPS


def test_the_european_union_has_no_regional_group() -> None:
    union = reference.party("EUE")
    assert union.regional_group is None
    assert (union.capital, union.time_zone) == ("Brussels", "Europe/Brussels")


def test_an_unknown_code_is_named_in_the_error() -> None:
    with pytest.raises(reference.UnknownReferenceError, match="XYZ"):
        reference.party("XYZ")
