"""A form that was sent after the session had ended waits, and is sent by its author alone."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from review.models import Person
from review.web import kept
from review.web.access import signed_in
from tests.web.accounts import page_of
from tests.web.conftest import PASSWORD, MakePerson, sign_in, token_of


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
