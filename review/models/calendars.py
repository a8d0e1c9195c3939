"""Days off that the secretariat records: closures, holidays no library knows, exceptions."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Base
from review.models.types import Id, Moment


class DayOff(Base):
    """One day of a State, or of the duty station, that differs from weekend and public holidays."""

    __tablename__ = "day_off"
    __table_args__ = (
        sa.Index("uq_day_off_iso3_day", sa.text("COALESCE(iso3, '')"), sa.text("day"), unique=True),
    )

    id: Mapped[Id]
    iso3: Mapped[str | None] = mapped_column(sa.ForeignKey("state.iso3"))
    """Empty: the duty station of the secretariat."""
    day: Mapped[date]
    name: Mapped[str] = mapped_column(sa.String(120))
    works: Mapped[bool] = mapped_column(server_default=sa.false())
    """True: work is done on this day although it is a public holiday or a weekend."""
    recorded_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    recorded_at: Mapped[Moment]
