"""Whatever happens in a cycle, in whatever order: the rules hold, and every transcript repeats."""

from __future__ import annotations

from random import Random

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Draw, LotRequest, Review, Reviewer
from review.services import parties, steps
from review.services.draws import requests, rule_check
from review.services.draws.orders import Purpose
from review.services.draws.requests import RequestGiven
from review.services.errors import InvalidGiven, Refused
from tests.services import drawing
from tests.services.drawing import NOW, Setting
from workflows.announcement import Mode
from workflows.drawing import drawn_anew

EVENTS = 14


@pytest.mark.parametrize("seed", range(8))
def test_rules_hold_after_any_sequence(session: Session, seed: int) -> None:
    setting, chance = drawing.setting(session), Random(seed)
    happened: list[object] = []
    setting.recorded(chance.randint(1, 4))

    for _event in range(EVENTS):
        event = chance.choice([draw_year, draw_year, draw_requested, ask, ask, withdraw, defer])
        before = setting.pairs()
        try:
            with session.begin_nested():
                event(setting, chance)
        except (Refused, InvalidGiven):
            session.expire_all()
            assert setting.pairs() == before, "a refusal changes nothing"
            continue
        happened.append(event)
        session.expire_all()
        found = rule_check.rule_check(session, setting.cycle, NOW.date())
        assert [str(one.reason) for one in found.violations] == [], happened

    for one in session.scalars(sa.select(Draw)):
        assert one.state == "recorded"
        assert drawn_anew(one.transcript) == one.transcript
    slots = sa.select(Reviewer.review_id, Reviewer.slot).where(Reviewer.voided_at.is_(None))
    rows = list(session.execute(slots))
    assert len(rows) == len(set(rows))


def draw_year(setting: Setting, chance: Random) -> None:
    mode = chance.choice([Mode.LOT_BY_LOT, Mode.LOT_BY_LOT, Mode.WHOLE])
    setting.recorded(chance.randint(1, 4), mode=mode)


def draw_requested(setting: Setting, chance: Random) -> None:
    waiting = sa.select(LotRequest).where(LotRequest.draw_id.is_(None))
    for request in setting.session.scalars(waiting):
        year = setting.session.get_one(Review, request.review_id).year
        kind = Purpose.REPEAT if request.kind == "repeat" else Purpose.REPLACEMENT
        setting.recorded(year, kind)
        return


def ask(setting: Setting, chance: Random) -> None:
    review = setting.review(chance.choice(drawing.codes()))
    slots = chance.choice([(1,), (2,), (1, 2)])
    asks = requests.ask_repeat if chance.random() < 0.6 else requests.ask_replacement
    given = RequestGiven(slots, "Specimen.", NOW.date(), "Specimen circumstances.")
    asks(setting.session, review.id, given, actor=setting.officer, now=NOW)


def withdraw(setting: Setting, chance: Random) -> None:
    iso3 = chance.choice(drawing.codes())
    parties.withdraw(setting.session, 1, iso3, "Specimen.", actor=setting.officer, now=NOW)


def defer(setting: Setting, chance: Random) -> None:
    review = setting.review(chance.choice(drawing.codes()))
    steps.take(
        setting.session, review.id, "defer", actor=setting.officer, now=NOW,
        given={"justification": "Specimen."},
    )  # fmt: skip
