"""Days off: the calendar of a State and of the duty station, recording and removing days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db
from review.models import Audit, DayOff
from review.reference import days_off
from review.services import work_calendars
from tests.web.office import NOW, Office, soup, token, words

PAGE = "/calendars/ZMB/2013"
CLOSURE = {"name": "Specimen closure", "first_day": "2013-07-01", "last_day": "2013-07-03"}


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    with clock.frozen(NOW):
        yield made


def send(office: Office, path: str = PAGE, **values: str) -> Any:
    client = office.browser("officer")
    return client.post(path, data=values | {"csrf_token": token(soup(client, PAGE))})


def recorded() -> list[tuple[str | None, str, bool]]:
    with db.reading() as session:
        found = session.scalars(sa.select(DayOff).order_by(DayOff.day))
        return [(one.iso3, one.day.isoformat(), one.works) for one in found]


@pytest.mark.parametrize("who", ["focal_point", "expert_1", "stranger"])
def test_only_the_secretariat_keeps_calendars(office: Office, who: str) -> None:
    client = office.browser(who)
    for path in ("/calendars", PAGE):
        soup(client, path, 403)
    post = client.post(PAGE, data=CLOSURE | {"csrf_token": token(soup(client, "/account"))})
    assert post.status_code == 403
    assert recorded() == []


def test_public_holidays_and_weekend_are_shown(office: Office) -> None:
    page = soup(office.browser("officer"), PAGE)
    text = page.get_text(" ")
    assert "Weekend: Saturday and Sunday" in text
    assert "Thu 24 Oct 2013" in words(page, "tbody th")
    assert "Independence Day" in text


def test_the_duty_station_has_a_calendar(office: Office) -> None:
    client = office.browser("officer")
    assert client.get("/calendars").headers["Location"].endswith("/duty-station/2011")
    assert "National Day" in soup(client, "/calendars/duty-station/2011").get_text()


def test_days_are_recorded_and_removed(office: Office) -> None:
    assert send(office, **CLOSURE).status_code == 302
    assert recorded() == [("ZMB", f"2013-07-0{n}", False) for n in (1, 2, 3)]
    client = office.browser("officer")
    page = soup(client, PAGE)
    assert page.get_text().count("Specimen closure") >= 3
    action = page.select("tbody form")[0]["action"]
    client.post(str(action), data={"csrf_token": token(page), "year": "2013"})
    assert len(recorded()) == 2
    with db.reading() as session:
        verbs = session.scalars(sa.select(Audit.verb).order_by(Audit.id)).all()
    assert [verb for verb in verbs if "closure" in verb] == [
        "closure_recorded",
        "closure_taken_back",
    ]


def test_a_day_of_work_takes_the_place_of_a_holiday(office: Office) -> None:
    send(office, name="Specimen day of work", first_day="2013-10-24", last_day="2013-10-24",
         works="y")  # fmt: skip
    page = soup(office.browser("officer"), PAGE)
    row = next(row for row in page.select("tbody tr") if "24 Oct 2013" in row.get_text())
    assert "work is done" in row.get_text()
    assert "Independence Day" not in row.get_text()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": ""}, "Please fill this in."),
        ({"name": "x" * 121}, ""),
        ({"first_day": "soon"}, "This is not a date."),
        ({"last_day": "2013-06-30"}, "The last day lies before the first."),
        ({"last_day": "2013-09-30"}, "One entry records a month at most."),
        ({"last_day": ""}, "Please fill this in."),
    ],
)
def test_what_cannot_be_recorded(office: Office, change: dict[str, str], told: str) -> None:
    answer = send(office, **(CLOSURE | change))
    assert answer.status_code == 422
    assert told in answer.text
    assert recorded() == []


def test_a_day_recorded_twice_is_refused_wholly(office: Office) -> None:
    send(office, **(CLOSURE | {"first_day": "2013-07-02"}))
    answer = send(office, **CLOSURE)
    assert answer.status_code == 422
    assert "One of these days is recorded already." in answer.text
    assert len(recorded()) == 2


TOO_LONG = "two months would pass without a working day"


def test_entries_that_add_up_to_two_months_without_work_are_refused(office: Office) -> None:
    """Each is a month at most; a weekend, a public holiday and both neighbours count."""
    july = {"name": "July", "first_day": "2013-07-03", "last_day": "2013-07-31"}
    assert send(office, **july).status_code == 302  # after a weekend and two public holidays
    august = {"name": "August", "first_day": "2013-08-01", "last_day": "2013-08-27"}
    answer = send(office, **august)
    assert answer.status_code == 422
    assert TOO_LONG in answer.text
    assert len(recorded()) == 29, "nothing of it"
    assert send(office, **(august | {"last_day": "2013-08-26"})).status_code == 302
    last = {"name": "A day more", "first_day": "2013-08-27", "last_day": "2013-08-27"}
    assert TOO_LONG in send(office, **last).text, "the sixtieth, from Saturday 29 June on"
    with db.reading() as session:
        calendar = days_off.calendar("ZMB", work_calendars.recorded(session, ["ZMB"])["ZMB"])
    assert str(calendar.from_then_on(date(2013, 6, 29))) == "2013-08-27"


def test_a_day_of_work_that_two_months_need_stays(office: Office) -> None:
    day = {"name": "Work", "first_day": "2013-07-27", "last_day": "2013-07-27", "works": "y"}
    assert send(office, **day).status_code == 302  # a Saturday
    for first, last in (("2013-07-01", "2013-07-26"), ("2013-07-28", "2013-08-27")):
        assert send(office, name="Closed", first_day=first, last_day=last).status_code == 302
    with db.reading() as session:
        number = session.scalar(sa.select(DayOff.id).where(DayOff.works))
    client = office.browser("officer")
    answer = client.post(
        f"/calendars/days/{number}/remove",
        data={"csrf_token": token(soup(client, PAGE))},
        follow_redirects=True,
    )
    assert TOO_LONG in answer.text
    assert ("ZMB", "2013-07-27", True) in recorded()


@pytest.mark.parametrize("path", ["/calendars/XXX/2013", "/calendars/ZMB/1066"])
def test_no_such_calendar(office: Office, path: str) -> None:
    soup(office.browser("officer"), path, 404)


def test_removing_what_is_not_there(office: Office) -> None:
    assert send(office, "/calendars/days/999/remove").status_code == 404
