"""More time for the answer to a question: asked for, granted, refused, each told by mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.test_delivery import rows
from tests.services.test_resending import Mails, _mails, said
from tests.world import World

DAY = timedelta(days=1)
GIVEN = {"milestone": "question_answered:1", "reason": "Specimen."}


@pytest.fixture
def asked(database: str) -> Mails:
    """The focal point was asked a question and asks for more time; those mails have left."""
    made = _mails("desk_review")
    with made.work() as w:
        provision = w.seen().provisions(1)[0]
        by = (w.now + 20 * DAY).date().isoformat()
        w.take("ask_for_information", w.expert_1, provision=provision, text="Why?", answer_by=by)
    with made.work() as w:
        w.take("ask_extension", w.focal_point, new_date=later(w, 30), **GIVEN)
    made.drain()
    return made


def later(w: World, days: int) -> str:
    return (w.now + days * DAY).date().isoformat()


def grant(w: World) -> None:
    w.take("grant_extension", w.officer, new_date=later(w, 27), **GIVEN)


def refuse(w: World) -> None:
    w.take("refuse_extension", w.officer, **GIVEN)


def test_the_secretariat_is_told_that_more_time_is_asked_for(asked: Mails) -> None:
    assert [row.error for row in rows() if row.notice == "extension_asked"] == [""]
    assert not rows("failed")


@pytest.mark.parametrize(
    ("decide", "notice"), [(grant, "date_changed"), (refuse, "extension_refused")]
)
def test_who_asked_is_told_what_was_decided(
    asked: Mails, decide: Callable[[World], None], notice: str
) -> None:
    with asked.work() as w:
        decide(w)
        address = w.focal_point.email
    asked.post.taken.clear()
    asked.drain()
    assert not rows("failed")
    told = [said(message) for to, message in asked.post.taken if to == address]
    (words,) = told
    with asked.work() as w:
        on = w.seen().facts.due["question_answered", 1]
    assert f"{on.day} {on:%b %Y}, end of day in Lusaka" in words
    assert "Question answered, no. 1" in words
    assert "/t/" in words or "/task" in words
    assert asked.newest(notice, address).state == "sent"
