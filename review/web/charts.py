"""Pictures: where everything stands in them. The templates write the SVG, with words beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from review.services.queries.burn_up import BurnUp
from workflows.spec import Process

WIDTH: Final = 570
HEIGHT: Final = 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 556.0, 26.0, 236.0
_MONTHS_BETWEEN_TICKS: Final = (1, 2, 3, 6, 12)
_LABEL_FROM: Final = 14.0
"""An area at least so high at today's edge carries its number."""


@dataclass(frozen=True, slots=True)
class Area:
    """The reviews of one stage over time."""

    number: int
    points: str
    label_y: float | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis: where, and what stands there."""

    at: float
    value: int = 0
    day: date | None = None
    with_year: bool = False


@dataclass(frozen=True, slots=True)
class BurnUpPicture:
    """The picture of reviews by stage over time, in the units of its view box."""

    areas: tuple[Area, ...]
    rows: tuple[Tick, ...]
    months: tuple[Tick, ...]
    today: float
    model: str
    completed: int
    """The number of the stage that ends a review."""
    left: float = _LEFT
    right: float = _RIGHT
    top: float = _TOP
    bottom: float = _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def burn_up(definition: Process, data: BurnUp) -> BurnUpPicture:
    """Draw the counts as areas, the latest stage at the bottom; the model as a line."""
    scale = _Scale(data)
    stages = [stage.key for stage in definition.stages]
    areas = []
    floor = [0] * len(data.days)
    for number in range(len(stages) - 1, 0, -1):
        roof = [low + own for low, own in zip(floor, data.by_stage[stages[number]], strict=True)]
        if any(data.by_stage[stages[number]]):
            areas.append(_area(number, scale, data.days, floor, roof))
        floor = roof
    return BurnUpPicture(
        areas=tuple(reversed(areas)),
        rows=tuple(Tick(scale.y(count), value=count) for count in _steps(data.total)),
        months=tuple(_months(scale)),
        today=scale.x(data.days[-1]),
        model=_points(
            (scale.x(day), scale.y(count))
            for day, count in zip(data.model_days, data.model, strict=True)
        )
        if any(data.model)
        else "",
        completed=len(stages) - 1,
    )


class _Scale:
    """From days and counts to the units of the view box; time runs from left to right."""

    def __init__(self, data: BurnUp) -> None:
        self.first = data.days[0]
        self.last = max(data.days[-1], data.model_days[-1])
        self._days = max(1, (self.last - self.first).days)
        self._total = max(1, data.total)

    def x(self, day: date) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * (day - self.first).days / self._days, 1)

    def y(self, count: float) -> float:
        return round(_BOTTOM - (_BOTTOM - _TOP) * count / self._total, 1)


def _area(
    number: int, scale: _Scale, days: Sequence[date], floor: Sequence[int], roof: Sequence[int]
) -> Area:
    there = [(scale.x(day), scale.y(count)) for day, count in zip(days, roof, strict=True)]
    back = [(scale.x(day), scale.y(count)) for day, count in zip(days, floor, strict=True)]
    high = scale.y(floor[-1]) - scale.y(roof[-1])
    middle = round((scale.y(floor[-1]) + scale.y(roof[-1])) / 2 + 4, 1)
    label = middle if high >= _LABEL_FROM else None
    return Area(number, _points([*there, *reversed(back)]), label)


def _points(pairs: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in pairs)


def _steps(total: int) -> list[int]:
    """Three or four equal steps up to the total."""
    parts = 3 if total % 3 == 0 else 4
    return sorted({round(total * part / parts) for part in range(parts + 1)})


def _months(scale: _Scale) -> list[Tick]:
    """The first days of months that are named, no closer than the words need."""
    months = (scale.last.year - scale.first.year) * 12 + scale.last.month - scale.first.month
    every = next((n for n in _MONTHS_BETWEEN_TICKS if months / n <= 9), 12)
    ticks: list[Tick] = []
    index = scale.first.year * 12 + scale.first.month - 1
    while (day := date(index // 12, index % 12 + 1, 1)) <= scale.last:
        if day >= scale.first and (day.month - 1) % every == 0:
            ticks.append(Tick(scale.x(day), day=day, with_year=not ticks or day.month == 1))
        index += 1
    return ticks
