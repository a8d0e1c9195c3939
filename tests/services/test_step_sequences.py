"""Whatever anybody presses in whatever order: positions, dates and records stay true.

A state machine of Hypothesis takes random steps by random people, with plausible and with wrong
input, against the real database, from each stage of a review. Everything is undone afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from review import policy
from review.models import Approval, Audit, Finding, MilestoneDate, Outbox, Person, Question
from review.services import offices, snapshot, steps
from review.services.errors import InvalidGiven, NotFound, Refused, Stale
from tests import world
from workflows import engine
from workflows.country_review import IRM_1
from workflows.spec import FACT_GROUPS, Field, FieldKind

STAGES = [stage.key for stage in IRM_1.stages]
STEPS = {step.key: step for step in IRM_1.steps}
EXAMPLES, PRESSES = (int(n) for n in os.environ.get("SEQUENCES", "3x12").split("x"))
"""How long to look, from each stage; SEQUENCES=100x40 looks for an hour."""
EXPECTED = (Refused, InvalidGiven, Stale, NotFound)


@dataclass(frozen=True)
class State:
    """What a failed step must leave as it was, and what a taken one changes."""

    stage: str
    version: int
    dates: frozenset[tuple[Any, ...]]
    audit: int
    mails: int

    @property
    def instances(self) -> set[tuple[str, int]]:
        return {row[:2] for row in self.dates}

    @property
    def done(self) -> set[tuple[str, int]]:
        return {row[:2] for row in self.dates if row[4]}


def state_of(w: world.World) -> State:
    dates = w.session.execute(
        sa.select(
            MilestoneDate.key,
            MilestoneDate.slot,
            MilestoneDate.model_on,
            MilestoneDate.agreed_on,
            MilestoneDate.done_at,
            MilestoneDate.remind_at,
        ).where(MilestoneDate.review_id == w.review_id)
    )
    count = sa.select(sa.func.count()).select_from
    review = w.review
    return State(
        review.stage,
        review.version,
        frozenset(map(tuple, dates)),
        w.session.scalar(count(Audit).where(Audit.review_id == w.review_id)) or 0,
        w.session.scalar(count(Outbox)) or 0,
    )


def people_of(w: world.World) -> dict[str, Person]:
    """Everybody who may try: parties, an observer, an expert of another State, a closed account."""
    observer = world.person(w.session, "observer", "ZMB", "observer")
    offices.fill(w.session, w.review_id, observer, "observer", 0, since=w.now)
    stranger = world.person(w.session, "expert", "PNG", "stranger")
    closed = world.person(w.session, "secretariat_officer", None, "closed", active=False)
    w.session.flush()
    return {
        "officer": w.officer,
        "observer": observer,
        "stranger": stranger,
        "closed": closed,
        **w.people,
    }


def value_for(w: world.World, field: Field, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """A value for a field: mostly one that could be right in this review, sometimes any."""
    today = w.now.date()
    likely: dict[FieldKind, tuple[Any, ...]] = {
        FieldKind.TEXT: ("Specimen text.",),
        FieldKind.DATE: tuple((today + timedelta(days=n)).isoformat() for n in (-20, 0, 40, 55)),
        FieldKind.EMAIL: ("new@zmb.example", "focal.point@example.example", "stranger@png.example"),
        FieldKind.CHOICE: tuple(key for key, _ in field.choices),
        FieldKind.CONFIRM: ("yes",),
        FieldKind.SYMBOL: ("CAC/COSP/IRG/I/1/1/Add.1",),
        FieldKind.LANGUAGE: ("en", "fr"),
        FieldKind.STATE: ("ZWE", "ITA", "PNG", "ZMB"),
        FieldKind.SIDE: ("1", "2"),
        FieldKind.ANY_SIDE: ("0", "1", "2"),
        FieldKind.PROVISION: w.seen().provisions(0)[:2],
        FieldKind.QUESTION: ("1", "2"),
        FieldKind.MEMBER: tuple(str(m.member_id) for m in w.seen().members) or ("1",),
        FieldKind.MILESTONE: ("desk_review:1", "report_agreed:0", "question_answered:1"),
        FieldKind.OWED: ("desk_review:1", "self_assessment_submitted:0", "question_answered:1"),
        FieldKind.REQUEST: ("desk_review:1", "self_assessment_submitted:0"),
        FieldKind.STAGE: tuple(STAGES[:-1]),
        FieldKind.LINE: {
            "text_hash": (w.review.report_sha256,),
            "section": ("introduction",),
            "seen": ("",),
        }.get(field.key, ("Specimen",)),
    }
    odd = ("", "x", "0", "\x00", "desk_review:9", "2011-02-30", "9" * 30)
    return draw(st.sampled_from(likely[field.kind] * 6 + odd))


def assess_all(w: world.World, slot: int) -> bool:
    """Whether a reviewing State has a complete finding on each provision that is its own."""
    found = w.session.scalars(
        sa.select(Finding.provision).where(
            Finding.review_id == w.review_id, Finding.slot == slot, Finding.complete
        )
    )
    return set(found) >= set(w.seen().provisions(slot))


def approvals(w: world.World) -> set[int]:
    """The States whose approval of the present text is in force."""
    return set(
        w.session.scalars(
            sa.select(Approval.slot).where(
                Approval.review_id == w.review_id,
                Approval.cleared_at.is_(None),
                Approval.sha256 == w.review.report_sha256,
            )
        )
    )


def open_questions(w: world.World) -> int:
    return (
        w.session.scalar(
            sa.select(sa.func.count()).where(
                Question.review_id == w.review_id, Question.answered_at.is_(None)
            )
        )
        or 0
    )


NEEDED: dict[str, Callable[[world.World, State], bool]] = {
    "notify_start": lambda w, was: {1, 2} <= w.seen().sides.keys(),
    "hold_introductory_call": lambda w, was: (
        {(m.role, m.slot) for m in w.seen().members}
        >= {("focal_point", 0), ("expert", 1), ("expert", 2)}
    ),
    "circulate_response": lambda w, was: ("self_assessment_submitted", 0) in was.done,
    "forward_outcome": lambda w, was: {("desk_review", 1), ("desk_review", 2)} <= was.done,
    "close_dialogue": lambda w, was: bool(w.review.means) and not open_questions(w),
    "send_report_to_state": lambda w, was: ("draft_circulated", 0) in was.done,
    "approve_report": lambda w, was: ("report_sent_to_state", 0) in was.done,
    "agree_report": lambda w, was: approvals(w) == {0, 1, 2},
    "issue_summary": lambda w, was: ("report_agreed", 0) in was.done,
    "publish_report": lambda w, was: ("report_agreed", 0) in was.done,
}
"""Guards of the steps that matter most, told once more from the rows themselves."""


class Presses(RuleBasedStateMachine):
    """Random presses on one review. ``start`` is set by the test."""

    start: Callable[[], world.World]

    def __init__(self) -> None:
        super().__init__()
        self.world = self.start()
        self.session: Session = self.world.session
        self.people = people_of(self.world)
        self.now = state_of(self.world)
        self.taken = self.now.audit

    def teardown(self) -> None:
        self.session.rollback()

    @rule(
        data=st.data(),
        step=st.sampled_from(sorted(STEPS)),
        offered=st.integers(0, 3),
        stale=st.integers(0, 9),
    )
    def press(self, data: st.DataObject, step: str, offered: int, stale: int) -> None:
        w = self.world
        key = data.draw(st.sampled_from(sorted(self.people)), label="who")
        actor = self.people[key]
        options = self.options(actor)
        if offered and any(
            o.open for o in options.values()
        ):  # three times of four, one that is open
            step = data.draw(st.sampled_from(sorted(k for k, o in options.items() if o.open)))
        given = {f.key: value_for(w, f, data.draw) for f in self.asked(step, options)}
        was = self.now
        version = was.version - 1 if stale == 0 else was.version
        w.now += timedelta(hours=data.draw(st.sampled_from((0, 1, 30, 400))))
        needed = step not in NEEDED or NEEDED[step](w, was)
        problem = self.attempt(step, actor, given, version)
        self.session.expire_all()
        self.now = state_of(w)
        if problem is None:
            assert step in options
            assert options[step].open, "taken although not offered"
            assert needed, "a guard was skipped"
            self.check_taken(step, was)
        else:
            assert self.now == was
            if isinstance(problem, Refused):
                assert step not in options or not options[step].open, "refused although offered"
            if isinstance(problem, NotFound):
                assert not options
        w.now += timedelta(seconds=1)

    def attempt(
        self, step: str, actor: Person, given: dict[str, Any], version: int
    ) -> Exception | None:
        try:
            with self.session.begin_nested():
                steps.take(
                    self.session,
                    self.world.review_id,
                    step,
                    actor=actor,
                    now=self.world.now,
                    given=given,
                    version=version,
                )
        except EXPECTED as problem:
            return problem
        return None

    def options(self, actor: Person) -> dict[str, engine.Option]:
        """What a page offers this person: the steps, open or with reasons."""
        seen = snapshot.load(self.session, self.world.review_id, self.world.now, groups=FACT_GROUPS)
        if not policy.can(actor, policy.Action.SEE_REVIEW, seen):
            return {}
        capacities = policy.capacities(actor, seen.members)
        return {o.step.key: o for o in engine.available(IRM_1, seen.facts, capacities)}

    def asked(self, step: str, options: dict[str, engine.Option]) -> tuple[Field, ...]:
        actor = options[step].who.actor if step in options else STEPS[step].by[0]
        return engine.asked_of(STEPS[step], actor)

    def check_taken(self, key: str, was: State) -> None:
        step, now = STEPS[key], self.now
        self.taken += 1
        assert now.version == was.version + 1
        assert now.audit == was.audit + 1
        assert now.instances >= was.instances, "a milestone was lost"
        last = self.session.scalars(
            sa.select(Audit)
            .where(Audit.review_id == self.world.review_id)
            .order_by(Audit.id.desc())
            .limit(1)
        ).one()
        assert (last.verb, last.source, last.target) == (key, was.stage, now.stage)
        assert last.after["reached"] == [f"{k}:{s}" for k, s in sorted(now.done - was.done)] or (
            step.does and last.after["reached"]
        )
        undone = {name for name, _ in was.done - now.done}
        if not step.to_any and key != "release_person":
            assert undone <= set(step.undoes)
        if step.to:
            assert now.stage == step.to
        elif not step.to_any:
            assert now.stage == was.stage

    @invariant()
    def position_is_defined(self) -> None:
        review = self.world.review
        assert review.stage in STAGES
        assert (review.stage == "completed") == (review.completed_at is not None)
        assert review.stage == "selected" or review.started_at is not None

    @invariant()
    def every_milestone_is_there(self) -> None:
        assert self.now.instances >= {(m.key, slot) for m, slot in IRM_1.instances()}

    @invariant()
    def history_is_without_gaps(self) -> None:
        rows = self.session.execute(
            sa.select(Audit.source, Audit.target)
            .where(Audit.review_id == self.world.review_id)
            .order_by(Audit.id)
        ).all()
        assert len(rows) == self.taken == self.world.review.version
        at = "selected"
        for source, target in rows:
            assert source == at
            at = target
        assert at == self.world.review.stage

    @invariant()
    def approvals_are_of_the_present_text(self) -> None:
        held = set(
            self.session.scalars(
                sa.select(Approval.slot).where(
                    Approval.review_id == self.world.review_id, Approval.cleared_at.is_(None)
                )
            )
        )
        assert held == approvals(self.world)
        assert held == {slot for key, slot in self.now.done if key == "report_approved"}

    @invariant()
    def only_what_is_owed_is_reminded_of(self) -> None:
        review = self.world.review
        for _, _, model_on, agreed_on, done_at, remind_at in self.now.dates:
            if remind_at is not None:
                assert done_at is None
                assert model_on or agreed_on or review.stage != "selected"
                assert review.suspended_at is None
                assert review.stage != "completed"


@pytest.mark.parametrize("stage", STAGES)
def test_no_sequence_of_presses_breaks_a_review(session: Session, stage: str) -> None:
    w = world.advance(world.world(session), stage)
    session.commit()  # of the savepoint; each run below starts from here

    def start(_self: Presses) -> world.World:
        return world.World(
            session, w.review_id, w.officer, w.administrator, dict(w.people), now=w.now
        )

    machine = type("PressesFromStage", (Presses,), {"start": start})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=PRESSES,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
        ),
    )
