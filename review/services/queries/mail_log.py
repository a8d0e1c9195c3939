"""The mail log: every message with its fate, and the words as they were sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Audit, MailAttempt, Outbox, Person, Review, State
from review.services.errors import NotFound

PAGE: Final = 50
STATES: Final = (
    "waiting",
    "sent",
    "delivered",
    "delayed",
    "bounced",
    "complained",
    "failed",
    "recorded",
)
"""How a message stands: its state or, once it was sent, what was reported of it."""
STANDING: Final = sa.case((Outbox.fate != "", Outbox.fate), else_=Outbox.state)


@dataclass(frozen=True, slots=True)
class MailFilters:
    """Which messages the list shows. Empty: all."""

    state: str = ""
    notice: str = ""
    address: str = ""
    review_id: int | None = None
    before: int | None = None
    """Messages older than this one: the list goes on from there."""


@dataclass(frozen=True, slots=True)
class MailRow:
    """One message."""

    mail: Outbox
    state_name: str
    """The State under review, in English; empty for messages about an account."""
    person: str

    @property
    def standing(self) -> str:
        """One of STATES."""
        return self.mail.fate or self.mail.state


@dataclass(frozen=True, slots=True)
class MailPage:
    """One page of the list, the newest message first."""

    rows: tuple[MailRow, ...]
    found: int
    counts: dict[str, int]
    older: int | None
    """Where the next page begins, if there is one."""


@dataclass(frozen=True, slots=True)
class Resent:
    """A message that was sent again."""

    at: datetime
    by: str


def mails(session: Session, filters: MailFilters) -> MailPage:
    """The messages that fit, and how many there are in each state."""
    conditions = _conditions(filters)
    wanted = _wanted().order_by(Outbox.id.desc()).limit(PAGE + 1)
    for condition in conditions:
        wanted = wanted.where(condition)
    if filters.before is not None:
        wanted = wanted.where(Outbox.id < filters.before)
    found = [_row(row) for row in session.execute(wanted)]
    counted = sa.select(sa.func.count()).select_from(Outbox).where(*conditions)
    standing = STANDING.label("standing")
    counts = session.execute(sa.select(standing, sa.func.count()).group_by(standing))
    return MailPage(
        tuple(found[:PAGE]),
        session.scalar(counted) or 0,
        dict(counts.all()),
        found[PAGE - 1].mail.id if len(found) > PAGE else None,
    )


def _wanted() -> sa.Select[Outbox, str, str]:
    return (
        sa.select(Outbox, State.name, Person.title)
        .outerjoin(Review, Review.id == Outbox.review_id)
        .outerjoin(State, State.iso3 == Review.iso3)
        .outerjoin(Person, Person.id == Outbox.person_id)
    )


def _row(row: sa.Row[Outbox, str, str]) -> MailRow:
    mail, name, title = row
    return MailRow(mail, name or "", title or "")


def _conditions(filters: MailFilters) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if filters.state:
        found.append(STANDING.in_((filters.state,)))
    if filters.notice:
        found.append(Outbox.notice == filters.notice)
    if filters.review_id is not None:
        found.append(Outbox.review_id == filters.review_id)
    if filters.address:
        words = filters.address.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        found.append(Outbox.address.ilike(f"%{words}%"))
    return found


def notices(session: Session) -> list[str]:
    """Every kind of message that was ever written."""
    return list(session.scalars(sa.select(Outbox.notice).distinct().order_by(Outbox.notice)))


def find(session: Session, mail_id: int) -> MailRow:
    """One message. Raises NotFound."""
    found = session.execute(_wanted().where(Outbox.id == mail_id)).one_or_none()
    if found is None:
        raise NotFound(f"no message {mail_id}")
    return _row(found)


def copies(session: Session, mail: Outbox) -> Sequence[Outbox]:
    """The messages that are the same mail again, however often that was sent again; in order."""
    wanted = sa.select(Outbox).where(Outbox.id.in_(_family(mail)), Outbox.id != mail.id)
    return session.scalars(wanted.order_by(Outbox.id)).all()


def _family(mail: Outbox) -> sa.Select[int]:
    """The numbers of a mail, of those it was sent again from, and of all sent again from these."""
    up = sa.select(Outbox.id, Outbox.resent_from).where(Outbox.id == mail.id).cte(recursive=True)
    up = up.union(sa.select(Outbox.id, Outbox.resent_from).where(Outbox.id == up.c.resent_from))
    down = sa.select(up.c.id).cte(recursive=True)
    down = down.union(sa.select(Outbox.id).where(Outbox.resent_from == down.c.id))
    return sa.select(down.c.id)


def tries(session: Session, mail: Outbox) -> Sequence[MailAttempt]:
    """Every try to hand a message to the mail server, with what it said; the first one first."""
    wanted = sa.select(MailAttempt).where(MailAttempt.outbox_id == mail.id)
    return session.scalars(wanted.order_by(MailAttempt.id)).all()


def instead(session: Session, mail: Outbox) -> Outbox | None:
    """The message that went to the next address because this one did not reach its reader."""
    return session.scalars(sa.select(Outbox).where(Outbox.instead_of == mail.id)).one_or_none()


def resent(session: Session, mail: Outbox) -> list[Resent]:
    """When a message, or one that is the same mail again, was sent again, and by whom."""
    family = sa.select(sa.cast(_family(mail).subquery().c.id, sa.Text))
    found = session.execute(
        sa.select(Audit.at, Person.title)
        .outerjoin(Person, Person.id == Audit.person_id)
        .where(Audit.verb == "mail_resent", Audit.after["mail"].astext.in_(family))
        .order_by(Audit.id)
    )
    return [Resent(at, by or "") for at, by in found]
