"""Mails to be sent that do not come from a step: written here, delivered by a worker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review.models import Outbox, Person
from review.services import standing_dates
from review.services.snapshot import Someone


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
    own = {"time_zone": to.time_zone, "role": to.role, "title": to.title, "for_state": to.iso3}
    values = {
        "notice": notice,
        "key": key,
        "review_id": review_id,
        "person_id": to.id,
        "address": to.email,
        "language": to.language,
        "params": dict(params or {}) | own,
    }
    return _write(session, values, now, recorded=recorded)


def put_to_side(
    session: Session,
    notice: str,
    *,
    key: str,
    to: Someone,
    now: datetime,
    params: Mapping[str, Any],
    review_id: int,
    recorded: bool = False,
) -> bool:
    """The same to somebody of a side of a review, who may be a Permanent Mission.

    ``params`` are those of ``notices.params()``, which name the recipient.
    """
    values = {
        "notice": notice,
        "key": key,
        "review_id": review_id,
        "person_id": to.person_id or None,
        "address": to.email,
        "language": to.language,
        "params": dict(params),
    }
    return _write(session, values, now, recorded=recorded)


def put_instead(
    session: Session, former: Outbox, to: Someone, now: datetime, *, follows: bool = False
) -> bool:
    """The mail that did not reach its reader, to somebody else of the side; once, by its key.

    It is written with the dates that stand now.

    ``follows``: that somebody holds the office of its reader now, so that it is simply theirs.
    """
    own = {"title": to.title, "role": to.role, "time_zone": to.time_zone}
    if to.person_id != former.person_id and not follows:
        first = former.params.get("undelivered_to") or former.params.get("title", "")
        own["undelivered_to"] = first
    values = {
        "notice": former.notice,
        "key": f"instead:{former.id}",
        "review_id": former.review_id,
        "person_id": to.person_id or None,
        "address": to.email,
        "language": to.language,
        "params": standing_dates.params(session, former, now) | own,
        "instead_of": former.id,
    }
    return _write(session, values, now, recorded=False)


def _write(session: Session, values: Mapping[str, Any], now: datetime, *, recorded: bool) -> bool:
    state = "recorded" if recorded else "waiting"
    written = session.execute(
        insert(Outbox)
        .values(**values, created_at=now, next_try_at=now, state=state)
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
