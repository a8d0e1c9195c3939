"""A file of pairings, read line by line: CSV in UTF-8 with a head."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from review.languages import N_
from workflows.facts import Reason

COLUMNS: Final = ("iso3", "reviewer1", "reviewer2", "basis")
"""The columns that a file must have; ``year`` may be there, others are refused."""
BASES: Final = ("documented", "recalled", "assigned", "drawn", "simulated")
"""How a pair can be known."""
OCTETS_LIMIT: Final = 1024 * 1024
LINES_LIMIT: Final = 2000


@dataclass(frozen=True, slots=True)
class Written:
    """A line as it is written, without the white space around its cells; codes in capitals."""

    number: int
    year: str
    state: str
    first: str
    second: str
    basis: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a file from being applied, with the number of the line (0: the whole file)."""

    number: int
    reason: Reason


def read(content: bytes) -> tuple[list[Written], list[Fault]]:
    """The lines of a file, and what is wrong with the file as such."""
    if len(content) > OCTETS_LIMIT:
        return [], [_fault(0, N_("This file is too large for a list of pairings."))]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        wrong = N_("This file is not in UTF-8. Save it as “CSV UTF-8” in your spreadsheet.")
        return [], [_fault(0, wrong)]
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = [cell.strip().lower() for cell in next(table, [])]
        if faults := list(_head_faults(head)):
            return [], faults
        return _lines(table, head)
    except csv.Error:
        return [], [_fault(table.line_num, N_("This line is not CSV: a quotation mark is open."))]


def _head_faults(head: list[str]) -> Iterator[Fault]:
    for name in COLUMNS:
        if name not in head:
            yield _fault(1, N_("The column %(name)s is missing."), name=name)
    for name in dict.fromkeys(head):
        if name not in (*COLUMNS, "year"):
            yield _fault(1, N_("The column “%(name)s” is not known."), name=name)
        elif head.count(name) > 1:
            yield _fault(1, N_("The column %(name)s is there twice."), name=name)


def _lines(table: Iterator[list[str]], head: list[str]) -> tuple[list[Written], list[Fault]]:
    lines: list[Written] = []
    faults: list[Fault] = []
    number = 1
    for row in table:
        number = getattr(table, "line_num", number + 1)
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(lines) == LINES_LIMIT:
            faults.append(_fault(number, N_("The file has too many lines.")))
            break
        if len(cells) != len(head):
            text = N_("The line has %(count)d cells, the head has %(wanted)d.")
            faults.append(_fault(number, text, count=len(cells), wanted=len(head)))
            continue
        lines.append(_written(number, dict(zip(head, cells, strict=True))))
    if not lines and not faults:
        faults.append(_fault(0, N_("The file has no line with a State.")))
    return lines, faults


def _written(number: int, cells: Mapping[str, str]) -> Written:
    return Written(
        number,
        cells.get("year", ""),
        cells["iso3"].upper(),
        cells["reviewer1"].upper(),
        cells["reviewer2"].upper(),
        cells["basis"].lower(),
    )


def _fault(number: int, text: str, **params: str | int) -> Fault:
    return Fault(number, Reason(text, params))
