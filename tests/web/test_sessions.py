"""A session ends on the server: a copy of its cookie opens nothing any more."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.models import EndedSession
from review.services import open_sessions
from tests.web.conftest import NOW, MakePerson, sign_in, token_of


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    assert cookie is not None
    return cookie.value


def copy_of(app: Flask, cookie: str) -> FlaskClient:
    other = app.test_client()
    other.set_cookie("session", cookie)
    return other


def sign_out(client: FlaskClient) -> None:
    answer = client.post("/sign-out", data={"csrf_token": token_of(client, "/account")})
    assert answer.location == "/sign-in"


def test_signing_out_ends_a_copied_cookie(app: Flask, person: MakePerson) -> None:
    one = person()
    here, elsewhere = app.test_client(), app.test_client()
    sign_in(here, one)
    sign_in(elsewhere, one)
    copy = copy_of(app, cookie_of(here))
    assert copy.get("/account").status_code == 200

    sign_out(here)

    assert copy.get("/account").status_code == 302
    assert copy_of(app, cookie_of(copy)).get("/account").status_code == 302
    assert elsewhere.get("/account").status_code == 200, "other devices stay signed in"


def test_a_copy_cannot_write_either(app: Flask, person: MakePerson) -> None:
    here = app.test_client()
    sign_in(here, person())
    copy = copy_of(app, cookie_of(here))
    token = token_of(copy, "/account")
    sign_out(here)

    form = {"csrf_token": token, "language": "fr", "time_zone": "Europe/Paris"}
    assert copy.post("/account/preferences", data=form).status_code == 401


def test_signing_in_again_ends_the_session_before(app: Flask, person: MakePerson) -> None:
    one, another = person(), person()
    here = app.test_client()
    sign_in(here, one)
    copy, token = copy_of(app, cookie_of(here)), token_of(here, "/account")

    data = {"email": another.email, "password": "a calm sentence about herons"}
    assert here.post("/sign-in", data={**data, "csrf_token": token}).status_code == 302

    assert copy.get("/account").status_code == 302
    assert here.get("/account").status_code == 200


def test_a_cookie_without_a_number_opens_nothing(client: FlaskClient, person: MakePerson) -> None:
    sign_in(client, person())
    with client.session_transaction() as held:
        del held["number"]

    assert client.get("/account").status_code == 302


def test_ended_sessions_are_kept_as_hashes_until_their_cookies_are_void(database: str) -> None:
    numbers = [open_sessions.new_number() for _ in range(2)]
    assert len(set(numbers)) == 2
    with db.transaction() as session:
        open_sessions.end(session, numbers[0], now=NOW)
        open_sessions.end(session, numbers[0], now=NOW + timedelta(days=6))
    with db.reading() as session:
        (held,) = session.scalars(sa.select(EndedSession.digest))
    assert numbers[0] not in held

    later = NOW + open_sessions.LONGEST + timedelta(seconds=1)
    with clock.frozen(later), db.transaction() as session:
        open_sessions.end(session, numbers[1], now=clock.now())
        assert session.scalar(sa.select(sa.func.count()).select_from(EndedSession)) == 1
