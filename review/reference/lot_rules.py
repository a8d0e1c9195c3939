"""The limits of the drawing of lots (`lot_rules.json`), and what a cycle sets otherwise.

Numbers and their paragraphs are data, never constants of the code: a later phase of the Mechanism
may have others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from review.resources import DATA
from workflows.words import N_, Basis

Value = int | bool | str
_ANNOUNCED: Final = (
    "most",
    "least",
    "working_most",
    "last_year",
    "no_mutual",
    "similar_tickets",
    "steps_per_slot",
)


class LotRulesError(ValueError):
    """Rules that contradict each other or cannot be read; ``errors`` has a text for each key."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {text}" for key, text in errors.items()))
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True)
class LotSetting:
    """One rule of the draw as the data have it: its usual value, its source, and how sure that is.

    ``lowest`` and ``highest`` bound a number; ``choices`` says what each value of a choice means.
    """

    key: str
    label: str
    value: Value
    unit: str
    reference: str
    basis: Basis
    sentence: str
    lowest: int = 0
    highest: int = 0
    choices: Mapping[str, str] | None = None

    def fault(self, value: object) -> str:
        """Why a value cannot be used; empty if it can."""
        if self.choices is not None:
            known = isinstance(value, str) and value in self.choices
            return "" if known else N_("Choose one of the list.")
        if isinstance(self.value, bool):
            return "" if isinstance(value, bool) else N_("This is either true or false.")
        if not isinstance(value, int) or isinstance(value, bool):
            return N_("This is not a whole number.")
        if not self.lowest <= value <= self.highest:
            return N_("This number is not within the bounds of this rule.")
        return ""


@dataclass(frozen=True, slots=True)
class LotRules:
    """The rules of a cycle's draws; each field is a key of `lot_rules.json`, which explains it."""

    most: int
    least: int
    working_most: int
    last_year: int
    no_mutual: bool
    similar_tickets: int
    steps_per_slot: int
    repeats: int
    repeat_returns_drawn: bool
    experts: int
    expert_list: Literal["warn", "block"]

    def announced(self) -> dict[str, Any]:
        """The rules that an announcement carries (section 4.1 of the specification)."""
        return {key: getattr(self, key) for key in _ANNOUNCED}


@cache
def lot_settings() -> tuple[LotSetting, ...]:
    """Every rule with its usual value, in the order of the file."""
    read = json.loads((DATA / "lot_rules.json").read_text(encoding="utf-8"))
    return tuple(LotSetting(**{**one, "basis": Basis(one["basis"])}) for one in read["settings"])


def lot_rules(other: Mapping[str, Any] | None = None) -> LotRules:
    """The usual rules, with the values that a cycle sets otherwise.

    Raises LotRulesError for an unknown key, a value of the wrong kind or size, and limits that
    contradict each other.
    """
    other = other or {}
    known = {one.key: one for one in lot_settings()}
    errors = {key: N_("There is no such rule.") for key in other if key not in known}
    for key, value in other.items():
        if key in known and (fault := known[key].fault(value)):
            errors[key] = fault
    if errors:
        raise LotRulesError(errors)
    rules = LotRules(**{key: other.get(key, one.value) for key, one in known.items()})
    if errors := dict(_contradictions(rules)):
        raise LotRulesError(errors)
    return rules


def _contradictions(rules: LotRules) -> Iterator[tuple[str, str]]:
    if rules.least > rules.most:
        yield "least", N_("The fewest reviews cannot be more than the most.")
    elif not rules.least <= rules.working_most <= rules.most:
        yield "working_most", N_("This must lie between the fewest and the most reviews.")
