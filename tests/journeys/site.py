"""The web application over the landscape: and test clients for the cast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db, settings
from review.app import create_app
from review.models import Outbox, Person, State
from review.services import delivery, mail_links
from review.services.queries import task as query
from review.web.security import limiter
from tests import world
from tests.journeys import scenery
from tests.journeys.crawl import Crawler, Walk
from tests.journeys.landscape import NOW, Landscape
from tests.web.conftest import sign_in, token_of

MAILS = 45
"""How many messages were tried so far."""
REVIEWS = {"officer": 4, "administrator": 1, "ITA": 1, "observer": 3}
"""Of how many reviews somebody's walk opens a kind of page, where it is not of all of them."""
AT_HOME = ("ZMB", "RWA", "MAR", "NER", "BGD")
"""Whose pages are like those of other focal points: they are not walked."""


class Site:
    """The application, its landscape, and what each of the cast finds in it."""

    def __init__(self, app: Flask, landscape: Landscape) -> None:
        self.app, self.landscape = app, landscape
        self.crawler = Crawler(app)
        self._clients: dict[str, FlaskClient] = {}

    @property
    def cast(self) -> list[str]:
        """Everybody who reads, and nobody: a reader who is not signed in."""
        return [*(who for who in self.landscape.cast if who not in AT_HOME), "nobody"]

    def client(self, who: str) -> FlaskClient:
        """The browser of somebody of the cast."""
        if who not in self._clients:
            made = self._clients[who] = self.app.test_client()
            if who != "nobody":
                answer = sign_in(made, self.landscape.cast[who], world.PASSWORD)
                assert answer.status_code == 302, who
        return self._clients[who]

    def token(self, who: str) -> str:
        """The token against forged requests of somebody's browser."""
        return token_of(self.client(who), "/account")

    @cached_property
    def walks(self) -> dict[str, Walk]:
        """What everybody comes to by following links."""
        return {who: self._walk(who) for who in self.cast}

    def _walk(self, who: str) -> Walk:
        more = {
            "officer": ["/mail?state=sent", *self._steps_of_draws()],
            "administrator": ["/cycles/3/rules"],
            "nobody": [*self.landscape.links, *self.tasks, self.mission],
        }
        return self.crawler.walk(
            who,
            self.client(who),
            REVIEWS.get(who, len(self.landscape.ids)),
            more=more.get(who, ()),
            public=who == "nobody",
        )

    @cached_property
    def tasks(self) -> list[str]:
        """The pages behind the links of two mails: of somebody who may ask for another date, and
        of a Permanent Mission."""
        found: dict[bool, str] = {}
        with db.transaction() as session:
            for row in session.scalars(sa.select(Outbox).order_by(Outbox.id.desc())).all():
                if bool(row.person_id) in found:
                    continue
                token = mail_links.given(session, row, NOW).get("task")
                page = query.load(session, token, NOW) if token else None
                if page and (page.is_mission or (page.is_turn and self._may_ask(page))):
                    found[bool(row.person_id)] = f"/task/{token}"
        return [found[True], found[False]]

    @cached_property
    def mission(self) -> str:
        """The page behind the link by which a mission says who holds an office."""
        wanted = sa.select(Outbox).where(Outbox.notice == "succession_asked")
        with db.transaction() as session:
            row = session.scalars(wanted).one()
            return f"/succession/{mail_links.given(session, row, NOW)['succession_link']}"

    def _may_ask(self, page: query.TaskPage) -> bool:
        return any(one.open and one.step.key == "ask_extension" for one in page.options)

    def _steps_of_draws(self) -> list[str]:
        """Pages to which a draw that stands elsewhere has no link: they say where it stands."""
        draw = self.landscape.draws["DRAWN"]
        return [f"/draws/{draw}/publish", f"/draws/{draw}/open", "/cycles/1/draws/prepare"]

    def speak(self, language: str) -> None:
        """Give everybody of the cast, and every mission, this language."""
        with db.transaction() as session:
            session.execute(sa.update(Person).values(language=language))
            session.execute(sa.update(State).values(language=language))


@contextmanager
def site(database: str, redis: str, folder: Path) -> Iterator[Site]:
    """The application some months after the reviews of the landscape began."""
    with db.transaction() as session:
        landscape = scenery.build(session)
    ahead = int((NOW - clock.now()).total_seconds())
    app = create_app(
        settings.load(
            {
                "DATABASE_URL": database,
                "REDIS_URL": redis,
                "SMTP_URL": "smtp://127.0.0.1:1",
                "SECRET_KEY": "a key that is used in tests and nowhere else",
                "BASE_URL": "http://localhost",
                "MAIL_FROM": "reviews@secretariat.example",
                "DATA_DIR": str(folder),
                "CLOCK_OFFSET_SECONDS": str(ahead),
            }
        )
    )
    limiter.enabled = False
    try:
        delivery.drain(scenery.Post(), sender="reviews@secretariat.example", limit=MAILS)
        yield Site(app, landscape)
    finally:
        limiter.enabled = True
        clock.set_offset(timedelta())
