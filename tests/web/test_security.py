"""What every answer carries, what is refused before a view is reached, and how failures look."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from review import db, links
from review.app import create_app
from review.policy import Action
from review.resources import STATIC, TEMPLATES
from review.settings import Settings
from review.web import access
from review.web.access import public
from review.web.frame import NAVIGATION
from tests.web.conftest import MakePerson, sign_in, token_of

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def test_every_view_has_an_access_mark(app: Flask) -> None:
    bare = [name for name, view in app.view_functions.items() if access.mark_of(view) is None]
    assert bare == []


def test_a_view_without_a_mark_is_refused(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/bare", "bare", lambda: "never shown")
    answer = client.get("/bare")
    assert answer.status_code == 403
    assert b"never shown" not in answer.data


def test_a_page_about_a_review_that_never_asked_for_it_is_refused(
    app: Flask, client: FlaskClient, person: MakePerson
) -> None:
    view = access.needs(Action.SEE_REVIEW)(lambda: "never shown")
    app.add_url_rule("/unasked", "unasked", view)
    sign_in(client, person())
    answer = client.get("/unasked")
    assert answer.status_code == 403
    assert b"never shown" not in answer.data


def test_a_right_is_asked(app: Flask, client: FlaskClient, person: MakePerson) -> None:
    view = access.needs(Action.MANAGE_PEOPLE)(lambda: "people")
    app.add_url_rule("/people-only", "people_only", view)
    sign_in(client, person("focal_point"))
    assert client.get("/people-only").status_code == 403
    other = app.test_client()
    sign_in(other, person("secretariat_officer"))
    assert other.get("/people-only").data == b"people"


def test_headers_of_a_page(client: FlaskClient) -> None:
    headers = client.get("/sign-in").headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_https_is_kept_to(settings: Settings) -> None:
    app = create_app(replace(settings, base_url="https://reviews.example"))
    answer = app.test_client().get("/sign-in", base_url="https://reviews.example")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.9")])
def test_a_proxy_is_believed_only_where_one_stands(
    settings: Settings, proxies: int, address: str
) -> None:
    app = create_app(replace(settings, trusted_proxies=proxies))
    view = public(lambda: request.remote_addr or "")
    app.add_url_rule("/who", "who", view)
    headers = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    assert app.test_client().get("/who", headers=headers).get_data(as_text=True) == address


def test_static_files_are_cached_under_their_hash(client: FlaskClient) -> None:
    page = client.get("/sign-in").get_data(as_text=True)
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(addresses) >= 9
    for address in addresses:
        assert "?v=" in address
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        answer.close()


def test_no_template_has_inline_script_or_style() -> None:
    forbidden = re.compile(
        r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:|hx-on", re.IGNORECASE
    )
    pages = [path for path in TEMPLATES.rglob("*.html") if "email" not in path.parts]
    assert pages
    found = [path.name for path in pages if forbidden.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_light_and_dark_list_the_same_tokens() -> None:
    text = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    light, dark = text.split("@media screen and (prefers-color-scheme: dark)")
    names = re.compile(r"^\s+(--[\w-]+):", re.MULTILINE)
    dark_names = set(names.findall(dark.split("\n}\n")[0]))
    assert set(names.findall(light)) == dark_names
    assert "--late" in dark_names


@pytest.mark.parametrize("path", ["/sign-in", "/language", "/forgotten-password"])
def test_a_form_without_token_is_refused(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data={"language": "fr", "email": "a@b.example"})
    assert answer.status_code == 400


def test_a_form_of_another_site_is_refused(client: FlaskClient) -> None:
    data = {"csrf_token": token_of(client), "language": "fr"}
    answer = client.post("/language", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_what_was_typed_survives_a_wrong_token(client: FlaskClient, person: MakePerson) -> None:
    sign_in(client, person())
    text = "A long remark on <article> 33 that took an hour to write."
    answer = client.post("/account/preferences", data={"csrf_token": "wrong", "remark": text})
    assert answer.status_code == 400
    assert "A long remark on &lt;article&gt; 33" in answer.get_data(as_text=True)


def test_a_password_is_never_shown_again(client: FlaskClient, person: MakePerson) -> None:
    sign_in(client, person())
    data = {"csrf_token": "wrong", "new_password": "a very long new password indeed"}
    answer = client.post("/account/password", data=data)
    assert answer.status_code == 400
    assert "very long new password" not in answer.get_data(as_text=True)


def test_an_unknown_page_is_calm(client: FlaskClient) -> None:
    answer = client.get("/nothing/here")
    assert answer.status_code == 404
    assert "There is no such page for you" in answer.get_data(as_text=True)
    assert answer.headers["Content-Security-Policy"] == POLICY


def test_programs_get_json(client: FlaskClient) -> None:
    answer = client.get("/nothing", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.get_json()["error"] == 404


def test_a_failure_shows_a_reference_and_no_detail(app: Flask, client: FlaskClient) -> None:
    @public
    def boom() -> str:
        raise RuntimeError("the secret of the house")

    app.add_url_rule("/boom", "boom", boom)
    page = client.get("/boom")
    assert page.status_code == 500
    text = page.get_data(as_text=True)
    assert "secret of the house" not in text
    assert re.search(r"reference [0-9a-f]{8}", text)


def test_a_database_that_is_away_gives_a_calm_page(app: Flask, person: MakePerson) -> None:
    client = app.test_client()
    sign_in(client, person())
    db.connect("postgresql://nobody@127.0.0.1:1/nothing")
    answer = client.get("/account")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "The pages pause for a moment" in answer.get_data(as_text=True)


def test_a_database_that_goes_away_keeps_what_was_typed(app: Flask, client: FlaskClient) -> None:
    @public
    def save() -> str:
        raise OperationalError("INSERT", {}, Exception("gone"))

    app.add_url_rule("/save", "save", save, methods=["POST"])
    data = {"csrf_token": token_of(client), "answer": "Specimen text of an answer, long enough."}
    answer = client.post("/save", data=data)
    assert answer.status_code == 503
    assert "Specimen text of an answer" in answer.get_data(as_text=True)


def test_health_names_every_part(client: FlaskClient) -> None:
    answer = client.get("/health")
    report = answer.get_json()
    parts = {"database", "broker", "scheduler", "mail", "reminders", "clock"}
    assert {"status", "jobs"} | parts == set(report)
    assert report["database"]["ok"]
    assert report["broker"]["ok"]
    assert report["mail"]["ok"]
    assert report["clock"]["ok"]
    assert report["scheduler"] == {"ok": False, "state": "has not run yet"}
    assert report["jobs"]["remind"] == {"ok": False, "state": "has not run yet"}
    assert answer.status_code == 503


def test_health_without_a_database(client: FlaskClient) -> None:
    db.connect("postgresql://nobody:hidden@127.0.0.1:1/nothing")
    answer = client.get("/health")
    assert answer.status_code == 503
    assert not answer.get_json()["database"]["ok"]
    assert "hidden" not in answer.get_data(as_text=True)


def test_links_of_mails_lead_to_pages(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    values = {"token": "t", "review_id": 7, "step": "submit", "slug": "15-a", "document_id": 3}
    values |= {"succession_id": 5}
    for name, (endpoint, _path) in links.PATHS.items():
        path = links.path(name, **{k: v for k, v in values.items() if f"{{{k}}}" in _path})
        assert adapter.match(path, method="GET")[0] == endpoint, name


def test_every_word_of_the_navigation_leads_somewhere(app: Flask) -> None:
    assert [entry.label for entry in NAVIGATION if entry.endpoint not in app.view_functions] == []
