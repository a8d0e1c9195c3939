"""The offices of somebody whose account is closed: the State is asked who follows.

The nomination stands, nobody acts in the office any more, and its mails fall to others. An account
that is opened again before the State has answered takes the question back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Member, Person, Review, Succession
from review.services import successions

CLOSED: Final = "account_closed"
"""Why such a succession was begun."""


def ask(
    session: Session, person: Person, *, actor: Person, now: datetime, reason: str = ""
) -> None:
    """Ask the States who follows in the offices of somebody whose account was closed.

    Nobody acts in them any more, and the nomination stands. After ``lock_reviews_of()``.
    """
    for member in session.scalars(_holdings(person.id)).all():
        successions.start(
            session, member, CLOSED, actor=actor, now=now, reason=reason[: successions.REASON_LIMIT]
        )


def take_back(session: Session, person: Person, *, actor: Person, now: datetime) -> None:
    """Take back what nobody has answered of it. After ``lock_reviews_of()``."""
    asked = (
        sa.select(Succession.id)
        .join(Succession.predecessor)
        .where(
            Member.person_id == person.id,
            Succession.why == CLOSED,
            Succession.answered_at.is_(None),
        )
    )
    for number in session.scalars(asked.order_by(Succession.id)).all():
        successions.withdraw(session, number, actor=actor, now=now)


def lock_reviews_of(session: Session, person_id: int) -> None:
    """Lock the reviews of somebody before their account, as a hand-over does it."""
    held = _holdings(person_id).with_only_columns(Member.review_id)
    wanted = sa.select(Review.id).where(Review.id.in_(held)).order_by(Review.id)
    session.execute(wanted.with_for_update(of=Review))


def _holdings(person_id: int) -> sa.Select[Member]:
    """The offices of somebody in reviews that are not completed."""
    return (
        sa.select(Member)
        .join(Review, Review.id == Member.review_id)
        .where(
            Member.person_id == person_id,
            Member.ended_at.is_(None),
            Review.completed_at.is_(None),
        )
        .order_by(Member.review_id, Member.id)
    )
