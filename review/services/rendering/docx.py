"""A paper as DOCX: built with python-docx, so that every delegation can work on it in Word.

Paragraphs are made as elements rather than through the library's objects: a report has thousands.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from review import languages
from review.services.rendering.docx_elements import el, field, page_break, paragraph, runs
from review.services.rendering.docx_styles import DEPTH, set_up
from review.services.rendering.paper import Block, Paper
from workflows.spec import N_

if TYPE_CHECKING:
    from docx.document import Document

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@lru_cache(maxsize=16)
def render(paper: Paper) -> bytes:
    """The file. The same paper is made once in a process."""
    from docx import Document  # heavy, and only needed here

    document = Document()
    set_up(document, paper)
    body = document.element.body
    tail = body[-1]  # the properties of the section stay last
    for element in _pages(paper):
        tail.addprevious(element)
    foot(document, paper)
    made = BytesIO()
    document.save(made)
    return made.getvalue()


# Pages -------------------------------------------------------------------------------------------


def _pages(paper: Paper) -> Iterable[Any]:
    yield from title_page(paper)
    yield page_break()
    yield from _contents(paper)
    yield page_break()
    anchors = 0
    for block in paper.blocks:
        if block.level > 0:
            anchors += 1
            yield _heading(block, paper, anchors)
        elif block.level < 0:
            yield paragraph(
                "RunIn" if block.level == -1 else "Remark", block.rtl, runs(block.text, block.rtl)
            )
        else:
            text = f"{block.number}.\t{block.text}"
            yield paragraph("Numbered", block.rtl, runs(text, block.rtl))


def title_page(paper: Paper) -> Iterable[Any]:
    """The first page: marking, mechanism, title, facts."""
    say = languages.translations(paper.language).gettext
    mechanism = N_(
        "Mechanism for the Review of Implementation of the United Nations Convention against"
        " Corruption"
    )
    if paper.marking:
        yield paragraph("Marking", paper.rtl, runs(paper.marking.upper(), paper.rtl))
    yield paragraph("Mechanism", paper.rtl, runs(say(mechanism), paper.rtl))
    yield paragraph("Title", paper.rtl, runs(paper.title, paper.rtl))
    yield paragraph("Subtitle", paper.rtl, runs(paper.subtitle, paper.rtl))
    if paper.notice:
        yield paragraph("Notice", paper.rtl, runs(paper.notice, paper.rtl))
    for label, value in paper.facts:
        shown = (*runs(f"{label}\t", paper.rtl), *runs(value, paper.rtl, bold=True))
        yield paragraph("Fact", paper.rtl, shown)


def _contents(paper: Paper) -> Iterable[Any]:
    """The headings as links; Word puts the page numbers in when it updates the field."""
    yield paragraph("ContentsTitle", paper.rtl, runs(paper.contents, paper.rtl))
    listed = [
        (number, block)
        for number, block in enumerate((b for b in paper.blocks if b.level > 0), start=1)
        if block.level <= DEPTH
    ]
    instruction = f'TOC \\o "1-{DEPTH}" \\h \\z \\u'
    begin = list(field(instruction))
    for position, (number, block) in enumerate(listed):
        link = el("hyperlink", *runs(block.text, paper.rtl), anchor=f"heading{number}")
        inside = [*begin[:3], link] if position == 0 else [link]
        if position == len(listed) - 1:
            inside.append(begin[-1])
        yield paragraph(f"Contents{block.level}", paper.rtl, inside)


def _heading(block: Block, paper: Paper, number: int) -> Any:
    made = paragraph(f"Heading{block.level}", paper.rtl, ())
    made.append(el("bookmarkStart", id=str(number), name=f"heading{number}"))
    for run in runs(block.text, paper.rtl):
        made.append(run)
    made.append(el("bookmarkEnd", id=str(number)))
    return made


def foot(document: Document, paper: Paper) -> None:
    """On every page: symbol or State, hash and date, page number; the specimen notice below."""
    section = document.sections[0]
    section.different_first_page_header_footer = False
    below = section.footer._element
    for held in list(below):
        below.remove(held)
    inside = [
        *runs(f"{paper.foot}\t{paper.page} ", paper.rtl),
        *field("PAGE", "1"),
        *runs(" / ", paper.rtl),
        *field("NUMPAGES", "1"),
    ]
    below.append(paragraph("Foot", paper.rtl, inside))
    if paper.notice:
        below.append(paragraph("Foot", paper.rtl, runs(paper.notice, paper.rtl)))
    head = section.header._element
    for held in list(head):
        head.remove(held)
    text = f"{paper.subtitle}\t{paper.marking}"
    head.append(paragraph("Foot", paper.rtl, runs(text, paper.rtl)))
