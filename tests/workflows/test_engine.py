"""The engine offers exactly what it accepts, and says why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.samples import WHO, facts_of, filled
from workflows import engine, guards
from workflows.country_review import IRM_1, IRM_2
from workflows.registry import PROCESSES
from workflows.spec import Actor, Facts, Party, Process, Who

OFFICER, FOCAL_POINT, FIRST, SECOND = WHO
processes = st.sampled_from(list(PROCESSES.values()))


def take(process: Process, key: str, facts: Facts, who: Who) -> engine.Outcome:
    return engine.take(process, key, facts, (who,), filled(process.step(key), who.actor))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_offered_is_what_is_accepted(data: st.DataObject) -> None:
    process = data.draw(processes)
    facts = data.draw(facts_of(process))
    for who in WHO:
        offered = {o.step.key: o for o in engine.available(process, facts, (who,))}
        for step in process.steps:
            option = offered.get(step.key)
            if option and option.open:
                outcome = take(process, step.key, facts, who)
                assert outcome.target in {stage.key for stage in process.stages}
                assert outcome.source == facts.stage
            else:
                with pytest.raises(engine.Refused) as refused:
                    take(process, step.key, facts, who)
                assert refused.value.reasons
                assert all(
                    str(reason) and "%(" not in str(reason) for reason in refused.value.reasons
                )
                if option:
                    assert refused.value.reasons == option.reasons


@pytest.mark.parametrize("process", PROCESSES.values(), ids=str)
def test_each_step_belongs_to_its_stages_and_actors_only(process: Process) -> None:
    """The permission matrix: step, role, stage. Whatever the facts, nobody else is offered it."""
    for stage in process.stages:
        facts = Facts(stage.key)
        for who in WHO:
            offered = {option.step.key for option in engine.available(process, facts, (who,))}
            assert offered == {
                step.key for step in process.steps if stage.key in step.at and who.actor in step.by
            }
            for step in process.steps:
                if step.key not in offered:
                    with pytest.raises(engine.Refused):
                        take(process, step.key, facts, who)


@settings(max_examples=100)
@given(st.data())
def test_stopped_clock_stops_all_but_what_may_go_on(data: st.DataObject) -> None:
    facts = replace(data.draw(facts_of(IRM_1)), suspended=True)

    for who in WHO:
        for option in engine.available(IRM_1, facts, (who,)):
            assert option.step.while_suspended or not option.open


@settings(max_examples=100)
@given(st.data())
def test_step_reaches_what_it_says_and_loses_nothing_else(data: st.DataObject) -> None:
    facts = data.draw(facts_of(IRM_1))
    who = data.draw(st.sampled_from(WHO))
    for option in engine.available(IRM_1, facts, (who,)):
        if not option.open:
            continue
        step, outcome = option.step, take(IRM_1, option.step.key, facts, who)
        assert {key for key, _ in outcome.reached} == ({step.does} if step.does else set())
        assert set(outcome.reopened) <= facts.done
        assert not set(outcome.reopened) & set(outcome.reached)
        if not step.to_any:
            assert {key for key, _ in outcome.reopened} <= set(step.undoes)
            assert outcome.target == (step.to or facts.stage)


def test_everybody_without_a_capacity_is_refused() -> None:
    assert engine.available(IRM_1, Facts("selected"), ()) == ()
    for step in IRM_1.steps:
        with pytest.raises(engine.Refused, match="not yours"):
            engine.take(IRM_1, step.key, Facts(step.at[0]), (), {})


def test_unknown_step_is_refused() -> None:
    with pytest.raises(engine.Refused, match="no such step"):
        engine.take(IRM_1, "abolish", Facts("selected"), WHO, {})


def test_all_reasons_come_at_once() -> None:
    with pytest.raises(engine.Refused) as refused:
        take(IRM_1, "hold_introductory_call", Facts("initial_steps"), OFFICER)

    assert [reason.unblocked_by for reason in refused.value.reasons] == [
        Party.STATE_UNDER_REVIEW,
        Party.REVIEWING_STATE,
    ]


def test_misspelt_input_is_refused_not_dropped() -> None:
    facts = Facts("selected", reviewers=frozenset({1, 2}))

    with pytest.raises(engine.Refused):
        engine.take(IRM_1, "notify_start", Facts("selected"), (OFFICER,), {"nota": "x"})
    with pytest.raises(ValueError, match="nota"):
        engine.take(IRM_1, "notify_start", facts, (OFFICER,), {"nota": "x"})


def test_each_reviewing_state_reaches_its_own_milestone() -> None:
    facts = Facts("desk_review", assigned={1: 3, 2: 3}, assessed={1: 3, 2: 3})

    assert take(IRM_1, "submit_desk_review", facts, FIRST).reached == (("desk_review", 1),)
    assert take(IRM_1, "submit_desk_review", facts, SECOND).reached == (("desk_review", 2),)


def test_start_begins_the_periods() -> None:
    facts = Facts("selected", reviewers=frozenset({1, 2}), today=date(2011, 7, 11))

    outcome = take(IRM_1, "notify_start", facts, OFFICER)

    assert outcome.model_dates["focal_point_nominated", 0] == date(2011, 8, 1)
    assert outcome.model_dates["experts_nominated", 2] == date(2011, 8, 1)
    assert outcome.model_dates["report_agreed", 0] == date(2012, 1, 11)
    assert ("desk_review", 1) not in outcome.model_dates, "counted from the response, not the start"


@pytest.mark.parametrize("target", [s.key for s in IRM_1.stages if not s.final])
def test_correction_opens_what_lies_ahead(target: str) -> None:
    everything = frozenset((item.key, slot) for item, slot in IRM_1.instances())
    given_ = {"stage": target, "reason": "Specimen reason."}

    outcome = engine.take(
        IRM_1, "correct_position", Facts("completed", done=everything), (OFFICER,), given_
    )

    here = IRM_1.position(target)
    left = everything - set(outcome.reopened)
    assert outcome.target == target
    assert {IRM_1.position(IRM_1.milestone(key).stage) for key, _ in left} <= set(range(here + 1))
    exits = {s.does for s in IRM_1.steps if s.to and target in s.at}
    assert not exits & {key for key, _ in left}, "the step that leaves the stage can be taken again"


def test_review_is_never_corrected_to_completed() -> None:
    with pytest.raises(ValueError, match="stage"):
        engine.take(
            IRM_1,
            "correct_position",
            Facts("finalization"),
            (OFFICER,),
            {"stage": "completed", "reason": "Specimen reason."},
        )


def test_virtual_visits_belong_to_the_second_cycle() -> None:
    facts = Facts("country_dialogue")
    visit = {"means": "virtual_visit"}

    assert engine.take(IRM_2, "agree_means", facts, (FOCAL_POINT,), visit).given == visit
    with pytest.raises(ValueError, match="means"):
        engine.take(IRM_1, "agree_means", facts, (FOCAL_POINT,), visit)


@settings(max_examples=100)
@given(st.data())
def test_turns_are_open_milestones_somebody_can_reach(data: st.DataObject) -> None:
    facts = data.draw(facts_of(IRM_1))

    for turn in engine.turns(IRM_1, facts):
        assert not facts.suspended
        assert (turn.milestone.key, turn.slot) not in facts.done
        assert engine.steps_of_turn(IRM_1, turn), turn.milestone.key


@pytest.mark.parametrize("means", ["", "remote", "country_visit"])
def test_visit_counts_only_where_it_is_agreed(means: str) -> None:
    done = {("outcome_forwarded", 0)} | ({("means_agreed", 0)} if means else set())
    facts = Facts("country_dialogue", done=frozenset(done), means=means)

    turns = {turn.milestone.key for turn in engine.turns(IRM_1, facts)}

    expected = {"": "means_agreed", "remote": "dialogue_closed"}
    assert turns == {expected.get(means, "dialogue_scheduled")}


@settings(max_examples=100)
@given(st.data())
def test_guards_answer_with_a_sentence_or_nothing(data: st.DataObject) -> None:
    facts = data.draw(facts_of(IRM_1))
    used = {guard for step in IRM_1.steps for guard in step.only_if} | {guards.running}

    for guard in used:
        for who in WHO:
            reason = guard(facts, who)
            assert reason is None or str(reason).endswith(".")


def test_engine_keeps_nothing_between_steps() -> None:
    facts = Facts("selected", reviewers=frozenset({1, 2}))

    first = take(IRM_1, "notify_start", facts, OFFICER)
    with pytest.raises(engine.Refused):
        take(IRM_1, "notify_start", Facts("initial_steps"), OFFICER)

    assert take(IRM_1, "notify_start", facts, OFFICER) == first
    assert first.who == Who(Actor.SECRETARIAT)
