"""How many reviews stood in which stage, month by month; the model schedule beside it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from review.services.queries.board import Row
from review.services.queries.stage_cells import model_end
from review.services.snapshot import VIENNA
from workflows.deadlines import add_months, local_day
from workflows.spec import Process

AHEAD_AT_MOST: int = 6
"""Months after today for which the model schedule is still drawn."""


@dataclass(frozen=True, slots=True)
class BurnUp:
    """Counts at the end of each month, the last one today.

    ``by_stage`` has for each stage as many numbers as there are days. ``model`` counts the reviews
    that would be completed had each kept the model schedule from its real start; it may go on
    beyond today.
    """

    days: tuple[date, ...]
    by_stage: dict[str, tuple[int, ...]]
    model_days: tuple[date, ...]
    model: tuple[int, ...]
    total: int


def burn_up(definition: Process, rows: Sequence[Row], now: datetime) -> BurnUp | None:
    """The picture of these reviews; None before the first of them has begun."""
    today = local_day(now, VIENNA)
    histories = [_history(row) for row in rows]
    begun = [history[0][0] for history in histories if history]
    if not begun or min(begun) >= today:
        return None
    days = _month_ends(min(begun), today)
    counts: dict[str, list[int]] = {stage.key: [0] * len(days) for stage in definition.stages}
    for history in histories:
        for index, stage in enumerate(_at(definition.start, history, days)):
            counts[stage][index] += 1
    model_days, model = _model(definition, rows, days, today)
    return BurnUp(
        days,
        {stage: tuple(numbers) for stage, numbers in counts.items()},
        model_days,
        model,
        len(rows),
    )


def _history(row: Row) -> list[tuple[date, str]]:
    """The day of each change of stage, in Vienna."""
    return [(local_day(at, VIENNA), stage) for stage, at in row.changes]


def _at(start: str, history: Sequence[tuple[date, str]], days: Iterable[date]) -> list[str]:
    """The stage of one review at the end of each day."""
    changed = [day for day, _ in history]
    stages = [start, *(stage for _, stage in history)]
    return [stages[bisect_right(changed, day)] for day in days]


def _month_ends(first: date, last: date) -> tuple[date, ...]:
    """The day before the first month, the last day of every month after it, and the last day."""
    month = first.replace(day=1)
    days = []
    while (end := month - timedelta(days=1)) < last:
        days.append(end)
        month = add_months(month, 1)
    return (*days, last)


def _model(
    definition: Process, rows: Sequence[Row], days: tuple[date, ...], today: date
) -> tuple[tuple[date, ...], tuple[int, ...]]:
    last_stage = next(s.key for s in reversed(definition.stages) if not s.final)
    ends = sorted(end for row in rows if (end := model_end(row.seen, last_stage)))
    until = min(ends[-1], add_months(today, AHEAD_AT_MOST)) if ends else today
    shown = days if until <= today else (*days[:-1], *_month_ends(today, until)[1:])
    return shown, tuple(bisect_right(ends, day) for day in shown)
