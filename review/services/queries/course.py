"""The course of one review: when each stage began and ended, and whose turn it was meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Audit
from review.services.queries import stage_cells
from review.services.snapshot import VIENNA, Snapshot
from workflows import deadlines, engine
from workflows.spec import Party, Stage


@dataclass(frozen=True, slots=True)
class Held:
    """Some days on which it was the turn of one party (of these slots)."""

    party: Party | None
    slots: tuple[int, ...]
    days: int


@dataclass(frozen=True, slots=True)
class StageCourse:
    """One stage of the stepper: done, now or ahead, with real dates and who held the review."""

    stage: Stage
    number: int
    state: str
    began: date | None = None
    ended: date | None = None
    days: int = 0
    held: tuple[Held, ...] = ()
    planned_on: date | None = None
    """For a stage to come: the agreed date, else that of the model schedule."""
    agreed: bool = False


def stage_changes(session: Session, review_id: int) -> list[tuple[str, datetime]]:
    """Each stage entered, with its moment, oldest first; the start is not among them."""
    rows = session.execute(
        sa.select(Audit.target, Audit.at)
        .where(Audit.review_id == review_id, Audit.target != "", Audit.source != Audit.target)
        .order_by(Audit.id)
    )
    return [(target, at) for target, at in rows]


def course(snapshot: Snapshot, changes: Sequence[tuple[str, datetime]]) -> list[StageCourse]:
    """The stages of the stepper, without ``selected`` and without the final one.

    After a correction the last time a review was in a stage counts.
    """
    process = snapshot.process
    spans = _spans(changes, snapshot.now)
    shown = [stage for stage in process.stages if stage.key != process.start and not stage.final]
    here = process.position(snapshot.stage)
    made = []
    for number, stage in enumerate(shown, start=1):
        position = process.position(stage.key)
        state = "done" if position < here else "now" if position == here else "ahead"
        span = spans.get(stage.key)
        if span is None or state == "ahead":
            by, agreed = stage_cells.planned(snapshot, stage)
            made.append(StageCourse(stage, number, state, planned_on=by, agreed=agreed))
            continue
        began, ended = (deadlines.local_day(moment, VIENNA) for moment in span)
        made.append(
            StageCourse(
                stage,
                number,
                state,
                began,
                ended if state == "done" else None,
                (ended - began).days,
                tuple(_held(snapshot, stage.key, *span)),
            )
        )
    return made


def _spans(
    changes: Sequence[tuple[str, datetime]], now: datetime
) -> dict[str, tuple[datetime, datetime]]:
    ends = [*(at for _, at in changes[1:]), now][: len(changes)]
    return {stage: (at, end) for (stage, at), end in zip(changes, ends, strict=True)}


def _held(snapshot: Snapshot, stage: str, began: datetime, ended: datetime) -> Iterator[Held]:
    """Whose turn it was, from one milestone to the next; days of one party run together."""
    moments = sorted(
        {began, ended}
        | {d.done_at for d in snapshot.dates.values() if d.done_at and began < d.done_at < ended}
    )
    runs: list[Held] = []
    for start, end in pairwise(moments):
        party, slots = _holder(snapshot, stage, start)
        days = (deadlines.local_day(end, VIENNA) - deadlines.local_day(start, VIENNA)).days
        if runs and (runs[-1].party, runs[-1].slots) == (party, slots):
            runs[-1] = replace(runs[-1], days=runs[-1].days + days)
        elif days:
            runs.append(Held(party, slots, days))
    yield from runs


def _holder(snapshot: Snapshot, stage: str, at: datetime) -> tuple[Party | None, tuple[int, ...]]:
    """The first party whose turn it was at a moment; of several States all their slots."""
    done = frozenset(
        key for key, dates in snapshot.dates.items() if dates.done_at and dates.done_at <= at
    )
    facts = replace(
        snapshot.facts, stage=stage, done=done, open_repeats=frozenset(), suspended=False
    )
    turns = engine.turns(snapshot.process, facts)
    if not turns:
        return None, ()
    first = turns[0].party
    return first, tuple(sorted({turn.slot for turn in turns if turn.party is first}))
