"""Accounts: invitation, password, signing in, preferences.

What a stranger can ask for (sign in, forgotten password, a new link) is answered alike, and
in about the same time, whether an account exists or not.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import languages
from review.languages import N_
from review.models.people import Person
from review.reference import days_off
from review.services import account_links, audit, capabilities, digest_choice, passwords
from review.services.account_links import Purpose
from review.services.audit import Verb
from workflows.given import EMAIL

ADDRESS_IN_USE = N_("There is an account with this address already.")


class AccountError(Exception):
    """Something about an account is not possible; the text says why, to be translated."""


class WrongPasswordError(AccountError):
    """The current password, asked for once more, is not the right one."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person chooses for themselves."""

    language: str
    time_zone: str
    digest: bool
    quiet_weekdays: tuple[int, ...] = ()
    """Weekdays without reminders, Monday is 0."""

    @classmethod
    def of(cls, person: Person) -> Preferences:
        """What a person has chosen."""
        return cls(person.language, person.time_zone, person.digest, tuple(person.quiet_weekdays))


def find(session: Session, person_id: int) -> Person | None:
    """The person of a number."""
    return session.get(Person, person_id)


def find_by_email(session: Session, email: str) -> Person | None:
    """The person of an address, whatever its capitals."""
    wanted = sa.func.lower(Person.email) == email.strip().lower()
    return session.scalars(sa.select(Person).where(wanted)).one_or_none()


# Invitation ------------------------------------------------------------------------------------


def invite(
    session: Session,
    *,
    email: str,
    title: str,
    role: str,
    iso3: str | None,
    preferences: Preferences,
    actor: Person | None,
    now: datetime,
) -> Person:
    """Make an account and send its invitation.

    Raises AccountError for an address that is in use or cannot be one.
    """
    if len(email) > 254 or not EMAIL.fullmatch(email.strip()):
        raise AccountError(N_("This is not an e-mail address."))
    if find_by_email(session, email) is not None:
        raise AccountError(ADDRESS_IN_USE)
    _check(preferences)
    person = Person(
        email=email.strip(),
        title=title,
        role=role,
        iso3=iso3,
        language=preferences.language,
        time_zone=preferences.time_zone,
        digest=preferences.digest,
        invited_at=now,
    )
    session.add(person)
    session.flush()
    audit.record(
        session, Verb.INVITED, now=now, actor=actor, after={"person": person.id, "role": role}
    )
    account_links.send(session, person, Purpose.INVITATION, now=now)
    return person


def invite_again(session: Session, person: Person, *, actor: Person | None, now: datetime) -> None:
    """Send a new invitation; the links before it end. Raises AccountError for a used account."""
    if person.activated_at is not None or not person.active:
        raise AccountError(N_("This account is in use; an invitation is not needed."))
    person.invited_at = now
    audit.record(session, Verb.INVITED_AGAIN, now=now, actor=actor, after={"person": person.id})
    account_links.send(session, person, Purpose.INVITATION, now=now)


def ask_for_new_link(session: Session, token: str, purpose: Purpose, *, now: datetime) -> None:
    """Send a new link to the registered address of whoever had this one; else do nothing."""
    secret = account_links.find(session, token, purpose)
    if secret is None or not secret.person.active:
        return
    if purpose is Purpose.INVITATION and secret.person.activated_at is not None:
        return
    account_links.send(session, secret.person, purpose, now=now)


def set_password_by_link(
    session: Session, token: str, purpose: Purpose, password: str, *, now: datetime
) -> Person:
    """Accept an invitation, or replace a forgotten password; every open session ends.

    Raises AccountError for a link that is used, expired or unknown, and for a weak password.
    """
    secret = account_links.find(session, token, purpose, lock=True)
    if secret is None or secret.used_at is not None or now >= secret.expires_at:
        raise AccountError(N_("This link has been used or has expired. Ask for a new one."))
    person = secret.person
    _set_password(person, password)
    account_links.end(session, person, now)
    if person.activated_at is None:
        person.activated_at = now
    session.flush()
    verb = Verb.ACCOUNT_OPENED if purpose is Purpose.INVITATION else Verb.PASSWORD_SET
    audit.record(session, verb, now=now, actor=person)
    return person


# Signing in ------------------------------------------------------------------------------------


def authenticate(session: Session, email: str, password: str, *, now: datetime) -> Person | None:
    """The person of address and password, noted as signed in; None alike for every other case."""
    person = find_by_email(session, email)
    usable = person is not None and person.active and person.activated_at is not None
    right = passwords.matches(person.password_hash if person and usable else None, password)
    if person is None:
        return None
    if not usable or not right:
        audit.record(session, Verb.SIGN_IN_FAILED, now=now, actor=person)
        return None
    if person.password_hash and passwords.is_outdated(person.password_hash):
        person.password_hash = passwords.hash_password(password)
    person.signed_in_at = now
    session.flush()
    audit.record(session, Verb.SIGNED_IN, now=now, actor=person)
    return person


def forgot_password(session: Session, email: str, *, now: datetime) -> None:
    """Send a link for a new password, or the invitation anew where it was never accepted."""
    person = find_by_email(session, email)
    if person is None or not person.active:
        return
    fresh = person.activated_at is None
    account_links.send(
        session, person, Purpose.INVITATION if fresh else Purpose.PASSWORD_RESET, now=now
    )


def sign_out_everywhere(session: Session, person_id: int, *, now: datetime) -> Person:
    """End every session of a person, and the address of their calendar.

    The one who asks has to be signed in anew.
    """
    person = _locked(session, person_id)
    person.session_epoch += 1
    capabilities.end(session, person.id, now=now, purpose=capabilities.Purpose.CALENDAR)
    session.flush()
    audit.record(session, Verb.SIGNED_OUT_EVERYWHERE, now=now, actor=person)
    return person


# My account ------------------------------------------------------------------------------------


def change_preferences(
    session: Session, person_id: int, preferences: Preferences, *, now: datetime
) -> Person:
    """Change language, time zone and how reminders come. Raises AccountError for what cannot be."""
    _check(preferences)
    person = _locked(session, person_id)
    _check_quiet(preferences, person)
    before = Preferences.of(person)
    if before != preferences:
        person.language = preferences.language
        person.time_zone = preferences.time_zone
        person.digest = preferences.digest
        person.quiet_weekdays = sorted(preferences.quiet_weekdays)
        if before.digest and not person.digest:
            digest_choice.release(session, person, now)
        session.flush()
        audit.record(
            session,
            Verb.ACCOUNT_CHANGED,
            now=now,
            actor=person,
            before=asdict(before),
            after=asdict(preferences),
        )
    return person


def change_password(
    session: Session, person_id: int, current: str, new: str, *, now: datetime
) -> Person:
    """Replace the password; every other session ends.

    Raises WrongPasswordError, or AccountError where the new one is too weak.
    """
    person = _locked(session, person_id)
    if not passwords.matches(person.password_hash, current):
        raise WrongPasswordError(N_("The current password is not right."))
    _set_password(person, new)
    account_links.end(session, person, now)
    session.flush()
    audit.record(session, Verb.PASSWORD_SET, now=now, actor=person)
    return person


def close_account(
    session: Session, person_id: int, *, actor: Person | None, now: datetime, reason: str = ""
) -> Person:
    """End a person's access at once: sessions and links end, no mail goes to them any more."""
    person = _locked(session, person_id)
    person.active = False
    person.session_epoch += 1
    account_links.end(session, person, now)
    capabilities.end(session, person.id, now=now)
    session.flush()
    after = {"person": person.id, "reason": reason}
    audit.record(session, Verb.ACCOUNT_CLOSED, now=now, actor=actor, after=after)
    return person


# Inner parts -----------------------------------------------------------------------------------


def _set_password(person: Person, password: str) -> None:
    problem = passwords.problem(password, person.email, person.title)
    if problem is not None:
        raise AccountError(problem)
    person.password_hash = passwords.hash_password(password)
    person.session_epoch += 1


def _locked(session: Session, person_id: int) -> Person:
    wanted = sa.select(Person).where(Person.id == person_id).with_for_update(of=Person)
    return session.scalars(wanted).one()


def _check(preferences: Preferences) -> None:
    if preferences.language not in languages.CODES:
        raise AccountError(N_("Choose one of the six languages."))
    try:
        ZoneInfo(preferences.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise AccountError(N_("Choose a time zone from the list.")) from None


def _check_quiet(preferences: Preferences, person: Person) -> None:
    """A working day has to be left: what nobody may be told of is told to nobody."""
    weekdays, weekend = set(range(7)), days_off.weekend(person.iso3 or days_off.DUTY_STATION)
    if not set(preferences.quiet_weekdays) <= weekdays:
        raise AccountError(N_("Choose days of the week."))
    if weekdays <= weekend | set(preferences.quiet_weekdays):
        raise AccountError(N_("Leave one working day on which reminders may come."))
