"""Pauses: a person, or everybody about a review, is not reminded until a day.

What is owed stays owed and visible. What a pause kept back is not sent afterwards in a heap: on the
first working morning the latest reminder of each milestone is written, and no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import policy
from review.languages import N_
from review.models import Outbox, Pause, Person, Review
from review.policy import Action
from review.services import audit, digest, put_off, resuming
from review.services.audit import Verb
from review.services.errors import InvalidGiven, NotAllowed, NotFound
from review.services.resuming import Rest
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day

REASON_LIMIT: Final = 500


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose reminders rest: those of a person, or those about a review. One of the two."""

    person_id: int | None = None
    review_id: int | None = None


@dataclass(frozen=True, slots=True)
class PauseGiven:
    """A pause as it is entered; ``until`` is its last day."""

    until: date
    reason: str


def begin(
    session: Session, whose: Whose, given: PauseGiven, *, actor: Person, now: datetime, longest: int
) -> None:
    """Pause reminders; a pause that is in force is replaced. ``longest``: days it may last.

    Raises NotFound, NotAllowed (somebody of a State pauses only what comes to them), InvalidGiven.
    """
    zone = _locked(session, whose, actor)
    today = local_day(now, zone)
    if errors := _faults(given, today, longest):
        raise InvalidGiven(errors)
    former = _open(session, whose)
    if former is not None:
        former.ended_at = now
        session.flush()
        if former.until >= today:
            _look_again(session, former, now)
    session.add(
        Pause(
            person_id=whose.person_id,
            review_id=whose.review_id,
            until=given.until,
            reason=given.reason.strip(),
            set_by=actor.id,
            set_at=now,
        )
    )
    audit.record(
        session,
        Verb.REMINDERS_PAUSED,
        now=now,
        actor=actor,
        review_id=whose.review_id,
        before={"until": former.until.isoformat()} if former and former.until >= today else {},
        after=_told(whose) | {"until": given.until.isoformat(), "reason": given.reason.strip()},
    )


def end(session: Session, whose: Whose, *, actor: Person, now: datetime) -> None:
    """End a pause early. Raises NotFound where none is in force, NotAllowed."""
    zone = _locked(session, whose, actor)
    found = _open(session, whose)
    if found is None or found.until < local_day(now, zone):
        raise NotFound("no pause is in force")
    found.ended_at = now
    session.flush()
    _look_again(session, found, now)
    audit.record(
        session,
        Verb.REMINDERS_RESUMED,
        now=now,
        actor=actor,
        review_id=whose.review_id,
        before=_told(whose) | {"until": found.until.isoformat()},
    )


def in_force(session: Session, whose: Whose, now: datetime) -> Pause | None:
    """The pause of a person or of a review, if one is in force."""
    found = _open(session, whose)
    zone = VIENNA
    if whose.person_id is not None and (person := session.get(Person, whose.person_id)):
        zone = person.time_zone
    return found if found is not None and found.until >= local_day(now, zone) else None


def of_people(session: Session, person_ids: Iterable[int], now: datetime) -> dict[int, Pause]:
    """The pauses in force of these people."""
    found = session.execute(
        sa.select(Pause, Person.time_zone)
        .join(Person, Person.id == Pause.person_id)
        .where(Pause.person_id.in_(person_ids), Pause.ended_at.is_(None))
    )
    return {
        one.person_id: one
        for one, zone in found
        if one.person_id is not None and one.until >= local_day(now, zone)
    }


def _locked(session: Session, whose: Whose, actor: Person) -> str:
    """Lock what the pause is about, against another at the same time; gives its zone."""
    if whose.person_id != actor.id and not policy.can(actor, Action.PLAN_REMINDERS):
        raise NotAllowed("reminders of others are paused by the secretariat")
    if whose.person_id is not None:
        person = session.get(Person, whose.person_id, with_for_update={"of": Person})
        if person is not None and person.active:
            return person.time_zone
        raise NotFound(f"no person {whose.person_id}")
    if session.get(Review, whose.review_id or 0, with_for_update={"of": Review}) is None:
        raise NotFound(f"no review {whose.review_id}")
    return VIENNA


def _open(session: Session, whose: Whose) -> Pause | None:
    return session.scalars(
        sa.select(Pause).where(
            Pause.person_id.is_not_distinct_from(whose.person_id),
            Pause.review_id.is_not_distinct_from(whose.review_id),
            Pause.ended_at.is_(None),
        )
    ).one_or_none()


def _look_again(session: Session, ended: Pause, now: datetime) -> None:
    if ended.person_id is None:
        about = [ended.review_id] if ended.review_id else []
    else:
        about = digest.reviews_of(session, session.get_one(Person, ended.person_id))
    rests = _rests(session, ended)
    resuming.resume(session, about, ended.person_id, rests=rests, now=now)
    own = Outbox.person_id == ended.person_id
    whose = own if ended.person_id else Outbox.review_id == ended.review_id
    put_off.look_again(session, whose, now)


def _rests(session: Session, ended: Pause) -> list[Rest]:
    """The pauses of the same up to this one, the last first: from when to when each held."""
    found = session.scalars(
        sa.select(Pause)
        .where(
            Pause.person_id.is_not_distinct_from(ended.person_id),
            Pause.review_id.is_not_distinct_from(ended.review_id),
            Pause.ended_at.is_not(None),
        )
        .order_by(Pause.id.desc())
    )
    return [Rest(one.set_at, one.ended_at or one.set_at, one.until) for one in found]


def _faults(given: PauseGiven, today: date, longest: int) -> dict[str, str]:
    errors = {}
    if given.until < today:
        errors["until"] = N_("This day is over.")
    elif given.until > today + timedelta(days=longest):
        errors["until"] = N_("This is longer than a pause may last.")
    if not given.reason.strip():
        errors["reason"] = N_("Please fill this in.")
    elif len(given.reason) > REASON_LIMIT:
        errors["reason"] = N_("This is too long.")
    return errors


def _told(whose: Whose) -> dict[str, object]:
    return {"person": whose.person_id} if whose.person_id else {"review": whose.review_id}
