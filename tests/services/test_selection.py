"""Who may review whom (ToR 18-21)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Review, Reviewer, State
from review.services.errors import InvalidGiven
from tests import world

DRAW = {"first": "ZWE", "second": "ITA", "session": "First session", "drawn_on": "2011-07-01"}


def draw(w: world.World, **other: str) -> None:
    given: dict[str, Any] = {**DRAW, **other}
    with w.session.begin_nested():
        w.take("assign_reviewers", w.officer, **given)


@pytest.mark.parametrize(
    ("other", "field", "text"),
    [
        ({"first": "ZMB"}, "first", "does not review itself"),
        ({"second": "ZMB"}, "second", "does not review itself"),
        ({"first": "ITA"}, "first", "same regional group"),
        ({"second": "ZWE"}, "second", "must be different"),
        ({"first": "XXX"}, "first", "not a State party"),
        ({"second": "DEU"}, "second", "not a State party"),
    ],
)
def test_draw_that_the_rules_exclude_is_refused(
    session: Session, other: dict[str, str], field: str, text: str
) -> None:
    w = world.world(session)
    world.states(session, "DEU")
    session.get_one(State, "DEU").ratified_on = date(2014, 11, 12)  # after this draw
    session.flush()

    with pytest.raises(InvalidGiven) as wrong:
        draw(w, **other)

    assert set(wrong.value.errors) == {field}
    assert text in wrong.value.errors[field]
    assert session.scalars(sa.select(Reviewer)).all() == []


def test_states_do_not_review_each_other(session: Session) -> None:
    w = world.world(session)
    other = world.review(session, session.get_one(Review, w.review_id).cycle, "ITA")
    session.add(Reviewer(review_id=other.id, slot=2, iso3="ZMB", basis="drawn"))
    session.flush()

    with pytest.raises(InvalidGiven, match="mutual reviews"):
        draw(w)
    for reviewer in session.scalars(sa.select(Reviewer)):
        reviewer.voided_at = w.now
    session.flush()
    draw(w)


def test_mutual_reviews_of_two_cycles_are_allowed(session: Session) -> None:
    w = world.world(session)
    other = world.review(session, world.cycle(session, 2), "ITA")
    session.add(Reviewer(review_id=other.id, slot=2, iso3="ZMB", basis="drawn"))
    session.flush()

    draw(w)


def test_new_draw_makes_the_former_void_and_keeps_it(session: Session) -> None:
    w = world.world(session)
    draw(w)

    draw(w, second="PNG", session="Second session")

    assert {slot: side.iso3 for slot, side in w.seen().sides.items()} == {
        0: "ZMB",
        1: "ZWE",
        2: "PNG",
    }
    session.expire_all()
    rows = session.scalars(sa.select(Reviewer).order_by(Reviewer.id)).all()
    assert [(row.iso3, row.session, row.voided_at is None) for row in rows] == [
        ("ZWE", "First session", False),
        ("ITA", "First session", False),
        ("ZWE", "Second session", True),
        ("PNG", "Second session", True),
    ]
