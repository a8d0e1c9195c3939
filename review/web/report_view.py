"""What the report's page shows of a report: a part, or what a search or a filter finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from review.services import blueprint, differences, reports
from review.services.blueprint import Heading, Part
from review.services.differences import Piece
from review.services.queries import report
from review.services.queries.report import Line, ReportPage
from review.web import reading
from workflows.spec import Reason

FILTERS = ("", "open", "changed", "missing", "differing")
"""Which sections are listed: those that wait for me, changed ones, ones without text, ones in
which both reviewing States' views stand side by side."""
PER_PAGE = 25
"""Sections of a list on one page."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section with its text, and how it differs from the text it is compared with."""

    part: Part
    heading: Heading
    line: Line
    text: str
    pieces: tuple[Piece, ...] = ()

    @property
    def key(self) -> str:
        """Its key in the report."""
        return self.heading.key

    @property
    def provision(self) -> str:
        """The provision it is about, if any."""
        return blueprint.provision_of(self.heading.key)

    @property
    def guide(self) -> str:
        """What is to be written here where nothing is assembled; to be translated."""
        return blueprint.guide(self.heading.key)

    @property
    def groups(self) -> tuple[str, ...]:
        """The headings over groups of articles under which it is written."""
        return blueprint.groups(self.heading.key)

    @property
    def seen(self) -> str:
        """What an edit sends back to say which text was opened."""
        return reports.mark(self.text)

    @property
    def paragraphs(self) -> list[str]:
        """The text by paragraph."""
        return [one.strip() for one in self.text.split("\n\n") if one.strip()]


@dataclass(frozen=True)
class View:
    """What one request shows."""

    part: Part | None = None
    sections: Mapping[str, Section] = field(default_factory=dict)
    found: int = 0
    """How many sections a search or filter finds in all."""
    listing: bool = False
    """A list of sections from all parts, not a part."""
    show: str = ""
    query: str = ""
    number: int = 1
    """Which page of the list."""
    edit: str = ""
    typed: str | None = None
    problem: str = ""
    reasons: tuple[Reason, ...] = ()
    conflict: tuple[Piece, ...] = ()
    previous: Part | None = None
    following: Part | None = None
    words: int = 0
    """Words of the executive summary, where it is shown."""


def part_of(page: ReportPage) -> frozenset[str]:
    """The parts that an address may name; the empty one is the overview."""
    return frozenset({"", *(part.slug for part in page.parts)})


def view(
    page: ReportPage,
    wanted: Mapping[str, str],
    *,
    edit: str = "",
    typed: str | None = None,
    problem: str = "",
    reasons: tuple[Reason, ...] = (),
    conflict: bool = False,
) -> View:
    """What to show for the values of an address; ``edit`` opens one section."""
    if edit:
        part = next((one for one in page.parts if edit in one.keys), None)
        slug = part.slug if part else ""
    else:
        slug = wanted.get("part", "")
    show, query = wanted.get("show", ""), wanted.get("q", "").strip()[:100]
    if not slug and (show or query):
        return _list(page, show, query, _number(wanted.get("page", "")))
    position = next((i for i, one in enumerate(page.parts) if one.slug == slug), None)
    if position is None:
        return View()
    part = page.parts[position]
    sections = _sections(page, [(part, heading) for heading in part.headings if heading.key])
    held = sections.get(edit)
    return View(
        part=part,
        sections=sections,
        edit=edit,
        typed=typed,
        problem=problem,
        reasons=reasons,
        conflict=differences.words(held.text, reports.tidy(typed or ""))
        if conflict and held
        else (),
        previous=page.parts[position - 1] if position else None,
        following=page.parts[position + 1] if position + 1 < len(page.parts) else None,
        words=sum(len(one.text.split()) for one in sections.values()) if slug == "summary" else 0,
    )


def _sections(page: ReportPage, wanted: Iterable[tuple[Part, Heading]]) -> dict[str, Section]:
    pairs = [(part, heading) for part, heading in wanted if heading.key in page.lines]
    texts = report.texts(reading.session(), page, [heading.key for _, heading in pairs])
    changed = any(page.lines[heading.key].changed for _, heading in pairs)
    before = report.earlier(reading.session(), page) if changed else {}
    return {
        heading.key: Section(
            part,
            heading,
            line := page.lines[heading.key],
            texts.get(heading.key, ""),
            differences.words(before.get(heading.key, ""), texts.get(heading.key, ""))
            if line.changed
            else (),
        )
        for part, heading in pairs
    }


def _list(page: ReportPage, show: str, query: str, number: int) -> View:
    found = [
        (part, heading)
        for part in page.parts
        for heading in part.headings
        if heading.key in page.lines and _chosen(page, page.lines[heading.key], show)
    ]
    if query:
        found = _matching(page, found, query.casefold())
    first = (number - 1) * PER_PAGE
    return View(
        sections=_sections(page, found[first : first + PER_PAGE]),
        found=len(found),
        listing=True,
        show=show,
        query=query,
        number=number,
    )


def _chosen(page: ReportPage, line: Line, show: str) -> bool:
    match show:
        case "open":
            return page.is_open(line.key)
        case "changed":
            return line.changed
        case "missing":
            return line.missing
        case "differing":
            return line.differing
    return True


def _matching(
    page: ReportPage, found: list[tuple[Part, Heading]], query: str
) -> list[tuple[Part, Heading]]:
    """Sections in whose text the words stand, or whose article or provision is named so."""
    texts = report.texts(reading.session(), page)
    return [
        (part, heading)
        for part, heading in found
        if query in texts.get(heading.key, "").casefold()
        or query in (part.number, f"article {part.number}", blueprint.provision_of(heading.key))
    ]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and 0 < len(text) < 5 and int(text) else 1
