"""The rows of the board in words, made in one go: a hundred and sixty-five of them cost little.

The template only prints. What occurs on many rows (names, days, lengths) is put into words once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, TypeVar

from flask import url_for

from review.services.snapshot import VIENNA
from review.web import present, wording
from review.web.words import _
from workflows.deadlines import local_day

if TYPE_CHECKING:
    from review.services.queries.board import Row
    from review.services.queries.stage_cells import Cell

K = TypeVar("K")

NAMES_AT_MOST: Final = 2
"""So many of those whose turn it is are named in a cell."""
_SIGNS: Final = {"recalled": "°", "assigned": "*", "simulated": "~"}


@dataclass(frozen=True, slots=True)
class Name:
    """A State with the sign that says how sure its part is, and the sign in words."""

    text: str
    sign: str = ""
    sure: str = ""


@dataclass(frozen=True, slots=True)
class CellText:
    """One cell. ``kind`` is past, now, next or begin (a review that has not begun)."""

    kind: str
    number: int
    label: str
    main: str = ""
    small: str = ""
    iso: str = ""
    simulated: bool = False
    more: str = ""
    late: str = ""
    due: str = ""
    filled: float = 0.0
    """How far the bar of days is filled, of 100; a third of it is the norm."""


@dataclass(frozen=True, slots=True)
class RowText:
    """One row."""

    href: str
    name: str
    year: Name | None
    reviewers: tuple[Name, ...]
    cells: tuple[CellText, ...]
    what: str
    what_more: str
    what_small: str
    done: bool
    officer: str
    officer_href: str


def told(rows: Sequence[Row], *, with_year: bool) -> list[RowText]:
    """The rows in the reader's language."""
    teller = _Teller()
    return [teller.row(row, with_year=with_year) for row in rows]


class _Teller:
    """Puts rows into words; says each thing once and remembers it."""

    def __init__(self) -> None:
        self._today = present.today(VIENNA)
        self._texts: dict[str, str] = {}
        self._days: dict[date, str] = {}
        self._lengths: dict[int, str] = {}
        self._and_more = {n: _("and %(num)s more", num=n) for n in range(1, 4)}
        self._agreed, self._model = _("agreed"), _("model")
        self._due, self._secretariat = _("due"), _("Secretariat")

    def row(self, row: Row, *, with_year: bool) -> RowText:
        sides = row.seen.sides
        what, more, small = self._next(row)
        return RowText(
            href=url_for("reviews.show", review_id=row.id),
            name=self._text(row.name),
            year=self._sure(_("Year %(number)s", number=row.year), row.year_basis)
            if with_year
            else None,
            reviewers=tuple(
                self._sure(self._text(sides[slot].name), row.pair_basis.get(slot, ""))
                for slot in (1, 2)
                if slot in sides
            ),
            cells=tuple(self._cell(row, cell) for cell in row.cells),
            what=what,
            what_more=more,
            what_small=small,
            done=row.stage.final,
            officer=row.officer or _("Nobody yet"),
            officer_href=url_for("people.officer", review_id=row.id),
        )

    def _sure(self, text: str, basis: str) -> Name:
        sign = _SIGNS.get(basis, "")
        if not sign:
            return Name(text)
        known = _("simulated") if basis == "simulated" else wording.data_basis(basis)
        return Name(text, sign, known)

    def _cell(self, row: Row, cell: Cell) -> CellText:
        label = self._text(cell.stage.label)
        if cell.state == "now":
            return self._now(row, cell, label)
        if cell.state == "past":
            return self._past(cell, label)
        if cell.number == 1 and row.position == 0:
            return self._begin(row)
        if cell.planned_on:
            small = self._agreed if cell.agreed else self._model
            main, iso = self._day(cell.planned_on), cell.planned_on.isoformat()
            return CellText("next", cell.number, label, main, small, iso)
        norm = cell.stage.norm_days
        return CellText(
            "next",
            cell.number,
            label,
            self._length(norm) if norm else "–",
            self._model if norm else "",
        )

    def _past(self, cell: Cell, label: str) -> CellText:
        if cell.ended_on is None or cell.days is None:
            return CellText("past", cell.number, label, "–")
        return CellText(
            "past",
            cell.number,
            label,
            self._day(cell.ended_on),
            self._length(cell.days),
            cell.ended_on.isoformat(),
            simulated=cell.simulated,
        )

    def _now(self, row: Row, cell: Cell, label: str) -> CellText:
        norm = row.stage.norm_days
        names = _("Clock stopped") if row.is_stopped else ""
        owners = list(dict.fromkeys(self._owner(due.name) for due in row.dues))
        late = _("Late %(num)s d", num=row.late_days) if row.late_days else ""
        return CellText(
            "now",
            cell.number,
            label,
            names or ", ".join(owners[:NAMES_AT_MOST]),
            _("%(days)s, norm %(norm)s", days=self._length(row.days), norm=norm),
            simulated=cell.simulated,
            more=self._more(len(owners) - NAMES_AT_MOST),
            late=late,
            due=f"{self._due} {self._day(row.due_on)}" if row.due_on and not late else "",
            filled=min(100.0, round(100 * row.days / (3 * norm), 1)) if norm else 0.0,
        )

    def _begin(self, row: Row) -> CellText:
        if row.is_stopped:
            small = _("clock stopped")
        elif len(row.seen.facts.reviewers) == 2:
            small = _("reviewers drawn")
        else:
            small = _("reviewers not drawn")
        return CellText("begin", 0, self._text(row.stage.label), _("Not begun"), small)

    def _next(self, row: Row) -> tuple[str, str, str]:
        """What comes next: the first step, how many more there are, and a word below."""
        if row.stage.final:
            return _("Completed"), "", row.seen.columns["document_symbol"] or ""
        if row.is_stopped:
            since = self._day(local_day(row.seen.columns["suspended_at"], VIENNA))
            until = row.seen.columns["suspended_until"]
            if until is None:
                return _("Resume the review"), "", _("stopped since %(day)s", day=since)
            return _("Clock stopped"), "", _("until %(day)s", day=self._day(until))
        steps = row.next_steps
        reminder = row.reminder_at
        small = (
            _("reminder on %(day)s", day=self._day(local_day(reminder, VIENNA))) if reminder else ""
        )
        return self._text(steps[0].label) if steps else "–", self._more(len(steps) - 1), small

    def _owner(self, name: str) -> str:
        return self._text(name) if name else self._secretariat

    def _more(self, count: int) -> str:
        return self._and_more.get(count) or (_("and %(num)s more", num=count) if count > 0 else "")

    def _text(self, text: str) -> str:
        return _once(self._texts, text, _)

    def _length(self, days: int) -> str:
        return _once(self._lengths, days, present.days)

    def _day(self, day: date) -> str:
        """A day; without its year where that is this year."""
        same = day.year == self._today.year
        return _once(self._days, day, present.day_of_year if same else present.short_day)


def _once(known: dict[K, str], key: K, say: Callable[[K], str]) -> str:
    if key not in known:
        known[key] = say(key)
    return known[key]
