"""One message a day instead of single reminders, for those who chose it.

A sweep records the reminders of these people without sending them. The digest of a day is written
at 07:00 where its reader lives, or as soon after as there is something to say: once a day at most,
never on a day off of the reader's State or of the duty station, and only when a reminder has fallen
due since the last one. It lists everything that is then the reader's to do and close enough to be
reminded of. In a pause it brings what others are late with, and nothing else.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Member, MilestoneDate, Outbox, Person, Review
from review.policy import ADMINISTRATOR
from review.reference import days_off
from review.services import (
    holds,
    outbox,
    recipients,
    reminders,
    snapshot,
    still_open,
    work_calendars,
)
from review.services.holds import Holds
from review.services.recipients import Owed
from review.services.setbacks import Setbacks
from workflows.deadlines import local_day
from workflows.working_days import WorkCalendar

MORNING: Final = time(7)
_WAITS: Final = Outbox.params["digest"] == sa.text("'true'::jsonb")
"""A recorded reminder that no digest has taken up yet."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Where somebody reads digests: in which zone, and on which days they work."""

    zone: str
    calendar: WorkCalendar

    def day(self, moment: datetime) -> date:
        """The reader's day at a moment."""
        return local_day(moment, self.zone)

    def chance(self, earliest: datetime, taken: Container[date] = ()) -> datetime:
        """The first moment from then on at which a digest may be written, in UTC.

        ``taken``: days that have their digest already. Raises CalendarError.
        """
        day = self.day(earliest)
        while day in taken or not self.calendar.works(day):
            day = self.calendar.from_then_on(day + timedelta(days=1))
        return max(earliest, self._opens(day))

    def _opens(self, day: date) -> datetime:
        return datetime.combine(day, MORNING, ZoneInfo(self.zone)).astimezone(UTC)


def readers(session: Session, people: Iterable[Person]) -> dict[int, Reader]:
    """Where these people read, with the days off that are recorded for their States."""
    found = list(people)
    places = {one.iso3 for one in found}
    recorded = work_calendars.recorded(session, places)
    calendars = {iso3: days_off.calendar(iso3, recorded.get(iso3)) for iso3 in places}
    return {
        one.id: Reader(one.time_zone, calendars[one.iso3].without(one.quiet_weekdays))
        for one in found
    }


def write(session: Session, now: datetime, setbacks: Setbacks | None = None) -> int:
    """Write the digests whose hour has come; returns how many. Twice at once is as good as once.

    What cannot be told of, and whoever cannot be told, is noted in ``setbacks`` and left out.
    """
    setbacks = Setbacks() if setbacks is None else setbacks
    people = session.scalars(sa.select(Person).where(Person.digest, Person.active)).all()
    places = readers(session, people)
    look = _Look(session, now, holds.in_force(session, now), setbacks)
    return sum(_write_apart(look, one, places[one.id]) for one in people)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look for digests: its moment, the pauses in force, what it passes over."""

    session: Session
    now: datetime
    pauses: Holds
    setbacks: Setbacks


def _write_apart(look: _Look, person: Person, place: Reader) -> bool:
    """The digest of one reader, if its hour has come: its failure is not that of others."""
    with look.setbacks.reader(person.id):
        if place.chance(look.now) == look.now:
            with look.session.begin_nested():
                return _write(look, person, place.day(look.now))
    return False


def key_of(person_id: int, day: date) -> str:
    """The digest of a person on a day, and no other."""
    return f"digest:{person_id}:{day}"


def _write(look: _Look, person: Person, day: date) -> bool:
    session, pauses, key = look.session, look.pauses, key_of(person.id, day)
    if session.scalar(sa.select(sa.literal(1)).where(Outbox.key == key)):
        return False
    found = session.scalars(waiting([person.id]).with_for_update(skip_locked=True)).all()
    rows = [row for row in _still_open(session, found) if not held(row, pauses, day)]
    if not rows:
        session.flush()
        return False
    items = [] if pauses.person(person.id, day) else list(_items(look, person))
    items += [row.params for row in rows if row.notice == "escalation"]
    written = bool(items) and _put(look, person, key, day, items)
    if written or not items:
        for row in rows:
            row.params = {**row.params, "digest": key}
    session.flush()
    return written


def _still_open(session: Session, found: Iterable[Outbox]) -> Iterator[Outbox]:
    """What waits and would still be sent; what is done meanwhile waits no longer."""
    for row in found:
        if still_open.is_open(session, row.person_id, row.review_id, row.params):
            yield row
        else:
            row.params = {name: value for name, value in row.params.items() if name != "digest"}
            row.error = still_open.NOTHING_OPEN


def waiting(person_ids: Iterable[int]) -> sa.Select[Outbox]:
    """The reminders of these people that no digest has taken up yet."""
    return (
        sa.select(Outbox)
        .where(Outbox.person_id.in_(person_ids), Outbox.state == "recorded", _WAITS)
        .order_by(Outbox.id)
    )


def held(row: Outbox, pauses: Holds, day: date) -> date | None:
    """The last day of the pause in which a waiting reminder is not taken up; escalations are."""
    if row.notice == "escalation" or row.person_id is None or row.review_id is None:
        return None
    return pauses.either(row.person_id, row.review_id, day)


def _put(look: _Look, person: Person, key: str, day: date, items: Sequence[dict[str, Any]]) -> bool:
    params = {"items": items, "day": day.isoformat()}
    return outbox.put(look.session, "digest", key=key, to=person, now=look.now, params=params)


def _items(look: _Look, person: Person) -> Iterator[dict[str, Any]]:
    """What is the reader's to do in every review without a pause, as parameters of reminders."""
    numbers = reviews_of(look.session, person)
    for seen in snapshot.load_many(look.session, numbers, look.now, look.setbacks):
        for owed in reminders.owed_now(seen, look.now, look.setbacks):
            yield from _item(look, person, owed)


def _item(look: _Look, person: Person, owed: Owed) -> Sequence[dict[str, Any]]:
    seen, today = owed.seen, local_day(look.now, owed.place.zone)
    if look.pauses.review(seen.id, today):
        return []
    found: list[dict[str, Any]] = []
    with look.setbacks.milestone(seen.id, owed.item.key, owed.slot):
        found += [
            reminders.params(owed, recipients.REMINDER, to)
            for to in recipients.responsible(owed)
            if to.person_id == person.id and not recipients.settling(owed, to, today)
        ]
    return found


def reviews_of(session: Session, person: Person) -> list[int]:
    """The reviews in which something with a date may be this person's to do."""
    dated = sa.exists().where(
        MilestoneDate.review_id == Review.id, MilestoneDate.remind_at.is_not(None)
    )
    return list(session.scalars(sa.select(Review.id).where(dated, _part_of(person))))


def _part_of(person: Person) -> sa.ColumnElement[bool]:
    if not person.is_secretariat:
        return sa.exists().where(
            Member.review_id == Review.id,
            Member.person_id == person.id,
            Member.ended_at.is_(None),
        )
    if person.role == ADMINISTRATOR:
        return sa.or_(Review.officer_id == person.id, Review.officer_id.is_(None))
    return Review.officer_id == person.id
