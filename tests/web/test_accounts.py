"""Signing in and out, and my account."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from argon2.exceptions import VerificationError
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.models import Audit, Person
from review.services import accounts, passwords
from review.web.addresses import local
from tests.web.accounts import NEW, page_of, post, verbs
from tests.web.conftest import PASSWORD, MakePerson, sign_in, token_of

# Signing in


def test_sign_in_and_out(client: FlaskClient, person: MakePerson) -> None:
    one = person()
    answer = sign_in(client, one)
    assert (answer.status_code, answer.location) == (302, "/")
    assert client.get("/account").status_code == 200
    assert post(client, "/sign-out", of="/account").location == "/sign-in"
    assert client.get("/account").location == "/sign-in?next=/account"
    assert verbs() == ["signed_in"]


def test_the_address_may_have_other_capitals(client: FlaskClient, person: MakePerson) -> None:
    one = person(email="Officer@Secretariat.example")
    data = {"email": " officer@SECRETARIAT.example ", "password": PASSWORD}
    assert client.post("/sign-in", data=data | {"csrf_token": token_of(client)}).status_code == 302
    assert one.email == "Officer@Secretariat.example"


@pytest.mark.parametrize("change", [{"active": False}, {"activated_at": None}])
def test_an_account_that_is_not_open_looks_like_none(
    client: FlaskClient, person: MakePerson, change: dict[str, Any]
) -> None:
    closed = sign_in(client, person(**change))
    token = token_of(client)
    data = {"email": "nobody@nowhere.example", "password": PASSWORD, "csrf_token": token}
    unknown = client.post("/sign-in", data=data)
    assert closed.status_code == unknown.status_code == 401
    message = "Address and password do not belong together"
    assert message in page_of(closed)
    assert message in page_of(unknown)


def test_an_unknown_address_costs_a_hash_too(
    app: Flask, client: FlaskClient, person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    class Counting:
        def hash(self, password: str) -> str:
            return f"a hash of {len(password)} characters"

        def verify(self, stored: str, password: str) -> bool:
            checked.append(stored)
            raise VerificationError

    monkeypatch.setattr(passwords, "hasher", Counting())
    with db.transaction() as session:
        accounts.authenticate(session, "nobody@nowhere.example", "x", now=clock.now())
    assert len(checked) == 1


def test_tries_on_one_account_are_limited(client: FlaskClient, person: MakePerson) -> None:
    one, other = person(), person()
    codes = [sign_in(client, one, "a wrong one entirely").status_code for _ in range(12)]
    assert codes[:10] == [401] * 10
    assert codes[10:] == [429, 429]
    assert sign_in(client, one).status_code == 429
    assert sign_in(client, other).status_code == 302


def test_the_limit_holds_without_redis(
    app: Flask, person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from review.app import create_app

    alone = create_app(replace(app.extensions["review"], redis_url="redis://127.0.0.1:1/0"))
    client, one = alone.test_client(), person()
    started = time.monotonic()
    codes = [sign_in(client, one, "a wrong one entirely").status_code for _ in range(12)]
    assert codes[10:] == [429, 429]
    assert time.monotonic() - started < 20


def test_signing_in_leads_to_where_one_wanted_to_go(
    client: FlaskClient, person: MakePerson
) -> None:
    assert sign_in(client, person(), next="/account?x=1").location == "/account?x=1"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\tevil",
        "evil.example",
    ],
)
def test_only_our_own_pages_can_be_next(app: Flask, address: str) -> None:
    with app.test_request_context():
        assert local(address) == "/"


def test_a_session_starts_fresh(client: FlaskClient, person: MakePerson) -> None:
    with client.session_transaction() as before:
        before["planted"] = "by somebody else"
    sign_in(client, person())
    with client.session_transaction() as after:
        assert "planted" not in after


def test_a_session_ends_at_the_latest_after_a_week(client: FlaskClient, person: MakePerson) -> None:
    sign_in(client, person())
    with clock.frozen(datetime.now(UTC) + timedelta(days=6)):
        assert client.get("/account").status_code == 200
    with clock.frozen(datetime.now(UTC) + timedelta(days=8)):
        assert client.get("/account").status_code == 302


def test_a_session_lasts_as_long_as_the_settings_say(app: Flask) -> None:
    assert app.permanent_session_lifetime == timedelta(hours=12)


def test_sign_out_everywhere(app: Flask, person: MakePerson) -> None:
    one = person()
    here, elsewhere = app.test_client(), app.test_client()
    sign_in(here, one)
    sign_in(elsewhere, one)
    post(here, "/account/sign-out-everywhere", of="/account")
    assert here.get("/account").status_code == 302
    assert elsewhere.get("/account").status_code == 302


def test_a_closed_account_is_out_at_once(client: FlaskClient, person: MakePerson) -> None:
    one, officer = person("focal_point"), person()
    sign_in(client, one)
    with db.transaction() as session:
        accounts.close_account(session, one.id, actor=officer, now=clock.now())
    assert client.get("/account").status_code == 302


# My account


def test_language_zone_and_digest(client: FlaskClient, person: MakePerson) -> None:
    one = person("focal_point")
    sign_in(client, one)
    fields = {"language": "ar", "time_zone": "Africa/Lusaka", "digest": "y"}
    answer = post(client, "/account/preferences", of="/account", **fields)
    assert answer.location == "/account"
    page = page_of(client.get("/account"))
    assert '<html lang="ar" dir="rtl">' in page
    assert "bootstrap.rtl.min.css" in page
    with db.reading() as session:
        now = session.get_one(Person, one.id)
        assert (now.language, now.time_zone, now.digest) == ("ar", "Africa/Lusaka", True)
        row = session.scalars(sa.select(Audit).where(Audit.verb == "account_changed")).one()
        assert row.before["time_zone"] == "Europe/Vienna"
        assert row.after["time_zone"] == "Africa/Lusaka"


def test_quiet_days_are_chosen_and_outlive_another_language(
    client: FlaskClient, person: MakePerson
) -> None:
    one = person("focal_point", iso3="EGY")
    sign_in(client, one)
    page = page_of(client.get("/account"))
    assert page.count('name="quiet_weekdays"') == 5, "not Friday and Saturday, when Egypt rests"
    fields = {"language": "en", "time_zone": "Africa/Cairo"}
    chosen = fields | {"quiet_weekdays": ["6", "2"]}
    assert post(client, "/account/preferences", of="/account", **chosen).status_code == 302
    post(client, "/language", of="/account", language="fr")
    with db.reading() as session:
        assert session.get_one(Person, one.id).quiet_weekdays == [2, 6]
    all_of_them = fields | {"quiet_weekdays": ["6", "0", "1", "2", "3"]}
    refused = post(client, "/account/preferences", of="/account", **all_of_them)
    assert refused.status_code == 422
    assert "jour ouvrable" in refused.text
    wrong = fields | {"quiet_weekdays": ["9"]}
    assert post(client, "/account/preferences", of="/account", **wrong).status_code == 422
    with db.reading() as session:
        assert session.get_one(Person, one.id).quiet_weekdays == [2, 6]


def test_an_unknown_zone_is_refused(client: FlaskClient, person: MakePerson) -> None:
    sign_in(client, person())
    fields = {"language": "en", "time_zone": "../../etc/passwd"}
    assert post(client, "/account/preferences", of="/account", **fields).status_code == 422


def test_an_own_zone_outside_the_list_stays(client: FlaskClient, person: MakePerson) -> None:
    sign_in(client, person(time_zone="Etc/GMT-5"))
    fields = {"language": "fr", "time_zone": "Etc/GMT-5"}
    assert post(client, "/account/preferences", of="/account", **fields).status_code == 302


def test_the_password_is_changed_with_the_current_one(app: Flask, person: MakePerson) -> None:
    one = person()
    here, elsewhere = app.test_client(), app.test_client()
    sign_in(here, one)
    sign_in(elsewhere, one)
    fields = {"new_password": NEW, "again_password": NEW}
    path = "/account/password"
    wrong = post(here, path, of="/account", current_password="not the one I have", **fields)
    assert wrong.status_code == 422
    assert "The current password is not right." in page_of(wrong)
    right = post(here, path, of="/account", current_password=PASSWORD, **fields)
    assert right.location == "/account"
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302


def test_a_stranger_chooses_a_language_for_this_browser(client: FlaskClient) -> None:
    answer = post(client, "/language", of="/sign-in", language="fr", next="/forgotten-password")
    assert answer.location == "/forgotten-password"
    assert '<html lang="fr" dir="ltr">' in page_of(client.get("/sign-in"))


def test_the_browser_is_asked_for_its_language(client: FlaskClient) -> None:
    page = page_of(client.get("/sign-in", headers={"Accept-Language": "pt, ru;q=0.8, en;q=0.2"}))
    assert '<html lang="ru" dir="ltr">' in page
