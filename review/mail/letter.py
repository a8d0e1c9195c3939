"""What is asked for: one mail, as the outbox has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

DaysOff = Mapping[str | None, Mapping[date, bool]]
"""Single days that are recorded for a State or (None) the duty station; True: work is done."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be written. ``params`` are names, dates and keys, never confidential text."""

    number: int
    """The row of the outbox."""
    key: str
    """Why this mail exists; the same reason never writes a second one."""
    notice: str
    language: str
    address: str
    params: Mapping[str, Any]
    review_id: int | None = None
    days_off: DaysOff = field(default_factory=dict)
    """Of the States that the mail names, so that its working days are those of the pages."""

    def message_id(self, domain: str) -> str:
        """The same for every attempt, so that a mail that comes twice is known to be one."""
        digest = sha256(self.key.encode()).hexdigest()[:24]
        return f"<{digest}.{self.number}@{domain}>"

    def thread_id(self, domain: str) -> str | None:
        """What all mails of one review refer to, so that mail programs keep them together."""
        return f"<review.{self.review_id}@{domain}>" if self.review_id is not None else None


def states_of(params: Mapping[str, Any]) -> set[Any]:
    """The States of the review, or reviews, that the parameters of a mail name."""
    found = {params.get("state"), *params.get("reviewers", ())} - {None}
    return found.union(*(states_of(item) for item in params.get("items", ())))
