"""The pages of another date: what follows is shown first, without a script, and then done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.models import Audit, ExtensionRequest, MilestoneDate, Outbox, Review
from tests.web.office import NOW, Office, soup, words

DESK = "desk_review:2"
LATER = "2011-10-12"


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    with clock.frozen(NOW):
        yield made


def step(office: Office, name: str) -> str:
    return f"/reviews/{office.ids['ZMB']}/steps/{name}"


def state(office: Office) -> tuple[Any, ...]:
    with db.reading() as session:
        number = sa.select(sa.func.count()).select_from
        tables = (Audit, Outbox, ExtensionRequest)
        dates = session.execute(
            sa.select(MilestoneDate.key, MilestoneDate.slot, MilestoneDate.agreed_on).where(
                MilestoneDate.review_id == office.ids["ZMB"]
            )
        ).all()
        version = session.get_one(Review, office.ids["ZMB"]).version
        return version, sorted(map(tuple, dates)), [session.scalar(number(t)) for t in tables]


def send(client: FlaskClient, page: BeautifulSoup, action: str, **given: str) -> Any:
    """Fill in the form of a page that leads there, and send it as a browser does."""
    form = next(f for f in page.select("main form[method=post]") if str(f["action"]) == action)
    hidden = {str(i["name"]): str(i.get("value", "")) for i in form.select("input[type=hidden]")}
    return client.post(action, data=hidden | given)


def asked(office: Office, day: str = LATER) -> None:
    client = office.browser("expert_2")
    path = step(office, "ask_extension")
    page = soup(client, f"{path}?milestone={DESK}&new_date={day}")
    assert send(client, page, path, reason="Specimen of a reason.").status_code == 302


def test_showing_what_follows_changes_nothing(office: Office) -> None:
    client = office.browser("officer")
    before = state(office)
    page = soup(
        client,
        f"{step(office, 'grant_extension')}?milestone={DESK}&new_date=2012-02-01&moves=y",
    )
    text = page.get_text(" ", strip=True)
    assert "What follows from this date" in text
    assert "The review can be expected to end" in text
    assert state(office) == before


def test_nothing_can_be_granted_before_it_was_shown(office: Office) -> None:
    client, path = office.browser("officer"), step(office, "grant_extension")
    page = soup(client, path)
    assert not page.select("main form[method=post]")
    form = page.select_one("main form[method=get]")
    assert form is not None
    assert not form.select("[name=csrf_token]"), "a token does not belong in an address"
    assert page.select_one("[name=moves]")["checked"] is not None  # type: ignore[index]


def test_what_the_page_shows_is_what_then_stands(office: Office) -> None:
    client, path = office.browser("officer"), step(office, "grant_extension")
    page = soup(client, f"{path}?milestone={DESK}&new_date=2011-12-01&moves=y")
    rows = [[" ".join(c.get_text(" ").split()) for c in r.select("th, td")]
            for r in page.select("section.panel table tbody tr")]  # fmt: skip
    shown = {row[0]: row[3] for row in rows if "end of day" in row[3]}
    assert {"Desk review received", "Draft report circulated"} <= shown.keys()

    assert send(client, page, path, reason="Specimen.").status_code == 302

    cells = {}
    for row in soup(client, f"/reviews/{office.ids['ZMB']}").select("table.dates tbody tr"):
        name, *others = (" ".join(cell.get_text(" ").split()) for cell in row.select("th, td"))
        cells[name] = others[2]
    for label, then in shown.items():
        if label != "Desk review received":  # of which there are two
            day = next(value for name, value in cells.items() if label in name)
            assert day.partition(" end of day")[0] in then


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("milestone=desk_review:2&new_date=", "This is required."),
        ("milestone=&new_date=2011-12-01", "This is required."),
        ("milestone=desk_review:2&new_date=soon", "This is not a date."),
        ("milestone=desk_review:2&new_date=9999-01-01", "This year cannot be right."),
        ("milestone=desk_review:2&new_date=2011-01-01", "Choose a day after today."),
        ("milestone=nothing&new_date=2011-12-01", "Choose one of the list."),
    ],
)
def test_a_wrong_proposal_is_explained(office: Office, query: str, said: str) -> None:
    page = soup(office.browser("officer"), f"{step(office, 'grant_extension')}?{query}")
    assert said in page.get_text()
    assert not page.select("main form[method=post]")


def test_a_party_is_offered_only_what_it_owes(office: Office) -> None:
    page = soup(office.browser("expert_2"), step(office, "ask_extension"))
    offered = [str(one["value"]) for one in page.select("[name=milestone]")]
    assert offered == [DESK]
    link = soup(office.browser("expert_2"), f"/reviews/{office.ids['ZMB']}")
    assert "Need more time?" in link.get_text()


def test_a_request_needs_the_officer_and_is_answered_on_one_page(office: Office) -> None:
    asked(office)
    client = office.browser("officer")
    board = soup(client, "/reviews")
    told = next(one for one in board.select(".rows li") if "asks for another date" in one.text)
    assert "Italy" in told.text
    href = str(told.select_one("a")["href"])  # type: ignore[index]
    page = soup(client, href)
    text = page.get_text(" ", strip=True)
    assert "Specimen of a reason." in text
    assert "What follows from this date" in text
    assert "Or keep the date" in text

    path = step(office, "refuse_extension")
    assert send(client, page, path, reason="Specimen of an answer.").status_code == 302
    assert "asks for another date" not in soup(client, "/reviews").get_text()
    review = soup(client, f"/reviews/{office.ids['ZMB']}")
    assert "Refused by" in words(review, "[aria-labelledby=dates-changed] li")[0]


def test_a_shorter_date_is_granted_and_told_in_the_history(office: Office) -> None:
    asked(office)
    client, path = office.browser("officer"), step(office, "grant_extension")
    page = soup(client, f"{path}?milestone={DESK}&new_date=2011-10-05&moves=y")
    assert send(client, page, path, reason="Specimen.").status_code == 302
    page = soup(office.browser("expert_2"), f"/reviews/{office.ids['ZMB']}")
    history = words(page, "[aria-labelledby=dates-changed] li")
    assert len(history) == 1
    assert "for 12 Oct 2011 instead of" in history[0]
    assert "set 5 Oct 2011" in history[0]


def test_a_request_is_taken_back_from_its_page(office: Office) -> None:
    asked(office)
    client = office.browser("expert_2")
    page = soup(client, f"{step(office, 'ask_extension')}?milestone={DESK}")
    assert "Your side has asked already" in page.get_text()
    path = step(office, "take_back_request")
    assert send(client, soup(client, path), path, milestone=DESK).status_code == 302
    assert "Taken back on" in soup(client, f"/reviews/{office.ids['ZMB']}").get_text()


def test_others_cannot_ask_or_answer(office: Office) -> None:
    asked(office)
    for who, name in (("stranger", "ask_extension"), ("focal_point", "grant_extension"),
                      ("expert_1", "refuse_extension"), ("officer", "ask_extension")):  # fmt: skip
        assert office.browser(who).get(step(office, name)).status_code == 404


def test_a_page_that_is_out_of_date_grants_nothing(office: Office) -> None:
    client, path = office.browser("officer"), step(office, "grant_extension")
    page = soup(client, f"{path}?milestone={DESK}&new_date=2011-10-05")
    asked(office)
    before = state(office)
    assert send(client, page, path, reason="Specimen.").status_code == 409
    assert state(office) == before
