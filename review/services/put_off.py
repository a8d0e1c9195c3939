"""When a mail that has waited may leave: not on a day off, and not in a pause that has begun since.

A mail server may be away over a weekend. What was written on Friday and could leave on Saturday
leaves on the next working morning, where it is owed and where it is read; what a pause holds back,
on the morning after it. Escalations are silenced by no pause, as when they are written. What
somebody sends once more by hand leaves at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.languages import N_
from review.mail.letter import DaysOff
from review.models import Outbox, Person
from review.reference import days_off
from review.services import digest, holds, recipients, reminders, snapshot
from review.services.claims import Claimed
from review.services.recipients import ESCALATION, NOTICES, REMINDER, Owed
from review.services.setbacks import FAULTS
from review.services.snapshot import VIENNA
from workflows import deadlines
from workflows.deadlines import Place, Reminder, local_day
from workflows.registry import process
from workflows.spec import Recipient
from workflows.working_days import EVERY_DAY

PUT_OFF: Final = N_("Put off to the next working morning.")
"""What such a mail says instead of an error. It is no try."""


def until(session: Session, mail: Claimed, recorded: DaysOff, now: datetime) -> datetime | None:
    """When a mail whose turn has come may leave; None: now.

    ``recorded``: the days off that are recorded for the States that it names. One whose data do
    not fit leaves: it was written in time.
    """
    row = mail.row
    if row.resent_from is not None:
        return None
    try:
        if row.notice in NOTICES:
            at = _reminder(session, mail, recorded, now)
        elif row.notice == "digest":
            at = _digest(session, mail, now)
        else:
            return None
    except FAULTS:
        return None
    return at if at > now else None


def waiting(now: datetime) -> sa.Select[Outbox]:
    """The reminders that are written and leave on a later morning."""
    return (
        sa.select(Outbox)
        .where(
            Outbox.state == "waiting",
            Outbox.next_try_at > now,
            Outbox.notice.in_(NOTICES),
            sa.or_(Outbox.attempts == 0, Outbox.error == PUT_OFF),
        )
        .order_by(Outbox.id)
    )


def is_replaced(session: Session, row: Outbox, now: datetime) -> bool:
    """Whether a later reminder has come to its reader while it was put off, or left for a day."""
    left = not row.error and row.next_try_at > row.created_at
    if row.notice != REMINDER or not (left or row.error == PUT_OFF):
        return False
    owed = _owed(session, row, now)
    if owed is None:
        return False
    later = owed.reminder.offset > row.params["offset"]
    return later and Recipient.PERSON in owed.reminder.rule.to


def look_again(session: Session, whose: sa.ColumnElement[bool], now: datetime) -> None:
    """After a pause that ended early: what it held back leaves on the next working morning."""
    held = sa.select(Outbox).where(
        Outbox.state == "waiting", Outbox.error == PUT_OFF, Outbox.next_try_at > now, whose
    )
    for row in session.scalars(held.with_for_update()):
        zone = row.params["time_zone" if row.notice == "digest" else "due_zone"]
        tomorrow = local_day(now, zone) + timedelta(days=1)
        row.next_try_at = min(row.next_try_at, _morning(tomorrow, zone))


def _morning(day: date, zone: str) -> datetime:
    return deadlines.working_morning(day, Place(zone))


def _reminder(session: Session, mail: Claimed, recorded: DaysOff, now: datetime) -> datetime:
    row, at = mail.row, now
    places = tuple(one.without(mail.quiet) for one in _places(row, recorded))
    if mail.paused and row.notice != ESCALATION and (last := _held(session, row, now)):
        at = deadlines.working_morning(last + timedelta(days=1), places[0])
    return deadlines.when_all_work(at, places)


def _places(row: Outbox, recorded: DaysOff) -> tuple[Place, ...]:
    """Where it is owed and, where that is another place, where it is read."""
    given = row.params
    rests = process(given["process"]).counting.rests

    def place(zone: str, iso3: str | None) -> Place:
        calendar = days_off.calendar(iso3, recorded.get(iso3)) if rests else EVERY_DAY
        return Place(zone, calendar)

    own = place(given["due_zone"], given["owner_state"])
    return (own, place(VIENNA, None)) if row.notice == ESCALATION else (own,)


def _held(session: Session, row: Outbox, now: datetime) -> date | None:
    """The last day of the pause that holds it back now, as the sweep would decide it."""
    owed = _owed(session, row, now)
    if owed is None:
        return None
    rules = owed.seen.process.rules(owed.item, owed.reminder.rule.on)
    rule = deadlines.rule_at(rules, row.params["offset"]) or owed.reminder.rule
    then = replace(owed, reminder=Reminder(row.created_at, row.params["offset"], rule))
    today = local_day(now, owed.place.zone)
    told = recipients.tellings(then, recipients.office(session, now), today)
    mine = (one for one in told if one.notice == row.notice and one.to.email == row.address)
    return next((one.held for one in mine), None)


def _owed(session: Session, row: Outbox, now: datetime) -> Owed | None:
    """What it is about, with the latest reminder."""
    if row.review_id is None:
        return None
    key = (row.params["milestone"], row.params["milestone_slot"])
    return reminders.owed_at(snapshot.load(session, row.review_id, now), key, now)


def _digest(session: Session, mail: Claimed, now: datetime) -> datetime:
    """A digest that holds an escalation waits for no pause; one of several pauses waits for none
    but those of all that it holds."""
    row = mail.row
    written, today = (local_day(at, row.params["time_zone"]) for at in (row.created_at, now))
    if written == today and not mail.paused:
        return now
    person = session.get_one(Person, row.person_id)
    reader = digest.readers(session, [person])[person.id]
    last = _all_held(session, person.id, row.params["items"], reader.day(now), now)
    begin = (
        datetime.combine(last + timedelta(days=1), time(), ZoneInfo(reader.zone)) if last else now
    )
    return reader.chance(begin)


def _all_held(
    session: Session, person_id: int, items: list[Mapping[str, Any]], day: date, now: datetime
) -> date | None:
    """The last day on which everything that a digest holds is held back by pauses."""
    if any(item.get("digest") for item in items):  # an escalation that waited for it
        return None
    pauses = holds.in_force(session, now)
    found = [pauses.either(person_id, item["review_id"], day) for item in items]
    return min((one for one in found if one), default=None) if all(found) else None
