"""Weekends and public holidays of a State, as the library `holidays` knows them.

Some are estimated by the library (those that follow the moon), and a few States are not known to
it; then Saturday and Sunday are taken. What the secretariat records itself goes before all of this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache, partial
from typing import Final

from workflows.working_days import WorkCalendar

SATURDAY_SUNDAY: Final = frozenset({5, 6})
DUTY_STATION: Final = "AUT"
"""Whose public holidays are taken for the duty station, beside the closures recorded for it."""


def calendar(iso3: str | None, other: Mapping[date, bool] | None = None) -> WorkCalendar:
    """The calendar of a State, or (None) of the duty station, with the days recorded for it."""
    known = _known(iso3 or DUTY_STATION)
    return replace(known, other=other) if other else known


@cache
def _known(iso3: str) -> WorkCalendar:
    return WorkCalendar(weekend(iso3), partial(public_holidays, iso3))


@cache
def weekend(iso3: str) -> frozenset[int]:
    """The weekdays on which a State does not work, Monday is 0."""
    import holidays

    code = _two_letters(iso3)
    if not is_known(iso3):
        return SATURDAY_SUNDAY
    return frozenset(holidays.country_holidays(code).weekend)


@cache
def public_holidays(iso3: str, year: int) -> Mapping[date, str]:
    """The public holidays of a State in a year, with their English names; empty if not known."""
    import holidays

    if not is_known(iso3):
        return {}
    found = holidays.country_holidays(
        _two_letters(iso3), years=year, language=_english(_two_letters(iso3))
    )
    return {day: name for day, name in found.items() if day.year == year}


@cache
def is_known(iso3: str) -> bool:
    """Whether the library knows the public holidays of this State."""
    import holidays

    return _two_letters(iso3) in holidays.list_supported_countries()


@cache
def _english(code: str) -> str | None:
    import holidays

    spoken = holidays.list_localized_countries().get(code, [])
    return next((one for one in ("en_US", "en_GB", "en") if one in spoken), None)


@cache
def _two_letters(iso3: str) -> str:
    """The short code of a State: some of the long ones mean something else to the library."""
    from babel.core import get_global

    return str(next(iter(get_global("territory_aliases").get(iso3, ())), ""))
