"""The board: for the secretariat every review of a cycle; for others the reviews they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db, reference, tasks
from review.policy import ADMINISTRATOR, Action
from review.services import exports, incidents
from review.services.queries import board, board_page, people
from review.services.queries import cycle as cycles
from review.services.queries.board_filters import Filters
from review.services.queries.unread import unread
from review.services.setbacks import Setbacks
from review.web import (
    board_filters,
    board_needs,
    board_rows,
    board_table,
    charts,
    csv_files,
    present,
    reading,
    trouble_words,
    wording,
)
from review.web.access import may, needs, signed_in, viewer
from review.web.words import _
from workflows.spec import Party

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from review.models import Cycle
    from review.services.queries.board import Row
    from review.web.board_filters import Asked
    from review.web.trouble_words import TroubleTold

blueprint = Blueprint("board", __name__)


@blueprint.get("/reviews")
@signed_in
def show() -> ResponseReturnValue:
    """The board for the secretariat; my reviews for everybody else."""
    if not may(Action.SEE_BOARD):
        return _own()
    session, now, me = reading.session(), clock.now(), viewer()
    officers = people.officers(session)
    cycle, asked = _asked(session, now, officers)
    of_all = me.role == ADMINISTRATOR or request.args.get("needs") == "all"
    page = board_page.load(session, cycle, asked.filters, me, now, needs_of_all=of_all)

    def address(**changes: Any) -> dict[str, str]:
        return board_filters.written(cycle.number, asked.filters, **changes)

    def others(**changes: Any) -> str:
        of_year = Filters(year=asked.filters.year)
        values: dict[str, Any] = board_filters.written(cycle.number, of_year, **changes)
        return url_for("board.show", **values)

    return render_template(
        "board/show.html",
        page=page,
        rows=board_rows.told(page.rows, with_year=asked.filters.year is None),
        filters=asked.filters,
        ignored=asked.ignored,
        officers=officers,
        groups=reference.REGIONAL_GROUPS,
        parties=tuple(Party),
        marks=_marks(page.rows),
        needs=[board_needs.told(need, others) for need in page.needs],
        picture=charts.burn_up(page.process, page.burn_up) if page.burn_up else None,
        troubles=_troubles(session, now),
        address=address,
    )


def _troubles(session: Session, now: datetime) -> list[TroubleTold]:
    """What of this system does not run, found afresh; the broker is not waited for."""
    settings = current_app.extensions["review"]
    found = incidents.troubles_now(
        session, settings, tasks.jobs(settings), now=now, machine=clock.machine
    )
    return [trouble_words.told(one) for one in found]


@blueprint.post("/reviews.csv")
@needs(Action.SEE_BOARD)
def export() -> ResponseReturnValue:
    """Every row that the board has under these filters, as a file; recorded."""
    now = clock.now()
    with db.transaction() as session:
        cycle, asked = _asked(session, now, people.officers(session))
        rows, left = exports.board_rows(session, cycle, asked.filters, actor=viewer(), now=now)
    name = f"reviews-{present.today().isoformat()}.csv"
    lines = [*map(board_table.line, rows), *map(board_table.unread_line, left)]
    return csv_files.file(name, board_table.head(cycle), lines)


def _asked(session: Session, now: datetime, officers: dict[int, str]) -> tuple[Cycle, Asked]:
    """The cycle and the filters of an address, or of a form that carries them on."""
    values = request.values
    number = board_filters.cycle_number(values)
    known = {one.number: one for one in cycles.cycles(session)}
    cycle = known.get(number or 0) or cycles.current(session, now)
    asked = board_filters.read(values, cycle, known, {str(one) for one in officers})
    return cycle, asked


def _marks(rows: Sequence[Row]) -> list[str]:
    """What the small signs on these rows mean; only of those that occur."""
    bases = {basis for row in rows for basis in (row.year_basis, *row.pair_basis.values())}
    simulated = "simulated" in bases or any(c.simulated for row in rows for c in row.cells)
    return [
        *([f"° {wording.data_basis('recalled')}"] if "recalled" in bases else []),
        *([f"* {wording.data_basis('assigned')}"] if "assigned" in bases else []),
        *(["~ " + _("simulated")] if simulated else []),
    ]


def _own() -> str:
    session, me, setbacks = reading.session(), viewer(), Setbacks()
    return render_template(
        "board/own.html",
        rows=board.own_rows(session, me, clock.now(), setbacks),
        unread=unread(session, setbacks),
        roles=board.own_roles(session, me),
    )
