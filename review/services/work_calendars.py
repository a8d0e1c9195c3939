"""The working days of the parties to a review: public holidays, and what the secretariat records.

A day recorded for a State (or, without a State, for the duty station) goes before its weekend and
its public holidays: a day off, or a day on which work is done after all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import DayOff
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
    found = {(Party.SECRETARIAT, 0): days_off.calendar(None, other.get(None))}
    for slot, iso3 in sides.items():
        party = Party.REVIEWING_STATE if slot else Party.STATE_UNDER_REVIEW
        found[party, slot] = days_off.calendar(iso3, other.get(iso3))
    return found


def recorded(session: Session, states: Iterable[str | None]) -> dict[str | None, dict[date, bool]]:
    """The single days that are recorded for these States and for the duty station (None)."""
    wanted = sa.select(DayOff.iso3, DayOff.day, DayOff.works).where(
        sa.or_(DayOff.iso3.in_(set(states) - {None}), DayOff.iso3.is_(None))
    )
    found: dict[str | None, dict[date, bool]] = {}
    for iso3, day, works in session.execute(wanted):
        found.setdefault(iso3, {})[day] = works
    return found
