"""The board: what each role sees, its rows, what needs the secretariat, the picture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.models import Outbox, Review
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
    assert cells[5] == "Clock stopped until 9 Sep", "it runs again by itself"


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
    with db.transaction() as session:  # as stops were recorded before they had an end
        session.execute(sa.update(Review).values(suspended_until=None))
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
