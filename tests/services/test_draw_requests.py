"""Repeats, withdrawals and their draws: what is drawn anew, what stays, who may come back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Audit, LotRequest, Outbox, Reviewer
from review.services import steps
from review.services.draws import assignment, prepare, requests
from review.services.draws.assignment import Assignment
from review.services.draws.orders import Purpose
from review.services.draws.requests import RequestGiven
from review.services.errors import InvalidGiven, NotFound, Refused
from review.services.queries import lot_requests
from tests.services import drawing
from tests.services.drawing import NOW, Setting


@pytest.fixture
def drawn(session: Session) -> Setting:
    """The first year is drawn and recorded."""
    setting = drawing.setting(session)
    setting.recorded()
    return setting


def state_of(setting: Setting) -> str:
    return next(iter(sorted(code for code, pair in setting.pairs().items() if all(pair))))


def ask(setting: Setting, state: str, *slots: int, **more: Any) -> LotRequest:
    given = RequestGiven(slots, "Specimen reason.", NOW.date(), **more)
    review_id = setting.review(state).id
    return requests.ask_repeat(setting.session, review_id, given, actor=setting.officer, now=NOW)


def withdraw(setting: Setting, state: str, *slots: int, reason: str = "Specimen.") -> LotRequest:
    given = RequestGiven(slots, reason, NOW.date())
    review_id = setting.review(state).id
    return requests.ask_replacement(
        setting.session, review_id, given, actor=setting.officer, now=NOW
    )


@pytest.mark.parametrize("slots", [(1,), (2,), (1, 2)])
def test_repeat_changes_what_was_asked_and_nothing_else(
    drawn: Setting, slots: tuple[int, ...]
) -> None:
    before = drawn.pairs()
    state = state_of(drawn)
    request = ask(drawn, state, *slots)

    draw = drawn.recorded(purpose=Purpose.REPEAT)

    after = drawn.pairs()
    for slot in (1, 2):
        changed = after[state][slot - 1] != before[state][slot - 1]
        assert changed == (slot in slots)
    assert not {after[state][slot - 1] for slot in slots} & set(before[state])
    del before[state], after[state]
    assert after == before
    assert request.draw_id == draw.id
    assert {(lot["state"], lot["slot"]) for lot in draw.announcement["lots"]} == {
        (state, slot) for slot in slots
    }


def test_former_reviewing_state_is_told_once(drawn: Setting) -> None:
    state = state_of(drawn)
    gone = drawn.pairs()[state][1]
    ask(drawn, state, 2)

    drawn.recorded(purpose=Purpose.REPEAT)

    told = sa.select(Outbox).where(Outbox.notice == "reviewer_released")
    (mail,) = drawn.session.scalars(told)
    assert mail.address == f"mission@{str(gone).lower()}.example"
    assert (mail.params["for_state"], mail.params["state"]) == (gone, state)


def test_place_that_is_not_drawn_anew_keeps_its_origin(drawn: Setting) -> None:
    state = state_of(drawn)
    review_id = drawn.review(state).id
    in_force = sa.select(Reviewer).where(
        Reviewer.review_id == review_id, Reviewer.voided_at.is_(None)
    )
    other = drawn.session.scalars(in_force.where(Reviewer.slot == 2)).one()
    other.session, other.basis = "An earlier session", "documented"
    drawn.session.flush()
    ask(drawn, state, 1)

    drawn.recorded(purpose=Purpose.REPEAT)

    rows = {row.slot: (row.session, row.basis) for row in drawn.session.scalars(in_force)}
    assert rows == {1: ("Specimen session", "drawn"), 2: ("An earlier session", "documented")}


def test_rule_can_let_drawn_states_return(drawn: Setting) -> None:
    drawn.cycle.lot_rules = {"repeat_returns_drawn": True}
    ask(drawn, state_of(drawn), 1, 2)

    draw = drawn.prepared(purpose=Purpose.REPEAT)

    assert {tuple(lot["without"]) for lot in draw.announcement["lots"]} == {()}


def test_state_that_withdrew_is_not_drawn_again_whatever_the_rule(drawn: Setting) -> None:
    drawn.cycle.lot_rules = {"repeat_returns_drawn": True}
    state = state_of(drawn)
    gone = drawn.pairs()[state][0]
    withdraw(drawn, state, 1)

    draw = drawn.recorded(purpose=Purpose.REPLACEMENT)

    assert [lot["without"] for lot in draw.announcement["lots"]] == [[gone]]
    assert drawn.pairs()[state][0] not in (None, gone)


def test_third_repeat_needs_exceptional_circumstances(drawn: Setting) -> None:
    state = state_of(drawn)
    for _time in range(2):
        ask(drawn, state, 2)
        drawn.recorded(purpose=Purpose.REPEAT)

    with pytest.raises(InvalidGiven) as refused:
        ask(drawn, state, 2)
    assert set(refused.value.errors) == {"exceptional_reason"}
    assert requests.repeats(drawn.session, drawn.review(state)) == 2

    ask(drawn, state, 2, exceptional_reason="Specimen circumstances.")
    assert drawn.recorded(purpose=Purpose.REPEAT).state == "recorded"


def test_request_taken_back_counts_for_nothing(drawn: Setting) -> None:
    state = state_of(drawn)
    request = ask(drawn, state, 1)

    requests.take_back(drawn.session, request.id, actor=drawn.officer, now=NOW)

    assert requests.repeats(drawn.session, drawn.review(state)) == 0
    with pytest.raises(Refused, match="nothing to draw"):
        drawn.prepared(purpose=Purpose.REPEAT)
    with pytest.raises(InvalidGiven, match="taken back already"):
        requests.take_back(drawn.session, request.id, actor=drawn.officer, now=NOW)
    verbs = drawn.session.scalars(
        sa.select(Audit.verb).where(Audit.review_id == drawn.review(state).id).order_by(Audit.id)
    ).all()
    assert verbs[-2:] == ["repeat_asked", "request_taken_back"]


def test_request_of_a_draw_that_is_given_up_waits_again(drawn: Setting) -> None:
    request = ask(drawn, state_of(drawn), 1)
    draw = drawn.prepared(purpose=Purpose.REPEAT)
    with pytest.raises(InvalidGiven, match="prepared or held"):
        requests.take_back(drawn.session, request.id, actor=drawn.officer, now=NOW)

    prepare.void(drawn.session, draw.id, "", actor=drawn.officer, now=NOW)

    drawn.session.expire_all()
    assert request.draw_id is None
    assert drawn.recorded(purpose=Purpose.REPEAT).state == "recorded"


@pytest.mark.parametrize(
    ("slots", "text"),
    [((), "first place"), ((3,), "first place")],
)
def test_places_that_do_not_exist_are_refused(
    drawn: Setting, slots: tuple[int, ...], text: str
) -> None:
    with pytest.raises(InvalidGiven, match=text):
        ask(drawn, state_of(drawn), *slots)


def test_requests_that_make_no_sense_are_refused(drawn: Setting) -> None:
    state = state_of(drawn)
    waiting = next(code for code, pair in drawn.pairs().items() if not any(pair))
    with pytest.raises(InvalidGiven, match="Nobody is drawn"):
        ask(drawn, waiting, 1)
    with pytest.raises(InvalidGiven, match="reason"):
        withdraw(drawn, state, 1, reason=" ")
    with pytest.raises(InvalidGiven, match="that withdraws"):
        withdraw(drawn, state, 1, 2)
    with pytest.raises(NotFound):
        requests.take_back(drawn.session, 999_999, actor=drawn.officer, now=NOW)
    ask(drawn, state, 1)
    with pytest.raises(InvalidGiven, match="waits already"):
        withdraw(drawn, state, 1)


def test_request_for_a_review_that_was_deferred_asks_for_nothing(drawn: Setting) -> None:
    state = state_of(drawn)
    ask(drawn, state, 1)
    steps.take(
        drawn.session, drawn.review(state).id, "defer", actor=drawn.officer, now=NOW,
        given={"justification": "Specimen."},
    )  # fmt: skip

    with pytest.raises(Refused, match="nothing to draw"):
        drawn.prepared(2, Purpose.REPEAT)
    assert drawn.recorded(2, Purpose.DEFERRED).state == "recorded"
    assert all(drawn.pairs()[state])


def test_review_that_has_begun_keeps_its_reviewing_states(drawn: Setting) -> None:
    state = state_of(drawn)
    drawing.start(drawn, state)

    with pytest.raises(InvalidGiven, match="has begun"):
        ask(drawn, state, 1)


def test_pages_know_what_waits(drawn: Setting) -> None:
    state = state_of(drawn)
    ask(drawn, state, 1, 2)

    (row,) = lot_requests.requests(drawn.session, drawn.cycle)
    assert (row.state, row.slots, row.waiting) == (state, (1, 2), True)
    choices = {
        (one.year, one.purpose): one.lots
        for one in lot_requests.choices(drawn.session, drawn.cycle, NOW)
    }
    assert choices[1, Purpose.REPEAT] == 2
    assert choices[2, Purpose.REGULAR] == 10
    assert (1, Purpose.REGULAR) not in choices
    askable = {one.state: one.repeats for one in lot_requests.askable(drawn.session, drawn.cycle)}
    assert askable[state] == 1


def test_states_exchange_their_reviewers_in_one_repeat(session: Session) -> None:
    """Who is released from one review may be drawn for the State that they reviewed."""
    setting = drawing.setting(session)
    first, second, third, *_ = drawing.codes()
    for state, reviewer in ((first, second), (second, third), (third, first)):
        review = setting.review(state)
        review.year = 1
        for slot, code in ((1, reviewer), (2, drawing.codes()[8])):
            session.add(Reviewer(review_id=review.id, slot=slot, iso3=code, basis="drawn"))
        session.flush()
    turned = {first: third, second: first, third: second}
    assignment.assign(
        session,
        setting.cycle,
        [Assignment(state, {1: reviewer}) for state, reviewer in turned.items()],
        held="Specimen session",
        drawn_on=NOW.date(),
        actor=setting.officer,
        now=NOW,
    )

    session.expire_all()
    pairs = setting.pairs()
    assert {state: pairs[state][0] for state in turned} == turned
