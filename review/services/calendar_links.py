"""The secret address of a person's calendar: made, shown, renewed, ended by that person.

A person has one or none. The address is a seal (``capabilities.py``), so it can be shown again and
nothing that opens it is stored. Fetching the calendar is not recorded: it is a GET, and a GET
writes nothing.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import links
from review.models import Capability, Person
from review.services import audit, capabilities
from review.services.audit import Verb
from review.services.capabilities import Purpose, Standing


def of(session: Session, person: Person) -> Capability | None:
    """The link that a person has; None without one."""
    return session.scalars(
        sa.select(Capability).where(
            Capability.person_id == person.id,
            Capability.purpose == Purpose.CALENDAR.value,
            Capability.ended_at.is_(None),
        )
    ).one_or_none()


def address(link: Capability) -> str:
    """The address that a calendar fetches."""
    return links.absolute("calendar", token=capabilities.token_of(link))


def make(session: Session, person: Person, *, now: datetime) -> Capability:
    """Give a person a link; one who has a link keeps it."""
    _lock(session, person)
    existing = of(session, person)
    if existing is not None:
        return existing
    audit.record(session, Verb.CALENDAR_LINK_MADE, now=now, actor=person)
    return _give(session, person, now)


def renew(session: Session, person: Person, *, now: datetime) -> Capability:
    """Give a person another link; the one before is void at once."""
    _lock(session, person)
    _end(session, person, now)
    audit.record(session, Verb.CALENDAR_LINK_RENEWED, now=now, actor=person)
    return _give(session, person, now)


def end(session: Session, person: Person, *, now: datetime) -> None:
    """End a person's link, if there is one."""
    _lock(session, person)
    if _end(session, person, now):
        audit.record(session, Verb.CALENDAR_LINK_ENDED, now=now, actor=person)


def reader(session: Session, token: str, *, now: datetime) -> tuple[Standing, Person | None]:
    """Whose calendar a link opens; nobody's, unless it stands open. Changes nothing."""
    found = capabilities.look_up(session, token, Purpose.CALENDAR, now=now)
    whose = found.capability.person if found.capability else None
    return found.standing, whose if found.standing is Standing.OPEN else None


def _give(session: Session, person: Person, now: datetime) -> Capability:
    return capabilities.give(
        session, Purpose.CALENDAR, person_id=person.id, address=person.email, now=now
    )


def _end(session: Session, person: Person, now: datetime) -> int:
    return capabilities.end(session, person.id, now=now, purpose=Purpose.CALENDAR)


def _lock(session: Session, person: Person) -> None:
    """Two presses at once are one after the other."""
    session.execute(sa.select(Person.id).where(Person.id == person.id).with_for_update())
