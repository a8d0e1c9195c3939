"""Invitation, signing in and out, forgotten password, my account, and forms that wait."""

from __future__ import annotations

import html
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from argon2.exceptions import VerificationError
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.models import Audit, Outbox, Person, Secret
from review.services import account_links, accounts, passwords
from review.services.accounts import Preferences
from review.web import kept
from review.web.access import signed_in
from review.web.addresses import local
from tests.web.conftest import PASSWORD, MakePerson, last_mail, sign_in, token_of

NEW = "seven lanterns over the river"


def page_of(answer: Any) -> str:
    """The text of an answer, without entities."""
    return html.unescape(answer.get_data(as_text=True))


def invite(email: str = "expert@zambia.example") -> Person:
    with db.transaction() as session:
        return accounts.invite(
            session,
            email=email,
            title="Review officer",
            role="secretariat_officer",
            iso3=None,
            preferences=Preferences("en", "Europe/Vienna", digest=False),
            actor=None,
            now=clock.now(),
        )


def link_of(notice: str) -> str:
    mail = last_mail(notice)
    assert mail is not None
    return str(mail.params["token"])


def mails() -> int:
    with db.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Outbox)) or 0


def verbs() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(sa.select(Audit.verb).order_by(Audit.id)))


def post(client: FlaskClient, path: str, of: str = "", **fields: str) -> Any:
    """Send a form of a page (`of`, by default the same address) with its token."""
    return client.post(path, data={**fields, "csrf_token": token_of(client, of or path)})


def choose(client: FlaskClient, path: str, password: str = NEW) -> Any:
    return post(client, path, new_password=password, again_password=password)


# Invitation


def test_an_invitation_is_opened_once(client: FlaskClient, app: Flask) -> None:
    invited = invite()
    path = f"/invitation/{link_of('invitation')}"
    for _ in range(2):  # a mail scanner opens it too; nothing happens by that
        answer = client.get(path)
        assert answer.status_code == 200
        assert invited.email in page_of(answer)
    assert choose(client, path).location == "/"
    assert client.get("/account").status_code == 200
    assert verbs() == ["person_invited", "account_opened"]

    second = app.test_client()
    again = second.get(path)
    assert again.status_code == 410
    assert "has been used" in page_of(again)


def test_the_database_holds_no_link(app: Flask) -> None:
    invite()
    token = link_of("invitation")
    with db.reading() as session:
        digest = session.scalars(sa.select(Secret.digest)).one()
    assert token not in digest
    assert len(digest) == 64


def test_an_expired_invitation_is_renewed_to_the_registered_address(client: FlaskClient) -> None:
    invite()
    path = f"/invitation/{link_of('invitation')}"
    with clock.frozen(datetime.now(UTC) + account_links.INVITATION_FOR):
        answer = client.get(path)
        assert answer.status_code == 410
        assert "This link has expired" in page_of(answer)
        sent = post(client, f"{path}/again", of=path)
        assert "Look into your mailbox" in page_of(sent)
        fresh = f"/invitation/{link_of('invitation')}"
        assert fresh != path
        assert client.get(fresh).status_code == 200
        assert mails() == 2


def test_an_unknown_link_says_what_to_do_and_sends_nothing(client: FlaskClient) -> None:
    answer = client.get("/invitation/cut-in-two")
    assert answer.status_code == 404
    assert "copy the whole address" in page_of(answer)
    sent = post(client, "/invitation/cut-in-two/again", of="/sign-in")
    assert "Look into your mailbox" in page_of(sent)
    assert mails() == 0


def test_a_newer_link_ends_the_older(client: FlaskClient) -> None:
    invited = invite()
    old = link_of("invitation")
    later = datetime.now(UTC) + timedelta(hours=1)
    with clock.frozen(later), db.transaction() as session:
        again = accounts.find(session, invited.id)
        assert again is not None
        accounts.invite_again(session, again, actor=None, now=clock.now())
    assert client.get(f"/invitation/{old}").status_code == 410
    assert client.get(f"/invitation/{link_of('invitation')}").status_code == 200


def test_links_are_not_written_by_the_dozen(app: Flask) -> None:
    invited = invite()
    with db.transaction() as session:
        again = accounts.find(session, invited.id)
        assert again is not None
        for _ in range(5):
            accounts.invite_again(session, again, actor=None, now=clock.now())
    assert mails() == 1


def test_a_mailbox_is_not_flooded(client: FlaskClient, person: MakePerson) -> None:
    one, start = person(), datetime.now(UTC)
    for minutes in range(0, 60, 3):
        with clock.frozen(start + timedelta(minutes=minutes)), db.transaction() as session:
            accounts.forgot_password(session, one.email, now=clock.now())
    assert mails() == account_links.A_DAY


def test_an_address_has_one_account(app: Flask) -> None:
    invite("Expert@Zambia.example")
    with pytest.raises(accounts.AccountError):
        invite("expert@zambia.example")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", passwords.TOO_SHORT),
        ("passwordpassword1", passwords.COMMON),
        ("qwertyuiop123456", passwords.COMMON),
        ("aaaaaaaaaaaaaaaa", passwords.COMMON),
        ("123456789012345", passwords.COMMON),
        ("corruption2013uncac", passwords.COMMON),
        ("expert-zambia-2013", passwords.COMMON),
        ("chipembele.mwansa1", passwords.PERSONAL),
    ],
)
def test_a_weak_password_is_refused_with_a_reason(
    client: FlaskClient, password: str, why: str
) -> None:
    invite("chipembele.mwansa@zambia.example")
    answer = choose(client, f"/invitation/{link_of('invitation')}", password)
    assert answer.status_code == 422
    assert why in page_of(answer)
    assert password not in page_of(answer)


@pytest.mark.parametrize(
    "password",
    [
        NEW,
        "Ndimakonda nsima kwambiri",
        "我们明天下午三点钟在维也纳见面吧",
        "7f3e-9a1c-55d0-b2e8-41",
    ],
)
def test_a_good_password_needs_no_decoration(password: str) -> None:
    assert passwords.problem(password, "focal.point@zambia.example", "Focal point") is None


def test_the_two_passwords_must_agree(client: FlaskClient) -> None:
    invite()
    path = f"/invitation/{link_of('invitation')}"
    answer = post(client, path, new_password=NEW, again_password=NEW + "x")
    assert answer.status_code == 422
    page = page_of(answer)
    assert "The two passwords differ." in page
    assert 'href="#again_password"' in page
    assert re.search(r'aria-describedby="again_password-error"[^>]*aria-invalid="true"', page)


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


# Forgotten password


def test_a_forgotten_password_is_replaced(app: Flask, person: MakePerson) -> None:
    one = person()
    client, elsewhere = app.test_client(), app.test_client()
    sign_in(elsewhere, one)
    asked = post(client, "/forgotten-password", email=one.email)
    assert "Look into your mailbox" in page_of(asked)
    answer = choose(client, f"/password/{link_of('password_reset')}")
    assert answer.location == "/"
    assert elsewhere.get("/account").status_code == 302
    fresh = app.test_client()
    assert sign_in(fresh, one).status_code == 401
    assert sign_in(fresh, one, NEW).status_code == 302


def test_the_answer_tells_nobody_who_has_an_account(
    client: FlaskClient, person: MakePerson
) -> None:
    one = person()
    known = page_of(post(client, "/forgotten-password", email=one.email))
    unknown = page_of(post(client, "/forgotten-password", email="nobody@nowhere.example"))
    token = re.compile(r'name="csrf_token" value="[^"]+"')
    assert token.sub("", known) == token.sub("", unknown)
    assert mails() == 1


def test_who_never_accepted_gets_the_invitation_again(client: FlaskClient) -> None:
    invited = invite()
    with clock.frozen(datetime.now(UTC) + timedelta(days=30)):
        post(client, "/forgotten-password", email=invited.email)
        assert client.get(f"/invitation/{link_of('invitation')}").status_code == 200


def test_a_reset_link_lasts_two_hours(client: FlaskClient, person: MakePerson) -> None:
    one = person()
    post(client, "/forgotten-password", email=one.email)
    path = f"/password/{link_of('password_reset')}"
    with clock.frozen(datetime.now(UTC) + timedelta(hours=2, minutes=1)):
        assert client.get(path).status_code == 410


def test_a_link_has_one_purpose(client: FlaskClient) -> None:
    invite()
    assert client.get(f"/password/{link_of('invitation')}").status_code == 404


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


# A form that was sent after the session had ended


@pytest.fixture
def letters(app: Flask) -> list[str]:
    """A page that takes letters, as the pages of reviews do."""
    taken: list[str] = []

    @signed_in
    def write() -> str:
        from flask import request

        taken.append(request.form["letter"])
        return "taken"

    app.add_url_rule("/letters", "letters", write, methods=["POST"])
    return taken


LETTER = 'Specimen text.\nA second line with <b>signs</b> & "quotes"; it took an hour.'


def fields_of(page: str, action: str) -> dict[str, str]:
    """The fields of a form of a page, as a browser would send them."""
    from bs4 import BeautifulSoup

    form = BeautifulSoup(page, "html.parser").find("form", action=action)
    assert form is not None
    fields = {str(one["name"]): str(one.get("value", "")) for one in form.find_all("input")}
    for one in form.find_all("textarea"):
        fields[str(one["name"])] = one.get_text().removeprefix("\n")
    return fields


def send_after_the_session(app: Flask, client: FlaskClient, author: Person, **extra: Any) -> Any:
    """The author's page was open; the session ended; they press the button."""
    sign_in(client, author)
    token = token_of(client, "/account")
    client.delete_cookie("session")
    return client.post("/letters", data={"letter": LETTER, "csrf_token": token, **extra})


def test_the_text_waits_and_is_sent_by_one_button(
    app: Flask, client: FlaskClient, person: MakePerson, letters: list[str]
) -> None:
    author = person()
    answer = send_after_the_session(app, client, author)
    assert answer.status_code == 401
    assert "What you sent is kept." in page_of(answer)

    wrong = fields_of(answer.get_data(as_text=True), "/sign-in")
    mistyped = client.post("/sign-in", data=wrong | {"email": author.email, "password": "no"})
    assert mistyped.status_code == 401
    form = fields_of(mistyped.get_data(as_text=True), "/sign-in")
    back = client.post("/sign-in", data=form | {"email": author.email, "password": PASSWORD})
    assert back.status_code == 200
    assert letters == []  # nothing is sent by itself

    again = fields_of(back.get_data(as_text=True), "/letters")
    assert again["letter"] == LETTER
    assert client.post("/letters", data=again).data == b"taken"
    assert letters == [LETTER]


def test_a_text_of_somebody_else_is_neither_shown_nor_sent(
    app: Flask, client: FlaskClient, person: MakePerson, letters: list[str]
) -> None:
    author, other = person(), person()
    answer = send_after_the_session(app, client, author)
    form = fields_of(answer.get_data(as_text=True), "/sign-in")
    back = client.post("/sign-in", data=form | {"email": other.email, "password": PASSWORD})
    assert back.status_code == 302
    page = page_of(client.get("/account"))
    assert "belongs to another account" in page
    assert "took an hour" not in page
    assert letters == []


def test_a_form_from_elsewhere_is_not_kept(
    app: Flask, client: FlaskClient, person: MakePerson, letters: list[str]
) -> None:
    stranger = token_of(app.test_client())  # anybody can have the token of a stranger
    for token in (stranger, "made up", ""):
        answer = client.post("/letters", data={"letter": LETTER, "csrf_token": token})
        assert answer.status_code == 401
        assert not fields_of(answer.get_data(as_text=True), "/sign-in").get("kept")


def test_a_waiting_text_cannot_be_made_up(
    client: FlaskClient, person: MakePerson, letters: list[str]
) -> None:
    answer = sign_in(client, person(), kept="eyJtYWRlIjoidXAifQ.x.y")
    assert answer.status_code == 302


def test_a_password_is_never_kept(
    app: Flask, client: FlaskClient, person: MakePerson, letters: list[str]
) -> None:
    answer = send_after_the_session(app, client, person(), current_password=PASSWORD)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert not fields_of(page, "/sign-in").get("kept")
    assert PASSWORD not in page


def test_a_lost_file_is_named(
    app: Flask, client: FlaskClient, person: MakePerson, letters: list[str]
) -> None:
    import io

    file = (io.BytesIO(b"content"), "law.pdf")
    answer = send_after_the_session(app, client, person(), law=file)
    assert "files have to be attached again" in page_of(answer)


def test_a_page_stays_good_over_a_new_sign_in(
    app: Flask, client: FlaskClient, person: MakePerson, letters: list[str]
) -> None:
    """A page that was open before, sent after signing in in a second window, just works."""
    author = person()
    sign_in(client, author)
    old = token_of(client, "/account")
    client.delete_cookie("session")
    sign_in(client, author)
    assert client.post("/letters", data={"letter": LETTER, "csrf_token": old}).data == b"taken"


def test_a_token_of_one_person_is_none_for_another(
    app: Flask, person: MakePerson, letters: list[str]
) -> None:
    one, other = app.test_client(), app.test_client()
    sign_in(one, person())
    sign_in(other, person())
    data = {"letter": LETTER, "csrf_token": token_of(one, "/account")}
    assert other.post("/letters", data=data).status_code == 400
    assert letters == []


def test_a_seal_ends_after_a_day(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.test_request_context():
        sealed = kept.seal(kept.Kept("1.0", "/letters", (("letter", "x"),), lost_files=False))
        assert kept.unseal(sealed) is not None
        monkeypatch.setattr(kept, "KEPT_FOR", -1)
        assert kept.unseal(sealed) is None


def test_htmx_is_told_to_sign_in_on_a_second_page(
    app: Flask, client: FlaskClient, letters: list[str]
) -> None:
    answer = client.post("/letters", data={"letter": "x"}, headers={"HX-Request": "true"})
    assert answer.status_code == 401
    page = page_of(answer)
    assert "<html" not in page
    assert 'target="_blank"' in page
