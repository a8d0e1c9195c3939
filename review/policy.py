"""Who may see or do something. Denied unless a rule here says otherwise.

Steps are not listed: who may take one is ``step.by`` in the process definition. ``can()`` answers
for one object, ``visible_to()`` is the same rule as a SQL filter; tests keep the two equal.
Confidentiality: ToR 31, 36-39.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Protocol

import sqlalchemy as sa

from review.models import Member, Person, Review
from workflows.spec import Actor, Who

ADMINISTRATOR = "secretariat_administrator"


class Action(StrEnum):
    """What somebody may want to do; the object is a review unless said otherwise."""

    SEE_OWN_WORK = "see_own_work"
    SEE_BOARD = "see_board"
    MANAGE_PEOPLE = "manage_people"
    APPOINT_SECRETARIAT = "appoint_secretariat"
    SEE_MAIL = "see_mail"
    SEE_OPERATIONS = "see_operations"
    PLAN_CYCLE = "plan_cycle"
    KEEP_ROSTER = "keep_roster"
    KEEP_OWN_EXPERTS = "keep_own_experts"
    KEEP_CALENDARS = "keep_calendars"
    PLAN_REMINDERS = "plan_reminders"
    DRAW_LOTS = "draw_lots"
    SEE_DRAWS = "see_draws"
    SEE_REVIEW = "see_review"
    READ_DRAFT_ANSWERS = "read_draft_answers"
    WRITE_ANSWERS = "write_answers"
    READ_RESPONSE = "read_response"
    READ_FIRST_FINDINGS = "read_first_findings"
    READ_SECOND_FINDINGS = "read_second_findings"
    WRITE_FINDINGS = "write_findings"
    READ_QUESTIONS = "read_questions"
    READ_REPORT = "read_report"
    READ_SENT_REPORT = "read_sent_report"
    READ_DOCUMENTS = "read_documents"
    ADD_DOCUMENTS = "add_documents"


class Membership(Protocol):
    """What the policy needs to know of somebody's part in a review."""

    @property
    def person_id(self) -> int: ...

    @property
    def role(self) -> str: ...

    @property
    def slot(self) -> int: ...


class Subject(Protocol):
    """What the policy needs to know of a review: its people and what has been reached."""

    @property
    def members(self) -> Iterable[Membership]: ...

    @property
    def done(self) -> frozenset[tuple[str, int]]: ...

    @property
    def stage(self) -> str: ...

    @property
    def responses(self) -> Mapping[int, frozenset[int]]: ...


ACTORS = {"focal_point": Actor.FOCAL_POINT, "expert": Actor.EXPERT}


def capacities(person: Person, members: Iterable[Membership]) -> tuple[Who, ...]:
    """The capacities in which a person may act in a review; observers have none."""
    if not person.active:
        return ()
    if person.is_secretariat:
        return (Who(Actor.SECRETARIAT),)
    return tuple(
        Who(ACTORS[member.role], member.slot)
        for member in members
        if member.person_id == person.id and member.role in ACTORS
    )


def _sides(person: Person, subject: Subject) -> frozenset[int]:
    """0 for the State under review, 1 and 2 for the reviewing States."""
    return frozenset(
        w.slot for w in capacities(person, subject.members) if w.actor.value != "secretariat"
    )


Rule = Callable[[Person, Subject], bool]


def _secretariat(person: Person, subject: Subject) -> bool:
    return person.is_secretariat


def _party(person: Person, subject: Subject) -> bool:
    return any(member.person_id == person.id for member in subject.members)


def _state_under_review(person: Person, subject: Subject) -> bool:
    return 0 in _sides(person, subject)


def _reviewing_state(person: Person, subject: Subject) -> bool:
    return bool(_sides(person, subject) & {1, 2})


def _actor(person: Person, subject: Subject) -> bool:
    return bool(_sides(person, subject))


def _reached(milestone: str, slot: int = 0) -> Rule:
    def rule(person: Person, subject: Subject) -> bool:
        return (milestone, slot) in subject.done

    return rule


def _both(*rules: Rule) -> Rule:
    def rule(person: Person, subject: Subject) -> bool:
        return all(each(person, subject) for each in rules)

    return rule


def _of_slot(slot: int) -> Rule:
    def rule(person: Person, subject: Subject) -> bool:
        return slot in _sides(person, subject)

    return rule


def _holds_a_response(person: Person, subject: Subject) -> bool:
    return bool(readable_responses(person, subject))


def _in_dialogue(person: Person, subject: Subject) -> bool:
    return subject.stage in {"desk_review", "country_dialogue", "finalization", "completed"}


def _findings_of(slot: int) -> tuple[Rule, ...]:
    """Own findings always; the other team's once one's own are in; the State's once forwarded."""
    other = 3 - slot
    submitted = _reached("desk_review", slot)
    return (
        _of_slot(slot),
        _both(_of_slot(other), submitted, _reached("desk_review", other)),
        _both(_secretariat, submitted),
        _both(_state_under_review, submitted, _reached("outcome_forwarded")),
    )


RULES: dict[Action, tuple[Rule, ...]] = {
    Action.SEE_REVIEW: (_secretariat, _party),
    # A draft belongs to the State: nobody else sees it before it is submitted.
    Action.READ_DRAFT_ANSWERS: (_state_under_review,),
    Action.WRITE_ANSWERS: (_state_under_review,),
    Action.READ_RESPONSE: (
        _state_under_review,
        # What was submitted to somebody stays with them, also while the State completes it.
        _holds_a_response,
    ),
    Action.READ_FIRST_FINDINGS: _findings_of(1),
    Action.READ_SECOND_FINDINGS: _findings_of(2),
    Action.WRITE_FINDINGS: (_both(_reviewing_state, _reached("response_circulated")),),
    Action.READ_QUESTIONS: (_both(_secretariat, _in_dialogue), _both(_actor, _in_dialogue)),
    Action.READ_REPORT: (
        _secretariat,
        _both(_reviewing_state, _reached("draft_circulated")),
        _both(_state_under_review, _reached("report_sent_to_state")),
        _both(_state_under_review, _reached("report_agreed")),
    ),
    # The texts that were sent to one's State stay with it, also while the draft is worked on again.
    Action.READ_SENT_REPORT: (_secretariat, _actor),
    Action.READ_DOCUMENTS: (_secretariat, _actor),
    Action.ADD_DOCUMENTS: (_secretariat, _actor),
}

PERSONAL: dict[Action, Callable[[Person], bool]] = {
    Action.SEE_OWN_WORK: lambda person: True,
    Action.SEE_BOARD: lambda person: person.is_secretariat,
    Action.MANAGE_PEOPLE: lambda person: person.is_secretariat,
    Action.APPOINT_SECRETARIAT: lambda person: person.role == ADMINISTRATOR,
    Action.SEE_MAIL: lambda person: person.is_secretariat,
    Action.SEE_OPERATIONS: lambda person: person.is_secretariat,
    # Years, shares and rules of the draws bind every State: they are the administrator's.
    Action.PLAN_CYCLE: lambda person: person.role == ADMINISTRATOR,
    Action.KEEP_ROSTER: lambda person: person.is_secretariat,
    Action.KEEP_CALENDARS: lambda person: person.is_secretariat,
    # Everybody sees and pauses what comes to themselves: services/pauses.py.
    Action.PLAN_REMINDERS: lambda person: person.is_secretariat,
    Action.KEEP_OWN_EXPERTS: lambda person: person.role == "focal_point",
    # Preparing, publishing, opening, drawing, recording; which draws others see: queries/draws.py.
    Action.DRAW_LOTS: lambda person: person.is_secretariat,
    Action.SEE_DRAWS: lambda person: True,
}
"""Actions without an object."""


def can(person: Person, action: Action, subject: Subject | None = None) -> bool:
    """Whether a person may do this, to this review where the action is about one."""
    if not person.active:
        return False
    if action in PERSONAL:
        return PERSONAL[action](person)
    if subject is None:
        raise TypeError(f"{action} is about a review")
    return any(rule(person, subject) for rule in RULES[action])


def readable_responses(person: Person, subject: Subject) -> frozenset[int]:
    """The numbers of the frozen responses that a person may read.

    The State under review and the secretariat: all; a reviewing State: those that it received.
    """
    if not person.active:
        return frozenset()
    sides = _sides(person, subject)
    return frozenset(
        number
        for number, received in subject.responses.items()
        if person.is_secretariat or 0 in sides or sides & received
    )


def _with_the_response(person: Person, subject: Subject) -> bool:
    """Whether the response as it stands, not only a frozen copy, is in this person's hands."""
    by_office = _both(_secretariat, _reached("self_assessment_submitted"))
    by_reviewer = _both(_reviewing_state, _reached("response_circulated"))
    return by_office(person, subject) or by_reviewer(person, subject)


def may_see_document(
    person: Person,
    subject: Subject,
    slot: int,
    provision: str,
    frozen_in: frozenset[int] = frozenset(),
) -> bool:
    """Who sees a document of one side: that side, and the others with the material it belongs to.

    ``slot`` is the side that brought it (0 State under review, 1 and 2 reviewing States, -1 the
    secretariat, whose documents go to all parties); ``frozen_in`` are the numbers of the responses
    that list it. The caller has checked READ_DOCUMENTS.
    """
    if slot in _sides(person, subject) or slot == -1:
        return True
    if slot == 0:
        in_hand = _with_the_response(person, subject)
        return in_hand or bool(frozen_in & readable_responses(person, subject))
    action = Action.READ_FIRST_FINDINGS if slot == 1 else Action.READ_SECOND_FINDINGS
    return can(person, action, subject)


def visible_to(person: Person) -> sa.ColumnElement[bool]:
    """The reviews for which ``can(person, SEE_REVIEW, …)`` holds, as a filter on Review."""
    if not person.active:
        return sa.false()
    if person.is_secretariat:
        return sa.true()
    return sa.exists().where(
        Member.review_id == Review.id, Member.person_id == person.id, Member.ended_at.is_(None)
    )
