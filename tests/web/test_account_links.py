"""Links of mails: the invitation, the forgotten password, and which passwords are taken."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.models import Secret
from review.services import account_links, accounts, passwords
from tests.web.accounts import NEW, choose, invite, link_of, mails, page_of, post, verbs
from tests.web.conftest import MakePerson, sign_in

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
