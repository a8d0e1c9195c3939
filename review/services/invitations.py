"""Invitations that nobody has accepted in time: told to those who look after the review, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Member, Person, Review, Secret
from review.services import notices, outbox, snapshot
from review.services.account_links import Purpose
from review.services.setbacks import Setbacks
from workflows.spec import Party

NOTICE: Final = "invitation_expired"
TOLD_FOR: Final = timedelta(days=7)
"""Of what expired longer ago nobody is told any more: the board shows it."""


def tell_of_expired(session: Session, now: datetime, setbacks: Setbacks | None = None) -> int:
    """Write a mail for each invitation that has just expired unused; returns how many.

    Twice at once is as good as once: the key names the invitation, the review and the reader. A
    review that cannot be read is noted in ``setbacks`` and keeps no other from being told of.
    """
    setbacks = Setbacks() if setbacks is None else setbacks
    count = 0
    for secret, review_id in _expired(session, now):
        with setbacks.review(review_id), session.begin_nested():
            count += _tell(session, secret, review_id, now)
    return count


def _expired(session: Session, now: datetime) -> list[tuple[Secret, int]]:
    wanted = (
        sa.select(Secret, Member.review_id)
        .join(Person, Person.id == Secret.person_id)
        .join(Member, Member.person_id == Person.id)
        .join(Review, Review.id == Member.review_id)
        .where(
            Secret.purpose == Purpose.INVITATION.value,
            Secret.used_at.is_(None),
            Secret.expires_at <= now,
            Secret.expires_at > now - TOLD_FOR,
            Person.active,
            Person.activated_at.is_(None),
            Member.ended_at.is_(None),
            Review.completed_at.is_(None),
        )
        .order_by(Secret.id, Member.review_id)
    )
    return [(secret, review_id) for secret, review_id in session.execute(wanted)]


def _tell(session: Session, secret: Secret, review_id: int, now: datetime) -> int:
    seen, person = snapshot.load(session, review_id, now), secret.person
    about = {
        "step": "",
        "opens": "review",
        "person": person.title,
        "person_state": person.iso3,
        "invited": secret.created_at.isoformat(),
    }
    return sum(
        outbox.put_to_side(
            session,
            NOTICE,
            key=f"{NOTICE}:{secret.id}:{review_id}:{to.person_id}",
            to=to,
            now=now,
            params=notices.params(seen, Party.SECRETARIAT, 0, to) | about,
            review_id=review_id,
        )
        for to in seen.secretariat
    )
