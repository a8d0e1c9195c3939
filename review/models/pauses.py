"""Pauses: times in which a person, or a whole review, is not reminded."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Base
from review.models.types import Id, Moment, Text

_NOT_ENDED = sa.text("ended_at IS NULL")


class Pause(Base):
    """No reminders to a person, or about a review, up to and with a day."""

    __tablename__ = "pause"
    __table_args__ = (
        sa.CheckConstraint("(person_id IS NULL) <> (review_id IS NULL)", name="of_one"),
        sa.Index("uq_pause_person_id", "person_id", unique=True, postgresql_where=_NOT_ENDED),
        sa.Index("uq_pause_review_id", "review_id", unique=True, postgresql_where=_NOT_ENDED),
    )

    id: Mapped[Id]
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    review_id: Mapped[int | None] = mapped_column(sa.ForeignKey("review.id"))
    until: Mapped[date]
    """The last day without reminders, where the reminder would come."""
    reason: Mapped[Text]
    set_by: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    set_at: Mapped[Moment]
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    """When somebody ended it early, or another took its place; one that ran out has none."""
