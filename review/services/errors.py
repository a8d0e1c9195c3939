"""What can go wrong in a service, as callers need to tell apart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from workflows.engine import Refused
from workflows.given import InvalidGiven


class NotFound(LookupError):
    """There is no such thing, or the person may not know of it."""


class NotAllowed(PermissionError):
    """The person sees the thing but may not do this to it."""


class Stale(Exception):
    """The page was made from an older version; somebody took a step since."""

    def __init__(self, review_id: int, verb: str, by: str, at: datetime | None) -> None:
        super().__init__(f"review {review_id} moved on: {verb} by {by}")
        self.review_id, self.verb, self.by, self.at = review_id, verb, by, at


class Conflict(Exception):
    """Somebody else did it a moment before; ``stands`` is what they did, in plain values."""

    def __init__(self, text: str, stands: Mapping[str, Any], by: str, at: datetime) -> None:
        super().__init__(text)
        self.stands, self.by, self.at = dict(stands), by, at


__all__ = ["Conflict", "InvalidGiven", "NotAllowed", "NotFound", "Refused", "Stale"]
