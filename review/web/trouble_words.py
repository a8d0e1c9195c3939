"""Troubles of the system as sentences: what is wrong, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from review.services.incidents import Trouble
from review.web import present
from review.web.words import _


@dataclass(frozen=True, slots=True)
class TroubleTold:
    """One trouble in the reader's language."""

    what: str
    advice: str
    since: datetime | None
    """When its incident was opened; None before."""
    calm_since: datetime | None


def told(trouble: Trouble) -> TroubleTold:
    """A trouble in words."""
    facts = trouble.facts
    since = facts.get("since")
    what = _(
        trouble.words,
        subject=_(trouble.subject),
        since=present.moment(datetime.fromisoformat(since)) if since else "",
        count=present.number(facts.get("count") or 0),
        usual=present.number(facts.get("usual") or 0),
        kind=present.isolated(str(facts.get("kind") or "")),
    )
    return TroubleTold(what, _(trouble.advice), trouble.since, trouble.calm_since)
