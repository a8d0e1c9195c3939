"""Links that let somebody do something without signing in, and what was done with them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base
from review.models.people import Person
from review.models.types import Id, Moment

PURPOSES = ("task", "calendar", "digest", "succession")


class Capability(Base):
    """A link: what it is for, whose it is, until when. The link itself is not stored.

    It belongs to a person or, without one, to the Permanent Mission of ``iso3`` at ``address``.
    """

    __tablename__ = "capability"
    __table_args__ = (
        sa.CheckConstraint(
            "purpose IN (" + ", ".join(f"'{one}'" for one in PURPOSES) + ")", name="purpose"
        ),
        sa.CheckConstraint("person_id IS NOT NULL OR iso3 IS NOT NULL", name="has_holder"),
    )

    id: Mapped[Id]
    purpose: Mapped[str] = mapped_column(sa.String(20))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    iso3: Mapped[str | None] = mapped_column(sa.ForeignKey("state.iso3"))
    """The State whose mission holds it, where no person does."""
    address: Mapped[str] = mapped_column(sa.String(254))
    """Where it was sent; a new link goes to the address that is registered then."""
    review_id: Mapped[int | None] = mapped_column(sa.ForeignKey("review.id"), index=True)
    slot: Mapped[int | None]
    """The side of its holder in the review."""
    milestone: Mapped[str] = mapped_column(sa.String(40), server_default="")
    milestone_slot: Mapped[int] = mapped_column(server_default="0")
    outbox_id: Mapped[int | None] = mapped_column(sa.ForeignKey("outbox.id"), unique=True)
    """The mail that carries it: of every mail one link, however often it is tried."""
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    """Empty: until it is ended."""
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))

    person: Mapped[Person | None] = relationship()


class CapabilityUse(Base):
    """One act done with a link. Opening it is none: mail scanners open links too."""

    __tablename__ = "capability_use"

    id: Mapped[Id]
    capability_id: Mapped[int] = mapped_column(sa.ForeignKey("capability.id"), index=True)
    at: Mapped[Moment]
    act: Mapped[str] = mapped_column(sa.String(60))
    """receipt, fresh_link, stopped, or the key of a step"""
