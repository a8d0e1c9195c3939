"""Links by mail that let a person choose a password.

A link is bound to one person, one purpose and an end, works once, and is stored only as a hash.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models.people import Person, Secret
from review.services import outbox

INVITATION_FOR: Final = timedelta(days=14)
RESET_FOR: Final = timedelta(hours=2)
AGAIN_AFTER: Final = timedelta(minutes=2)
"""A further link of the same purpose is written only so long after the last one."""
A_DAY: Final = 10
"""So many links of one purpose are written to a person in 24 hours, whoever asks for them."""


class Purpose(StrEnum):
    """What a link by mail is for."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose, not a password


class LinkState(StrEnum):
    """How a link stands."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Link:
    """A link that somebody opened: how it stands, for whom it was made, its end."""

    state: LinkState
    person: Person | None = None
    expires_at: datetime | None = None


def look_up(session: Session, token: str, purpose: Purpose, *, now: datetime) -> Link:
    """How a link stands; changes nothing, as mail scanners open links too."""
    secret = find(session, token, purpose)
    if secret is None or not secret.person.active:
        return Link(LinkState.UNKNOWN)
    if secret.used_at is not None:
        return Link(LinkState.USED, secret.person, secret.expires_at)
    state = LinkState.OPEN if now < secret.expires_at else LinkState.EXPIRED
    return Link(state, secret.person, secret.expires_at)


def send(session: Session, person: Person, purpose: Purpose, *, now: datetime) -> None:
    """Write a mail with a new link; the links of this purpose before it end."""
    if _is_enough(session, person, purpose, now):
        return
    lasts = INVITATION_FOR if purpose is Purpose.INVITATION else RESET_FOR
    token = secrets.token_urlsafe(32)
    end(session, person, now, purpose)
    secret = Secret(
        digest=_digest(token),
        purpose=purpose.value,
        person_id=person.id,
        created_at=now,
        expires_at=now + lasts,
    )
    session.add(secret)
    session.flush()
    outbox.put(
        session,
        purpose.value,
        key=f"{purpose.value}:{secret.id}",
        to=person,
        now=now,
        params={"token": token, "until": secret.expires_at.isoformat()},
    )


def _is_enough(session: Session, person: Person, purpose: Purpose, now: datetime) -> bool:
    """Whether somebody has just been sent such a link, or many of them today."""
    last, today = session.execute(
        sa.select(sa.func.max(Secret.created_at), sa.func.count()).where(
            Secret.person_id == person.id,
            Secret.purpose == purpose.value,
            Secret.created_at > now - timedelta(days=1),
        )
    ).one()
    return today >= A_DAY or (last is not None and now - last < AGAIN_AFTER)


def end(session: Session, person: Person, now: datetime, purpose: Purpose | None = None) -> None:
    """End the open links of a person, of one purpose or of all."""
    ended = sa.update(Secret).where(Secret.person_id == person.id, Secret.used_at.is_(None))
    if purpose is not None:
        ended = ended.where(Secret.purpose == purpose.value)
    session.execute(ended.values(used_at=now))


def find(session: Session, token: str, purpose: Purpose, *, lock: bool = False) -> Secret | None:
    """The secret of a token, locked where it is about to be used."""
    wanted = sa.select(Secret).where(
        Secret.digest == _digest(token), Secret.purpose == purpose.value
    )
    return session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
