"""Plausible input for the steps of a process, and facts of all sorts, for property tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from workflows.spec import Actor, Facts, Field, FieldKind, Process, Step, Who

WHO = tuple(
    Who(actor, slot)
    for actor, slots in (
        (Actor.SECRETARIAT, (0,)),
        (Actor.FOCAL_POINT, (0,)),
        (Actor.EXPERT, (1, 2)),
    )
    for slot in slots
)
SAMPLES: dict[FieldKind, Any] = {
    FieldKind.LINE: "Specimen",
    FieldKind.TEXT: "Specimen text.",
    FieldKind.DATE: "2011-07-01",
    FieldKind.EMAIL: "somebody@zmb.example",
    FieldKind.CONFIRM: "yes",
    FieldKind.SYMBOL: "CAC/COSP/IRG/I/4/1/Add.3",
    FieldKind.LANGUAGE: "fr",
    FieldKind.STATE: "ITA",
    FieldKind.ANY_SIDE: "0",
    FieldKind.SIDE: "2",
    FieldKind.ANY_SIDE: "0",
    FieldKind.PROVISION: "15",
    FieldKind.QUESTION: "1",
    FieldKind.MEMBER: "1",
    FieldKind.MILESTONE: "desk_review:2",
    FieldKind.OWED: "desk_review:2",
    FieldKind.REQUEST: "desk_review:2",
    FieldKind.STAGE: "desk_review",
}


def sample(field: Field) -> Any:
    """A value that a field accepts."""
    if field.key == "mandate_ends_on":
        return "2031-12-31"  # a mandate ends in the future
    return field.choices[0][0] if field.kind is FieldKind.CHOICE else SAMPLES[field.kind]


def filled(step: Step, actor: Actor) -> dict[str, Any]:
    """Everything that a step asks of somebody, filled in."""
    return {f.key: sample(f) for f in step.asks if not f.only_for or actor in f.only_for}


def facts_of(process: Process) -> st.SearchStrategy[Facts]:
    """Facts of a review of this process: any stage with anything done, likely or not."""
    instances = [(item.key, slot) for item, slot in process.instances()]
    counts = st.integers(0, 3)
    by_slot = st.dictionaries(st.sampled_from((1, 2)), counts)
    days = st.dates(date(2011, 1, 1), date(2012, 12, 31))
    return st.builds(
        Facts,
        stage=st.sampled_from([stage.key for stage in process.stages]),
        done=st.frozensets(st.sampled_from(instances)),
        open_repeats=st.frozensets(st.sampled_from([("question_answered", n) for n in (1, 2)])),
        reviewers=st.frozensets(st.sampled_from((1, 2))),
        focal_points=counts,
        experts=st.frozensets(st.sampled_from((1, 2))),
        suspended=st.booleans(),
        deferred=st.booleans(),
        year=st.integers(1, 5),
        means=st.sampled_from(("", "country_visit", "joint_meeting", "remote")),
        dialogue_scheduled=st.booleans(),
        today=days,
        due=st.dictionaries(st.sampled_from(instances), days, max_size=4),
        report_published=st.booleans(),
        response_published=st.booleans(),
        provisions=counts,
        answered=counts,
        assigned=by_slot,
        assessed=by_slot,
        open_questions=counts,
        draft_hash=st.sampled_from(("", "a" * 64)),
        approved=st.frozensets(st.sampled_from((0, 1, 2))),
    )
