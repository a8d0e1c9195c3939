"""The styles of a paper as DOCX: an official document, black on white, in every script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from review import languages
from review.services.rendering.docx_elements import W, el
from review.services.rendering.paper import Paper
from workflows.spec import N_

if TYPE_CHECKING:
    from docx.document import Document

DEPTH: Final = 4
"""Levels of headings in the table of contents."""
_FONT, _ARABIC_FONT, _HAN_FONT = "Times New Roman", "Traditional Arabic", "SimSun"


@dataclass(frozen=True, slots=True)
class _Look:
    """How a style looks: sizes and spaces in points, indents in centimetres."""

    size: float = 10.5
    bold: bool = False
    italic: bool = False
    before: float = 0
    after: float = 0
    indent: float = 0
    hanging: float = 0
    tab: float = 0
    right_tab: float = 0
    at_end: bool = False
    with_next: bool = False


_KNOWN: Final = {
    "Normal": _Look(),
    "Title": _Look(24, bold=True, before=6, after=4),
    "Subtitle": _Look(14, after=12),
    "Heading 1": _Look(15, bold=True, before=18, after=6),
    "Heading 2": _Look(13, bold=True, before=16, after=5),
    "Heading 3": _Look(12, bold=True, before=12, after=4),
    "Heading 4": _Look(11, bold=True, before=12, after=4),
    "Heading 5": _Look(10.5, bold=True, before=10, after=4),
    "Heading 6": _Look(10.5, italic=True, before=8, after=3),
}
_ADDED: Final = {
    "Marking": _Look(bold=True, at_end=True),
    "Mechanism": _Look(11, before=110),
    "Notice": _Look(italic=True, after=24),
    "Fact": _Look(after=4, tab=4.8, indent=4.8, hanging=4.8),
    "ContentsTitle": _Look(15, bold=True, after=10),
    "Contents1": _Look(after=3),
    "Contents2": _Look(after=3, indent=0.6),
    "Contents3": _Look(after=3, indent=1.2),
    "Contents4": _Look(after=3, indent=1.8),
    "Numbered": _Look(after=6, tab=1),
    "RunIn": _Look(bold=True, before=8, after=3, with_next=True),
    "Remark": _Look(italic=True, after=6),
    "Cell": _Look(9.5, before=2, after=2),
    "Foot": _Look(8.5, right_tab=16),
}


def set_up(document: Document, paper: Paper) -> None:
    """Page, properties and styles of an empty document."""
    from docx.enum.style import WD_STYLE_TYPE

    _describe(document, paper)
    _page(document, paper)
    for name, look in _KNOWN.items():
        _apply(document.styles[name], look)
    for held in document.styles["Title"].element.xpath("w:pPr/w:pBdr"):
        held.getparent().remove(held)
    for name, look in _ADDED.items():
        style: Any = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        _apply(style, look)
    first = "en" if paper.rtl else paper.language
    language = el("lang", val=first, bidi=paper.language if paper.rtl else "ar", eastAsia="zh-CN")
    document.styles["Normal"].element.get_or_add_rPr().append(language)


def _describe(document: Document, paper: Paper) -> None:
    core = document.core_properties
    core.title, core.subject = f"{paper.title}: {paper.subtitle}", paper.title
    core.author = languages.translations(paper.language).gettext(N_("Secretariat"))
    core.language, core.keywords, core.comments = paper.language, paper.foot, paper.notice
    core.created = core.modified = paper.at.replace(tzinfo=None)


def _page(document: Document, paper: Paper) -> None:
    from docx.shared import Cm

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin, section.bottom_margin = Cm(2.4), Cm(2.2)
    if paper.rtl:
        section._sectPr.find(W + "docGrid").addprevious(el("bidi"))


def _apply(style: Any, look: _Look) -> None:
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Cm, Pt, RGBColor

    font, shape = style.font, style.paragraph_format
    font.size, font.bold, font.italic = Pt(look.size), look.bold, look.italic
    font.color.rgb = RGBColor(0, 0, 0)
    _every_script(style.element.get_or_add_rPr(), look)
    shape.space_before, shape.space_after = Pt(look.before), Pt(look.after)
    if look.with_next:
        shape.keep_with_next = True
    if look.indent:
        shape.left_indent, shape.first_line_indent = Cm(look.indent), Cm(-look.hanging)
    if look.tab:
        shape.tab_stops.add_tab_stop(Cm(look.tab))
    if look.right_tab:
        shape.tab_stops.add_tab_stop(Cm(look.right_tab), WD_TAB_ALIGNMENT.RIGHT)
    if look.at_end:
        style.element.get_or_add_pPr().append(el("jc", val="right"))  # the end, also in Arabic


def _every_script(properties: Any, look: _Look) -> None:
    """Fonts, weight and size for Arabic and Chinese as well; nothing of the theme.

    The order of the elements is that of the format.
    """
    for tag in ("rFonts", "bCs", "iCs", "szCs"):
        for held in properties.findall(W + tag):
            properties.remove(held)
    fonts = el("rFonts", ascii=_FONT, hAnsi=_FONT, cs=_ARABIC_FONT, eastAsia=_HAN_FONT)
    properties.insert(0, fonts)
    properties.find(W + "b").addnext(el("bCs", val="1" if look.bold else "0"))
    properties.find(W + "sz").addnext(el("szCs", val=str(int(look.size * 2 + 4))))
