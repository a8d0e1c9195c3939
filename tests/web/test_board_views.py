"""The board narrowed, ordered, turned over and exported."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.models import Audit, Cycle, State
from review.services.queries import board, state_names
from review.services.setbacks import Setbacks
from review.web.csv_files import harmless
from tests import world
from tests.web.office import NOW, Office, soup, token, words

EVERYBODY = ["Albania", "Côte d'Ivoire", "Mexico", "Papua New Guinea", "Zambia"]


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    with clock.frozen(NOW):
        yield made


def names(page: BeautifulSoup) -> list[str]:
    return words(page, ".board tbody th a")


def ask(client: FlaskClient, query: str) -> list[str]:
    return names(soup(client, f"/reviews?{query}"))


# Filters


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("year=2", ["Albania", "Côte d'Ivoire"]),
        ("group=African+States", ["Zambia", "Côte d'Ivoire"]),
        ("stage=desk_review", ["Zambia"]),
        ("stage=selected", ["Côte d'Ivoire", "Papua New Guinea"]),
        ("turn=secretariat", ["Côte d'Ivoire", "Papua New Guinea"]),
        ("turn=state_under_review", ["Mexico"]),
        ("turn=reviewing_state", ["Mexico", "Zambia"]),
        ("turn=nobody", ["Albania"]),
        ("officer=none", ["Côte d'Ivoire"]),
        ("officer=me&year=1", ["Mexico", "Zambia", "Papua New Guinea"]),
        ("late=1", ["Mexico"]),
        ("q=cote", ["Côte d'Ivoire"]),
        ("q=C%C3%94TE+d", ["Côte d'Ivoire"]),
        ("q=Mexique", ["Mexico"]),
        ("q=المكسيك", ["Mexico"]),
        ("q=墨西哥", ["Mexico"]),
        ("q=alb&year=1", []),
        ("sort=state", EVERYBODY),
    ],
)
def test_filters_narrow_the_board(office: Office, query: str, found: list[str]) -> None:
    shown = ask(office.browser("officer"), query)
    assert sorted(shown) == sorted(found)
    if query == "sort=state":
        assert shown == found


def test_rows_come_in_the_order_asked_for(office: Office) -> None:
    client = office.browser("officer")
    assert ask(client, "sort=days")[-2:] == ["Côte d'Ivoire", "Papua New Guinea"]
    assert ask(client, "sort=due")[0] == "Mexico"


@pytest.mark.parametrize(
    "query",
    [
        "stage=nix",
        "year=abc",
        "year=99",
        "page=-1",
        "page=99999999999999999999",
        "group=Atlantis",
        "turn=%00",
        "officer=1%27--",
        "officer=123456",
        "sort=price",
        "late=yes",
        "cycle=9",
        "cycle=x",
        "rows=some",
    ],
)
def test_an_address_that_asks_for_nonsense_is_answered_calmly(office: Office, query: str) -> None:
    page = soup(office.browser("officer"), f"/reviews?{query}")
    assert words(page, ".note-warn"), query
    assert sorted(names(page)) == EVERYBODY


def test_empty_results_say_so_and_lead_back(office: Office) -> None:
    page = soup(office.browser("officer"), "/reviews?q=%00zzz%25_")
    assert "No review fits these filters" in page.get_text()
    assert page.find("a", string="Clear the filters")


def test_a_cycle_without_reviews_says_what_will_stand_there(office: Office) -> None:
    with db.transaction() as session:
        world.cycle(session, 2)
    page = soup(office.browser("officer"), "/reviews?cycle=2")
    assert "No review stands here yet" in page.get_text()


# Many rows


def many(session_count: int = 70) -> None:
    with db.transaction() as session:
        cycle = session.query(Cycle).one()
        for number in range(session_count):
            iso3 = f"{chr(88)}{chr(65 + number // 26)}{chr(65 + number % 26)}"
            session.add(
                State(
                    iso3=iso3,
                    name=f"Specimen State {number:02}",
                    language="en",
                    capital="Specimen",
                    time_zone="Europe/Vienna",
                    basis="specimen",
                )
            )
            session.flush()
            world.review(session, cycle, iso3, 3)


def test_pages_of_sixty_rows_or_all(office: Office) -> None:
    many()
    client = office.browser("officer")
    first = soup(client, "/reviews?sort=state")
    assert len(names(first)) == 60
    second = ask(client, "sort=state&page=2")
    assert len(second) == 15
    assert not set(names(first)) & set(second)
    assert ask(client, "sort=state&page=50") == second, "the last page for one beyond it"
    assert len(ask(client, "rows=all")) == 75


def test_statements_do_not_grow_with_the_reviews(office: Office) -> None:
    def statements() -> int:
        found: list[str] = []
        with db.reading() as session:
            engine = session.get_bind()
            sa.event.listen(engine, "before_cursor_execute", lambda *a: found.append(a[2]))
            cycle = session.query(Cycle).one()
            board.rows(session, cycle, NOW, Setbacks())
        return len(found)

    few = statements()
    many()
    assert statements() == few
    assert few <= 6


# Names


def test_names_are_folded_for_search() -> None:
    assert state_names.fold("Côte d’Ivoire") == "cote d ivoire"
    assert state_names.matches("CIV", "Côte d'Ivoire", "ivoire")
    assert not state_names.matches("CIV", "Côte d'Ivoire", "voire")
    assert state_names.matches("EUE", "European Union", "european")
    assert not state_names.matches("ZMB", "Zambia", "zim")


# Export


def export(client: FlaskClient, **fields: str) -> list[list[str]]:
    sent = {"csrf_token": token(soup(client, "/account")), **fields}
    answer = client.post("/reviews.csv", data=sent)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_export_is_the_view_that_is_shown_and_is_recorded(office: Office) -> None:
    client = office.browser("officer")
    lines = export(client, year="1", sort="state")
    assert [line[0] for line in lines[1:]] == ["Mexico", "Papua New Guinea", "Zambia"]
    mexico = dict(zip(lines[0], lines[1], strict=True))
    assert mexico["Days late"] == "17"
    assert mexico["Due"] == "2011-08-01"
    assert mexico["Stage"] == "Initial steps"
    with db.reading() as session:
        kept = session.scalars(sa.select(Audit).where(Audit.verb == "board_exported")).one()
        assert kept.person_id == office.people["officer"].id
        assert (kept.after["rows"], kept.after["year"], kept.after["sort"]) == (3, 1, "state")


def test_export_form_carries_the_filters(office: Office) -> None:
    page = soup(office.browser("officer"), "/reviews?year=2&late=&q=c%C3%B4te")
    form = page.select_one("form[action='/reviews.csv']")
    assert form is not None
    fields = {str(one["name"]): str(one["value"]) for one in form.select("input[type=hidden]")}
    assert fields["q"] == "côte"
    assert fields["year"] == "2"
    assert len(export(office.browser("officer"), q=fields["q"], stage=fields["stage"])) == 2


def test_export_with_nonsense_is_no_failure(office: Office) -> None:
    assert len(export(office.browser("officer"), year="abc", stage="nix", page="-1")) == 6


def test_export_needs_the_token_of_a_form(office: Office) -> None:
    assert office.browser("officer").post("/reviews.csv").status_code == 400


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_spreadsheet_takes_nothing_for_a_formula(start: str) -> None:
    assert harmless(f"{start}1+1").startswith("'")
    assert harmless("Zambia") == "Zambia"
    assert harmless(-3) == "-3"
    assert harmless(None) == ""


def test_an_officers_name_cannot_carry_a_formula_out(office: Office) -> None:
    with db.transaction() as session:
        officer = session.merge(office.people["officer"])
        officer.title = '=HYPERLINK("http://example.example")'
    line = export(office.browser("admin"), q="Zambia")[1]
    assert '\'=HYPERLINK("http://example.example")' in line
