"""Digest or single reminders: what follows when a reader no longer wants the digest.

Single reminders come again, and those that waited for a digest come first. Nothing that must reach
a person was ever kept for a digest: requests, receipts and other mails always come one by one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Capability, Person
from review.services import audit, capabilities, digest, holds
from review.services.audit import Verb
from review.services.capabilities import Found, Purpose, Standing
from workflows.deadlines import end_of_day, local_day

ENDED: Final = "digest_ended"
"""The act of a link that ended a digest."""


def release(session: Session, person: Person, now: datetime) -> int:
    """Let reminders go that waited for a digest which does not come; returns how many.

    One that a pause keeps back goes after it.
    """
    pauses = holds.in_force(session, now)
    today = local_day(now, person.time_zone)
    rows = session.scalars(digest.waiting([person.id]).with_for_update()).all()
    for row in rows:
        until = digest.held(row, pauses, today)
        row.params = {name: value for name, value in row.params.items() if name != "digest"}
        row.state = "waiting"
        row.next_try_at = end_of_day(until, person.time_zone) if until else now
    session.flush()
    return len(rows)


def end_by_link(session: Session, token: str, *, now: datetime) -> Found:
    """End the digest of whoever holds a link; once more changes nothing.

    Returns how the link stands: nothing is done with one that is not open.
    """
    found = capabilities.look_up(session, token, Purpose.DIGEST, now=now, lock=True)
    one = found.capability
    if one is not None and found.standing is Standing.OPEN:
        _end(session, one, now)
    return found


def _end(session: Session, one: Capability, now: datetime) -> None:
    wanted = sa.select(Person).where(Person.id == one.person_id, Person.digest)
    person = session.scalars(wanted.with_for_update(of=Person)).one_or_none()
    if person is None:
        return
    person.digest = False
    release(session, person, now)
    audit.record(
        session,
        Verb.ACCOUNT_CHANGED,
        now=now,
        actor=person,
        before={"digest": True},
        after={"digest": False, "link": one.id},
    )
    capabilities.note_use(session, one, ENDED, now=now)
