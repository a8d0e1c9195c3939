"""States parties and cycles."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Base
from review.models.types import Id, Json


class State(Base):
    """A State party (or an organization that is a party), as reference data has it."""

    __tablename__ = "state"

    iso3: Mapped[str] = mapped_column(sa.String(3), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    regional_group: Mapped[str | None] = mapped_column(sa.String(60), index=True)
    ratified_on: Mapped[date | None]
    signed_on: Mapped[date | None]
    language: Mapped[str] = mapped_column(sa.String(2))
    capital: Mapped[str] = mapped_column(sa.String(80))
    time_zone: Mapped[str] = mapped_column(sa.String(60))
    mission_email: Mapped[str | None] = mapped_column(sa.String(254))
    """Address of the Permanent Mission: it is told while nobody is nominated yet."""
    basis: Mapped[str] = mapped_column(sa.String(20))
    legal_tradition: Mapped[str] = mapped_column(sa.String(30), server_default="")
    """A similar one is preferred for the first reviewing State (ToR 19); empty: unknown."""


class Cycle(Base):
    """A review cycle: its process, chapters and years (res. 3/1, op. 3-4)."""

    __tablename__ = "cycle"

    id: Mapped[Id]
    number: Mapped[int] = mapped_column(unique=True)
    process_key: Mapped[str] = mapped_column(sa.String(20))
    chapters: Mapped[list[str]] = mapped_column(ARRAY(sa.String(4)))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    lot_rules: Mapped[Json] = mapped_column(server_default="{}")
    """Settings of the drawing of lots that differ from ``review/data/lot_rules.json``."""
