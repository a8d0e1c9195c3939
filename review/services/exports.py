"""Lists that leave the system as a file: each is recorded with what was asked for and by whom."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from review.models import Cycle, Person
from review.services import audit, reminder_plan
from review.services.audit import Verb
from review.services.planned import Plan, PlanFilters
from review.services.queries import board, board_filters
from review.services.queries.board import Row
from review.services.queries.board_filters import Filters
from review.services.queries.unread import Unread, unread
from review.services.setbacks import Setbacks


def board_rows(
    session: Session, cycle: Cycle, filters: Filters, *, actor: Person, now: datetime
) -> tuple[list[Row], tuple[Unread, ...]]:
    """The rows of the board that fit the filters, all pages of them, recorded as taken out.

    Beside them what cannot be read, whatever the filters.
    """
    setbacks = Setbacks()
    rows = board_filters.chosen(board.rows(session, cycle, now, setbacks), filters, actor.id)
    asked = {
        name: getattr(filters, name)
        for name in ("year", "group", "stage", "turn", "officer", "late", "q", "sort")
    }
    audit.record(
        session,
        Verb.BOARD_EXPORTED,
        now=now,
        actor=actor,
        after={"cycle": cycle.number, "rows": len(rows)} | asked,
    )
    return rows, unread(session, setbacks)


def reminder_rows(
    session: Session, days: int, filters: PlanFilters, *, actor: Person, now: datetime
) -> Plan:
    """The coming reminders that fit the filters, recorded as taken out."""
    found = filters.chosen(reminder_plan.plan(session, now, days))
    audit.record(
        session,
        Verb.REMINDERS_EXPORTED,
        now=now,
        actor=actor,
        after={"days": days, "rows": len(found.coming)} | asdict(filters),
    )
    return found
