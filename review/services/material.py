"""Saving one provision of a response or a desk review: the same care for both.

An entry is written only from the version its author saw, so that two people of one State never
overwrite each other silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from review import reference
from review.services.errors import InvalidGiven
from review.services.snapshot import Snapshot
from workflows.given import CONTROL
from workflows.spec import N_

TEXT_LIMIT = 60_000
"""Characters in one text field; about twenty printed pages."""
LEVELS = ("", "yes", "in_part", "no")


class Overwritten(Exception):
    """Somebody else saved this provision since the page was opened."""

    def __init__(self, provision: str, theirs: Any) -> None:
        super().__init__(provision)
        self.provision, self.theirs = provision, theirs


def check_provision(snapshot: Snapshot, ref: str, slot: int = 0) -> None:
    """Raise InvalidGiven unless the provision is under review (by that reviewing State)."""
    if ref not in snapshot.provisions(slot):
        raise InvalidGiven({"provision": N_("This provision is not under review here.")})


def check_entry(
    snapshot: Snapshot, values: Mapping[str, Any], level: str, texts: Iterable[str]
) -> dict[str, str]:
    """Faults of one entry by field: level, lengths, unusable characters, unknown assistance."""
    errors = {}
    if values.get(level, "") not in LEVELS:
        errors[level] = N_("Choose one of the list.")
    for name in texts:
        text = str(values.get(name, ""))
        if len(text) > TEXT_LIMIT:
            errors[name] = N_("This is too long.")
        elif CONTROL.search(text):
            errors[name] = N_("This contains characters that cannot be stored.")
    known = assistance_codes(snapshot)
    if set(values.get("assistance", ())) - known:
        errors["assistance"] = N_("Choose one of the list.")
    return errors


def assistance_codes(snapshot: Snapshot) -> frozenset[str]:
    """The kinds of technical assistance that the checklist of this cycle offers."""
    cycle = 1 if "III" in snapshot.process.chapters else 2
    return frozenset(option.code for option in reference.checklist(cycle).assistance)
