"""Offices and successions on the pages: by the mission's link, by a task's link, signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask

from review import clock, db
from review.models import Audit, CapabilityUse, Cycle, Member, Outbox, Person, State, Succession
from review.services import (
    capabilities,
    delivery,
    people,
    succession_asking,
    succession_sweep,
    successions,
)
from review.services import offices as seats
from review.services.capabilities import Purpose
from review.services.proposals import Proposal
from tests import world
from tests.post import SENDER
from tests.web.scene import Scene
from tests.web.task_links import Postman

NEW = {"title": "New focal point", "email": "new@zmb.example", "language": "fr"}
LINK = re.compile(r"/succession/([a-z]\d+\.[0-9a-f]{32})")
DAY = timedelta(days=1)


class Offices:
    """Zambia's review while its self-assessment is written, its mails, and a mission's browser."""

    def __init__(self, app: Flask) -> None:
        self.scene = Scene(app, "self_assessment")
        self.now = self.scene.world.now + DAY
        self.postman = Postman()
        self.mission = app.test_client()

    def deliver(self) -> None:
        delivery.drain(self.postman, sender=SENDER, now=clock.now)

    def member(self, who: str = "focal_point") -> int:
        person = self.scene.person(who).id
        with db.reading() as session:
            mine = (Member.person_id == person, Member.review_id == self.scene.review_id)
            wanted = sa.select(Member.id).where(*mine)
            return session.scalar(wanted.order_by(Member.id.desc())) or 0

    def begun(self, who: str = "focal_point", proposal: Proposal | None = None) -> Succession:
        """A succession of which the mission has been told."""
        with db.transaction() as session:
            actor = session.get_one(Person, self.scene.world.officer.id)
            one = successions.begin(
                session, self.member(who), "requested", actor=actor, now=clock.now(),
                proposal=proposal,
            )  # fmt: skip
            number = one.id
        self.deliver()
        return self.one(number)

    def one(self, number: int | None = None) -> Succession:
        with db.reading() as session:
            wanted = sa.select(Succession).order_by(Succession.id.desc())
            found = session.scalars(wanted).first() if number is None else None
            made = found or session.get_one(Succession, number)
            session.expunge(made)
        return made

    def link(self, address: str = "mission@zmb.example") -> str:
        found = [message for to, message in self.postman.taken if to == address]
        body = found[-1].get_body(("plain",))
        assert body is not None
        return str(LINK.findall(str(body.get_content()))[-1])

    def answer(self, link: str, **given: Any) -> Any:
        page = self.mission.get(f"/succession/{link}").get_data(as_text=True)
        token = soup(page).select_one("main input[name=csrf_token]")
        data = {"csrf_token": token["value"] if token else "", "signed_by": "Counsellor"} | given
        return self.mission.post(f"/succession/{link}", data=data)

    def count(self, table: type[Any], *where: Any) -> int:
        with db.reading() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0


def soup(page: Any) -> BeautifulSoup:
    text = page if isinstance(page, str) else page.get_data(as_text=True)
    return BeautifulSoup(text, "html.parser")


def words(page: Any) -> str:
    main = soup(page).select_one("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


@pytest.fixture
def offices(app: Flask) -> Iterator[Offices]:
    made = Offices(app)
    with clock.frozen(made.now):
        yield made


# The mission -------------------------------------------------------------------------------------


def test_mission_confirms_the_person_proposed(offices: Offices) -> None:
    one = offices.begun(proposal=Proposal(**NEW))
    link = offices.link()
    page = offices.mission.get(f"/succession/{link}")
    assert page.status_code == 200
    assert "New focal point follows (new@zmb.example)" in words(page)
    answer = offices.answer(link, answer="proposed")
    assert answer.status_code == 302, words(answer)
    after = offices.mission.get(answer.headers["Location"])
    assert "Thank you. Your answer is recorded." in words(after)
    assert "New focal point holds the office now" in words(after)
    one = offices.one(one.id)
    assert (one.state, one.answered_as, one.signed_by) == ("confirmed", "mission", "Counsellor")
    assert offices.count(CapabilityUse, CapabilityUse.act == "succession_confirmed") == 1
    offices.deliver()
    told = {to for to, _ in offices.postman.taken[-6:]}
    assert {"new@zmb.example", "mission@zmb.example", "focal.point@example.example"} <= told


def test_mission_names_somebody_else_or_says_that_nothing_has_changed(offices: Offices) -> None:
    offices.begun(proposal=Proposal(**NEW))
    other = {"title": "Another one", "email": "another@zmb.example", "language": "en"}
    assert offices.answer(offices.link(), answer="other", **other).status_code == 302
    one = offices.one()
    assert (one.state, one.email) == ("confirmed", "another@zmb.example")
    offices.begun("expert_1")
    assert offices.answer(offices.link("mission@zwe.example"), answer="still").status_code == 302
    assert offices.one().state == "refused"
    assert offices.count(Outbox, Outbox.notice == "succession_refused") == 1


def test_opening_the_link_changes_nothing(offices: Offices) -> None:
    one = offices.begun(proposal=Proposal(**NEW))
    link, before = offices.link(), offices.count(Audit)
    for _ in range(3):
        assert offices.mission.get(f"/succession/{link}").status_code == 200
        assert offices.mission.head(f"/succession/{link}").status_code == 200
    assert offices.one(one.id).state == "proposed"
    assert offices.count(Audit) == before
    assert offices.count(CapabilityUse) == 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "answer"),
        ({"answer": "anything"}, "answer"),
        ({"answer": "proposed"}, "answer"),
        ({"answer": "other"}, "title"),
        ({"answer": "other", **NEW, "email": "no address"}, "email"),
        ({"answer": "other", **NEW, "email": "focal.point@example.example"}, "email"),
        ({"answer": "other", **NEW, "email": "expert.1@example.example"}, "email"),
        ({"answer": "other", **NEW, "title": "x" * 201}, "title"),
        ({"answer": "other", **NEW, "title": "a\x00b"}, "title"),
        ({"answer": "other", **NEW, "language": "xx"}, "language"),
        ({"answer": "other", **NEW, "signed_by": ""}, "signed_by"),
        ({"answer": "still", "signed_by": "x" * 300}, "signed_by"),
        ({"answer": "still", "signed_by": "a\x07b"}, "signed_by"),
    ],
)
def test_an_answer_that_cannot_be_used(offices: Offices, given: dict[str, str], field: str) -> None:
    one, before = offices.begun(), offices.count(Audit)
    answer = offices.answer(offices.link(), **given)
    assert answer.status_code == 422
    found = soup(answer).select_one(".errors")
    assert found is not None
    assert any(str(link["href"]).startswith(f"#{field}") for link in found.select("a")), found
    assert (offices.one(one.id).state, offices.count(Audit)) == ("open", before)


def test_forged_and_foreign_links(offices: Offices) -> None:
    offices.begun()
    link = offices.link()
    task = capabilities.token_of_mail(Purpose.TASK, int(link[1:].partition(".")[0]))
    for wrong in (link[:-1] + "0" * (link[-1] != "0") + "1" * (link[-1] == "0"), task, "x", "m1."):
        assert offices.mission.get(f"/succession/{wrong}").status_code == 404
        assert offices.mission.get(f"/task/{wrong}/successor").status_code == 404
    assert offices.mission.get(f"/task/{link}/successor").status_code == 404
    assert offices.mission.post(f"/succession/{link}", data={"answer": "still"}).status_code == 400
    assert offices.one().state == "open"


def test_an_expired_link_gets_a_new_one_at_the_registered_address(offices: Offices) -> None:
    offices.begun()
    link = offices.link()
    with clock.frozen(offices.now + capabilities.TASK_FOR + DAY):
        page = offices.mission.get(f"/succession/{link}")
        assert (page.status_code, "This link has expired" in words(page)) == (410, True)
        token = soup(page).select_one("main input[name=csrf_token]")
        assert token is not None
        data = {"csrf_token": token["value"]}
        assert offices.mission.post(f"/succession/{link}", data=data).status_code == 410
        sent = offices.mission.post(f"/succession/{link}/again", data=data)
        unknown = offices.mission.post("/succession/m99.bad/again", data=data)
        assert words(sent) == words(unknown)
        offices.deliver()
        assert offices.link() != link
        assert offices.answer(offices.link(), answer="still").status_code == 302


def test_a_used_link_shows_the_answer_and_takes_no_other(offices: Offices) -> None:
    offices.begun(proposal=Proposal(**NEW))
    link = offices.link()
    second = offices.mission.get(f"/succession/{link}").get_data(as_text=True)
    token = soup(second).select_one("main input[name=csrf_token]")
    assert token is not None
    offices.answer(link, answer="still")
    page = offices.mission.get(f"/succession/{link}")
    assert (page.status_code, "The holder is still in office" in words(page)) == (200, True)
    data = {"csrf_token": token["value"], "answer": "proposed", "signed_by": "Counsellor"}
    late = offices.mission.post(f"/succession/{link}", data=data)
    assert (late.status_code, "This has been answered" in words(late)) == (409, True)
    assert offices.one().state == "refused"


def test_a_link_that_went_to_an_address_of_the_past_is_void(offices: Offices) -> None:
    offices.begun()
    link = offices.link()
    with db.transaction() as session:
        session.execute(
            sa.update(State).where(State.iso3 == "ZMB").values(mission_email="now@zmb.example")
        )
    page = offices.mission.get(f"/succession/{link}")
    assert (page.status_code, "This link has ended" in words(page)) == (410, True)
    assert offices.answer(link, answer="still").status_code == 410


def test_the_page_speaks_the_language_of_the_state(offices: Offices) -> None:
    with db.transaction() as session:
        session.execute(sa.update(State).where(State.iso3 == "ZMB").values(language="ar"))
    offices.begun()
    page = offices.mission.get(f"/succession/{offices.link()}")
    html = soup(page).select_one("html")
    assert html is not None
    assert (html["lang"], html["dir"]) == ("ar", "rtl")
    page = offices.mission.get(f"/succession/{offices.link()}?language=en")
    assert "Who holds this office now?" in words(page)


# By the link of a task ---------------------------------------------------------------------------


def task_link(offices: Offices, who: str = "focal_point") -> str:
    offices.deliver()
    address = offices.scene.person(who).email
    found = [message for to, message in offices.postman.taken if to == address]
    for message in reversed(found):
        body = message.get_body(("plain",))
        links = re.findall(r"/task/([a-z]\d+\.[0-9a-f]{32})", str(body and body.get_content()))
        if links:
            return str(links[0])
    raise AssertionError("no mail about a task")


def post_task(offices: Offices, link: str, **given: str) -> Any:
    page = offices.mission.get(f"/task/{link}/successor")
    token = soup(page).select_one("main input[name=csrf_token]")
    assert token is not None
    data = {"csrf_token": token["value"], "language": "en"} | given
    return offices.mission.post(f"/task/{link}/successor", data=data)


def test_not_me_any_more_by_the_link_of_a_task(offices: Offices) -> None:
    link = task_link(offices)
    before = offices.count(Audit)
    assert offices.mission.get(f"/task/{link}/successor").status_code == 200
    assert (offices.count(Audit), offices.count(Succession)) == (before, 0)
    assert post_task(offices, link, email="no address").status_code == 422
    assert offices.count(Succession) == 0
    answer = post_task(offices, link, reason="Another ministry.", **NEW)
    assert answer.status_code == 302, words(answer)
    page = offices.mission.get(answer.headers["Location"])
    assert "Until it has answered, you keep your access and your reminders." in words(page)
    one = offices.one()
    assert (one.why, one.state, one.begun_by) == (
        "not_me",
        "proposed",
        offices.scene.person("focal_point").id,
    )
    other = post_task(offices, link, title="Second", email="second@zmb.example")
    assert other.status_code == 302
    assert (offices.count(Succession), offices.one().title) == (1, "Second")
    offices.deliver()
    assert offices.answer(offices.link(), answer="proposed").status_code == 302
    assert offices.mission.get(f"/task/{link}/successor").status_code == 302, "the link has ended"
    assert offices.mission.get(f"/task/{link}").status_code == 410


# Signed in ---------------------------------------------------------------------------------------


def test_holder_says_so_signed_in_and_may_take_it_back(offices: Offices) -> None:
    scene = offices.scene
    client, token = scene.browser("focal_point"), scene.token("focal_point")
    assert "This is not my task any more" in words(client.get("/account"))
    assert "This is not my task any more" in scene.text("focal_point", "offices")
    where = f"/offices/{offices.member()}/successor"
    data = {"csrf_token": token, "reason": "Elsewhere.", "language": "en"}
    answer = client.post(where, data=data)
    assert answer.status_code == 302
    course = answer.headers["Location"]
    assert "waits for a name" in words(client.get(course))
    assert client.get(where).headers["Location"] == course, "there is one already"
    named = client.post(f"{course}/propose", data={"csrf_token": token, **NEW})
    assert named.status_code == 302
    assert offices.one().email == NEW["email"]
    assert client.post(f"{course}/withdraw", data={"csrf_token": token}).status_code == 302
    assert offices.one().state == "withdrawn"
    late = client.post(f"{course}/withdraw", data={"csrf_token": token})
    assert (late.status_code, "Somebody was faster" in words(late)) == (409, True)


def test_who_may_open_what(offices: Offices) -> None:
    one = offices.begun(proposal=Proposal(**NEW))
    pages = {
        f"/successions/{one.id}": {"officer": 200, "focal_point": 200, "expert_1": 404},
        f"/successions/{one.id}/propose": {"officer": 200, "focal_point": 200, "expert_1": 404},
        f"/successions/{one.id}/answer": {"officer": 200, "focal_point": 403, "expert_1": 403},
        "/successions": {"officer": 200, "focal_point": 403},
        f"/offices/{offices.member()}/mandate": {"officer": 200, "focal_point": 403},
        f"/offices/{offices.member('expert_1')}/successor": {
            "officer": 200,
            "expert_1": 200,
            "focal_point": 404,
            "observer": 404,
        },
        "/successions/999999": {"officer": 404},
        "/offices/999999/successor": {"officer": 404},
        "/offices/999999/mandate": {"officer": 404},
    }
    for path, readers in pages.items():
        for who, expected in ({"nobody": 302} | readers).items():
            assert offices.scene.browser(who).get(path).status_code == expected, (path, who)
    for who, expected in {"stranger": 404, "observer": 200, "expert_2": 200}.items():
        assert offices.scene.get(who, "offices").status_code == expected
    reason = words(offices.scene.get("expert_2", "offices"))
    assert "waits for the State" not in reason, "what concerns another State is its own matter"


def test_secretariat_enters_what_came_on_paper(offices: Offices) -> None:
    one = offices.begun()
    scene = offices.scene
    client, token = scene.browser("officer"), scene.token("officer")
    where = f"/successions/{one.id}/answer"
    wrong = client.post(where, data={"csrf_token": token, "answer": "other", **NEW})
    assert (wrong.status_code, offices.one().state) == (422, "open"), "no note verbale"
    data = {"csrf_token": token, "answer": "other", "note_verbale": "NV 12/2011", **NEW}
    past = client.post(where, data=data | {"mandate_ends_on": "2001-01-01"})
    assert past.status_code == 422
    done = client.post(where, data=data | {"mandate_ends_on": "2014-12-31"})
    assert done.status_code == 302, words(done)
    page = words(client.get(done.headers["Location"]))
    assert "NV 12/2011" in page
    assert "New focal point has followed" in page
    shown = scene.text("officer", "offices")
    assert "31 Dec 2014" in shown
    assert client.post(where, data=data).status_code == 409


def test_old_access_ends_at_once_in_a_live_session(offices: Offices) -> None:
    """The focal point has no other part: the session ends. An expert with one gets 404."""
    scene = offices.scene
    with db.transaction() as session:
        review = world.review(session, session.scalars(sa.select(Cycle)).one(), "PNG")
        expert = session.get_one(Person, scene.person("expert_1").id)
        seats.fill(session, review.id, expert, "expert", 1, since=clock.now())
    assert scene.get("focal_point", "answers").status_code == 200
    assert scene.get("expert_1", "offices").status_code == 200
    for who, address, mission in (
        ("focal_point", "new@zmb.example", "mission@zmb.example"),
        ("expert_1", "new@zwe.example", "mission@zwe.example"),
    ):
        offices.begun(who)
        given = NEW | {"email": address}
        assert offices.answer(offices.link(mission), answer="other", **given).status_code == 302
    turned = scene.get("focal_point", "answers")
    assert (turned.status_code, "/sign-in" in turned.headers["Location"]) == (302, True)
    for page in ("", "answers", "offices", "steps/submit_desk_review"):
        found = scene.browser("expert_1").get(scene.path(page).rstrip("/"))
        assert found.status_code == 404
    assert "You handed this office over" in words(scene.get("expert_1", "offices"))
    assert "You handed this office over" not in words(scene.get("stranger", "offices"))


def test_board_tells_how_long_successions_are_open(offices: Offices) -> None:
    client = offices.scene.browser("officer")
    assert "a succession has been open" not in words(client.get("/reviews"))
    empty = words(client.get("/successions"))
    assert "No succession is open" in empty
    assert "None has been answered yet." in empty
    one = offices.begun()
    with db.transaction() as session:
        session.execute(sa.update(Succession).values(begun_at=offices.now - 9 * DAY))
    page = client.get("/reviews")
    assert "a succession has been open for 9 days" in words(page)
    assert soup(page).select_one(f"main a[href='/successions/{one.id}']") is not None
    assert "9 days" in words(client.get("/successions"))


def test_board_tells_of_a_mission_that_does_not_answer(offices: Offices) -> None:
    client = offices.scene.browser("officer")
    offices.begun()
    said = "The Permanent Mission was asked 2 times and has not answered."
    assert said not in words(client.get("/reviews"))
    with db.transaction() as session:
        session.execute(sa.update(Succession).values(begun_at=offices.now - 35 * DAY))
        days = (offices.now + n * DAY for n in range(1, 5))  # one of them is a working day
        assert sum(succession_asking.ask_again(session, day) for day in days) == 1
    offices.deliver()
    assert said in words(client.get("/reviews"))
    assert said in words(client.get("/successions"))
    assert offices.mission.get(f"/succession/{offices.link()}").status_code == 200


def test_a_closed_account_is_said_to_the_mission_and_to_the_secretariat(offices: Offices) -> None:
    holder = offices.scene.person("focal_point").id
    with db.transaction() as session:
        actor = session.get_one(Person, offices.scene.world.administrator.id)
        people.close(session, holder, "Has left.", actor=actor, now=clock.now())
    offices.deliver()
    *_, mail = (one for to, one in offices.postman.taken if to == "mission@zmb.example")
    body = mail.get_body(("plain",))
    assert body is not None
    text = " ".join(str(body.get_content()).split())
    assert "was closed." in text
    assert "Until you answer, nobody acts in this office." in text
    client = offices.scene.browser("officer")
    page = words(client.get(f"/successions/{offices.one().id}"))
    assert "The account of the holder was closed" in page
    assert "nobody acts in this office" in page
    assert offices.answer(offices.link(), answer="other", **NEW).status_code in {200, 302}
    assert offices.one().state == "confirmed"


def test_person_and_review_pages_show_it(offices: Offices) -> None:
    one = offices.begun()
    scene = offices.scene
    client = scene.browser("officer")
    person = client.get(f"/people/{scene.person('focal_point').id}")
    assert soup(person).select_one(f"main a[href='/successions/{one.id}']") is not None
    review = client.get(scene.path("").rstrip("/"))
    assert soup(review).select_one(f"main a[href='{scene.path('offices')}']") is not None
    offices.answer(offices.link(), answer="other", **NEW)
    history = words(client.get(scene.path("history")))
    assert "Office handed over to a successor" in history
    assert "Permanent Mission of Zambia" in history
    shown = words(scene.get("officer", "offices"))
    assert "New focal point" in shown
    assert scene.person("focal_point").title in shown


def test_mandate_is_set_and_found_when_it_is_over(offices: Offices) -> None:
    scene = offices.scene
    client, token = scene.browser("officer"), scene.token("officer")
    where = f"/offices/{offices.member('expert_1')}/mandate"
    for wrong in ("2001-01-01", "soon", "2011-02-30"):
        data = {"csrf_token": token, "mandate_ends_on": wrong}
        assert client.post(where, data=data).status_code == 422
    until = (offices.now + 5 * DAY).date().isoformat()
    done = client.post(where, data={"csrf_token": token, "mandate_ends_on": until})
    assert done.status_code == 302
    with db.transaction() as session:
        assert succession_sweep.look(session, offices.now + 5 * DAY) == 0
        assert succession_sweep.look(session, offices.now + 6 * DAY) == 1
