"""Accounts in tests: invitations, the links in their mails, and forms with their token."""

from __future__ import annotations

import html
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from review import clock, db
from review.models import Audit, Outbox, Person
from review.services import accounts
from review.services.accounts import Preferences
from tests.web.conftest import last_mail, token_of

NEW = "seven lanterns over the river"


def page_of(answer: Any) -> str:
    """The text of an answer, without entities."""
    return html.unescape(answer.get_data(as_text=True))


def invite(email: str = "expert@zambia.example") -> Person:
    """Invite an officer; the mail waits in the outbox."""
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
    """The token in the newest mail of a kind."""
    mail = last_mail(notice)
    assert mail is not None
    return str(mail.params["token"])


def mails() -> int:
    """How many mails are in the outbox."""
    with db.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Outbox)) or 0


def verbs() -> list[str]:
    """What was recorded, in order."""
    with db.reading() as session:
        return list(session.scalars(sa.select(Audit.verb).order_by(Audit.id)))


def post(client: FlaskClient, path: str, of: str = "", **fields: str | list[str]) -> Any:
    """Send a form of a page (`of`, by default the same address) with its token."""
    return client.post(path, data={**fields, "csrf_token": token_of(client, of or path)})


def choose(client: FlaskClient, path: str, password: str = NEW) -> Any:
    """Choose a password on the page of a link."""
    return post(client, path, new_password=password, again_password=password)
