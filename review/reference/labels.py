"""Every label of the data that people read, for the translators."""

from __future__ import annotations

from collections.abc import Iterator

from review.reference.convention import (
    CHAPTERS_OF_CYCLE,
    OBLIGATION_KINDS,
    chapter_title,
    obligation_label,
    obligation_legend,
    provisions,
)
from review.reference.lot_rules import lot_settings
from review.reference.questions import checklist, summary_groups
from review.reference.states import REGIONAL_GROUPS, parties


def translatable_labels() -> tuple[str, ...]:
    """Every label of the data that people read, once each, for the translators' catalogue."""
    return tuple(dict.fromkeys(_labels()))


def _labels() -> Iterator[str]:
    yield from REGIONAL_GROUPS
    for entry in parties():
        yield from filter(None, (entry.name, entry.name_2013, entry.capital))
    for rule in lot_settings():
        yield from filter(None, (rule.label, rule.unit, rule.sentence))
        yield from (rule.choices or {}).values()
    for kind in OBLIGATION_KINDS:
        yield from (obligation_label(kind), obligation_legend(kind))
    for cycle, chapters in CHAPTERS_OF_CYCLE.items():
        yield from _chapter_labels(chapters)
        yield from _checklist_labels(cycle)


def _chapter_labels(chapters: tuple[str, ...]) -> Iterator[str]:
    for chapter in chapters:
        yield chapter_title(chapter)
        yield from (group.heading for group in summary_groups(chapter))
    for unit in provisions(chapters):
        yield from filter(None, (unit.title, unit.topic, unit.qualifier, unit.note))


def _checklist_labels(cycle: int) -> Iterator[str]:
    questions = checklist(cycle)
    yield from (option.label for option in (*questions.reasons, *questions.assistance))
    for question in questions.questions:
        yield question.label
        yield from (option.label for option in question.options)
