"""Whose trouble a refusal for reasons of policy is: that of one domain, or of all that we send.

"Relay denied" or "your address is on a list" says nothing about an address. What became of other
mails since tells whose word it is, whichever worker had them:

1. Since this mail was first refused so, a mail to another domain was accepted: it is the domain's
   own word, and the mail has failed.
2. Since a mail was last accepted, another domain has refused so as well, or the server does not
   even hear to whom we write: it is the server, and the mails wait. Such a try does not count.
3. Neither: it waits like any mail that is put off, and has failed after three such tries.

It is asked while the mail is locked, after the server has answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.mail.transport import Refused, Unwelcome

SEVERAL: Final = 2
"""So many domains since a mail was accepted: it is the server."""
TRIES: Final = 3
"""So often a mail is tried where no other one tells whose trouble it is."""
_SHOWN: Final = 200


class Whose(StrEnum):
    """Whose trouble it is."""

    DOUBT = "doubt"
    DOMAIN = "domain"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Word:
    """What a failure means beside those of other mails."""

    whose: Whose | None = None
    """None: it has nothing to do with policy."""
    before: int = 0
    """How often this mail had been refused for reasons of policy."""


@dataclass(frozen=True, slots=True)
class Streak:
    """Refusals for reasons of policy since a mail was last accepted, by any worker."""

    domains: int = 0
    since: datetime | None = None
    said: str = ""
    """The latest answer, without secrets, cut after 200 characters."""


def weighed(session: Session, outbox_id: int, domain: str, problem: Exception) -> Word:
    """What it means that a mail to this domain was not taken, from all tries that are stored."""
    unheard = isinstance(problem, Unwelcome)
    if not unheard and not (isinstance(problem, Refused) and problem.policy):
        return Word()
    seen = session.execute(_SEEN, {"mail": outbox_id, "domain": domain}).one()
    if unheard:
        return Word(Whose.SERVER, seen.before)
    if seen.others_taken:
        return Word(Whose.DOMAIN, seen.before)
    if seen.others_refused:
        return Word(Whose.SERVER, seen.before)
    return Word(Whose.DOMAIN if seen.doubts + 1 >= TRIES else Whose.DOUBT, seen.before)


def tries_alone(session: Session, outbox_id: int) -> int | None:
    """How often a mail was tried before, if no other was accepted since its last try; else None.

    While a server does not answer, that is nobody's trouble but its own. A mail at which it breaks
    off each time, and takes others meanwhile, has a trouble of its own.
    """
    seen = session.execute(_ALONE, {"mail": outbox_id}).one()
    return None if seen.others_taken else int(seen.tries)


def streak(session: Session) -> Streak:
    """What was refused since the last mail that was accepted; nothing once none of it waits."""
    row = session.execute(_STREAK).one()
    return Streak(row.domains, row.since, row.said[:_SHOWN]) if row.waits else Streak()


_LATEST: Final = """
SELECT outbox_id, domain, at, answer, id FROM mail_attempt
WHERE policy <> '' AND id > coalesce(
  (SELECT id FROM mail_attempt WHERE outcome = 'accepted' ORDER BY id DESC LIMIT 1), 0)
"""
_SEEN: Final = sa.text(f"""
WITH mine AS (
  SELECT min(id) AS first, count(*) AS before, count(*) FILTER (WHERE policy = 'doubt') AS doubts
  FROM mail_attempt WHERE outbox_id = :mail AND policy <> ''
)
SELECT before, doubts,
  EXISTS (SELECT FROM mail_attempt other WHERE other.id > mine.first
    AND other.outcome = 'accepted' AND other.domain <> :domain) AS others_taken,
  EXISTS (SELECT FROM ({_LATEST}) AS latest WHERE latest.domain <> :domain) AS others_refused
FROM mine
""")  # noqa: S608 - one text of ours in another
_ALONE: Final = sa.text("""
WITH mine AS (SELECT max(id) AS last, count(*) AS tries FROM mail_attempt WHERE outbox_id = :mail)
SELECT tries, EXISTS (SELECT FROM mail_attempt other WHERE other.id > mine.last
  AND other.outcome = 'accepted' AND other.outbox_id <> :mail) AS others_taken
FROM mine
""")
_STREAK: Final = sa.text(f"""
WITH latest AS ({_LATEST})
SELECT count(DISTINCT domain) AS domains, min(at) AS since,
  (SELECT answer FROM latest ORDER BY id DESC LIMIT 1) AS said,
  EXISTS (SELECT FROM latest JOIN outbox ON outbox.id = outbox_id
    WHERE outbox.state = 'waiting') AS waits
FROM latest
""")  # noqa: S608 - one text of ours in another
