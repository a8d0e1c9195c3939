"""A review whose data do not fit hides no other, and no page pretends that it is not there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db
from review.models import Review
from tests.web.office import NOW, Office, soup, token, words

SAID = "One review cannot be shown here, its data cannot be read: Zambia"


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    """Zambia's review is of a process that no release has."""
    made = Office(app)
    with db.transaction() as session:
        mine = sa.update(Review).where(Review.iso3 == "ZMB")
        session.execute(mine.values(process_key="irm-9"))
    with clock.frozen(NOW):
        yield made


@pytest.mark.parametrize("path", ["/reviews", "/cycles/1"])
def test_the_secretariat_sees_all_others_and_which_is_missing(office: Office, path: str) -> None:
    page = soup(office.browser("officer"), path)
    assert SAID in words(page, ".note-late p")
    if path == "/reviews":
        assert set(words(page, ".board tbody th a")) == {
            "Albania", "Côte d'Ivoire", "Mexico", "Papua New Guinea",
        }  # fmt: skip


@pytest.mark.parametrize("who", ["officer", "expert_1"])
def test_nobody_is_told_that_nothing_waits(office: Office, who: str) -> None:
    page = soup(office.browser(who), "/my-turn")
    assert SAID in words(page, ".note-late p")
    assert "Nothing waits for you" not in page.get_text()
    assert "Nothing is asked of you now" not in page.get_text()


def test_a_party_sees_it_among_its_own_reviews(office: Office) -> None:
    assert SAID in words(soup(office.browser("expert_1"), "/reviews"), ".note-late p")


def test_the_file_has_a_line_for_it(office: Office) -> None:
    client = office.browser("officer")
    form = {"csrf_token": token(soup(client, "/reviews"))}
    answer = client.post("/reviews.csv", data=form)
    lines = {line[1]: line for line in csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))}
    assert lines["ZMB"][:8] == [
        "Zambia", "ZMB", "1", "", "", "", "", "The data cannot be read",
    ]  # fmt: skip
    assert {"MEX", "PNG"} <= lines.keys()


def test_no_page_says_so_while_every_review_can_be_read(app: Flask) -> None:
    office = Office(app)
    with clock.frozen(NOW):
        for path in ("/reviews", "/my-turn", "/cycles/1"):
            page = soup(office.browser("officer"), path)
            assert "cannot be read" not in page.get_text()
