"""Whether the recipient of a mail owes what it is about, and which instance of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from workflows.registry import process
from workflows.spec import Milestone, Party

_NUMBERS: Final = ("slot_of_milestone", "milestone_slot", "question")
"""Where the mails of a date, of a reminder, and of a question itself have the number of it."""


def by_reader(params: Mapping[str, Any]) -> bool:
    """Whether the recipient's own side owes what a mail is about."""
    if not params.get("milestone"):
        return False
    item = process(params["process"]).milestone(params["milestone"])
    slot = slot_of(params, item)
    owner = item.owner_of(slot)
    return owner.value == params["party"] and (
        owner is not Party.REVIEWING_STATE or slot == params["slot"]
    )


def slot_of(params: Mapping[str, Any], item: Milestone) -> int:
    """Of which side the date is: named, else the recipient's, else the only one there is."""
    slot = params.get("slot_of_milestone", params["slot"])
    if item.repeats:
        return 0
    return int(slot) if slot in item.slots else item.slots[0]


def number_of(params: Mapping[str, Any]) -> int:
    """The number under which the review records it: of a question its own, else the slot.

    Raises KeyError where a mail about a question does not say about which.
    """
    item = process(params["process"]).milestone(params["milestone"])
    if not item.repeats:
        return slot_of(params, item)
    for name in _NUMBERS:
        if name in params:
            return int(params[name])
    raise KeyError(" or ".join(_NUMBERS))
