"""Reminders that were decided ahead of their moment, and what may have made them void since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Base
from review.models.types import Id, Moment, Text


class PreparedReminder(Base):
    """What a sweep will write about a milestone, if nothing it depends on changes before."""

    __tablename__ = "prepared_reminder"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["review_id", "key", "slot"],
            ["milestone.review_id", "milestone.key", "milestone.slot"],
            ondelete="CASCADE",
        ),
    )

    review_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), index=True)
    """For which moment it was decided: ``milestone.remind_at`` as it was."""
    valid_until: Mapped[Moment]
    """The end of that day where the step is owed: on another one another answer may be right."""
    again_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    """When the sweep looks next; None: never."""
    again_rung: Mapped[int | None]
    """From which place in the ladder on reminders count then."""
    mails: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """The rows of the outbox."""
    version: Mapped[int]
    """The number of steps that the review had seen."""
    made_by: Mapped[str] = mapped_column(sa.String(60))
    """By which rules: another release, or another database server, decides anew."""
    seen: Mapped[Text]
    """Which transactions the decision knew of (``pg_snapshot``)."""
    oldest: Mapped[int] = mapped_column(sa.BigInteger)
    """The first transaction that it may not have known of."""


class ReminderChange(Base):
    """That a transaction changed whom reminders go to, or when: written by triggers, never updated.

    Those who change something only add a row, so that nobody waits for anybody else.
    """

    __tablename__ = "reminder_change"

    id: Mapped[Id]
    by: Mapped[int] = mapped_column(sa.BigInteger)
    """The number of the transaction (``xid8``)."""
    review_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """In which review; empty: perhaps in any."""
