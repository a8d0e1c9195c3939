"""Who holds which office since when, who held it before, and successions with their course."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from review.models import CapabilityUse, Member, Office, Outbox, Person, Review, Succession
from review.services import succession_asking, succession_mails
from review.services.succession_mails import ASKED

ANSWERED: Final = 50
"""So many successions that were answered are listed, the latest first."""


@dataclass(frozen=True, slots=True)
class OfficeRow:
    """One office of a review: its holder (None: vacant), those before, and what is open."""

    office: Office
    of_several: bool
    """Whether its side has more than one office of this role."""
    holder: Member | None
    former: tuple[Member, ...]
    """The latest first."""
    open: Succession | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A message to the mission, and what became of it."""

    mail_id: int
    address: str
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Line:
    """An open or answered succession in a list."""

    one: Succession
    review: Review
    days: int
    """Since it was begun; of an answered one, until the answer."""
    unanswered: int = 0
    """So often the mission was asked, if it is not asked again and nobody has answered."""


def of_review(session: Session, review_id: int) -> list[OfficeRow]:
    """The offices of a review: the State under review first, then the reviewing States."""
    found = session.scalars(
        sa.select(Office)
        .where(Office.review_id == review_id)
        .order_by(Office.slot, Office.role == "observer", Office.role, Office.number)
    ).all()
    held: dict[int, list[Member]] = defaultdict(list)
    members = sa.select(Member).where(Member.review_id == review_id)
    for member in session.scalars(members.order_by(Member.since.desc(), Member.id.desc())):
        held[member.office_id].append(member)
    several = Counter((one.slot, one.role) for one in found)
    opened = {
        one.office_id: one
        for one in session.scalars(
            sa.select(Succession)
            .join(Office, Office.id == Succession.office_id)
            .where(Office.review_id == review_id, Succession.answered_at.is_(None))
        )
    }
    return [
        OfficeRow(
            office,
            several[office.slot, office.role] > 1,
            next((one for one in held[office.id] if one.ended_at is None), None),
            tuple(one for one in held[office.id] if one.ended_at is not None),
            opened.get(office.id),
        )
        for office in found
    ]


def is_numbered(session: Session, office: Office) -> bool:
    """Whether its side has more than one office of this role."""
    others = sa.select(sa.func.count()).where(
        Office.review_id == office.review_id,
        Office.role == office.role,
        Office.slot == office.slot,
    )
    return (session.scalar(others) or 0) > 1


def lines(
    session: Session, now: datetime, *, open_ones: bool, reviews: Iterable[int] | None = None
) -> list[Line]:
    """Successions: the open ones, the longest first, or the latest that were answered."""
    wanted = (
        sa.select(Succession, Review)
        .join(Succession.office)
        .join(Review, Review.id == Office.review_id)
        .options(contains_eager(Succession.office), joinedload(Succession.predecessor))
    )
    if reviews is not None:
        wanted = wanted.where(Review.id.in_(list(reviews)))
    if open_ones:
        wanted = wanted.where(Succession.answered_at.is_(None)).order_by(Succession.begun_at)
    else:
        answered = Succession.answered_at.is_not(None)
        wanted = wanted.where(answered).order_by(Succession.answered_at.desc()).limit(ANSWERED)
    found = session.execute(wanted.order_by(Succession.id))
    rows = [(one, review) for one, review in found]
    unanswered = _unanswered(session, rows)
    return [
        Line(
            one,
            review,
            ((one.answered_at or now) - one.begun_at).days,
            unanswered.get(one.id, 0) if one.is_open else 0,
        )
        for one, review in rows
    ]


def _unanswered(session: Session, rows: Iterable[tuple[Succession, Review]]) -> dict[int, int]:
    """How often a mission was asked that has had the last question by rule."""
    keys = succession_asking.last_keys(rows)
    written = session.scalars(sa.select(Outbox.key).where(Outbox.key.in_(keys)))
    return {keys[key]: succession_mails.asked(session, keys[key]) for key in written}


def asked(session: Session, succession_id: int) -> list[Asked]:
    """The messages by which the mission was asked, the first one first."""
    key = f"succession:{succession_id}:{ASKED}:"
    rows = session.scalars(sa.select(Outbox).where(Outbox.key.startswith(key)).order_by(Outbox.id))
    return [Asked(row.id, row.address, row.sent_at or row.created_at, row.state) for row in rows]


def uses(session: Session, capability_id: int) -> list[CapabilityUse]:
    """What was done with a link, the first one first."""
    wanted = sa.select(CapabilityUse).where(CapabilityUse.capability_id == capability_id)
    return list(session.scalars(wanted.order_by(CapabilityUse.id)))


def member(session: Session, member_id: int) -> Member | None:
    """Who holds an office at present, by the number of the holding."""
    found = session.get(Member, member_id)
    return found if found is not None and found.ended_at is None else None


def held_by(session: Session, person: Person) -> list[tuple[Member, Succession | None]]:
    """The offices of somebody, with what is open about each."""
    rows = session.execute(
        sa.select(Member, Succession)
        .outerjoin(
            Succession,
            sa.and_(Succession.office_id == Member.office_id, Succession.answered_at.is_(None)),
        )
        .where(Member.person_id == person.id, Member.ended_at.is_(None))
        .order_by(Member.id)
    )
    return [(one, succession) for one, succession in rows]


def of_person(session: Session, person_id: int) -> list[Line]:
    """The successions in which somebody left, or was to leave, an office."""
    rows = session.execute(
        sa.select(Succession, Review)
        .join(Member, Member.id == Succession.predecessor_id)
        .join(Review, Review.id == Member.review_id)
        .where(Member.person_id == person_id)
        .order_by(Succession.id.desc())
    )
    return [Line(one, review, 0) for one, review in rows]


def open_of_office(session: Session, office_id: int) -> Succession | None:
    """The open succession of an office."""
    return session.scalars(
        sa.select(Succession).where(
            Succession.office_id == office_id, Succession.answered_at.is_(None)
        )
    ).one_or_none()


def review_name(session: Session, review_id: int) -> str:
    """The State under review, in English."""
    return session.get_one(Review, review_id).state.name


def handed_over_at(session: Session, person_id: int, review_id: int) -> datetime | None:
    """When somebody handed their last office in a review over; None where they did not."""
    return session.scalar(
        sa.select(sa.func.max(Succession.answered_at))
        .join(Member, Member.id == Succession.predecessor_id)
        .where(
            Member.person_id == person_id,
            Member.review_id == review_id,
            Succession.state == "confirmed",
        )
    )
