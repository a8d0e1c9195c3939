"""The calendar at its secret address: who makes it, what programs are answered, when it ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db, seals
from review.models import Audit, Capability, CapabilityUse, Cycle, Member, Outbox, Person
from review.services import accounts, capabilities, offices, people, steps
from review.services.capabilities import About, Purpose
from tests import ics, world
from tests.web.conftest import sign_in, token_of
from tests.web.scene import Scene

ADDRESS = re.compile(r'id="calendar-address"[^>]* value="http://localhost(/calendar/[^"]+)"')

WHILE_IT_RUNS = datetime(2011, 8, 1, 8, 0, tzinfo=UTC)
"""Before the desk review is due."""


@pytest.fixture
def scene(app: Flask) -> Scene:
    """Zambia's review in its desk review."""
    return Scene(app, "desk_review")


@pytest.fixture
def press(scene: Scene) -> Callable[..., Any]:
    """Press one of the buttons of somebody's account page."""

    def pressed(who: str, what: str = "") -> Any:
        path = "/account/calendar" + (f"/{what}" if what else "")
        return scene.browser(who).post(path, data={"csrf_token": scene.token(who)})

    return pressed


def shown(scene: Scene, who: str) -> str:
    """The address that somebody's account page shows; empty for none."""
    page = scene.browser(who).get("/account").get_data(as_text=True)
    found = ADDRESS.search(page)
    return found[1] if found else ""


def fetch(app: Flask, address: str, **headers: str) -> Any:
    """What a program gets that has no session."""
    return app.test_client().get(address, headers=headers)


def verbs() -> list[str]:
    with db.reading() as session:
        wanted = sa.select(Audit.verb).where(Audit.verb.like("calendar%")).order_by(Audit.id)
        return list(session.scalars(wanted))


# Made, shown, renewed, ended ---------------------------------------------------------------------


def test_an_address_is_made_shown_and_fetched(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    assert shown(scene, "expert_1") == ""
    answer = press("expert_1")
    assert (answer.status_code, answer.location) == (302, "/account#calendar")
    address = shown(scene, "expert_1")
    got = fetch(app, address)
    assert got.status_code == 200
    assert got.content_type == "text/calendar; charset=utf-8"
    event = ics.only(ics.read(got.data))
    assert event["SUMMARY"] == "Due: Submit the desk review (Zambia)"
    assert event["UID"].endswith("@secretariat.example")
    assert verbs() == ["calendar_link_made"]


def test_making_it_twice_changes_nothing(scene: Scene, press: Callable[..., Any]) -> None:
    press("expert_1")
    address = shown(scene, "expert_1")
    press("expert_1")
    assert shown(scene, "expert_1") == address
    assert verbs() == ["calendar_link_made"]


def test_the_page_offers_it_to_calendar_programs_and_says_that_it_is_secret(
    scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    page = scene.browser("expert_1").get("/account").get_data(as_text=True)
    assert f'href="webcal://localhost{shown(scene, "expert_1")}"' in page
    assert "Do not share it." in page
    assert "The address of your calendar ends as well." in page


def test_a_renewed_address_ends_the_one_before_at_once(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    old = shown(scene, "expert_1")
    press("expert_1", "renew")
    new = shown(scene, "expert_1")
    assert old != new
    gone = fetch(app, old)
    assert gone.status_code == 410
    assert gone.mimetype == "text/plain"
    assert fetch(app, new).status_code == 200
    assert verbs() == ["calendar_link_made", "calendar_link_renewed"]


def test_an_ended_address_is_gone_and_another_can_be_made(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    old = shown(scene, "expert_1")
    press("expert_1", "end")
    press("expert_1", "end")
    assert shown(scene, "expert_1") == ""
    assert fetch(app, old).status_code == 410
    press("expert_1")
    assert shown(scene, "expert_1") not in {"", old}
    assert verbs() == ["calendar_link_made", "calendar_link_ended", "calendar_link_made"]


def test_signing_out_everywhere_ends_it(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    press("expert_2")
    mine, other = shown(scene, "expert_1"), shown(scene, "expert_2")
    token = scene.token("expert_1")
    scene.browser("expert_1").post("/account/sign-out-everywhere", data={"csrf_token": token})
    assert fetch(app, mine).status_code == 410
    assert fetch(app, other).status_code == 200


def test_a_closed_account_has_none_and_none_comes_back_with_it(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    address = shown(scene, "expert_1")
    one, officer = scene.person("expert_1"), scene.person("officer")
    with db.transaction() as session:
        accounts.close_account(session, one.id, actor=officer, now=clock.now())
    assert fetch(app, address).status_code == 410
    with db.transaction() as session:
        people.open_again(session, one.id, actor=session.merge(officer), now=clock.now())
    assert fetch(app, address).status_code == 410


def hand_over(scene: Scene) -> None:
    """The office of the first expert goes to somebody new."""
    holder = scene.person("expert_1").id
    with db.transaction() as session:
        wanted = sa.select(Member).where(Member.person_id == holder)
        (member,) = (one for one in session.scalars(wanted) if one.review_id == scene.review_id)
        given = {"member": str(member.id), "title": "New", "email": "new@zwe.example"}
        actor = session.get_one(Person, scene.world.officer.id)
        steps.take(session, scene.review_id, "hand_over", actor=actor, now=clock.now(),
                   given=given | {"language": "en"})  # fmt: skip


def test_the_calendar_of_a_former_holder_ends_at_the_hand_over(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    address = shown(scene, "expert_1")
    with clock.frozen(WHILE_IT_RUNS):
        assert ics.events_of(ics.read(fetch(app, address).data)) != []
        hand_over(scene)
        gone = fetch(app, address)
    assert (gone.status_code, gone.data.count(b"BEGIN:VEVENT")) == (410, 0)
    with db.reading() as session:
        wanted = sa.select(Capability).where(Capability.purpose == Purpose.CALENDAR.value)
        assert all(one.ended_at == WHILE_IT_RUNS for one in session.scalars(wanted))


def test_a_former_holder_with_another_office_keeps_a_calendar_without_this_review(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    address = shown(scene, "expert_1")
    with db.transaction() as session:
        cycle = session.scalars(sa.select(Cycle)).one()
        other = world.review(session, cycle, "PNG")
        person = session.get_one(Person, scene.person("expert_1").id)
        offices.fill(session, other.id, person, "expert", 1, since=clock.now())
    with clock.frozen(WHILE_IT_RUNS):
        hand_over(scene)
        left = fetch(app, address)
    assert left.status_code == 200
    assert f"/reviews/{scene.review_id}" not in left.text
    assert "Zambia" not in left.text


def test_who_left_the_review_has_an_empty_calendar_at_once(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    address = shown(scene, "expert_1")
    with scene.work() as w:
        member = next(m for m in w.seen().members if m.person_id == w.expert_1.id)
        w.take("release_person", w.officer, member=str(member.member_id), reason="Specimen.")
    got = fetch(app, address)
    assert got.status_code == 200
    assert ics.events_of(ics.read(got.data)) == []


def test_buttons_need_their_token_and_somebody_who_is_signed_in(app: Flask, scene: Scene) -> None:
    for what in ("", "/renew", "/end"):
        path = f"/account/calendar{what}"
        assert scene.browser("expert_1").post(path).status_code == 400
        assert scene.browser("expert_1").get(path).status_code == 405
        token = token_of(app.test_client())
        assert app.test_client().post(path, data={"csrf_token": token}).status_code in {400, 401}
    assert verbs() == []
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Capability)) == 0


def test_the_secretariat_sees_that_and_when_but_never_the_address(
    scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    token = shown(scene, "expert_1").removeprefix("/calendar/").removesuffix(".ics")
    path = f"/people/{scene.person('expert_1').id}"
    page = scene.browser("officer").get(path).get_data(as_text=True)
    assert "Address of the calendar made" in page
    assert token.partition(".")[2] not in page


# What programs are answered ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "token",
    ["", "x", "c1", "c1.", "c1." + "0" * 32, "m1." + "0" * 32, "c٣." + "0" * 32,
     "c1%00." + "0" * 32, "c" + "9" * 30 + "." + "0" * 32, "c1/../c2"],
)  # fmt: skip
def test_a_made_up_address_is_nothing(
    app: Flask, scene: Scene, press: Callable[..., Any], token: str
) -> None:
    press("expert_1")
    assert fetch(app, f"/calendar/{token}.ics").status_code == 404


def test_the_seal_of_another_link_does_not_open_it(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    with db.transaction() as session:
        mine = session.scalars(sa.select(Capability)).one()
        task = capabilities.give(
            session,
            Purpose.TASK,
            person_id=scene.person("expert_1").id,
            address="x@y.example",
            now=clock.now(),
        )
        tokens = [
            seals.sealed(Purpose.TASK, f"c{mine.id}"),
            seals.sealed(Purpose.CALENDAR, f"c{task.id}"),
            seals.sealed(Purpose.CALENDAR, f"m{mine.id}"),
            capabilities.token_of(task),
        ]
    for token in tokens:
        assert fetch(app, f"/calendar/{token}.ics").status_code == 404


def test_a_copy_is_asked_about_each_time_and_nobody_else_keeps_it(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    address = shown(scene, "expert_1")
    first = fetch(app, address)
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "noindex" in first.headers["X-Robots-Tag"]
    assert "Set-Cookie" not in first.headers
    tag = first.headers["ETag"]
    again = fetch(app, address, **{"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    with scene.work() as w:
        day = w.now.date().replace(year=w.now.year + 1).isoformat()
        given = {"milestone": "desk_review:1", "new_date": day, "reason": "Specimen."}
        w.take("grant_extension", w.officer, **given)
    changed = fetch(app, address, **{"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    assert ics.days(ics.only(ics.read(changed.data)))[0] == day


def test_only_reading_is_possible_and_leaves_no_trace(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    address = shown(scene, "expert_1")
    whole = fetch(app, address)
    head = app.test_client().head(address)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == whole.headers[name], name
    for method in ("POST", "PUT", "DELETE", "PROPFIND"):
        assert app.test_client().open(address, method=method).status_code == 405, method
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CapabilityUse)) == 0
    assert verbs() == ["calendar_link_made"]


def test_whoever_is_signed_in_makes_no_difference(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    address = shown(scene, "expert_1")
    theirs = scene.browser("stranger").get(address)
    assert theirs.data == fetch(app, address).data


def test_everybody_has_their_own(app: Flask, scene: Scene, press: Callable[..., Any]) -> None:
    for who in ("expert_1", "expert_2", "stranger"):
        press(who)
    one, two, none = (fetch(app, shown(scene, who)).data
                      for who in ("expert_1", "expert_2", "stranger"))  # fmt: skip
    assert "due.desk_review.1" in ics.only(ics.read(one))["UID"]
    assert "due.desk_review.2" in ics.only(ics.read(two))["UID"]
    assert ics.events_of(ics.read(none)) == []


def test_the_account_page_is_the_only_one_that_shows_it(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    secret = shown(scene, "expert_1").rpartition(".ics")[0].rpartition(".")[2]
    for path in ("/my-turn", "/account/reminders", f"/reviews/{scene.review_id}"):
        assert secret not in scene.browser("expert_1").get(path).get_data(as_text=True)


def test_a_person_who_signs_in_anew_sees_the_same_address(
    app: Flask, scene: Scene, press: Callable[..., Any]
) -> None:
    press("expert_1")
    address = shown(scene, "expert_1")
    elsewhere: FlaskClient = app.test_client()
    one: Person = scene.person("expert_1")
    assert sign_in(elsewhere, one, world.PASSWORD).status_code == 302
    assert address in elsewhere.get("/account").get_data(as_text=True)


# One deadline ------------------------------------------------------------------------------------


def test_my_turn_offers_the_date_of_each_task(scene: Scene) -> None:
    path = scene.path("deadlines/desk_review/1.ics")
    with clock.frozen(WHILE_IT_RUNS):
        page = scene.browser("expert_1").get("/my-turn").get_data(as_text=True)
    assert f'href="{path}"' in page
    scene.browsers.clear()
    late = scene.browser("expert_1").get("/my-turn").get_data(as_text=True)
    assert path not in late, "it is over"
    got = scene.browser("expert_1").get(path)
    assert got.status_code == 200
    assert got.headers["Content-Disposition"] == 'attachment; filename="deadline.ics"'
    assert got.headers["Cache-Control"] == "no-store"
    event = ics.only(ics.read(got.data))
    assert event["UID"] == f"due.desk_review.1.{scene.review_id}@secretariat.example"
    assert event["URL"] == f"http://localhost/reviews/{scene.review_id}"


@pytest.mark.parametrize(
    ("who", "page", "code"),
    [
        ("expert_2", "deadlines/desk_review/1.ics", 404),
        ("focal_point", "deadlines/desk_review/1.ics", 404),
        ("observer", "deadlines/desk_review/1.ics", 404),
        ("stranger", "deadlines/desk_review/1.ics", 404),
        ("nobody", "deadlines/desk_review/1.ics", 302),
        ("expert_1", "deadlines/experts_nominated/1.ics", 404),
        ("expert_1", "deadlines/desk_review/3.ics", 404),
        ("expert_1", "deadlines/nothing/1.ics", 404),
        ("expert_1", "deadlines/desk_review/-1.ics", 404),
    ],
)
def test_a_date_of_others_or_that_is_done_is_no_file(
    scene: Scene, who: str, page: str, code: int
) -> None:
    assert scene.get(who, page).status_code == code


def _task(who: Person | None, scene: Scene, slot: int) -> str:
    """The link of a mail about a desk review, to a person or to the mission of the State."""
    with db.transaction() as session:
        wanted = sa.select(Outbox).where(Outbox.review_id.is_not(None)).order_by(Outbox.id)
        row = session.scalars(wanted).all()[slot]
        row.person_id = who.id if who else None
        row.address = who.email if who else "mission@ita.example"
        return capabilities.give_with_mail(
            session,
            row,
            Purpose.TASK,
            about=About(scene.review_id, slot, "desk_review", slot),
            iso3="ITA",
            now=clock.now(),
        )


def test_the_link_of_a_mail_offers_its_date_without_signing_in(app: Flask, scene: Scene) -> None:
    token = _task(scene.person("expert_1"), scene, 1)
    with clock.frozen(WHILE_IT_RUNS):
        page = app.test_client().get(f"/task/{token}").get_data(as_text=True)
    assert f'href="/task/{token}/deadline.ics"' in page
    got = fetch(app, f"/task/{token}/deadline.ics")
    event = ics.only(ics.read(got.data))
    assert event["SUMMARY"] == "Due: Submit the desk review (Zambia)"
    assert token.encode() not in got.data.replace(b"\r\n ", b""), "the secret stays in the mail"
    with scene.work() as w:
        world.find_all(w, 1)
        w.take("submit_desk_review", w.expert_1)
    assert fetch(app, f"/task/{token}/deadline.ics").status_code == 404
    assert fetch(app, "/task/m1.0/deadline.ics").status_code == 404


def test_a_mission_gets_the_date_without_a_page_that_it_cannot_open(
    app: Flask, scene: Scene
) -> None:
    token = _task(None, scene, 2)
    event = ics.only(ics.read(fetch(app, f"/task/{token}/deadline.ics").data))
    assert "URL" not in event
    assert "http" not in event["DESCRIPTION"]


# The dialogue ------------------------------------------------------------------------------------


def test_the_page_of_a_review_offers_the_days_of_its_dialogue(app: Flask) -> None:
    scene = Scene(app, "country_dialogue")
    path = scene.path("dialogue.ics")
    assert scene.get("focal_point", "dialogue.ics").status_code == 404
    with scene.work() as w:
        w.take("agree_means", w.focal_point, means="country_visit")
        day = (w.now + timedelta(days=20)).date().isoformat()
        w.take("schedule_dialogue", w.officer, first_day=day, last_day=day, place="A hidden place")
    for who in ("focal_point", "expert_1", "observer", "officer"):
        page = scene.browser(who).get(f"/reviews/{scene.review_id}").get_data(as_text=True)
        assert f'href="{path}"' in page, who
        event = ics.only(ics.read(scene.get(who, "dialogue.ics").data))
        assert ics.days(event)[0] == day
        assert event["UID"] == f"dialogue.{scene.review_id}@secretariat.example"
    assert scene.get("stranger", "dialogue.ics").status_code == 404
    with scene.work() as w:
        w.take("agree_means", w.focal_point, means="remote")
    assert scene.get("focal_point", "dialogue.ics").status_code == 404
    page = scene.browser("focal_point").get(f"/reviews/{scene.review_id}").get_data(as_text=True)
    assert path not in page
