"""Reports by webhook, and the page on which an address is put right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.mail import dsn
from review.models import DeadAddress, Outbox, Person
from tests import world
from tests.reports import status
from tests.web.office import NOW, Office, soup, token, words

SECRET = "a secret of the mail server in tests"
BEARER = {"Authorization": f"Bearer {SECRET}"}
MESSAGE_ID = "<one.1@secretariat.example>"


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    app.extensions["review"] = replace(app.extensions["review"], bounce_secret=SECRET)
    with db.transaction() as session:
        session.execute(sa.delete(Outbox))
    with clock.frozen(NOW):
        yield made


@pytest.fixture
def mail(office: Office) -> int:
    """A mail to the focal point of Zambia that the mail server took."""
    with db.transaction() as session:
        person = session.get_one(Person, office.people["focal_point"].id)
        row = Outbox(
            key="step:1:1:clock_stopped:1",
            notice="clock_stopped",
            review_id=office.ids["ZMB"],
            person_id=person.id,
            address=person.email,
            language="en",
            params={"party": "state_under_review", "slot": 0, "for_state": "ZMB", "title": "Title"},
            created_at=NOW,
            next_try_at=NOW,
            state="sent",
            sent_at=NOW,
            message_id=MESSAGE_ID,
            subject="Specimen mail",
        )
        session.add(row)
        session.flush()
        return row.id


def bounced(office: Office) -> dict[str, str]:
    """What the mail server says of the mail."""
    address = office.people["focal_point"].email
    return {
        "fate": "bounced",
        "status": "5.1.1",
        "recipient": address,
        "message_id": MESSAGE_ID,
        "diagnostic": "550 No such\r\nmailbox <script>",
    }


def tell(office: Office, given: Any, **more: Any) -> Any:
    """Post JSON as the mail server does: without a session, without a token."""
    client = office.app.test_client()
    return client.post("/bounces", json=given, headers=more.pop("headers", BEARER), **more)


def fate(mail: int) -> tuple[str, str]:
    with db.reading() as session:
        row = session.get_one(Outbox, mail)
        return row.fate, row.fate_said


def test_a_report_of_the_mail_server_is_noted_once(office: Office, mail: int) -> None:
    answer = tell(office, bounced(office))
    assert (answer.status_code, answer.json) == (200, {"result": "noted"})
    assert tell(office, bounced(office)).json == {"result": "repeated"}
    assert fate(mail) == ("bounced", "5.1.1 550 No such mailbox <script>")
    with db.reading() as session:
        again = session.scalars(sa.select(Outbox).where(Outbox.instead_of == mail)).one()
        assert again.address == "mission@zmb.example"


def test_a_message_is_taken_as_it_came(office: Office, mail: int) -> None:
    raw = status(recipient=office.people["focal_point"].email, message_id=MESSAGE_ID)
    answer = office.app.test_client().post(
        "/bounces", data=raw, content_type="message/rfc822", headers=BEARER
    )
    assert answer.json == {"result": "noted"}
    assert fate(mail)[0] == "bounced"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {SECRET}x"},
        {"Authorization": f"Basic {SECRET}"},
        {"Authorization": SECRET},
        {"Authorization": "Bearer \u00fc\u00fc"},
    ],
)
def test_without_the_secret_nothing_is_read(
    office: Office, mail: int, headers: dict[str, str]
) -> None:
    answer = tell(office, bounced(office), headers=headers)
    assert answer.status_code == 401
    assert fate(mail) == ("", "")


def test_where_no_secret_is_set_nobody_may(office: Office, mail: int) -> None:
    settings = office.app.extensions["review"]
    office.app.extensions["review"] = replace(settings, bounce_secret="")
    for headers in ({}, {"Authorization": "Bearer "}, BEARER):
        assert tell(office, bounced(office), headers=headers).status_code == 403
    signed_in = office.browser("admin")
    assert signed_in.post("/bounces", json=bounced(office)).status_code == 403
    assert fate(mail) == ("", "")


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"x" * (dsn.LARGEST + 1), "message/rfc822", 413),
        (b"x" * (dsn.LARGEST + 1), "application/json", 413),
        (b"[" * 100_000, "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b"", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"fate": 1}', "application/json", 422),
        (b'{"fate": "bounced", "more": "x"}', "application/json", 422),
        (b'{"fate": "bounced", "status": "2.0.0"}', "application/json", 422),
        (b'{"fate": "eaten", "status": "5.0.0"}', "application/json", 422),
        (b"Subject: Undelivered\r\n\r\n", "message/rfc822", 422),
        (b"fate=bounced&status=5.1.1", "application/x-www-form-urlencoded", 415),
        (b"", "multipart/form-data; boundary=x", 415),
    ],
)
def test_what_cannot_be_read_is_refused_and_changes_nothing(
    office: Office, mail: int, body: bytes, kind: str, code: int
) -> None:
    answer = office.app.test_client().post("/bounces", data=body, content_type=kind, headers=BEARER)
    assert answer.status_code == code
    assert fate(mail) == ("", "")


@pytest.mark.parametrize(
    "change",
    [
        {"message_id": "<other@secretariat.example>"},
        {"recipient": "somebody.else@zmb.example"},
        {"message_id": ""},
        {"message_id": "' OR 1=1 --"},
        {"message_id": "", "envelope_id": "1.00000000000000000000"},
    ],
)
def test_an_unknown_mail_is_said_to_be_unknown(
    office: Office, mail: int, change: dict[str, str]
) -> None:
    answer = tell(office, bounced(office) | change)
    assert (answer.status_code, answer.json) == (200, {"result": "unknown"})
    assert fate(mail) == ("", "")


def test_get_is_no_way_in(office: Office) -> None:
    assert office.app.test_client().get("/bounces", headers=BEARER).status_code == 405


# The address -----------------------------------------------------------------------------------


def dead() -> int:
    with db.reading() as session:
        return session.scalars(
            sa.select(DeadAddress.id).where(DeadAddress.cleared_at.is_(None))
        ).one()


def send(client: FlaskClient, path: str, **given: str) -> Any:
    return client.post(path, data={"csrf_token": token(soup(client, path)), **given})


def test_the_secretariat_is_told_and_puts_the_address_right(office: Office, mail: int) -> None:
    tell(office, bounced(office))
    client, person = office.browser("officer"), office.people["focal_point"]
    path = f"/addresses/{dead()}"
    board = soup(client, "/reviews")
    assert f"Messages to {person.title} come back" in board.get_text()
    assert board.find("a", href=path)
    assert "does not work since" in soup(client, f"/people/{person.id}").get_text()
    assert words(soup(client, f"/people?q={person.email}"), "tbody .late") == ["does not work"]
    page = soup(client, path)
    assert "550 No such mailbox <script>" in page.get_text()
    assert page.find("script", string="") is None or "mailbox" not in str(page.find("script"))
    assert not page.find("input", {"name": "password"})

    assert send(client, path, email="no address").status_code == 422
    assert send(client, path, email=office.people["expert_1"].email).status_code == 422
    answer = send(client, path, email="right@zmb.example")
    assert answer.location == f"/people/{person.id}"
    with db.reading() as session:
        assert session.get_one(Person, person.id).email == "right@zmb.example"
    assert "come back" not in soup(client, "/reviews").get_text()
    text = soup(client, f"/people/{person.id}").get_text()
    assert "does not work" not in text
    assert "Address corrected" in text
    soup(client, path, 404)


def test_the_secretariat_is_told_of_a_mail_that_somebody_else_got(
    office: Office, mail: int
) -> None:
    """Nothing is wrong with the address, so there is nothing to correct; for two weeks."""
    report = bounced(office) | {"status": "5.7.1", "diagnostic": "550 5.7.1 On a list"}
    assert tell(office, report).json == {"result": "noted"}
    client, address = office.browser("officer"), office.people["focal_point"].email
    (told,) = (one for one in words(soup(client, "/reviews"), ".rows li") if "not delivered" in one)
    assert f"1 message to {address} was not delivered" in told
    assert "It went to the next address of the side." in told
    assert "5.7.1 550 5.7.1 On a list" in told
    link = soup(client, "/reviews").find("a", string="See the message")
    assert link is not None
    assert words(soup(client, str(link["href"])), "tbody th a") == ["Specimen mail"]
    with db.reading() as session:
        assert session.scalars(sa.select(DeadAddress)).all() == []
    with clock.frozen(NOW + timedelta(days=15)):
        later = soup(office.browser("officer"), "/reviews")
    assert "was not delivered" not in later.get_text()


def test_its_owner_puts_it_right_with_the_password(office: Office, mail: int) -> None:
    tell(office, bounced(office))
    client, path = office.browser("focal_point"), f"/addresses/{dead()}"
    assert soup(client, "/account").find("a", href=path)
    assert send(client, path, email="right@zmb.example", password="wrong").status_code == 422
    done = send(client, path, email="right@zmb.example", password=world.PASSWORD)
    assert done.location == "/account"
    assert not soup(client, "/account").find("a", href=path)


@pytest.mark.parametrize("who", ["expert_1", "stranger"])
def test_nobody_else_learns_of_it(office: Office, mail: int, who: str) -> None:
    tell(office, bounced(office))
    client, path = office.browser(who), f"/addresses/{dead()}"
    soup(client, path, 404)
    given = {"csrf_token": token(soup(client, "/account")), "email": "mine@zmb.example"}
    assert client.post(path, data=given).status_code == 404
    assert office.app.test_client().get(path).status_code == 302
    with db.reading() as session:
        person = session.get_one(Person, office.people["focal_point"].id)
        assert person.email == office.people["focal_point"].email


def test_a_form_without_its_token_is_refused(office: Office, mail: int) -> None:
    tell(office, bounced(office))
    answer = office.browser("officer").post(f"/addresses/{dead()}", data={"email": "a@b.example"})
    assert answer.status_code == 400
    assert json.dumps(dead())
