"""What nobody has said: mandates that are over, addresses that come back, closed accounts, silence.

Each is written down once as a succession, and the State is asked; nobody is removed. A sweep that
runs twice, or beside another one, changes nothing: an office has one open succession, and a cause
that the State has answered is no cause any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import (
    Audit,
    Capability,
    CapabilityUse,
    DeadAddress,
    Member,
    MilestoneDate,
    Outbox,
    Person,
    Review,
    Succession,
)
from review.services import closed_accounts, planning, snapshot, successions
from review.services.audit import Verb
from review.services.setbacks import Setbacks
from review.services.snapshot import VIENNA, Snapshot
from workflows.deadlines import local_day
from workflows.registry import PROCESSES
from workflows.spec import Party


class Cause(NamedTuple):
    """Why an office may have to change hands."""

    review_id: int
    member_id: int
    why: str


def look(session: Session, now: datetime, setbacks: Setbacks | None = None) -> int:
    """Begin the successions for which there is a cause; returns how many were begun.

    A review in which somebody is taking a step is left for the next time; one that cannot be read
    is noted in ``setbacks`` and keeps no other from being looked at.
    """
    setbacks = Setbacks() if setbacks is None else setbacks
    found: dict[int, Cause] = {}
    causes = (
        _closed(session),
        _mandates(session, now),
        _bounced(session),
        _silent(session, now, setbacks),
    )
    for cause in chain.from_iterable(causes):
        found.setdefault(cause.member_id, cause)
    count = 0
    for cause in sorted(found.values()):
        with setbacks.review(cause.review_id), session.begin_nested():
            count += _begin(session, cause, now)
    return count


def _begin(session: Session, cause: Cause, now: datetime) -> bool:
    free = sa.select(Review.id).where(Review.id == cause.review_id)
    if session.scalar(free.with_for_update(of=Review, skip_locked=True)) is None:
        return False
    member = session.get_one(Member, cause.member_id, populate_existing=True)
    if member.ended_at is not None:
        return False
    return successions.start(session, member, cause.why, actor=None, now=now) is not None


def _holders() -> sa.Select[int, int]:
    """Who holds an office in a running review and is not in question yet."""
    in_question = sa.exists().where(
        Succession.office_id == Member.office_id, Succession.answered_at.is_(None)
    )
    return (
        sa.select(Member.review_id, Member.id)
        .join(Review, Review.id == Member.review_id)
        .join(Person, Person.id == Member.person_id)
        .where(Member.ended_at.is_(None), Review.completed_at.is_(None), ~in_question)
    )


def _closed(session: Session) -> Iterator[Cause]:
    """Whose account was closed in some way that has not asked; what was answered stays answered."""
    asked = sa.exists().where(
        Succession.predecessor_id == Member.id, Succession.why == closed_accounts.CLOSED
    )
    for review_id, member_id in session.execute(_holders().where(~Person.active, ~asked)):
        yield Cause(review_id, member_id, closed_accounts.CLOSED)


def _mandates(session: Session, now: datetime) -> Iterator[Cause]:
    today = local_day(now, VIENNA)
    answered = sa.exists().where(
        Succession.predecessor_id == Member.id,
        Succession.why == "mandate_ended",
        sa.cast(sa.func.timezone(VIENNA, Succession.begun_at), sa.Date) > Member.mandate_ends_on,
    )
    over = _holders().where(Member.mandate_ends_on < today, ~answered)
    for review_id, member_id in session.execute(over):
        yield Cause(review_id, member_id, "mandate_ended")


def _bounced(session: Session) -> Iterator[Cause]:
    answered = sa.exists().where(
        Succession.predecessor_id == Member.id,
        Succession.why == "bounced",
        Succession.begun_at >= DeadAddress.since,
    )
    dead = (
        _holders()
        .join(DeadAddress, DeadAddress.address == sa.func.lower(Person.email))
        .where(DeadAddress.cleared_at.is_(None), ~answered)
    )
    for review_id, member_id in session.execute(dead):
        yield Cause(review_id, member_id, "bounced")


# Silence ---------------------------------------------------------------------------------------


def _silent(session: Session, now: datetime, setbacks: Setbacks) -> Iterator[Cause]:
    """Who has owed something for as long as the definition says, reminded and not heard of."""
    owing = dict(_owing(session, now, setbacks))
    if not owing:
        return
    for row in session.execute(_signs(list(owing))):
        days, due_at = owing[row.id]
        last = max(filter(None, (due_at, row.since, *row[3:7])))
        if now - last >= timedelta(days=days) and row.reminded and row.reminded > last:
            yield Cause(row.review_id, row.id, "silent")


def _owing(
    session: Session, now: datetime, setbacks: Setbacks
) -> Iterator[tuple[int, tuple[int, datetime]]]:
    """The people of sides that are late by so many days: how many, and since when at the least."""
    patience = [one.silence.days for one in PROCESSES.values() if one.silence.days]
    if not patience:
        return
    before = local_day(now, VIENNA) - timedelta(days=min(patience))
    due = sa.func.coalesce(MilestoneDate.agreed_on, MilestoneDate.model_on)
    late = (
        sa.select(MilestoneDate.review_id)
        .join(Review, Review.id == MilestoneDate.review_id)
        .where(
            MilestoneDate.done_at.is_(None),
            due <= before,
            Review.completed_at.is_(None),
            Review.suspended_at.is_(None),
        )
        .distinct()
    )
    for seen in snapshot.load_many(session, session.scalars(late).all(), now, setbacks):
        found: list[tuple[int, tuple[int, datetime]]] = []
        with setbacks.review(seen.id):
            found += _owing_in(seen, now)
        yield from found


def _owing_in(seen: Snapshot, now: datetime) -> Iterator[tuple[int, tuple[int, datetime]]]:
    days = seen.process.silence.days
    since: dict[int, datetime] = {}
    for (key, slot), dates in seen.dates.items():
        item = seen.process.milestone(key)
        party = item.owner_of(0 if item.repeats else slot)
        if party is Party.SECRETARIAT or not days or dates.due_on is None or dates.done_at:
            continue
        if not planning.is_ready(seen.process, item, seen.facts):
            continue
        late = (local_day(now, seen.zone_of(party, slot)) - dates.due_on).days
        side = slot if party is Party.REVIEWING_STATE else 0
        for one in seen.members:
            if late >= days and (one.role, one.slot) == (party.actor.value, side):
                at = now - timedelta(days=late)
                since[one.member_id] = min(at, since.get(one.member_id, at))
    yield from ((member_id, (days, at)) for member_id, at in since.items())


def _signs(members: list[int]) -> sa.Select[*tuple[Any, ...]]:
    """The last sign of life of these people of each kind, and their last reminder that left."""
    acted = sa.select(sa.func.max(Audit.at)).where(
        Audit.person_id == Member.person_id, Audit.verb != Verb.SIGN_IN_FAILED.value
    )
    by_link = (
        sa.select(sa.func.max(CapabilityUse.at))
        .join(Capability, Capability.id == CapabilityUse.capability_id)
        .where(Capability.person_id == Member.person_id)
    )
    answered = sa.select(sa.func.max(Succession.answered_at)).where(
        Succession.predecessor_id == Member.id
    )
    reminded = sa.select(sa.func.max(Outbox.sent_at)).where(
        Outbox.person_id == Member.person_id,
        Outbox.state == "sent",
        Outbox.notice.in_(("reminder", "digest")),
    )
    return (
        _holders()
        .with_only_columns(
            Member.review_id,
            Member.id,
            Member.since,
            Person.signed_in_at,
            acted.scalar_subquery().correlate(Member),
            by_link.scalar_subquery().correlate(Member),
            answered.scalar_subquery().correlate(Member),
            reminded.scalar_subquery().correlate(Member).label("reminded"),
        )
        .where(Member.id.in_(members))
    )
