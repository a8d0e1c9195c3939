"""Specimen answers and findings. They say that they are specimens, and nothing about a real State.

Level, challenge and assistance depend on the provision alone, so that every State has the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from review.reference import Provision, provisions
from review.services import blueprint

QUESTION: Final = (
    "Specimen question. Which authority applies the provision, and since when are figures kept?"
)
QUESTION_ANSWER: Final = "Specimen answer. The authority, and the year from which figures exist."
RETURNED: Final = "Specimen text. The text of one law that the response cites is not attached."
_IN_SHORT: Final = "Specimen text. What was observed, in short."
COMMENT: Final = "Specimen comment. Two observations could be worded more closely to the article."


def answers(chapters: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """One complete specimen answer for every provision of `chapters`."""
    for number, unit in enumerate(provisions(chapters)):
        level = _level(number)
        yield {
            "provision": unit.ref,
            "adopted": level,
            "measures": _measures(unit),
            "examples": "Specimen text. Cases and figures by year, with their sources.",
            "reasons": ""
            if level == "yes"
            else "Specimen text. Which element is missing, and why.",
            "assistance": _assistance(level, number),
            "assistance_note": "",
            "complete": True,
        }


def findings(chapters: tuple[str, ...], of: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """One complete specimen finding for every provision of `chapters` in the chapters `of`."""
    for number, unit in enumerate(provisions(chapters)):
        if unit.chapter not in of:
            continue
        level = _level(number)
        yield {
            "provision": unit.ref,
            "level": level,
            "summary": f"Specimen text. What the State reported on article {unit.ref}, in short.",
            "observation": _observation(unit, level),
            "good_practice": "Specimen text. A practice worth sharing." if number % 17 == 5 else "",
            "challenge": "" if level == "yes" else _challenge(unit),
            "assistance": _assistance(level, number),
            "assistance_note": "",
            "complete": True,
        }


def summary(chapters: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Key and text of what the secretariat writes for an executive summary."""
    for key in blueprint.to_write(chapters):
        headings = blueprint.groups(key) or ("",)
        yield key, "\n\n".join(filter(None, (one for h in headings for one in (h, _IN_SHORT))))


def stamped(
    rows: Iterator[dict[str, Any]], review_id: int, person_id: int | None, at: datetime
) -> list[dict[str, Any]]:
    """Rows as they go into the tables: of a review, by a person, marked as simulated."""
    stamp = {
        "review_id": review_id,
        "updated_by": person_id,
        "updated_at": at,
        "simulated": True,
    }
    return [{**row, **stamp} for row in rows]


def _level(number: int) -> str:
    return "no" if number % 23 == 11 else "in_part" if number % 5 == 3 else "yes"


def _assistance(level: str, number: int) -> list[str]:
    return ["capacity_building"] if level != "yes" and number % 2 else []


def _measures(unit: Provision) -> str:
    return (
        f"Specimen text on article {unit.ref} ({unit.topic}). Here stand the law, its section and "
        "date, and the words that give effect to the provision."
    )


def _observation(unit: Provision, level: str) -> str:
    met = {"yes": "appear to meet", "in_part": "meet in part", "no": "do not yet meet"}[level]
    return f"Specimen text. The measures cited {met} article {unit.ref}."


_ADVICE: Final = {
    "mandatory": "The State should complete its legislation",
    "endeavour": "The State should endeavour to complete its legislation",
    "consider": "The State could consider completing its legislation",
    "optional": "The State may wish to complete its legislation",
    "interpretive": "The State may wish to clarify its legislation",
}


def _challenge(unit: Provision) -> str:
    return f"Specimen text. {_ADVICE[unit.obligation]} on article {unit.ref}."
