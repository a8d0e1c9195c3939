"""What follows from another date: nothing comes earlier, nothing is lost, clashes are named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.workflows.samples import facts_of
from workflows.country_review import IRM_1
from workflows.outlook import (
    Appointment,
    Clash,
    ClashKind,
    Key,
    Outlook,
    Period,
    Proposal,
    dates_set,
    expected,
    outlook,
)
from workflows.spec import Facts, Party
from workflows.working_days import WorkCalendar

OFFICE_WEEK = WorkCalendar(frozenset({5, 6}))
CALENDARS = {
    (Party.SECRETARIAT, 0): OFFICE_WEEK,
    (Party.STATE_UNDER_REVIEW, 0): WorkCalendar(frozenset({4, 5})),
    (Party.REVIEWING_STATE, 1): OFFICE_WEEK,
    (Party.REVIEWING_STATE, 2): OFFICE_WEEK,
}
SA: Key = ("self_assessment_submitted", 0)
STARTED = Facts(
    "self_assessment",
    done=frozenset(
        {
            ("reviewers_drawn", 0),
            ("start_notified", 0),
            ("focal_point_nominated", 0),
            ("experts_nominated", 1),
            ("experts_nominated", 2),
            ("introductory_call", 0),
        }
    ),
    today=date(2011, 8, 15),
    due={
        SA: date(2011, 9, 12),
        ("desk_review", 1): date(2011, 10, 14),
        ("desk_review", 2): date(2011, 10, 14),
        ("draft_circulated", 0): date(2011, 12, 12),
        ("report_agreed", 0): date(2012, 1, 12),
    },
    calendars=CALENDARS,
)


def follows(day: date, *, moves: bool = True, key: Key = SA, **more: object) -> Outlook:
    return outlook(IRM_1, STARTED, Proposal(key, day, moves), **more)  # type: ignore[arg-type]


def kinds(found: Outlook) -> list[tuple[ClashKind, str]]:
    return [(one.kind, one.key[0]) for one in found.clashes]


@st.composite
def proposals(draw: st.DrawFn) -> tuple[Facts, Proposal]:
    """Any facts, and another date for something that has one and is open."""
    facts = draw(facts_of(IRM_1))
    facts = replace(facts, calendars=CALENDARS)
    dated = sorted(key for key in facts.due if key not in facts.done)
    assume(dated)
    key = draw(st.sampled_from(dated))
    day = facts.due[key] + timedelta(days=draw(st.integers(-200, 200)))
    return facts, Proposal(key, day, draw(st.booleans()))


@given(proposals())
def test_a_later_date_makes_nothing_earlier(case: tuple[Facts, Proposal]) -> None:
    facts, wanted = case
    assume(wanted.day >= facts.due[wanted.key])
    set_then = dates_set(IRM_1, facts, wanted)
    assert all(day >= facts.due[key] for key, day in set_then.items())
    before = expected(IRM_1, facts)
    after = expected(IRM_1, replace(facts, due={**facts.due, **set_then}))
    assert before.keys() == after.keys()
    assert all(after[key] >= day for key, day in before.items())
    assert outlook(IRM_1, facts, wanted).days >= 0


@given(proposals())
def test_an_earlier_date_makes_nothing_later_and_moves_nothing_along(
    case: tuple[Facts, Proposal],
) -> None:
    facts, wanted = case
    assume(wanted.day < facts.due[wanted.key])
    assert dates_set(IRM_1, facts, wanted) == {wanted.key: wanted.day}
    assert outlook(IRM_1, facts, wanted).days <= 0


@given(proposals())
def test_the_date_that_stands_changes_nothing(case: tuple[Facts, Proposal]) -> None:
    facts, wanted = case
    same = replace(wanted, day=facts.due[wanted.key])
    found = outlook(IRM_1, facts, same)
    assert (found.lines, found.clashes, found.days) == ((), (), 0)


@given(proposals())
def test_every_date_that_is_set_is_shown_and_was_open(case: tuple[Facts, Proposal]) -> None:
    facts, wanted = case
    found = outlook(IRM_1, facts, wanted)
    shown = {line.key: line.after for line in found.lines if line.is_set}
    assert shown == dates_set(IRM_1, facts, wanted)
    assert not shown.keys() & facts.done
    if not wanted.moves:
        assert shown.keys() <= {wanted.key}


@given(proposals())
def test_what_moves_along_falls_on_working_days(case: tuple[Facts, Proposal]) -> None:
    facts, wanted = case
    for (milestone, slot), day in dates_set(IRM_1, facts, wanted).items():
        if (milestone, slot) != wanted.key:
            owner = IRM_1.milestone(milestone).owner_of(slot)
            assert facts.calendar(owner, slot).works(day)


@given(facts_of(IRM_1))
def test_nothing_is_expected_before_today_or_before_what_it_waits_for(facts: Facts) -> None:
    found = expected(IRM_1, facts)
    for (milestone, _), day in found.items():
        assert facts.today is not None
        assert day >= facts.today
        needs = IRM_1.milestone(milestone).needs
        assert all(day >= other for key, other in found.items() if key[0] in needs)


def test_dates_without_an_agreement_are_counted_from_what_they_wait_for() -> None:
    found = expected(IRM_1, STARTED)
    assert found["response_circulated", 0] == date(2011, 9, 12), "no period: the same day"
    assert found["outcome_forwarded", 0] == date(2011, 10, 14)
    assert found["dialogue_closed", 0] == date(2011, 12, 14), "two months after the outcome"
    assert found["draft_circulated", 0] == date(2011, 12, 14), "agreed for before, but it waits"
    assert found["reviewer_comments", 1] == date(2011, 12, 28), "two weeks later"
    assert found["summary_issued", 0] == date(2012, 1, 12)


def test_what_waits_moves_by_the_same_number_of_days_to_working_days() -> None:
    set_then = dates_set(IRM_1, STARTED, Proposal(SA, date(2011, 9, 20)))
    assert set_then == {
        SA: date(2011, 9, 20),
        ("desk_review", 1): date(2011, 10, 24),  # 14 + 8 is a Saturday
        ("desk_review", 2): date(2011, 10, 24),
        ("draft_circulated", 0): date(2011, 12, 20),
        ("report_agreed", 0): date(2012, 1, 20),
    }
    assert follows(date(2011, 9, 20)).days == 8


def test_two_reviewing_states_given_the_same_days_put_off_the_rest_once() -> None:
    first = dates_set(IRM_1, STARTED, Proposal(("desk_review", 1), date(2011, 10, 28)))
    assert first["report_agreed", 0] == date(2012, 1, 26)
    then = replace(STARTED, due={**STARTED.due, **first})
    second = dates_set(IRM_1, then, Proposal(("desk_review", 2), date(2011, 10, 28)))
    assert second == {("desk_review", 2): date(2011, 10, 28)}


def test_dates_that_stay_clash_with_what_they_wait_for() -> None:
    found = follows(date(2011, 11, 21), moves=False)
    assert (ClashKind.WAITS, "desk_review") in kinds(found)
    assert (ClashKind.WAITS, "report_agreed") in kinds(found)
    desk = next(one for one in found.clashes if one.key == ("desk_review", 1))
    assert (desk.day, desk.waits_for) == (date(2011, 10, 14), "response_circulated")
    assert found.end_after is not None
    assert found.days > 0
    assert ClashKind.WAITS not in {kind for kind, _ in kinds(follows(date(2011, 11, 21)))}


def test_a_clash_that_was_there_before_is_not_told_again() -> None:
    assert ("draft_circulated", 0) not in {one.key for one in follows(date(2011, 9, 13)).clashes}


def test_sessions_clash_inside_and_in_the_week_before() -> None:
    group = Period("Specimen session", date(2011, 9, 26), date(2011, 9, 30))
    for day, kind in (
        (date(2011, 9, 18), None),
        (date(2011, 9, 19), ClashKind.NEAR_SESSION),
        (date(2011, 9, 26), ClashKind.SESSION),
        (date(2011, 9, 29), ClashKind.SESSION),
        (date(2011, 10, 2), None),
    ):
        found = follows(day, moves=False, sessions=[group])
        told = [one for one in found.clashes if one.other]
        assert told == ([Clash(kind, SA, day, other=group)] if kind else []), day


def test_a_visit_that_is_fixed_clashes_with_what_it_should_find_done() -> None:
    visit = Appointment("dialogue_held", date(2011, 11, 7), date(2011, 11, 9))
    clash = ClashKind.APPOINTMENT
    assert (clash, SA[0]) in kinds(follows(date(2011, 11, 7), appointment=visit))
    assert clash not in dict(kinds(follows(date(2011, 11, 3), appointment=visit, moves=False)))
    after = follows(date(2012, 3, 5), key=("report_agreed", 0), appointment=visit)
    assert clash not in dict(kinds(after))


def test_a_day_off_of_whoever_owes_it_is_named() -> None:
    assert kinds(follows(date(2011, 9, 16), moves=False)) == [(ClashKind.DAY_OFF, SA[0])]  # Friday
