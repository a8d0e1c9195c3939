"""Reviews whose data do not fit, so that a page of many reviews cannot show them: it says so."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Review, State
from review.services.setbacks import Setbacks


@dataclass(frozen=True, slots=True)
class Unread:
    """A review that was left out; the log has the kind of the error."""

    review_id: int
    iso3: str
    name: str
    year: int


def unread(session: Session, setbacks: Setbacks) -> tuple[Unread, ...]:
    """What was passed over while reviews were read, by name of the State."""
    wanted = (
        sa.select(Review.id, Review.iso3, State.name, Review.year)
        .join(State, State.iso3 == Review.iso3)
        .where(Review.id.in_(setbacks.reviews))
        .order_by(State.name, Review.id)
    )
    found = session.execute(wanted).all() if setbacks.reviews else ()
    return tuple(Unread(*row) for row in found)
