"""Drawing lots on the record: announced, published, opened, drawn, and in the reviews."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Audit, CycleParty, Draw, GroupSession, Outbox, Review, Reviewer
from review.services import steps
from review.services.draws import conduct, prepare, record
from review.services.draws.orders import Purpose
from review.services.draws.prepare import DrawOrder
from review.services.errors import Conflict, InvalidGiven, NotFound, Refused
from tests import world
from tests.services import drawing
from tests.services.drawing import NOW, Setting
from workflows import chance
from workflows.announcement import Mode
from workflows.drawing import drawn_anew


@pytest.fixture
def setting(session: Session) -> Setting:
    return drawing.setting(session)


def test_draw_from_announcement_to_reviews(setting: Setting) -> None:
    draw = setting.recorded()

    assert draw.state == "recorded"
    assert draw.transcript is not None
    assert drawn_anew(draw.transcript) == draw.transcript
    assert draw.commitment == chance.digest(draw.announcement)
    pairs = setting.pairs()
    for entry in draw.transcript["lots"]:
        assert pairs[entry["state"]][entry["slot"] - 1] == entry["drawn"]
    year_one = {r.iso3 for r in setting.session.scalars(sa.select(Review)) if r.year == 1}
    assert {state for state, pair in pairs.items() if all(pair)} == year_one
    rows = setting.session.scalars(sa.select(Reviewer)).all()
    assert {(r.session, r.drawn_on, r.basis) for r in rows} == {
        ("Specimen session", NOW.date(), "drawn")
    }


def test_lots_are_in_the_order_of_group_name_and_place(setting: Setting) -> None:
    draw = setting.prepared()

    names = {one["code"]: (one["group"], one["name"]) for one in draw.announcement["parties"]}
    order = [(*names[lot["state"]], lot["slot"]) for lot in draw.announcement["lots"]]
    assert order == sorted(order)
    assert len(order) == 2 * len({state for _group, state, _slot in order})


def test_recording_tells_the_states_and_leaves_a_trail(setting: Setting) -> None:
    draw = setting.recorded()

    session = setting.session
    verbs = Counter(session.scalars(sa.select(Audit.verb)))
    reviewed = len({lot["state"] for lot in draw.announcement["lots"]})
    assert verbs["assign_reviewers"] == reviewed
    for verb in ("prepared", "published", "opened", "completed", "recorded"):
        assert verbs[f"draw_{verb}"] == 1
    mails = Counter(session.scalars(sa.select(Outbox.notice)))
    assert mails == {"reviewers_drawn": 3 * reviewed}
    trail = session.scalars(sa.select(sa.cast(Audit.after, sa.Text))).all()
    assert not [row for row in trail if draw.secret in row]


def test_recording_twice_changes_nothing(setting: Setting) -> None:
    draw = setting.recorded()
    before = rows(setting.session)

    again = record.record(setting.session, draw.id, actor=setting.administrator, now=NOW)

    assert again.states == ()
    assert rows(setting.session) == before


def rows(session: Session) -> tuple[int, ...]:
    return tuple(
        session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in (Audit, Outbox, Reviewer)
    )


def test_draw_as_a_whole(setting: Setting) -> None:
    draw = setting.recorded(mode=Mode.WHOLE)

    assert draw.transcript is not None
    assert drawn_anew(draw.transcript) == draw.transcript
    assert "candidates" not in draw.transcript["lots"][0]


def test_all_years_of_a_cycle_are_drawn_one_after_the_other(setting: Setting) -> None:
    for year in range(1, 5):
        setting.recorded(year)

    pairs = setting.pairs()
    carried = Counter(code for pair in pairs.values() for code in pair)
    assert set(carried) == set(drawing.codes())
    assert max(carried.values()) <= 3
    assert not [(a, b) for a, pair in pairs.items() for b in pair if b and a in pairs[b]]


# What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"year": 6}, "year"),
        ({"year": -1}, "year"),
        ({"session_id": 999_999}, "session"),
    ],
)
def test_order_that_makes_no_sense_is_refused(
    setting: Setting, change: dict[str, Any], field: str
) -> None:
    given: dict[str, Any] = {"year": 1, "title": "Specimen"} | change
    order = DrawOrder(**given)

    with pytest.raises(InvalidGiven) as wrong:
        prepare.prepare(setting.session, 1, order, actor=setting.officer, now=NOW)

    assert set(wrong.value.errors) == {field}
    assert setting.session.scalars(sa.select(Draw)).all() == []


def test_session_of_another_cycle_is_refused(setting: Setting) -> None:
    other = world.cycle(setting.session, 2)
    held = GroupSession(
        cycle_id=other.id, title="Other", kind="session", first_day=NOW.date(), last_day=NOW.date()
    )
    setting.session.add(held)
    setting.session.flush()

    order = DrawOrder(1, "Specimen", session_id=held.id)
    with pytest.raises(InvalidGiven, match="session of this cycle"):
        prepare.prepare(setting.session, 1, order, actor=setting.officer, now=NOW)


def test_cycle_has_one_draw_in_progress(setting: Setting) -> None:
    setting.prepared()

    with pytest.raises(Refused, match="in progress"):
        setting.prepared(2)


def test_draw_without_lots_is_refused(setting: Setting) -> None:
    setting.recorded()

    with pytest.raises(Refused, match="nothing to draw"):
        setting.prepared()
    with pytest.raises(Refused, match="nothing to draw"):
        setting.prepared(2, Purpose.REPEAT)


def test_cycle_that_cannot_be_completed_is_refused_before_anything_is_drawn(
    setting: Setting,
) -> None:
    setting.cycle.lot_rules = {"most": 1, "working_most": 1}  # 18 reviews for 36 places
    setting.session.flush()

    with pytest.raises(Refused) as refused:
        setting.prepared()

    assert refused.value.reasons
    assert setting.session.scalars(sa.select(Draw)).all() == []


def test_contradictory_rules_are_refused_in_words(setting: Setting) -> None:
    setting.cycle.lot_rules = {"most": 1, "least": 2}
    setting.session.flush()

    with pytest.raises(Refused, match="fewest reviews cannot be more"):
        setting.prepared()


def test_steps_of_a_draw_have_their_order(setting: Setting) -> None:
    session, officer = setting.session, setting.officer
    draw = setting.prepared()
    opening: dict[str, Any] = {"drawn_on": NOW.date(), "drawn_by": "", "actor": officer, "now": NOW}

    with pytest.raises(Refused, match="published"):
        conduct.open_draw(session, draw.id, "1", **opening)
    with pytest.raises(Refused, match="not open"):
        conduct.draw_next(session, draw.id, 1, actor=officer, now=NOW)
    prepare.publish(session, draw.id, actor=officer, now=NOW)
    with pytest.raises(Refused, match="published already"):
        prepare.publish(session, draw.id, actor=officer, now=NOW)
    with pytest.raises(InvalidGiven, match="read out"):
        conduct.open_draw(session, draw.id, "  ", **opening)
    conduct.open_draw(session, draw.id, "1", **opening)
    with pytest.raises(Refused, match="once only"):
        conduct.open_draw(session, draw.id, "2", **opening)
    with pytest.raises(Refused, match="every lot"):
        record.record(session, draw.id, actor=officer, now=NOW)
    with pytest.raises(InvalidGiven, match="next lot"):
        conduct.draw_next(session, draw.id, 2, actor=officer, now=NOW)
    with pytest.raises(NotFound):
        conduct.draw_next(session, 999_999, 1, actor=officer, now=NOW)
    assert draw.read_out == "1"


def test_whole_draw_has_no_single_lots(setting: Setting) -> None:
    draw = setting.opened(mode=Mode.WHOLE)

    with pytest.raises(Refused, match="as a whole"):
        conduct.draw_next(setting.session, draw.id, 1, actor=setting.officer, now=NOW)


def test_draw_is_given_up_with_a_reason_once_it_is_public(setting: Setting) -> None:
    session, officer = setting.session, setting.officer
    prepare.void(session, setting.prepared().id, "", actor=officer, now=NOW)
    draw = setting.opened()
    conduct.draw_next(session, draw.id, 1, actor=officer, now=NOW)

    with pytest.raises(InvalidGiven, match="reason"):
        prepare.void(session, draw.id, " ", actor=officer, now=NOW)
    prepare.void(session, draw.id, "Wrong numbers.", actor=officer, now=NOW)
    with pytest.raises(Refused, match="given up"):
        prepare.void(session, draw.id, "Again.", actor=officer, now=NOW)
    with pytest.raises(Refused, match="not open"):
        conduct.draw_next(session, draw.id, 2, actor=officer, now=NOW)

    kept = session.scalars(sa.select(Audit).where(Audit.verb == "draw_voided")).all()[-1]
    assert (kept.before["state"], kept.after["reason"]) == ("open", "Wrong numbers.")
    assert setting.recorded().state == "recorded"


def test_recorded_draw_cannot_be_given_up(setting: Setting) -> None:
    draw = setting.recorded()

    with pytest.raises(Refused, match="recorded"):
        prepare.void(setting.session, draw.id, "Regret.", actor=setting.officer, now=NOW)


def test_draw_no_longer_holds_when_a_review_moved(setting: Setting) -> None:
    draw = setting.prepared()
    state = draw.announcement["lots"][0]["state"]
    steps.take(
        setting.session, setting.review(state).id, "defer", actor=setting.officer, now=NOW,
        given={"justification": "Specimen."},
    )  # fmt: skip

    with pytest.raises(Refused, match=state):
        prepare.publish(setting.session, draw.id, actor=setting.officer, now=NOW)

    assert draw.state == "prepared"


def test_reviews_stand_still_while_a_draw_is_public(setting: Setting) -> None:
    draw = setting.prepared()
    prepare.publish(setting.session, draw.id, actor=setting.officer, now=NOW)
    state = draw.announcement["lots"][0]["state"]

    for step, given in (
        ("defer", {"justification": "Specimen."}),
        (
            "assign_reviewers",
            {"first": "GHA", "second": "ITA", "session": "x", "drawn_on": "2011-07-01"},
        ),
    ):
        with pytest.raises(Refused, match="is published"), setting.session.begin_nested():
            steps.take(
                setting.session, setting.review(state).id, step, actor=setting.officer, now=NOW,
                given=given,
            )  # fmt: skip


def test_cycle_may_allow_mutual_reviews(setting: Setting) -> None:
    setting.cycle.lot_rules = {"no_mutual": False}
    first, second, *_ = drawing.codes()
    for state, other in ((first, second), (second, first)):
        steps.take(
            setting.session, setting.review(state).id, "assign_reviewers", actor=setting.officer,
            now=NOW,
            given={
                "first": other,
                "second": drawing.codes()[-1],
                "session": "Specimen session",
                "drawn_on": "2011-07-01",
            },
        )  # fmt: skip

    assert setting.pairs()[first][0] == second
    assert setting.pairs()[second][0] == first


# Lot by lot ------------------------------------------------------------------------------------


def test_same_request_again_draws_nothing(setting: Setting) -> None:
    draw = setting.opened()
    first = conduct.draw_next(setting.session, draw.id, 1, actor=setting.officer, now=NOW)

    again = conduct.draw_next(setting.session, draw.id, 1, actor=setting.officer, now=NOW)

    assert (first.new, again.new) == (True, False)
    assert again.entry == first.entry
    assert len(conduct.entries(setting.session, draw)) == 1


def test_somebody_else_is_told_what_was_drawn(setting: Setting) -> None:
    draw = setting.opened()
    first = conduct.draw_next(setting.session, draw.id, 1, actor=setting.officer, now=NOW)

    with pytest.raises(Conflict) as other:
        conduct.draw_next(setting.session, draw.id, 1, actor=setting.administrator, now=NOW)

    assert other.value.stands == first.entry
    assert other.value.by == setting.officer.title


def test_lots_are_the_same_one_by_one_and_in_one_go(setting: Setting) -> None:
    draw = setting.opened()
    session, officer = setting.session, setting.officer
    with session.begin_nested() as undone:
        conduct.draw_rest(session, draw.id, actor=officer, now=NOW)
        at_once = conduct.entries(session, draw)
        undone.rollback()
    session.expire_all()

    for number in range(1, len(at_once) + 1):
        drawn = conduct.draw_next(session, draw.id, number, actor=officer, now=NOW)
    assert drawn.last
    assert conduct.entries(session, draw) == at_once
    assert conduct.draw_rest(session, draw.id, actor=officer, now=NOW) == []


# Years -----------------------------------------------------------------------------------------


def test_draw_of_the_years_selects_every_state(session: Session) -> None:
    setting = drawing.setting(session, reviews=False)

    draw = setting.recorded(year=0)

    reviews = session.scalars(sa.select(Review)).all()
    assert {one.iso3 for one in reviews} == set(drawing.codes())
    sizes = Counter(one.year for one in reviews)
    assert max(sizes.values()) - min(sizes.values()) <= 1
    assert draw.transcript is not None
    assert drawn_anew(draw.transcript) == draw.transcript
    with pytest.raises(Refused, match="has its year"):
        setting.prepared(year=0)


def test_volunteers_have_their_year_and_placed_states_keep_theirs(session: Session) -> None:
    setting = drawing.setting(session, reviews=False)
    volunteer, placed, *_ = drawing.codes()
    session.add(CycleParty(cycle_id=setting.cycle.id, iso3=volunteer, volunteers_for=3))
    world.review(session, setting.cycle, placed, year=4)
    session.flush()

    setting.recorded(year=0)

    assert setting.review(volunteer).year == 3
    assert setting.review(placed).year == 4
    sizes = Counter(one.year for one in session.scalars(sa.select(Review)))
    assert sum(sizes.values()) == len(drawing.codes())
    assert max(sizes.values()) - min(sizes.values()) <= 1
