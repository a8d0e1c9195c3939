"""A review whose days go by: what is written is sent at once, and everything that arrives is kept.

Nothing is looked up behind the scenes: a test sees the mails and the pages, as their readers do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.mail.flowed import joined
from review.models import Outbox
from review.services import delivery, digest, reminders, snapshot
from tests.post import SENDER
from tests.web.conftest import sign_in
from tests.web.scene import Scene
from tests.world import PASSWORD, World

BASE = "http://localhost"
DAY = timedelta(days=1)
MISSION = "mission@zmb.example"


@dataclass(frozen=True)
class Arrived:
    """A mail as its reader has it."""

    at: datetime
    to: str
    message: EmailMessage

    @property
    def day(self) -> date:
        """When it came."""
        return self.at.date()

    @property
    def subject(self) -> str:
        """What the list of messages shows."""
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """The plain text as a mail program joins it."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return joined(str(part.get_content()))

    @property
    def path(self) -> str:
        """Where the one button leads, on this site."""
        part = self.message.get_body(("html",))
        assert part is not None
        found = re.search(r'class="button" href="([^"]+)"', str(part.get_content()))
        assert found is not None
        assert found[1].startswith(BASE)
        return found[1].removeprefix(BASE)


class Case:
    """A review at a stage, with its people, a mail server and a clock that the test moves."""

    def __init__(self, app: Flask, stage: str) -> None:
        self.app = app
        self.scene = Scene(app, stage)
        self.now = self.scene.world.now
        self.arrived: list[Arrived] = []
        self.visitor: FlaskClient = app.test_client()
        """A browser in which nobody is signed in."""
        self._browsers: dict[tuple[str, date], FlaskClient] = {}
        self.deliver(self.now)
        self.arrived.clear()

    # Time ------------------------------------------------------------------------------------

    def look(self, now: datetime) -> None:
        """Do what the beat does: write the reminders and digests that are due, and send."""
        with clock.frozen(now):
            with db.transaction() as session:
                reminders.sweep(session, now)
                digest.write(session, now)
            self.deliver(now)

    def live(self, until: date, *, hours: tuple[int, ...] = (12,)) -> None:
        """Let the days go by up to one of them, the beat looking at these hours (UTC)."""
        day = self.now.date()
        while day < until:
            day += DAY
            for hour in hours:
                self.look(datetime(day.year, day.month, day.day, hour, tzinfo=UTC))

    def deliver(self, now: datetime) -> None:
        """Send what waits."""
        self.now = now
        delivery.drain(self, sender=SENDER, now=lambda: now)

    def send(
        self, message: EmailMessage, sender: str, recipient: str, envelope_id: str = ""
    ) -> str:
        """Take a mail, as a mail server does."""
        self.arrived.append(Arrived(self.now, recipient, message))
        return "250 OK"

    @contextmanager
    def work(self) -> Iterator[World]:
        """Go on with the review now, through the services."""
        with self.scene.work() as w:
            w.now = max(w.now, self.now)
            yield w
        self.now = max(self.now, self.scene.world.now)
        self.deliver(self.now)

    def due(self, milestone: str = "self_assessment_submitted", slot: int = 0) -> date:
        """The day that counts."""
        with db.reading() as session:
            seen = snapshot.load(session, self.scene.review_id, self.now)
        found = seen.dates[milestone, slot].due_on
        assert found is not None
        return found

    # Mails -----------------------------------------------------------------------------------

    def mails(self, to: str, kind: str = "") -> list[Arrived]:
        """What somebody got, by name or address, the first one first; ``kind``: of one notice."""
        address = to if "@" in to else self.scene.person(to).email
        wanted = self._kinds()
        return [
            one
            for one in self.arrived
            if one.to == address and (not kind or wanted[str(one.message["Message-ID"])] == kind)
        ]

    def _kinds(self) -> dict[str, str]:
        with db.reading() as session:
            rows = session.execute(sa.select(Outbox.message_id, Outbox.notice))
            return {row[0]: row[1] for row in rows}

    def change(self, who: str, **values: Any) -> None:
        """Change somebody's account."""
        with self.scene.work():
            for name, value in values.items():
                setattr(self.scene.person(who), name, value)

    # Pages -----------------------------------------------------------------------------------

    def page(self, path: str, who: str = "nobody", code: int = 200) -> BeautifulSoup:
        """A page as somebody sees it now."""
        with clock.frozen(self.now):
            answer = self._browser(who).get(path, follow_redirects=True)
        assert answer.status_code == code, (path, answer.status_code)
        return BeautifulSoup(answer.data, "html.parser")

    def _browser(self, who: str) -> FlaskClient:
        """The browser of somebody who has signed in today."""
        if who == "nobody":
            return self.visitor
        key = (who, self.now.date())
        if key not in self._browsers:
            self._browsers[key] = self.app.test_client()
            sign_in(self._browsers[key], self.scene.person(who), PASSWORD)
        return self._browsers[key]

    def words(self, path: str, who: str = "nobody", code: int = 200) -> str:
        """The words of a page, without its frame."""
        main = self.page(path, who, code).select_one("main")
        assert main is not None
        return " ".join(main.get_text(" ").split())

    def press(
        self, path: str, action: str, who: str = "nobody", code: int = 200, **given: str
    ) -> Any:
        """Fill in the form of a page that leads there, and send it as a browser does."""
        forms = self.page(path, who, code).select("main form[method=post]")
        form = next(
            one for one in forms if str(one.get("action", path)).partition("?")[0] == action
        )
        hidden = {str(i["name"]): str(i.get("value", "")) for i in form.select("[type=hidden]")}
        target = str(form.get("action", path))
        with clock.frozen(self.now):
            answer = self._browser(who).post(target, data=hidden | given, follow_redirects=True)
        self.deliver(self.now)
        return answer
