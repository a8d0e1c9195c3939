"""The draft report by section, comments on it, and approvals of one exact text."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base
from review.models.people import Person
from review.models.types import Id, Moment, Text


class ReportSection(Base):
    """One section of the draft, under a heading of the blueprint."""

    __tablename__ = "report_section"

    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id"), primary_key=True, autoincrement=False
    )
    key: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    position: Mapped[int]
    text: Mapped[Text]
    edited: Mapped[bool] = mapped_column(server_default=sa.false())
    """Changed by hand since it was assembled: assembling again leaves it alone."""
    updated_at: Mapped[Moment]
    updated_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))


class ReportText(Base):
    """A text of the whole report as somebody saw or approved it, by its hash."""

    __tablename__ = "report_text"
    __table_args__ = (sa.UniqueConstraint("review_id", "sha256"),)

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    content: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[Moment]


class Approval(Base):
    """One State's approval of one exact text; an edit clears it, and it is kept as cleared."""

    __tablename__ = "approval"
    __table_args__ = (
        sa.Index(
            "uq_approval_in_force",
            "review_id",
            "slot",
            unique=True,
            postgresql_where=sa.text("cleared_at IS NULL"),
        ),
        sa.CheckConstraint("slot IN (0, 1, 2)", name="slot"),
    )

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"))
    slot: Mapped[int] = mapped_column(sa.SmallInteger)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    approved_at: Mapped[Moment]
    approved_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    cleared_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))

    person: Mapped[Person | None] = relationship()


class ReportComment(Base):
    """What a State says on the draft."""

    __tablename__ = "report_comment"

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"), index=True)
    slot: Mapped[int] = mapped_column(sa.SmallInteger)
    text: Mapped[Text]
    made_at: Mapped[Moment]
    made_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    person: Mapped[Person | None] = relationship()
