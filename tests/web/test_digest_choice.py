"""The way out of a digest: a page that changes nothing, a button, one press in a mail program."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from review import db
from review.models import Audit, CapabilityUse, Outbox, Person
from review.services import capabilities, outbox
from review.services.capabilities import About, Purpose
from tests.web.conftest import NOW, MakePerson, sign_in, token_of

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def reader(person: MakePerson) -> Person:
    return person("focal_point", digest=True, time_zone="Africa/Lusaka")


@pytest.fixture
def path(reader: Person) -> str:
    """The address in the header of a digest that was sent to the reader."""
    with db.transaction() as session:
        outbox.put(session, "digest", key="digest:1", to=reader, now=NOW, params={"items": []})
        row = session.scalars(sa.select(Outbox)).one()
        secret = capabilities.give_with_mail(
            session, row, Purpose.DIGEST, about=About(), iso3=None, now=NOW, lasts=None
        )
    return f"/digest/{secret}"


def gets_digests(reader: Person) -> bool:
    with db.reading() as session:
        return bool(session.get_one(Person, reader.id).digest)


def waits(reader: Person) -> None:
    """A reminder of the reader waits for the next digest."""
    with db.transaction() as session:
        outbox.put(
            session,
            "reminder",
            key="remind:1",
            to=reader,
            now=NOW,
            params={"digest": True},
            recorded=True,
        )


def reminder() -> Outbox:
    with db.reading() as session:
        found = session.scalars(sa.select(Outbox).where(Outbox.key == "remind:1")).one()
        session.expunge(found)
    return found


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_opening_it_changes_nothing(
    client: FlaskClient, reader: Person, path: str, method: str
) -> None:
    page = client.open(path, method=method)
    assert page.status_code == 200
    assert gets_digests(reader)
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CapabilityUse)) == 0
    if method == "GET":
        text = page.get_data(as_text=True)
        assert "Get single reminders again" in text
        assert "nothing that you have to know is ever switched off" in text


def test_one_press_in_a_mail_program_is_enough(
    client: FlaskClient, reader: Person, path: str
) -> None:
    """It has no session and no token of a form, and follows no other address (RFC 8058)."""
    waits(reader)
    answer = client.post(path, data=ONE_CLICK)
    assert answer.status_code == 200
    assert "You get single reminders." in answer.get_data(as_text=True)
    assert not gets_digests(reader)
    assert reminder().state == "waiting"
    assert "digest" not in reminder().params
    with db.reading() as session:
        row = session.scalars(sa.select(Audit).where(Audit.verb == "account_changed")).one()
        assert row.person_id == reader.id
        assert (row.before, row.after["digest"]) == ({"digest": True}, False)
        assert session.scalars(sa.select(CapabilityUse.act)).all() == ["digest_ended"]


def test_once_more_changes_nothing(client: FlaskClient, reader: Person, path: str) -> None:
    for _ in range(2):
        assert client.post(path, data=ONE_CLICK).status_code == 200
    with db.reading() as session:
        assert len(session.scalars(sa.select(CapabilityUse)).all()) == 1
        assert len(session.scalars(sa.select(Audit)).all()) == 1


def test_it_is_undone_by_signing_in(client: FlaskClient, reader: Person, path: str) -> None:
    client.post(path, data=ONE_CLICK)
    sign_in(client, reader)
    form = {"language": "en", "time_zone": "Africa/Lusaka", "digest": "y"}
    token = token_of(client, "/account")
    client.post("/account/preferences", data={**form, "csrf_token": token})
    assert gets_digests(reader)


def test_it_speaks_the_language_of_its_reader_and_any_other(
    client: FlaskClient, reader: Person, path: str
) -> None:
    with db.transaction() as session:
        session.get_one(Person, reader.id).language = "ar"
    assert '<html lang="ar" dir="rtl"' in client.get(path).get_data(as_text=True)
    assert '<html lang="fr"' in client.get(f"{path}?language=fr").get_data(as_text=True)


@pytest.mark.parametrize("secret", ["m1.00000000000000000000000000000000", "nonsense", "c1"])
def test_a_link_that_was_not_made_here_does_nothing(
    client: FlaskClient, reader: Person, path: str, secret: str
) -> None:
    assert client.get(f"/digest/{secret}").status_code == 404
    assert client.post(f"/digest/{secret}", data=ONE_CLICK).status_code == 404
    assert gets_digests(reader)


def test_a_link_for_something_else_does_nothing(
    client: FlaskClient, reader: Person, path: str
) -> None:
    other = capabilities.token_of_mail(Purpose.TASK, 1)
    assert client.post(f"/digest/{other}", data=ONE_CLICK).status_code == 404
    assert gets_digests(reader)


def test_the_link_of_a_closed_account_has_ended(
    client: FlaskClient, reader: Person, path: str
) -> None:
    with db.transaction() as session:
        session.get_one(Person, reader.id).active = False
    assert client.get(path).status_code == 410
    assert client.post(path, data=ONE_CLICK).status_code == 410
    assert gets_digests(reader)


def test_who_ends_the_digest_on_the_account_page_gets_what_waited_for_it(
    client: FlaskClient, reader: Person
) -> None:
    waits(reader)
    sign_in(client, reader)
    token = token_of(client, "/account")
    form = {"language": "en", "time_zone": "Africa/Lusaka", "csrf_token": token}
    client.post("/account/preferences", data=form)
    assert not gets_digests(reader)
    assert reminder().state == "waiting"
