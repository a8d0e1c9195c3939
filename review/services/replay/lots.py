"""The draws that complete the first cycle, kept like any other draw of this system."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review.models import Cycle, Draw, GroupSession, Lot
from review.services import documented, pairs
from review.services.pairs import YearDraw
from review.services.seed import DRAW_RECORDED_AT


def record(session: Session, seed: int, until: datetime) -> None:
    """Keep the draws of the sessions up to a moment; what is kept already stays."""
    cycle_id = session.scalars(sa.select(Cycle.id).where(Cycle.number == 1)).one()
    kept = set(session.scalars(sa.select(Draw.commitment).where(Draw.cycle_id == cycle_id)))
    for draw in pairs.draws(seed):
        held = documented.SESSIONS[draw.year]
        at = datetime.combine(held.first_day, DRAW_RECORDED_AT).astimezone(UTC)
        if at <= until and draw.entries and draw.announcement.commitment not in kept:
            _keep(session, cycle_id, draw, at)


def _keep(session: Session, cycle_id: int, draw: YearDraw, at: datetime) -> None:
    held = documented.SESSIONS[draw.year]
    transcript = draw.transcript
    kept = Draw(
        cycle_id=cycle_id,
        kind="reviewers",
        year=draw.year,
        purpose="completion",
        session_id=session.scalar(
            sa.select(GroupSession.id).where(
                GroupSession.cycle_id == cycle_id, GroupSession.title == held.name
            )
        ),
        announcement=transcript["announcement"],
        commitment=transcript["commitment"],
        secret=draw.secret,
        read_out=draw.read_out,
        seed=transcript["seed"],
        state="recorded",
        drawn_on=held.first_day,
        drawn_by="this system, where no source gives the pair",
        prepared_at=at,
        published_at=at,
        opened_at=at,
        recorded_at=at,
        transcript=transcript,
    )
    session.add(kept)
    session.flush()
    rows = [
        {"draw_id": kept.id, "number": entry["number"], "entry": entry, "drawn_at": at}
        for entry in draw.entries
    ]
    session.execute(insert(Lot), rows)
