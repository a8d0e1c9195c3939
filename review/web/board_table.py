"""The board as lines of a file: the same rows, in words, with dates as year-month-day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from review.services.queries.board import Row
from review.services.queries.stage_cells import shown_stages
from review.services.queries.unread import Unread
from review.web import wording
from review.web.words import _
from workflows.registry import process

if TYPE_CHECKING:
    from review.models import Cycle


def head(cycle: Cycle) -> list[str]:
    """The names of the columns."""
    stages = [_(stage.label) for stage in shown_stages(process(cycle.process_key))]
    return [
        _("State under review"),
        _("Code"),
        _("Year"),
        _("Year known as"),
        _("Regional group"),
        _("First reviewing State"),
        _("Second reviewing State"),
        _("Stage"),
        _("Days in the stage"),
        _("Norm in days"),
        _("Whose turn"),
        _("What is owed"),
        _("Due"),
        _("Days late"),
        *(_("%(stage)s: ended", stage=label) for label in stages),
        *(_("%(stage)s: days", stage=label) for label in stages),
        _("Report to be agreed by"),
        _("Date of the end"),
        _("Officer"),
        _("Simulated dates"),
    ]


def line(row: Row) -> list[object]:
    """One review."""
    sides, last = row.seen.sides, row.cells[-1]
    return [
        _(row.name),
        row.iso3,
        row.year,
        wording.data_basis(row.year_basis) if row.year_basis else "",
        _(row.group) if row.group else "",
        *(_(sides[slot].name) if slot in sides else "" for slot in (1, 2)),
        _(row.stage.label),
        "" if row.stage.final else row.days,
        row.stage.norm_days or "",
        "; ".join(dict.fromkeys(wording.owner(due) for due in row.dues)),
        "; ".join(dict.fromkeys(_(due.milestone.label) for due in row.dues)),
        row.due_on or "",
        row.late_days or "",
        *(cell.ended_on or "" for cell in row.cells),
        *("" if cell.days is None else cell.days for cell in row.cells),
        last.planned_on or "",
        _("agreed") if last.agreed else _("model") if last.planned_on else "",
        row.officer,
        _("yes") if any(cell.simulated for cell in row.cells) else "",
    ]


def unread_line(one: Unread) -> list[object]:
    """A review that cannot be read: where it stands, and that nothing of it is here."""
    return [_(one.name), one.iso3, one.year, "", "", "", "", _("The data cannot be read")]
