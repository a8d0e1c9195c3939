"""The pairings of a cycle: the list, its files, and the official list with its report first."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask

from review import clock, db
from review.models import Reviewer
from tests.web.office import NOW, Office, soup, token

PAGE = "/cycles/1/pairings"
GOOD = "iso3,reviewer1,reviewer2,basis\r\nPNG,IDN,BRA,documented\r\n"


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    with clock.frozen(NOW):
        yield made


def check(office: Office, content: str, who: str = "officer") -> Any:
    client = office.browser(who)
    given = {
        "csrf_token": token(soup(client, "/account")),
        "file": (BytesIO(content.encode()), "pairings.csv"),
    }
    return client.post(f"{PAGE}/check-file", data=given)


def load(office: Office, content: str, **other: str) -> Any:
    """Check a file and send the form of its report, as a browser does."""
    client = office.browser("officer")
    account = token(soup(client, "/account"))
    file = {"csrf_token": account, "file": (BytesIO(content.encode()), "pairings.csv")}
    page = client.post(f"{PAGE}/check-file", data=file)
    digest = page.text.partition('name="digest" value="')[2][:64]
    given = {
        "csrf_token": account,
        "text": content.replace("\n", "\r\n").replace("\r\r", "\r"),
        "digest": digest,
        "source": "Specimen session",
        "drawn_on": "2011-05-10",
    }
    return client.post(f"{PAGE}/load", data=given | other)


def parsed(page: str) -> BeautifulSoup:
    return BeautifulSoup(page, "html.parser")


def pair(office: Office, iso3: str) -> list[str]:
    with db.reading() as session:
        wanted = sa.select(Reviewer.iso3).where(
            Reviewer.review_id == office.ids[iso3], Reviewer.voided_at.is_(None)
        )
        return list(session.scalars(wanted.order_by(Reviewer.slot)))


def test_the_list_and_what_the_rules_find(office: Office) -> None:
    text = soup(office.browser("officer"), PAGE).get_text(" ")
    assert "Who reviews whom" in text
    assert "8 of 10 places are filled." in text


@pytest.mark.parametrize("who", ["focal_point", "stranger"])
def test_only_the_secretariat_comes_here(office: Office, who: str) -> None:
    client = office.browser(who)
    for path in (PAGE, f"{PAGE}.csv", f"{PAGE}/check-file"):
        soup(client, path, 403)
    assert check(office, GOOD, who).status_code == 403


def test_the_file_that_leaves_can_be_loaded_again(office: Office) -> None:
    head, *lines = office.browser("officer").get(f"{PAGE}.csv").text.split()
    pairs = [f"{line}documented" for line in lines if ",,," not in line]
    assert len(pairs) == 4
    page = check(office, "\n".join([head, *pairs]))
    assert page.status_code == 200
    counts = [item.get_text(" ", strip=True) for item in parsed(page.text).select(".counts li")]
    assert "0 new" in counts
    assert "0 changed" in counts
    assert "4 only how it is known changes" in counts
    assert "0 faults" in counts

    assert '"cycle":1' in office.browser("officer").get(f"{PAGE}.json").text
    assert office.browser("officer").get(f"{PAGE}.xml").status_code == 404


def test_the_report_changes_nothing_and_loading_changes_what_it_said(office: Office) -> None:
    page = check(office, GOOD)
    assert page.status_code == 200
    assert "Load these pairings" in page.text
    assert pair(office, "PNG") == ["IDN", "ITA"]
    assert load(office, GOOD).status_code == 302
    assert pair(office, "PNG") == ["IDN", "BRA"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "Choose a file first."),
        ("state,one\nZMB,ITA\n", "is missing"),
        ("iso3,reviewer1,reviewer2,basis\nXXX,IDN,BRA,documented\n", "is not a State party"),
        ("iso3,reviewer1,reviewer2,basis\nPNG,IDN,BRA,documented\nPNG,IDN,BRA,documented\n",
         "stands in line"),
        ("iso3,reviewer1,reviewer2,basis\nMEX,BRA,IDN,documented\n", "has begun"),
    ],
)  # fmt: skip
def test_a_file_with_faults_is_refused_whole(office: Office, content: str, told: str) -> None:
    page = check(office, content)
    assert page.status_code == 422
    assert told in page.text
    assert "Load these pairings" not in page.text
    assert load(office, content).status_code in (409, 422)
    assert pair(office, "PNG") == ["IDN", "ITA"]


def test_what_was_not_seen_is_not_loaded(office: Office) -> None:
    assert load(office, GOOD, digest="0" * 64).status_code == 409
    assert load(office, GOOD, source="").status_code == 422
    assert load(office, GOOD, drawn_on="soon").status_code == 422
    assert pair(office, "PNG") == ["IDN", "ITA"]
