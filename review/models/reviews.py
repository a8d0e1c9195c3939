"""A country review: its position, its parties and its dates."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base
from review.models.parties import Cycle, State
from review.models.people import Person
from review.models.types import Id, Moment, Text

IN_USE = sa.text("ended_at IS NULL")


class Review(Base):
    """One State's review in one cycle. Its stage is written by ``services/steps.py`` alone."""

    __tablename__ = "review"
    __table_args__ = (
        sa.UniqueConstraint("cycle_id", "iso3"),
        sa.UniqueConstraint("document_symbol"),
        sa.CheckConstraint("year BETWEEN 1 AND 5", name="year"),
        sa.CheckConstraint(
            "stage <> 'completed' OR document_symbol IS NOT NULL", name="completed_has_symbol"
        ),
        sa.CheckConstraint(
            "stage = 'selected' OR started_at IS NOT NULL", name="started_after_selection"
        ),
    )

    id: Mapped[Id]
    cycle_id: Mapped[int] = mapped_column(sa.ForeignKey("cycle.id"), index=True)
    iso3: Mapped[str] = mapped_column(sa.ForeignKey("state.iso3"), index=True)
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    process_key: Mapped[str] = mapped_column(sa.String(20))
    stage: Mapped[str] = mapped_column(sa.String(30), index=True)
    stage_since: Mapped[Moment]
    version: Mapped[int] = mapped_column(server_default="0")
    """Counts the steps taken: a form that carries an older number is stale."""
    started_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    officer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    language: Mapped[str | None] = mapped_column(sa.String(2))
    division: Mapped[str] = mapped_column(sa.String(20), server_default="both")
    deferred_from: Mapped[int | None] = mapped_column(sa.SmallInteger)
    suspended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    suspended_reason: Mapped[Text] = mapped_column(server_default="")
    suspended_until: Mapped[date | None]
    """The last day of the stop, in Vienna; empty: until somebody resumes the review."""
    resumed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    """When the clock last began to run again; empty for what ran again before this was kept."""
    means: Mapped[str] = mapped_column(sa.String(20), server_default="")
    dialogue_first_day: Mapped[date | None]
    dialogue_last_day: Mapped[date | None]
    dialogue_place: Mapped[str] = mapped_column(sa.String(120), server_default="")
    document_symbol: Mapped[str | None] = mapped_column(sa.String(60))
    report_sha256: Mapped[str] = mapped_column(sa.String(64), server_default="")
    """Hash of the present text of the draft report; approvals count for this text only."""
    report_published_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    report_extent: Mapped[str] = mapped_column(sa.String(10), server_default="")
    response_published_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    year_basis: Mapped[str] = mapped_column(sa.String(20), server_default="")
    """Documented, recalled or assigned; empty for reviews entered here."""
    simulated: Mapped[bool] = mapped_column(server_default=sa.false())
    """Dates after the draw come from a model of durations, not from the record."""
    note: Mapped[Text] = mapped_column(server_default="")

    state: Mapped[State] = relationship(lazy="joined", innerjoin=True)
    cycle: Mapped[Cycle] = relationship(lazy="joined", innerjoin=True)
    officer: Mapped[Person | None] = relationship()
    reviewers: Mapped[list[Reviewer]] = relationship(
        primaryjoin="and_(Review.id == Reviewer.review_id, Reviewer.voided_at.is_(None))",
        order_by="Reviewer.slot",
        viewonly=True,
    )
    milestones: Mapped[list[MilestoneDate]] = relationship(viewonly=True)
    members: Mapped[list[Member]] = relationship(
        primaryjoin="and_(Review.id == Member.review_id, Member.ended_at.is_(None))",
        order_by="Member.id",
        viewonly=True,
    )


class Reviewer(Base):
    """A reviewing State of a review, with the draw it comes from; a void draw is kept."""

    __tablename__ = "reviewer"
    __table_args__ = (
        sa.Index(
            "uq_reviewer_in_force",
            "review_id",
            "slot",
            unique=True,
            postgresql_where=sa.text("voided_at IS NULL"),
        ),
        sa.CheckConstraint("slot IN (1, 2)", name="slot"),
    )

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"))
    slot: Mapped[int] = mapped_column(sa.SmallInteger)
    """1: drawn from the regional group of the State under review; 2: from all parties."""
    iso3: Mapped[str] = mapped_column(sa.ForeignKey("state.iso3"), index=True)
    chapters: Mapped[list[str]] = mapped_column(ARRAY(sa.String(4)), server_default="{}")
    """Chapters this State reviews; empty until the division of labour is agreed: all."""
    session: Mapped[str] = mapped_column(sa.String(120), server_default="")
    drawn_on: Mapped[date | None]
    basis: Mapped[str] = mapped_column(sa.String(20), server_default="")
    voided_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))

    state: Mapped[State] = relationship(lazy="joined", innerjoin=True)


class Office(Base):
    """A seat in a review that a State fills: focal point, each of its experts, observer.

    It stays when its holder changes; ``member`` says who holds it from when to when.
    """

    __tablename__ = "office"
    __table_args__ = (sa.UniqueConstraint("review_id", "role", "slot", "number"),)

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"))
    role: Mapped[str] = mapped_column(sa.String(20))
    slot: Mapped[int] = mapped_column(sa.SmallInteger)
    number: Mapped[int] = mapped_column(sa.SmallInteger)
    """Of several of one role and side, from 1; the next State of a side goes on counting."""
    iso3: Mapped[str] = mapped_column(sa.ForeignKey("state.iso3"))

    state: Mapped[State] = relationship(lazy="joined", innerjoin=True)


class Member(Base):
    """A person in a review, in a role, for a State: who holds an office. Ended ones are kept."""

    __tablename__ = "member"
    __table_args__ = (
        sa.Index("uq_member_holder", "office_id", unique=True, postgresql_where=IN_USE),
        sa.Index(
            "uq_member_in_force", "review_id", "person_id", unique=True, postgresql_where=IN_USE
        ),
        sa.CheckConstraint("slot IN (0, 1, 2)", name="slot"),
        sa.CheckConstraint(
            "(role = 'focal_point' AND slot = 0) OR (role = 'expert' AND slot > 0)"
            " OR role = 'observer'",
            name="role_fits_slot",
        ),
    )

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(sa.String(20))
    slot: Mapped[int] = mapped_column(sa.SmallInteger)
    since: Mapped[Moment]
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    note_verbale: Mapped[str] = mapped_column(sa.String(200), server_default="")
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"), index=True)
    mandate_ends_on: Mapped[date | None]
    """The last day of the mandate, where the State named one."""

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    review: Mapped[Review] = relationship()
    office: Mapped[Office] = relationship()


class MilestoneDate(Base):
    """The dates of one milestone of a review: model, agreed and done are kept apart."""

    __tablename__ = "milestone"
    __table_args__ = (
        sa.Index(
            "ix_milestone_remind",
            "remind_at",
            postgresql_where=sa.text("remind_at IS NOT NULL"),
        ),
    )

    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id"), primary_key=True, autoincrement=False
    )
    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """The reviewing State (1, 2), the State under review (0), or the number of a question."""
    model_on: Mapped[date | None]
    agreed_on: Mapped[date | None]
    done_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    simulated: Mapped[bool] = mapped_column(server_default=sa.false())
    remind_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    """When the next reminder falls due; empty while nothing is owed or the clock is stopped."""
    remind_rung: Mapped[int | None]
    """From which place in the ladder on reminders count then, in days from the day that counts.

    Those before were written, or never due. None: all count (planned before this was kept).
    """

    @property
    def due_on(self) -> date | None:
        """The day that counts: the agreed date, else that of the model schedule."""
        return self.agreed_on or self.model_on


class ClockStop(Base):
    """A period in which the clock of a review stood still, with its reason; one row a decision."""

    __tablename__ = "clock_stop"

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"), index=True)
    stopped_at: Mapped[Moment]
    resumed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    """When it ended, by another decision as well."""
    until: Mapped[date | None]
    """The last day that was decided, in Vienna; empty in what was decided without one."""
    reason: Mapped[Text]
    approved_by: Mapped[str] = mapped_column(sa.String(200), server_default="")
    """The office whose decision it is, and its date."""
    stopped_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    resumed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    """Empty where the clock ran again by itself."""


class ExtensionRequest(Base):
    """A party's request for another date of something it owes, and what became of it."""

    __tablename__ = "extension_request"
    __table_args__ = (
        sa.CheckConstraint(
            "outcome IN ('', 'granted', 'refused', 'taken_back', 'overtaken')", name="outcome"
        ),
        sa.CheckConstraint("(outcome = '') = (answered_at IS NULL)", name="answered"),
        sa.Index(
            "uq_extension_request_open",
            "review_id",
            "milestone",
            "slot",
            unique=True,
            postgresql_where=sa.text("answered_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"), index=True)
    milestone: Mapped[str] = mapped_column(sa.String(40))
    slot: Mapped[int]
    old_date: Mapped[date]
    """The date that stood when it was asked."""
    asked_date: Mapped[date]
    reason: Mapped[Text]
    asked_by: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[Moment]
    outcome: Mapped[str] = mapped_column(sa.String(10), server_default="")
    """granted (perhaps with another date), refused, taken_back, overtaken: reached, or moved."""
    answer: Mapped[Text] = mapped_column(server_default="")
    """The reason given by the secretariat."""
    answered_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Extension(Base):
    """A date that was changed: from, to, why, by whom."""

    __tablename__ = "extension"

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"), index=True)
    milestone: Mapped[str] = mapped_column(sa.String(40))
    slot: Mapped[int]
    old_date: Mapped[date | None]
    new_date: Mapped[date]
    reason: Mapped[Text]
    granted_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    granted_at: Mapped[Moment]
    request_id: Mapped[int | None] = mapped_column(sa.ForeignKey("extension_request.id"))
    moved_with: Mapped[int | None] = mapped_column(sa.ForeignKey("extension.id"))
    """The change that moved this date along; empty for the one that was meant."""
