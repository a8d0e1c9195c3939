"""A small cycle as the secretariat sees it: reviews at several stages, one of them late."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from review import db
from review.models import Cycle, Person, Review
from review.services import steps
from tests import world
from tests.web.built import built
from tests.web.conftest import sign_in
from tests.world import World

NOW = datetime(2011, 8, 18, 8, 0, tzinfo=UTC)
"""Zambia's desk review runs; Mexico should have named a focal point on 1 August."""
STARTED = datetime(2011, 7, 11, 9, 0, tzinfo=UTC)


class Office:
    """Five reviews, the secretariat, and the people of Zambia's review.

    Zambia (year 1) in desk review; Mexico (1) started and silent; Papua New Guinea (1) drawn;
    Côte d'Ivoire (2) not drawn and without an officer; Albania (2) with its clock stopped.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        w = built(app, "office", _build)
        self.people = {"officer": w.officer, "admin": w.administrator, **w.people}
        with db.reading() as session:
            self.ids = {one.iso3: one.id for one in session.scalars(sa.select(Review))}

    def take(self, session: Session, iso3: str, step: str, /, **given: Any) -> None:
        """Let the officer take a step of a review on the day on which everything started."""
        _take(session, self.ids[iso3], step, self.people["officer"], given)

    def browser(self, who: str) -> FlaskClient:
        """Somebody's browser, signed in."""
        client = self.app.test_client()
        assert sign_in(client, self.people[who], world.PASSWORD).status_code == 302
        return client

    def review(self, iso3: str) -> Review:
        """A review as it stands in the database."""
        with db.reading() as session:
            found = session.get_one(Review, self.ids[iso3])
            session.expunge_all()
        return found


def _build(session: Session) -> World:
    w = world.world(session)
    world.states(session, "MEX", "CIV", "ALB", "BRA", "TUR", "MNE", "IDN")
    world.advance(w, "desk_review")
    cycle = session.scalars(sa.select(Cycle)).one()
    ids: dict[str, int] = {}
    for iso3, year in (("MEX", 1), ("PNG", 1), ("CIV", 2), ("ALB", 2)):
        mine = None if iso3 == "CIV" else w.officer.id
        ids[iso3] = world.review(session, cycle, iso3, year, officer_id=mine).id

    def take(iso3: str, step: str, **given: Any) -> None:
        _take(session, ids[iso3], step, w.officer, given)

    take("MEX", "assign_reviewers", **_pair("BRA", "ITA"))
    take("MEX", "notify_start")
    take("PNG", "assign_reviewers", **_pair("IDN", "ITA"))
    take("ALB", "assign_reviewers", **_pair("MNE", "TUR"))
    take("ALB", "notify_start")
    take("ALB", "suspend", **world.stop(STARTED))
    w.people["stranger"] = world.person(session, "focal_point", "PNG", "stranger")
    return w


def _take(
    session: Session, review_id: int, step: str, officer: Person, given: dict[str, Any]
) -> None:
    steps.take(session, review_id, step, actor=officer, now=STARTED, given=given)
    session.expire_all()


def _pair(first: str, second: str) -> dict[str, str]:
    return {"first": first, "second": second, "session": "First", "drawn_on": "2011-07-01"}


def soup(client: FlaskClient, path: str, code: int = 200) -> BeautifulSoup:
    """A page, which answers with this code."""
    answer = client.get(path)
    assert answer.status_code == code, (path, answer.status_code)
    return BeautifulSoup(answer.data, "html.parser")


def token(page: BeautifulSoup) -> str:
    """The token against forged requests that stands on a page."""
    found = page.select_one("input[name=csrf_token]")
    assert found is not None
    return str(found["value"])


def words(page: BeautifulSoup, selector: str) -> list[str]:
    """The texts of what a selector finds."""
    return [" ".join(one.get_text(" ").split()) for one in page.select(selector)]
