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


def board_rows(
    session: Session, cycle: Cycle, filters: Filters, *, actor: Person, now: datetime
) -> list[Row]:
    """The rows of the board that fit the filters, all pages of them, recorded as taken out."""
    rows = board_filters.chosen(board.rows(session, cycle, now), filters, actor.id)
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
    return rows


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
