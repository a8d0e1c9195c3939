"""What is reported about mails after they left: which mail it is about, and what follows.

A report is believed only where it proves that it knows the mail: by the code in our return address
or envelope identifier or, without a domain for returns, by the Message-ID together with the
recipient. Anything else changes nothing and is logged without a word of it. The same report twice,
or an older one after a newer, changes nothing either.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.mail import dsn
from review.mail.dsn import Fate, Report, Unreadable
from review.mail.return_path import ReturnPath
from review.models import Outbox, Person
from review.services import dead_addresses, ladder

BELIEVED_FOR: Final = timedelta(days=30)
"""A report about a mail that left longer ago is no report any more."""
_log = logging.getLogger(__name__)


class Result(StrEnum):
    """What came of a report."""

    NOTED = "noted"
    REPEATED = "repeated"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


def take(session: Session, raw: bytes, *, path: ReturnPath, now: datetime) -> Result:
    """Note what a message reports, whoever wrote it."""
    try:
        report = dsn.read(raw)
    except Unreadable as problem:
        _log.warning("a message that is no report about a mail: %s", problem)
        return Result.UNREADABLE
    return note(session, report, path=path, now=now)


def note(
    session: Session, report: Report, *, path: ReturnPath, now: datetime, trusted: bool = False
) -> Result:
    """Note what a report says of its mail.

    ``trusted``: it comes from our mail server itself, so that the Message-ID is proof enough.
    """
    row = _mail(session, report, path, now, trusted=trusted)
    if row is None:
        _log.warning("a report (%s) that is about no mail of ours", report.fate)
        return Result.UNKNOWN
    if row.fate and _RANK.index(report.fate) <= _RANK.index(Fate(row.fate)):
        return Result.REPEATED
    row.fate, row.fate_at = report.fate.value, now
    row.fate_said = " ".join(filter(None, (report.status, report.said)))
    session.flush()
    _log.info("mail %s (%s) is reported as %s", row.id, row.notice, report.fate)
    if report.fate is Fate.BOUNCED:
        came_back(session, row, row.fate_said, now, hard=report.is_hard)
    return Result.NOTED


_RANK: Final = tuple(Fate)


def came_back(session: Session, row: Outbox, said: str, now: datetime, *, hard: bool) -> None:
    """What follows where a mail did not reach its reader: it goes to the next address, once.

    ``hard``: the address takes no mail at all and is marked, until somebody corrects it.
    """
    person = session.get(Person, row.person_id) if row.person_id else None
    if person is not None and not person.active:
        return
    if hard:
        dead_addresses.mark(session, row, said, now)
    ladder.pass_on(session, row, now)


def _mail(
    session: Session, report: Report, path: ReturnPath, now: datetime, *, trusted: bool
) -> Outbox | None:
    """The mail that a report is about, locked; None unless it is certain."""
    wanted = (
        sa.select(Outbox)
        .where(Outbox.state == "sent", Outbox.sent_at > now - BELIEVED_FOR)
        .with_for_update()
    )
    numbers = {path.number_of_address(one) for one in report.returned_to}
    numbers = (numbers | {path.number_of_tag(report.envelope_id)}) - {None}
    if numbers:
        rows = session.scalars(wanted.where(Outbox.id.in_(numbers))).all()
    elif report.message_id and (trusted or not path.domain):
        rows = session.scalars(
            wanted.where(
                Outbox.message_id == report.message_id,
                sa.func.lower(Outbox.address).in_(report.recipients),
            )
        ).all()
    else:
        return None
    return rows[0] if len(numbers) <= 1 and len(rows) == 1 else None
