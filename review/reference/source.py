"""The files in `review/data`, as they are."""

from __future__ import annotations

import csv
import json
from datetime import date
from functools import cache
from typing import Any

from review.resources import DATA


class UnknownReferenceError(LookupError):
    """A party, provision, chapter or cycle that the reference data do not hold."""


@cache
def document() -> dict[str, Any]:
    """`articles.json`, read once."""
    read: dict[str, Any] = json.loads(_text("articles.json"))
    return read


def rows(name: str) -> list[dict[str, str]]:
    """The lines of a CSV file in `review/data`."""
    return list(csv.DictReader(_text(name).splitlines()))


def day(text: str) -> date | None:
    """A date in ISO form, or None where the file has none."""
    return date.fromisoformat(text) if text else None


def _text(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")
