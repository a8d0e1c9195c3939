"""A cycle's page: counts by year and stage, how the data are known, States drawn for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db
from review.models import Audit, MilestoneDate, Review, Reviewer
from tests import world
from tests.web.office import NOW, Office, soup, token, words


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    with clock.frozen(NOW):
        yield made


def test_counts_by_year_and_stage(office: Office) -> None:
    page = soup(office.browser("officer"), "/cycles/1")
    lines = words(page, ".years tbody tr")
    assert lines[0].split("2010 ")[1] == "1 1 0 1 0 0 0 1 3"
    assert lines[1].split("2011 ")[1] == "1 1 0 0 0 0 0 0 2"
    assert words(page, ".years tfoot tr") == ["All years 2 2 0 1 0 0 0 1 5"]
    number = page.select(".years tbody tr td a")[0]
    assert number["href"] == "/reviews?cycle=1&year=1&stage=selected"


def test_the_current_cycle_is_the_latest_with_reviews(office: Office) -> None:
    with db.transaction() as session:
        world.cycle(session, 2)
    assert words(soup(office.browser("officer"), "/cycle"), "h1")[0].startswith("First cycle")
    with clock.frozen(NOW.replace(year=2017)):
        page = soup(office.browser("officer"), "/cycle")
    assert words(page, "h1")[0].startswith("First cycle")


def test_an_empty_cycle_says_so(office: Office) -> None:
    with db.transaction() as session:
        world.cycle(session, 2)
    page = soup(office.browser("officer"), "/cycles/2")
    assert "No State is drawn for this cycle yet" in page.get_text()
    assert "Preventive measures" in page.get_text()
    assert not page.select("figure")


def test_each_year_has_its_picture_once_it_has_begun(office: Office) -> None:
    page = soup(office.browser("officer"), "/cycles/1")
    assert len(page.select("figure svg[role=img]")) == 2
    identities = [one["id"] for one in page.select("svg title")]
    assert len(set(identities)) == len(identities)


def test_how_years_and_pairs_are_known(office: Office) -> None:
    with db.transaction() as session:
        session.execute(
            sa.update(Review).where(Review.id == office.ids["ZMB"]).values(year_basis="recalled")
        )
        session.execute(
            sa.update(Reviewer)
            .where(Reviewer.review_id == office.ids["MEX"])
            .values(basis="simulated")
        )
    client = office.browser("officer")
    known = words(soup(client, "/cycles/1"), "section:has(#known) tbody tr")
    assert known[0] == "Year 1 1 recalled 2 documented, 1 drawn by the simulation"
    assert known[1] == "Year 2 entered here 1 documented, 1 not drawn yet"
    board = soup(client, "/reviews?stage=all")
    assert "° recalled, not documented" in board.get_text()
    assert "~ simulated" in board.get_text()
    mexico = next(one for one in words(board, ".board tbody th") if one.startswith("Mexico"))
    assert mexico.count("(simulated)") == 2


@pytest.mark.parametrize("who", ["focal_point", "expert_1", "stranger"])
def test_only_the_secretariat_sees_a_cycle(office: Office, who: str) -> None:
    client = office.browser(who)
    for path in ("/cycle", "/cycles/1", "/cycles/9"):
        soup(client, path, 403)
    sent = {"csrf_token": token(soup(client, "/account")), "state": "BRA", "year": "1"}
    assert client.post("/cycles/1/reviews", data=sent).status_code == 403


@pytest.mark.parametrize("number", ["0", "9", "-1", "x", "99999999999999999999"])
def test_there_is_no_such_cycle(office: Office, number: str) -> None:
    soup(office.browser("officer"), f"/cycles/{number}", 404)


def test_a_drawn_state_is_recorded(office: Office) -> None:
    client = office.browser("officer")
    page = soup(client, "/cycles/1")
    offered = [str(one["value"]) for one in page.select("#state option")]
    assert "BRA" in offered
    assert "ZMB" not in offered, "no State is reviewed twice in a cycle"
    sent = {"csrf_token": token(page), "state": "BRA", "year": "2"}
    answer = client.post("/cycles/1/reviews", data=sent)
    assert answer.status_code == 302
    with db.reading() as session:
        made = session.scalars(sa.select(Review).where(Review.iso3 == "BRA")).one()
        assert (made.stage, made.year) == ("selected", 2)
        assert answer.location == f"/reviews/{made.id}"
        dates = sa.select(sa.func.count()).where(MilestoneDate.review_id == made.id)
        assert session.scalar(dates)
        kept = session.scalars(sa.select(Audit).where(Audit.review_id == made.id)).one()
        assert (kept.verb, kept.person_id) == ("review_created", office.people["officer"].id)
    again = client.post("/cycles/1/reviews", data=sent)
    assert again.status_code == 422


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"state": "BRA"},
        {"state": "XXX", "year": "1"},
        {"state": "BRA", "year": "9"},
        {"state": "ZMB", "year": "1"},
    ],
)
def test_a_wrong_entry_is_told_at_its_field(office: Office, sent: dict[str, str]) -> None:
    client = office.browser("officer")
    fields = {"csrf_token": token(soup(client, "/cycles/1")), **sent}
    answer = client.post("/cycles/1/reviews", data=fields)
    assert answer.status_code == 422
    assert "Please mend" in answer.text
