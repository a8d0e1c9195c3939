"""People who sign in, and the secrets by which they prove it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base
from review.models.parties import State
from review.models.types import Id, Moment

ROLES = ("secretariat_administrator", "secretariat_officer", "focal_point", "expert", "observer")


class Person(Base):
    """An account. Somebody of a State belongs to that State; the secretariat belongs to none."""

    __tablename__ = "person"
    __table_args__ = (
        sa.Index("uq_person_email", sa.text("lower(email)"), unique=True),
        sa.CheckConstraint(
            "role IN (" + ", ".join(f"'{role}'" for role in ROLES) + ")", name="role"
        ),
        sa.CheckConstraint(
            "(role LIKE 'secretariat%') = (iso3 IS NULL)", name="secretariat_has_no_state"
        ),
        sa.CheckConstraint(
            "quiet_weekdays <@ '{0,1,2,3,4,5,6}'::smallint[]", name="quiet_weekdays"
        ),
    )

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(sa.String(254))
    title: Mapped[str] = mapped_column(sa.String(200))
    """Name or function, as shown to others."""
    role: Mapped[str] = mapped_column(sa.String(30))
    iso3: Mapped[str | None] = mapped_column(sa.ForeignKey("state.iso3"), index=True)
    language: Mapped[str] = mapped_column(sa.String(2), server_default="en")
    time_zone: Mapped[str] = mapped_column(sa.String(60), server_default="Europe/Vienna")
    digest: Mapped[bool] = mapped_column(server_default=sa.false())
    """One daily message instead of single reminders."""
    quiet_weekdays: Mapped[list[int]] = mapped_column(
        ARRAY(sa.SmallInteger), server_default=sa.text("'{}'")
    )
    """Weekdays on which no reminder and no digest comes, Monday is 0; others than the weekend."""
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    invited_at: Mapped[Moment]
    activated_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    signed_in_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    session_epoch: Mapped[int] = mapped_column(server_default="0")
    """Raised by "sign out everywhere": sessions of an earlier number end."""

    state: Mapped[State | None] = relationship(lazy="joined")

    # What flask-login asks of a user, without importing it
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Whether the account may be used."""
        return self.active

    @property
    def is_secretariat(self) -> bool:
        """Whether this person works for the secretariat."""
        return self.role.startswith("secretariat")

    def get_id(self) -> str:
        """What the session carries: the person and the number of their sessions."""
        return f"{self.id}.{self.session_epoch}"


class Secret(Base):
    """A link sent by mail: only its hash is stored; it has one purpose, one person and an end."""

    __tablename__ = "secret"

    id: Mapped[Id]
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    purpose: Mapped[str] = mapped_column(sa.String(20))
    """invitation or password_reset"""
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    used_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))

    person: Mapped[Person] = relationship()


class EndedSession(Base):
    """A session that was signed out of, by the hash of its number: every copy of it is void."""

    __tablename__ = "ended_session"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    ended_at: Mapped[Moment]
