"""Texts of a report as they were sent or approved: which there are, and what they say.

Which text went out when is read from the audit trail, which cannot be changed; the text itself is
kept under its hash.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Audit, ReportSection, ReportText

CIRCULATED: Final = "circulate_draft"
SENT_TO_STATE: Final = "send_report_to_state"
APPROVED: Final = "approve_report"


@dataclass(frozen=True, slots=True)
class Frozen:
    """A text of the whole report that was circulated, sent to the State, or approved by a side."""

    sha256: str
    verb: str
    at: datetime
    slot: int
    """Who approved it; 0 as well where the secretariat sent it."""


def of_review(session: Session, review_id: int) -> list[Frozen]:
    """Every such text in order of time; one text may stand there several times."""
    rows = session.execute(
        sa.select(Audit.verb, Audit.at, Audit.acting_as, Audit.after["sha256"].astext)
        .where(
            Audit.review_id == review_id,
            Audit.verb.in_((CIRCULATED, SENT_TO_STATE, APPROVED)),
            Audit.after["sha256"].astext != "",
        )
        .order_by(Audit.id)
    )
    return [
        Frozen(sha256, verb, at, int(acting_as.rpartition(":")[2]))
        for verb, at, acting_as, sha256 in rows
    ]


def reached(texts: Iterable[Frozen], slots: frozenset[int], *, secretariat: bool) -> list[Frozen]:
    """The texts that these sides received: the State under review those sent to it and later ones.

    A text that was only circulated among the reviewing States never reached the State.
    """
    if secretariat or slots & {1, 2}:
        return list(texts)
    return [text for text in texts if text.verb != CIRCULATED]


def content(session: Session, review_id: int, sha256: str) -> dict[str, str]:
    """The sections of a frozen text by key, in order; empty if there is no such text."""
    found = session.scalar(
        sa.select(ReportText.content).where(
            ReportText.review_id == review_id, ReportText.sha256 == sha256
        )
    )
    return {entry["key"]: entry["text"] for entry in found or ()}


def changed_at(session: Session, review_id: int) -> datetime | None:
    """When the present text of the report took its form; None where there is none."""
    return session.scalar(
        sa.select(sa.func.max(ReportSection.updated_at)).where(ReportSection.review_id == review_id)
    )
