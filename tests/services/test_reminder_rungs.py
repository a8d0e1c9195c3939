"""The ladder changes its addressee: who is told on each rung, and what the mails then say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import links
from review.mail.letter import Letter
from review.mail.render import Written
from review.mail.render import write as write_mail
from review.models import Cycle, Outbox, Person, State
from review.services import offices, outdated, reminders
from review.services.pauses import PauseGiven, Whose, begin
from tests import world
from tests.post import SENDER
from tests.services.reasons import reason
from tests.world import World

DAY = timedelta(days=1)


@pytest.fixture
def reviewing(session: Session) -> World:
    """Both reviewing States owe the desk review; Italy has a focal point for its own review."""
    w = world.advance(world.world(session), "desk_review")
    cycle = session.scalars(sa.select(Cycle)).one()
    own = world.review(session, cycle, "ITA", 2)
    w.people["italy"] = focal_point_of(w, own.id, "ITA", "Focal point of Italy")
    return w


@pytest.fixture(autouse=True)
def _base() -> Iterator[None]:
    links.set_base("https://reviews.example")
    yield
    links.set_base("")


def focal_point_of(w: World, review_id: int, iso3: str, title: str) -> Person:
    made = world.person(w.session, "focal_point", iso3, title.lower().replace(" ", "_"))
    made.title = title
    offices.fill(w.session, review_id, made, "focal_point", 0, since=w.now)
    w.session.flush()
    return made


def live(w: World, until: date) -> None:
    """A sweep each morning in Europe, without anybody doing anything."""
    now = w.now
    while now.date() <= until:
        reminders.sweep(w.session, now.replace(hour=12))
        now += DAY
    w.session.flush()
    w.session.expire_all()


def rungs(w: World, milestone: str, slot: int = 0) -> dict[int, set[str]]:
    """To whom each reminder of a milestone went, by its place in the ladder."""
    found: dict[int, set[str]] = {}
    for mail in w.session.scalars(sa.select(Outbox).where(Outbox.params["offset"].is_not(None))):
        if (mail.params["milestone"], mail.params["milestone_slot"]) == (milestone, slot):
            found.setdefault(mail.params["offset"], set()).add(mail.address)
    return found


def mail_of(w: World, notice: str, address: str) -> Outbox:
    wanted = sa.select(Outbox).where(Outbox.notice == notice, Outbox.address == address)
    return w.session.scalars(wanted.order_by(Outbox.id)).all()[-1]


def words(row: Outbox) -> Written:
    letter = Letter(row.id, row.key, row.notice, "en", row.address, row.params, row.review_id)
    return write_mail(letter, sender=SENDER, now=row.created_at)


def due(w: World, milestone: str, slot: int = 0) -> date:
    found = w.seen().dates[milestone, slot].due_on
    assert found
    return found


# Rung by rung ------------------------------------------------------------------------------------


def test_from_the_experts_to_their_focal_point_their_mission_and_the_office(
    reviewing: World,
) -> None:
    w = reviewing
    live(w, due(w, "desk_review", 2) + 40 * DAY)

    expert, italy, mission = w.expert_2.email, w.italy.email, "mission@ita.example"
    assert rungs(w, "desk_review", 2) == {
        -14: {expert},
        -7: {expert},
        -1: {expert},
        1: {expert},
        7: {expert, italy},
        14: {expert, mission},
        21: {expert, w.officer.email},
        35: {expert, w.officer.email},
    }


def test_a_state_without_a_focal_point_goes_on_without_one(reviewing: World) -> None:
    w = reviewing
    live(w, due(w, "desk_review", 1) + 15 * DAY)
    told = rungs(w, "desk_review", 1)
    assert told[7] == {w.expert_1.email}
    assert told[14] == {w.expert_1.email, "mission@zwe.example"}


def test_of_the_state_under_review_the_mission_is_next(session: Session) -> None:
    w = world.advance(world.world(session), "self_assessment")
    focal_point_of(w, w.review_id, "ZMB", "A second one")
    live(w, due(w, "self_assessment_submitted") + 22 * DAY)
    told = rungs(w, "self_assessment_submitted")
    both = {w.focal_point.email, "a.second.one@zmb.example"}
    assert (told[7], told[14]) == (both, both | {"mission@zmb.example"})
    assert told[21] == both | {w.officer.email}


def test_one_mailbox_is_told_once(reviewing: World) -> None:
    """The mission has no address of its own: that of the expert is recorded for it."""
    w = reviewing
    w.session.get_one(State, "ITA").mission_email = w.expert_2.email.upper()
    w.session.flush()
    live(w, due(w, "desk_review", 2) + 15 * DAY)
    told = [m for m in w.session.scalars(sa.select(Outbox)) if m.params.get("offset") == 14]
    assert [m.address for m in told if m.params["milestone_slot"] == 2] == [w.expert_2.email]


def test_where_nobody_is_named_and_no_mission_known_the_office_hears_at_once(
    session: Session,
) -> None:
    w = world.advance(world.world(session), "initial_steps")
    session.get_one(State, "ITA").mission_email = None
    session.flush()
    live(w, due(w, "experts_nominated", 2) + 8 * DAY)
    told = rungs(w, "experts_nominated", 2)
    assert set(told) == {-14, -7, -1, 1, 7}
    assert set.union(*told.values()) == {w.officer.email}
    said = words(mail_of(w, "escalation", w.officer.email))
    assert "reach nobody" in said.subject
    assert "no address of the Permanent Mission is known" in " ".join(said.text.split())


def test_the_focal_point_stands_in_before_the_office_does(session: Session) -> None:
    """Nobody is named and no mission known, but Italy has a focal point for its own review."""
    w = world.advance(world.world(session), "initial_steps")
    own = world.review(session, session.scalars(sa.select(Cycle)).one(), "ITA", 2)
    italy = focal_point_of(w, own.id, "ITA", "Focal point of Italy")
    session.get_one(State, "ITA").mission_email = None
    session.flush()
    live(w, due(w, "experts_nominated", 2) - 6 * DAY)
    assert rungs(w, "experts_nominated", 2) == {-14: {italy.email}, -7: {italy.email}}
    said = words(mail_of(w, "reminder_passed_on", italy.email))
    assert said.text.startswith("Passed on to you because nobody else can be told")


def test_a_pause_of_the_experts_alone_is_not_told_while_their_mission_hears(
    reviewing: World,
) -> None:
    w = reviewing
    day = due(w, "desk_review", 2)
    given = PauseGiven(day + 18 * DAY, "Specimen reason.")
    begin(w.session, Whose(person_id=w.expert_2.id), given, actor=w.officer, now=w.now, longest=90)
    live(w, day + 15 * DAY)
    told = rungs(w, "desk_review", 2)
    assert told[1] == {w.officer.email}, "nobody else would hear of it"
    assert told[7] == {w.italy.email}
    assert told[14] == {"mission@ita.example"}


# What has no date --------------------------------------------------------------------------------


def test_what_the_secretariat_leaves_undone_without_a_date(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    for slot in (1, 2):
        world.find_all(w, slot)
        w.take("submit_desk_review", w.people[f"expert_{slot}"])
    since = w.now.astimezone(ZoneInfo("Europe/Vienna")).date()
    live(w, since + 95 * DAY)

    officer, administrator = w.officer.email, w.administrator.email
    assert rungs(w, "outcome_forwarded") == {
        30: {officer},
        60: {officer, administrator},
        90: {officer, administrator},
    }
    said = words(mail_of(w, "reminder", officer))
    assert "waiting since" in said.subject
    assert "None" not in said.text
    said = words(mail_of(w, "escalation", administrator))
    assert "has waited since" in said.subject
    assert "has no date" in said.text


def test_of_what_a_state_owes_without_a_date_whoever_looks_after_the_review_hears(
    session: Session,
) -> None:
    w = world.advance(world.world(session), "country_dialogue")
    live(w, w.now.date() + 66 * DAY)
    assert rungs(w, "means_agreed") == {30: {w.officer.email}, 60: {w.officer.email}}
    w.now += 67 * DAY
    w.take("agree_means", w.focal_point, means="remote")
    live(w, w.now.date() + 66 * DAY)
    assert set(rungs(w, "means_agreed")) == {30, 60}, "nothing more once it is done"


def test_a_step_that_moves_the_review_on_counts_anew(session: Session) -> None:
    w = world.advance(world.world(session), "country_dialogue")
    seen = w.seen()
    first = seen.dates["means_agreed", 0].remind_at
    assert first is not None
    w.take("agree_means", w.focal_point, means="country_visit")
    dates = w.seen().dates
    assert dates["means_agreed", 0].remind_at is None
    assert dates["dialogue_scheduled", 0].remind_at is not None


def test_nobody_asks_why_a_visit_that_lies_ahead_is_not_over(session: Session) -> None:
    w = world.advance(world.world(session), "country_dialogue")
    w.take("agree_means", w.focal_point, means="country_visit")
    last = (w.now + 50 * DAY).date()
    w.take("schedule_dialogue", w.focal_point, first_day=str(last), last_day=str(last),
           place="Lusaka")  # fmt: skip
    at = w.seen().dates["dialogue_held", 0].remind_at
    assert at is not None
    assert at.date() >= last + 30 * DAY


def test_a_date_that_is_set_takes_the_place_of_the_turn(session: Session) -> None:
    w = world.advance(world.world(session), "country_dialogue")
    day = (w.now + 40 * DAY).date()
    w.take("grant_extension", w.officer, milestone="means_agreed:0", new_date=str(day),
           reason="Specimen text.")  # fmt: skip
    live(w, day + 2 * DAY)
    told = rungs(w, "means_agreed")
    assert set(told) == {-14, -7, -1, 1}
    assert told[-14] == {w.focal_point.email}


def test_a_question_without_a_date_is_not_said_to_wait_since_another_day(
    session: Session,
) -> None:
    w = world.advance(world.world(session), "desk_review")
    asked = {"provision": w.seen().provisions(1)[0], "text": "Specimen text."}
    w.take("ask_for_information", w.expert_1, **asked)
    assert w.seen().dates["question_answered", 1].remind_at is None


def test_before_the_start_nobody_is_reminded(session: Session) -> None:
    w = world.world(session)
    w.take("assign_reviewers", w.officer, first="ZWE", second="ITA", session="First",
           drawn_on="2011-07-01")  # fmt: skip
    assert [d.remind_at for d in w.seen().dates.values() if d.remind_at] == []


# What the mails say ------------------------------------------------------------------------------


@pytest.fixture
def passed_on(reviewing: World) -> World:
    live(reviewing, due(reviewing, "desk_review", 2) + 15 * DAY)
    return reviewing


@pytest.mark.parametrize("to", ["italy", "mission"])
def test_the_first_line_says_that_a_date_has_passed_who_owes_it_and_what_is_asked(
    passed_on: World, to: str
) -> None:
    address = passed_on.italy.email if to == "italy" else "mission@ita.example"
    row = mail_of(passed_on, "reminder_passed_on", address)
    said = words(row)
    first = said.text.splitlines()[0]
    assert first.startswith("Passed on to you because a date has passed: ")
    assert "in the review of Zambia was due on" in first
    assert "and is owed by Italy." in first
    assert "Please see that it is done, or tell the secretariat" in first
    assert f"mailto:{passed_on.officer.email}" in said.html
    assert "/reviews/" not in said.text, "there is no page that they could open"
    assert "a reminder comes on" not in said.text, "the next one goes to others"
    assert row.params["officer"]["email"] == passed_on.officer.email


def test_it_leaves_though_its_reader_has_no_part_in_the_review(passed_on: World) -> None:
    w = passed_on
    row = mail_of(w, "reminder_passed_on", w.italy.email)
    assert reason(w.session, row, w.now) == ""
    world.find_all(w, 2)
    w.take("submit_desk_review", w.expert_2)
    assert reason(w.session, row, w.now) == outdated.NOTHING_OPEN


def test_a_mail_about_what_has_no_date_leaves_until_it_has_one(session: Session) -> None:
    w = world.advance(world.world(session), "country_dialogue")
    live(w, w.now.date() + 40 * DAY)
    row = mail_of(w, "escalation", w.officer.email)
    assert row.params["due"] is None
    assert reason(session, row, w.now) == ""
    w.now = datetime.combine(w.now.date() + 41 * DAY, w.now.time(), w.now.tzinfo)
    w.take("grant_extension", w.officer, milestone="means_agreed:0",
           new_date=str(w.now.date() + 20 * DAY), reason="Specimen text.")  # fmt: skip
    assert reason(session, row, w.now) == outdated.NOTHING_OPEN
