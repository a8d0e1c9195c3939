"""A paper as PDF (PDF/UA-1, tagged for screen readers), set by typst.

User text goes in as JSON and is never part of the template, so nothing in it can be a command.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import lru_cache
from typing import Any, Literal

from review import languages
from review.resources import DATA, TEMPLATES
from review.services.rendering.paper import Paper
from workflows.spec import N_

MEDIA_TYPE = "application/pdf"
MECHANISM = N_(
    "Mechanism for the Review of Implementation of the United Nations Convention against Corruption"
)


@lru_cache(maxsize=16)
def render(paper: Paper) -> bytes:
    """The file. The same paper is set once in a process.

    With the fonts of the product first, so that it looks alike everywhere; with those of the
    machine for signs that they lack; and as plain PDF if no font has a sign.
    """
    import typst  # heavy, and only needed here

    def made(standard: Literal["ua-1", "1.7"], *, only_ours: bool) -> bytes:
        return typst.compile(
            str(TEMPLATES / "report" / "paper.typ"),
            format="pdf",
            sys_inputs={"data": json.dumps(_data(paper), ensure_ascii=False)},
            pdf_standards=standard,
            font_paths=[str(DATA / "fonts")],
            ignore_system_fonts=only_ours,
            timestamp=paper.at.replace(microsecond=0),
        )

    for only_ours in (True, False):
        with suppress(typst.TypstError):
            return made("ua-1", only_ours=only_ours)
    return made("1.7", only_ours=False)


def _data(paper: Paper) -> dict[str, Any]:
    say = languages.translations(paper.language).gettext
    return {
        "language": paper.language,
        "rtl": paper.rtl,
        "title": paper.title,
        "subtitle": paper.subtitle,
        "mechanism": say(MECHANISM),
        "author": say(N_("Secretariat")),
        "facts": paper.facts,
        "marking": paper.marking,
        "notice": paper.notice,
        "foot": paper.foot,
        "contents": paper.contents,
        "page": paper.page,
        "depth": 4,
        "at": (paper.at.year, paper.at.month, paper.at.day),
        "blocks": [(one.level, one.number, one.text, one.rtl) for one in paper.blocks],
    }
