"""A mission that has not answered who follows is asked again, on the days the process names.

Each of these questions is written once, by its key. After an outage only the latest is; what a
person had asked within a day is not asked once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Office, Outbox, Review, Succession
from review.services import snapshot, succession_mails
from review.services.setbacks import Setbacks
from review.services.snapshot import Snapshot
from workflows.deadlines import local_day, working_morning
from workflows.registry import process

PAUSE: Final = timedelta(days=1)
"""Between a question that somebody sent and one that falls due."""


def ask_again(session: Session, now: datetime, setbacks: Setbacks | None = None) -> int:
    """Ask the missions of which a question has fallen due; returns how many were asked.

    A review in which somebody is taking a step is left for the next time; one that cannot be read
    is noted in ``setbacks`` and keeps no other mission from being asked.
    """
    setbacks = Setbacks() if setbacks is None else setbacks
    waiting: dict[int, list[Succession]] = {}
    for one in session.scalars(_open()):
        waiting.setdefault(one.office.review_id, []).append(one)
    count = 0
    for seen in snapshot.load_many(session, waiting, now, setbacks) if waiting else ():
        with setbacks.review(seen.id), session.begin_nested():
            count += _ask(session, seen, waiting[seen.id], now)
    return count


def _open() -> sa.Select[Succession]:
    return (
        sa.select(Succession)
        .join(Succession.office)
        .join(Review, Review.id == Office.review_id)
        .where(Succession.answered_at.is_(None), Review.completed_at.is_(None))
        .order_by(Succession.id)
    )


def _ask(session: Session, seen: Snapshot, some: Iterable[Succession], now: datetime) -> int:
    due = {one: days for one in some if (days := _due(seen, one, now)) is not None}
    due = {one: days for one, days in due.items() if not _was_asked(session, one, days, now)}
    free = sa.select(Review.id).where(Review.id == seen.id)
    if not due or session.scalar(free.with_for_update(of=Review, skip_locked=True)) is None:
        return 0
    count = 0
    for one, days in due.items():
        session.refresh(one)
        if one.is_open:
            count += succession_mails.ask_mission(session, one, now=now, number=_name(days))
    return count


def _due(seen: Snapshot, one: Succession, now: datetime) -> int | None:
    """The latest of the days that has come; None before the first, and where nobody works today."""
    slot = one.office.slot
    place = seen.place_of(succession_mails.party_of(slot), slot)
    if not place.calendar.works(local_day(now, place.zone)):
        return None
    begun = local_day(one.begun_at, place.zone)
    passed = [
        days
        for days in seen.process.asking.again
        if working_morning(begun + timedelta(days=days), place) <= now
    ]
    return max(passed, default=None)


def _was_asked(session: Session, one: Succession, days: int, now: datetime) -> bool:
    """Whether this question is written, or somebody asked so lately that it can wait."""
    key = succession_mails.key_of(one.id, succession_mails.ASKED, _name(days))
    lately = sa.and_(
        Outbox.key.startswith(succession_mails.key_of(one.id, succession_mails.ASKED)),
        Outbox.created_at > now - PAUSE,
    )
    return bool(session.scalar(sa.select(sa.exists().where(sa.or_(Outbox.key == key, lately)))))


def _name(days: int) -> str:
    return f"again-{days}"


def last_keys(found: Iterable[tuple[Succession, Review]]) -> dict[str, int]:
    """The keys of the last questions of these successions, each with the number of its own."""
    keys = {}
    for one, review in found:
        if days := process(review.process_key).asking.again:
            keys[succession_mails.key_of(one.id, succession_mails.ASKED, _name(days[-1]))] = one.id
    return keys
