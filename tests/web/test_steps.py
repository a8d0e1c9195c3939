"""The pages of steps: what is offered, asked, confirmed, refused; nothing happens on a GET."""

from __future__ import annotations

from datetime import date, timedelta
from gettext import NullTranslations
from typing import Any

import pytest
import sqlalchemy as sa
from babel import Locale
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from review import clock, db
from review.dates import Dates
from review.models import Audit, Outbox, Person, Review
from review.services import snapshot
from tests import world
from tests.web.built import built
from tests.web.conftest import sign_in
from tests.world import World
from workflows.spec import Party

STOP = world.STOPPED | {"reason": "Elections", "until": "2011-12-31"}


class Site:
    """A review at some stage and people who use its pages."""

    def __init__(self, app: Flask, stage: str) -> None:
        self.world = built(app, f"site_{stage}", lambda session: _build(session, stage))
        self.id = self.world.review_id
        self.people: dict[str, Person] = dict(self.world.people) | {"officer": self.world.officer}
        self.app = app
        self.now = self.world.now + timedelta(days=2)

    def browser(self, who: str) -> FlaskClient:
        client = self.app.test_client()
        assert sign_in(client, self.people[who], world.PASSWORD).status_code == 302
        return client

    def page(self, client: FlaskClient, step: str) -> BeautifulSoup:
        answer = client.get(self.path(step))
        assert answer.status_code == 200
        return BeautifulSoup(answer.data, "html.parser")

    def path(self, step: str) -> str:
        return f"/reviews/{self.id}/steps/{step}"

    def send(self, client: FlaskClient, step: str, **given: str) -> Any:
        """Open the form of a step as a person does, and send it to where it points."""
        page = self.page(client, step)
        form = page.select_one("main form.panel")
        assert form is not None
        fields = {
            str(one["name"]): str(one.get("value", "")) for one in form.select("input[type=hidden]")
        }
        return client.post(str(form["action"]), data=fields | given)

    def review(self) -> Review:
        with db.reading() as session:
            found = session.get_one(Review, self.id)
            session.expunge_all()
        return found


def _build(session: Session, stage: str) -> World:
    made = world.advance(world.world(session), stage)
    made.people["stranger"] = world.person(session, "focal_point", "PNG", "focal_point")
    return made


@pytest.fixture
def site(app: Flask, request: pytest.FixtureRequest) -> Any:
    """A site in the stage named by the test; its clock stands two days after the last step."""
    made = Site(app, getattr(request, "param", "country_dialogue"))
    with clock.frozen(made.now):
        yield made


def _counts() -> tuple[int, int]:
    with db.reading() as session:
        return (
            session.scalar(sa.select(sa.func.count(Audit.id))) or 0,
            session.scalar(sa.select(sa.func.count(Outbox.id))) or 0,
        )


def test_opening_a_step_changes_nothing(site: Site) -> None:
    client = site.browser("focal_point")
    before = (site.review().version, _counts())
    site.page(client, "agree_means")
    assert (site.review().version, _counts()) == before


def test_step_is_taken_from_its_form(site: Site) -> None:
    answer = site.send(site.browser("focal_point"), "agree_means", means="country_visit")
    assert answer.status_code == 302
    assert answer.location == f"/reviews/{site.id}"
    assert site.review().means == "country_visit"


def test_page_says_who_is_told(site: Site) -> None:
    text = site.page(site.browser("focal_point"), "agree_means").get_text()
    assert "A message goes to Zimbabwe and Italy." in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "This is required."),
        ({"means": "by carrier pigeon"}, "Choose one of the list."),
    ],
)
def test_wrong_input_is_explained_and_nothing_changes(
    site: Site, given: dict[str, str], said: str
) -> None:
    before = site.review().version
    answer = site.send(site.browser("focal_point"), "agree_means", note="A kept word", **given)
    assert answer.status_code == 422
    assert said in answer.text
    assert "A kept word" in answer.text
    assert site.review().version == before


@pytest.mark.parametrize("who", ["stranger", "expert_1"])
def test_step_of_others_is_not_there(site: Site, who: str) -> None:
    client = site.browser(who)
    assert client.get(site.path("agree_means")).status_code == 404


def test_unknown_step_is_not_there(site: Site) -> None:
    assert site.browser("officer").get(site.path("no_such_step")).status_code == 404


def test_closed_step_says_why_and_who_can_change_it(site: Site) -> None:
    page = site.page(site.browser("officer"), "close_dialogue")
    text = page.get_text(" ", strip=True)
    assert "The State under review has not agreed the means of dialogue yet." in text
    assert "Zambia can change that." in text
    button = page.select_one("main form.panel button")
    assert button is not None
    assert button["aria-disabled"] == "true"


def test_closed_step_cannot_be_forced(site: Site) -> None:
    answer = site.send(site.browser("officer"), "close_dialogue", note="A kept word")
    assert answer.status_code == 409
    assert "has not agreed the means of dialogue" in answer.text
    assert site.review().stage == "country_dialogue"


def test_stale_form_tells_what_changed_and_keeps_the_text(site: Site) -> None:
    client, other = site.browser("focal_point"), site.browser("officer")
    page = site.page(client, "agree_means")
    fields = {
        str(i["name"]): str(i.get("value", "")) for i in page.select("main form input[type=hidden]")
    }
    assert site.send(other, "suspend", **STOP).status_code == 200
    confirm = site.send(other, "suspend", **STOP)
    hidden = BeautifulSoup(confirm.data, "html.parser").select("main form input[type=hidden]")
    other.post(site.path("suspend"), data={str(i["name"]): str(i["value"]) for i in hidden})
    assert site.review().suspended_at is not None

    answer = client.post(
        site.path("agree_means"),
        data=fields | {"means": "remote", "note": "A long word that must not be lost"},
    )
    assert answer.status_code == 409
    assert "A long word that must not be lost" in answer.text
    assert site.review().means == ""


@pytest.mark.parametrize("version", ["", "-1", "abc", "9" * 30, "1.5"])
def test_broken_version_counts_as_out_of_date(site: Site, version: str) -> None:
    client = site.browser("focal_point")
    page = site.page(client, "agree_means")
    fields = {
        str(i["name"]): str(i.get("value", "")) for i in page.select("main form input[type=hidden]")
    }
    answer = client.post(
        site.path("agree_means"), data=fields | {"version": version, "means": "remote"}
    )
    assert answer.status_code == 409
    assert site.review().means == ""


def test_grave_step_is_confirmed_first(site: Site) -> None:
    client = site.browser("officer")
    confirm = site.send(client, "suspend", **STOP)
    assert confirm.status_code == 200
    page = BeautifulSoup(confirm.data, "html.parser")
    assert "Confirm" in page.get_text()
    assert "Elections" in page.get_text()
    assert site.review().suspended_at is None

    form = page.select_one("main form.panel")
    assert form is not None
    fields = {str(i["name"]): str(i["value"]) for i in form.select("input[type=hidden]")}
    assert client.post(str(form["action"]), data=fields).status_code == 302
    assert site.review().suspended_at is not None


def test_a_stop_shows_what_moves_before_it_begins_and_before_it_ends(site: Site) -> None:
    officer = site.browser("officer")
    with db.reading() as session:
        seen = snapshot.load(session, site.id, site.now)
    due = seen.facts.due["report_agreed", 0]
    last = site.now.date() + timedelta(days=20)
    given = STOP | {"approved_by": "Specimen office", "until": last.isoformat()}
    confirm = BeautifulSoup(site.send(officer, "suspend", **given).data, "html.parser")
    then = Dates(Locale("en"), NullTranslations()).day(_working(seen, due + timedelta(days=21)))  # type: ignore[arg-type]
    row = next(r for r in confirm.select("table tr") if "Report agreed by all three" in r.text)
    assert then in " ".join(row.text.split())
    assert "days later" in confirm.get_text()
    shown = Dates(Locale("en"), NullTranslations()).day(last)  # type: ignore[arg-type]
    assert shown in confirm.select_one("dl.facts").text  # type: ignore[union-attr]
    hidden = confirm.select("main form input[type=hidden]")
    officer.post(site.path("suspend"), data={str(i["name"]): str(i["value"]) for i in hidden})

    page = officer.get(f"/reviews/{site.id}").text
    assert "It runs again by itself after" in page
    assert "Specimen office" in page
    with clock.frozen(site.now + timedelta(days=21)):
        before = site.page(site.browser("officer"), "resume")
    row = next(r for r in before.select("table tr") if "Report agreed by all three" in r.text)
    assert then in " ".join(row.text.split())
    assert "Specimen office" not in site.browser("stranger").get("/reviews").text


def _working(seen: snapshot.Snapshot, day: date) -> date:
    return seen.facts.calendar(Party.SECRETARIAT, 0).from_then_on(day)


def test_without_token_nothing_happens(site: Site) -> None:
    client = site.browser("focal_point")
    version = str(site.review().version)
    answer = client.post(site.path("agree_means"), data={"means": "remote", "version": version})
    assert answer.status_code == 400
    assert site.review().means == ""


@pytest.mark.parametrize(
    "to", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"]
)
def test_next_never_leads_elsewhere(site: Site, to: str) -> None:
    client = site.browser("focal_point")
    page = site.page(client, "agree_means")
    fields = {
        str(i["name"]): str(i.get("value", "")) for i in page.select("main form input[type=hidden]")
    }
    answer = client.post(site.path("agree_means"), data=fields | {"means": "remote", "next": to})
    assert answer.location == f"/reviews/{site.id}"


@pytest.mark.parametrize("site", ["selected"], indirect=True)
def test_offered_steps_open_and_others_are_greyed(site: Site) -> None:
    client = site.browser("officer")
    page = BeautifulSoup(client.get(f"/reviews/{site.id}").data, "html.parser")
    links = {a["href"] for a in page.select("main a[href*='/steps/']")}
    assert f"{site.path('assign_reviewers')}" in links
    assert f"{site.path('notify_start')}" not in links, "reviewers are not drawn yet"
    for href in links:
        assert client.get(str(href)).status_code == 200
