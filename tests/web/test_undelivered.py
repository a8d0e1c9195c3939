"""What the board says of mails that did not arrive, and when it says it no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db
from review.models import MilestoneDate, Outbox, Person
from review.services import accounts
from tests.web.office import NOW, Office, soup
from tests.web.test_mail_log import mail, post

DAY = timedelta(days=1)
FAILED: dict[str, Any] = {"state": "failed", "sent_at": None, "error": "550 refused"}
NEW = "somebody.new@zmb.example"


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    with db.transaction() as session:
        session.execute(sa.delete(Outbox))
    with clock.frozen(NOW):
        yield made


def told(office: Office) -> bool:
    """Whether the board of the secretariat tells of a mail that was not delivered."""
    return "not delivered" in soup(office.browser("officer"), "/reviews").get_text()


def invited(office: Office) -> tuple[int, int]:
    """Somebody whose invitation was given up: the person, the mail."""
    with db.transaction() as session:
        person = accounts.invite(
            session,
            email=NEW,
            title="Somebody new",
            role="focal_point",
            iso3="ZMB",
            preferences=accounts.Preferences("en", "Africa/Lusaka", digest=False),
            actor=session.get(Person, office.people["admin"].id),
            now=NOW - DAY,
        )
        row = session.scalars(sa.select(Outbox).where(Outbox.person_id == person.id)).one()
        row.state, row.error = "failed", "550 refused"
        return person.id, row.id


def test_an_invitation_that_was_sent_once_more_is_no_need(office: Office) -> None:
    _, number = invited(office)
    assert told(office)
    again = post(office.browser("officer"), f"/mail/{number}/resend").location
    assert again != f"/mail/{number}"
    assert not told(office)
    with db.transaction() as session:
        row = session.get_one(Outbox, int(again.rpartition("/")[2]))
        row.state, row.sent_at = "sent", NOW
    assert not told(office)
    with db.transaction() as session:
        session.get_one(Outbox, row.id).state = "failed"
    assert told(office)


def test_an_invitation_that_nothing_follows_says_so(office: Office) -> None:
    _, number = invited(office)
    client = office.browser("officer")
    again = post(client, f"/mail/{number}/resend").location
    assert post(client, f"/mail/{number}/resend").location == f"/mail/{number}"
    assert "written a moment ago" in soup(client, f"/mail/{number}").get_text()
    assert again != f"/mail/{number}"


@pytest.mark.parametrize("change", [{"activated_at": NOW}, {"active": False}])
def test_an_invitation_to_an_account_that_is_open_or_closed_is_no_need(
    office: Office, change: dict[str, Any]
) -> None:
    person, _ = invited(office)
    assert told(office)
    with db.transaction() as session:
        session.execute(sa.update(Person).where(Person.id == person).values(**change))
    assert not told(office)


def test_a_password_reset_is_a_need_while_somebody_waits_for_it(office: Office) -> None:
    until = NOW + timedelta(hours=1)
    mail(office, "reset", notice="password_reset", review_id=None,
         params={"until": until.isoformat()}, **FAILED)  # fmt: skip
    assert told(office)
    with clock.frozen(until):
        assert not told(office)
    mail(office, "newer", notice="password_reset", review_id=None,
         params={"until": until.isoformat()})  # fmt: skip
    assert not told(office), "they have asked again"


def test_a_mail_that_asks_for_what_is_done_is_no_need_and_not_sent_again(office: Office) -> None:
    about = {
        "milestone": "desk_review",
        "slot": 1,
        "party": "reviewing_state",
        "process": "irm-1",
        "due": "2011-09-01",
    }
    with db.transaction() as session:
        key = (office.ids["ZMB"], "desk_review", 1)
        session.get_one(MilestoneDate, key).agreed_on = date(2011, 9, 1)
    number = mail(office, "asks", notice="desk_review_requested", params=about, **FAILED)
    client = office.browser("officer")
    assert told(office)
    assert "Send it once more" in str(soup(client, f"/mail/{number}").select("main form"))
    with db.transaction() as session:
        session.get_one(MilestoneDate, key).done_at = NOW
    assert not told(office)
    page = soup(client, f"/mail/{number}")
    assert "Send it once more" not in str(page.select("main form"))
    assert "There is nothing to send again" in page.get_text()
    assert post(client, f"/mail/{number}/resend").location == f"/mail/{number}"


def test_what_is_told_of_mails_is_counted_by_address_with_the_newest_error(office: Office) -> None:
    for key, error in (("one", "450 old"), ("two", "550 new")):
        mail(office, key, **FAILED | {"error": f"{error}\nmore"})
    mail(office, "other", address="mission@zmb.example", **FAILED)
    text = soup(office.browser("officer"), "/reviews").get_text(" ")
    assert "2 messages to focal.point@zmb.example were not delivered" in text
    assert "550 new" in text
    assert "450 old" not in text
    assert "1 message to mission@zmb.example was not delivered" in text
