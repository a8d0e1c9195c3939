"""Before a draw: whether the cycle can be completed, why not in words, and the rule checker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from review.models import CycleParty, Reviewer, State
from review.services.draws import board, feasibility, rule_check
from review.services.draws.rule_check import Finding, Rule
from review.services.errors import Refused
from tests import world
from tests.services import drawing
from tests.services.drawing import NOW, Setting

AFR, ASI, WEO = (drawing.codes()[n : n + drawing.IN_A_GROUP] for n in (0, 6, 12))
"""Codes of parties by regional group, six each."""


@pytest.fixture
def setting(session: Session) -> Setting:
    return drawing.setting(session)


def withdraw(setting: Setting, *codes: str) -> None:
    setting.session.add_all(
        CycleParty(cycle_id=setting.cycle.id, iso3=code, withdrawn_on=NOW.date()) for code in codes
    )
    setting.session.flush()


def why_refused(setting: Setting) -> list[str]:
    with pytest.raises(Refused) as refused:
        setting.prepared()
    return [str(reason) for reason in refused.value.reasons]


def stand(setting: Setting, state: str, *pair: str) -> None:
    """Who stands, entered past every check."""
    setting.session.add_all(
        Reviewer(review_id=setting.review(state).id, slot=slot, iso3=code, basis="documented")
        for slot, code in enumerate(pair, start=1)
    )
    setting.session.flush()


def found(setting: Setting, rule: Rule) -> list[Finding]:
    checked = rule_check.rule_check(setting.session, setting.cycle, NOW.date())
    return [one for one in checked.findings if one.rule is rule]


# Whether it can be completed ---------------------------------------------------------------------


def test_what_can_be_counted_is_said_with_its_numbers(setting: Setting) -> None:
    withdraw(setting, *AFR[1:])

    reasons = why_refused(setting)

    assert reasons[0] == "The cycle cannot be completed from what stands."
    assert "African States: 6 first places, and only 3 reviews to take." in reasons


def test_conflict_is_said_by_the_names_of_the_states(setting: Setting) -> None:
    """Two parties of a group are left, so each would have to review the other."""
    withdraw(setting, *AFR[2:])

    text = " ".join(why_refused(setting))

    names = [setting.session.get_one(State, code).name for code in AFR[:2]]
    assert "cannot all be kept" in text
    assert f"No two States review each other: {names[0]} – {names[1]}" in text


def test_parties_without_a_year_are_named_as_the_reason(session: Session) -> None:
    setting = drawing.setting(session, reviews=False)
    world.review(session, setting.cycle, AFR[0])

    assert "17 parties have no year of review yet" in " ".join(why_refused(setting))


def test_missing_list_of_experts_blocks_if_the_rule_says_so(setting: Setting) -> None:
    assert board.standing(setting.session, setting.cycle, NOW.date()).unlisted
    assert setting.prepared().state == "prepared"
    other = {"expert_list": "block"}
    setting.cycle.lot_rules = other
    setting.session.flush()
    stands = board.standing(setting.session, setting.cycle, NOW.date())

    assert not any(one.serves for one in stands.parties)
    reasons = feasibility.obstacles(stands.board(), stands)
    assert "18 parties cannot be drawn because their list of experts is missing." in [
        str(one) for one in reasons
    ]


def test_party_counts_from_the_day_it_joined(setting: Setting) -> None:
    tomorrow = NOW + timedelta(days=1)
    drawing.join_late(setting.session, "PNG", tomorrow)

    today = board.standing(setting.session, setting.cycle, NOW.date())
    later = board.standing(setting.session, setting.cycle, tomorrow.date())

    assert "PNG" not in today.names
    assert "PNG" in later.names


def test_excused_party_is_closed_in_the_year_of_its_own_review(setting: Setting) -> None:
    year = setting.review(AFR[0]).year
    setting.session.add(CycleParty(cycle_id=setting.cycle.id, iso3=AFR[0], excused=True))
    setting.session.flush()

    draw = setting.recorded(year)

    assert draw.transcript is not None
    for lot in draw.transcript["lots"]:
        assert lot["drawn"] != AFR[0]
        if lot["slot"] == 2 and lot["state"] != AFR[0]:
            assert AFR[0] in lot["closed"]["excused"]


# The rule checker --------------------------------------------------------------------------------


def test_drawn_cycle_has_nothing_to_find(setting: Setting) -> None:
    for year in range(1, 5):
        setting.recorded(year)

    checked = rule_check.rule_check(setting.session, setting.cycle, NOW.date())

    assert checked.complete
    assert checked.findings == ()


def test_mutual_reviews_are_found_once(setting: Setting) -> None:
    stand(setting, AFR[0], AFR[1], WEO[0])
    stand(setting, AFR[1], AFR[0], WEO[1])

    (one,) = found(setting, Rule.MUTUAL)

    assert one.violation
    assert "review each other" in str(one.reason)


def test_own_group_is_looked_for_in_both_places(setting: Setting) -> None:
    stand(setting, AFR[0], WEO[0], ASI[0])
    stand(setting, AFR[1], WEO[0], AFR[2])
    stand(setting, AFR[3], AFR[4], WEO[1])

    assert [(one.state, one.violation) for one in found(setting, Rule.SAME_GROUP)] == [
        (AFR[0], True),
        (AFR[1], False),
    ]


def test_limits_are_judged_by_what_a_state_carries(setting: Setting) -> None:
    for state in AFR[:5]:
        stand(setting, state, AFR[5], WEO[0])

    assert {(one.state, one.violation) for one in found(setting, Rule.MOST)} == {
        (AFR[5], True),
        (WEO[0], True),
    }
    early = sum(setting.review(state).year < 4 for state in AFR[:5])
    (first, _second) = found(setting, Rule.WORKING_MOST)
    assert f"has {early} reviews, the limit is 2" in str(first.reason)
    still_owed = found(setting, Rule.LEAST)
    assert {one.state for one in still_owed} == set(drawing.codes()) - {AFR[5], WEO[0]}
    assert not any(one.violation for one in still_owed), "the cycle is not at its end"


def test_state_that_is_no_party_is_found(setting: Setting) -> None:
    drawing.join_late(setting.session, "PNG", NOW + timedelta(days=30))
    stand(setting, AFR[0], AFR[1], "PNG")

    assert [one.state for one in found(setting, Rule.PARTY)] == ["PNG"]


def test_one_reviewing_state_alone_is_noted(setting: Setting) -> None:
    stand(setting, AFR[0], AFR[1])

    (one,) = found(setting, Rule.TWO_REVIEWERS)

    assert (one.state, one.violation) == (AFR[0], False)


def test_excused_party_that_reviews_in_its_year_is_found(setting: Setting) -> None:
    same_year = next(
        code for code in AFR[1:] if setting.review(code).year == setting.review(AFR[0]).year
    )
    setting.session.add(CycleParty(cycle_id=setting.cycle.id, iso3=AFR[0], excused=True))
    stand(setting, same_year, AFR[0], WEO[0])

    (one,) = found(setting, Rule.EXCUSED)

    assert (one.state, one.violation) == (same_year, True)
