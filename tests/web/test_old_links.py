"""Links of the past: of whoever has left, nothing of the review; of an old one, the date alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db
from review.models import Person, Reviewer, State, Succession
from review.services import accounts, successions
from tests import world
from tests.web.task_links import NOW, Links
from tests.web.test_successions import NEW, Offices, words
from tests.world import World

WEEKS = timedelta(weeks=7)
PRESENT = (
    "By when",
    "Of whom",
    "end of day",
    "Who has it now",
    "Who receives it",
    "Next reminder",
    "This is done",
    "Papua New Guinea",
    "Port Moresby",
    "Done with this link",
)
"""What a page says of the review as it stands."""


@pytest.fixture
def desk(app: Flask) -> Iterator[Links]:
    """Both reviewing States were asked for their desk review."""
    with clock.frozen(NOW):
        yield Links(app, "desk_review")


def ended(links: Links, path: str) -> str:
    """The page of a link that has ended: it says so, whom to ask, and nothing of the present."""
    said = links.text(path, 410)
    assert "This link has ended" in said
    assert "Whom to ask: Secretariat officer" in said
    assert [one for one in PRESENT if one in said] == []
    assert not links.page(path, 410).select("main form, main .btn")
    return said


def give_second_place_to_papua(w: World) -> None:
    """Papua New Guinea reviews in the place of Italy, as after a draw that was repeated."""
    w.session.execute(sa.update(Reviewer).where(Reviewer.iso3 == "ITA").values(voided_at=w.now))
    w.session.add(Reviewer(review_id=w.review_id, slot=2, iso3="PNG"))
    for one in w.review.members:
        if one.slot == 2:
            one.ended_at = w.now
    w.session.flush()


@pytest.mark.parametrize("done", [False, True])
def test_a_mission_whose_place_went_to_another_state_sees_nothing_of_it(
    app: Flask, done: bool
) -> None:
    with clock.frozen(NOW):
        links = Links(app, "initial_steps")
        path = f"/task/{links.token('mission@ita.example')}"
        with links.scene.work() as w:
            w.session.get_one(State, "PNG").language = "ar"
            give_second_place_to_papua(w)
            if done:
                new = {"email": "expert@png.example", "title": "Expert", "language": "en"}
                w.take("nominate_expert", w.officer, side="2", **new)
        assert "no longer takes part" in ended(links, path)
        assert links.page(path, 410).html["lang"] == "en"  # type: ignore[index]
        assert links.client.get(f"{path}/deadline.ics").status_code == 404


@pytest.mark.parametrize("weeks", [0, 7])
@pytest.mark.parametrize("done", [False, True])
def test_an_expert_whose_place_went_to_another_state_sees_nothing_of_it(
    desk: Links, done: bool, weeks: int
) -> None:
    path = desk.of("expert_2")
    desk.press(path, f"{path}/receipt")
    with desk.scene.work() as w:
        if done:
            world.find_all(w, 2)
            w.take("submit_desk_review", w.expert_2)
        give_second_place_to_papua(w)
    with clock.frozen(NOW + timedelta(weeks=weeks)):
        ended(desk, path)


def test_whoever_was_released_does_not_follow_the_review_by_an_old_link(desk: Links) -> None:
    path = desk.of("expert_1")
    with desk.scene.work() as w:
        world.find_all(w, 1)
        w.take("submit_desk_review", w.expert_1)
        member = next(m for m in w.seen().members if m.person_id == w.expert_1.id)
        w.take("release_person", w.officer, member=str(member.member_id), reason="Specimen.")
    ended(desk, path)


def test_whoever_handed_over_their_office_does_not_follow_it_by_an_old_link(desk: Links) -> None:
    path = desk.of("expert_2")
    with desk.scene.work() as w:
        member = next(m for m in w.seen().members if m.person_id == w.expert_2.id)
        new = {"title": "Successor", "email": "successor@ita.example", "language": "en"}
        w.take("hand_over", w.officer, member=str(member.member_id), note_verbale="NV 1", **new)
    assert "Successor" not in ended(desk, path)


def test_a_closed_account_sees_nothing_by_an_old_link(desk: Links) -> None:
    path = desk.of("expert_2")
    with desk.scene.work() as w:
        world.find_all(w, 2)
        w.take("submit_desk_review", w.expert_2)
        accounts.close_account(w.session, w.expert_2.id, actor=w.officer, now=NOW)
    ended(desk, path)


def test_an_expired_link_shows_its_date_and_not_what_others_do(desk: Links) -> None:
    path = desk.of("expert_2")
    with clock.frozen(NOW + WEEKS):
        said = desk.text(path, 410)
        assert "end of day in Rome" in said
        assert "Of whom Italy" in said
        for one in ("Who has it now", "Who receives it", "Next reminder", "Secretariat officer "):
            assert one not in said.partition("About this page")[0], one


def test_an_expired_link_of_a_task_that_is_done_says_by_which_state(desk: Links) -> None:
    path = desk.of("expert_1")
    with desk.scene.work() as w:
        world.find_all(w, 1)
        w.take("submit_desk_review", w.expert_1)
    with clock.frozen(NOW + WEEKS):
        said = desk.text(path)
    assert "This is done" in said
    assert "Zimbabwe" in said
    assert "expert_1" not in said
    assert "Who has it now" not in said


# The link of a mission about an office ------------------------------------------------------------


@pytest.fixture
def offices(app: Flask) -> Iterator[Offices]:
    made = Offices(app)
    with clock.frozen(made.now):
        yield made


def _answered(offices: Offices, link: str) -> Succession:
    one = offices.one()
    with db.transaction() as session:
        officer = session.get_one(Person, offices.scene.world.officer.id)
        given = {**NEW, "note_verbale": "NV 1"}
        successions.confirm(session, one.id, given, actor=officer, now=clock.now())
    return one


@pytest.mark.parametrize("answered", [False, True])
def test_a_mission_that_left_or_moved_is_not_told_who_holds_an_office(
    offices: Offices, answered: bool
) -> None:
    offices.begun()
    link = offices.link()
    if answered:
        _answered(offices, link)
    with db.transaction() as session:
        session.get_one(State, "ZMB").mission_email = "now@zmb.example"
    page = offices.mission.get(f"/succession/{link}")
    assert page.status_code == 410
    said = words(page)
    assert "This link has ended" in said
    assert "Whom to ask: Secretariat officer" in said
    holder = offices.scene.person("focal_point").title
    for one in (NEW["title"], f"{holder} ", "Holder", "Predecessor", "Why we ask", "NV 1"):
        assert one not in said, one


def test_an_expired_link_about_an_office_does_not_say_who_holds_it(offices: Offices) -> None:
    offices.begun()
    link = offices.link()
    _answered(offices, link)
    assert NEW["title"] in words(offices.mission.get(f"/succession/{link}"))
    with clock.frozen(offices.now + WEEKS):
        page = offices.mission.get(f"/succession/{link}")
        assert page.status_code == 410
        assert "This has been answered" in words(page)
        assert NEW["title"] not in words(page)
