"""Offices in a review, apart from the people who hold them, and who follows whom."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base
from review.models.people import Person
from review.models.reviews import Member, Office
from review.models.types import Id, Moment, Text

REASONS = ("not_me", "mandate_ended", "bounced", "silent", "requested", "account_closed")
STATES = ("open", "proposed", "confirmed", "refused", "withdrawn")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN (" + ", ".join(f"'{one}'" for one in values) + ")"


class Succession(Base):
    """Somebody may no longer hold an office: why, who is to follow, and what became of it.

    Until it is confirmed the predecessor keeps the office with everything that belongs to it.
    """

    __tablename__ = "succession"
    __table_args__ = (
        sa.CheckConstraint(_one_of("why", REASONS), name="why"),
        sa.CheckConstraint(_one_of("state", STATES), name="state"),
        sa.CheckConstraint(
            "(state IN ('open', 'proposed')) = (answered_at IS NULL)", name="answered"
        ),
        sa.CheckConstraint("state <> 'proposed' OR email <> ''", name="proposed_has_address"),
        sa.CheckConstraint(
            "(state = 'confirmed') = (successor_id IS NOT NULL)", name="confirmed_has_successor"
        ),
        sa.Index(
            "uq_succession_open",
            "office_id",
            unique=True,
            postgresql_where=sa.text("answered_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"))
    predecessor_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), index=True)
    why: Mapped[str] = mapped_column(sa.String(20))
    """not_me (said so), mandate_ended, bounced, silent, requested (by the State), account_closed"""
    reason: Mapped[Text] = mapped_column(server_default="")
    """In the words of whoever began it."""
    begun_at: Mapped[Moment]
    begun_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    """Empty: found by the sweep."""
    state: Mapped[str] = mapped_column(sa.String(10), server_default="open")
    title: Mapped[str] = mapped_column(sa.String(200), server_default="")
    """Name or function of the person proposed; empty while nobody is."""
    email: Mapped[str] = mapped_column(sa.String(254), server_default="")
    language: Mapped[str] = mapped_column(sa.String(2), server_default="")
    proposed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    proposed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    answered_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answered_as: Mapped[str] = mapped_column(sa.String(20), server_default="")
    """mission (by its link), secretariat, predecessor; empty: it became void by a step."""
    signed_by: Mapped[str] = mapped_column(sa.String(200), server_default="")
    """Name and function of who answered at the mission, as given there."""
    note_verbale: Mapped[str] = mapped_column(sa.String(200), server_default="")
    successor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))

    office: Mapped[Office] = relationship()
    predecessor: Mapped[Member] = relationship(foreign_keys=[predecessor_id])
    successor: Mapped[Member | None] = relationship(foreign_keys=[successor_id])
    beginner: Mapped[Person | None] = relationship(foreign_keys=[begun_by])
    proposer: Mapped[Person | None] = relationship(foreign_keys=[proposed_by])
    answerer: Mapped[Person | None] = relationship(foreign_keys=[answered_by])

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered it yet."""
        return self.answered_at is None
