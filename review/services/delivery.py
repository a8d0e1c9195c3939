"""From the outbox to the mail server: each mail once, whatever crashes.

A mail is claimed with a row lock that is kept while it is sent, and the lock goes with the
transaction: a killed worker frees what it held, and two workers never hold the same mail. What was
sent is stored in that transaction, too. One window remains, and no protocol closes it: a crash
after the server has said 250 and before our commit sends that mail again. Both copies carry the
same Message-ID, by which mail programs know them as one.

No domain holds up the others: of each, so many mails leave in a minute, and one that is slow,
defers again and again or refuses us is left alone for the rest of a round.

What a server says is kept without the secrets of its mail, which it may have quoted.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, Final

from sqlalchemy.orm import Session

from review import clock, db, seals
from review.languages import N_
from review.mail import dsn
from review.mail.letter import DaysOff, Letter, states_of
from review.mail.render import CannotWrite, render
from review.mail.return_path import ReturnPath
from review.mail.transport import (
    Away,
    DeliveryError,
    Refused,
    Slow,
    Transport,
    TryLater,
)
from review.models import MailAttempt, Outbox
from review.services import (
    bounces,
    claims,
    ladder,
    mail_links,
    outdated,
    put_off,
    refusals,
    standing_dates,
    work_calendars,
)
from review.services.claims import Claimed
from review.services.refusals import Whose

ATTEMPTS: Final = 18
"""After so many, about two and a half days, the secretariat is shown that a mail failed."""
PATIENCE: Final = 3
"""So many deferred mails of one domain in a round; further ones wait for the next round."""
IN_A_ROW: Final = 10
"""So many domains refuse for reasons of policy and none takes a mail: the others are not asked."""
SLOW_SECONDS: Final = 5.0
"""A domain that takes longer for one mail gets no other in the same round."""
PASSED_ON: Final = N_("Not sent: the address does not work. It went to the next one of the side.")
ROUND_SECONDS: Final = 90.0
"""A round begins no other mail after that: the task would be ended, and so would a mail whose
server has said 250 and which we have not committed."""
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=6)
_LONGEST_HELD: Final = timedelta(minutes=50)
"""Of a mail that waits until the server takes our mails again: an hour, with what chance adds."""
_SECRET: Final = "token"  # noqa: S105 - the name of a parameter
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Round:
    """What one round of delivery came to."""

    sent: int = 0
    failed: int = 0
    later: int = 0
    dropped: int = 0
    """Reminders that had nothing left to remind of when their turn came."""
    put_off: int = 0
    """Reminders whose turn came on a day off or in a pause."""
    passed_on: int = 0
    """Mails to an address that does not work, written to the next one instead."""
    more: bool = field(default=False, compare=False)
    """It ended by its limit or its time: others may be due."""


@dataclass(slots=True)
class _Course:
    """One round while it runs: the domains that are left alone, and what is given to each mail."""

    transport: Transport
    sender: str
    path: ReturnPath
    a_minute: int
    notices: Collection[str] = ()
    """The only ones that are sent; empty: all."""
    done: Round = field(default_factory=Round)
    deferred: Counter[str] = field(default_factory=Counter)
    slow: set[str] = field(default_factory=set)
    full: set[str] = field(default_factory=set)
    """Domains that have had their mails of this minute."""
    unanswered: int = 0
    refusing: set[str] = field(default_factory=set)
    """Domains that refused for reasons of policy."""
    in_a_row: int = 0
    """So many of them since a mail was accepted."""
    days_off: dict[frozenset[str], DaysOff] = field(default_factory=dict)
    """Of the States that were named, read once a round."""

    @property
    def resting(self) -> set[str]:
        """Domains that get no further mail in this round."""
        return (
            self.slow
            | self.full
            | self.refusing
            | {one for one, count in self.deferred.items() if count >= PATIENCE}
        )


def drain(
    transport: Transport,
    *,
    sender: str,
    limit: int = 200,
    now: Callable[[], datetime] = clock.now,
    path: ReturnPath | None = None,
    a_minute: int = 0,
    notices: Collection[str] = (),
) -> Round:
    """Send what is due, at most ``limit`` mails, one transaction each.

    ``sender`` is the From address, with or without a name. A mail that cannot be sent waits or is
    given up, and the next one is tried; a server that is away ends the round. ``a_minute``: so many
    tries for one domain in a minute, all workers together; 0 sets no limit. ``notices``: only
    mails of these are sent; empty: all.
    """
    course = _Course(transport, sender, path or ReturnPath(), a_minute, notices)
    course.done.more = _go_through(course, limit, now)
    return course.done


def _go_through(course: _Course, limit: int, now: Callable[[], datetime]) -> bool:
    """Send what is due; whether it ended by its limit or its time."""
    ends = time.monotonic() + ROUND_SECONDS
    for _ in range(limit):
        if time.monotonic() > ends:
            break
        with db.transaction() as session:
            mail = _claim(session, course, now())
            if mail is None or not _deliver(session, mail, course, now()):
                return False
    return True


def _claim(session: Session, course: _Course, now: datetime) -> Claimed | None:
    """The next mail of a domain that has not had its mails of this minute."""
    while (mail := claims.claim(session, now, course.resting, course.notices)) is not None:
        if not course.a_minute or mail.tried < course.a_minute:
            return mail
        course.full.add(_domain(mail.row))
    return None


def _deliver(session: Session, mail: Claimed, course: _Course, now: datetime) -> bool:
    """Send one mail and note what came of it; False where the server is away."""
    row, done = mail.row, course.done
    if reason := outdated.reason(session, mail, now):
        row.state, row.error = "recorded", reason
        done.dropped += 1
        return True
    if at := put_off.until(session, mail, _days_off(session, row, course), now):
        row.next_try_at, row.error = at, put_off.PUT_OFF
        done.put_off += 1
        return True
    if mail.dead and ladder.pass_on(session, row, now):
        row.state, row.error = "recorded", PASSED_ON
        done.passed_on += 1
        return True
    began = time.monotonic()
    goes_on = True
    try:
        given = standing_dates.when_it_leaves(session, row, now) | mail_links.given(
            session, row, now
        )
        letter = _letter(row, given, _days_off(session, row, course))
        message = render(letter, sender=course.sender, now=now)
        back = course.path.address(row.id, parseaddr(course.sender)[1])
        said = course.transport.send(message, back, row.address, course.path.tag(row.id))
    except (CannotWrite, DeliveryError) as problem:
        goes_on = _not_taken(session, row, course, problem, now)
    else:
        said = _heard(row, said)
        _keep(row, message, now)
        session.add(_try(row, "accepted", said, now))
        course.in_a_row = 0
        done.sent += 1
    if time.monotonic() - began > SLOW_SECONDS:
        course.slow.add(_domain(row))
    return goes_on


def _not_taken(
    session: Session, row: Outbox, course: _Course, problem: Exception, now: datetime
) -> bool:
    """Let a mail wait, or give it up and pass it on; whether the round goes on."""
    said, done = _heard(row, str(problem)), course.done
    word = refusals.weighed(session, row.id, _domain(row), problem)
    outcome = "later"
    alone = refusals.tries_alone(session, row.id) if isinstance(problem, Away) else None
    if word.whose is Whose.SERVER:
        _hold(row, said, now, word.before + 1)
    elif alone is not None:
        _hold(row, said, now, alone + 1)
    elif word.whose is Whose.DOUBT or isinstance(problem, TryLater):
        _postpone(row, said, now)
    else:
        outcome = "refused"
        _give_up(row, said)
    session.add(_try(row, outcome, said, now, word.whose))
    failed = row.state == "failed"
    if failed and isinstance(problem, DeliveryError) and not isinstance(problem, Away):
        hard = isinstance(problem, Refused) and problem.address
        bounces.came_back(session, row, said, now, hard=hard)
    done.failed += failed
    done.later += not failed
    return _goes_on(course, _domain(row), problem, word.whose)


def _goes_on(course: _Course, domain: str, problem: Exception, whose: Whose | None) -> bool:
    """Whether the round goes on. Two domains without an answer: it is the server."""
    if isinstance(problem, Away):
        return False
    if isinstance(problem, Slow):
        course.slow.add(domain)
        course.unanswered += 1
        return course.unanswered < 2
    if isinstance(problem, TryLater):
        course.deferred[domain] += 1
    if whose is not None:
        course.refusing.add(domain)
        course.in_a_row += 1
    return course.in_a_row < IN_A_ROW


def _domain(row: Outbox) -> str:
    return row.address.rpartition("@")[2].lower()


def _heard(row: Outbox, said: str) -> str:
    """What a server said, to be kept: servers quote addresses and links that they dislike."""
    return dsn.plain(_without_secret(row, said))


def _try(
    row: Outbox, outcome: str, said: str, now: datetime, policy: Whose | None = None
) -> MailAttempt:
    return MailAttempt(
        outbox_id=row.id,
        at=now,
        domain=_domain(row),
        outcome=outcome,
        policy=policy or "",
        answer=said,
    )


def _days_off(session: Session, row: Outbox, course: _Course) -> DaysOff:
    states = frozenset(states_of(row.params))
    if states not in course.days_off:
        course.days_off[states] = work_calendars.recorded(session, states)
    return course.days_off[states]


def _letter(row: Outbox, params: dict[str, Any], days_off: DaysOff) -> Letter:
    return Letter(
        number=row.id,
        key=row.key,
        notice=row.notice,
        language=row.language,
        address=row.address,
        params=params,
        review_id=row.review_id,
        days_off=days_off,
    )


def _keep(row: Outbox, message: EmailMessage, now: datetime) -> None:
    """Store what was sent. A link that opens something is not kept with it."""
    row.state, row.sent_at, row.error = "sent", now, ""
    row.attempts += 1
    row.message_id = message["Message-ID"]
    row.subject = message["Subject"]
    row.body_text = _without_secret(row, _body(message, "plain"))
    row.body_html = _without_secret(row, _body(message, "html"))
    _forget_secret(row)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _without_secret(row: Outbox, text: str) -> str:
    secret = row.params.get(_SECRET)
    return seals.veiled(text.replace(secret, "…") if secret else text)


def _forget_secret(row: Outbox) -> None:
    row.params = {name: value for name, value in row.params.items() if name != _SECRET}


def _give_up(row: Outbox, error: str) -> None:
    row.state, row.error = "failed", error
    row.attempts += 1
    _forget_secret(row)
    _log.error("mail %s (%s) is given up: %s", row.id, row.notice, error)


def _postpone(row: Outbox, error: str, now: datetime) -> None:
    if row.attempts + 1 >= ATTEMPTS:
        _give_up(row, error)
        return
    row.attempts += 1
    row.error = error
    row.next_try_at = now + pause(row.attempts)
    _log.warning("mail %s (%s) waits, attempt %s: %s", row.id, row.notice, row.attempts, error)


def _hold(row: Outbox, error: str, now: datetime, tries: int) -> None:
    """Let a mail wait for the server; what is not its own trouble does not count as a try."""
    row.error = error
    row.next_try_at = now + pause(tries, _LONGEST_HELD)
    _log.warning("mail %s (%s) waits for the mail server: %s", row.id, row.notice, error)


def pause(attempts: int, longest: timedelta = _LONGEST_PAUSE) -> timedelta:
    """How long to wait after so many attempts: longer each time, and never all mails at once."""
    growing = min(_FIRST_PAUSE * (1 << min(attempts - 1, 20)), longest)
    return growing * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
