"""Chapters, articles and the units in which a review assesses them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from review.reference.source import UnknownReferenceError, document

OFFICIAL_TEXT: Final = (
    "https://www.unodc.org/documents/treaties/UNCAC/Publications/Convention/08-50026_E.pdf"
)
CHAPTERS_OF_CYCLE: Final = {1: ("III", "IV"), 2: ("II", "V")}
OBLIGATION_KINDS: Final = ("mandatory", "endeavour", "consider", "optional", "interpretive")
"""From the strictest to the mildest."""


@dataclass(frozen=True, slots=True)
class Article:
    """An article under review."""

    number: int
    title: str
    chapter: str


@dataclass(frozen=True, slots=True)
class Provision:
    """One assessment unit: the paragraph(s) that a State answers and experts assess together.

    `ref` is unique in the Convention, e.g. "15(a)" or "46(3)(a)-(i)". `topic` is in our own words.
    """

    ref: str
    article: int
    chapter: str
    cycle: int
    title: str
    topic: str
    obligation: str
    qualifier: str
    note: str
    refs: tuple[str, ...]
    official_url: str

    @property
    def slug(self) -> str:
        """The reference as it stands in an address."""
        return slug(self.ref)


def articles(chapters: tuple[str, ...]) -> tuple[Article, ...]:
    """The articles of `chapters`, in treaty order; raises UnknownReferenceError."""
    return tuple(
        Article(article["number"], article["title"], chapter["chapter"])
        for chapter in _chapters(chapters)
        for article in chapter["articles"]
    )


def chapter_title(chapter: str) -> str:
    """The title of a chapter given by its Roman number; raises UnknownReferenceError."""
    title: str = _chapters((chapter,))[0]["title"]
    return title


@cache
def provisions(chapters: tuple[str, ...]) -> tuple[Provision, ...]:
    """The assessment units of `chapters`, in treaty order; raises UnknownReferenceError."""
    return tuple(
        _provision(article, tuple(unit))
        for chapter in _chapters(chapters)
        for article in chapter["articles"]
        for unit in article["assessment_units"]
    )


def provision(chapters: tuple[str, ...], ref: str) -> Provision:
    """The assessment unit `ref` of `chapters`; raises UnknownReferenceError."""
    try:
        return _provisions_by_ref(chapters)[ref]
    except KeyError:
        named = ", ".join(chapters)
        raise UnknownReferenceError(f"No provision '{ref}' in chapters {named}") from None


def slug(ref: str) -> str:
    """A reference as part of an address: "15(a)" becomes "15-a", "8(1)-(3)" becomes "8-1--3"."""
    return ref.replace("(", "-").replace(")", "")


def unslug(text: str) -> str:
    """The reference that `slug` was given."""
    return re.sub(r"(-?)-(\w+)", r"\1(\2)", text)


def obligation_label(kind: str) -> str:
    """The short name of a kind of obligation, as on a badge; raises UnknownReferenceError."""
    return _obligation(kind)["label"]


def obligation_legend(kind: str) -> str:
    """What a kind of obligation means, in a sentence; raises UnknownReferenceError."""
    return _obligation(kind)["legend"]


@cache
def _provisions_by_ref(chapters: tuple[str, ...]) -> dict[str, Provision]:
    return {p.ref: p for p in provisions(chapters)}


def _chapters(wanted: tuple[str, ...]) -> list[dict[str, Any]]:
    known = {chapter["chapter"]: chapter for chapter in document()["chapters"]}
    if missing := [name for name in wanted if name not in known]:
        raise UnknownReferenceError(f"No chapter under review is called '{missing[0]}'")
    return [chapter for name, chapter in known.items() if name in wanted]


def _obligation(kind: str) -> dict[str, str]:
    try:
        found: dict[str, str] = document()["obligation_kinds"][kind]
    except KeyError:
        raise UnknownReferenceError(f"No kind of obligation is called '{kind}'") from None
    return found


def _provision(article: dict[str, Any], refs: tuple[str, ...]) -> Provision:
    parts = _parts(article)
    members = [parts[ref] for ref in refs]
    ref = _unit_ref(refs)
    return Provision(
        ref=ref,
        article=article["number"],
        chapter=article["chapter"],
        cycle=article["cycle"],
        title=article["title"],
        topic=article.get("unit_topics", {}).get(ref) or _topic(article, members),
        obligation=min((m["obligation"] for m in members), key=OBLIGATION_KINDS.index),
        qualifier=_joined(members, "qualifier"),
        note=_joined(members, "note"),
        refs=refs,
        official_url=OFFICIAL_TEXT,
    )


def _parts(article: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Paragraphs and their parts by reference; a lettered part knows its paragraph's topic."""
    found: dict[str, dict[str, Any]] = {}
    for paragraph in article["paragraphs"]:
        found[paragraph["ref"]] = paragraph
        numbered = paragraph["ref"] != str(article["number"])
        for part in paragraph.get("subparagraphs", ()):
            heading = paragraph["topic"] if numbered and not part.get("items") else ""
            found[part["ref"]] = {**part, "heading": heading}
            found.update({item["ref"]: item for item in part.get("items", ())})
    return found


def _unit_ref(refs: tuple[str, ...]) -> str:
    """One reference for a run: ("8(1)", "8(2)", "8(3)") becomes "8(1)-(3)"."""
    return refs[0] if len(refs) == 1 else f"{refs[0]}-{refs[-1][refs[-1].rindex('(') :]}"


def _topic(article: dict[str, Any], members: list[dict[str, Any]]) -> str:
    first, *others = (member["topic"] for member in members)
    own = "; ".join((first, *map(_continued, others)))
    heading = members[0].get("heading", "")
    if not heading or heading == article["title"]:
        return own
    return f"{heading}: {_continued(own)}"


def _continued(text: str) -> str:
    return text[0].lower() + text[1:]


def _joined(members: list[dict[str, Any]], field: str) -> str:
    return "; ".join(dict.fromkeys(m[field] for m in members if m.get(field)))
