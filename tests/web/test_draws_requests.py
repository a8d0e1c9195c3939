"""Requests of States about their lots, and what a repair would change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db
from review.models import LotRequest, Review, Reviewer
from tests.services.drawing import NOW
from tests.web.drawing import Stage, post
from tests.web.office import soup, words


@pytest.fixture
def stage(app: Flask) -> Iterator[Stage]:
    with clock.frozen(NOW):
        made = Stage(app)
        made.recorded()
        yield made


def review() -> Review:
    with db.reading() as session:
        found = session.scalars(sa.select(Review).where(Review.year == 1)).first()
        assert found is not None
        session.expunge_all()
    return found


def requests() -> int:
    with db.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(LotRequest)) or 0


def good(**more: str) -> dict[str, str]:
    found = {
        "kind": "repeat",
        "review": str(review().id),
        "slots": "1",
        "received_on": "2011-07-11",
        "reason": "Specimen reason.",
    }
    return found | more


def test_a_request_waits_and_is_taken_back(stage: Stage) -> None:
    client = stage.browser("officer")
    answer = post(client, "/cycles/1/draws/request", **good(slots="1,2"))
    assert answer.location == "/cycles/1/draws#requests"
    page = soup(client, "/cycles/1/draws")
    row = words(page, "section:has(#requests) tbody tr")[0]
    assert "both reviewing States" in row
    assert "waits for a draw" in row
    assert "Year 1: Repeats that States asked for" in words(page, ".next-draws li p")
    form = page.select_one("form[action$='/take-back']")
    assert form is not None
    assert post(client, str(form["action"])).status_code == 303
    page = soup(client, "/cycles/1/draws")
    assert "taken back" in words(page, "section:has(#requests) tbody tr")[0]
    answer = post(client, str(form["action"]))
    page = soup(client, answer.location.partition("#")[0])
    assert "taken back already" in words(page, "#messages")[0]


def test_a_third_repeat_needs_exceptional_circumstances(stage: Stage) -> None:
    client = stage.browser("officer")
    with db.transaction() as session:
        officer = stage.people["officer"].id
        session.add_all(
            LotRequest(
                kind="repeat",
                review_id=review().id,
                slots=[1],
                received_on=NOW.date(),
                recorded_by=officer,
                recorded_at=NOW,
                draw_id=1,
            )
            for _time in range(2)
        )
    page = soup(client, "/cycles/1/draws/request")
    assert "2 of 2 repeats used" in page.get_text()
    answer = post(client, "/cycles/1/draws/request", **good())
    assert answer.status_code == 422
    assert "exceptional circumstances" in answer.text
    assert requests() == 2
    sent = good(exceptional_reason="Specimen circumstances.")
    assert post(client, "/cycles/1/draws/request", **sent).status_code == 303
    assert requests() == 3


@pytest.mark.parametrize(
    "sent",
    [
        {"kind": "other"},
        {"review": "999"},
        {"review": ""},
        {"slots": "3"},
        {"received_on": "soon"},
        {"received_on": "2031-07-11"},
        {"kind": "withdrawal", "slots": "1,2"},
        {"kind": "withdrawal", "reason": ""},
        {"reason": "x" * 1001},
    ],
)
def test_a_wrong_request_is_told_and_not_kept(stage: Stage, sent: dict[str, str]) -> None:
    answer = post(stage.browser("officer"), "/cycles/1/draws/request", **good(**sent))
    assert answer.status_code == 422
    assert "Please mend" in answer.text
    assert requests() == 0


def test_only_the_secretariat_records_and_takes_back(stage: Stage) -> None:
    post(stage.browser("officer"), "/cycles/1/draws/request", **good())
    delegate = stage.browser("delegate")
    assert post(delegate, "/cycles/1/draws/request", **good()).status_code == 403
    assert post(delegate, "/cycles/1/draws/requests/1/take-back").status_code == 403
    soup(stage.browser("officer"), "/cycles/1/draws/requests/1/take-back", 405)
    answer = post(stage.browser("officer"), "/cycles/1/draws/requests/999/take-back")
    assert answer.status_code == 404
    assert requests() == 1


def test_the_assistant_says_that_no_other_pair_changes(stage: Stage) -> None:
    client = stage.browser("officer")
    state = review().iso3
    page = soup(client, f"/cycles/1/draws/repair?event=place&state={state}&place=1")
    assert words(page, ".light-word") == ["No other pair changes"]
    rows = words(page, "section:has(#answer) tbody tr")
    assert len(rows) == 1
    with db.reading() as session:
        held = session.scalars(
            sa.select(Reviewer).where(Reviewer.review_id == review().id, Reviewer.slot == 1)
        ).one()
        name = held.state.name
        assert session.scalar(sa.select(sa.func.count()).select_from(LotRequest)) == 0
    assert name in rows[0]
    assert not rows[0].endswith(name), "the State that stood is not drawn again"


def test_the_assistant_names_the_places_of_a_state_that_withdraws(stage: Stage) -> None:
    client = stage.browser("officer")
    with db.reading() as session:
        gone = session.scalars(sa.select(Reviewer.iso3)).first()
        places = session.scalars(sa.select(Reviewer).where(Reviewer.iso3 == gone)).all()
    page = soup(client, f"/cycles/1/draws/repair?event=withdrawal&state={gone}")
    asked = page.select("section:has(#answer) table")[0]
    assert len(asked.select("tbody tr")) == len(places)


@pytest.mark.parametrize("query", ["event=deferral&state={state}", "event=place&state={other}"])
def test_the_assistant_answers_what_can_and_cannot_happen(stage: Stage, query: str) -> None:
    state = review().iso3
    with db.reading() as session:
        other = session.scalars(sa.select(Review.iso3).where(Review.year == 2)).first()
    page = soup(
        stage.browser("officer"),
        "/cycles/1/draws/repair?" + query.format(state=state, other=other),
    )
    if "deferral" in query:
        assert page.select(".light-yes, .note-warn")
        assert len(page.select("section:has(#answer) table")[0].select("tbody tr")) == 2
    else:
        assert "cannot happen" in page.get_text()


def test_an_address_that_means_nothing_is_left_out(stage: Stage) -> None:
    page = soup(stage.browser("officer"), "/cycles/1/draws/repair?event=boom&state=XXX&place=7")
    assert "left out" in page.get_text()
    assert not page.select("#answer")
