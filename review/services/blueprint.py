"""The headings of the country review report, and the parts in which people read it.

Blueprint: I. Introduction, II. Process, III. Executive summary, IV. Implementation of the
Convention, and in IV for each provision (a) to (e). Section keys are ``introduction``, ``process``,
``summary:introduction``, ``summary:<chapter>:<part>``, ``ratification``, ``legal_system`` and
``provision:<ref>:<part>``. Nothing here reads the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from review import reference
from workflows.spec import N_

PROVISION_PARTS: Final = (
    ("a", N_("Summary of information relevant to reviewing the implementation"), "summary"),
    ("b", N_("Observations on the implementation of the article"), "observation"),
    ("c", N_("Successes and good practices"), "good_practice"),
    ("d", N_("Challenges in implementation, where applicable"), "challenge"),
    ("e", N_("Technical assistance needs identified to improve implementation"), "assistance"),
)
SUMMARY_PARTS: Final = (
    ("1", N_("Observations on the implementation of the articles under review"), ""),
    ("2", N_("Successes and good practices"), "good_practice"),
    ("3", N_("Challenges in implementation"), "challenge"),
    ("4", N_("Technical assistance needs identified"), "assistance"),
)
"""What is assembled from the findings. Observations are not: the findings are confidential and the
summary is public, so somebody has to write what it says of them."""
EXPECTED: Final = ("introduction", "process", "ratification")
"""Sections that a report is not complete without, beside (b) of every provision and what is to be
written for the executive summary."""
_CYCLES: Final = {1: N_("First cycle"), 2: N_("Second cycle")}
_OVERVIEW: Final = N_(
    "In short: the legal system, the institutions against corruption, and the place of the"
    " Convention in domestic law."
)
_OBSERVATIONS: Final = N_(
    "The main observations in short, under the headings below, each on a line of its own. The"
    " summary becomes public; the full observations stay in part IV."
)


class Kind(StrEnum):
    """What a heading stands over; it decides how the heading is worded."""

    TITLE = "title"
    CHAPTER = "chapter"
    ARTICLE = "article"
    PROVISION = "provision"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the report; ``key`` names its section, or is empty for a mere title."""

    level: int
    number: str
    title: str
    key: str = ""
    kind: Kind = Kind.TITLE


@dataclass(frozen=True, slots=True)
class Part:
    """What is read on one page: a slug for the address, and the headings that it holds."""

    slug: str
    number: str
    title: str
    chapter: str
    headings: tuple[Heading, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The sections of this part in order."""
        return tuple(heading.key for heading in self.headings if heading.key)


def wording(heading: Heading, say: Callable[[str], str]) -> str:
    """A heading as it is written, in the language into which ``say`` translates."""
    title = say(heading.title)
    match heading.kind:
        case Kind.ARTICLE:
            return say(N_("Article %(number)s. %(title)s")) % {
                "number": heading.number,
                "title": title,
            }
        case Kind.CHAPTER if not heading.number.endswith("."):
            return say(N_("Chapter %(number)s. %(title)s")) % {
                "number": heading.number,
                "title": title,
            }
    return f"{heading.number} {title}"


@cache
def parts(chapters: tuple[str, ...]) -> tuple[Part, ...]:
    """The report in parts: opening, executive summary, background, one for every article."""
    return (
        Part("opening", "I–II", N_("Introduction and process"), "", tuple(_opening())),
        Part("summary", "III", N_("Executive summary"), "", tuple(_summary(chapters))),
        Part("background", "IV", N_("Ratification and legal system"), "", tuple(_background())),
        *(
            Part(
                f"article-{article.number}",
                str(article.number),
                article.title,
                article.chapter,
                tuple(_article(article, first)),
            )
            for chapter in chapters
            for article, first in _articles(chapter)
        ),
    )


def headings(chapters: tuple[str, ...]) -> tuple[Heading, ...]:
    """Every heading in the order of the blueprint. Titles of articles are the Convention's."""
    return tuple(heading for part in parts(chapters) for heading in part.headings)


@cache
def keys(chapters: tuple[str, ...]) -> tuple[str, ...]:
    """Every section of the report in order."""
    return tuple(key for part in parts(chapters) for key in part.keys)


def is_expected(key: str) -> bool:
    """Whether a report lacks something while this section is empty."""
    of_provision = key.startswith("provision:") and key.endswith(":b")
    return key in EXPECTED or of_provision or bool(guide(key))


def guide(key: str) -> str:
    """What is to be written in a section of the summary that is not assembled; else empty."""
    if key == "summary:introduction":
        return _OVERVIEW
    return _OBSERVATIONS if key.startswith("summary:") and key.endswith(":1") else ""


def to_write(chapters: tuple[str, ...]) -> tuple[str, ...]:
    """The sections without which no executive summary is sent or issued."""
    return tuple(key for key in keys(chapters) if guide(key))


def groups(key: str) -> tuple[str, ...]:
    """The headings over groups of articles in a section of the summary, in English."""
    kind, *rest = key.split(":")
    if kind != "summary" or len(rest) < 2:
        return ()
    return tuple(group.heading for group in reference.summary_groups(rest[0]))


def cycle(number: int, say: Callable[[str], str]) -> str:
    """A review cycle by its number, in the language into which ``say`` translates."""
    known = _CYCLES.get(number)
    return say(known) if known else say(N_("Cycle %(number)s")) % {"number": number}


def provision_of(key: str) -> str:
    """The provision that a section is about; empty for the others."""
    kind, _, rest = key.partition(":")
    return rest.rpartition(":")[0] if kind == "provision" else ""


def _opening() -> Iterator[Heading]:
    yield Heading(1, "I.", N_("Introduction"), "introduction")
    yield Heading(1, "II.", N_("Process"), "process")


def _summary(chapters: tuple[str, ...]) -> Iterator[Heading]:
    yield Heading(1, "III.", N_("Executive summary"))
    title = N_("Overview of the legal and institutional framework")
    yield Heading(2, "1.", title, "summary:introduction")
    for number, chapter in enumerate(chapters, start=2):
        yield Heading(2, f"{number}.", reference.chapter_title(chapter), kind=Kind.CHAPTER)
        for part, title, _ in SUMMARY_PARTS:
            yield Heading(3, f"{number}.{part}.", title, f"summary:{chapter}:{part}")


def _background() -> Iterator[Heading]:
    yield Heading(1, "IV.", N_("Implementation of the Convention"))
    yield Heading(2, "A.", N_("Ratification of the Convention"), "ratification")
    yield Heading(2, "B.", N_("Legal system"), "legal_system")
    yield Heading(2, "C.", N_("Implementation of selected articles"))


def _articles(chapter: str) -> Iterator[tuple[reference.Article, bool]]:
    """The articles of a chapter, each with whether it opens the chapter."""
    for position, article in enumerate(reference.articles((chapter,))):
        yield article, position == 0


def _article(article: reference.Article, opens_chapter: bool) -> Iterator[Heading]:
    if opens_chapter:
        title = reference.chapter_title(article.chapter)
        yield Heading(3, article.chapter, title, kind=Kind.CHAPTER)
    yield Heading(4, str(article.number), article.title, kind=Kind.ARTICLE)
    for item in reference.provisions((article.chapter,)):
        if item.article != article.number:
            continue
        yield Heading(5, item.ref, item.topic or item.title, kind=Kind.PROVISION)
        for part, title, _ in PROVISION_PARTS:
            yield Heading(6, f"({part})", title, f"provision:{item.ref}:{part}")
