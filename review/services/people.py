"""What the secretariat does about people: officers of reviews, colleagues, closed accounts.

Focal points, experts and observers are not made here: a step of their review invites them.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review import policy
from review.languages import N_
from review.models import Person, Review
from review.policy import ADMINISTRATOR, Action
from review.services import accounts, audit, closed_accounts
from review.services.accounts import AccountError, Preferences
from review.services.audit import Verb
from review.services.errors import NotAllowed, NotFound
from review.services.snapshot import VIENNA

SECRETARIAT_ROLES = ("secretariat_officer", ADMINISTRATOR)


def assign_officer(
    session: Session, review_id: int, officer_id: int | None, *, actor: Person, now: datetime
) -> None:
    """Give a review to an officer, or to nobody.

    Raises NotFound for an unknown review, AccountError for somebody who cannot lead one.
    """
    found = session.get(Review, review_id, with_for_update={"of": Review})
    if found is None:
        raise NotFound(f"no review {review_id}")
    if officer_id is not None:
        officer = session.get(Person, officer_id)
        if officer is None or not officer.active or not officer.is_secretariat:
            raise AccountError(N_("Choose somebody of the secretariat whose account is open."))
    if found.officer_id == officer_id:
        return
    before, found.officer_id = found.officer_id, officer_id
    session.flush()
    audit.record(
        session,
        Verb.OFFICER_ASSIGNED,
        now=now,
        actor=actor,
        review_id=review_id,
        before={"officer": before},
        after={"officer": officer_id},
    )


def invite_secretariat(
    session: Session,
    *,
    email: str,
    title: str,
    role: str,
    language: str,
    actor: Person,
    now: datetime,
) -> Person:
    """Invite somebody of the secretariat.

    Raises NotAllowed for anybody but an administrator, AccountError for an address in use.
    """
    if not policy.can(actor, Action.APPOINT_SECRETARIAT):
        raise NotAllowed("only an administrator appoints the secretariat")
    if role not in SECRETARIAT_ROLES:
        raise AccountError(N_("Choose a role of the secretariat."))
    try:
        return accounts.invite(
            session,
            email=email,
            title=title,
            role=role,
            iso3=None,
            preferences=Preferences(language, VIENNA, digest=False),
            actor=actor,
            now=now,
        )
    except IntegrityError as problem:  # somebody else invited the same address a moment ago
        raise AccountError(accounts.ADDRESS_IN_USE) from problem


def close(session: Session, person_id: int, reason: str, *, actor: Person, now: datetime) -> Person:
    """Close an account at once; what the person wrote stays, and who follows in office is asked.

    Raises NotFound, NotAllowed, or AccountError for an account that cannot be closed.
    """
    administrators = _lock_administrators(session)
    closed_accounts.lock_reviews_of(session, person_id)
    person = _changeable(session, person_id, actor)
    if person.id == actor.id:
        raise AccountError(N_("You cannot close your own account; a colleague can."))
    if not person.active:
        raise AccountError(N_("This account is closed already."))
    if person.role == ADMINISTRATOR and administrators < 2:
        raise AccountError(N_("This is the last administrator; appoint another one first."))
    accounts.close_account(session, person.id, actor=actor, now=now, reason=reason)
    closed_accounts.ask(session, person, actor=actor, now=now, reason=reason)
    return person


def open_again(session: Session, person_id: int, *, actor: Person, now: datetime) -> Person:
    """Open a closed account again; whoever never accepted the invitation gets a new one.

    Where the State was asked who follows and has not answered, the question is taken back.
    """
    closed_accounts.lock_reviews_of(session, person_id)
    person = _changeable(session, person_id, actor)
    if person.active:
        raise AccountError(N_("This account is open already."))
    person.active = True
    session.flush()
    audit.record(session, Verb.ACCOUNT_REOPENED, now=now, actor=actor, after={"person": person.id})
    closed_accounts.take_back(session, person, actor=actor, now=now)
    if person.activated_at is None:
        invite_again(session, person.id, actor=actor, now=now)
    return person


def invite_again(session: Session, person_id: int, *, actor: Person, now: datetime) -> Person:
    """Send a new invitation; the links before it end. Raises AccountError for a used account."""
    person = _changeable(session, person_id, actor)
    accounts.invite_again(session, person, actor=actor, now=now)
    return person


def _changeable(session: Session, person_id: int, actor: Person) -> Person:
    """The account, locked, if the actor may change it. Raises NotFound or NotAllowed."""
    wanted = sa.select(Person).where(Person.id == person_id).with_for_update(of=Person)
    person = session.scalars(wanted).one_or_none()
    if person is None:
        raise NotFound(f"no person {person_id}")
    if not may_change(actor, person):
        raise NotAllowed("only an administrator changes accounts of the secretariat")
    return person


def may_change(actor: Person, person: Person) -> bool:
    """Whether somebody may close, open or invite again this account."""
    action = Action.APPOINT_SECRETARIAT if person.is_secretariat else Action.MANAGE_PEOPLE
    return policy.can(actor, action)


def _lock_administrators(session: Session) -> int:
    """How many there are; none of their accounts is closed by anybody else meanwhile.

    Always in the same order, so that two who close each other's accounts queue up.
    """
    wanted = sa.select(Person.id).where(Person.role == ADMINISTRATOR, Person.active)
    return len(session.scalars(wanted.order_by(Person.id).with_for_update(key_share=True)).all())
