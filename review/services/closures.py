"""Days off that the secretariat records for a State or for the duty station.

They hold from then on: a reminder that would go out on such a day goes out on another, and a date
that is counted anew falls on a working day. Dates that stand already stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import DayOff, Person, State
from review.reference import days_off
from review.services import audit, work_calendars
from review.services.audit import Verb
from review.services.errors import InvalidGiven, NotFound
from workflows.working_days import LONGEST_PAUSE

LONGEST: Final = 31
"""Days that one entry may record at once."""
NAME_LIMIT: Final = 120
TOO_LONG: Final = N_(
    "With weekends, public holidays and what is recorded already, two months would pass without a "
    "working day: no date could be counted. Leave a working day in between."
)
_RECORDING: Final = 0x44415953
_LOCK: Final = sa.text("SELECT pg_advisory_xact_lock(:number, hashtext(:place))")


@dataclass(frozen=True, slots=True)
class ClosureGiven:
    """Days as they are entered; ``works``: work is done on them after all."""

    first_day: date
    last_day: date
    name: str
    works: bool = False


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day that is not an ordinary one; ``recorded`` is the number of the entry made here."""

    day: date
    name: str
    works: bool
    recorded: int | None = None


def record(
    session: Session, iso3: str | None, given: ClosureGiven, *, actor: Person, now: datetime
) -> int:
    """Record days of a State (None: the duty station); returns how many. One entry a day.

    Raises NotFound for an unknown State, InvalidGiven with a text for each field.
    """
    if iso3 is not None and session.get(State, iso3) is None:
        raise NotFound(f"no State {iso3}")
    if errors := _faults(given):
        raise InvalidGiven(errors)
    _one_at_a_time(session, iso3)
    days = [
        given.first_day + timedelta(days=n)
        for n in range((given.last_day - given.first_day).days + 1)
    ]
    rows = [
        {
            "iso3": iso3,
            "day": day,
            "name": given.name,
            "works": given.works,
            "recorded_by": actor.id,
            "recorded_at": now,
        }
        for day in days
    ]
    made = session.scalars(insert(DayOff).on_conflict_do_nothing().returning(DayOff.id), rows)
    count = len(made.all())
    if count < len(days):
        raise InvalidGiven({"first_day": N_("One of these days is recorded already.")})
    if _rests_too_long(session, iso3, days):
        raise InvalidGiven({"last_day": TOO_LONG})
    audit.record(session, Verb.CLOSURE_RECORDED, now=now, actor=actor, after=_told(iso3, given))
    return count


def take_back(session: Session, entry: int, *, actor: Person, now: datetime) -> str | None:
    """Remove an entry; returns its State (None: the duty station).

    Raises NotFound; InvalidGiven where a day of work would go that so many days off need.
    """
    found = session.get(DayOff, entry, with_for_update=True)
    if found is None:
        raise NotFound(f"no recorded day {entry}")
    iso3, day = found.iso3, found.day
    _one_at_a_time(session, iso3)
    told = _told(iso3, ClosureGiven(found.day, found.day, found.name, found.works))
    session.delete(found)
    session.flush()
    if found.works and _rests_too_long(session, iso3, [day]):
        raise InvalidGiven({"": TOO_LONG})
    audit.record(session, Verb.CLOSURE_TAKEN_BACK, now=now, actor=actor, before=told)
    return iso3


def place_of(session: Session, entry: int) -> str | None:
    """The State of an entry (None: the duty station). Raises NotFound."""
    found = session.get(DayOff, entry)
    if found is None:
        raise NotFound(f"no recorded day {entry}")
    return found.iso3


def of_year(session: Session, iso3: str | None, year: int) -> list[NamedDay]:
    """Public holidays and recorded days of a year in order; a recorded day takes the place."""
    same = DayOff.iso3 == iso3 if iso3 else DayOff.iso3.is_(None)
    first, last = date(year, 1, 1), date(year, 12, 31)
    wanted = sa.select(DayOff).where(same, DayOff.day.between(first, last))
    recorded = {
        one.day: NamedDay(one.day, one.name, one.works, one.id) for one in session.scalars(wanted)
    }
    known = days_off.public_holidays(iso3 or days_off.DUTY_STATION, year)
    days = {day: NamedDay(day, name, works=False) for day, name in known.items()} | recorded
    return [days[day] for day in sorted(days)]


def weekend_of(iso3: str | None) -> Iterable[int]:
    """The weekdays off of a State or of the duty station, Monday is 0."""
    return sorted(days_off.calendar(iso3).weekend)


def _one_at_a_time(session: Session, iso3: str | None) -> None:
    """Let nobody else record days of this place meanwhile: together they may be too many."""
    session.execute(_LOCK, {"number": _RECORDING, "place": iso3 or ""})


def _rests_too_long(session: Session, iso3: str | None, days: Iterable[date]) -> bool:
    """Whether one of these days is now part of too many days off in a row."""
    recorded = work_calendars.recorded(session, [iso3])
    calendar = days_off.calendar(iso3, recorded.get(iso3))
    return any(calendar.rest_around(day) >= LONGEST_PAUSE for day in days)


def _faults(given: ClosureGiven) -> dict[str, str]:
    errors = {}
    if not given.name.strip():
        errors["name"] = N_("Please fill this in.")
    elif len(given.name) > NAME_LIMIT:
        errors["name"] = N_("This is too long.")
    if given.last_day < given.first_day:
        errors["last_day"] = N_("The last day lies before the first.")
    elif (given.last_day - given.first_day).days >= LONGEST:
        errors["last_day"] = N_("One entry records a month at most.")
    return errors


def _told(iso3: str | None, given: ClosureGiven) -> dict[str, object]:
    return {
        "state": iso3,
        "first_day": given.first_day.isoformat(),
        "last_day": given.last_day.isoformat(),
        "name": given.name,
        "works": given.works,
    }
