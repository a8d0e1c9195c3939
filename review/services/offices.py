"""Offices in a review and who holds them: taken, left, and until when the mandate runs.

An office that somebody left is filled again before a new one is made, so that its history shows
who followed whom. What belongs to an office (answers, findings, questions, requests) belongs to
its side of the review and stays there when the holder changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Member, Office, Person, Succession


def fill(
    session: Session,
    review_id: int,
    person: Person,
    role: str,
    slot: int,
    *,
    since: datetime,
    note_verbale: str = "",
    mandate_ends_on: date | None = None,
) -> Member:
    """Make a person the holder of an office of their State that nobody holds, or of a new one."""
    return hold(
        session,
        _vacant(session, review_id, person, role, slot)
        or _new(session, review_id, person, role, slot),
        person,
        since=since,
        note_verbale=note_verbale,
        mandate_ends_on=mandate_ends_on,
    )


def hold(
    session: Session,
    office: Office,
    person: Person,
    *,
    since: datetime,
    note_verbale: str = "",
    mandate_ends_on: date | None = None,
) -> Member:
    """Make a person the holder of this very office; its former holder has left it."""
    made = Member(
        review_id=office.review_id,
        person_id=person.id,
        role=office.role,
        slot=office.slot,
        since=since,
        note_verbale=note_verbale,
        mandate_ends_on=mandate_ends_on,
        office_id=office.id,
    )
    session.add(made)
    session.flush()
    return made


def _vacant(
    session: Session, review_id: int, person: Person, role: str, slot: int
) -> Office | None:
    held = sa.exists().where(Member.office_id == Office.id, Member.ended_at.is_(None))
    return session.scalars(
        sa.select(Office)
        .where(
            Office.review_id == review_id,
            Office.role == role,
            Office.slot == slot,
            Office.iso3 == person.iso3,
            ~held,
        )
        .order_by(Office.number)
        .limit(1)
    ).one_or_none()


def _new(session: Session, review_id: int, person: Person, role: str, slot: int) -> Office:
    last = session.scalar(
        sa.select(sa.func.max(Office.number)).where(
            Office.review_id == review_id, Office.role == role, Office.slot == slot
        )
    )
    made = Office(
        review_id=review_id, role=role, slot=slot, number=(last or 0) + 1, iso3=person.iso3
    )
    session.add(made)
    session.flush()
    return made


def close_open(session: Session, office_ids: Iterable[int], now: datetime) -> None:
    """End the open successions of offices that their holders have left by another way."""
    session.execute(
        sa.update(Succession)
        .where(Succession.office_id.in_(list(office_ids)), Succession.answered_at.is_(None))
        .values(state="withdrawn", answered_at=now)
    )
