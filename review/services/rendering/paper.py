"""A paper as plain values: title page, marking, foot, headings and numbered paragraphs."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date

from review import languages, reference
from review.services import blueprint
from review.services.blueprint import Heading
from review.services.snapshot import VIENNA
from workflows.spec import N_

REPORT: Final = "report"
SUMMARY: Final = "summary"
RESPONSE: Final = "response"

Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Block:
    """A heading (level 1 to 6), a numbered paragraph (0), a run-in heading (-1), a remark (-2)."""

    level: int
    number: str
    text: str
    rtl: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that stands on a paper. Equal papers are equal files."""

    language: str
    rtl: bool
    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    marking: str
    notice: str
    foot: str
    contents: str
    page: str
    at: datetime
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Cover:
    """What the title page has to know of a review and of the text."""

    kind: str
    state: str
    reviewers: tuple[str, ...]
    cycle: int
    year: int
    chapters: tuple[str, ...]
    language: str
    sha256: str
    at: datetime
    """When the text took its present form."""
    symbol: str = ""
    agreed_at: datetime | None = None
    public: bool = False
    specimen: bool = False


_TITLES: Final = {
    REPORT: N_("Country review report"),
    SUMMARY: N_("Executive summary"),
    RESPONSE: N_("Response to the self-assessment checklist"),
}
_SUBTITLES: Final = {
    REPORT: N_("Review of the implementation of the Convention by %(state)s"),
    SUMMARY: N_("Review of the implementation of the Convention by %(state)s"),
    RESPONSE: N_("Self-assessment of %(state)s on the implementation of the Convention"),
}
_NO_TEXT: Final = N_("No text yet.")


def report(cover: Cover, texts: Mapping[str, str]) -> Paper:
    """The whole report under the headings of the blueprint."""
    return _paper(
        cover,
        _blocks(blueprint.headings(cover.chapters), texts, _say(cover), draft=not cover.public),
    )


def summary(cover: Cover, texts: Mapping[str, str]) -> Paper:
    """The executive summary alone: section III of the report, its headings one level higher."""
    part = next(part for part in blueprint.parts(cover.chapters) if part.slug == "summary")
    headings = (replace(one, level=one.level - 1) for one in part.headings if one.level > 1)
    return _paper(cover, _blocks(headings, texts, _say(cover), draft=not cover.public))


def response(cover: Cover, answers: Mapping[str, tuple[tuple[str, str], ...]]) -> Paper:
    """A self-assessment: for every provision what was asked and answered, in order."""
    return _paper(cover, _answers(cover, answers))


def _say(cover: Cover) -> Say:
    return languages.translations(cover.language).gettext


def _blocks(
    headings: Iterable[Heading], texts: Mapping[str, str], say: Say, *, draft: bool
) -> Iterator[tuple[int, str]]:
    """Level and text of every block. A section without text is left out; one that a report needs
    says in a draft that it is missing.
    """
    for heading in headings:
        text = texts.get(heading.key, "").strip() if heading.key else ""
        needed = draft and blueprint.is_expected(heading.key)
        if heading.key and not text and not needed:
            continue
        yield heading.level, blueprint.wording(heading, say)
        if text:
            yield from _paragraphs(text)
        elif heading.key:
            yield -2, say(_NO_TEXT)


def _answers(
    cover: Cover, answers: Mapping[str, tuple[tuple[str, str], ...]]
) -> Iterator[tuple[int, str]]:
    say = _say(cover)
    kinds = {blueprint.Kind.CHAPTER, blueprint.Kind.ARTICLE, blueprint.Kind.PROVISION}
    for heading in blueprint.headings(cover.chapters):
        if heading.kind not in kinds or heading.number.endswith("."):
            continue
        yield heading.level - 2, blueprint.wording(heading, say)
        for question, answer in answers.get(heading.number, ()):
            if answer.strip():
                yield -1, say(question)
                yield from _paragraphs(say(answer) if len(answer) < 40 else answer)


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    for paragraph in text.split("\n\n"):
        if paragraph.strip():
            yield (-1 if paragraph.strip() in _group_headings() else 0), paragraph.strip()


@cache
def _group_headings() -> frozenset[str]:
    """The fixed headings over groups of articles in executive summaries."""
    chapters = (name for pair in reference.CHAPTERS_OF_CYCLE.values() for name in pair)
    return frozenset(group.heading for name in chapters for group in reference.summary_groups(name))


def _paper(cover: Cover, blocks: Iterable[tuple[int, str]]) -> Paper:
    say = _say(cover)
    number = 0
    made = []
    for level, text in blocks:
        number += level == 0
        made.append(Block(level, str(number) if level == 0 else "", text, is_rtl(text)))
    day = _day(cover.at, cover.language)
    names = {"state": say(cover.state)}
    return Paper(
        language=cover.language,
        rtl=languages.find(cover.language).direction == "rtl",
        title=say(_TITLES[cover.kind]),
        subtitle=say(_SUBTITLES[cover.kind]) % names,
        facts=tuple(_facts(cover, say)),
        marking="" if cover.public else say(N_("Confidential")),
        notice=say(N_("Specimen text of a demonstration. Not a document of the United Nations."))
        if cover.specimen
        else "",
        foot=" · ".join((cover.symbol or names["state"], f"SHA-256 {cover.sha256[:16]}", day)),
        contents=say(N_("Contents")),
        page=say(N_("Page")),
        at=cover.at,
        blocks=tuple(made),
    )


def _facts(cover: Cover, say: Say) -> Iterator[tuple[str, str]]:
    yield say(N_("State under review")), say(cover.state)
    if cover.reviewers:
        yield say(N_("Reviewing States")), ", ".join(say(name) for name in cover.reviewers)
    place = say(N_("%(cycle)s, year %(year)s, chapters %(chapters)s"))
    cycle = blueprint.cycle(cover.cycle, say)
    values = {"cycle": cycle, "year": cover.year, "chapters": ", ".join(cover.chapters)}
    yield say(N_("Review")), place % values
    yield say(N_("Language")), languages.find(cover.language).name
    if cover.symbol:
        yield say(N_("Document symbol")), cover.symbol
    if cover.kind != RESPONSE:
        yield say(N_("Status")), _status(cover, say)
    yield say(N_("Text of")), _moment(cover.at, cover.language)
    yield "SHA-256", cover.sha256


def _status(cover: Cover, say: Say) -> str:
    if cover.agreed_at is None:
        return say(N_("Draft, not agreed"))
    when = _moment(cover.agreed_at, cover.language)
    return say(N_("Agreed by all three States, recorded %(when)s")) % {"when": when}


def _moment(at: datetime, language: str) -> str:
    """A moment in Vienna, where the secretariat is."""
    return f"{_day(at, language)}, {at.astimezone(ZoneInfo(VIENNA)):%H:%M} (Vienna)"


def _day(at: datetime, language: str) -> str:
    local = at.astimezone(ZoneInfo(VIENNA))
    return format_date(local, "d MMMM y" if language == "en" else "long", language)


def is_rtl(text: str) -> bool:
    """Whether a text runs from right to left: its first letter with a direction says so."""
    for letter in text:
        match unicodedata.bidirectional(letter):
            case "L":
                return False
            case "R" | "AL":
                return True
    return False
