"""A draw of a small cycle behind the pages: people with browsers, and a draw at any point."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from review import db
from review.models import Draw, Person
from review.services.draws import conduct, prepare, record
from review.services.draws.orders import Purpose
from review.services.draws.prepare import DrawOrder
from tests import world
from tests.services import drawing
from tests.services.drawing import NOW
from tests.web.conftest import sign_in
from tests.web.office import soup, token
from workflows.announcement import Mode


class Stage:
    """Eighteen parties, two officers, a focal point; every step of a draw as a service call."""

    def __init__(self, app: Flask, *, reviews: bool = True) -> None:
        self.app = app
        with db.transaction() as session:
            made = drawing.setting(session, reviews=reviews)
            colleague = world.person(session, "secretariat_officer", name="colleague")
            delegate = world.person(session, "focal_point", drawing.codes()[0], "delegate")
            self.people: dict[str, Person] = {
                "officer": made.officer,
                "colleague": colleague,
                "delegate": delegate,
            }
            self.session_id = made.held.id
            session.flush()
            for one in self.people.values():
                session.refresh(one)

    def browser(self, who: str) -> FlaskClient:
        """Somebody's browser, signed in."""
        client = self.app.test_client()
        assert sign_in(client, self.people[who], world.PASSWORD).status_code == 302
        return client

    def prepared(self, mode: Mode = Mode.LOT_BY_LOT, year: int = 1, title: str = "A draw") -> int:
        """A draw of a year, prepared; its number."""
        order = DrawOrder(year, title, Purpose.REGULAR, self.session_id, mode)
        with db.transaction() as session:
            officer = self.people["officer"]
            return prepare.prepare(session, 1, order, actor=officer, now=NOW).id

    def published(self, mode: Mode = Mode.LOT_BY_LOT, year: int = 1) -> int:
        """A draw whose commitment is public."""
        number = self.prepared(mode, year)
        with db.transaction() as session:
            prepare.publish(session, number, actor=self.people["officer"], now=NOW)
        return number

    def opened(self, mode: Mode = Mode.LOT_BY_LOT, year: int = 1) -> int:
        """A draw for which the numbers were read out."""
        number = self.published(mode, year)
        with db.transaction() as session:
            conduct.open_draw(
                session,
                number,
                drawing.READ_OUT,
                drawn_on=NOW.date(),
                drawn_by="the Chair",
                actor=self.people["officer"],
                now=NOW,
            )
        return number

    def drawn(self, mode: Mode = Mode.LOT_BY_LOT, year: int = 1) -> int:
        """A draw of which every lot is drawn."""
        number = self.opened(mode, year)
        with db.transaction() as session:
            conduct.draw_rest(session, number, actor=self.people["officer"], now=NOW)
        return number

    def recorded(self, year: int = 1) -> int:
        """A draw whose result is in the reviews."""
        number = self.drawn(year=year)
        with db.transaction() as session:
            record.record(session, number, actor=self.people["officer"], now=NOW)
        return number

    def void(self, number: int) -> None:
        """Give a draw up."""
        with db.transaction() as session:
            officer = self.people["officer"]
            prepare.void(session, number, "Specimen reason.", actor=officer, now=NOW)

    def draw(self, number: int) -> Draw:
        """A draw as it stands in the database."""
        with db.reading() as session:
            found = session.get_one(Draw, number)
            _ = len(found.lots)
            session.expunge_all()
        return found


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form with the token of this browser."""
    sent = {"csrf_token": token(soup(client, "/account")), **fields}
    return client.post(path, data=sent)
