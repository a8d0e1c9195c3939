"""Planning a cycle: its years, the rules of its draws, sessions; who may be divided and drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Audit, Cycle, Draw, Person, Reviewer
from review.services import cycle_planning, group_sessions, parties, seed
from review.services.audit import Verb
from review.services.cycle_planning import CyclePlan, YearPlan
from review.services.errors import InvalidGiven, NotFound
from review.services.group_sessions import SessionGiven
from review.services.parties import Excluded, Party
from review.services.queries import planning
from tests import world

NOW = datetime(2013, 5, 24, 8, 0, tzinfo=UTC)
PLAN = CyclePlan(
    "irm-2",
    date(2015, 11, 6),
    date(2020, 11, 5),
    tuple(YearPlan(date(2015 + year, 11, 6), 1 if year < 4 else 0) for year in range(5)),
)
SESSION = SessionGiven("Fifth session", "session", date(2014, 6, 2), date(2014, 6, 6))


@pytest.fixture
def administrator(session: Session) -> Person:
    return world.person(session, "secretariat_administrator")


def last(session: Session) -> Audit:
    return session.scalars(sa.select(Audit).order_by(Audit.id.desc()).limit(1)).one()


def draw(session: Session, cycle: Cycle, kind: str, state: str) -> None:
    made = Draw(
        cycle_id=cycle.id,
        kind=kind,
        year=0 if kind == "years" else 1,
        purpose="regular",
        announcement={},
        commitment="",
        secret="",
        seed="" if state in ("prepared", "published", "void") else "seed",
        state=state,
        prepared_at=NOW,
    )
    session.add(made)
    session.flush()


# Cycle -------------------------------------------------------------------------------------------


def test_a_planned_cycle_has_its_years_and_an_audit_row(
    session: Session, administrator: Person
) -> None:
    made = cycle_planning.create(session, 3, PLAN, actor=administrator, now=NOW)

    assert made.chapters == ["II", "V"]
    assert cycle_planning.plan_of(session, made) == PLAN
    assert (last(session).verb, last(session).after["cycle"]) == ("cycle_planned", 3)


@pytest.mark.parametrize(
    ("number", "wrong", "field"),
    [
        (1, {}, "number"),
        (0, {}, "number"),
        (100, {}, "number"),
        (3, {"process_key": "irm-9"}, "process_key"),
        (3, {"ends_on": date(2015, 11, 6)}, "ends_on"),
        (3, {"ends_on": date(2018, 1, 1)}, "years"),
        (3, {"years": ()}, "years"),
        (3, {"years": [*PLAN.years, *PLAN.years]}, "years"),
        (3, {"years": [YearPlan(date(2015, 11, 6), 0)]}, "years"),
        (3, {"years": [YearPlan(date(2015, 11, 6), -1)]}, "years"),
        (3, {"years": [YearPlan(date(2015, 11, 5), 1)]}, "years"),
        (3, {"years": [YearPlan(date(2016, 1, 1), 1)] * 2}, "years"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(
    session: Session, administrator: Person, number: int, wrong: dict[str, Any], field: str
) -> None:
    world.cycle(session, 1)

    with pytest.raises(InvalidGiven) as refused:
        cycle_planning.create(session, number, replace(PLAN, **wrong), actor=administrator, now=NOW)

    assert refused.value.errors.keys() == {field}
    assert session.scalar(sa.select(sa.func.count()).select_from(Cycle)) == 1


def test_a_change_is_recorded_with_what_was_before(session: Session, administrator: Person) -> None:
    cycle_planning.create(session, 3, PLAN, actor=administrator, now=NOW)
    later = replace(PLAN, ends_on=date(2026, 6, 30))

    cycle_planning.change(session, 3, later, "Specimen reason.", actor=administrator, now=NOW)

    row = last(session)
    assert row.before == {"ends_on": "2020-11-05"}
    assert row.after == {"cycle": 3, "reason": "Specimen reason.", "ends_on": "2026-06-30"}


def test_what_stands_keeps_years_process_and_shares(
    session: Session, administrator: Person
) -> None:
    made = cycle_planning.create(session, 3, PLAN, actor=administrator, now=NOW)
    world.states(session, "ZMB")
    world.review(session, made, "ZMB", 4)
    draw(session, made, "years", "recorded")
    doubled = [replace(one, share=2) for one in PLAN.years]
    for plan, field in (
        (replace(PLAN, process_key="irm-1"), "process_key"),
        (replace(PLAN, years=PLAN.years[:3]), "years"),
        (replace(PLAN, years=doubled), "years"),
    ):
        with pytest.raises(InvalidGiven) as refused:
            cycle_planning.change(session, 3, plan, "Reason.", actor=administrator, now=NOW)
        assert refused.value.errors.keys() == {field}
    with pytest.raises(InvalidGiven, match="reason"):
        cycle_planning.change(session, 3, PLAN, "  ", actor=administrator, now=NOW)
    with pytest.raises(NotFound):
        cycle_planning.change(session, 9, PLAN, "Reason.", actor=administrator, now=NOW)


# Rules -------------------------------------------------------------------------------------------


def test_a_cycle_keeps_only_what_it_sets_otherwise(session: Session, administrator: Person) -> None:
    cycle = world.cycle(session)
    given = {"most": 4, "least": 1, "expert_list": "block"}

    rules = cycle_planning.change_rules(session, 1, given, "Why.", actor=administrator, now=NOW)

    assert (rules.most, rules.expert_list) == (4, "block")
    assert cycle.lot_rules == {"most": 4, "expert_list": "block"}
    assert last(session).before == {"most": 3, "expert_list": "warn"}
    assert last(session).after == {"cycle": 1, "reason": "Why.", "most": 4, "expert_list": "block"}
    cycle_planning.change_rules(session, 1, {}, "Back.", actor=administrator, now=NOW)
    assert cycle.lot_rules == {}
    assert last(session).after["most"] == 3


@pytest.mark.parametrize(
    ("given", "reason", "field"),
    [
        ({"least": 4}, "Why.", "least"),
        ({"colour": 4}, "Why.", "colour"),
        ({"most": None}, "Why.", "most"),
        ({"most": 4}, " ", "reason"),
        ({"most": 3}, "Why.", "rules"),
    ],
)
def test_wrong_rules_change_nothing(
    session: Session, administrator: Person, given: dict[str, Any], reason: str, field: str
) -> None:
    cycle = world.cycle(session)

    with pytest.raises(InvalidGiven) as refused:
        cycle_planning.change_rules(session, 1, given, reason, actor=administrator, now=NOW)

    assert refused.value.errors.keys() == {field}
    assert cycle.lot_rules == {}


@pytest.mark.parametrize(
    ("state", "bound"),
    [("prepared", False), ("void", False), ("published", True), ("drawn", True)],
)
def test_rules_stay_once_a_draw_is_published(
    session: Session, administrator: Person, state: str, bound: bool
) -> None:
    draw(session, world.cycle(session), "reviewers", state)

    def change() -> None:
        cycle_planning.change_rules(session, 1, {"most": 4}, "Why.", actor=administrator, now=NOW)

    if bound:
        with pytest.raises(InvalidGiven, match="published"):
            change()
    else:
        change()


# Sessions ----------------------------------------------------------------------------------------


def test_sessions_are_added_and_changed(session: Session, administrator: Person) -> None:
    cycle = world.cycle(session)
    made = group_sessions.add(session, 1, SESSION, actor=administrator, now=NOW)
    made.basis = "recalled"
    other = replace(SESSION, last_day=date(2014, 6, 7))

    group_sessions.change(session, 1, made.id, other, actor=administrator, now=NOW)

    assert [one.last_day for one in group_sessions.of_cycle(session, cycle)] == [date(2014, 6, 7)]
    assert made.basis == "", "what is entered here is no longer recalled"
    assert last(session).before == {"last_day": "2014-06-06"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "first SESSION"}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"kind": "party"}, "kind"),
        ({"last_day": date(2014, 6, 1)}, "last_day"),
        ({"last_day": date(2015, 6, 1)}, "last_day"),
        ({"document_symbol": "x" * 61}, "document_symbol"),
    ],
)
def test_a_wrong_session_is_refused(
    session: Session, administrator: Person, wrong: dict[str, Any], field: str
) -> None:
    cycle = world.cycle(session)
    first = replace(SESSION, title="First session")
    group_sessions.add(session, 1, first, actor=administrator, now=NOW)

    with pytest.raises(InvalidGiven) as refused:
        group_sessions.add(session, 1, replace(SESSION, **wrong), actor=administrator, now=NOW)

    assert refused.value.errors.keys() == {field}
    assert len(group_sessions.of_cycle(session, cycle)) == 1


def test_the_seed_has_the_sessions_with_their_basis(session: Session) -> None:
    seed.load_reference(session)
    seed.load_reference(session)

    cycle = session.scalars(sa.select(Cycle).where(Cycle.number == 1)).one()
    held = [(one.title, one.kind, one.basis) for one in group_sessions.of_cycle(session, cycle)]
    assert held[0] == ("First session", "session", "documented")
    assert held[3] == ("Resumed third session", "resumed", "recalled")
    assert len(held) == 5
    plan = cycle_planning.plan_of(session, cycle)
    assert [one.share for one in plan.years] == [1, 1, 1, 1, 0]
    assert plan.years[3].starts_on == date(2013, 7, 1)


# Parties -----------------------------------------------------------------------------------------


def party(session: Session, iso3: str) -> Party:
    cycle = session.scalars(sa.select(Cycle).where(Cycle.number == 1)).one()
    rules = cycle_planning.rules_of(cycle)
    return next(p for p in parties.parties(session, cycle, NOW.date(), rules) if p.code == iso3)


def test_parties_of_a_day_are_divided_and_later_ones_are_not(session: Session) -> None:
    seed.load_reference(session)
    cycle = session.scalars(sa.select(Cycle).where(Cycle.number == 1)).one()

    found = planning.division(session, cycle, NOW)

    assert found.day == date(2010, 7, 1)
    assert len(found.late) + len(found.without_year) == 166, "the parties of 24 May 2013"
    assert {one.code for one in found.late} >= {"IND", "ISL"}
    assert [cell.quota for cell in found.totals] == [37, 36, 36, 36, 0]
    assert sum(cell.quota for cell in found.rows[""]) == 1, "the European Union has no group"
    before = planning.division(session, cycle, datetime(2009, 1, 15, tzinfo=UTC))
    assert before.day == date(2009, 1, 15), "before the cycle begins: the parties of today"


def test_quotas_that_are_filled_or_more_than_filled(session: Session) -> None:
    cycle = session.get_one(Cycle, seed.load_reference(session))
    world.review(session, cycle, "IND", 4)
    world.review(session, cycle, "ZMB", 1)

    found = planning.division(session, cycle, NOW)

    assert found.rows["African States"][0].stands == 1
    assert found.rows["African States"][0].remains == found.rows["African States"][0].quota - 1
    assert "ZMB" not in {one.code for one in found.without_year}
    assert planning.Cell(3, 5).remains == 0


def test_why_a_party_is_not_drawn(session: Session, administrator: Person) -> None:
    cycle = world.cycle(session)
    world.states(session, "ZMB", "ITA", "MEX", "CIV", "ALB")
    usual = cycle_planning.rules_of(cycle)
    for number, (iso3, year) in enumerate((("MEX", 1), ("CIV", 2), ("ALB", 4)), start=1):
        of = world.review(session, cycle, iso3, year)
        session.add(Reviewer(review_id=of.id, slot=2, iso3="ITA", drawn_on=NOW.date()))
        session.flush()
        seen = party(session, "ITA")
        assert (seen.carried, seen.only_late(usual)) == (number, number == 2)
    assert party(session, "ITA").excluded(usual) is Excluded.MOST
    assert party(session, "ZMB").excluded(usual) is None
    strict = replace(usual, expert_list="block")
    assert party(session, "ZMB").excluded(strict) is Excluded.LIST_MISSING
    assert not party(session, "ZMB").serves(strict)
    parties.withdraw(session, 1, "ZMB", "Specimen.", actor=administrator, now=NOW)
    assert party(session, "ZMB").excluded(usual) is Excluded.WITHDRAWN
    assert party(session, "ZMB").withdrawn_on == NOW.date()
    parties.restore(session, 1, "ZMB", "Specimen.", actor=administrator, now=NOW)
    assert party(session, "ZMB").serves(usual)
    told = planning.history(session, cycle, list(Verb), iso3="ZMB")
    assert [row.verb for row in told] == ["reviewer_returned", "reviewer_withdrawn"]


def test_release_counts_for_the_year_of_the_own_review(
    session: Session, administrator: Person
) -> None:
    cycle = world.cycle(session)
    world.states(session, "ZMB")
    parties.note(session, 1, "ZMB", volunteers_for=None, excused=True, actor=administrator, now=NOW)
    assert party(session, "ZMB").excused_years == ()
    world.review(session, cycle, "ZMB", 3)
    assert party(session, "ZMB").excused_years == (3,)


def test_what_a_party_cannot_ask_for(session: Session, administrator: Person) -> None:
    cycle_planning.create(session, 1, PLAN, actor=administrator, now=NOW)
    cycle = session.scalars(sa.select(Cycle)).one()
    world.states(session, "ZMB", "ITA", "DEU")
    world.review(session, cycle, "ITA", 1)
    who: dict[str, Any] = {"actor": administrator, "now": NOW}
    parties.note(session, 1, "ZMB", volunteers_for=2, excused=False, **who)
    assert party(session, "ZMB").volunteers_for == 2
    for iso3, year in (("ZMB", 5), ("ZMB", 9), ("ITA", 2)):
        with pytest.raises(InvalidGiven, match="volunteers_for"):
            parties.note(session, 1, iso3, volunteers_for=year, excused=False, **who)
    with pytest.raises(NotFound):  # ratified later
        parties.note(session, 1, "DEU", volunteers_for=1, excused=False, **who)
    with pytest.raises(NotFound):
        parties.withdraw(session, 1, "XXX", "Specimen.", **who)
    for reason in ("", " \n", "x" * 1001):
        with pytest.raises(InvalidGiven, match="reason"):
            parties.withdraw(session, 1, "ZMB", reason, **who)
    with pytest.raises(InvalidGiven, match="not withdrawn"):
        parties.restore(session, 1, "ZMB", "Specimen.", **who)
    parties.withdraw(session, 1, "ZMB", "Specimen.", **who)
    with pytest.raises(InvalidGiven, match="already"):
        parties.withdraw(session, 1, "ZMB", "Specimen.", **who)
