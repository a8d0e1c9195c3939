"""Mails that did not arrive and about which somebody can still do something."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, defer

from review.models import DeadAddress, MilestoneDate, Outbox, Person
from review.services import standing_dates
from review.services.account_links import Purpose

PASSED_ON_FOR: Final = timedelta(days=14)
"""So long is told that a mail did not reach its reader where somebody else of the side has it."""
_again = aliased(Outbox)


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Mails about one review (None: about an account) that did not reach one address."""

    review_id: int | None
    address: str
    mails: int
    last: datetime
    """When the newest was written."""
    error: str
    """What was said of the newest, in one line."""
    passed_on: bool = False
    """They went to the next address of the side."""


def undelivered(session: Session, now: datetime) -> list[Undelivered]:
    """Mails that were given up or came back, by review and address, the newest first.

    Last those that went to the next address, for a while only. Not those that were sent once more,
    or whose address is told of; not those that would not be sent once more, because what they ask
    is done or no longer true. A link to an account counts until there is a newer one, the account
    is open or the link is over: who has forgotten a password asks again.
    """
    found = session.execute(_ROWS, {"lately": now - PASSED_ON_FOR}).all()
    held = _dates(session, [row for row, _ in found])  # while it is, nobody reads them one by one
    told: dict[tuple[int | None, str, bool], Undelivered] = {}
    for row, passed_on in found:
        if _is_over(row, now) or standing_dates.objection(session, row, now):
            continue
        key = row.review_id, row.address, passed_on
        error = (row.error or row.fate_said).strip().partition("\n")[0]
        first = told.setdefault(key, Undelivered(*key[:2], 0, row.created_at, error, passed_on))
        told[key] = replace(first, mails=first.mails + 1)
    del held
    return list(told.values())


def _is_over(row: Outbox, now: datetime) -> bool:
    """Whether a mail carried a link for a new password that would not work any more."""
    until = row.params.get("until") if row.notice == Purpose.PASSWORD_RESET else None
    return until is not None and datetime.fromisoformat(until) <= now


def _dates(session: Session, rows: Iterable[Outbox]) -> Sequence[MilestoneDate]:
    """The dates of the reviews that these mails are about, read at once."""
    ids = {row.review_id for row in rows if row.review_id is not None}
    ids |= {one["review_id"] for row in rows for one in row.params.get("items", ())}
    wanted = sa.select(MilestoneDate).where(MilestoneDate.review_id.in_(ids))
    return session.scalars(wanted).all() if ids else ()


_passed_on = sa.exists().where(_again.instead_of == Outbox.id)
_ROWS = (
    sa.select(Outbox, _passed_on.label("passed_on"))
    .options(defer(Outbox.body_text), defer(Outbox.body_html))
    .where(
        sa.or_(Outbox.state == "failed", Outbox.fate.in_(("bounced", "complained"))),
        ~sa.exists().where(_again.resent_from == Outbox.id),
        sa.or_(
            ~_passed_on,
            sa.func.greatest(Outbox.fate_at, Outbox.next_try_at) > sa.bindparam("lately"),
        ),
        ~sa.exists().where(
            DeadAddress.address == sa.func.lower(Outbox.address), DeadAddress.cleared_at.is_(None)
        ),
        ~sa.and_(
            Outbox.notice.in_([one.value for one in Purpose]),
            sa.exists().where(
                _again.person_id == Outbox.person_id,
                _again.notice == Outbox.notice,
                _again.id > Outbox.id,
            ),
        ),
        ~sa.and_(
            Outbox.notice == Purpose.INVITATION.value,
            sa.exists().where(
                Person.id == Outbox.person_id,
                sa.or_(Person.activated_at.is_not(None), ~Person.active),
            ),
        ),
    )
    .order_by(sa.text("passed_on"), Outbox.created_at.desc(), Outbox.id.desc())
)
