"""The elements of a DOCX file: paragraphs, runs and fields, as the format has them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_BREAKS: Final = re.compile(r"([\n\t])")
_BREAK: Final = {"\n": "br", "\t": "tab"}


def el(tag: str, /, *inside: Any, **attributes: str) -> Any:
    """An element of the format, with what stands in it and its attributes."""
    from docx.oxml import OxmlElement

    made = OxmlElement(f"w:{tag}")
    for key, value in attributes.items():
        made.set(W + key, value)
    for one in inside:
        made.append(one)
    return made


def runs(text: str, rtl: bool, *, bold: bool = False) -> Iterable[Any]:
    """A text as one run; its line ends and tabs stay what they are."""
    properties = el("rPr")
    if bold:
        properties.append(el("b"))
        properties.append(el("bCs"))
    if rtl:
        properties.append(el("rtl"))
    run = el("r", properties)
    for piece in _BREAKS.split(text):
        if piece in _BREAK:
            run.append(el(_BREAK[piece]))
        elif piece:
            words = el("t")
            words.text = piece
            words.set(_SPACE, "preserve")
            run.append(words)
    yield run


def paragraph(style: str, rtl: bool, inside: Iterable[Any]) -> Any:
    """A paragraph in a style, from right to left where its text runs so."""
    properties = el("pPr", el("pStyle", val=style))
    if rtl:
        properties.append(el("bidi"))
    return el("p", properties, *inside)


def page_break() -> Any:
    """The rest stands on a new page."""
    return el("p", el("r", el("br", type="page")))


def field(instruction: str, shown: str = "") -> Iterable[Any]:
    """A field that Word fills in: a page number, the table of contents."""
    code = el("instrText")
    code.text = f" {instruction} "
    code.set(_SPACE, "preserve")
    yield el("r", el("fldChar", fldCharType="begin", dirty="true"))
    yield el("r", code)
    yield el("r", el("fldChar", fldCharType="separate"))
    yield from runs(shown, rtl=False)
    yield el("r", el("fldChar", fldCharType="end"))
