"""What became of mails after they were written: tries, and addresses that do not work."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Base
from review.models.types import Id, Moment, Text


class MailAttempt(Base):
    """One try to hand a mail to the mail server, and what it said."""

    __tablename__ = "mail_attempt"
    __table_args__ = (
        sa.Index("ix_mail_attempt_domain_at", "domain", "at"),
        sa.Index("ix_mail_attempt_at", "at"),
        sa.Index("ix_mail_attempt_policy", "id", postgresql_where=sa.text("policy <> ''")),
        sa.CheckConstraint("outcome IN ('accepted', 'later', 'refused')", name="outcome"),
        sa.CheckConstraint("policy IN ('', 'doubt', 'domain', 'server')", name="policy"),
    )

    id: Mapped[Id]
    outbox_id: Mapped[int] = mapped_column(sa.ForeignKey("outbox.id"), index=True)
    at: Mapped[Moment]
    domain: Mapped[str] = mapped_column(sa.String(254))
    """Of the recipient, in small letters: so many a minute leave for each."""
    outcome: Mapped[str] = mapped_column(sa.String(10))
    """accepted, later (another try follows, or the last one failed), refused"""
    policy: Mapped[str] = mapped_column(sa.String(10), server_default="")
    """Of a refusal for reasons of policy: whose trouble it was taken for; empty for anything else.
    doubt, domain (its own word), server (it refuses everybody)"""
    answer: Mapped[Text] = mapped_column(server_default="")


class DeadAddress(Base):
    """An address that a mail server has refused for good, until somebody corrects it."""

    __tablename__ = "dead_address"
    __table_args__ = (
        sa.Index(
            "uq_dead_address_address",
            "address",
            unique=True,
            postgresql_where=sa.text("cleared_at IS NULL"),
        ),
        sa.CheckConstraint("address = lower(address)", name="small_letters"),
    )

    id: Mapped[Id]
    address: Mapped[str] = mapped_column(sa.String(254))
    outbox_id: Mapped[int] = mapped_column(sa.ForeignKey("outbox.id"))
    """The mail that came back."""
    since: Mapped[Moment]
    said: Mapped[Text] = mapped_column(server_default="")
    """What the mail server said."""
    cleared_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    cleared_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
