"""Mails to be sent that do not come from a step: written here, delivered by a worker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review.models import Outbox, Person


def put(
    session: Session,
    notice: str,
    *,
    key: str,
    to: Person,
    now: datetime,
    params: Mapping[str, Any] | None = None,
    review_id: int | None = None,
    recorded: bool = False,
) -> bool:
    """Write one mail to a person in their language; False if its key was written before.

    ``params`` are names, dates and keys, never confidential text. ``recorded`` keeps it from
    being sent (replay).
    """
    written = session.execute(
        insert(Outbox)
        .values(
            key=key,
            notice=notice,
            review_id=review_id,
            person_id=to.id,
            address=to.email,
            language=to.language,
            params=dict(params or {})
            | {
                "time_zone": to.time_zone,
                "role": to.role,
                "title": to.title,
                "for_state": to.iso3,
            },
            created_at=now,
            next_try_at=now,
            state="recorded" if recorded else "waiting",
        )
        .on_conflict_do_nothing(index_elements=[Outbox.key])
        .returning(Outbox.id)
    )
    return written.first() is not None


def waiting(session: Session, now: datetime) -> tuple[int, datetime | None]:
    """How many mails wait to be sent and since when the oldest does."""
    row = session.execute(
        sa.select(sa.func.count(), sa.func.min(Outbox.created_at)).where(
            Outbox.state == "waiting", Outbox.created_at <= now
        )
    ).one()
    return row[0], row[1]
