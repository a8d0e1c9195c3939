"""Links that let somebody do something without signing in: made, looked up, used, ended.

A link belongs to one person (or to the Permanent Mission of a State) and one purpose. It is a seal
over the number of the mail that carries it, or over its own: so a mail that is tried twice carries
the same link both times, and nothing that opens it is stored. It is void when its end has come,
when its holder's account is closed, and when the holder no longer takes part in the review; that of
a task also when it was sent to an address that is no longer the registered one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review import seals
from review.models import Capability, CapabilityUse, Member, Outbox, Review, Reviewer, State

TASK_FOR: Final = timedelta(days=45)
"""How long the link of a mail about a task may be used; a new one is a click away."""


class Purpose(StrEnum):
    """What a link is for: a task, a calendar of deadlines, ending a digest, a succession."""

    TASK = "task"
    CALENDAR = "calendar"
    DIGEST = "digest"
    SUCCESSION = "succession"


class Standing(StrEnum):
    """How a link stands."""

    OPEN = "open"
    EXPIRED = "expired"
    ENDED = "ended"
    """By its holder or the secretariat, or because the holder left the review."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Found:
    """A link that somebody opened; ``capability`` is empty for an unknown one alone."""

    standing: Standing
    capability: Capability | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What a link is about, where it is about a review."""

    review_id: int | None = None
    slot: int | None = None
    milestone: str = ""
    milestone_slot: int = 0


def token_of_mail(purpose: Purpose, outbox_id: int) -> str:
    """The secret part of the link that a mail carries; the same whenever it is asked."""
    return seals.sealed(purpose, f"m{outbox_id}")


def token_of(one: Capability) -> str:
    """The secret part of a link."""
    name = f"m{one.outbox_id}" if one.outbox_id else f"c{one.id}"
    return seals.sealed(one.purpose, name)


def give_with_mail(
    session: Session,
    row: Outbox,
    purpose: Purpose,
    *,
    about: About,
    iso3: str | None,
    now: datetime,
    lasts: timedelta | None = TASK_FOR,
) -> str:
    """The link of a mail that is being sent, made once; returns its secret part.

    ``iso3``: the State of the mission, where the mail goes to no person.
    """
    session.execute(
        insert(Capability)
        .values(
            purpose=purpose.value,
            person_id=row.person_id,
            iso3=iso3 if row.person_id is None else None,
            address=row.address,
            review_id=about.review_id,
            slot=about.slot,
            milestone=about.milestone,
            milestone_slot=about.milestone_slot,
            outbox_id=row.id,
            created_at=now,
            expires_at=now + lasts if lasts else None,
        )
        .on_conflict_do_nothing(index_elements=[Capability.outbox_id])
    )
    return token_of_mail(purpose, row.id)


def give(
    session: Session,
    purpose: Purpose,
    *,
    person_id: int,
    address: str,
    now: datetime,
    lasts: timedelta | None = None,
) -> Capability:
    """A link that no mail carries, such as that of somebody's calendar."""
    one = Capability(
        purpose=purpose.value,
        person_id=person_id,
        address=address,
        created_at=now,
        expires_at=now + lasts if lasts else None,
    )
    session.add(one)
    session.flush()
    return one


def look_up(
    session: Session, token: str, purpose: Purpose, *, now: datetime, lock: bool = False
) -> Found:
    """How a link stands. Changes nothing; with ``lock`` nobody else uses it until we are done."""
    name = seals.opened(purpose, token)
    if name is None:
        return Found(Standing.UNKNOWN)
    column = Capability.outbox_id if name.startswith("m") else Capability.id
    wanted = sa.select(Capability).where(
        column == int(name[1:]), Capability.purpose == purpose.value
    )
    one = session.scalars(wanted.with_for_update(of=Capability) if lock else wanted).one_or_none()
    if one is None:
        return Found(Standing.UNKNOWN)
    return Found(_standing(session, one, now), one)


def _standing(session: Session, one: Capability, now: datetime) -> Standing:
    if one.ended_at is not None or not _still_takes_part(session, one):
        return Standing.ENDED
    if one.expires_at is not None and now >= one.expires_at:
        return Standing.EXPIRED
    if one.purpose == Purpose.TASK and not _is_registered(session, one):
        return Standing.EXPIRED
    return Standing.OPEN


def _is_registered(session: Session, one: Capability) -> bool:
    """Whether a link was sent to the address that is registered now: a corrected one ends it."""
    if one.person is not None:
        known: str | None = one.person.email
    else:
        known = session.scalar(sa.select(State.mission_email).where(State.iso3 == one.iso3))
    return known is not None and known.lower() == one.address.lower()


def _still_takes_part(session: Session, one: Capability) -> bool:
    if one.person is None:
        if one.review_id is None or one.iso3 is None:
            return one.review_id is None
        return is_state_of(session, one.review_id, one.slot, one.iso3)
    if not one.person.active:
        return False
    if one.review_id is None or one.person.is_secretariat:
        return True
    part = sa.exists().where(
        Member.review_id == one.review_id,
        Member.person_id == one.person_id,
        Member.ended_at.is_(None),
        Member.role != "observer",
    )
    if one.slot is not None:
        part = part.where(Member.slot == one.slot)
    return bool(session.scalar(sa.select(part)))


def is_state_of(session: Session, review_id: int, slot: int | None, iso3: str) -> bool:
    """Whether a State is on this side of a review now: it can lose its place to another."""
    if not slot:
        held = sa.exists().where(Review.id == review_id, Review.iso3 == iso3)
    else:
        held = sa.exists().where(
            Reviewer.review_id == review_id,
            Reviewer.slot == slot,
            Reviewer.iso3 == iso3,
            Reviewer.voided_at.is_(None),
        )
    return bool(session.scalar(sa.select(held)))


def note_use(session: Session, one: Capability, act: str, *, now: datetime) -> None:
    """Record what was done with a link."""
    session.add(CapabilityUse(capability_id=one.id, at=now, act=act))
    session.flush()


def end(
    session: Session,
    person_id: int,
    *,
    now: datetime,
    purpose: Purpose | None = None,
    review_id: int | None = None,
) -> int:
    """End the open links of a person, of one purpose or review or all; returns how many."""
    ended = sa.update(Capability).where(
        Capability.person_id == person_id, Capability.ended_at.is_(None)
    )
    if purpose is not None:
        ended = ended.where(Capability.purpose == purpose.value)
    if review_id is not None:
        # one that is being used now is let alone, so that nobody waits for each other: whoever has
        # left the review holds no link of it in force anyway
        mine = sa.select(Capability.id).where(
            Capability.review_id == review_id, Capability.person_id == person_id
        )
        ended = ended.where(Capability.id.in_(mine.with_for_update(skip_locked=True)))
    gone = session.execute(ended.values(ended_at=now).returning(Capability.id))
    return len(gone.all())
