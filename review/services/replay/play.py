"""Playing the planned steps in order of time, a transaction a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, reference
from review.models import Answer, Audit, Cycle, Finding, MilestoneDate, Person, Review, Reviewer
from review.services import answers, durations, findings, pairs, reminders, specimen, steps
from review.services.durations import DEFAULT_SEED, Plan, Planned
from review.services.errors import InvalidGiven, Refused
from review.services.pairs import Pair
from review.services.replay import given, lots
from review.services.replay.people import People
from review.services.replay.result import Result, summarize
from review.services.seed import draw_recorded_at, load, mark_milestone, record_draw
from review.services.setbacks import Setbacks
from review.services.snapshot import VIENNA
from workflows.deadlines import end_of_day
from workflows.registry import process

PROCESS: Final = process("irm-1")
CYCLE_OPENS: Final = datetime(2010, 6, 28, 7, tzinfo=UTC)
"""First session of the Group, in the morning: the States of all years are drawn first."""
_SWEPT_AT: Final = time(18, tzinfo=UTC)

Progress = Callable[[str], None]


class ReplayError(RuntimeError):
    """A planned step was refused: the plan and the process do not fit together."""


@dataclass(frozen=True, slots=True)
class _Act:
    """The draw of a review's reviewing States (no plan), or a planned step."""

    at: datetime
    review_id: int
    iso3: str
    pair: Pair
    plan: Plan | None = None
    planned: Planned | None = None


def play(
    *, until: date | datetime, seed: int = DEFAULT_SEED, progress: Progress | None = None
) -> Result:
    """Play the first cycle up to a moment (a day: to its end in Vienna) and count what stands.

    A second call goes on from where the first one stopped. Reviews in which people have acted since
    are theirs and are left alone. The database must be connected and migrated. `progress` gets a
    line now and then. Raises ReplayError if a planned step is refused.
    """
    moment = until if isinstance(until, datetime) else end_of_day(until, VIENNA)
    say = progress or (lambda _: None)
    with clock.frozen(CYCLE_OPENS), db.transaction() as session:
        load(session, now=clock.now())
    cycle = _Cycle(seed)
    with db.reading() as session:
        acts, left_alone = cycle.acts(session, moment)
        first_day = _first_reminder(session) or moment.date()
    say(f"Playing the first cycle until {moment:%d %B %Y}: {len(acts)} steps")
    done = 0
    for day, todays in _days(acts, first_day, moment):
        with db.transaction() as session:
            for act in todays:
                cycle.perform(session, act)
            _sweep(session, day, moment)
        done += len(todays)
        if day.day == 1 and day.month in (1, 7):
            say(f"{day:%B %Y}: {done} of {len(acts)} steps")
    with db.transaction() as session:
        lots.record(session, seed, moment)
    with db.reading() as session:
        return summarize(session, moment, seed, left_alone)


class _Cycle:
    """The plans of one seed, and the people who carry them out."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._plans = durations.calibrated(seed)
        self._pairs = pairs.expected(seed)
        self._symbols = given.symbols(self._plans)
        self._people = People()

    def acts(self, session: Session, until: datetime) -> tuple[list[_Act], int]:
        """What is still to be done up to a moment, in order; how many reviews people took over."""
        reached = _reached(session)
        taken_over = _taken_over(session)
        acts = [
            act
            for review_id, iso3 in _reviews(session)
            if review_id not in taken_over
            for act in self._acts_of(review_id, iso3)
            if reached.get(review_id, CYCLE_OPENS) < act.at <= until
        ]
        return sorted(acts, key=lambda act: (act.at, act.review_id)), len(taken_over)

    def _acts_of(self, review_id: int, iso3: str) -> Iterator[_Act]:
        entry = next(e for e in reference.first_cycle() if e.iso3 == iso3)
        pair = self._pairs[iso3]
        yield _Act(draw_recorded_at(entry.year, pair), review_id, iso3, pair)
        if plan := self._plans.get(iso3):
            for planned in plan.steps:
                yield _Act(planned.at, review_id, iso3, pair, plan, planned)

    def perform(self, session: Session, act: _Act) -> None:
        """Carry out one act on the virtual clock."""
        with clock.frozen(act.at):
            if act.plan is None or act.planned is None:
                record_draw(session, act.iso3, act.pair)
                return
            try:
                self._take(session, act.review_id, act.plan, act.planned)
            except (Refused, InvalidGiven) as problem:
                told = f"{act.iso3}, {act.planned.step} on {act.at:%Y-%m-%d}: {problem}"
                raise ReplayError(told) from problem

    def _take(self, session: Session, review_id: int, plan: Plan, planned: Planned) -> None:
        actor = self._people.actor(session, plan, planned)
        now = clock.now()
        if planned.step == "submit_self_assessment":
            entries = specimen.answers(PROCESS.chapters)
            answers.save_many(session, review_id, entries, actor=actor, now=now, simulated=True)
        elif planned.step == "submit_desk_review":
            entries = specimen.findings(
                PROCESS.chapters, _division(session, review_id, planned.slot)
            )
            findings.save_many(session, review_id, entries, actor=actor, now=now, simulated=True)
        moment = given.Moment(
            plan,
            planned,
            self._seed,
            self._symbols.get(plan.entry.iso3, ""),
            _report_hash(session, review_id) if planned.step == "approve_report" else "",
        )
        values = given.given(moment)
        steps.take(
            session, review_id, planned.step, actor=actor, now=now, given=values, simulated=True
        )
        if planned.step == "assemble_draft":
            _write_summary(session, review_id, actor, now)
        if "email" in values:
            self._people.accept(session, values["email"], now)
        if planned.step == "notify_start":
            _mark_review(session, review_id)
        does = PROCESS.step(planned.step).does
        if does and not given.is_simulated(plan, planned):
            mark_milestone(session, review_id, does, simulated=False)


def _write_summary(session: Session, review_id: int, actor: Person, now: datetime) -> None:
    for key, text in specimen.summary(PROCESS.chapters):
        values = {"section": key, "text": text}
        steps.take(
            session, review_id, "edit_report", actor=actor, now=now, given=values, simulated=True
        )


def _reviews(session: Session) -> list[tuple[int, str]]:
    found = session.execute(
        sa.select(Review.id, Review.iso3).join(Cycle).where(Cycle.number == 1).order_by(Review.id)
    )
    return list(found)


def _reached(session: Session) -> dict[int, datetime]:
    """The moment of the last replayed step of each review."""
    found = session.execute(
        sa.select(Audit.review_id, sa.func.max(Audit.at))
        .where(Audit.simulated, Audit.review_id.is_not(None))
        .group_by(Audit.review_id)
    )
    return {review_id: at for review_id, at in found if review_id is not None}


def _taken_over(session: Session) -> frozenset[int]:
    """Reviews in which somebody took a step or saved an answer or a finding."""
    step = sa.select(Audit.review_id).where(
        Audit.review_id.is_not(None), Audit.simulated.is_(False), Audit.definition != ""
    )
    answer = sa.select(Answer.review_id).where(Answer.simulated.is_(False))
    finding = sa.select(Finding.review_id).where(Finding.simulated.is_(False))
    return frozenset(session.scalars(sa.union(step, answer, finding)))


def _division(session: Session, review_id: int, slot: int) -> tuple[str, ...]:
    """The chapters that a reviewing State reviews."""
    chapters = session.scalars(
        sa.select(Reviewer.chapters).where(
            Reviewer.review_id == review_id, Reviewer.slot == slot, Reviewer.voided_at.is_(None)
        )
    ).one()
    return tuple(chapters) or PROCESS.chapters


def _report_hash(session: Session, review_id: int) -> str:
    found = session.scalar(sa.select(Review.report_sha256).where(Review.id == review_id))
    return found or ""


def _days(
    acts: Sequence[_Act], first_day: date, until: datetime
) -> Iterator[tuple[date, list[_Act]]]:
    """Every day up to a moment with its acts: reminders fall due on days without any, too."""
    todays = {day: list(group) for day, group in groupby(acts, key=lambda act: act.at.date())}
    day = min([first_day, *todays])
    while day <= until.date():
        yield day, todays.get(day, [])
        day += timedelta(days=1)


def _mark_review(session: Session, review_id: int) -> None:
    """From its start on the dates of this review come from the model."""
    session.execute(sa.update(Review).where(Review.id == review_id).values(simulated=True))


def _first_reminder(session: Session) -> date | None:
    """The day on which the first reminder not yet written falls due."""
    at = session.scalar(sa.select(sa.func.min(MilestoneDate.remind_at)))
    return at.date() if at else None


def _sweep(session: Session, day: date, until: datetime) -> None:
    """Write the reminders of a day, as recorded: nobody is really reminded of the past."""
    at = min(datetime.combine(day, _SWEPT_AT), until)
    with clock.frozen(at):
        found, count = Setbacks(), reminders.BATCH
        while count == reminders.BATCH:
            count = reminders.sweep(session, clock.now(), simulated=True, setbacks=found)
        found.end()
