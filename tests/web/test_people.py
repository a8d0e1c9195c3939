"""People and invitations: who sees them, filters, inviting, closing, opening, officers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.models import Audit, Outbox, Person, Review
from tests import world
from tests.web.office import NOW, Office, soup, token, words


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    with clock.frozen(NOW):
        yield made


def post(client: FlaskClient, path: str, **fields: str) -> Any:
    return client.post(path, data={"csrf_token": token(soup(client, "/account")), **fields})


def person(email: str) -> Person:
    with db.reading() as session:
        found = session.scalars(sa.select(Person).where(Person.email == email)).one()
        session.expunge_all()
    return found


def acts(verb: str) -> list[Audit]:
    with db.reading() as session:
        found = session.scalars(sa.select(Audit).where(Audit.verb == verb).order_by(Audit.id)).all()
        session.expunge_all()
    return list(found)


# Who sees them


@pytest.mark.parametrize("who", ["focal_point", "expert_1", "stranger"])
def test_only_the_secretariat_sees_people(office: Office, who: str) -> None:
    client = office.browser(who)
    number = office.people["officer"].id
    for path in (
        "/people",
        f"/people/{number}",
        f"/people/{number}/close",
        "/people/invite/observer",
        "/people/invite/secretariat",
        f"/reviews/{office.ids['ZMB']}/officer",
    ):
        soup(client, path, 403)
    for path in (f"/people/{number}/close", f"/people/{number}/open", f"/people/{number}/invite"):
        assert post(client, path, reason="Specimen.").status_code == 403
    review = office.ids["ZMB"]
    assert post(client, f"/reviews/{review}/officer", officer="").status_code == 403
    assert office.review("ZMB").officer_id == number


def test_an_officer_does_not_appoint_the_secretariat(office: Office) -> None:
    client = office.browser("officer")
    soup(client, "/people/invite/secretariat", 403)
    admin = office.people["admin"].id
    page = soup(client, f"/people/{admin}")
    assert page.select_one("[aria-disabled=true]")
    assert "changed by an administrator" in page.get_text()
    assert post(client, f"/people/{admin}/close", reason="Specimen.").status_code == 403
    assert person(office.people["admin"].email).active


# The list


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("role=expert", ["expert_1", "expert_2"]),
        ("role=focal_point&q=zambia", ["focal_point"]),
        ("q=Zambie&role=focal_point", ["focal_point"]),
        ("q=expert.1%40", ["expert_1"]),
        ("q=100%25", []),
        ("q=_", ["expert_1", "expert_2", "focal_point"]),
        ("status=closed", []),
        ("status=active&role=secretariat_officer", ["Secretariat officer"]),
        ("group=Asia-Pacific+States", ["Stranger"]),
    ],
)
def test_filters_narrow_the_list(office: Office, query: str, found: list[str]) -> None:
    page = soup(office.browser("admin"), f"/people?{query}")
    assert sorted(words(page, "tbody th a")) == found


@pytest.mark.parametrize("query", ["role=king", "status=nix", "page=0", "page=x", "group=9"])
def test_an_address_that_asks_for_nonsense_is_answered_calmly(office: Office, query: str) -> None:
    page = soup(office.browser("officer"), f"/people?{query}")
    assert words(page, ".note-warn")
    assert len(words(page, "tbody th a")) == 6


def test_the_list_says_how_each_account_stands(office: Office) -> None:
    with db.transaction() as session:
        for name, days, active in (("fresh", 3, True), ("old", 20, True), ("gone", 20, False)):
            session.add(
                Person(
                    email=f"{name}@zmb.example",
                    title=name.capitalize(),
                    role="observer",
                    iso3="ZMB",
                    invited_at=NOW - timedelta(days=days),
                    active=active,
                )
            )
    client = office.browser("officer")
    for query, one in (("invited", "Fresh"), ("expired", "Old"), ("closed", "Gone")):
        assert words(soup(client, f"/people?status={query}"), "tbody th a") == [one]


def test_pages_of_fifty(office: Office) -> None:
    with db.transaction() as session:
        for number in range(60):
            world.person(session, "observer", "ZMB", f"observer {number:02}")
    client = office.browser("officer")
    first = words(soup(client, "/people?role=observer"), "tbody th a")
    second = words(soup(client, "/people?role=observer&page=2"), "tbody th a")
    assert (len(first), len(second)) == (50, 10)
    assert words(soup(client, "/people?role=observer&page=77"), "tbody th a") == second


def test_one_person(office: Office) -> None:
    page = soup(office.browser("officer"), f"/people/{office.people['expert_1'].id}")
    assert words(page, "tbody th a") == ["Zambia"]
    assert words(page, "tbody td") == ["Governmental expert for the first reviewing State", "yes"]
    assert "Nominated as governmental expert" in page.get_text()
    soup(office.browser("officer"), "/people/999999", 404)
    soup(office.browser("officer"), "/people/99999999999999999999", 404)


# Invitations


def test_an_administrator_invites_a_colleague(office: Office) -> None:
    client = office.browser("admin")
    answer = post(
        client,
        "/people/invite/secretariat",
        title="Second officer",
        email="second@secretariat.example",
        role="secretariat_officer",
        language="fr",
    )
    made = person("second@secretariat.example")
    assert answer.location == f"/people/{made.id}"
    assert (made.role, made.iso3, made.language, made.activated_at) == (
        "secretariat_officer",
        None,
        "fr",
        None,
    )
    with db.reading() as session:
        mail = session.scalars(sa.select(Outbox).where(Outbox.person_id == made.id)).one()
        assert (mail.notice, mail.state) == ("invitation", "waiting")
    assert [one.after["person"] for one in acts("person_invited")][-1] == made.id
    page = soup(client, f"/people/{made.id}")
    assert "Invited" in words(page, ".facts dd")
    assert page.find("button", string="Invite again")


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": ""},
        {"email": "nobody"},
        {"email": "a@b@c.example"},
        {"title": ""},
        {"title": "x" * 201},
        {"role": "focal_point"},
        {"role": ""},
        {"language": "xx"},
        {"email": "secretariat.officer@secretariat.example"},
    ],
)
def test_a_wrong_invitation_is_told_at_its_field(office: Office, wrong: dict[str, str]) -> None:
    fields = {
        "title": "Second officer",
        "email": "second@secretariat.example",
        "role": "secretariat_officer",
        "language": "en",
    }
    answer = post(office.browser("admin"), "/people/invite/secretariat", **(fields | wrong))
    assert answer.status_code == 422
    assert "Please mend one thing" in answer.text
    assert not acts("person_invited")[3:]


def test_an_observer_is_invited_on_the_page_of_the_review(office: Office) -> None:
    client = office.browser("officer")
    page = soup(client, "/people/invite/observer")
    assert len(page.select("option")) == 6
    answer = client.get(f"/people/invite/observer?review={office.ids['ZMB']}")
    assert answer.location == f"/reviews/{office.ids['ZMB']}/steps/admit_observer"
    assert client.get(answer.location).status_code == 200
    assert words(soup(client, "/people/invite/observer?review=nix"), ".note-warn")


def test_inviting_again(office: Office) -> None:
    with db.transaction() as session:
        made = world.person(session, "observer", "ZMB", "late observer")
        made.activated_at, made.password_hash = None, None
        made.invited_at = NOW - timedelta(days=30)
        number, email = made.id, made.email
    client = office.browser("officer")
    assert post(client, f"/people/{number}/invite").location == f"/people/{number}"
    assert person(email).invited_at == NOW
    assert len(acts("person_invited_again")) == 1
    used = office.people["expert_1"].id
    post(client, f"/people/{used}/invite")
    assert "an invitation is not needed" in soup(client, "/people").get_text()
    assert len(acts("person_invited_again")) == 1
    assert post(client, "/people/999999/invite").status_code == 404


# Accounts


def test_closing_asks_first_and_ends_every_session(office: Office) -> None:
    expert, client = office.browser("expert_1"), office.browser("officer")
    number = office.people["expert_1"].id
    page = soup(client, f"/people/{number}/close")
    assert "Every session of this person ends at once" in page.get_text()
    assert "Zambia" in page.get_text()
    assert person(office.people["expert_1"].email).active, "a look changes nothing"
    assert post(client, f"/people/{number}/close", reason="").status_code == 422
    assert post(client, f"/people/{number}/close", reason="Specimen reason.").status_code == 302
    assert expert.get("/reviews").status_code == 302, "signed out"
    closed = acts("account_closed")
    assert closed[0].after == {"person": number, "reason": "Specimen reason."}
    page = soup(client, f"/people/{number}")
    assert "Account closed" in page.get_text()
    assert "Specimen reason." in page.get_text()


def test_opening_again(office: Office) -> None:
    client = office.browser("officer")
    number = office.people["expert_1"].id
    post(client, f"/people/{number}/open")
    assert "open already" in soup(client, f"/people/{number}").get_text()
    post(client, f"/people/{number}/close", reason="Specimen reason.")
    assert post(client, f"/people/{number}/close", reason="Twice.").status_code == 422
    post(client, f"/people/{number}/open")
    assert person(office.people["expert_1"].email).active
    assert len(acts("account_reopened")) == 1
    assert office.browser("expert_1").get("/reviews").status_code == 200


def test_somebody_who_never_came_is_invited_anew_when_opened(office: Office) -> None:
    with db.transaction() as session:
        made = world.person(session, "observer", "ZMB", "never came")
        made.activated_at, made.active = None, False
        number = made.id
    post(office.browser("officer"), f"/people/{number}/open")
    with db.reading() as session:
        mail = session.scalars(sa.select(Outbox).where(Outbox.person_id == number)).one()
        assert mail.notice == "invitation"


def test_nobody_closes_themselves_or_the_last_administrator(office: Office) -> None:
    client = office.browser("admin")
    number = office.people["admin"].id
    answer = post(client, f"/people/{number}/close", reason="Specimen reason.")
    assert answer.status_code == 422
    assert "your own account" in answer.text
    assert person(office.people["admin"].email).active


# Officers


def test_an_officer_is_assigned_and_it_is_recorded(office: Office) -> None:
    client = office.browser("admin")
    review, admin = office.ids["CIV"], office.people["admin"].id
    page = soup(client, f"/reviews/{review}/officer")
    assert words(page, "option") == ["Nobody yet", "Secretariat administrator",
                                     "Secretariat officer"]  # fmt: skip
    answer = post(client, f"/reviews/{review}/officer", officer=str(admin))
    assert answer.location == f"/reviews/{review}"
    assert office.review("CIV").officer_id == admin
    kept = acts("officer_assigned")[0]
    assert (kept.review_id, kept.before, kept.after) == (
        review,
        {"officer": None},
        {"officer": admin},
    )
    post(client, f"/reviews/{review}/officer", officer=str(admin))
    assert len(acts("officer_assigned")) == 1, "nothing changed the second time"
    post(client, f"/reviews/{review}/officer", officer="")
    assert office.review("CIV").officer_id is None


@pytest.mark.parametrize("officer", ["999999", "x", "expert"])
def test_only_the_secretariat_leads_a_review(office: Office, officer: str) -> None:
    chosen = str(office.people["expert_1"].id) if officer == "expert" else officer
    answer = post(office.browser("admin"), f"/reviews/{office.ids['CIV']}/officer", officer=chosen)
    assert answer.status_code == 422
    assert office.review("CIV").officer_id is None


def test_no_officer_for_a_review_that_is_not_there(office: Office) -> None:
    client = office.browser("officer")
    soup(client, "/reviews/999999/officer", 404)
    assert post(client, "/reviews/999999/officer", officer="").status_code == 404
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Review)) == 5
