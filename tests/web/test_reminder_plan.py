"""Coming reminders: the plan of all for the secretariat, one's own for everybody, and pauses."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db
from review.models import Audit, Member, MilestoneDate, Pause, Person
from review.services import reminder_plan
from tests.web.office import NOW, Office, soup, token, words

HOUR = timedelta(hours=1)
PAUSE = {"until": (NOW + timedelta(days=10)).date().isoformat(), "reason": "Specimen reason."}


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    with clock.frozen(NOW):
        yield made


def send(office: Office, who: str, path: str, **values: str) -> Any:
    client = office.browser(who)
    return client.post(path, data=values | {"csrf_token": token(soup(client, "/account"))})


def pauses() -> int:
    with db.reading() as session:
        wanted = sa.select(sa.func.count()).select_from(Pause).where(Pause.ended_at.is_(None))
        return session.scalar(wanted) or 0


def test_the_plan_names_who_is_told_of_what_and_why(office: Office) -> None:
    text = soup(office.browser("officer"), "/reminders?days=60").get_text(" ")
    assert "Zambia" in text
    assert "Reminder before the due date" in text
    assert "single messages" in text


def test_what_cannot_be_planned_is_left_out_and_named(office: Office) -> None:
    client = office.browser("officer")
    assert "no reminder can be planned" not in soup(client, "/reminders").get_text(" ")
    with db.transaction() as session:
        session.add(
            MilestoneDate(review_id=office.ids["ZMB"], key="of_another_release", slot=0,
                          remind_at=NOW)
        )  # fmt: skip
    note = "Of these no reminder can be planned: Zambia : of_another_release"
    for path in ("/reminders", "/reminders?state=ZMB", f"/reviews/{office.ids['ZMB']}/reminders"):
        assert note in " ".join(soup(client, path).get_text(" ").split())
    assert note not in " ".join(soup(client, "/reminders?state=PNG").get_text(" ").split())
    assert soup(client, "/reminders?days=60").select("tbody tr"), "the others are planned"
    lines = send(office, "officer", "/reminders.csv").text.splitlines()
    assert [line for line in lines if "of_another_release" in line and "No reminder can be" in line]


def test_filters_narrow_the_plan_and_nonsense_is_named(office: Office) -> None:
    client = office.browser("officer")
    rows = soup(client, "/reminders?days=60&role=expert").select("tbody tr")
    assert rows
    assert not [row for row in rows if "Permanent Mission" in (row.th or row).get_text()]
    assert soup(client, "/reminders?rule=nonsense&days=9999&person=x")


def test_only_the_secretariat_sees_the_plan_of_all(office: Office) -> None:
    for who in ("focal_point", "expert_1", "stranger"):
        client = office.browser(who)
        for path in (
            "/reminders",
            "/people/1/reminders",
            f"/reviews/{office.ids['ZMB']}/reminders",
        ):
            soup(client, path, 403)
        assert send(office, who, "/reminders.csv").status_code == 403


def test_everybody_sees_what_comes_to_themselves(office: Office) -> None:
    with clock.frozen(NOW + timedelta(days=20)):
        rows = words(soup(office.browser("expert_1"), "/account/reminders"), "tbody tr")
    assert rows
    assert all(office.people["expert_1"].title in row and "Zambia" in row for row in rows)


def test_the_file_is_recorded(office: Office) -> None:
    answer = send(office, "officer", "/reminders.csv", days="60")
    assert answer.mimetype == "text/csv"
    assert len(answer.text.splitlines()) > 1
    with db.reading() as session:
        assert session.scalar(sa.select(Audit.id).where(Audit.verb == "reminders_exported"))


@pytest.mark.parametrize(
    ("who", "path"),
    [("expert_1", "/account/reminders"), ("officer", "/reviews/{review}/reminders")],
)
def test_a_pause_begins_and_ends(office: Office, who: str, path: str) -> None:
    path = path.format(review=office.ids["ZMB"])
    assert send(office, who, path, **PAUSE).status_code == 302
    assert pauses() == 1
    assert "Specimen reason." in soup(office.browser(who), path).get_text()
    assert send(office, who, f"{path}/resume").status_code == 302
    assert pauses() == 0


@pytest.mark.parametrize(
    "change", [{"until": "2003-01-01"}, {"until": "soon"}, {"until": "2099-01-01"}, {"reason": ""}]
)
def test_a_pause_that_cannot_be_is_refused(office: Office, change: dict[str, str]) -> None:
    assert send(office, "expert_1", "/account/reminders", **(PAUSE | change)).status_code == 422
    assert pauses() == 0


# Where it is seen --------------------------------------------------------------------------------


def test_the_account_page_names_the_next_ones_of_the_reader_alone(office: Office) -> None:
    with clock.frozen(NOW + timedelta(days=20)):
        own = soup(office.browser("expert_1"), "/account")
        nothing = soup(office.browser("stranger"), "/account")
    listed = words(own, "section[aria-labelledby=coming] li")
    assert listed
    assert all("Zambia" in one for one in listed)
    assert words(nothing, "section[aria-labelledby=coming] li") == []
    assert "No reminder in these days" in nothing.get_text()


def test_a_pause_of_a_review_stands_on_its_page(office: Office) -> None:
    page = f"/reviews/{office.ids['ZMB']}"
    send(office, "officer", f"{page}/reminders", **PAUSE)
    for who in ("officer", "expert_1"):
        note = " ".join(words(soup(office.browser(who), page), ".note"))
        assert "Paused until Sun 28 Aug 2011: Specimen reason." in note
    plan = soup(office.browser("officer"), f"/reminders?days=60&review={office.ids['ZMB']}")
    assert "Paused until" in plan.get_text()


def test_who_rests_is_seen_by_the_secretariat_without_the_reason(office: Office) -> None:
    send(office, "expert_1", "/account/reminders", **PAUSE)
    page = f"/reviews/{office.ids['ZMB']}"
    note = " ".join(words(soup(office.browser("officer"), page), ".note"))
    assert f"{office.people['expert_1'].title} : Paused until Sun 28 Aug 2011" in note
    assert "Specimen reason." not in note
    assert not soup(office.browser("focal_point"), page).select(".note")


def test_somebody_of_a_state_cannot_end_what_is_not_theirs(office: Office) -> None:
    path = f"/reviews/{office.ids['ZMB']}/reminders"
    send(office, "officer", path, **PAUSE)
    assert send(office, "expert_1", f"{path}/resume").status_code == 403
    other = office.people["expert_2"].id
    assert send(office, "expert_1", f"/people/{other}/reminders", **PAUSE).status_code == 403
    assert pauses() == 1


def test_the_secretariat_pauses_somebody_and_is_told_of_what_is_not_there(office: Office) -> None:
    path = f"/people/{office.people['expert_1'].id}/reminders"
    assert send(office, "officer", path, **PAUSE).status_code == 302
    assert "Specimen reason." in soup(office.browser("officer"), path).get_text()
    for gone in ("/people/999999/reminders", "/reviews/999999/reminders"):
        soup(office.browser("officer"), gone, 404)
        assert send(office, "officer", gone, **PAUSE).status_code == 404


def test_a_longer_pause_than_the_setting_is_refused(office: Office) -> None:
    for days, code in ((91, 422), (90, 302)):
        until = (NOW + timedelta(days=days)).date().isoformat()
        answer = send(office, "expert_1", "/account/reminders", **(PAUSE | {"until": until}))
        assert answer.status_code == code


def test_rows_stand_under_their_day_and_days_without_any_are_said_so(office: Office) -> None:
    page = soup(office.browser("officer"), "/reminders?days=90")
    days = words(page, "section > h2")
    assert len(days) == len(set(days)) > 3
    assert all(part.select("tbody tr") for part in page.select("section[aria-labelledby^=day]"))
    empty = soup(office.browser("officer"), "/reminders?language=ar").get_text()
    assert "No reminder in these days" in empty


def test_the_plan_says_who_is_too_new_in_office(office: Office) -> None:
    number = office.people["expert_1"].id
    with db.transaction() as session:
        planned = reminder_plan.of_person(session, session.get_one(Person, number), NOW, 60)
        at = planned.coming[0].at
        session.execute(sa.update(Member).where(Member.person_id == number).values(since=at - HOUR))
    with clock.frozen(at - HOUR / 2):
        client = office.browser("officer")
        page = soup(client, f"/reminders?days=5&person={number}")
        lines = send(office, "officer", "/reminders.csv", days="5", person=str(number)).text
    assert any("New in office, no reminder up to" in row for row in words(page, "tbody tr"))
    assert "kept back from who is new in office" in page.get_text(" ")
    assert words(page, "ul.counts li")[3].startswith("0"), "it is no pause"
    first, *_ = csv.DictReader(io.StringIO(lines.lstrip("\ufeff")), strict=True)
    assert first["Paused until"] == ""
    assert first["New in office, no reminder up to"] > first["Day"]
