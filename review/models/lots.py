"""Drawings of lots: what was announced, every lot, and the transcript."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base
from review.models.parties import Cycle
from review.models.planning import GroupSession
from review.models.types import Id, Json, Moment, Text


class Draw(Base):
    """One drawing of lots, from its announcement to its record.

    prepared: announcement and commitment stand, nothing is public. published: the commitment is
    public, so nothing can be changed any more. open: the numbers were read out, lots are drawn one
    by one. drawn: every lot is drawn. recorded: the result is in the reviews, States were told.
    void: given up, with the reason; its lots count for nothing.
    """

    __tablename__ = "draw"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('reviewers', 'years')", name="kind"),
        sa.CheckConstraint(
            "state IN ('prepared', 'published', 'open', 'drawn', 'recorded', 'void')", name="state"
        ),
        sa.CheckConstraint("state IN ('prepared', 'published', 'void') OR seed <> ''", name="seed"),
        sa.Index(
            "uq_draw_one_in_progress",
            "cycle_id",
            unique=True,
            postgresql_where=sa.text("state IN ('prepared', 'published', 'open', 'drawn')"),
        ),
    )

    id: Mapped[Id]
    cycle_id: Mapped[int] = mapped_column(sa.ForeignKey("cycle.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    """Year whose reviewers are drawn; 0 for a draw of the years of review."""
    purpose: Mapped[str] = mapped_column(sa.String(20))
    """regular, repeat, replacement, deferred, late, completion"""
    session_id: Mapped[int | None] = mapped_column(sa.ForeignKey("group_session.id"))
    announcement: Mapped[Json]
    commitment: Mapped[str] = mapped_column(sa.String(64))
    secret: Mapped[str] = mapped_column(sa.String(64))
    """Shown to nobody before the draw is open: who knows it and the numbers knows the result."""
    read_out: Mapped[Text] = mapped_column(server_default="")
    seed: Mapped[str] = mapped_column(sa.String(64), server_default="")
    state: Mapped[str] = mapped_column(sa.String(10))
    drawn_on: Mapped[date | None]
    drawn_by: Mapped[Text] = mapped_column(server_default="")
    prepared_at: Mapped[Moment]
    prepared_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    published_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    opened_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    recorded_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    void_reason: Mapped[Text] = mapped_column(server_default="")
    transcript: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Complete once the last lot is drawn."""

    cycle: Mapped[Cycle] = relationship(lazy="joined", innerjoin=True)
    session: Mapped[GroupSession | None] = relationship(lazy="joined")
    lots: Mapped[list[Lot]] = relationship(order_by="Lot.number", viewonly=True)


class Lot(Base):
    """One lot of a draw, once it is drawn; the primary key keeps it from being drawn twice."""

    __tablename__ = "lot"

    draw_id: Mapped[int] = mapped_column(
        sa.ForeignKey("draw.id"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry: Mapped[Json]
    """The lot as the transcript has it: State, slot, candidates, closed, drawn, chain."""
    drawn_at: Mapped[Moment]
    drawn_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
