"""The confidential material of a review: answers, findings, questions, documents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base
from review.models.people import Person
from review.models.types import Id, Moment, Text

LEVELS = ("yes", "in_part", "no")
LEVEL_CHECK = "{} IN ('', 'yes', 'in_part', 'no')"


class Answer(Base):
    """What the State under review says on one provision; a draft until it is submitted."""

    __tablename__ = "answer"
    __table_args__ = (sa.CheckConstraint(LEVEL_CHECK.format("adopted"), name="adopted"),)

    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id"), primary_key=True, autoincrement=False
    )
    provision: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    adopted: Mapped[str] = mapped_column(sa.String(10), server_default="")
    measures: Mapped[Text] = mapped_column(server_default="")
    examples: Mapped[Text] = mapped_column(server_default="")
    reasons: Mapped[Text] = mapped_column(server_default="")
    assistance: Mapped[list[str]] = mapped_column(ARRAY(sa.String(40)), server_default="{}")
    assistance_note: Mapped[Text] = mapped_column(server_default="")
    complete: Mapped[bool] = mapped_column(server_default=sa.false())
    """The focal point has marked it as answered."""
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[Moment]
    updated_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    simulated: Mapped[bool] = mapped_column(server_default=sa.false())


class Submission(Base):
    """A frozen copy of all answers, with its hash: what was submitted can never change."""

    __tablename__ = "submission"
    __table_args__ = (sa.UniqueConstraint("review_id", "number"),)

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"))
    number: Mapped[int]
    content: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    circulated_to: Mapped[list[str]] = mapped_column(ARRAY(sa.String(3)), server_default="{}")
    """The reviewing States that received this very copy; empty until it is circulated."""
    submitted_at: Mapped[Moment]
    submitted_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    note: Mapped[Text] = mapped_column(server_default="")
    simulated: Mapped[bool] = mapped_column(server_default=sa.false())


class Finding(Base):
    """What one reviewing State finds on one provision, under the headings of the blueprint."""

    __tablename__ = "finding"
    __table_args__ = (
        sa.CheckConstraint(LEVEL_CHECK.format("level"), name="level"),
        sa.CheckConstraint("slot IN (1, 2)", name="slot"),
    )

    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id"), primary_key=True, autoincrement=False
    )
    slot: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    provision: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    level: Mapped[str] = mapped_column(sa.String(10), server_default="")
    summary: Mapped[Text] = mapped_column(server_default="")
    observation: Mapped[Text] = mapped_column(server_default="")
    good_practice: Mapped[Text] = mapped_column(server_default="")
    challenge: Mapped[Text] = mapped_column(server_default="")
    assistance: Mapped[list[str]] = mapped_column(ARRAY(sa.String(40)), server_default="{}")
    assistance_note: Mapped[Text] = mapped_column(server_default="")
    complete: Mapped[bool] = mapped_column(server_default=sa.false())
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[Moment]
    updated_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    simulated: Mapped[bool] = mapped_column(server_default=sa.false())


class Question(Base):
    """Something a reviewing State wants to know from the State under review (ToR 23)."""

    __tablename__ = "question"
    __table_args__ = (sa.UniqueConstraint("review_id", "number"),)

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"))
    number: Mapped[int]
    slot: Mapped[int] = mapped_column(sa.SmallInteger)
    """The reviewing State that asks; 0 for the secretariat."""
    provision: Mapped[str] = mapped_column(sa.String(20))
    text: Mapped[Text]
    asked_at: Mapped[Moment]
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answer_by: Mapped[date | None]
    answer: Mapped[Text] = mapped_column(server_default="")
    answered_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    answered_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    simulated: Mapped[bool] = mapped_column(server_default=sa.false())


class Document(Base):
    """A file of a review. The bytes are kept apart, so that lists stay light."""

    __tablename__ = "document"
    __table_args__ = (sa.CheckConstraint("size >= 0", name="size"),)

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"), index=True)
    slot: Mapped[int] = mapped_column(sa.SmallInteger)
    """The side that brought it: 0 State under review, 1 and 2 reviewing States, -1 secretariat."""
    provision: Mapped[str] = mapped_column(sa.String(20), server_default="")
    name: Mapped[str] = mapped_column(sa.String(200))
    pages: Mapped[str] = mapped_column(sa.String(40), server_default="")
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    uploaded_at: Mapped[Moment]
    uploaded_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    removed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))

    uploader: Mapped[Person | None] = relationship()


class DocumentBytes(Base):
    """The content of a document, in the database: one backup, one transaction, any machine."""

    __tablename__ = "document_bytes"

    document_id: Mapped[int] = mapped_column(
        sa.ForeignKey("document.id"), primary_key=True, autoincrement=False
    )
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
