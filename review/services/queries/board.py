"""The board: every review of a cycle as a row of stages, read in four statements however many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import policy
from review.models import Audit, Cycle, Member, Person, Review, Reviewer, State
from review.services import snapshot
from review.services.queries.stage_cells import Cell, Change, cells, days_between, deadline_of
from review.services.queries.turns import Due, due, owed
from review.services.setbacks import Setbacks
from review.services.snapshot import Snapshot
from workflows import engine
from workflows.engine import Turn
from workflows.spec import Party, Stage, Step


@dataclass(frozen=True, slots=True)
class Row:
    """One review on the board."""

    seen: Snapshot
    group: str
    year_basis: str
    pair_basis: Mapping[int, str]
    officer: str
    cycle: int
    """The number of the cycle."""
    changes: tuple[Change, ...]
    cells: tuple[Cell, ...]
    dues: tuple[Due, ...]
    """Whose turn it is; empty while the clock is stopped and after completion."""
    counts: Due | None
    """The date that counts: the earliest one owed now, else that by which the stage ends."""

    @property
    def id(self) -> int:
        """The review."""
        return self.seen.id

    @property
    def name(self) -> str:
        """The State under review, in English."""
        return self.seen.sides[0].name

    @property
    def iso3(self) -> str:
        """The State under review."""
        return self.seen.sides[0].iso3

    @property
    def year(self) -> int:
        """The year of the cycle."""
        return int(self.seen.columns["year"])

    @property
    def stage(self) -> Stage:
        """The present stage."""
        return self.seen.process.stage(self.seen.stage)

    @property
    def position(self) -> int:
        """The number of the present stage, 0 before the start."""
        return self.seen.process.position(self.seen.stage)

    @property
    def officer_id(self) -> int | None:
        """The officer of the secretariat, if there is one."""
        return self.seen.columns["officer_id"]  # type: ignore[no-any-return]

    @property
    def is_stopped(self) -> bool:
        """Whether the clock of the review is stopped."""
        return self.seen.facts.suspended

    @property
    def days(self) -> int:
        """Days in the present stage."""
        return days_between(self.seen.columns["stage_since"], self.seen.now)

    @property
    def late_days(self) -> int:
        """Days since the date that counts was over, where that day ends."""
        return self.counts.late_days if self.counts else 0

    @property
    def due_on(self) -> date | None:
        """The date that counts."""
        return self.counts.on if self.counts else None

    @property
    def parties(self) -> frozenset[Party]:
        """The parties whose turn it is."""
        return frozenset(item.party for item in self.dues)

    @property
    def next_steps(self) -> tuple[Step, ...]:
        """The steps by which those whose turn it is go on, each once."""
        steps = (
            step
            for item in self.dues
            for step in engine.steps_of_turn(
                self.seen.process, Turn(item.milestone, item.slot, item.party)
            )[:1]
        )
        return tuple({step.key: step for step in steps}.values())

    @property
    def reminder_at(self) -> datetime | None:
        """When the next reminder goes by itself, if one is planned."""
        planned = (self.seen.dates.get((d.milestone.key, d.slot)) for d in self.dues)
        moments = (dates.remind_at for dates in planned if dates and dates.remind_at)
        return min((at for at in moments if at > self.seen.now), default=None)


def rows(session: Session, cycle: Cycle, now: datetime, setbacks: Setbacks) -> list[Row]:
    """All reviews of a cycle but those that cannot be read: these are noted in ``setbacks``."""
    return _rows(session, Review.cycle_id == cycle.id, now, setbacks)


def own_rows(session: Session, person: Person, now: datetime, setbacks: Setbacks) -> list[Row]:
    """The reviews that a person is a party to, by year and name; what cannot be read is noted."""
    found = _rows(session, policy.visible_to(person), now, setbacks)
    return sorted(found, key=lambda row: (row.stage.final, row.year, row.name))


def own_roles(session: Session, person: Person) -> dict[int, tuple[str, int]]:
    """For each review in which a person takes part: the role and the side (0, 1 or 2)."""
    found = session.execute(
        sa.select(Member.review_id, Member.role, Member.slot).where(
            Member.person_id == person.id, Member.ended_at.is_(None)
        )
    )
    return {review_id: (role, slot) for review_id, role, slot in found}


def _rows(
    session: Session, where: sa.ColumnElement[bool], now: datetime, setbacks: Setbacks
) -> list[Row]:
    extra = {
        found.id: found
        for found in session.execute(
            sa.select(
                Review.id, Review.year_basis, State.regional_group, Person.title, Cycle.number
            )
            .join(State, State.iso3 == Review.iso3)
            .join(Cycle, Cycle.id == Review.cycle_id)
            .outerjoin(Person, Person.id == Review.officer_id)
            .where(where)
        )
    }
    bases = _pair_bases(session, where)
    changes = _stage_changes(session, where)
    made = []
    for seen in snapshot.load_many(session, extra, now, setbacks):
        more, went = extra[seen.id], tuple(changes.get(seen.id, ()))
        with setbacks.review(seen.id):
            dues = owed(seen)
            made.append(
                Row(
                    seen,
                    more.regional_group or "",
                    more.year_basis,
                    bases.get(seen.id, {}),
                    more.title or "",
                    more.number,
                    went,
                    cells(seen, went),
                    dues,
                    _counts(seen, dues),
                )
            )
    return made


def _pair_bases(session: Session, where: sa.ColumnElement[bool]) -> dict[int, dict[int, str]]:
    found = session.execute(
        sa.select(Reviewer.review_id, Reviewer.slot, Reviewer.basis)
        .join(Review, Review.id == Reviewer.review_id)
        .where(where, Reviewer.voided_at.is_(None))
    )
    bases: dict[int, dict[int, str]] = {}
    for review_id, slot, basis in found:
        bases.setdefault(review_id, {})[slot] = basis
    return bases


def _stage_changes(session: Session, where: sa.ColumnElement[bool]) -> dict[int, list[Change]]:
    """Each stage entered by each review, oldest first, as the audit trail has it."""
    found = session.execute(
        sa.select(Audit.review_id, Audit.target, Audit.at)
        .join(Review, Review.id == Audit.review_id)
        .where(where, Audit.target != "", Audit.source != Audit.target)
        .order_by(Audit.id)
    )
    changes: dict[int, list[Change]] = {}
    for review_id, target, at in found:
        if review_id is not None:
            changes.setdefault(review_id, []).append((target, at))
    return changes


def _counts(seen: Snapshot, dues: Sequence[Due]) -> Due | None:
    """What is owed now has its own date; where it has none, the stage as a whole has one."""
    if dues and dues[0].on:
        return dues[0]
    key = deadline_of(seen.process.key).get(seen.stage)
    if key is None or not dues:
        return None
    milestone = seen.process.milestone(key)
    if not engine.applies(milestone, seen.facts):
        return None
    for slot in milestone.slots:
        dates = seen.dates.get((key, slot))
        if dates and dates.due_on and not dates.done_at:
            return due(seen, milestone, slot, dates.due_on)
    return None
