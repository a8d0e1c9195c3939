"""The planning of a cycle: its years, sessions of the Group, parties, experts, and requests."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base
from review.models.parties import State
from review.models.types import Id, Moment, Text


class CycleYear(Base):
    """A year of a cycle: when its reviews start, and whether States are drawn for it (ToR 14).

    ``share`` is the weight of the year in the quotas; 0 for the year of late ratifiers and backlog.
    """

    __tablename__ = "cycle_year"
    __table_args__ = (
        sa.CheckConstraint("year BETWEEN 1 AND 5", name="year"),
        sa.CheckConstraint("share >= 0", name="share"),
    )

    cycle_id: Mapped[int] = mapped_column(
        sa.ForeignKey("cycle.id"), primary_key=True, autoincrement=False
    )
    year: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    starts_on: Mapped[date]
    share: Mapped[int] = mapped_column(sa.SmallInteger, server_default="1")


class GroupSession(Base):
    """A session of the Implementation Review Group, or a part of one, where lots are drawn."""

    __tablename__ = "group_session"
    __table_args__ = (
        sa.UniqueConstraint("title"),
        sa.CheckConstraint("kind IN ('session', 'resumed', 'intersessional')", name="kind"),
        sa.CheckConstraint("first_day <= last_day", name="days"),
    )

    id: Mapped[Id]
    cycle_id: Mapped[int] = mapped_column(sa.ForeignKey("cycle.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    kind: Mapped[str] = mapped_column(sa.String(20))
    first_day: Mapped[date]
    last_day: Mapped[date]
    """The repeats that were asked for are drawn on the last day (practice of the Group)."""
    place: Mapped[str] = mapped_column(sa.String(120), server_default="")
    document_symbol: Mapped[str] = mapped_column(sa.String(60), server_default="")
    drawn_by: Mapped[Text] = mapped_column(server_default="")
    """Who drew the lots, as the record says: by role and delegation, never invented."""
    basis: Mapped[str] = mapped_column(sa.String(20), server_default="")


class CycleParty(Base):
    """What a party asked for or was found to have in a cycle; a party without a row: nothing."""

    __tablename__ = "cycle_party"
    __table_args__ = (sa.CheckConstraint("volunteers_for BETWEEN 1 AND 5", name="volunteers_for"),)

    cycle_id: Mapped[int] = mapped_column(
        sa.ForeignKey("cycle.id"), primary_key=True, autoincrement=False
    )
    iso3: Mapped[str] = mapped_column(sa.ForeignKey("state.iso3"), primary_key=True)
    volunteers_for: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """Year for which it offered itself for review; honoured inside its group's quota."""
    excused: Mapped[bool] = mapped_column(server_default=sa.false())
    """It asked not to review in the year of its own review (ToR 20)."""
    experts_circulated_on: Mapped[date | None]
    """When its list of governmental experts was circulated (ToR 21)."""
    withdrawn_on: Mapped[date | None]
    """Since when it takes no further reviews in this cycle."""
    withdrawn_reason: Mapped[Text] = mapped_column(server_default="")

    state: Mapped[State] = relationship(lazy="joined", innerjoin=True)


class ListedExpert(Base):
    """A governmental expert on the list of a State for a cycle (ToR 21: at most 15 active)."""

    __tablename__ = "listed_expert"

    id: Mapped[Id]
    cycle_id: Mapped[int] = mapped_column(sa.ForeignKey("cycle.id"))
    iso3: Mapped[str] = mapped_column(sa.ForeignKey("state.iso3"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    position: Mapped[str] = mapped_column(sa.String(200), server_default="")
    background: Mapped[Text] = mapped_column(server_default="")
    expertise: Mapped[list[str]] = mapped_column(ARRAY(sa.String(10)), server_default="{}")
    """Chapters (roman numerals) and articles (numbers) of the Convention."""
    languages: Mapped[list[str]] = mapped_column(ARRAY(sa.String(2)), server_default="{}")
    since: Mapped[date]
    ended_on: Mapped[date | None]


class LotRequest(Base):
    """What a State asked for about its lots: a repeat, or a withdrawal as reviewer."""

    __tablename__ = "lot_request"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('repeat', 'withdrawal')", name="kind"),
        sa.CheckConstraint("slots <@ ARRAY[1, 2]::smallint[] AND slots <> '{}'", name="slots"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(sa.String(20))
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"), index=True)
    slots: Mapped[list[int]] = mapped_column(ARRAY(sa.SmallInteger))
    """Slots to be drawn anew: 1, 2 or both; a request for both counts as one repeat."""
    reason: Mapped[Text] = mapped_column(server_default="")
    exceptional_reason: Mapped[Text] = mapped_column(server_default="")
    """Why more than the usual number of repeats (ToR 19: exceptional circumstances)."""
    received_on: Mapped[date]
    recorded_by: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    recorded_at: Mapped[Moment]
    draw_id: Mapped[int | None] = mapped_column(sa.ForeignKey("draw.id"), index=True)
    """The draw that answers it; empty while it waits."""
    taken_back_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
