"""Mails about tasks in tests: sent, so that their links exist, and the pages behind these."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.db import Base
from review.models import Audit
from review.services import delivery
from tests.post import SENDER
from tests.web.scene import Scene

NOW = datetime(2011, 8, 4, 8, 0, tzinfo=UTC)
_LINK = re.compile(r"/task/([a-z]\d+\.[0-9a-f]{32})")


@dataclass
class Postman:
    """Takes every message, and keeps it as it came."""

    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)

    def send(
        self, message: EmailMessage, sender: str, recipient: str, envelope_id: str = ""
    ) -> str:
        self.taken.append((recipient, message))
        return "250 OK"


class Links:
    """A review, its mails sent, and a browser in which nobody is signed in."""

    def __init__(self, app: Flask, stage: str) -> None:
        self.scene = Scene(app, stage)
        self.postman = Postman()
        self.client: FlaskClient = app.test_client()
        self.deliver()

    def deliver(self) -> int:
        """Send what waits; how many mails went out."""
        return delivery.drain(self.postman, sender=SENDER, now=clock.now).sent

    def mail(self, address: str) -> str:
        """The plain text of the newest mail to an address."""
        found = [message for to, message in self.postman.taken if to == address]
        body = found[-1].get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    def token(self, address: str) -> str:
        """The secret part of the link in the newest mail to an address that carries one."""
        for to, message in reversed(self.postman.taken):
            found = _LINK.search(str(message.get_body(("plain",)))) if to == address else None
            if found:
                return found[1]
        raise AssertionError(f"no link for {address}")

    def of(self, who: str) -> str:
        """The page of the link that somebody of the review was sent."""
        return f"/task/{self.token(self.scene.person(who).email)}"

    def page(self, path: str, code: int = 200) -> BeautifulSoup:
        """A page, which answers with this code."""
        answer = self.client.get(path)
        assert answer.status_code == code, (path, answer.status_code)
        return BeautifulSoup(answer.data, "html.parser")

    def text(self, path: str, code: int = 200) -> str:
        """The words of a page, without its frame."""
        main = self.page(path, code).select_one("main")
        assert main is not None
        return " ".join(main.get_text(" ").split())

    def review(self, who: str) -> str:
        """The page of the review, for somebody who is signed in."""
        answer = self.scene.browser(who).get(f"/reviews/{self.scene.review_id}")
        return str(answer.get_data(as_text=True))

    def press(self, page: str, action: str, **given: str) -> Any:
        """Fill in the form of a page that leads there, and send it as a browser does."""
        forms = self.page(page, self.client.get(page).status_code).select("main form[method=post]")
        form = next(one for one in forms if str(one["action"]).partition("?")[0] == action)
        hidden = {str(i["name"]): str(i.get("value", "")) for i in form.select("[type=hidden]")}
        return self.client.post(str(form["action"]), data=hidden | given, follow_redirects=True)


def words(answer: Any) -> str:
    """The words of an answer, without its frame."""
    main = BeautifulSoup(answer.data, "html.parser").select_one("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


def recorded() -> Audit:
    """The newest row of the audit trail."""
    with db.reading() as session:
        found = session.scalars(sa.select(Audit).order_by(Audit.id.desc()).limit(1)).one()
        session.expunge(found)
    return found


def everything() -> dict[str, Any]:
    """Every row of every table, to see whether anything has changed."""
    with db.reading() as session:
        return {
            table.name: sorted(map(repr, session.execute(sa.select(table)).all()))
            for table in Base.metadata.sorted_tables
        }
