"""The end of a stop: the clock runs again by itself on the day after the last that was decided."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.models import Review
from review.services import snapshot, steps
from review.services.change import Clockwork
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day

_STEP: Final = "resume"
_log = logging.getLogger(__name__)


def resume_ended(now: Callable[[], datetime]) -> int:
    """Resume every review whose stop is over, each in a transaction; returns how many.

    One that cannot be resumed does not keep the others waiting. Raises what went wrong with the
    last of them, after all have had their turn.
    """
    with db.reading() as session:
        over = session.scalars(sa.select(Review.id).where(_is_over(now()))).all()
    resumed, problem = 0, None
    for review_id in over:
        try:
            with db.transaction() as session:
                resumed += _resume(session, review_id, now())
        except Exception as failed:  # noqa: BLE001 - whatever it was, the others go on
            _log.exception("review %s does not run again", review_id)
            problem = failed
    if problem is not None:
        raise problem
    return resumed


def _is_over(now: datetime) -> sa.ColumnElement[bool]:
    return Review.suspended_until < local_day(now, VIENNA)


def _resume(session: Session, review_id: int, now: datetime) -> bool:
    """Whether the review was resumed: somebody may have done it, or prolonged the stop."""
    until = snapshot.load(session, review_id, now, lock=True).columns["suspended_until"]
    if until is None or until >= local_day(now, VIENNA):
        return False
    steps.take(session, review_id, _STEP, actor=Clockwork(), now=now)
    return True
