"""Addresses that a mail server refused for good, marked until somebody corrects them.

Meanwhile mails about reviews go to the next address of the side (`ladder`). An address is marked
once, however many mails come back from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import DeadAddress, Outbox, Person, State
from review.services import account_links, accounts, audit, people
from review.services.accounts import AccountError
from review.services.audit import Verb
from review.services.errors import NotAllowed, NotFound
from workflows.given import EMAIL


@dataclass(frozen=True, slots=True)
class Trouble:
    """An address that does not work, and whose it is."""

    dead: DeadAddress
    person: Person | None = None
    state: State | None = None
    """Whose Permanent Mission has it."""


def are_dead(session: Session, addresses: Iterable[str]) -> set[str]:
    """Those of these addresses that do not work, in small letters."""
    wanted = {one.lower() for one in addresses}
    among = sa.select(DeadAddress.address).where(
        DeadAddress.address.in_(wanted), DeadAddress.cleared_at.is_(None)
    )
    return set(session.scalars(among)) if wanted else set()


def mark(session: Session, row: Outbox, said: str, now: datetime) -> bool:
    """Note that the address of a mail does not work; False where it is noted or nobody's now."""
    address = row.address.lower()
    if not _is_used(session, address):
        return False
    marked = session.execute(
        insert(DeadAddress)
        .values(address=address, outbox_id=row.id, since=now, said=said)
        .on_conflict_do_nothing(
            index_elements=[DeadAddress.address], index_where=DeadAddress.cleared_at.is_(None)
        )
        .returning(DeadAddress.id)
    ).first()
    if marked is None:
        return False
    after = {"mail": row.id, "person": row.person_id}
    audit.record(
        session, Verb.ADDRESS_DEAD, now=now, actor=None, review_id=row.review_id, after=after
    )
    return True


def _is_used(session: Session, address: str) -> bool:
    person = sa.exists().where(sa.func.lower(Person.email) == address, Person.active)
    mission = sa.exists().where(sa.func.lower(State.mission_email) == address)
    return bool(session.scalar(sa.select(sa.or_(person, mission))))


def of_person(session: Session, person: Person) -> DeadAddress | None:
    """The mark on somebody's present address."""
    wanted = sa.select(DeadAddress).where(
        DeadAddress.address == person.email.lower(), DeadAddress.cleared_at.is_(None)
    )
    return session.scalars(wanted).one_or_none()


def find(session: Session, dead_id: int) -> Trouble:
    """An address that does not work now. Raises NotFound."""
    wanted = sa.select(DeadAddress).where(
        DeadAddress.id == dead_id, DeadAddress.cleared_at.is_(None)
    )
    found = _troubles(session, wanted)
    if not found:
        raise NotFound(f"no address {dead_id} that does not work")
    return found[0]


def all_of_them(session: Session) -> list[Trouble]:
    """Every address that does not work now and is still somebody's, the newest first."""
    wanted = sa.select(DeadAddress).where(DeadAddress.cleared_at.is_(None))
    found = _troubles(session, wanted.order_by(DeadAddress.since.desc(), DeadAddress.id.desc()))
    return [one for one in found if one.state or (one.person and one.person.active)]


def _troubles(session: Session, wanted: sa.Select[DeadAddress]) -> list[Trouble]:
    found = session.scalars(wanted).all()
    addresses = [one.address for one in found]
    persons = {
        one.email.lower(): one
        for one in session.scalars(
            sa.select(Person).where(sa.func.lower(Person.email).in_(addresses))
        )
    }
    states = {
        (one.mission_email or "").lower(): one
        for one in session.scalars(
            sa.select(State).where(sa.func.lower(State.mission_email).in_(addresses))
        )
    }
    return [Trouble(one, persons.get(one.address), states.get(one.address)) for one in found]


def may_correct(actor: Person, trouble: Trouble) -> bool:
    """Whether somebody may put this address right: its owner, or who may change the account."""
    person = trouble.person
    if person is None:
        return actor.is_secretariat
    return actor.id == person.id or people.may_change(actor, person)


def correct(
    session: Session, dead_id: int, address: str, *, actor: Person, now: datetime
) -> Trouble:
    """Put the right address in the place of one that does not work; the same one is tried anew.

    Links that were sent to the former address end; whoever never accepted the invitation gets a
    new one. Raises NotFound, NotAllowed, or AccountError for an address that cannot be taken.
    """
    session.execute(sa.select(DeadAddress.id).where(DeadAddress.id == dead_id).with_for_update())
    trouble, address = find(session, dead_id), address.strip()
    if len(address) > 254 or not EMAIL.fullmatch(address):
        raise AccountError(N_("This is not an e-mail address."))
    person, state = trouble.person, trouble.state
    if not may_correct(actor, trouble) or (state is not None and not actor.is_secretariat):
        raise NotAllowed("only its owner and the secretariat correct an address")
    if person is not None and address != person.email:
        _move(session, person, address, actor, now)
    if state is not None:
        _move_mission(session, state, address)
    trouble.dead.cleared_at, trouble.dead.cleared_by = now, actor.id
    session.execute(
        sa.update(DeadAddress)
        .where(DeadAddress.address == address.lower(), DeadAddress.cleared_at.is_(None))
        .values(cleared_at=now, cleared_by=actor.id)
    )
    session.flush()
    after = {"person": person.id} if person else {"state": state.iso3} if state else {}
    audit.record(session, Verb.ADDRESS_CORRECTED, now=now, actor=actor, after=after)
    return trouble


def _move(session: Session, person: Person, address: str, actor: Person, now: datetime) -> None:
    """Give a person another address; what waits goes there."""
    taken = accounts.find_by_email(session, address)
    if taken is not None and taken.id != person.id:
        raise AccountError(accounts.ADDRESS_IN_USE)
    former, person.email = person.email, address
    try:
        session.flush()
    except IntegrityError as problem:  # somebody else took it a moment ago
        raise AccountError(accounts.ADDRESS_IN_USE) from problem
    account_links.end(session, person, now)
    if person.active and person.activated_at is None:
        accounts.invite_again(session, person, actor=actor, now=now)
    session.execute(
        sa.update(Outbox)
        .where(Outbox.person_id == person.id, Outbox.state == "waiting", Outbox.address == former)
        .values(address=address)
    )


def _move_mission(session: Session, state: State, address: str) -> None:
    """Give a Permanent Mission another address; what waits for it goes there."""
    former, state.mission_email = state.mission_email or "", address
    session.execute(
        sa.update(Outbox)
        .where(
            Outbox.person_id.is_(None),
            Outbox.state == "waiting",
            sa.func.lower(Outbox.address) == former.lower(),
            Outbox.params["for_state"].astext == state.iso3,
        )
        .values(address=address)
    )
