"""A wrong definition does not load, and says what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from workflows import guards
from workflows.country_review import IRM_1
from workflows.registry import PROCESSES, check_notices, process
from workflows.spec import (
    Actor,
    Asking,
    Basis,
    Channel,
    Deadline,
    DefinitionError,
    Each,
    Effect,
    Field,
    FieldKind,
    Guard,
    Milestone,
    Notice,
    Party,
    Process,
    Recipient,
    Rule,
    Stage,
    Step,
    Trigger,
)


def stage(key: str, **more: Any) -> Stage:
    return Stage(key, key, "ref", Basis.DESIGN, **more)


def milestone(key: str, **more: Any) -> Milestone:
    return Milestone(key, key, "begun", Party.SECRETARIAT, "ref", Basis.DESIGN, **more)


def step(key: str, **more: Any) -> Step:
    values: dict[str, Any] = {"by": (Actor.SECRETARIAT,), "at": ("begun",), "ref": "ref"}
    return Step(key, key, button=key, basis=Basis.DESIGN, **(values | more))


BEGUN, ENDED = stage("begun"), stage("ended", final=True)
WORK, END = step("work", does="worked"), step("end", to="ended", does="closed")
WORKED, CLOSED = milestone("worked"), milestone("closed", needs=("worked",))
SOUND: dict[str, Any] = {
    "stages": (BEGUN, ENDED),
    "milestones": (WORKED, CLOSED),
    "steps": (WORK, END),
}


def small(**parts: Any) -> Process:
    return Process(
        **({"key": "small", "title": "Small", "start": "begun", "chapters": ()} | SOUND | parts)
    )


def with_step(**more: Any) -> dict[str, Any]:
    return {"steps": (replace(WORK, **more), END)}


def with_milestone(**more: Any) -> dict[str, Any]:
    return {"milestones": (replace(WORKED, **more), CLOSED)}


def asking(*fields: Field, **more: Any) -> dict[str, Any]:
    return with_step(asks=fields, **more)


CLIMB = (Rule(-7), Rule(1), Rule(14, (Recipient.PERSON, Recipient.SECRETARIAT), every=14))


def reminded(*rules: Rule) -> dict[str, Any]:
    return {"reminders": rules}


LADDERS: dict[str, tuple[dict[str, Any], str]] = {
    "to nobody": (reminded(*CLIMB[:2], replace(CLIMB[2], to=())), "tells nobody"),
    "to one twice": (
        reminded(Rule(1, (Recipient.PERSON, Recipient.PERSON)), CLIMB[2]),
        "the process: the rule of 1 days tells nobody, or somebody twice",
    ),
    "from above": (
        reminded(CLIMB[0], replace(CLIMB[2], to=CLIMB[2].to[::-1])),
        "does not name its recipients from the lowest to the last",
    ),
    "no reference": (reminded(replace(CLIMB[0], ref=""), *CLIMB[1:]), "has no reference"),
    "back in time": (reminded(*CLIMB[:2], replace(CLIMB[2], every=-1)), "before it comes"),
    "before the turn": (reminded(Rule(-3, on=Trigger.TURN)), "counts from the turn and comes"),
    "board for a State": (
        reminded(*CLIMB, Rule(15, channel=Channel.BOARD)),
        "the rule of 15 days is for the board, which shows the secretariat",
    ),
    "disorder": (reminded(CLIMB[1], CLIMB[0], CLIMB[2]), "are not in the order of their days"),
    "one day twice": (reminded(CLIMB[0], *CLIMB), "are not in the order of their days"),
    "down the ladder": (
        reminded(CLIMB[0], Rule(1, (Recipient.MISSION,)), Rule(7), CLIMB[2]),
        "the process: reminders of the due go down the ladder",
    ),
    "gap": (reminded(Rule(-40), *CLIMB[1:]), "leave more than 31 days between two"),
    "long silence at the end": (
        reminded(*CLIMB[:2], replace(CLIMB[2], every=32)),
        "leave more than 31 days between two",
    ),
    "a rung that stays": (
        reminded(replace(CLIMB[0], every=3), *CLIMB[1:]),
        "repeat a rung that is not the last",
    ),
    "silence at the end": (
        reminded(*CLIMB[:2], replace(CLIMB[2], every=0)),
        "do not end with the secretariat, again and again",
    ),
    "no secretariat": (
        reminded(*CLIMB[:2], Rule(14, every=14)),
        "do not end with the secretariat, again and again",
    ),
    "not the owner first": (
        reminded(Rule(-7, (Recipient.MISSION,)), CLIMB[2]),
        "do not begin with whoever owes it",
    ),
    "a mission of the secretariat": (
        with_milestone(reminders=(Rule(1), Rule(7, (Recipient.MISSION,)), CLIMB[2])),
        "milestone 'worked' is the secretariat's own, which has no mission",
    ),
    "a deadline in silence": (
        {"milestones": (WORKED, replace(CLOSED, due=Deadline("worked", weeks=1), reminders=()))},
        "milestone 'closed' has a deadline and nobody is reminded of it",
    ),
}
BY_LINK: dict[str, Any] = {
    "by_link": True,
    "by": (Actor.EXPERT,),
    "effects": (Effect.ASK_EXTENSION,),
}
"""A step that the link of a mail is enough for."""

FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "asked again in disorder": ({"asking": Asking((28, 14))}, "not asked again on ascending days"),
    "asked again at once": ({"asking": Asking((0,))}, "not asked again on ascending days"),
    "start": ({"start": "begnu"}, "the start is not a stage: 'begnu'"),
    "stage twice": ({"stages": (BEGUN, BEGUN, ENDED)}, "stage 'begun' is defined twice"),
    "step twice": ({"steps": (WORK, WORK, END)}, "step 'work' is defined twice"),
    "milestone twice": (
        {"milestones": (WORKED, WORKED, CLOSED)},
        "milestone 'worked' is defined twice",
    ),
    "field twice": (asking(Field("a", "A"), Field("a", "A")), "field 'a' is defined twice"),
    "unknown source": (with_step(at=("begnu",)), "step 'work' names an unknown stage 'begnu'"),
    "unknown target": (with_step(to="endde"), "step 'work' names an unknown stage 'endde'"),
    "unknown milestone": (
        with_step(does="wroked"),
        "step 'work' names an unknown milestone 'wroked'",
    ),
    "unknown reopening": (
        with_step(undoes=("wroked",)),
        "step 'work' names an unknown milestone 'wroked'",
    ),
    "milestone in unknown stage": (
        with_milestone(stage="begnu"),
        "milestone 'worked' is in an unknown stage 'begnu'",
    ),
    "unknown need": (
        with_milestone(needs=("clsoed",)),
        "milestone 'worked' needs an unknown milestone 'clsoed'",
    ),
    "unknown anchor": (
        with_milestone(due=Deadline("clsoed", weeks=1)),
        "milestone 'worked' is counted from an unknown milestone 'clsoed'",
    ),
    "no length": (
        with_milestone(due=Deadline("closed")),
        "milestone 'worked' has a deadline of no length",
    ),
    "circle of needs": (
        with_milestone(needs=("closed",)),
        "milestone 'worked' waits for itself",
    ),
    "circle of dates": (
        {
            "milestones": (
                replace(WORKED, due=Deadline("closed", weeks=1)),
                replace(CLOSED, due=Deadline("worked", weeks=1)),
            )
        },
        "milestone 'closed' waits for itself",
    ),
    "milestone nobody reaches": (with_step(does=""), "no step reaches the milestone 'worked'"),
    "milestone without reference": (with_milestone(ref=""), "milestone 'worked' has no reference"),
    "step without actor": (with_step(by=()), "step 'work' has no actor"),
    "step nowhere": (with_step(at=()), "step 'work' can be taken nowhere"),
    "step without reference": (with_step(ref=""), "step 'work' has no reference"),
    "step without button": (with_step(button=""), "step 'work' has no words on its button"),
    "step without event": (with_step(does=""), "step 'work' has no words for a history"),
    "two targets": (
        asking(Field("stage", "Stage", FieldKind.STAGE), to="ended", to_any=True),
        "step 'work' leads to one stage and to any stage",
    ),
    "any stage unasked": (
        with_step(to_any=True),
        "step 'work' leads to any stage and does not ask for it",
    ),
    "question unasked": (
        with_milestone(each=Each.QUESTION),
        "step 'work' reaches one of many questions and does not ask which",
    ),
    "choice of nothing": (
        asking(Field("a", "A", FieldKind.CHOICE)),
        "step 'work': field 'a' offers no choice",
    ),
    "field for nobody": (
        asking(Field("a", "A", only_for=(Actor.EXPERT,))),
        "step 'work': field 'a' is for somebody who cannot take the step",
    ),
    "mail to nobody": (
        with_step(tells=(Notice("news", ()),)),
        "step 'work' sends 'news' to nobody",
    ),
    "mail about nothing": (
        with_step(tells=(Notice("news", (Party.SECRETARIAT,), about="wroked"),)),
        "step 'work': the notice 'news' is about an unknown milestone 'wroked'",
    ),
    "unknown facts": (
        with_step(only_if=(Guard("odd", lambda facts, who: None, "odd", frozenset({"wether"})),)),
        "step 'work': guard 'odd' reads unknown facts 'wether'",
    ),
    "stage out of reach": (
        {
            "stages": (BEGUN, stage("lost"), ENDED),
            "steps": (WORK, END, step("go", at=("lost",), to="ended", happened="Gone")),
        },
        "stage 'lost' cannot be reached",
    ),
    "dead end": (
        {
            "stages": (BEGUN, stage("trap"), ENDED),
            "steps": (WORK, END, step("fall", to="trap", happened="Fallen")),
        },
        "stage 'trap' is a dead end",
    ),
    "final stage left": (
        {"steps": (WORK, END, step("back", at=("ended",), to="begun", happened="Back"))},
        "final stage 'ended' is left by a step",
    ),
    "no end": ({"stages": (BEGUN, stage("ended"))}, "there is no final stage"),
    "link that gives access": (
        with_step(**BY_LINK | {"effects": (Effect.NOMINATE_EXPERT,)}),
        "step 'work' can be taken by a link and has the effect 'nominate_expert'",
    ),
    "link that approves": (
        with_step(**BY_LINK | {"effects": (Effect.ASK_EXTENSION, Effect.APPROVE)}),
        "step 'work' can be taken by a link and has the effect 'approve'",
    ),
    "link without a known effect": (
        with_step(**BY_LINK | {"effects": ()}),
        "step 'work' can be taken by a link and has no effect that is known to be harmless",
    ),
    "link that moves the review": (
        with_step(**BY_LINK | {"to": "ended"}),
        "step 'work' can be taken by a link and moves the review",
    ),
    "link that undoes": (
        with_step(**BY_LINK | {"undoes": ("closed",)}),
        "step 'work' can be taken by a link and moves the review",
    ),
    "link to a dangerous step": (
        with_step(**BY_LINK | {"dangerous": True}),
        "step 'work' can be taken by a link and is more than a harmless form",
    ),
    "link to work on a page": (
        with_step(**BY_LINK | {"page": "workbench"}),
        "step 'work' can be taken by a link and is more than a harmless form",
    ),
    "link for the secretariat": (
        with_step(**BY_LINK | {"by": (Actor.SECRETARIAT,)}),
        "step 'work' can be taken by a link and is the secretariat's",
    ),
    "link that shows questions": (
        asking(Field("a", "A", FieldKind.QUESTION), **BY_LINK),
        "step 'work' can be taken by a link and shows choices in 'a'",
    ),
}


def test_sound_definition_loads() -> None:
    assert small().step("work") is WORK


@pytest.mark.parametrize("fault", [*FAULTS, *LADDERS])
def test_fault_is_refused_by_name(fault: str) -> None:
    parts, message = (FAULTS | LADDERS)[fault]

    with pytest.raises(DefinitionError) as refused:
        small(**parts)

    assert message in str(refused.value)
    assert str(refused.value).startswith("process 'small': ")


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(DefinitionError) as refused:
        small(start="begnu", steps=(replace(WORK, by=(), ref=""), END))

    for message in ("begnu", "has no actor", "has no reference"):
        assert message in str(refused.value)


def test_notice_without_template_is_refused() -> None:
    written = {key for item in PROCESSES.values() for key in item.notices()}
    check_notices(written)

    with pytest.raises(DefinitionError, match="notices without a template: summary_issued"):
        check_notices(written - {"summary_issued"})


def test_both_processes_exist_side_by_side() -> None:
    assert process("irm-1").chapters == ("III", "IV")
    assert process("irm-2").chapters == ("II", "V")
    assert process("irm-1").version != process("irm-2").version
    with pytest.raises(KeyError, match="known: irm-1, irm-2"):
        process("irm-3")


def test_version_changes_with_any_rule() -> None:
    longer = replace(IRM_1.milestone("desk_review"), due=Deadline("response_circulated", months=2))
    changed = replace(
        IRM_1,
        milestones=tuple(longer if m.key == longer.key else m for m in IRM_1.milestones),
    )

    assert changed.version != IRM_1.version
    assert replace(IRM_1).version == IRM_1.version


@pytest.mark.parametrize("key", PROCESSES)
def test_every_rule_says_where_it_comes_from(key: str) -> None:
    definition = process(key)

    entries: list[Stage | Milestone | Step] = [
        *definition.stages,
        *definition.milestones,
        *definition.steps,
    ]
    for entry in entries:
        assert entry.ref, entry.key
        assert entry.basis in Basis, entry.key


@pytest.mark.parametrize("key", PROCESSES)
def test_every_guard_has_a_sentence_and_its_own_name(key: str) -> None:
    used = {guard for step in process(key).steps for guard in step.only_if}

    for guard in used:
        assert guard.says, guard.name
        assert getattr(guards, guard.name) is guard


@pytest.mark.parametrize("key", PROCESSES)
def test_fields_of_people_fit_their_columns(key: str) -> None:
    """Longest values the forms accept are the longest that the tables hold."""
    limits = {"email": 254, "title": 200, "note_verbale": 200, "symbol": 60, "place": 120}

    for step in process(key).steps:
        for field in step.asks:
            assert field.max_length <= limits.get(field.key, field.max_length), (
                step.key,
                field.key,
            )


def test_only_harmless_steps_can_be_taken_by_the_link_of_a_mail() -> None:
    """A new one is a decision (docs/decisions/0009), not an accident."""
    small(**with_step(**BY_LINK))
    for one in PROCESSES.values():
        assert {step.key for step in one.steps if step.by_link} == {
            "ask_extension",
            "take_back_request",
            "schedule_dialogue",
        }
