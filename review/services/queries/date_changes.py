"""What follows from another date, who asked for one, and which dates were changed; read only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.models import ClockStop, Cycle, Extension, ExtensionRequest, GroupSession, Person
from review.services import extensions
from review.services.queries.turns import Due, due
from review.services.snapshot import Snapshot
from workflows import outlook
from workflows import stops as after_stops
from workflows.outlook import Appointment, Key, Outlook, Period, Proposal
from workflows.spec import Who
from workflows.stops import Stop


@dataclass(frozen=True, slots=True)
class Asked:
    """An open request, with the milestone as others show it; ``due`` carries the present date."""

    key: Key
    due: Due
    wanted: Due
    """The same with the date that is asked for."""
    reason: str
    by: str
    at: datetime

    @property
    def asked_date(self) -> date:
        """The date that is asked for."""
        assert self.wanted.on is not None  # noqa: S101 - nobody asks for none
        return self.wanted.on

    @property
    def value(self) -> str:
        """The milestone as forms name it."""
        return extensions.named(self.key)


def preview(session: Session, seen: Snapshot, wanted: Proposal) -> Outlook:
    """What would follow from another date: what granting it does, and nothing else."""
    return outlook.outlook(
        seen.process, seen.facts, wanted, _sessions(session, seen), appointment_of(seen)
    )


def preview_of_stop(session: Session, seen: Snapshot, stop: Stop) -> Outlook:
    """What would follow from a clock that stands still: what resuming it does."""
    return after_stops.outlook_after(
        seen.process, seen.facts, stop, _sessions(session, seen), appointment_of(seen)
    )


@dataclass(frozen=True, slots=True)
class Stopped:
    """A time in which the clock stood still by one decision, or still does."""

    since: datetime
    ended: datetime | None
    until: date | None
    """The last day that was decided."""
    reason: str
    approved_by: str
    stopped_by: str


def stops(session: Session, seen: Snapshot) -> list[Stopped]:
    """Every time the clock of a review was stopped, the newest first."""
    rows = session.execute(
        sa.select(ClockStop, Person.title)
        .outerjoin(Person, Person.id == ClockStop.stopped_by)
        .where(ClockStop.review_id == seen.id)
        .order_by(ClockStop.id.desc())
    )
    return [
        Stopped(one.stopped_at, one.resumed_at, one.until, one.reason, one.approved_by, who or "")
        for one, who in rows
    ]


def appointment_of(seen: Snapshot) -> Appointment | None:
    """The visit or meeting whose days are set."""
    first, last = seen.columns["dialogue_first_day"], seen.columns["dialogue_last_day"]
    return Appointment("dialogue_held", first, last) if first and last else None


def _sessions(session: Session, seen: Snapshot) -> list[Period]:
    """The sessions of the Implementation Review Group that are not over, of every cycle."""
    rows = session.execute(
        sa.select(GroupSession.title, GroupSession.first_day, GroupSession.last_day)
        .join(Cycle, Cycle.id == GroupSession.cycle_id)
        .where(GroupSession.last_day >= seen.facts.today)
        .order_by(GroupSession.first_day)
    )
    return [Period(*row) for row in rows]


def due_of(seen: Snapshot, key: Key, on: date | None) -> Due:
    """A milestone as pages show it, with a date."""
    return due(seen, seen.process.milestone(key[0]), key[1], on)


def open_requests(session: Session, seen: Snapshot, of: Who | None = None) -> list[Asked]:
    """The requests that wait for an answer, the oldest first; only those of one side, if given."""
    rows = session.execute(
        sa.select(ExtensionRequest, Person.title)
        .join(Person, Person.id == ExtensionRequest.asked_by)
        .where(ExtensionRequest.review_id == seen.id, ExtensionRequest.answered_at.is_(None))
        .order_by(ExtensionRequest.asked_at, ExtensionRequest.id)
    )
    found = []
    for one, title in rows:
        key = one.milestone, one.slot
        if of is None or extensions.side_of(seen, key) == of:
            about = due_of(seen, key, seen.facts.due.get(key))
            wanted = due_of(seen, key, one.asked_date)
            found.append(Asked(key, about, wanted, one.reason, title, one.asked_at))
    return found


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open request as the board needs it: of which review, since when."""

    review_id: int
    key: Key
    asked_date: date
    at: datetime


def waiting(session: Session, review_ids: Iterable[int]) -> list[Waiting]:
    """The open requests of these reviews, the oldest first."""
    rows = session.scalars(
        sa.select(ExtensionRequest)
        .where(
            ExtensionRequest.review_id.in_(list(review_ids)),
            ExtensionRequest.answered_at.is_(None),
        )
        .order_by(ExtensionRequest.asked_at, ExtensionRequest.id)
    )
    return [Waiting(r.review_id, (r.milestone, r.slot), r.asked_date, r.asked_at) for r in rows]


@dataclass(frozen=True, slots=True)
class Changed:
    """One line of the history: a request, what became of it, and the dates that were set."""

    due: Due
    at: datetime
    asked_by: str = ""
    asked_on: datetime | None = None
    asked_date: date | None = None
    outcome: str = ""
    """Empty while it waits for an answer; ``set`` where nobody had asked."""
    old_date: date | None = None
    new_date: date | None = None
    granted_by: str = ""
    along: tuple[Due, ...] = ()
    """The milestones whose dates moved along, with their new dates."""


def history(session: Session, seen: Snapshot) -> list[Changed]:
    """Every date that was asked for or changed, the newest first."""
    asker, granter = aliased(Person), aliased(Person)
    requests = session.execute(
        sa.select(ExtensionRequest, asker.title, granter.title)
        .join(asker, asker.id == ExtensionRequest.asked_by)
        .outerjoin(granter, granter.id == ExtensionRequest.answered_by)
        .where(ExtensionRequest.review_id == seen.id)
    ).all()
    rows = session.execute(
        sa.select(Extension, Person.title)
        .outerjoin(Person, Person.id == Extension.granted_by)
        .where(Extension.review_id == seen.id)
        .order_by(Extension.id)
    ).all()
    along: dict[int, list[Due]] = {}
    for one, _ in rows:
        if one.moved_with is not None:
            moved = due_of(seen, (one.milestone, one.slot), one.new_date)
            along.setdefault(one.moved_with, []).append(moved)
    answers = {one.request_id: one for one, _ in rows if one.request_id is not None}
    found = [
        _asked(seen, one, asked_by, answered_by or "", answers.get(one.id), along)
        for one, asked_by, answered_by in requests
    ]
    found += [
        _granted(seen, one, title or "", along)
        for one, title in rows
        if one.moved_with is None and one.request_id is None
    ]
    return sorted(found, key=lambda line: line.at, reverse=True)


def _asked(
    seen: Snapshot,
    one: ExtensionRequest,
    asked_by: str,
    answered_by: str,
    granted: Extension | None,
    along: dict[int, list[Due]],
) -> Changed:
    key = one.milestone, one.slot
    return Changed(
        due=due_of(seen, key, seen.facts.due.get(key)),
        at=one.answered_at or one.asked_at,
        asked_by=asked_by,
        asked_on=one.asked_at,
        asked_date=one.asked_date,
        outcome=one.outcome,
        old_date=one.old_date,
        new_date=granted.new_date if granted else None,
        granted_by=answered_by,
        along=tuple(along.get(granted.id, ())) if granted else (),
    )


def _granted(
    seen: Snapshot, one: Extension, granted_by: str, along: dict[int, list[Due]]
) -> Changed:
    key = one.milestone, one.slot
    return Changed(
        due=due_of(seen, key, seen.facts.due.get(key)),
        at=one.granted_at,
        outcome="set",
        old_date=one.old_date,
        new_date=one.new_date,
        granted_by=granted_by,
        along=tuple(along.get(one.id, ())),
    )
