"""A review in the application's own database, and the browsers of the people in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from review import db
from review.models import Person
from review.services import offices
from tests import world
from tests.web.built import built
from tests.web.conftest import sign_in
from tests.world import World


def _build(session: Session, stage: str) -> World:
    made = world.advance(world.world(session), stage)
    stranger = world.person(session, "focal_point", "PNG", "stranger")
    watching = world.person(session, "observer", "ZMB", "observer")
    offices.fill(session, made.review_id, watching, "observer", 0, since=made.now)
    made.people |= {"stranger": stranger, "observer": watching}
    return made


class Scene:
    """Zambia's review at some stage, with a focal point of another State as a stranger to it."""

    def __init__(self, app: Flask, stage: str) -> None:
        self.app = app
        self.browsers: dict[str, FlaskClient] = {}
        self.world = built(app, f"scene_{stage}", lambda session: _build(session, stage))

    @property
    def review_id(self) -> int:
        """The number of the review."""
        return self.world.review_id

    @contextmanager
    def work(self) -> Iterator[World]:
        """Go on with the review through the services; committed at the end."""
        with db.transaction() as session:
            w = self.world
            w.session = session
            w.officer, w.administrator = session.merge(w.officer), session.merge(w.administrator)
            w.people = {name: session.merge(one) for name, one in w.people.items()}
            yield w
            session.flush()
            self._keep()

    def _keep(self) -> None:
        """Read everybody once more, so that they can be used after the session."""
        for one in (self.world.officer, self.world.administrator, *self.world.people.values()):
            self.world.session.refresh(one)

    def person(self, who: str) -> Person:
        """``focal_point``, ``expert_1``, ``officer``, ``administrator``, ``stranger`` …"""
        if who == "officer":
            return self.world.officer
        return self.world.administrator if who == "administrator" else self.world.people[who]

    def browser(self, who: str) -> FlaskClient:
        """The browser of somebody who is signed in; ``nobody`` is not."""
        if who not in self.browsers:
            client = self.app.test_client()
            if who != "nobody":
                assert sign_in(client, self.person(who), world.PASSWORD).status_code == 302
            self.browsers[who] = client
        return self.browsers[who]

    def path(self, page: str) -> str:
        """The address of a page of the review."""
        return f"/reviews/{self.review_id}/{page}"

    def get(self, who: str, page: str) -> Any:
        """Open a page of the review."""
        return self.browser(who).get(self.path(page))

    def text(self, who: str, page: str) -> str:
        """A page of the review that opens, as text."""
        answer = self.get(who, page)
        assert answer.status_code == 200, answer.status_code
        return str(answer.get_data(as_text=True))

    def post(self, who: str, page: str, data: dict[str, Any], **more: Any) -> Any:
        """Send a form of the review, with a good token."""
        token = {"csrf_token": self.token(who)} if who != "nobody" else {}
        return self.browser(who).post(self.path(page), data={**token, **data}, **more)

    def token(self, who: str) -> str:
        """A token against forged requests for this browser."""
        found = re.search(
            r'name="csrf_token" value="([^"]+)"',
            self.browser(who).get("/account").get_data(as_text=True),
        )
        assert found
        return found.group(1)
