"""One message a day instead of single reminders, for those who chose it.

A sweep records the reminders of these people without sending them. The digest of a day is written
at 07:00 where its reader lives, or as soon after as there is something to say: once a day at most,
and only on days on which a reminder has fallen due. It lists everything that is then the reader's
to do and close enough to be reminded of.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Member, MilestoneDate, Outbox, Person, Review
from review.policy import ADMINISTRATOR
from review.services import outbox, reminders, snapshot

MORNING: Final = time(7)
_WAITS: Final = Outbox.params["digest"] == sa.text("'true'::jsonb")
"""A recorded reminder that no digest has taken up yet."""


def write(session: Session, now: datetime) -> int:
    """Write the digests whose hour has come; returns how many. Twice at once is as good as once."""
    people = session.scalars(sa.select(Person).where(Person.digest, Person.active)).all()
    return sum(_write(session, one, now) for one in people if _is_day(one, now))


def _is_day(person: Person, now: datetime) -> bool:
    return now.astimezone(ZoneInfo(person.time_zone)).time() >= MORNING


def _write(session: Session, person: Person, now: datetime) -> bool:
    day = now.astimezone(ZoneInfo(person.time_zone)).date()
    key = f"digest:{person.id}:{day}"
    if session.scalar(sa.select(sa.literal(1)).where(Outbox.key == key)):
        return False
    waiting = session.scalars(
        sa.select(Outbox)
        .where(Outbox.person_id == person.id, Outbox.state == "recorded", _WAITS)
        .with_for_update(skip_locked=True)
    ).all()
    if not waiting:
        return False
    items = list(_items(session, person, now))
    items += [row.params for row in waiting if row.notice == "escalation"]
    written = bool(items) and _put(session, person, key, day, items, now)
    if written or not items:
        for row in waiting:
            row.params = {**row.params, "digest": key}
    session.flush()
    return written


def _put(
    session: Session,
    person: Person,
    key: str,
    day: date,
    items: list[dict[str, Any]],
    now: datetime,
) -> bool:
    params = {"items": items, "day": day.isoformat()}
    return outbox.put(session, "digest", key=key, to=person, now=now, params=params)


def _items(session: Session, person: Person, now: datetime) -> Iterator[dict[str, Any]]:
    """What is the reader's to do, in every review, each as the parameters of its reminder."""
    for seen in snapshot.load_many(session, _reviews(session, person), now):
        for owed in reminders.owed_now(seen, now):
            for to in reminders.responsible(owed):
                if to.person_id == person.id:
                    yield reminders.params(owed, "reminder", to)


def _reviews(session: Session, person: Person) -> list[int]:
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
