"""The pairings of a cycle as DOCX: by year and regional group, in two languages side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from review.services.rendering.docx import MEDIA_TYPE, foot, title_page
from review.services.rendering.docx_elements import el, page_break, paragraph, runs
from review.services.rendering.docx_styles import set_up
from review.services.rendering.paper import Paper

_WIDTHS: Final = (4.6, 4.6, 4.6, 2.2)
_TWIPS_A_CM: Final = 567


@dataclass(frozen=True, slots=True)
class Section:
    """A year with its regional groups: a title, and a table with the cells of each line."""

    title: str
    groups: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]


def render(paper: Paper, head: Sequence[str], sections: Sequence[Section], empty: str) -> bytes:
    """The file; ``head``: titles of the columns; ``empty`` is said where there is nothing."""
    from docx import Document  # heavy, and only needed here

    document = Document()
    set_up(document, paper)
    tail = document.element.body[-1]  # the properties of the section stay last
    for element in _pages(paper, head, sections, empty):
        tail.addprevious(element)
    foot(document, paper)
    made = BytesIO()
    document.save(made)
    return made.getvalue()


def _pages(
    paper: Paper, head: Sequence[str], sections: Sequence[Section], empty: str
) -> Iterable[Any]:
    yield from title_page(paper)
    yield page_break()
    if not sections:
        yield paragraph("Remark", paper.rtl, runs(empty, paper.rtl))
    for section in sections:
        yield paragraph("Heading1", paper.rtl, runs(section.title, paper.rtl))
        for group, lines in section.groups:
            yield paragraph("Heading2", paper.rtl, runs(group, paper.rtl))
            yield _table(head, lines, paper.rtl)
    yield paragraph("Normal", paper.rtl, ())


def _table(head: Sequence[str], lines: Sequence[Sequence[str]], rtl: bool) -> Any:
    width = str(round(sum(_WIDTHS) * _TWIPS_A_CM))
    edge = {"val": "single", "sz": "4", "space": "0", "color": "808080"}
    borders = el("tblBorders", *(el(side, **edge) for side in ("top", "bottom", "insideH")))
    properties = el("tblPr", *([el("bidiVisual")] if rtl else []), el("tblW", w=width, type="dxa"))
    properties.append(borders)
    properties.append(el("tblLayout", type="fixed"))
    columns = (el("gridCol", w=str(round(each * _TWIPS_A_CM))) for each in _WIDTHS)
    return el(
        "tbl",
        properties,
        el("tblGrid", *columns),
        _row(head, rtl, head=True),
        *(_row(cells, rtl, head=False) for cells in lines),
    )


def _row(cells: Sequence[str], rtl: bool, *, head: bool) -> Any:
    """A line that no page break divides; the head stands again on every page."""
    properties = el("trPr", el("cantSplit"), *([el("tblHeader")] if head else []))
    return el(
        "tr", properties, *map(_cell, cells, _WIDTHS, [rtl] * len(cells), [head] * len(cells))
    )


def _cell(text: str, width: float, rtl: bool, head: bool) -> Any:
    return el(
        "tc",
        el("tcPr", el("tcW", w=str(round(width * _TWIPS_A_CM)), type="dxa")),
        paragraph("Cell", rtl, runs(text, rtl, bold=head)),
    )


__all__ = ["MEDIA_TYPE", "Section", "render"]
