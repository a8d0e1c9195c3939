"""Numbers about the whole system for collectors of figures; none is about a State or a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Incident, MailAttempt, Outbox


@dataclass(frozen=True, slots=True)
class Figures:
    """How many there are of each kind."""

    messages: Mapping[str, int]
    """By state: waiting, sent, failed, recorded."""
    fates: Mapping[str, int]
    """What was reported of messages that were sent: delivered, delayed, bounced, complained."""
    tries: Mapping[str, int]
    """By outcome: accepted, later, refused."""
    incidents: Mapping[str, int]
    """Ever opened, by rule."""
    still_open: Mapping[str, int]
    """Open now, by rule."""


def count(session: Session) -> Figures:
    """Count everything."""
    closed = Incident.closed_at.is_not(None)
    return Figures(
        messages=_by(session, Outbox.state),
        fates=_by(session, Outbox.fate, Outbox.fate != ""),
        tries=_by(session, MailAttempt.outcome),
        incidents=_by(session, Incident.rule),
        still_open=_by(session, Incident.rule, ~closed),
    )


def _by(
    session: Session, column: sa.SQLColumnExpression[str], *where: sa.ColumnElement[bool]
) -> dict[str, int]:
    counted = sa.select(column, sa.func.count()).where(*where).group_by(column).order_by(column)
    return dict(session.execute(counted).all())
