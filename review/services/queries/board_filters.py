"""Which reviews of the board are asked for, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from review.services.queries import state_names
from review.services.queries.board import Row
from workflows.spec import Party

PAGE: Final = 60
"""Rows shown at once; "show all" shows the rest."""
OPEN, ALL = "", "all"
"""Stages: those not completed (what a page without a choice shows), or every stage."""
NOBODY: Final = "nobody"
"""Turn: reviews whose clock is stopped."""
MINE, NONE = "me", "none"
"""Officers: the reader, or nobody yet."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader has asked for. Empty: no limit."""

    year: int | None = None
    group: str = ""
    stage: str = OPEN
    turn: str = ""
    officer: str = ""
    late: bool = False
    q: str = ""
    sort: str = "late"
    page: int = 1
    everything: bool = False

    @property
    def narrows(self) -> bool:
        """Whether anything but the year is asked for."""
        return bool(self.group or self.stage or self.turn or self.officer or self.late or self.q)


def _by_name(row: Row) -> tuple[Any, ...]:
    return (state_names.fold(row.name),)


def _by_date(row: Row) -> tuple[Any, ...]:
    return (row.due_on is None, row.due_on or date.max)


ORDERS: Final[dict[str, Callable[[Row], tuple[Any, ...]]]] = {
    "late": lambda row: (-row.late_days, *_by_date(row)),
    "due": _by_date,
    "state": lambda _row: (),
    "days": lambda row: (-row.days,),
}
"""How rows can be ordered: for work by date, or by name. It is no ranking."""


def chosen(rows: Iterable[Row], filters: Filters, reader_id: int) -> list[Row]:
    """The rows asked for, in that order; running reviews first, completed ones last."""
    kept = [row for row in rows if _fits(row, filters, reader_id)]
    order = ORDERS[filters.sort]
    if filters.sort == "state":
        return sorted(kept, key=_by_name)
    return sorted(kept, key=lambda row: (_at_rest(row), *order(row), *_by_name(row)))


def _at_rest(row: Row) -> int:
    """Running reviews first, then those that have not begun, then the completed ones."""
    if row.stage.final:
        return 2
    return 1 if row.stage.key == row.seen.process.start else 0


def _fits(row: Row, filters: Filters, reader_id: int) -> bool:
    return (
        (filters.year is None or row.year == filters.year)
        and (not filters.group or row.group == filters.group)
        and _fits_stage(row, filters.stage)
        and _fits_turn(row, filters.turn)
        and _fits_officer(row, filters.officer, reader_id)
        and (not filters.late or row.late_days > 0)
        and (not filters.q or _fits_words(row, filters.q))
    )


def _fits_stage(row: Row, stage: str) -> bool:
    if stage == OPEN:
        return not row.stage.final
    return stage in (ALL, row.stage.key)


def _fits_turn(row: Row, turn: str) -> bool:
    if turn == NOBODY:
        return row.is_stopped
    return not turn or Party(turn) in row.parties


def _fits_officer(row: Row, officer: str, reader_id: int) -> bool:
    if officer == NONE:
        return row.officer_id is None
    if officer == MINE:
        return row.officer_id == reader_id
    return not officer or row.officer_id == int(officer)


def _fits_words(row: Row, query: str) -> bool:
    return state_names.matches(row.iso3, row.name, query)
