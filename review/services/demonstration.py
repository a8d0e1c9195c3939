"""The demonstration: the first cycle on 3 June 2013, and an account for every role to look around.

Reviews are chosen by what there is to do in them, so that nobody opens an empty page: a response
that is being written, a desk review that both reviewing States owe, a review that can be started.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db
from review.models import Member, MilestoneDate, Person, Question, Review, Reviewer
from review.services import (
    accounts,
    answers,
    findings,
    offices,
    passwords,
    replay,
    seed,
    specimen,
)
from review.services.replay import given
from review.services.snapshot import VIENNA
from workflows.registry import process

OPENS: Final = datetime(2013, 6, 3, 8, 0, tzinfo=UTC)
"""The clock of the demonstration when it is loaded: ten in the morning in Vienna, on the Monday
after the session at which the last reviewing States of the cycle were drawn."""
_CHAPTERS: Final = process("irm-1").chapters
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


class NothingToShow(LookupError):
    """The replay left no review in a position that the demonstration needs."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in to the demonstration; the password stands nowhere else."""

    role: str
    title: str
    email: str
    password: str


def is_loaded() -> bool:
    """Whether the demonstration stands, with its accounts."""
    with db.reading() as session:
        found = session.execute(sa.select(Person.id).where(Person.password_hash.is_not(None)))
        return found.first() is not None


def load(progress: Callable[[str], None]) -> list[Account]:
    """Play the first cycle until the demonstration opens and make its accounts.

    An interrupted load goes on where it stopped. Raises NothingToShow if no review fits.
    """
    replay.play(until=OPENS, progress=progress)
    progress("Making the accounts")
    with db.transaction() as session:
        return _accounts(session, clock.now())


def _accounts(session: Session, now: datetime) -> list[Account]:
    answering, reviewing = _being_answered(session), _owed_by_both(session)
    _write_part_of_the_answers(session, answering, now)
    _write_part_of_the_findings(session, reviewing, now)
    people = [
        _person(session, seed.ADMINISTRATOR_EMAIL),
        session.get_one(Person, reviewing.officer_id),
        _member(session, answering, 0),
        _member(session, reviewing, 0),
        _member(session, reviewing, 1),
        _member(session, reviewing, 2),
        _observer(session, reviewing, now),
    ]
    return [_opened(person, now) for person in people]


def _being_answered(session: Session) -> Review:
    """The review whose self-assessment falls due next, or was due last."""
    due = sa.func.coalesce(MilestoneDate.agreed_on, MilestoneDate.model_on)
    query = (
        sa.select(Review)
        .join(MilestoneDate, MilestoneDate.review_id == Review.id)
        .where(
            Review.stage == "self_assessment",
            MilestoneDate.key == "self_assessment_submitted",
            MilestoneDate.done_at.is_(None),
        )
        .order_by(sa.func.abs(due - OPENS.date()), Review.id)
    )
    return _first(session, query, "whose self-assessment is being written")


def _owed_by_both(session: Session) -> Review:
    """A review in which both desk reviews are owed; rather one with an open question."""
    submitted = sa.exists().where(
        MilestoneDate.review_id == Review.id,
        MilestoneDate.key == "desk_review",
        MilestoneDate.done_at.is_not(None),
    )
    asked = sa.exists().where(Question.review_id == Review.id, Question.answered_at.is_(None))
    query = (
        sa.select(Review)
        .where(Review.stage == "desk_review", ~submitted)
        .order_by(asked.desc(), (Review.language == "en").desc(), Review.id)
    )
    return _first(session, query, "in which both desk reviews are owed")


def _first(session: Session, query: sa.Select[Review], what: str) -> Review:
    found = session.scalars(query.limit(1)).first()
    if found is None:
        raise NothingToShow(f"The replay left no review {what}.")
    return found


def _write_part_of_the_answers(session: Session, review: Review, now: datetime) -> None:
    entries = list(specimen.answers(_CHAPTERS))
    begun = [entry | {"complete": False} for entry in entries[100:104]]
    answers.save_many(
        session,
        review.id,
        [*entries[:100], *begun],
        actor=_member(session, review, 0),
        now=now,
        simulated=True,
    )


def _write_part_of_the_findings(session: Session, review: Review, now: datetime) -> None:
    for slot, share in ((1, 0.6), (2, 0.2)):
        chapters = session.scalars(
            sa.select(Reviewer.chapters).where(
                Reviewer.review_id == review.id,
                Reviewer.slot == slot,
                Reviewer.voided_at.is_(None),
            )
        ).one()
        entries = list(specimen.findings(_CHAPTERS, tuple(chapters) or _CHAPTERS))
        findings.save_many(
            session,
            review.id,
            entries[: int(len(entries) * share)],
            actor=_member(session, review, slot),
            now=now,
            simulated=True,
        )


def _person(session: Session, email: str) -> Person:
    found = accounts.find_by_email(session, email)
    if found is None:
        raise NothingToShow(f"Nobody has the address {email}.")
    return found


def _member(session: Session, review: Review, slot: int) -> Person:
    """Who acts in a review for the State under review (0) or a reviewing State (1, 2)."""
    person_id = session.scalars(
        sa.select(Member.person_id)
        .where(
            Member.review_id == review.id,
            Member.slot == slot,
            Member.role != "observer",
            Member.ended_at.is_(None),
        )
        .limit(1)
    ).one()
    return session.get_one(Person, person_id)


def _observer(session: Session, review: Review, now: datetime) -> Person:
    """Somebody of the Permanent Mission of the State under review, who only reads."""
    told = given.observer(review.iso3)
    person = Person(**told, role="observer", iso3=review.iso3, time_zone=VIENNA, invited_at=now)
    session.add(person)
    session.flush()
    offices.fill(session, review.id, person, "observer", 0, since=now)
    return person


def _opened(person: Person, now: datetime) -> Account:
    """Let a person sign in; in English, whose texts are complete."""
    password = _new_password()
    person.language = "en"
    person.password_hash = passwords.hash_password(password)
    person.activated_at = person.activated_at or now
    return Account(person.role, person.title, person.email, password)


def _new_password() -> str:
    """Three words that mean nothing, easy to type: about 48 bits."""

    def word() -> str:
        letters = (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS)
        return "".join(secrets.choice(alphabet) for alphabet in letters)

    return "-".join(word() for _ in range(3))
