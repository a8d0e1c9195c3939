"""What stands in somebody's calendar: their own deadlines, meetings; nothing of what is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import links
from review.mail.ical import Mailbox
from review.mail.letter import Letter
from review.mail.render import render
from review.models import Cycle, GroupSession, Outbox, Person
from review.services import findings, group_sessions
from review.services.group_sessions import SessionGiven
from review.services.queries import calendar
from tests import ics, world
from tests.post import ADDRESS, SENDER
from tests.world import World

DAY = timedelta(days=1)
OFFICE = Mailbox("Country reviews", ADDRESS)


@pytest.fixture(autouse=True)
def _base() -> Iterator[None]:
    links.set_base("https://reviews.example")
    yield
    links.set_base("")


def content(w: World, person: Person, ahead: int = 0) -> bytes:
    return calendar.of_person(w.session, person, OFFICE, w.now + ahead * DAY)


def entries(w: World, person: Person) -> dict[str, Any]:
    """The entries of somebody's calendar by what they are about."""
    events = ics.events_of(ics.read(content(w, person)))
    return {event["UID"].partition("@")[0]: event for event in events}


def keys(w: World, person: Person) -> set[str]:
    return {key.removesuffix(f".{w.review_id}") for key in entries(w, person)}


def reach(session: Session, stage: str) -> World:
    return world.advance(world.world(session), stage)


def visit(session: Session) -> World:
    """A review whose visit is in three weeks."""
    w = reach(session, "country_dialogue")
    w.take("agree_means", w.focal_point, means="country_visit")
    set_days(w, 21)
    return w


def set_days(w: World, ahead: int) -> str:
    day = (w.now + ahead * DAY).date().isoformat()
    w.take("schedule_dialogue", w.officer, first_day=day, last_day=day, place="A hidden place")
    return day


# Deadlines ---------------------------------------------------------------------------------------


def test_everybody_has_what_their_side_owes(session: Session) -> None:
    w = reach(session, "desk_review")
    assert keys(w, w.expert_1) == {"due.desk_review.1"}
    assert keys(w, w.expert_2) == {"due.desk_review.2"}
    assert keys(w, w.focal_point) == set()
    event = entries(w, w.expert_1)[f"due.desk_review.1.{w.review_id}"]
    due = w.seen().dates["desk_review", 1].due_on
    assert due is not None
    assert ics.days(event) == (due.isoformat(), (due + DAY).isoformat())
    assert event["SUMMARY"] == "Due: Submit the desk review (Zambia)"
    lines = event["DESCRIPTION"].splitlines()
    assert lines[1] == "Zambia, first cycle, chapters III and IV"
    assert lines[2].endswith(", end of day in Harare")
    assert lines[-1] == event["URL"] == f"https://reviews.example/reviews/{w.review_id}"


def test_agreed_dates_stand_in_it_from_the_beginning(session: Session) -> None:
    w = world.world(session)
    world._start(w)
    world.nominate(w, "focal_point", "nominate_focal_point")
    for slot in (1, 2):
        world.nominate(w, f"expert_{slot}", "nominate_expert", side=str(slot))
    held = w.now.date().isoformat()
    w.take(
        "hold_introductory_call",
        w.officer,
        held_on=held,
        language="en",
        division="both",
        agreed_self_assessment_submitted="2011-10-03",
        agreed_draft_circulated="2012-03-05",
    )
    mine = entries(w, w.focal_point)[f"due.self_assessment_submitted.0.{w.review_id}"]
    assert ics.days(mine)[0] == "2011-10-03"
    office = entries(w, w.officer)[f"due.draft_circulated.0.{w.review_id}"]
    assert ics.days(office)[0] == "2012-03-05"
    assert "end of day in Vienna" in office["DESCRIPTION"]


def test_a_reader_elsewhere_is_told_their_own_hour(session: Session) -> None:
    w = reach(session, "desk_review")
    w.expert_1.time_zone = "Pacific/Auckland"
    event = entries(w, w.expert_1)[f"due.desk_review.1.{w.review_id}"]
    assert "your time" in event["DESCRIPTION"]
    assert ics.days(event)[0] == w.seen().dates["desk_review", 1].due_on.isoformat()  # type: ignore[union-attr]


def test_what_is_done_disappears(session: Session) -> None:
    w = reach(session, "desk_review")
    world.find_all(w, 1)
    w.take("submit_desk_review", w.expert_1)
    assert keys(w, w.expert_1) == set()
    assert keys(w, w.expert_2) == {"due.desk_review.2"}


def test_another_date_is_the_entry_of_the_mail_that_tells_of_it(session: Session) -> None:
    w = reach(session, "desk_review")
    key = f"due.desk_review.1.{w.review_id}"
    before = entries(w, w.expert_1)[key]
    day = (w.now + 60 * DAY).date().isoformat()
    given = {"milestone": "desk_review:1", "new_date": day, "reason": "Specimen reason."}
    w.take("grant_extension", w.officer, **given)
    after = entries(w, w.expert_1)[key]
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert ics.days(after)[0] == day
    row = session.scalars(
        sa.select(Outbox).where(Outbox.notice == "date_changed", Outbox.person_id == w.expert_1.id)
    ).one()
    letter = Letter(row.id, row.key, row.notice, "en", row.address, row.params, row.review_id)
    files = ics.attached(render(letter, sender=SENDER, now=w.now))
    mailed = ics.only(ics.read(files["deadline.ics"]))
    for name in ("UID", "SEQUENCE", "SUMMARY", "DESCRIPTION", "DTSTAMP"):
        assert mailed[name] == after[name], name


def test_a_stopped_clock_empties_it_and_a_running_one_moves_the_dates(session: Session) -> None:
    w = reach(session, "desk_review")
    key = f"due.desk_review.1.{w.review_id}"
    before = entries(w, w.expert_1)[key]
    w.take("suspend", w.officer, reason="Specimen reason.")
    assert keys(w, w.expert_1) == set()
    w.now += 9 * DAY
    w.take("resume", w.officer)
    after = entries(w, w.expert_1)[key]
    moved = after.decoded("DTSTART") - before.decoded("DTSTART")
    assert moved == 10 * DAY
    assert after["SEQUENCE"] > before["SEQUENCE"]


def test_questions_stand_in_it_one_by_one(session: Session) -> None:
    w = reach(session, "desk_review")
    provision = w.seen().provisions(1)[0]
    by = (w.now + 20 * DAY).date().isoformat()
    for _ in range(2):
        w.take("ask_for_information", w.expert_1, provision=provision, text="x", answer_by=by)
    w.take("answer_question", w.focal_point, question="1", answer="Specimen answer.")
    assert keys(w, w.focal_point) == {"due.question_answered.2"}


def test_the_same_rows_are_the_same_bytes_whenever_they_are_asked_for(session: Session) -> None:
    w = visit(session)
    for who in (w.focal_point, w.expert_1, w.officer):
        assert content(w, who) == content(w, who, ahead=15)
        assert content(w, who)


def test_programs_are_told_how_often_to_look(session: Session) -> None:
    w = reach(session, "desk_review")
    read = ics.read(content(w, w.expert_1))
    for name in ("REFRESH-INTERVAL", "X-PUBLISHED-TTL"):
        assert read[name].to_ical() == b"PT4H", name
    assert read["X-WR-CALNAME"] == read["NAME"] == "Country reviews"
    assert read["METHOD"] == "PUBLISH"


def test_it_is_in_the_language_of_its_reader_or_in_english(session: Session) -> None:
    w = reach(session, "desk_review")
    w.expert_1.language = "ar"
    (event,) = entries(w, w.expert_1).values()
    assert event["SUMMARY"].params["LANGUAGE"] in {"ar", "en"}


# Meetings and sessions ---------------------------------------------------------------------------


def test_everybody_of_the_review_has_the_days_of_the_dialogue(session: Session) -> None:
    w = visit(session)
    named = {"title": "Observer of Zambia", "email": "o@zambia.example", "language": "en"}
    w.take("admit_observer", w.officer, side="0", note_verbale="Specimen.", **named)
    observer = session.scalars(sa.select(Person).where(Person.email == named["email"])).one()
    for who in (w.focal_point, w.expert_1, w.expert_2, w.officer, observer):
        event = entries(w, who)[f"dialogue.{w.review_id}"]
        assert event["SUMMARY"] == "Country review of Zambia: dialogue"
        assert b"hidden place" not in content(w, who)
    assert keys(w, observer) == {"dialogue"}, "an observer owes nothing"


def test_a_moved_dialogue_moves_and_one_taken_back_is_gone(session: Session) -> None:
    w = visit(session)
    before = entries(w, w.expert_1)[f"dialogue.{w.review_id}"]
    day = set_days(w, 30)
    after = entries(w, w.expert_1)[f"dialogue.{w.review_id}"]
    assert (after["UID"], ics.days(after)[0]) == (before["UID"], day)
    assert after["SEQUENCE"] > before["SEQUENCE"]
    row = session.scalars(
        sa.select(Outbox)
        .where(Outbox.notice == "dialogue_scheduled", Outbox.person_id == w.expert_1.id)
        .order_by(Outbox.id.desc())
    ).first()
    assert row is not None
    letter = Letter(row.id, row.key, row.notice, "en", row.address, row.params, row.review_id)
    mailed = ics.only(
        ics.read(ics.attached(render(letter, sender=SENDER, now=w.now))["invite.ics"])
    )
    assert (mailed["UID"], mailed["SEQUENCE"]) == (after["UID"], after["SEQUENCE"])
    w.take("agree_means", w.focal_point, means="remote")
    assert "dialogue" not in keys(w, w.expert_1)


def test_a_dialogue_of_a_corrected_review_is_gone(session: Session) -> None:
    w = visit(session)
    w.take("correct_position", w.officer, stage="desk_review", reason="Specimen reason.")
    assert "dialogue" not in keys(w, w.expert_2)


def test_sessions_that_are_not_over_stand_in_it(session: Session) -> None:
    w = reach(session, "desk_review")
    stranger = world.person(session, "focal_point", "PNG", "stranger")
    today = w.now.date()
    add = [("Past", -20, -10), ("Now", -1, 1), ("Ahead", 40, 44)]
    for title, first, last in add:
        given = SessionGiven(title, "session", today + first * DAY, today + last * DAY, "Vienna")
        group_sessions.add(session, 1, given, actor=w.administrator, now=w.now)
    found = [one for one in entries(w, w.focal_point).values() if "session" in one["UID"]]
    assert [one["SUMMARY"] for one in found] == ["Now", "Ahead"]
    assert found[1]["LOCATION"] == "Vienna"
    ahead = session.scalars(sa.select(GroupSession).where(GroupSession.title == "Ahead")).one()
    given = SessionGiven("Ahead", "session", today + 50 * DAY, today + 52 * DAY, "Vienna")
    later = w.now + DAY
    group_sessions.change(session, 1, ahead.id, given, actor=w.administrator, now=later)
    moved = entries(w, w.focal_point)[f"session.{ahead.id}"]
    assert moved["SEQUENCE"] > found[1]["SEQUENCE"]
    assert ics.days(moved)[0] == (today + 50 * DAY).isoformat()
    assert entries(w, stranger) == {}, "who takes part in nothing is told of nothing"


# What others do ----------------------------------------------------------------------------------


def test_what_somebody_may_not_see_changes_nothing(session: Session) -> None:
    w = reach(session, "desk_review")
    before = content(w, w.expert_1)
    entry = {"provision": w.seen().provisions(2)[0], "observation": "Hidden."}
    findings.save_many(session, w.review_id, [entry], actor=w.expert_2, now=w.now)
    world.find_all(w, 2)
    by = (w.now + 20 * DAY).date().isoformat()
    provision = w.seen().provisions(2)[0]
    w.take("ask_for_information", w.expert_2, provision=provision, text="Hidden.", answer_by=by)
    late = (w.now + 60 * DAY).date().isoformat()
    asked = {"milestone": "desk_review:2", "reason": "Hidden."}
    w.take("ask_extension", w.expert_2, new_date=late, **asked)
    w.take("refuse_extension", w.officer, **asked)
    w.take("submit_desk_review", w.expert_2, note="Hidden.")
    assert content(w, w.expert_1) == before


def test_reviews_of_others_are_never_in_it(session: Session) -> None:
    w = reach(session, "desk_review")
    world.states(session, "MEX", "BRA")
    cycle = session.scalars(sa.select(Cycle)).one()
    other = world.review(session, cycle, "MEX")
    theirs = World(session, other.id, w.administrator, w.administrator, {}, w.now)
    before = {who: content(w, w.people[who]) for who in w.people}
    theirs.take("assign_reviewers", w.administrator, first="BRA", second="ITA",
                session="First", drawn_on="2011-07-01")  # fmt: skip
    theirs.take("notify_start", w.administrator)
    named = {"title": "Focal point of Mexico", "email": "fp@mexico.example", "language": "en"}
    theirs.take("nominate_focal_point", w.administrator, **named)
    for who, bytes_before in before.items():
        assert content(w, w.people[who]) == bytes_before
    assert b"Mexico" not in content(w, w.officer), "led by nobody of these"
    found = ics.events_of(ics.read(content(w, w.administrator)))
    assert all("Mexico" in one["SUMMARY"] for one in found)


@pytest.mark.parametrize("how", ["released", "closed"])
def test_who_is_out_has_nothing_at_once(session: Session, how: str) -> None:
    w = visit(session)
    assert keys(w, w.expert_1)
    if how == "released":
        member = next(m for m in w.seen().members if m.person_id == w.expert_1.id)
        w.take("release_person", w.officer, member=str(member.member_id), reason="Specimen.")
    else:
        w.expert_1.active = False
        session.flush()
    assert entries(w, w.expert_1) == {}
    assert keys(w, w.expert_2) == {"dialogue"}


def test_a_completed_review_leaves_nothing(session: Session) -> None:
    w = reach(session, "completed")
    for who in (w.focal_point, w.expert_1, w.officer):
        assert entries(w, who) == {}


def test_a_session_that_came_with_the_system_has_a_stamp_that_never_changes(
    session: Session,
) -> None:
    w = reach(session, "desk_review")
    cycle = session.scalars(sa.select(Cycle)).one()
    session.add(
        GroupSession(
            cycle_id=cycle.id,
            title="Third session",
            kind="session",
            first_day=date(2012, 6, 18),
            last_day=date(2012, 6, 22),
        )
    )
    session.flush()
    (event,) = [one for one in entries(w, w.expert_2).values() if "session" in one["UID"]]
    assert event["SEQUENCE"] == 0
    assert content(w, w.expert_2) == content(w, w.expert_2, ahead=30)
