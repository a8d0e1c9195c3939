"""Who sees what: the rules as an explicit table, and the two ways to ask kept equal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from review.models import Person, Review
from review.policy import (
    PERSONAL,
    RULES,
    Action,
    can,
    capacities,
    may_see_document,
    readable_responses,
    visible_to,
)
from review.services import offices, snapshot
from tests import world
from workflows.country_review import IRM_1
from workflows.spec import Actor, Who

ROLES = (
    ("secretariat_administrator", None),
    ("secretariat_officer", None),
    ("focal_point", "ZMB"),
    ("expert", "ZWE"),
    ("observer", "ZMB"),
)
OFFICE, STATE, FIRST, SECOND, OBSERVER = (
    ("secretariat_officer", -1),
    ("focal_point", 0),
    ("expert", 1),
    ("expert", 2),
    ("observer", 0),
)
READERS = {"S": OFFICE, "F": STATE, "1": FIRST, "2": SECOND, "o": OBSERVER}
MOMENTS = (
    "drawn",
    "started",
    "submitted",
    "circulated",
    "first desk review in",
    "both desk reviews in",
    "outcome forwarded",
    "draft circulated",
    "report with the State",
    "report agreed",
    "completed",
)
# Who may, moment by moment: S secretariat, F focal point, 1 and 2 the experts of each reviewing
# State, o observer. ToR 31 and 36-39: what a State says is confidential to the parties.
MATRIX: dict[Action, tuple[str, ...]] = {
    Action.SEE_REVIEW: ("SF12o",) * 11,
    Action.READ_DRAFT_ANSWERS: ("F",) * 11,
    Action.WRITE_ANSWERS: ("F",) * 11,
    Action.READ_RESPONSE: ("F", "F", "SF", *("SF12",) * 8),
    Action.READ_FIRST_FINDINGS: (*("1",) * 4, "S1", "S12", *("SF12",) * 5),
    Action.READ_SECOND_FINDINGS: (*("2",) * 5, "S12", *("SF12",) * 5),
    Action.WRITE_FINDINGS: ("", "", "", *("12",) * 8),
    Action.READ_QUESTIONS: ("", "", "", *("SF12",) * 8),
    Action.READ_REPORT: (*("S",) * 7, "S12", *("SF12",) * 3),
    Action.READ_SENT_REPORT: ("SF12",) * 11,
    Action.READ_DOCUMENTS: ("SF12",) * 11,
    Action.ADD_DOCUMENTS: ("SF12",) * 11,
}


OF_THE_RESPONSE = {("self_assessment_submitted", 0), ("response_circulated", 0)}


@dataclass(frozen=True)
class Subject:
    """A review as the policy sees it."""

    stage: str
    members: tuple[SimpleNamespace, ...]
    done: frozenset[tuple[str, int]]
    held: dict[int, frozenset[int]] | None = None

    @property
    def responses(self) -> dict[int, frozenset[int]]:
        """One response once it is submitted; the reviewing States have it once it is circulated."""
        if self.held is not None:
            return self.held
        if ("self_assessment_submitted", 0) not in self.done:
            return {}
        circulated = ("response_circulated", 0) in self.done
        return {1: frozenset({1, 2} if circulated else ())}


REACHED: dict[str, tuple[str, tuple[tuple[str, int], ...]]] = {
    "drawn": ("selected", (("reviewers_drawn", 0),)),
    "started": ("self_assessment", (("start_notified", 0), ("focal_point_nominated", 0))),
    "submitted": ("self_assessment", (("self_assessment_submitted", 0),)),
    "circulated": ("desk_review", (("response_circulated", 0),)),
    "first desk review in": ("desk_review", (("desk_review", 1),)),
    "both desk reviews in": ("desk_review", (("desk_review", 2),)),
    "outcome forwarded": ("country_dialogue", (("outcome_forwarded", 0),)),
    "draft circulated": ("finalization", (("draft_circulated", 0),)),
    "report with the State": ("finalization", (("report_sent_to_state", 0),)),
    "report agreed": ("finalization", (("report_agreed", 0),)),
    "completed": ("completed", (("summary_issued", 0),)),
}


def somebody(role: str, number: int = 1) -> Person:
    return Person(id=number, role=role, active=True)


def subject_at(moment: str, role: str, slot: int) -> Subject:
    """A review at a moment of its course, with this member."""
    done: frozenset[tuple[str, int]] = frozenset()
    for name, (stage, reached) in REACHED.items():
        done |= set(reached)
        if name == moment:
            member = SimpleNamespace(person_id=1, role=role, slot=slot)
            return Subject(stage, () if slot < 0 else (member,), done)
    raise KeyError(moment)


@pytest.mark.parametrize("action", RULES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_confidentiality_moment_by_moment(action: Action, moment: str) -> None:
    allowed = "".join(
        letter
        for letter, (role, slot) in READERS.items()
        if can(somebody(role), action, subject_at(moment, role, slot))
    )

    assert allowed == MATRIX[action][MOMENTS.index(moment)]


@pytest.mark.parametrize(("moment", "readers"), [("submitted", "SF"), ("circulated", "SF12")])
def test_what_was_submitted_stays_with_its_readers(moment: str, readers: str) -> None:
    """Also once it is returned for completion: the milestones are open again, the copy is not."""
    allowed = ""
    for letter, (role, slot) in READERS.items():
        subject = subject_at(moment, role, slot)
        returned = replace(subject, done=subject.done - OF_THE_RESPONSE, held=subject.responses)
        if can(somebody(role), Action.READ_RESPONSE, returned):
            allowed += letter
        if letter != "F":
            assert not may_see_document(somebody(role), returned, 0, "15"), "not what is in work"

    assert allowed == readers


def test_a_reviewing_state_reads_what_it_received() -> None:
    received = {1: frozenset[int](), 2: frozenset({1}), 3: frozenset[int]()}
    readable = {}
    for letter, (role, slot) in READERS.items():
        subject = replace(subject_at("circulated", role, slot), held=received)
        readable[letter] = set(readable_responses(somebody(role), subject))

    assert readable == {"S": {1, 2, 3}, "F": {1, 2, 3}, "1": {2}, "2": set(), "o": set()}


def test_table_has_every_action_and_moment() -> None:
    assert MATRIX.keys() == RULES.keys()
    assert RULES.keys() | PERSONAL.keys() == set(Action)
    assert all(len(row) == len(MOMENTS) for row in MATRIX.values())
    assert tuple(REACHED) == MOMENTS
    instances = {(item.key, slot) for item, slot in IRM_1.instances()}
    assert {each for _, reached in REACHED.values() for each in reached} <= instances


@pytest.mark.parametrize("action", RULES)
@pytest.mark.parametrize("role", [role for role, _ in ROLES])
def test_closed_account_may_nothing(action: Action, role: str) -> None:
    person = somebody(role)
    person.active = False

    assert not can(person, action, subject_at("completed", role, 0))
    assert not any(can(person, personal) for personal in PERSONAL)


@pytest.mark.parametrize("action", [a for a in RULES if a is not Action.SEE_REVIEW])
def test_person_of_another_review_sees_nothing(action: Action) -> None:
    for role in ("focal_point", "expert", "observer"):
        stranger = somebody(role, number=2)
        assert not can(stranger, action, subject_at("completed", role, 0))


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        (Action.SEE_OWN_WORK, {role for role, _ in ROLES}),
        (Action.SEE_BOARD, {"secretariat_administrator", "secretariat_officer"}),
        (Action.MANAGE_PEOPLE, {"secretariat_administrator", "secretariat_officer"}),
        (Action.SEE_MAIL, {"secretariat_administrator", "secretariat_officer"}),
        (Action.SEE_OPERATIONS, {"secretariat_administrator", "secretariat_officer"}),
        (Action.APPOINT_SECRETARIAT, {"secretariat_administrator"}),
        (Action.PLAN_CYCLE, {"secretariat_administrator"}),
        (Action.KEEP_ROSTER, {"secretariat_administrator", "secretariat_officer"}),
        (Action.KEEP_OWN_EXPERTS, {"focal_point"}),
        (Action.KEEP_CALENDARS, {"secretariat_administrator", "secretariat_officer"}),
        (Action.PLAN_REMINDERS, {"secretariat_administrator", "secretariat_officer"}),
        (Action.DRAW_LOTS, {"secretariat_administrator", "secretariat_officer"}),
    ],
)
def test_personal_actions(action: Action, allowed: set[str]) -> None:
    assert {role for role, _ in ROLES if can(somebody(role), action)} == allowed


def test_action_about_a_review_needs_the_review() -> None:
    with pytest.raises(TypeError, match="is about a review"):
        can(somebody("secretariat_officer"), Action.READ_REPORT)


def test_observer_and_closed_account_act_in_no_capacity() -> None:
    member = SimpleNamespace(person_id=1, role="observer", slot=0)
    closed = somebody("secretariat_officer")
    closed.active = False

    assert capacities(somebody("observer"), [member]) == ()
    assert capacities(closed, []) == ()
    assert capacities(somebody("secretariat_officer"), [member]) == (Who(Actor.SECRETARIAT),)


@pytest.mark.parametrize(
    ("slot", "moment", "readers"),
    [
        (-1, "drawn", "SF12"),
        (0, "started", "F"),
        (0, "submitted", "SF"),
        (0, "circulated", "SF12"),
        (1, "circulated", "1"),
        (1, "first desk review in", "S1"),
        (1, "both desk reviews in", "S12"),
        (2, "both desk reviews in", "S12"),
        (2, "outcome forwarded", "SF12"),
    ],
)
def test_document_follows_the_material_it_belongs_to(slot: int, moment: str, readers: str) -> None:
    allowed = "".join(
        letter
        for letter, (role, side) in READERS.items()
        if letter != "o"
        and may_see_document(somebody(role), subject_at(moment, role, side), slot, "15")
    )

    assert allowed == readers


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_list_and_single_question_agree(session: Session, data: st.DataObject) -> None:
    """``visible_to()`` lists exactly the reviews for which ``can(SEE_REVIEW)`` holds."""
    with session.begin_nested() as savepoint:
        reviews, people = populated(session, data)
        for person in people:
            listed = set(session.scalars(sa.select(Review.id).where(visible_to(person))))
            allowed = {
                number
                for number in reviews
                if can(person, Action.SEE_REVIEW, snapshot.load(session, number, world.START))
            }
            assert listed == allowed
        savepoint.rollback()
    session.expire_all()


def populated(session: Session, data: st.DataObject) -> tuple[list[int], list[Person]]:
    """Several reviews of two cycles with random members, some of them former, some closed."""
    world.states(session, "ZMB", "ZWE", "ITA")
    cycles = [world.cycle(session, number) for number in (1, 2)]
    reviews = [
        world.review(session, cycle, iso3).id for cycle in cycles for iso3 in ("ZMB", "ZWE", "ITA")
    ]
    people = [
        world.person(
            session, role, iso3, f"{role}_{number}", active=data.draw(st.integers(0, 3)) > 0
        )
        for role, iso3 in ROLES
        for number in (1, 2)
    ]
    for person in people:
        if person.iso3:
            for number in data.draw(st.sets(st.sampled_from(reviews))):
                ended = world.START if data.draw(st.booleans()) else None
                slot = {"focal_point": 0, "observer": 0, "expert": 1}[person.role]
                member = offices.fill(session, number, person, person.role, slot, since=world.START)
                member.ended_at = ended
    session.flush()
    return reviews, people


@pytest.mark.parametrize("number", [1, 2])
def test_rules_hold_in_a_real_review(session: Session, number: int) -> None:
    """The table was about plain values; the same answers come from rows."""
    w = world.advance(world.world(session, process_number=number), "desk_review")
    seen = w.seen()

    assert can(w.focal_point, Action.WRITE_ANSWERS, seen)
    assert not can(w.officer, Action.WRITE_ANSWERS, seen)
    assert can(w.expert_1, Action.READ_RESPONSE, seen)
    assert can(w.expert_1, Action.READ_FIRST_FINDINGS, seen)
    assert not can(w.expert_1, Action.READ_SECOND_FINDINGS, seen)
    assert not can(w.focal_point, Action.READ_FIRST_FINDINGS, seen)
