"""Who has just taken an office is not told at once that it is late, and not forgotten either."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import MilestoneDate, Outbox, Person
from review.services import accounts, digest, offices, preparing, reminder_plan, reminders
from tests import world
from tests.world import World
from workflows.registry import process

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
OWED = ("self_assessment_submitted", 0)
LUSAKA = ZoneInfo("Africa/Lusaka")
NEW = "new.focal.point@zmb.example"
FREE = process("irm-1").settling.working_days


@pytest.fixture
def w(session: Session) -> World:
    return world.advance(world.world(session), "self_assessment")


def nine(w: World, offset: int) -> datetime:
    """The hour of this rung: it is a working day, with working days after it."""
    day = w.seen().facts.due[OWED] + timedelta(days=offset)
    return datetime.combine(day, time(9), LUSAKA).astimezone(UTC)


def hand_over(w: World, at: datetime, **more: object) -> Person:
    """The office of the focal point goes to somebody new; what fell due before was sent."""
    sweep(w, at - DAY)
    sent = {"state": "sent", "sent_at": at - DAY}
    w.session.execute(sa.update(Outbox).where(Outbox.created_at <= at - DAY).values(sent))
    w.now = at - DAY  # each step is taken a day after the last
    (holder,) = (one for one in w.seen().members if one.role == "focal_point")
    w.take("hand_over", w.officer, member=str(holder.member_id), title="New", email=NEW,
           language="en")  # fmt: skip
    person = accounts.find_by_email(w.session, NEW)
    assert person is not None
    for name, value in more.items():
        setattr(person, name, value)
    w.session.flush()
    return person


def sweep(w: World, at: datetime) -> None:
    reminders.sweep(w.session, at)
    w.session.expire_all()


def told(w: World, notice: str, person: Person | None) -> list[int]:
    """The rungs by which somebody was told, the mission where nobody is given."""
    rows = sa.select(Outbox).where(
        Outbox.notice == notice, Outbox.person_id.is_not_distinct_from(person and person.id)
    )
    return [row.params["offset"] for row in w.session.scalars(rows.order_by(Outbox.id))]


def morning_after(w: World, at: datetime) -> datetime:
    """Nine o'clock after so many working days in Lusaka, none of which is a holiday here."""
    day, left = at.astimezone(LUSAKA).date(), FREE + 1
    while left:
        day += DAY
        left -= day.weekday() < 5
    return datetime.combine(day, time(9), LUSAKA).astimezone(UTC)


def test_a_new_holder_is_not_told_of_lateness_within_minutes(w: World) -> None:
    assert FREE == 3
    rung = nine(w, 14)
    person = hand_over(w, rung - 10 * MINUTE)
    sweep(w, rung + 5 * MINUTE)
    assert told(w, "reminder", person) == []
    assert told(w, "reminder_passed_on", None) == [14], "its mission is told as planned"
    for hours in range(24 * 14):
        sweep(w, rung + timedelta(hours=hours))
        if morning_after(w, rung) > rung + timedelta(hours=hours):
            assert told(w, "reminder", person) == []
        elif rung + timedelta(hours=hours) < nine(w, 21):
            assert told(w, "reminder", person) == [14], "not lost, and once"
    assert told(w, "reminder", person) == [14, 21]
    assert told(w, "reminder_passed_on", None) == [14]


def test_of_what_was_held_back_the_latest_comes(w: World) -> None:
    rung = nine(w, -1)
    person = hand_over(w, rung - 10 * MINUTE)
    for rung_at in (rung, nine(w, 1)):
        sweep(w, rung_at + MINUTE)
    assert told(w, "reminder", person) == []
    sweep(w, morning_after(w, rung))
    assert told(w, "reminder", person) == [1]


def test_what_was_decided_ahead_holds_back_as_well(w: World) -> None:
    rung = nine(w, 14)
    person = hand_over(w, rung - 10 * MINUTE)
    assert preparing.prepare(w.session, rung - 5 * MINUTE)
    sweep(w, rung)
    assert (told(w, "reminder", person), told(w, "reminder_passed_on", None)) == ([], [14])


def test_a_waiting_reminder_of_the_predecessor_comes_when_the_days_are_over(w: World) -> None:
    rung = nine(w, 7)
    sweep(w, rung)
    assert told(w, "reminder", w.focal_point) == [7]
    person = hand_over(w, rung + 2 * MINUTE)
    assert told(w, "reminder", person) == []
    (row,) = w.session.scalars(
        sa.select(Outbox).where(Outbox.person_id == w.focal_point.id, Outbox.notice == "reminder")
    )
    assert (row.state, row.error[:9]) == ("recorded", "Not sent:")
    sweep(w, morning_after(w, rung) - MINUTE)
    assert told(w, "reminder", person) == []
    sweep(w, morning_after(w, rung))
    assert told(w, "reminder", person) == [7]


def test_a_waiting_reminder_of_a_date_that_was_changed_goes_to_nobody(w: World) -> None:
    rung = nine(w, 7)
    sweep(w, rung)
    later = (rung + 60 * DAY).date().isoformat()
    w.now = rung - DAY + MINUTE  # each step is taken a day after the last
    w.take("grant_extension", w.officer, milestone="self_assessment_submitted:0", new_date=later,
           reason="Specimen.")  # fmt: skip
    w.now -= DAY
    (holder,) = (one for one in w.seen().members if one.role == "focal_point")
    w.take("hand_over", w.officer, member=str(holder.member_id), title="New", email=NEW,
           language="en")  # fmt: skip
    assert told(w, "reminder", accounts.find_by_email(w.session, NEW)) == []
    due = w.session.get_one(MilestoneDate, (w.review_id, *OWED))
    assert due.remind_at is not None
    assert due.remind_at > w.now + 30 * DAY


def test_what_waited_for_a_digest_of_the_predecessor_is_not_lost(w: World) -> None:
    rung = nine(w, 7)
    w.focal_point.digest = True
    w.session.flush()
    sweep(w, rung)
    person = hand_over(w, rung + 2 * MINUTE)
    sweep(w, morning_after(w, rung))
    assert told(w, "reminder", person) == [7]


def test_no_digest_brings_what_a_single_message_does_not(w: World) -> None:
    rung = nine(w, 7)
    person = hand_over(w, rung - 10 * MINUTE, digest=True, activated_at=w.now)
    other = world.review(w.session, w.review.cycle, "PNG", officer_id=w.officer.id)
    offices.fill(w.session, other.id, person, "focal_point", 0, since=rung - 90 * DAY)
    date = w.session.get_one(MilestoneDate, (other.id, *OWED))
    date.agreed_on, date.remind_at = rung.date(), rung + 9 * DAY
    params = {"digest": True, "milestone": OWED[0], "milestone_slot": OWED[1],
              "due": str(date.agreed_on)}  # fmt: skip
    row = Outbox(key="x", notice="reminder", review_id=other.id, person_id=person.id, address=NEW,
                 language="en", params=params, created_at=rung, next_try_at=rung,
                 state="recorded")  # fmt: skip
    w.session.add(row)
    w.session.flush()
    sweep(w, rung)
    digest.write(w.session, rung + MINUTE)
    found = sa.select(Outbox).where(Outbox.notice == "digest")
    assert list(w.session.scalars(found)) == []
    later = morning_after(w, rung)
    sweep(w, later)
    digest.write(w.session, later)
    (one,) = w.session.scalars(found)
    assert [item["milestone"] for item in one.params["items"]] == [OWED[0]]


def test_the_plan_shows_what_is_held_back_and_why(w: World) -> None:
    rung = nine(w, 14)
    person = hand_over(w, rung - 10 * MINUTE)
    planned = reminder_plan.plan(w.session, rung - 5 * MINUTE, 7).coming
    mine = [one for one in planned if one.to.person_id == person.id]
    assert [(one.at, one.telling.settles) for one in mine] == [
        (rung, True), (morning_after(w, rung), False),
    ]  # fmt: skip
    last = morning_after(w, rung).date() - DAY
    assert mine[0].telling.held is not None
    assert mine[0].telling.held <= last
    mission = [one for one in planned if one.to.person_id == 0 and one.at == rung]
    assert [one.telling.held for one in mission] == [None]


def test_who_is_long_in_office_is_told_at_once(w: World) -> None:
    sweep(w, nine(w, 7))
    assert told(w, "reminder", w.focal_point) == [7]
