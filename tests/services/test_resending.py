"""A mail that is written anew: to the address that is right now, with what is true now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa

from review import db, links
from review.mail.transport import Refused
from review.models import Cycle, Outbox, Person, State
from review.services import dead_addresses, delivery, ladder, outdated, reminders, resending
from review.services.draws import assignment
from review.services.errors import NotAllowed
from tests import world
from tests.post import SENDER
from tests.services.test_delivery import Memory, plain, rows
from tests.world import World

DAY = timedelta(days=1)
MISSION = "mission@zmb.example"
EXPERT = "expert.1@example.example"


class Mails:
    """A review, and the mails that leave about it."""

    def __init__(self, w: World) -> None:
        self.w, self.post = w, Memory()

    @contextmanager
    def work(self) -> Iterator[World]:
        """Go on with the review; committed at the end."""
        with db.transaction() as session:
            w = self.w
            w.session, w.officer = session, session.merge(w.officer)
            w.people = {name: session.merge(one) for name, one in w.people.items()}
            yield w
            session.flush()
            for one in (w.officer, *w.people.values()):
                session.refresh(one)

    def drain(self, now: datetime | None = None) -> None:
        delivery.drain(self.post, sender=SENDER, now=lambda: now or self.w.now)

    def resend(self, mail: Outbox) -> int:
        with db.transaction() as session:
            return resending.resend(session, mail.id, self.w.officer, self.w.now)

    def newest(self, notice: str, address: str) -> Outbox:
        return next(
            row for row in reversed(rows()) if (row.notice, row.address) == (notice, address)
        )

    def sent(self) -> tuple[str, str]:
        """The newest message that left: its address and its words in one line."""
        to, message = self.post.taken[-1]
        return to, said(message)

    def put_off(self, milestone: str, day: str) -> None:
        with self.work() as w:
            given = {"milestone": milestone, "new_date": day, "reason": "Specimen."}
            w.take("grant_extension", w.officer, **given)


def said(message: EmailMessage) -> str:
    return re.sub(r"\s+", " ", f"{message['Subject']} {plain(message)}")


def _mails(stage: str) -> Mails:
    links.set_base("https://reviews.example")
    with db.transaction() as session:
        made = world.advance(world.world(session), stage)
        session.flush()
        for one in (made.officer, *made.people.values()):
            session.refresh(one)
    return Mails(made)


@pytest.fixture
def begun(database: str) -> Mails:
    """Nobody is nominated: the missions are told, six mails wait."""
    return _mails("initial_steps")


@pytest.fixture
def desk(database: str) -> Mails:
    """Both reviewing States were asked for their desk review, and all mails have left."""
    made = _mails("desk_review")
    made.drain()
    return made


def correct(mails: Mails, address: str) -> None:
    """The secretariat puts the address of Zambia's mission right, which came back."""
    with mails.work() as w:
        row = w.session.scalars(sa.select(Outbox).where(Outbox.address == MISSION)).first()
        assert row is not None
        dead_addresses.mark(w.session, row, "550 No such mailbox", w.now)
        dead = dead_addresses.all_of_them(w.session)[0].dead
        dead_addresses.correct(w.session, dead.id, address, actor=w.officer, now=w.now)


# The address --------------------------------------------------------------------------------------


def test_a_mail_to_a_mission_is_sent_again_where_it_is_reached_now(begun: Mails) -> None:
    begun.post.trouble = {MISSION: Refused("550 No such mailbox")}
    begun.drain()
    failed = begun.newest("review_started", MISSION)
    assert failed.state == "failed"
    correct(begun, "right@zmb.example")
    with begun.work() as w:
        w.session.get_one(State, "ZMB").language = "fr"
    begun.resend(failed)
    begun.drain()
    assert begun.sent()[0] == "right@zmb.example"
    assert begun.newest("review_started", "right@zmb.example").language == "fr"


def test_what_waits_for_a_mission_goes_to_its_corrected_address(begun: Mails) -> None:
    with begun.work() as w:  # somebody else reads what comes to that address
        other = world.person(w.session, "focal_point", "PNG", "other", email=MISSION.upper())
        given = {"notice": "review_started", "language": "en", "created_at": w.now}
        for key, more in (("of a person", {"person_id": other.id}), ("of another State", {})):
            row = Outbox(key=key, address=MISSION, next_try_at=w.now + DAY, **given, **more)
            row.params = {"for_state": "PNG"}
            w.session.add(row)
    before = [row.id for row in rows("waiting") if row.params["for_state"] == "ZMB"]
    with begun.work() as w:
        state = w.session.get_one(State, "ZMB")
        dead_addresses._move_mission(w.session, state, "right@zmb.example")
    moved = [row.id for row in rows("waiting") if row.address == "right@zmb.example"]
    assert moved == before
    assert moved
    assert {row.key for row in rows("waiting") if row.address == MISSION} == {
        "of a person",
        "of another State",
    }


def test_correcting_the_address_of_a_mission_moves_what_waits(begun: Mails) -> None:
    correct(begun, "right@zmb.example")
    begun.drain()
    addresses = {to for to, _ in begun.post.taken}
    assert "right@zmb.example" in addresses
    assert MISSION not in addresses


# The date -----------------------------------------------------------------------------------------


def reminded(mails: Mails) -> Outbox:
    """Expert 1 was reminded of the desk review, and the mail has left."""
    for _ in range(60):
        mails.w.now += DAY
        with db.transaction() as session:
            reminders.sweep(session, mails.w.now)
        mails.drain()
        if mails.post.taken[-1][0] == EXPERT or any(r.notice == "reminder" for r in rows("sent")):
            return mails.newest("reminder", EXPERT)
    raise AssertionError("nobody was reminded")


@pytest.mark.parametrize("notice", ["reminder", "desk_review_requested"])
def test_what_is_sent_once_more_names_the_date_that_stands(desk: Mails, notice: str) -> None:
    reminded(desk)
    former = desk.newest(notice, EXPERT)
    desk.put_off("desk_review:1", "2011-11-30")
    desk.drain()
    desk.resend(former)
    desk.drain()
    to, words = desk.sent()
    assert to == EXPERT
    assert "by Wed 30 Nov 2011" in words
    with db.reading() as session:
        kept = session.get_one(Outbox, former.id)
        assert (kept.params, kept.body_text) == (former.params, former.body_text)
        assert "30 Nov" not in kept.body_text


def test_a_request_that_waited_for_the_server_names_the_date_that_stands(database: str) -> None:
    waiting = _mails("desk_review")
    waiting.put_off("desk_review:1", "2011-11-30")
    waiting.drain()
    request = next(
        said(m) for to, m in waiting.post.taken if to == EXPERT and "desk review" in said(m)
    )
    assert "by Wed 30 Nov 2011" in request
    kept = waiting.newest("desk_review_requested", EXPERT)
    assert "30 Nov" in (kept.body_text or "")


@pytest.mark.parametrize("notice", ["reminder", "desk_review_requested"])
def test_what_goes_to_the_next_address_names_the_date_that_stands(desk: Mails, notice: str) -> None:
    reminded(desk)
    former = desk.newest(notice, EXPERT)
    desk.put_off("desk_review:1", "2011-11-30")
    desk.drain()
    with db.transaction() as session:
        assert ladder.pass_on(session, session.get_one(Outbox, former.id), desk.w.now)
    desk.drain()
    for row in rows("waiting"):  # a reminder leaves on a working day
        desk.drain(row.next_try_at)
    to, words = desk.sent()
    assert to == "mission@zwe.example"
    assert "by Wed 30 Nov 2011" in words


@pytest.mark.parametrize("notice", ["reminder", "desk_review_requested"])
def test_what_asks_for_something_that_is_done_is_not_sent_once_more(
    desk: Mails, notice: str
) -> None:
    reminded(desk)
    former = desk.newest(notice, EXPERT)
    with desk.work() as w:
        world.find_all(w, 1)
        w.take("submit_desk_review", w.expert_1)
    before = len(rows())
    with pytest.raises(NotAllowed, match="is done, or nobody has to do it now"):
        desk.resend(former)
    assert len(rows()) == before


def test_what_tells_of_a_date_is_not_sent_once_more_after_another(desk: Mails) -> None:
    desk.put_off("desk_review:1", "2011-11-30")
    desk.drain()
    first = desk.newest("date_changed", EXPERT)
    desk.resend(first)
    desk.drain()
    assert "new date" in desk.sent()[1]
    desk.put_off("desk_review:1", "2011-12-14")
    with pytest.raises(NotAllowed, match="has changed since"):
        desk.resend(first)


def test_that_a_date_is_over_is_not_said_once_more_when_it_is_ahead_again(desk: Mails) -> None:
    with desk.work() as w:
        params: dict[str, Any] = dict(desk.newest("desk_review_requested", EXPERT).params)
        row = Outbox(
            key="escalate:specimen",
            notice="escalation",
            review_id=w.review_id,
            person_id=w.officer.id,
            address=w.officer.email,
            language="en",
            params=params | {"milestone_slot": 1},
            created_at=w.now,
            next_try_at=w.now,
            state="sent",
            sent_at=w.now,
        )
        w.session.add(row)
        w.session.flush()
        number = row.id
    desk.put_off("desk_review:1", "2011-11-30")
    with db.reading() as session:
        former = session.get_one(Outbox, number)
        session.expunge(former)
    with pytest.raises(NotAllowed, match="has changed since"):
        desk.resend(former)


def test_a_digest_that_is_sent_once_more_lists_what_is_still_to_be_done(desk: Mails) -> None:
    one = dict(reminded(desk).params)
    with desk.work() as w:
        person = w.session.get_one(Person, w.expert_1.id)
        row = Outbox(
            key="digest:specimen",
            notice="digest",
            person_id=person.id,
            address=person.email,
            language="en",
            params={"items": [one], "time_zone": "Europe/Vienna", "title": "", "role": "expert"},
            created_at=w.now,
            next_try_at=w.now,
            state="sent",
            sent_at=w.now,
        )
        w.session.add(row)
        w.session.flush()
        number = row.id
    with db.reading() as session:
        former = session.get_one(Outbox, number)
        session.expunge(former)
    desk.put_off("desk_review:1", "2011-11-30")
    again = desk.resend(former)
    with db.reading() as session:
        items = session.get_one(Outbox, again).params["items"]
    assert [item["due"] for item in items] == ["2011-11-30"]
    with desk.work() as w:
        world.find_all(w, 1)
        w.take("submit_desk_review", w.expert_1)
    with pytest.raises(NotAllowed, match="is done"):
        desk.resend(former)


# Who has left -------------------------------------------------------------------------------------


def release(mails: Mails) -> None:
    """Expert 1 leaves the review, and nobody follows."""
    with mails.work() as w:
        member = next(m for m in w.seen().members if m.person_id == w.expert_1.id)
        w.take("release_person", w.officer, member=str(member.member_id), reason="Specimen.")


def test_what_waits_for_somebody_who_left_does_not_leave(desk: Mails) -> None:
    with desk.work() as w:
        w.take("suspend", w.officer)
    release(desk)
    before = len(desk.post.taken)
    desk.drain()
    last_words = [m["Subject"] for to, m in desk.post.taken[before:] if to == EXPERT]
    assert last_words == ["Zambia: your part in this review has ended"]
    mail = desk.newest("clock_stopped", EXPERT)
    assert (mail.state, mail.error) == ("recorded", "Not sent: its reader has left the review.")


def test_what_is_sent_once_more_to_somebody_who_left_does_not_leave(desk: Mails) -> None:
    former = desk.newest("desk_review_requested", EXPERT)
    release(desk)
    desk.drain()
    before = len(desk.post.taken)
    number = desk.resend(former)
    desk.drain()
    assert len(desk.post.taken) == before
    assert next(row for row in rows() if row.id == number).error == outdated.LEFT


def test_a_state_that_lost_its_place_gets_no_mail_but_the_last_word(database: str) -> None:
    """The lots are drawn anew before the review begins: Italy's mission is told of that alone."""
    links.set_base("https://reviews.example")
    with db.transaction() as session:
        w = world.world(session)
        given = {"first": "ZWE", "session": "First session", "drawn_on": "2011-07-01"}
        w.take("assign_reviewers", w.officer, second="ITA", **given)
        cycle = session.get_one(Cycle, w.review.cycle_id)
        again = assignment.Assignment("ZMB", {2: "PNG"})
        assignment.assign(
            session, cycle, [again], held="Second session", drawn_on=w.now.date(),
            actor=w.officer, now=w.now,
        )  # fmt: skip
        session.refresh(w.officer)
    mails = Mails(w)
    mails.drain()
    assert [row.state for row in rows() if row.notice == "reviewers_drawn"].count("recorded") == 1
    assert mails.newest("reviewers_drawn", "mission@ita.example").error == outdated.LEFT
    assert mails.newest("reviewer_released", "mission@ita.example").state == "sent"


def test_people_whose_review_is_deferred_are_told_though_they_have_left_it(database: str) -> None:
    links.set_base("https://reviews.example")
    with db.transaction() as session:
        w = world.world(session)
        given = {"first": "ZWE", "session": "First session", "drawn_on": "2011-07-01"}
        w.take("assign_reviewers", w.officer, second="ITA", **given)
        w.take("defer", w.officer, justification="Specimen.")
        session.refresh(w.officer)
    mails = Mails(w)
    mails.drain()
    for state in ("zwe", "ita"):
        assert mails.newest("review_deferred", f"mission@{state}.example").state == "sent"
