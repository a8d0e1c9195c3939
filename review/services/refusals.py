"""Whose trouble a refusal for reasons of policy is: that of one mail, or of all that we send.

"Relay denied" or "your address is on a list" says nothing about the mail. Said by one domain, while
others take mails, it is that domain's word about this mail, which has failed. Said of several
domains in a row, nothing accepted between, it is our own mail server's: the mails wait until it
takes one again. The first refusal alone cannot tell; its mail waits for what the next ones say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.mail.transport import Away, DeliveryError, Refused, TryLater, is_policy

SEVERAL: Final = 2
"""So many domains in a row: it is the server."""
TRIES: Final = 3
"""So often a mail is tried where no other one tells whose trouble it is."""
_SHOWN: Final = 200


class Everybody(Away):
    """Mails to several domains are refused alike: nothing can be sent now."""


class InDoubt(TryLater):
    """Refused for reasons of policy; the next mails tell whether others are as well."""


@dataclass(frozen=True, slots=True)
class Streak:
    """Refusals for reasons of policy since a mail was last accepted, by any worker."""

    domains: frozenset[str] = frozenset()
    tries: Mapping[int, int] = field(default_factory=dict)
    """How often each mail was refused, by its number in the outbox."""
    since: datetime | None = None
    said: str = ""
    """The latest answer, without secrets, cut after 200 characters."""


def streak(session: Session) -> Streak:
    """What has been refused since the last mail that was accepted; of many the latest 500."""
    tries: dict[int, int] = {}
    seen = [row for row in session.execute(_SINCE_ACCEPTED) if is_policy(row.answer)]
    for row in seen:
        tries[row.outbox_id] = tries.get(row.outbox_id, 0) + 1
    if not seen:
        return Streak()
    domains = frozenset(row.domain for row in seen)
    return Streak(domains, tries, seen[-1].at, seen[0].answer[:_SHOWN])


def weighed(session: Session, outbox_id: int, domain: str, problem: DeliveryError) -> DeliveryError:
    """What a failure means beside the others: itself, Everybody, or InDoubt."""
    if not isinstance(problem, Refused) or not problem.policy:
        return problem
    before = streak(session)
    if len(before.domains | {domain}) >= SEVERAL:
        return Everybody(str(problem))
    if before.tries.get(outbox_id, 0) + 1 >= TRIES:
        return problem
    return InDoubt(str(problem))


@dataclass(slots=True)
class Doubts:
    """The mails of one round that were refused for reasons of policy, until others tell why."""

    _open: set[int] = field(default_factory=set)
    _theirs: set[int] = field(default_factory=set)
    _accepted: bool = False

    def note(self, outbox_id: int, problem: Exception) -> None:
        """A mail was not taken."""
        if isinstance(problem, InDoubt):
            self._open.add(outbox_id)
        elif isinstance(problem, Everybody):
            self._open.clear()
            self._accepted = False

    def accepted(self) -> None:
        """Another mail was taken: what was refused before it was refused for its own sake."""
        self._accepted = True
        self._theirs |= self._open
        self._open.clear()

    def settled(self) -> list[int]:
        """At the end of a round: the mails that have failed. The others wait for the next one."""
        return sorted(self._theirs | (self._open if self._accepted else set()))


_SINCE_ACCEPTED: Final = sa.text("""
SELECT outbox_id, domain, at, answer FROM mail_attempt
WHERE id > coalesce((SELECT max(id) FROM mail_attempt WHERE outcome = 'accepted'), 0)
ORDER BY id DESC LIMIT 500
""")
