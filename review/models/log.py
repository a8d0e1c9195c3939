"""What happened and what is to be told: audit trail, outbox of mails."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Base
from review.models.types import Id, Moment, Text


class Audit(Base):
    """One act: who, when, what, before and after. Append-only: triggers refuse anything else."""

    __tablename__ = "audit"
    __table_args__ = (sa.Index("ix_audit_review_id_id", "review_id", "id"),)

    id: Mapped[Id]
    at: Mapped[Moment]
    verb: Mapped[str] = mapped_column(sa.String(60))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    acting_as: Mapped[str] = mapped_column(sa.String(40), server_default="")
    """Capacity: role and side, such as expert:2; system for work of the engine itself."""
    iso3: Mapped[str | None] = mapped_column(sa.String(3))
    """The State for which the person acted."""
    review_id: Mapped[int | None] = mapped_column(sa.ForeignKey("review.id"))
    source: Mapped[str] = mapped_column(sa.String(30), server_default="")
    target: Mapped[str] = mapped_column(sa.String(30), server_default="")
    before: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    after: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    definition: Mapped[str] = mapped_column(sa.String(40), server_default="")
    """Process and version of its definition in force at the time, such as irm-1@3f2a…"""
    simulated: Mapped[bool] = mapped_column(server_default=sa.false())


class Outbox(Base):
    """A mail to be sent, written in the transaction of the step that causes it."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index("ix_outbox_waiting", "next_try_at", postgresql_where=sa.text("state = 'waiting'")),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'recorded')", name="state"),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent_has_time"),
        sa.CheckConstraint(
            "fate IN ('', 'delayed', 'delivered', 'bounced', 'complained')", name="fate"
        ),
        sa.CheckConstraint("(fate = '') = (fate_at IS NULL)", name="fate_has_time"),
        sa.Index(
            "ix_outbox_message_id", "message_id", postgresql_where=sa.text("message_id <> ''")
        ),
        sa.Index("ix_outbox_fate_at", "fate_at", postgresql_where=sa.text("fate_at IS NOT NULL")),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(sa.String(160), unique=True)
    """Why this mail exists; the same reason can never write a second one."""
    notice: Mapped[str] = mapped_column(sa.String(60))
    review_id: Mapped[int | None] = mapped_column(sa.ForeignKey("review.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    address: Mapped[str] = mapped_column(sa.String(254))
    language: Mapped[str] = mapped_column(sa.String(2))
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(sa.String(10), server_default="waiting")
    """waiting, sent (the mail server took it), failed (given up), recorded (written by a replay,
    never sent)"""
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_try_at: Mapped[Moment]
    sent_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    message_id: Mapped[str] = mapped_column(sa.String(200), server_default="")
    subject: Mapped[Text] = mapped_column(server_default="")
    body_text: Mapped[Text] = mapped_column(server_default="")
    body_html: Mapped[Text] = mapped_column(server_default="")
    error: Mapped[Text] = mapped_column(server_default="")
    resent_from: Mapped[int | None] = mapped_column(sa.ForeignKey("outbox.id"))
    fate: Mapped[str] = mapped_column(sa.String(10), server_default="")
    """What was reported after the server took it: delayed, delivered, bounced, complained."""
    fate_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    fate_said: Mapped[Text] = mapped_column(server_default="")
    """Why, in the words of the server that reported it."""
    instead_of: Mapped[int | None] = mapped_column(sa.ForeignKey("outbox.id"), unique=True)
    """The mail that did not reach its reader; this one goes to the next address, once."""
