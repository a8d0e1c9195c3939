"""My turn: what somebody has to do in all their reviews, and who has the others meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import policy
from review.models import Member, Person, Review
from review.services import snapshot
from review.services.queries.turns import Due, Task, owed, tasks
from review.services.queries.unread import Unread, unread
from review.services.setbacks import Setbacks
from review.services.snapshot import Snapshot
from workflows.spec import FACT_GROUPS, Party

AT_MOST = 60
"""Reviews of an officer looked at in full; those whose turn is elsewhere are only counted."""


@dataclass(frozen=True, slots=True)
class MyTurn:
    """The page: tasks by date, reviews in which others have their turn, and what is left out."""

    tasks: tuple[Task, ...]
    waiting: tuple[tuple[Snapshot, tuple[Due, ...]], ...]
    closed: tuple[Snapshot, ...]
    more: int
    unread: tuple[Unread, ...]


def my_turn(session: Session, person: Person, now: datetime) -> MyTurn:
    """What this person has to do now, the earliest date first."""
    setbacks = Setbacks()
    mine, waiting, closed = [], [], []
    for one in snapshot.load_many(session, reviews_of(session, person), now, setbacks):
        with setbacks.review(one.id):
            dues = owed(one)
            if one.process.stage(one.stage).final:
                closed.append(one)
            elif _is_mine(one, person, dues):
                mine.append(one)
            else:
                waiting.append((one, dues))
    found: list[Task] = []
    for one in mine[:AT_MOST]:
        with setbacks.review(one.id):
            found += tasks(snapshot.with_groups(session, one, FACT_GROUPS), person)
    return MyTurn(
        tuple(sorted(found, key=_order)),
        tuple(waiting),
        tuple(closed),
        max(0, len(mine) - AT_MOST),
        unread(session, setbacks),
    )


def _order(task: Task) -> tuple[bool, str, int, str]:
    """By date; without one the reviews that are furthest on first."""
    review = task.review
    position = review.process.position(review.stage)
    return task.due.on is None, str(task.due.on or ""), -position, review.sides[0].name


def reviews_of(session: Session, person: Person) -> list[int]:
    """The reviews a person looks after: as a member, or as their officer."""
    query = sa.select(Review.id).where(policy.visible_to(person))
    if person.role == policy.ADMINISTRATOR:
        query = query.where(sa.or_(Review.officer_id == person.id, Review.officer_id.is_(None)))
    elif person.is_secretariat:
        query = query.where(Review.officer_id == person.id)
    else:
        query = query.where(
            sa.exists().where(
                Member.review_id == Review.id,
                Member.person_id == person.id,
                Member.ended_at.is_(None),
            )
        )
    return list(session.scalars(query))


def _is_mine(one: Snapshot, person: Person, dues: tuple[Due, ...]) -> bool:
    mine = {(who.actor.party, who.slot) for who in policy.capacities(person, one.members)}
    return any(
        (item.party, item.slot if item.party is Party.REVIEWING_STATE else 0) in mine
        for item in dues
    )
