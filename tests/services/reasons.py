"""Why a particular mail would not leave now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from review.models import Outbox
from review.services import claims, outdated
from review.services.claims import Claimed


def reason(session: Session, row: Outbox, now: datetime) -> str:
    """What delivery says of this mail when its turn comes; empty if it leaves."""
    session.flush()
    wanted = claims.KNOWN.where(Outbox.id == row.id)
    found = session.execute(wanted, {"since": now - claims.MINUTE}).one()
    return outdated.reason(session, Claimed(*found), now)
