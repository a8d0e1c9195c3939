"""Who gets a mail that does not reach its reader: the next address of the same side, once.

The reader under another address, then the other people of the side in the review, then the
Permanent Mission. Of the secretariat: the administrators. Nobody gets a mail that they have
already, no address is tried twice, and an address that does not work is passed over, so the way
down always ends. A reminder passes over whoever has a pause, unless nobody else is left; a pause
holds back no other mail. Mails about an account, with their links, and digests are for one person
alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Outbox, Person
from review.policy import ADMINISTRATOR
from review.services import holds, notices, outbox, recipients, snapshot
from review.services.account_links import Purpose
from review.services.dead_addresses import are_dead
from review.services.snapshot import Snapshot, Someone
from review.services.succession_mails import ENDED
from workflows.deadlines import local_day
from workflows.spec import Party

_SHARED: Final = ("step:", "remind:", "escalate:")
"""Keys that end with their reader: without that, the same for everybody who is told."""

_FOR_ONE: Final = {*Purpose, ENDED}
"""Notices for their reader alone: links to an account, and the last word to who has left."""


def pass_on(session: Session, row: Outbox, now: datetime) -> bool:
    """Write a mail to the next address; False where there is none, or it was done before."""
    to = next_address(session, row, now)
    return to is not None and outbox.put_instead(session, row, to, now)


def next_address(session: Session, row: Outbox, now: datetime) -> Someone | None:
    """Who gets this mail instead of its reader; None at the end of the ladder."""
    if row.review_id is None or "party" not in row.params or row.notice in _FOR_ONE:
        return None
    seen = snapshot.load(session, row.review_id, now)
    chain = list(_chain(session, row))
    rungs = _awake_first(session, list(_rungs(session, seen, row)), row, now)
    passed = {one.address.lower() for one in chain} | are_dead(session, [r.email for r in rungs])
    for to in rungs:
        mine = to.person_id == row.person_id
        if to.email.lower() not in passed and (mine or not _has_it(session, chain[-1], to)):
            return to
    return None


def _awake_first(
    session: Session, rungs: list[Someone], row: Outbox, now: datetime
) -> list[Someone]:
    """The rungs in their order, for a reminder those who have a pause behind the others."""
    if row.notice not in recipients.NOTICES:
        return rungs
    pauses = holds.in_force(session, now)
    return sorted(
        rungs,
        key=lambda one: bool(pauses.person(one.person_id, local_day(now, one.time_zone))),
    )


def _chain(session: Session, row: Outbox | None) -> Iterator[Outbox]:
    """A mail and those in whose place it was sent, the first one last."""
    while row is not None:
        yield row
        row = session.get(Outbox, row.instead_of) if row.instead_of else None


def _rungs(session: Session, seen: Snapshot, row: Outbox) -> Iterator[Someone]:
    if row.params["party"] == Party.SECRETARIAT.value:
        yield from sorted(seen.secretariat, key=lambda one: one.person_id != row.person_id)
        yield from _administrators(session)
        return
    slot = int(row.params["slot"])
    side = seen.sides.get(slot)
    if side is None or side.iso3 != row.params.get("for_state"):
        return  # another State has taken the place: its people are not told
    people = [one for one in seen.members if one.slot == slot and one.role != "observer"]
    yield from sorted(people, key=lambda one: (one.person_id != row.person_id, one.member_id))
    if side.mission_email:
        yield Someone(0, "mission", slot, side.mission_email, "", side.language, side.time_zone)


def _administrators(session: Session) -> Iterator[Someone]:
    wanted = sa.select(Person).where(Person.active, Person.role == ADMINISTRATOR)
    for one in session.scalars(wanted.order_by(Person.id)):
        yield Someone(one.id, one.role, 0, one.email, one.title, one.language, one.time_zone)


def _has_it(session: Session, first: Outbox, to: Someone) -> bool:
    """Whether somebody was told the same by a mail of their own."""
    if not first.key.startswith(_SHARED):
        return False
    same = f"{first.key.rpartition(':')[0]}:{notices.name_of(to)}"
    return bool(session.scalar(sa.select(sa.exists().where(Outbox.key == same))))
