"""Everything that stands on the board's page, for one cycle and the filters asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy.orm import Session

from review.models import Cycle, Person
from review.services.queries import board, board_filters, needs
from review.services.queries import burn_up as pictures
from review.services.queries import cycle as cycles
from review.services.queries.board import Row
from review.services.queries.board_filters import PAGE, Filters
from review.services.queries.burn_up import BurnUp
from review.services.queries.needs import Need
from review.services.queries.stage_cells import shown_stages
from review.services.queries.unread import Unread, unread
from review.services.setbacks import Setbacks
from workflows.registry import process
from workflows.spec import Process, Stage


@dataclass(frozen=True, slots=True)
class StageCount:
    """The reviews of one stage, and how many of them are late."""

    stage: Stage
    number: int
    count: int
    late: int


@dataclass(frozen=True, slots=True)
class BoardPage:
    """The board of a cycle, or of one of its years."""

    cycle: Cycle
    cycles: tuple[Cycle, ...]
    process: Process
    years: tuple[int, ...]
    total: int
    counts: tuple[StageCount, ...]
    needs: tuple[Need, ...]
    needs_of_all: bool
    burn_up: BurnUp | None
    found: int
    rows: tuple[Row, ...]
    unread: tuple[Unread, ...]
    page: int
    pages: int

    @property
    def completed(self) -> int:
        """Reviews whose report is agreed and whose summary is issued."""
        return self.counts[-1].count

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that are columns."""
        return shown_stages(self.process)


def load(
    session: Session,
    cycle: Cycle,
    filters: Filters,
    reader: Person,
    now: datetime,
    *,
    needs_of_all: bool,
) -> BoardPage:
    """The page of a cycle. Strip, picture and needs follow the year; the table every filter."""
    definition = process(cycle.process_key)
    setbacks = Setbacks()
    everything = board.rows(session, cycle, now, setbacks)
    of_year = [row for row in everything if filters.year in (None, row.year)]
    found = board_filters.chosen(everything, filters, reader.id)
    pages = max(1, ceil(len(found) / PAGE))
    page = min(filters.page, pages)
    shown = found if filters.everything else found[(page - 1) * PAGE : page * PAGE]
    mine = of_year if needs_of_all else [r for r in of_year if r.officer_id in (None, reader.id)]
    return BoardPage(
        cycle=cycle,
        cycles=tuple(cycles.cycles(session)),
        process=definition,
        years=tuple(sorted({row.year for row in everything})),
        total=len(of_year),
        counts=_counts(definition, of_year),
        needs=needs.needs(session, mine, now, cycles.year_prepared(session, cycle, now)),
        needs_of_all=needs_of_all,
        burn_up=pictures.burn_up(definition, of_year, now),
        found=len(found),
        rows=tuple(shown),
        unread=unread(session, setbacks),
        page=page,
        pages=1 if filters.everything else pages,
    )


def _counts(definition: Process, rows: Sequence[Row]) -> tuple[StageCount, ...]:
    there = Counter(row.seen.stage for row in rows)
    late = Counter(row.seen.stage for row in rows if row.late_days)
    return tuple(
        StageCount(stage, number, there[stage.key], late[stage.key])
        for number, stage in enumerate(definition.stages)
    )
