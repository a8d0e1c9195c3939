"""The pairings of a cycle as a paper in two languages, for the documents of the Group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date

from review import languages
from review.languages import N_
from review.models import Cycle
from review.services import blueprint
from review.services.draws.pairings_lists import Pairing, Reviewing, as_json
from review.services.rendering import pairings_docx
from review.services.rendering.pairings_docx import Section
from review.services.rendering.paper import Paper
from review.services.snapshot import VIENNA
from workflows import chance

MEDIA_TYPE: Final = pairings_docx.MEDIA_TYPE
_HEAD: Final = (
    N_("State under review"),
    N_("Reviewing State of the same regional group"),
    N_("Other reviewing State"),
    N_("Basis"),
)
_BASES: Final = {
    "documented": N_("documented"),
    "recalled": N_("recalled, not documented"),
    "assigned": N_("assigned by us, not documented"),
    "drawn": N_("drawn by lot"),
    "simulated": N_("simulated"),
}
_NONE: Final = "–"

Say = Callable[[str], str]


def docx(
    cycle: Cycle,
    rows: Sequence[Pairing],
    *,
    reader: str,
    at: datetime,
    specimen: bool = False,
) -> bytes:
    """The paper in the reader's language and French, or English for a reader of French.

    ``at`` is when it was made; ``specimen`` marks it as one of a demonstration.
    """
    second = "fr" if reader != "fr" else languages.SOURCE
    both = _Both(reader, second)
    digest = chance.digest(as_json(cycle, rows))
    return pairings_docx.render(
        _paper(cycle, both, digest, len(rows), at, specimen=specimen),
        [both.lines(text) for text in _HEAD],
        [_section(year, list(mine), both) for year, mine in groupby(rows, lambda one: one.year)],
        both.lines(N_("No State is under review in this cycle yet.")),
    )


class _Both:
    """Says a text in two languages; where they agree, once."""

    def __init__(self, first: str, second: str) -> None:
        self.language = first
        self.says: tuple[Say, Say] = (
            languages.translations(first).gettext,
            languages.translations(second).gettext,
        )
        self.codes = (first, second)

    def lines(self, text: str, /, **values: object) -> str:
        """One below the other."""
        return "\n".join(self._said(text, values))

    def aside(self, text: str, /, **values: object) -> str:
        """One beside the other."""
        return " / ".join(self._said(text, values))

    def _said(self, text: str, values: dict[str, object]) -> list[str]:
        said = [say(text) % values if values else say(text) for say in self.says]
        return list(dict.fromkeys(said))


def _section(year: int, rows: Sequence[Pairing], both: _Both) -> Section:
    return Section(
        both.aside(N_("Year %(year)d"), year=year),
        tuple(
            (
                both.aside(group or N_("No regional group")),
                tuple(_cells(row, both) for row in mine),
            )
            for group, mine in groupby(rows, lambda one: one.group)
        ),
    )


def _cells(row: Pairing, both: _Both) -> tuple[str, ...]:
    return (
        both.lines(row.name),
        _name(row.first, both),
        _name(row.second, both),
        both.lines(_BASES[row.basis]) if row.basis in _BASES else row.basis,
    )


def _name(one: Reviewing | None, both: _Both) -> str:
    return both.lines(one.name) if one else _NONE


def _paper(
    cycle: Cycle, both: _Both, digest: str, count: int, at: datetime, *, specimen: bool
) -> Paper:
    day = at.astimezone(ZoneInfo(VIENNA))
    days = [format_date(day, "long", code) for code in both.codes]
    which = [blueprint.cycle(cycle.number, say) for say in both.says]
    facts = (
        (both.aside(N_("Reviews")), str(count)),
        (both.aside(N_("As of")), " / ".join(days)),
        ("SHA-256", digest),
    )
    notice = N_("Specimen text of a demonstration. Not a document of the United Nations.")
    return Paper(
        language=both.language,
        rtl=languages.find(both.language).direction == "rtl",
        title=both.aside(N_("Reviewing States")),
        subtitle=" / ".join(dict.fromkeys(which)),
        facts=facts,
        marking="",
        notice=both.lines(notice) if specimen else "",
        foot=f"SHA-256 {digest[:16]} · {days[0]}",
        contents="",
        page=both.says[0](N_("Page")),
        at=at,
        blocks=(),
    )
