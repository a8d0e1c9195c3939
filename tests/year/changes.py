"""What changes beside the course of a review: who holds an office, how and when somebody reads."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Member, MilestoneDate, Person, Review
from review.services import accounts, pauses
from review.services.errors import NotFound
from review.services.pauses import PauseGiven, Whose
from workflows.registry import process
from workflows.spec import Milestone, Party

LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")


def rest(session: Session, person_id: int, days: int, now: datetime) -> None:
    """Somebody who reads single reminders has none for some days. Raises NotFound for others."""
    person = session.get_one(Person, person_id)
    if person.digest or not person.active:
        raise NotFound(f"no single reminders of {person_id}")
    given = PauseGiven(now.date() + timedelta(days=days), "Specimen reason.")
    pauses.begin(session, Whose(person_id), given, actor=person, now=now, longest=90)


def prefer(session: Session, person_id: int, language: str, now: datetime) -> None:
    """Another language, and the digest where there were single reminders, or the other way round.

    Raises NotFound during a pause.
    """
    person = session.get_one(Person, person_id)
    if not person.active or pauses.in_force(session, Whose(person_id), now):
        raise NotFound(f"no preferences of {person_id}")
    wanted = accounts.Preferences(language, person.time_zone, not person.digest)
    accounts.change_preferences(session, person_id, wanted, now=now)


def holding(session: Session, review_id: int, person_id: int) -> int:
    """The number under which somebody takes part in a review. Raises NotFound if they do not."""
    found = session.scalar(
        sa.select(Member.id).where(
            Member.review_id == review_id,
            Member.person_id == person_id,
            Member.ended_at.is_(None),
        )
    )
    if found is None:
        raise NotFound(f"no part of {person_id}")
    return found


def owed_with_a_date(session: Session, review_id: int, who: str, random: Random) -> MilestoneDate:
    """Some open date of the side of ``focal_point``, ``expert_1`` or ``expert_2``.

    Raises NotFound if it owes nothing by a date.
    """
    definition = process(session.get_one(Review, review_id).process_key)
    wanted = sa.select(MilestoneDate).where(
        MilestoneDate.review_id == review_id,
        MilestoneDate.done_at.is_(None),
        sa.func.coalesce(MilestoneDate.agreed_on, MilestoneDate.model_on).is_not(None),
    )
    rows = session.scalars(wanted.order_by(MilestoneDate.key, MilestoneDate.slot)).all()
    own = [one for one in rows if who == _of(definition.milestone(one.key), one.slot)]
    if not own:
        raise NotFound(f"nothing that {who} owes by a date")
    return random.choice(own)


def _of(item: Milestone, slot: int) -> str:
    party = item.owner_of(0 if item.repeats else slot)
    return {Party.STATE_UNDER_REVIEW: "focal_point", Party.SECRETARIAT: "officer"}.get(
        party, f"expert_{slot}"
    )
