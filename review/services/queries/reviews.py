"""A review's page: stepper, what happens next, parties, milestones, what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import policy
from review.models import Audit, Outbox, Person, Review
from review.services import audit, snapshot
from review.services.audit import Verb
from review.services.errors import NotFound
from review.services.queries import course
from review.services.queries.turns import Due, Task, due, owed, tasks
from review.services.snapshot import Dates, Snapshot
from workflows import engine
from workflows.deadlines import local_day
from workflows.engine import Option
from workflows.spec import FACT_GROUPS, Actor, Milestone, Who

QUIET = frozenset({"edit_report"})
"""Steps taken so often that the short timeline leaves them out."""


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """One line of the table of milestones."""

    milestone: Milestone
    number: int
    due: Due
    dates: Dates
    applies: bool
    turn: bool

    @property
    def days_after(self) -> int | None:
        """Days from its date to the day on which it was done, as whoever owed it counts them.

        Below 0: early. None while it is not done, or without a date.
        """
        if self.dates.done_at is None or self.dates.due_on is None:
            return None
        return (local_day(self.dates.done_at, self.due.zone) - self.dates.due_on).days


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: a step or a mail."""

    kind: str
    key: str
    at: datetime
    by: str
    stage: str
    simulated: bool
    detail: dict[str, object]
    said: str = ""
    """The reason or the words given with a step, for those who were told of it."""


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Everything the page shows to one person."""

    review: Review
    seen: Snapshot
    capacities: tuple[Who, ...]
    stages: list[course.StageCourse]
    tasks: tuple[Task, ...]
    owed: tuple[Due, ...]
    options: tuple[Option, ...]
    milestones: list[MilestoneRow]
    horizon: Due | None
    """The next open date of the present stage, for what has no period of its own."""


def load(session: Session, review_id: int, person: Person, now: datetime) -> ReviewPage:
    """The page of a review. Raises NotFound if there is none or the person may not know of it."""
    seen = snapshot.load(session, review_id, now, FACT_GROUPS)
    if not policy.can(person, policy.Action.SEE_REVIEW, seen):
        raise NotFound(f"no review {review_id}")
    capacities = policy.capacities(person, seen.members)
    rows = _milestones(seen)
    return ReviewPage(
        review=session.get_one(Review, review_id),
        seen=seen,
        capacities=capacities,
        stages=course.course(seen, course.stage_changes(session, review_id)),
        tasks=tasks(seen, person),
        owed=owed(seen),
        options=engine.available(seen.process, seen.facts, capacities),
        milestones=rows,
        horizon=_horizon(seen, rows),
    )


def _horizon(seen: Snapshot, rows: list[MilestoneRow]) -> Due | None:
    here = [
        row.due
        for row in rows
        if row.milestone.stage == seen.stage and row.applies and not row.dates.done_at
    ]
    return min((item for item in here if item.on), key=lambda item: str(item.on), default=None)


def _milestones(seen: Snapshot) -> list[MilestoneRow]:
    turns = {(turn.milestone.key, turn.slot) for turn in engine.turns(seen.process, seen.facts)}
    rows = []
    for item, slot in seen.process.instances():
        dates = seen.dates.get((item.key, slot), Dates())
        number = seen.process.position(item.stage)
        rows.append(
            MilestoneRow(
                item,
                number,
                due(seen, item, slot, dates.due_on),
                dates,
                engine.applies(item, seen.facts) or dates.done_at is not None,
                (item.key, slot) in turns,
            )
        )
    return rows


def timeline(
    session: Session, seen: Snapshot, person: Person, *, show: str = "steps", limit: int = 12
) -> tuple[list[Entry], int]:
    """The latest entries, newest first, and how many there are in all.

    ``show`` is ``steps``, ``mails`` or ``all``. Mails are shown to the secretariat, and to anybody
    else only those that they received themselves. Words given with a step are for the secretariat,
    for the side that gave them and for the parties whom the step tells; receipts are for the
    secretariat and for the State that confirmed them.
    """
    parts = []
    if show in {"steps", "all"}:
        parts.append(_steps(seen, everything=show == "all"))
    if show == "all":
        parts.append(_receipts(seen, person))
    if show in {"mails", "all"}:
        parts.append(_mails(seen, person))
    both = sa.union_all(*parts).subquery()
    total = session.scalar(sa.select(sa.func.count()).select_from(both)) or 0
    rows = session.execute(
        sa.select(both).order_by(both.c.at.desc(), both.c.id.desc()).limit(limit)
    )
    capacities = policy.capacities(person, seen.members)
    return [
        Entry(
            r.kind, r.key, r.at, r.by or "", r.stage, r.simulated, r.detail or {},
            _said(seen, r, capacities) if r.kind == "step" else "",
        )
        for r in rows
    ], total  # fmt: skip


def _said(seen: Snapshot, row: sa.Row[tuple[object, ...]], capacities: tuple[Who, ...]) -> str:
    told = {
        party
        for notice in seen.process.step(row.key).tells
        if not notice.own
        for party in notice.to
    }
    for who in capacities:
        own = f"{who.actor.value}:{who.slot}" == row.detail["acting_as"]
        if own or who.actor is Actor.SECRETARIAT or who.actor.party in told:
            return str(row.detail["said"] or "")
    return ""


def _steps(seen: Snapshot, *, everything: bool) -> sa.Select[tuple[object, ...]]:
    known = [step.key for step in seen.process.steps if everything or step.key not in QUIET]
    given = Audit.after["given"]
    return (
        sa.select(
            sa.literal("step").label("kind"),
            Audit.id.label("id"),
            Audit.verb.label("key"),
            Audit.at.label("at"),
            Person.title.label("by"),
            Audit.target.label("stage"),
            Audit.simulated.label("simulated"),
            sa.func.jsonb_build_object(
                "acting_as", Audit.acting_as, "reached", Audit.after["reached"],
                "iso3", Audit.iso3, "question", Audit.after["question"],
                "role", Audit.after["role"], "slot", Audit.after["slot"],
                "link", Audit.after["link"],
                "said", sa.func.coalesce(*(given[word].astext for word in audit.WORDS)),
            ).label("detail"),
        )
        .outerjoin(Person, Person.id == Audit.person_id)
        .where(Audit.review_id == seen.id, Audit.verb.in_(known))
    )  # fmt: skip


def _receipts(seen: Snapshot, person: Person) -> sa.Select[tuple[object, ...]]:
    """Who has confirmed, by the link of a mail, that a task arrived."""
    query = (
        sa.select(
            sa.literal("receipt").label("kind"),
            Audit.id.label("id"),
            Audit.verb.label("key"),
            Audit.at.label("at"),
            Person.title.label("by"),
            sa.literal("").label("stage"),
            Audit.simulated.label("simulated"),
            sa.func.jsonb_build_object(
                "acting_as", Audit.acting_as, "iso3", Audit.iso3,
                "milestone", sa.func.split_part(Audit.after["milestone"].astext, ":", 1),
            ).label("detail"),
        )
        .outerjoin(Person, Person.id == Audit.person_id)
        .where(Audit.review_id == seen.id, Audit.verb == Verb.RECEIPT_CONFIRMED.value)
    )  # fmt: skip
    return query if person.is_secretariat else query.where(Audit.iso3 == person.iso3)


def _mails(seen: Snapshot, person: Person) -> sa.Select[tuple[object, ...]]:
    query = (
        sa.select(
            sa.literal("mail").label("kind"),
            Outbox.id.label("id"),
            Outbox.notice.label("key"),
            sa.func.coalesce(Outbox.sent_at, Outbox.created_at).label("at"),
            sa.func.coalesce(Person.title, Outbox.address).label("by"),
            sa.literal("").label("stage"),
            (Outbox.state == "recorded").label("simulated"),
            sa.func.jsonb_build_object(
                "state", Outbox.state, "language", Outbox.language, "id", Outbox.id,
                "subject", Outbox.subject, "fate", Outbox.fate,
            ).label("detail"),
        )
        .outerjoin(Person, Person.id == Outbox.person_id)
        .where(Outbox.review_id == seen.id)
    )  # fmt: skip
    return query if person.is_secretariat else query.where(Outbox.person_id == person.id)
