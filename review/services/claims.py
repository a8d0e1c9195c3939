"""Which mail leaves next, and whether its reader can still be reached: one statement a mail.

The statement runs for each mail that leaves. What it does not ask costs nothing; what it finds is
the state of the moment in which the mail was locked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import DeadAddress, MailAttempt, Member, Outbox, Pause, Person

MINUTE: Final = timedelta(minutes=1)
"""In which the tries for a domain are counted."""
_ADDRESS: Final = sa.func.lower(Outbox.address)
_DOMAIN: Final = sa.func.lower(sa.func.split_part(Outbox.address, "@", -1))


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that is ours until the end of the transaction, and what is known of its reader."""

    row: Outbox
    tried: int
    """So many mails were tried for its domain in the last minute."""
    dead: bool
    """Its address is known not to work."""
    closed: bool
    """Its reader's account is closed."""
    left: bool
    """Its reader's last part in the review has ended."""
    paused: bool = False
    """A pause has begun since it was written: of its reader or review; a digest's: of any."""
    quiet: Collection[int] = ()
    """Weekdays on which nothing of the kind comes to its reader."""


_TRIED: Final = (
    sa.select(sa.func.count())
    .where(MailAttempt.domain == _DOMAIN, MailAttempt.at > sa.bindparam("since"))
    .scalar_subquery()
)
_DEAD: Final = sa.exists().where(DeadAddress.address == _ADDRESS, DeadAddress.cleared_at.is_(None))
_CLOSED: Final = sa.exists().where(Person.id == Outbox.person_id, ~Person.active)
_LEFT: Final = (
    sa.select(Member.ended_at.is_not(None))
    .where(Member.review_id == Outbox.review_id, Member.person_id == Outbox.person_id)
    .order_by(Member.id.desc())
    .limit(1)
    .scalar_subquery()
)
_PAUSED: Final = sa.exists().where(
    Pause.ended_at.is_(None),
    Pause.set_at > Outbox.created_at,
    sa.or_(
        Pause.person_id == Outbox.person_id,
        Pause.review_id == Outbox.review_id,
        sa.and_(Outbox.notice == "digest", Pause.review_id.is_not(None)),
    ),
)
_QUIET: Final = (
    sa.select(Person.quiet_weekdays).where(Person.id == Outbox.person_id).scalar_subquery()
)
KNOWN: Final = sa.select(
    Outbox,
    _TRIED,
    _DEAD,
    _CLOSED,
    sa.func.coalesce(_LEFT, sa.false()),
    _PAUSED,
    sa.func.coalesce(_QUIET, sa.literal_column("'{}'::smallint[]")),
)
"""What a claim says, of every mail there is; ``since``: from when tries are counted."""
_NEXT: Final = (
    KNOWN.where(
        Outbox.state == "waiting",
        Outbox.next_try_at <= sa.bindparam("now"),
        _DOMAIN.not_in(sa.bindparam("resting", expanding=True)),
    )
    .order_by(Outbox.next_try_at, Outbox.id)
    .limit(1)
    .with_for_update(of=Outbox, skip_locked=True)
)

_NEXT_OF: Final = _NEXT.where(Outbox.notice.in_(sa.bindparam("notices", expanding=True)))


def claim(
    session: Session, now: datetime, resting: Collection[str], notices: Collection[str] = ()
) -> Claimed | None:
    """The mail that has waited longest, locked; None where none is due.

    One that another worker holds is passed over, and so are the domains that rest. ``notices``:
    the only ones that count; empty: all.
    """
    given = {"now": now, "since": now - MINUTE, "resting": list(resting)}
    more = {"notices": list(notices)} if notices else {}
    found = session.execute(_NEXT_OF if notices else _NEXT, given | more).one_or_none()
    return None if found is None else Claimed(*found)
