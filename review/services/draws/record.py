"""Recording a draw: its result goes into the reviews, and the States concerned are told.

The official act is the step ``assign_reviewers`` of each review, so audit rows and mails come from
it; a draw of the years selects each State. All in one transaction, and once only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Draw, Person
from review.services import cycles
from review.services.audit import Verb
from review.services.draws import assignment, feasibility
from review.services.draws.assignment import Assignment
from review.services.draws.conduct import entries
from review.services.draws.prepare import expect, keep, locked
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day
from workflows.drawing import Entry


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording did: the States whose review changed; empty if it was recorded before."""

    draw_id: int
    states: tuple[str, ...]


def record(
    session: Session, draw_id: int, *, actor: Person, now: datetime, simulated: bool = False
) -> Recorded:
    """Write the result of a draw into the reviews; recorded before, it does nothing.

    Raises NotFound; Refused if lots are missing, or a review is no longer as it was announced.
    """
    draw = locked(session, draw_id)
    if draw.state == "recorded":
        return Recorded(draw.id, ())
    expect(draw, "drawn", N_("A draw is recorded when every lot is drawn."))
    feasibility.unchanged(session, draw)
    draw.state, draw.recorded_at = "recorded", now
    session.flush()
    done = entries(session, draw)
    if draw.kind == "years":
        for entry in done:
            cycles.select_state(
                session, draw.cycle.number, entry["drawn"], entry["year"], actor=actor, now=now
            )
        states = tuple(sorted(entry["drawn"] for entry in done))
    else:
        states = _assign(session, draw, done, actor=actor, now=now, simulated=simulated)
    after = {"states": list(states), "digest": draw.transcript and draw.transcript["digest"]}
    keep(session, Verb.DRAW_RECORDED, draw, after, actor=actor, now=now)
    return Recorded(draw.id, states)


def _assign(
    session: Session,
    draw: Draw,
    done: list[Entry],
    *,
    actor: Person,
    now: datetime,
    simulated: bool,
) -> tuple[str, ...]:
    drawn: dict[str, dict[int, str]] = {}
    for entry in done:
        drawn.setdefault(entry["state"], {})[entry["slot"]] = entry["drawn"]
    assignment.assign(
        session,
        draw.cycle,
        [Assignment(state, places) for state, places in drawn.items()],
        held=draw.session.title if draw.session else draw.announcement["title"],
        drawn_on=draw.drawn_on or local_day(now, VIENNA),
        actor=actor,
        now=now,
        simulated=simulated,
    )
    return tuple(sorted(drawn))
