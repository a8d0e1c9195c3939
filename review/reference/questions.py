"""The questions of the self-assessment and the headings of the executive summary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from review.reference.convention import chapter_title
from review.reference.source import UnknownReferenceError, document


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a question; `chapters` empty means every chapter."""

    code: str
    label: str
    chapters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One question put for every provision; `when` names the answers after which it is asked."""

    code: str
    label: str
    kind: str
    when: tuple[str, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """The questions of a cycle. Their wording is recalled, not quoted: see `confidence`."""

    cycle: int
    confidence: str
    questions: tuple[Question, ...]
    reasons: tuple[Option, ...]
    assistance: tuple[Option, ...]

    def question(self, code: str) -> Question:
        """The question with this code; raises UnknownReferenceError."""
        for question in self.questions:
            if question.code == code:
                return question
        raise UnknownReferenceError(f"No question '{code}' in the checklist of cycle {self.cycle}")

    def assistance_in(self, chapter: str) -> tuple[Option, ...]:
        """Forms of technical assistance that may be asked for in `chapter`."""
        return tuple(o for o in self.assistance if not o.chapters or chapter in o.chapters)


@dataclass(frozen=True, slots=True)
class SummaryGroup:
    """A heading of the executive summary and the articles under it."""

    heading: str
    articles: tuple[int, ...]


@cache
def checklist(cycle: int) -> Checklist:
    """The questions and options of a cycle's checklist; raises UnknownReferenceError."""
    data = document()
    try:
        raw = data["checklist_questions"][f"cycle_{cycle}"]["per_provision"]
    except KeyError:
        raise UnknownReferenceError(f"No checklist for cycle {cycle}") from None
    reasons = _options(data["challenge_reasons"]["options"])
    assistance = _options(data["technical_assistance"][f"technical_assistance_cycle_{cycle}"])
    named = {"challenge_reasons": reasons, f"technical_assistance_cycle_{cycle}": assistance}
    return Checklist(
        cycle,
        data["checklist_questions"]["confidence"],
        tuple(_question(q, named) for q in raw),
        reasons,
        assistance,
    )


@cache
def summary_groups(chapter: str) -> tuple[SummaryGroup, ...]:
    """The headings of the executive summary for `chapter`; raises UnknownReferenceError."""
    chapter_title(chapter)
    groups = document()["executive_summary_groups"][chapter]
    return tuple(SummaryGroup(g["heading"], tuple(g["articles"])) for g in groups)


def _options(raw: list[dict[str, Any]]) -> tuple[Option, ...]:
    return tuple(Option(o["code"], o["label"], tuple(o.get("chapters", ()))) for o in raw)


def _question(raw: dict[str, Any], named: dict[str, tuple[Option, ...]]) -> Question:
    options = raw.get("options", ())
    if isinstance(options, str):
        choices = named[options]
    else:
        choices = tuple(Option(code, raw["labels"][code]) for code in options)
    return Question(raw["id"], raw["text"], raw["type"], tuple(raw.get("when", ())), choices)
