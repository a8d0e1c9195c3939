"""The working days of the parties to a review: public holidays, and what the secretariat records.

A day recorded for a State (or, without a State, for the duty station) goes before its weekend and
its public holidays: a day off, or a day on which work is done after all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, partial
from typing import Any

from review.reference import days_off
from workflows.spec import Party
from workflows.working_days import WorkCalendar

Calendars = Mapping[tuple[Party, int], WorkCalendar]


def of_parties(sides: Mapping[int, str], recorded: Iterable[Sequence[Any]]) -> Calendars:
    """The calendar of each side of a review and of the secretariat.

    ``sides``: slot to State. ``recorded``: State (None for the duty station), day as ISO text, and
    whether work is done.
    """
    other: dict[str | None, dict[date, bool]] = {}
    for iso3, day, works in recorded:
        other.setdefault(iso3, {})[date.fromisoformat(day)] = works
    found = {(Party.SECRETARIAT, 0): _with(of_duty_station(), other.get(None))}
    for slot, iso3 in sides.items():
        party = Party.REVIEWING_STATE if slot else Party.STATE_UNDER_REVIEW
        found[party, slot] = _with(of_state(iso3), other.get(iso3))
    return found


def of_place(iso3: str | None, recorded: Mapping[date, bool] | None = None) -> WorkCalendar:
    """The calendar of a State, or (None) of the duty station, with what is recorded for it."""
    return _with(of_state(iso3) if iso3 else of_duty_station(), recorded)


def _with(calendar: WorkCalendar, other: Mapping[date, bool] | None) -> WorkCalendar:
    return replace(calendar, other=other) if other else calendar


@cache
def of_state(iso3: str) -> WorkCalendar:
    """Weekends and public holidays of a State, without what is recorded for it."""
    return WorkCalendar(days_off.weekend(iso3), partial(days_off.public_holidays, iso3))


def of_duty_station() -> WorkCalendar:
    """The same for the place where the secretariat works."""
    return of_state(days_off.DUTY_STATION)
