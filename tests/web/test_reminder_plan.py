"""Coming reminders: the plan of all for the secretariat, one's own for everybody, and pauses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db
from review.models import Audit, Pause
from tests.web.office import NOW, Office, soup, token

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


def test_filters_narrow_the_plan_and_nonsense_is_named(office: Office) -> None:
    client = office.browser("officer")
    rows = soup(client, "/reminders?days=60&role=expert").select("tbody tr")
    assert rows
    assert not [row for row in rows if "Permanent Mission" in row.get_text()]
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
    text = soup(office.browser("expert_1"), "/account/reminders").get_text(" ")
    assert "Zambia" in text


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
