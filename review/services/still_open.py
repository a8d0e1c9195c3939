"""Whether what a reminder is about is still owed, as digests and delivery ask before telling it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Member, MilestoneDate, Person

NOTHING_OPEN: Final = N_("Not sent: nothing was open any more.")


def is_open(
    session: Session, person_id: int | None, review_id: int | None, params: Mapping[str, Any]
) -> bool:
    """Whether what a reminder is about is still owed, by the same day, and by this person's side.

    A milestone that is reached, suspended or not anybody's turn has no next reminder.
    """
    milestone = session.get(
        MilestoneDate, (review_id, params["milestone"], params["milestone_slot"])
    )
    if milestone is None or milestone.done_at or milestone.remind_at is None:
        return False
    due = milestone.due_on
    if (due and due.isoformat()) != params["due"]:
        return False
    return person_id is None or _takes_part(session, person_id, review_id)


def _takes_part(session: Session, person_id: int, review_id: int | None) -> bool:
    member = sa.exists().where(
        Member.review_id == review_id, Member.person_id == person_id, Member.ended_at.is_(None)
    )
    query = sa.select(sa.or_(Person.role.like("secretariat%"), member))
    return bool(session.scalar(query.where(Person.id == person_id)))
