"""The stages of one review as cells: ended and how long, running, or planned for when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from review.services.snapshot import VIENNA, Snapshot
from workflows import deadlines
from workflows.registry import process
from workflows.spec import Process, Stage

Change = tuple[str, datetime]
"""A stage entered, and when."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One stage of one review. ``state`` is past, now or next; days are those of Vienna."""

    stage: Stage
    number: int
    state: str
    ended_on: date | None = None
    days: int | None = None
    simulated: bool = False
    planned_on: date | None = None
    """By when it ends: the agreed date, else that of the model schedule from the real start."""
    agreed: bool = False


def cells(seen: Snapshot, changes: Sequence[Change]) -> tuple[Cell, ...]:
    """The stages between the start and the final one; after a correction the last stay counts."""
    here = seen.process.position(seen.stage)
    left: list[datetime | None] = [*(at for _, at in changes[1:]), None]
    spans = {stage: (at, end) for (stage, at), end in zip(changes, left, strict=False)}
    made = []
    for number, stage in enumerate(shown_stages(seen.process), start=1):
        position = seen.process.position(stage.key)
        if position < here:
            made.append(_past(seen, stage, number, spans.get(stage.key)))
        else:
            state = "now" if position == here else "next"
            by, agreed = planned(seen, stage)
            made.append(
                Cell(
                    stage,
                    number,
                    state,
                    simulated=state == "now" and _is_simulated(seen, _before(seen, stage)),
                    planned_on=by,
                    agreed=agreed,
                )
            )
    return tuple(made)


def shown_stages(definition: Process) -> tuple[Stage, ...]:
    """The stages that the board shows as columns: all but the start and the final one."""
    return tuple(s for s in definition.stages if s.key != definition.start and not s.final)


def _past(
    seen: Snapshot, stage: Stage, number: int, span: tuple[datetime, datetime | None] | None
) -> Cell:
    began, ended = span or (None, None)
    if began is None or ended is None:
        return Cell(stage, number, "past")
    return Cell(
        stage,
        number,
        "past",
        ended_on=deadlines.local_day(ended, VIENNA),
        days=days_between(began, ended),
        simulated=_is_simulated(seen, stage.key),
    )


def _before(seen: Snapshot, stage: Stage) -> str:
    return seen.process.stages[seen.process.position(stage.key) - 1].key


def _is_simulated(seen: Snapshot, stage: str) -> bool:
    """Whether the day on which a stage ended comes from a model of durations."""
    dates = seen.dates.get((_ending(seen.process.key).get(stage, ""), 0))
    return dates is not None and dates.simulated


def days_between(began: datetime, ended: datetime) -> int:
    """Calendar days from one moment to another, in Vienna."""
    return (deadlines.local_day(ended, VIENNA) - deadlines.local_day(began, VIENNA)).days


@lru_cache
def _ending(process_key: str) -> dict[str, str]:
    """For each stage the milestone whose step leads out of it."""
    return {
        at: step.does
        for step in process(process_key).steps
        if step.to and step.does and not step.to_any
        for at in step.at
    }


@lru_cache
def deadline_of(process_key: str) -> dict[str, str]:
    """For each stage of a process the last of its milestones that has a period."""
    return {item.stage: item.key for item in process(process_key).milestones if item.due}


@lru_cache(maxsize=512)
def _model(process_key: str, start: date) -> dict[str, date]:
    return deadlines.model_schedule(process(process_key), start)


def model_end(seen: Snapshot, stage: str) -> date | None:
    """The day on which a stage ends by the model schedule; None before the start."""
    key, started = deadline_of(seen.process.key).get(stage), seen.columns["started_at"]
    if key is None or started is None:
        return None
    return _model(seen.process.key, deadlines.local_day(started, VIENNA))[key]


def planned(seen: Snapshot, stage: Stage) -> tuple[date | None, bool]:
    """By when a stage is to end, and whether that was agreed; else it is the model schedule."""
    key = deadline_of(seen.process.key).get(stage.key, "")
    agreed = [
        dates.agreed_on
        for (milestone, _), dates in seen.dates.items()
        if milestone == key and dates.agreed_on
    ]
    return (max(agreed), True) if agreed else (model_end(seen, stage.key), False)
