"""The board: what each role sees, what needs the secretariat, filters, order, export."""

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
from review.models import Audit, Cycle, Outbox, Review, State
from review.services.queries import board, state_names
from review.web.csv_files import harmless
from tests import world
from tests.web.conftest import sign_in
from tests.web.office import NOW, Office, soup, token, words

EVERYBODY = ["Albania", "Côte d'Ivoire", "Mexico", "Papua New Guinea", "Zambia"]


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    with clock.frozen(NOW):
        yield made


def names(page: BeautifulSoup) -> list[str]:
    return words(page, ".board tbody th a")


def row(page: BeautifulSoup, name: str) -> list[str]:
    found = next(r for r in page.select(".board tbody tr") if name in r.get_text())
    return [" ".join(cell.get_text(" ").split()) for cell in found.select("td")]


def ask(client: FlaskClient, query: str) -> list[str]:
    return names(soup(client, f"/reviews?{query}"))


# Who sees what


def test_secretariat_sees_every_review_of_the_cycle(office: Office) -> None:
    page = soup(office.browser("officer"), "/reviews")
    assert sorted(names(page)) == EVERYBODY
    assert words(page, "h1") == ["First cycle: 5 country reviews, none completed"]
    assert words(page, ".counts b") == ["2", "2", "0", "1", "0", "0", "0"]


@pytest.mark.parametrize("who", ["focal_point", "expert_1", "expert_2"])
def test_parties_see_a_list_of_their_own_reviews_only(office: Office, who: str) -> None:
    page = soup(office.browser(who), "/reviews")
    assert words(page, "h1") == ["My reviews"]
    assert words(page, "tbody th a") == ["Zambia"]
    for other in ("Mexico", "Albania", "Papua New Guinea", "Needs you", "late"):
        assert other not in page.select_one("main").get_text()  # type: ignore[union-attr]


def test_own_lateness_is_shown_and_that_of_others_only_as_a_date(office: Office) -> None:
    with clock.frozen(NOW.replace(month=12)):
        mine = soup(office.browser("expert_1"), "/reviews")
        theirs = soup(office.browser("focal_point"), "/reviews")
    assert words(mine, "td .late")
    assert not words(theirs, "td .late")


def test_a_stranger_has_an_empty_list(office: Office) -> None:
    page = soup(office.browser("stranger"), "/reviews")
    assert "You take part in no review yet" in page.get_text()
    assert "Zambia" not in page.select_one("main").get_text()  # type: ignore[union-attr]


def test_only_the_secretariat_exports(office: Office) -> None:
    client = office.browser("focal_point")
    sent = {"csrf_token": token(soup(client, "/account"))}
    assert client.post("/reviews.csv", data=sent).status_code == 403
    assert office.browser("officer").get("/reviews.csv").status_code == 405


# Rows


def test_a_running_stage_says_whose_turn_how_long_and_the_norm(office: Office) -> None:
    cells = row(soup(office.browser("officer"), "/reviews"), "Zambia")
    assert cells[0].startswith("17 Jul")
    assert "Zimbabwe, Italy" in cells[2]
    assert "norm 30" in cells[2]
    assert cells[3].endswith("model")
    assert cells[5] == "Submit the desk review"
    with clock.frozen(NOW.replace(day=1)):
        earlier = row(soup(office.browser("officer"), "/reviews"), "Zambia")
    assert earlier[5] == "Submit the desk review reminder on 5 Aug"


def test_late_counts_from_the_date_where_the_day_ends(office: Office) -> None:
    page = soup(office.browser("officer"), "/reviews")
    # 11 July + 3 weeks = 1 August; 17 full days until 18 August
    assert "Mexico, Brazil and 1 more Late 17 d" in row(page, "Mexico")[0]
    assert names(page)[0] == "Mexico", "the longest past its date comes first"
    assert "2 late" not in words(page, ".counts small")
    assert "1 late" in words(page, ".counts small")


def test_an_agreed_date_counts_before_the_model(office: Office) -> None:
    with db.transaction() as session:
        for slot, milestone in ((0, "focal_point_nominated"), (1, "experts_nominated"),
                                (2, "experts_nominated")):  # fmt: skip
            given = {"milestone": f"{milestone}:{slot}", "new_date": "2011-12-01"}
            office.take(session, "MEX", "grant_extension", reason="Specimen.", **given)
    assert row(soup(office.browser("officer"), "/reviews"), "Mexico")[0].startswith(
        "Mexico, Brazil and 1 more due 1 Dec"
    )


def test_a_stopped_clock_is_nobodys_turn_and_never_late(office: Office) -> None:
    cells = row(soup(office.browser("officer"), "/reviews"), "Albania")
    assert cells[0].startswith("Clock stopped")
    assert "Late" not in cells[0]
    assert cells[5].startswith("Resume the review")


def test_reviews_not_begun_show_lengths_not_dates(office: Office) -> None:
    page = soup(office.browser("officer"), "/reviews")
    assert row(page, "Papua New Guinea")[0] == "Not begun reviewers drawn"
    assert row(page, "Côte d'Ivoire")[:2] == ["Not begun reviewers not drawn", "61 days model"]


def test_completed_reviews_show_all_stages_and_the_symbol(app: Flask) -> None:
    with db.transaction() as session:
        w = world.advance(world.world(session), "completed")
        w.session.refresh(w.officer)
    client = app.test_client()
    with clock.frozen(w.now):
        sign_in(client, w.officer, world.PASSWORD)
        assert ask(client, "") == []
        page = soup(client, "/reviews?stage=completed")
    assert row(page, "Zambia")[5] == "Completed CAC/COSP/IRG/I/1/1/Add.1"
    assert all("day" in cell for cell in row(page, "Zambia")[:5])


# Needs you today


def test_needs_are_sentences_with_one_button_each(office: Office) -> None:
    page = soup(office.browser("officer"), "/reviews")
    told = dict(zip(words(page, ".rows b"), words(page, ".rows a"), strict=True))
    assert told["Mexico is 17 days past the date"] == "Write to Mexico"
    assert told["Papua New Guinea can be started"] == "Inform the State of the start"
    assert told["The clock of Albania has been stopped for 37 days"] == "Resume the review"
    assert told["One review waits for its reviewing States"] == "Show them"
    assert told["One review has no officer"] == "Show them"
    mail = page.find("a", string="Write to Mexico")
    assert str(mail["href"]).startswith("mailto:mission@mex.example?subject=")  # type: ignore[index]


def test_needs_tell_undelivered_mail_and_reminders_sent(office: Office) -> None:
    with db.transaction() as session:
        base = {"created_at": NOW, "next_try_at": NOW, "language": "en", "params": {}}
        about = f"{office.ids['MEX']}:focal_point_nominated:0:2011-08-01"
        for number, key in enumerate((f"remind:{about}:1:a", f"remind:{about}:7:a", "step:1")):
            session.add(
                Outbox(
                    key=key,
                    notice="reminder",
                    address="mission@mex.example",
                    review_id=office.ids["MEX"],
                    state="failed" if number == 2 else "sent",
                    sent_at=NOW,
                    error="550 no such user\nmore",
                    **base,
                )
            )
    page = soup(office.browser("officer"), "/reviews")
    assert words(page, ".rows b")[0] == "1 message to mission@mex.example was not delivered"
    assert "550 no such user" in words(page, ".rows li")[0]
    silent = next(t for t in words(page, ".rows li") if t.startswith("Mexico is"))
    assert "2 reminders went out, the last on Thu 18 Aug 2011." in silent


def test_a_turn_of_the_secretariat_without_a_date_is_shown_after_a_week(office: Office) -> None:
    with db.transaction() as session:
        session.merge(office.people["officer"])
        review = session.get_one(Review, office.ids["ZMB"])
        since = review.stage_since
    client = office.browser("officer")
    assert not any("waited" in one for one in words(soup(client, "/reviews"), ".rows b"))
    with db.transaction() as session:
        for slot in (1, 2):
            session.execute(
                sa.text(
                    "UPDATE milestone SET done_at = :at WHERE review_id = :id"
                    " AND key = 'desk_review' AND slot = :slot"
                ),
                {"at": since, "id": office.ids["ZMB"], "slot": slot},
            )
    told = words(soup(client, "/reviews"), ".rows li")
    assert any("Zambia has waited for the secretariat for" in one for one in told)
    assert any("Forward the outcome to the State" in one for one in told)


def test_an_officer_is_told_of_their_reviews_first(office: Office) -> None:
    with db.transaction() as session:
        other = world.person(session, "secretariat_officer", name="other_officer")
        session.flush()
        session.refresh(other)
        office.people["other"] = other
    client = office.browser("other")
    assert not any("Mexico" in one for one in words(soup(client, "/reviews"), ".rows b"))
    everything = words(soup(client, "/reviews?needs=all"), ".rows b")
    assert any("Mexico" in one for one in everything)


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
            board.rows(session, cycle, NOW)
        return len(found)

    few = statements()
    many()
    assert statements() == few
    assert few <= 6


# The picture


def test_the_picture_has_a_table_behind_it(office: Office) -> None:
    page = soup(office.browser("officer"), "/reviews")
    assert page.select_one("figure svg[role=img] title")
    lines = words(page, "details tbody tr")
    assert lines[-1].startswith("18 Aug 2011 2 2 0 1 0 0 0")


def test_no_picture_before_anything_has_begun(app: Flask) -> None:
    with db.transaction() as session:
        w = world.world(session)
        session.refresh(w.officer)
    client = app.test_client()
    with clock.frozen(NOW):
        sign_in(client, w.officer, world.PASSWORD)
        assert not soup(client, "/reviews").select("figure")


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


# Names


def test_names_are_folded_for_search() -> None:
    assert state_names.fold("Côte d’Ivoire") == "cote d ivoire"
    assert state_names.matches("CIV", "Côte d'Ivoire", "ivoire")
    assert not state_names.matches("CIV", "Côte d'Ivoire", "voire")
    assert state_names.matches("EUE", "European Union", "european")
    assert not state_names.matches("ZMB", "Zambia", "zim")
