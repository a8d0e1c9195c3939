"""People: who has an account, how it stands, in which reviews they take part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.models import Audit, Member, Person, Review, State
from review.services.account_links import INVITATION_FOR
from review.services.errors import NotFound
from review.services.queries import state_names

PAGE: Final = 50
HISTORY: Final = 50


class Status(StrEnum):
    """How an account stands."""

    ACTIVE = "active"
    INVITED = "invited"
    EXPIRED = "expired"
    CLOSED = "closed"


def status(person: Person, now: datetime) -> Status:
    """How an account stands: closed, in use, invited, or invited in vain."""
    if not person.active:
        return Status.CLOSED
    if person.activated_at is not None:
        return Status.ACTIVE
    return Status.EXPIRED if person.invited_at < now - INVITATION_FOR else Status.INVITED


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody's part in a review."""

    review_id: int
    name: str
    """The State under review, in English."""
    year: int
    stage: str
    role: str
    slot: int
    ended: bool


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of the list."""

    person: Person
    status: Status
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class PeopleFilters:
    """Whom the list shows. Empty: everybody."""

    q: str = ""
    role: str = ""
    status: str = ""
    group: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of the list."""

    rows: tuple[PersonRow, ...]
    found: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done about an account, or by the person about it."""

    verb: str
    at: datetime
    by: str
    reason: str
    state: str = ""
    """The State under review, where it was done in a review."""


def people(session: Session, filters: PeopleFilters, now: datetime) -> PeoplePage:
    """The people who fit, the secretariat first, then by State and name."""
    wanted = sa.select(Person.id).outerjoin(State, State.iso3 == Person.iso3)
    for condition in _conditions(session, filters, now):
        wanted = wanted.where(condition)
    order = (Person.iso3.is_not(None), State.name, Person.role, Person.title, Person.id)
    ids = list(session.scalars(wanted.order_by(*order)))
    pages = max(1, -(-len(ids) // PAGE))
    page = min(filters.page, pages)
    shown = ids[(page - 1) * PAGE : page * PAGE]
    by_id = {p.id: p for p in session.scalars(sa.select(Person).where(Person.id.in_(shown)))}
    parts = _parts(session, shown)
    rows = tuple(
        PersonRow(by_id[one], status(by_id[one], now), tuple(parts.get(one, ()))) for one in shown
    )
    return PeoplePage(rows, len(ids), page, pages)


def _conditions(
    session: Session, filters: PeopleFilters, now: datetime
) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if filters.role:
        found.append(Person.role == filters.role)
    if filters.status:
        found.append(_has_status(Status(filters.status), now))
    if filters.group:
        found.append(State.regional_group == filters.group)
    if filters.q:
        words = filters.q.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        states = [
            iso3
            for iso3, name in session.execute(sa.select(State.iso3, State.name))
            if state_names.matches(iso3, name, filters.q)
        ]
        found.append(
            sa.or_(
                Person.title.ilike(f"%{words}%"),
                Person.email.ilike(f"%{words}%"),
                Person.iso3.in_(states),
            )
        )
    return found


def _has_status(wanted: Status, now: datetime) -> sa.ColumnElement[bool]:
    fresh = Person.activated_at.is_(None)
    over = Person.invited_at < now - INVITATION_FOR
    return {
        Status.CLOSED: sa.not_(Person.active),
        Status.ACTIVE: sa.and_(Person.active, sa.not_(fresh)),
        Status.INVITED: sa.and_(Person.active, fresh, sa.not_(over)),
        Status.EXPIRED: sa.and_(Person.active, fresh, over),
    }[wanted]


def _parts(session: Session, ids: Sequence[int], *, ended: bool = False) -> dict[int, list[Part]]:
    wanted = (
        sa.select(
            Member.person_id,
            Review.id,
            State.name,
            Review.year,
            Review.stage,
            Member.role,
            Member.slot,
            Member.ended_at,
        )
        .join(Review, Review.id == Member.review_id)
        .join(State, State.iso3 == Review.iso3)
        .where(Member.person_id.in_(ids))
        .order_by(Review.year, State.name)
    )
    if not ended:
        wanted = wanted.where(Member.ended_at.is_(None))
    parts: dict[int, list[Part]] = {}
    for person_id, review_id, name, year, stage, role, slot, end in session.execute(wanted):
        part = Part(review_id, name, year, stage, role, slot, end is not None)
        parts.setdefault(person_id, []).append(part)
    return parts


def find(session: Session, person_id: int, now: datetime) -> PersonRow:
    """One person with every part they have or had. Raises NotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound(f"no person {person_id}")
    parts = _parts(session, [person_id], ended=True).get(person_id, [])
    return PersonRow(person, status(person, now), tuple(parts))


def history(session: Session, person_id: int) -> list[Act]:
    """What was done about an account, the latest first."""
    by = aliased(Person)
    found = session.execute(
        sa.select(
            Audit.verb,
            Audit.at,
            by.title,
            sa.func.coalesce(Audit.after["reason"].astext, Audit.after["given"]["reason"].astext),
            State.name,
        )
        .outerjoin(by, by.id == Audit.person_id)
        .outerjoin(Review, Review.id == Audit.review_id)
        .outerjoin(State, State.iso3 == Review.iso3)
        .where(
            sa.or_(
                Audit.after["person"].astext == str(person_id),
                Audit.before["person"].astext == str(person_id),
                sa.and_(Audit.person_id == person_id, Audit.verb.in_(_OWN_ACTS)),
            )
        )
        .order_by(Audit.id.desc())
        .limit(HISTORY)
    )
    return [
        Act(verb, at, who or "", reason or "", state or "")
        for verb, at, who, reason, state in found
    ]


_OWN_ACTS: Final = (
    "account_opened",
    "account_changed",
    "password_set",
    "signed_out_everywhere",
    "calendar_link_made",
    "calendar_link_renewed",
    "calendar_link_ended",
)


def officers(session: Session) -> dict[int, str]:
    """The people of the secretariat whose account is open, by name: those who can lead a review."""
    found = session.execute(
        sa.select(Person.id, Person.title)
        .where(Person.active, Person.role.startswith("secretariat"))
        .order_by(Person.title, Person.id)
    )
    return dict(found.all())


def reviews(session: Session) -> list[tuple[int, str, int]]:
    """Every review that is not completed, with its State and year, by name: to choose from."""
    found = session.execute(
        sa.select(Review.id, State.name, Review.year)
        .join(State, State.iso3 == Review.iso3)
        .where(Review.completed_at.is_(None))
        .order_by(State.name, Review.id)
    )
    return list(found)


def review_and_officer(session: Session, review_id: int) -> tuple[str, int | None]:
    """The State under review and the number of the officer. Raises NotFound."""
    found = session.execute(
        sa.select(State.name, Review.officer_id)
        .join(State, State.iso3 == Review.iso3)
        .where(Review.id == review_id)
    ).one_or_none()
    if found is None:
        raise NotFound(f"no review {review_id}")
    return found[0], found[1]
