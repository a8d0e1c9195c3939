"""A review's page and my turn: each person sees their own, strangers see nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from review import clock, db
from review.models import MilestoneDate, State
from review.services import snapshot
from review.services.queries import step_choices
from tests.web.office import NOW, Office, soup
from tests.web.test_steps import Site, site  # noqa: F401 - the fixture
from workflows.spec import Actor, FieldKind, Who

STAGES = ["selected", "initial_steps", "self_assessment", "desk_review", "country_dialogue",
          "finalization", "completed"]  # fmt: skip
INSIDE = ["", "/history", "/process"]


@pytest.mark.parametrize("site", STAGES, indirect=True)
def test_every_stage_has_a_page_for_everybody_in_it(site: Any) -> None:  # noqa: F811
    for who in site.people:
        client = site.browser(who)
        for path in INSIDE:
            answer = client.get(f"/reviews/{site.id}{path}")
            assert answer.status_code == (404 if who == "stranger" else 200), (who, path)
        assert client.get("/my-turn").status_code == 200


def test_whose_turn_it_is(site: Any) -> None:  # noqa: F811
    page = BeautifulSoup(site.browser("officer").get(f"/reviews/{site.id}").data, "html.parser")
    heading = page.select_one("#next-step")
    assert heading is not None
    assert heading.get_text() == "Next, Zambia: Agree the means of dialogue"
    current = page.select_one(".stepper [aria-current=step] h2")
    assert current is not None
    assert "Country dialogue" in current.get_text()


def test_my_turn_names_the_state_the_act_and_the_date(site: Any) -> None:  # noqa: F811
    mine = BeautifulSoup(site.browser("focal_point").get("/my-turn").data, "html.parser")
    text = mine.get_text(" ", strip=True)
    assert "It is your turn: one thing to do" in text
    assert "Review of Zambia" in text
    assert "Agree the means of dialogue" in text
    theirs = site.browser("expert_1").get("/my-turn").text
    assert "Nothing waits for you" in theirs
    assert "Zambia" in theirs, "the review waits for others"


@pytest.mark.parametrize("site", ["self_assessment"], indirect=True)
def test_due_date_names_the_place_and_the_readers_own_hour(site: Any) -> None:  # noqa: F811
    text = site.browser("officer").get(f"/reviews/{site.id}").text
    assert "Tue 13 Sep 2011, end of day in Lusaka" in text


def test_stranger_learns_nothing(site: Any) -> None:  # noqa: F811
    client = site.browser("stranger")
    mine = client.get("/my-turn").text
    assert "Zambia" not in mine
    missing = client.get("/reviews/999999")
    hidden = client.get(f"/reviews/{site.id}")
    assert (missing.status_code, hidden.status_code) == (404, 404)


def test_only_the_secretariat_sees_mails_of_others(site: Any) -> None:  # noqa: F811
    own = site.browser("expert_1").get(f"/reviews/{site.id}/history?show=mails").text
    assert "focal_point" not in own
    all_of_them = site.browser("officer").get(f"/reviews/{site.id}/history?show=mails").text
    assert "focal_point" in all_of_them


def test_unknown_kind_of_history_is_refused(site: Any) -> None:  # noqa: F811
    assert site.browser("officer").get(f"/reviews/{site.id}/history?show=x").status_code == 404


@pytest.mark.parametrize(
    ("utc", "said"),
    [
        (datetime(2011, 8, 2, 3, 0, tzinfo=UTC), "on the day"),  # 22:00 of 1 August in Mexico
        (datetime(2011, 8, 2, 6, 0, tzinfo=UTC), "1 day after the date"),
        (datetime(2011, 8, 1, 3, 0, tzinfo=UTC), "1 day early"),
    ],
)
def test_what_is_done_in_time_where_it_is_owed_is_not_shown_as_late(
    app: Flask, utc: datetime, said: str
) -> None:
    made = Office(app)
    with db.transaction() as session:
        key = (made.ids["MEX"], "focal_point_nominated", 0)
        row = session.get_one(MilestoneDate, key)
        row.agreed_on, row.done_at = date(2011, 8, 1), utc
    with clock.frozen(NOW):
        page = soup(made.browser("officer"), f"/reviews/{made.ids['MEX']}")
    (line,) = (tr for tr in page.select("table.dates tr") if "ocal point" in tr.get_text())
    assert said in line.get_text()


def test_a_state_is_a_party_from_the_day_on_at_the_duty_station(app: Flask) -> None:
    made = Office(app)
    with db.transaction() as session:
        session.get_one(State, "ITA").ratified_on = date(2011, 8, 18)
        for hour, offered in ((21, False), (22, True)):  # midnight in Vienna
            at = datetime(2011, 8, 17, hour, 30, tzinfo=UTC)
            seen = snapshot.load(session, made.ids["PNG"], at)
            office = Who(Actor.SECRETARIAT, 0)
            choices = step_choices.choices(session, seen, FieldKind.STATE, office)
            assert ("ITA" in {one.value for one in choices}) == offered
