"""What is known of the system itself: signs of life of the jobs, and incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Base
from review.models.types import Id, Moment


class Heartbeat(Base):
    """A background job: when it last began and ended, and what came of it."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    """The task's name without its module, such as write_digests."""
    since: Mapped[Moment]
    """From when on it is watched: a job that never ran is late from here."""
    begun_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    """Its last end without a failure."""
    failed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    seconds: Mapped[float | None]
    """How long the run took that ended last."""
    failure: Mapped[str] = mapped_column(sa.String(80), server_default="")
    """The kind of its last failure, such as OperationalError; never a word of its text."""
    failures: Mapped[int] = mapped_column(server_default="0")
    """In a row, up to now."""
    runs: Mapped[int] = mapped_column(server_default="0")
    """That ended, failed ones included."""
    failed_runs: Mapped[int] = mapped_column(server_default="0")

    @property
    def ended_at(self) -> datetime | None:
        """When a run of it ended last, in whatever way."""
        return max(filter(None, (self.finished_at, self.failed_at)), default=None)


class Incident(Base):
    """A rule that was broken: from when to when, and what was measured."""

    __tablename__ = "incident"
    __table_args__ = (
        sa.Index(
            "uq_incident_open",
            "rule",
            "subject",
            unique=True,
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
        sa.CheckConstraint("closed_at IS NULL OR closed_at >= opened_at", name="closes_later"),
    )

    id: Mapped[Id]
    rule: Mapped[str] = mapped_column(sa.String(40))
    subject: Mapped[str] = mapped_column(sa.String(40), server_default="")
    """The job, or the kind of trouble, where the rule is about several."""
    opened_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    """When the rule was last found broken."""
    calm_since: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    """From when on the rule has held again, while the incident is still open."""
    closed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """What its words name: moments and numbers, never confidential text."""
