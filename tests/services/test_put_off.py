"""No reminder leaves on a day off of its reader, nor in a pause, however late its turn comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db, links
from review.mail.transport import Away
from review.models import DayOff, Outbox, Person
from review.services import (
    delivery,
    digest,
    pauses,
    put_off,
    reminder_plan,
    reminders,
    resending,
    watch_picture,
)
from review.services.pauses import PauseGiven, Whose
from tests import world
from tests.post import SENDER
from tests.services.test_delivery import Memory
from tests.world import World
from workflows.deadlines import Place, when_all_work
from workflows.working_days import CalendarError, WorkCalendar

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
VIENNA, LUSAKA = ZoneInfo("Europe/Vienna"), ZoneInfo("Africa/Lusaka")


@pytest.fixture
def owing(database: str) -> Iterator[World]:
    """The focal point in Lusaka owes the self-assessment; what the steps wrote has left."""
    links.set_base("https://reviews.example")
    with db.transaction() as session:
        made = world.advance(world.world(session), "self_assessment")
        settle(session, made)
    yield made
    links.set_base("")


def settle(session: Session, w: World) -> None:
    """What the steps wrote has left, and the people can be read afterwards."""
    session.execute(sa.update(Outbox).values(state="sent", sent_at=w.now))
    session.flush()
    for one in (w.officer, w.administrator, *w.people.values()):
        session.refresh(one)


def due(w: World) -> date:
    with db.transaction() as session:
        found = at(w, session).seen().dates["self_assessment_submitted", 0].due_on
    assert found is not None
    return found


def at(w: World, session: Session, now: datetime | None = None) -> World:
    """The same world in another session."""
    return World(session, w.review_id, w.officer, w.administrator, w.people, now or w.now)


def nine(day: date, zone: ZoneInfo = LUSAKA) -> datetime:
    return datetime.combine(day, time(9), zone).astimezone(UTC)


def close(iso3: str | None, *days: date) -> None:
    with db.transaction() as session:
        session.add_all(
            DayOff(iso3=iso3, day=day, name="Closed", recorded_at=world.START) for day in days
        )


def sweep(now: datetime) -> None:
    with db.transaction() as session:
        reminders.sweep(session, now)


def drain(now: datetime, trouble: Exception | None = None) -> list[str]:
    """To whom something leaves at this moment."""
    post = Memory(trouble={"*": trouble} if trouble else {})
    delivery.drain(post, sender=SENDER, now=lambda: now)
    return [recipient for recipient, _ in post.taken]


def rows(notice: str) -> list[Outbox]:
    with db.reading() as session:
        wanted = sa.select(Outbox).where(Outbox.notice == notice).order_by(Outbox.id)
        found = list(session.scalars(wanted))
        session.expunge_all()
    return found


def foretold(now: datetime) -> list[tuple[str, datetime, str]]:
    with db.reading() as session:
        plan = reminder_plan.plan(session, now, 7)
        return [(one.telling.notice, one.at, one.capital) for one in plan.coming]


# Where it is read --------------------------------------------------------------------------------


@pytest.fixture
def escalating(owing: World) -> tuple[World, datetime, datetime]:
    """The day on which it is told to the officer, who has two days off then; and the morning."""
    day = due(owing) + 21 * DAY
    sweep(nine(day - 7 * DAY) + 2 * HOUR)
    with db.transaction() as session:
        session.execute(sa.update(Outbox).values(state="sent", sent_at=owing.now))
    close(None, day, day + DAY)
    closed = WorkCalendar(frozenset({5, 6}), other={day: False, day + DAY: False})
    return owing, nine(day), nine(closed.from_then_on(day), VIENNA)


def test_an_escalation_waits_for_the_working_morning_of_the_office(
    escalating: tuple[World, datetime, datetime],
) -> None:
    w, falls_due, morning = escalating
    expected = [("reminder", falls_due, "Lusaka"), ("escalation", morning, "Vienna")]
    assert foretold(falls_due - HOUR) == expected

    sweep(falls_due)
    assert drain(falls_due + HOUR) == [w.focal_point.email]
    row = rows("escalation")[0]
    assert (row.state, row.attempts, row.next_try_at) == ("waiting", 0, morning)
    assert [one for one in foretold(falls_due + HOUR) if one[0] == "escalation"] == expected[1:]
    assert drain(morning - timedelta(minutes=1)) == []
    assert drain(morning) == [w.officer.email]


def test_it_does_not_leave_if_the_step_is_taken_meanwhile(
    escalating: tuple[World, datetime, datetime],
) -> None:
    w, falls_due, morning = escalating
    sweep(falls_due)
    drain(falls_due + HOUR)
    with db.transaction() as session:
        then = at(w, session, falls_due)
        world.answer_all(then)
        then.take("submit_self_assessment", session.merge(w.focal_point))
        session.execute(
            sa.update(Outbox)
            .where(Outbox.state == "waiting", Outbox.notice != "escalation")
            .values(state="recorded")
        )
    assert drain(morning) == []
    assert rows("escalation")[0].error == "Not sent: nothing was open any more."


def test_nobody_is_alarmed_by_what_is_not_to_leave_yet(
    escalating: tuple[World, datetime, datetime],
) -> None:
    _, falls_due, morning = escalating
    sweep(falls_due)
    drain(falls_due + HOUR)

    def seen(now: datetime) -> watch_picture.Mails:
        with db.reading() as session:
            return watch_picture.look(session, (), now=now, machine=lambda: now).mails

    early = seen(morning - HOUR)
    assert (early.waiting, early.unsent, early.stuck) == (0, None, 0)
    late = seen(morning + HOUR)
    assert (late.waiting, late.unsent, late.stuck) == (1, morning, 1)


def test_a_week_of_which_each_has_other_days_off() -> None:
    """Friday and Saturday here, Saturday and Sunday there: from Friday on until Monday."""
    cairo = Place("Africa/Cairo", WorkCalendar(frozenset({4, 5})))
    vienna = Place("Europe/Vienna", WorkCalendar(frozenset({5, 6})))
    friday = datetime(2027, 3, 12, 12, tzinfo=UTC)
    monday = datetime(2027, 3, 15, 8, tzinfo=UTC)
    assert when_all_work(friday, (cairo, vienna)) == monday
    assert when_all_work(friday, (vienna,)) == friday
    never = (Place("UTC", WorkCalendar(frozenset(range(1, 7)))),
             Place("UTC", WorkCalendar(frozenset({0}))))  # fmt: skip
    with pytest.raises(CalendarError):
        when_all_work(friday, never)


# Where it is owed, after an outage ---------------------------------------------------------------


@pytest.fixture
def stuck(owing: World) -> tuple[World, datetime]:
    """A reminder was written a week before the date, in time, and the mail server was away."""
    falls_due = nine(due(owing) - 7 * DAY)
    sweep(falls_due)
    assert [row.params["offset"] for row in rows("reminder")] == [-7]
    drain(falls_due, Away("421 away"))
    return owing, falls_due


def test_what_was_written_in_time_does_not_leave_on_a_day_off(
    stuck: tuple[World, datetime],
) -> None:
    w, falls_due = stuck
    close("ZMB", *(falls_due.date() + n * DAY for n in (1, 2)))
    assert drain(falls_due + DAY) == []
    row = rows("reminder")[0]
    assert (row.state, row.attempts, row.error) == ("waiting", 0, put_off.PUT_OFF)
    morning = row.next_try_at
    assert morning.astimezone(LUSAKA).hour == 9
    assert morning.date() > falls_due.date() + 2 * DAY
    assert foretold(falls_due + DAY)[0] == ("reminder", morning, "Lusaka")
    assert drain(morning - HOUR) == []
    assert drain(morning) == [w.focal_point.email]
    assert rows("reminder")[0].attempts == 1


def test_where_the_next_one_comes_meanwhile_only_that_one_leaves(
    stuck: tuple[World, datetime],
) -> None:
    w, falls_due = stuck
    day = due(w)
    close("ZMB", *(falls_due.date() + n * DAY for n in range(1, (day - falls_due.date()).days + 1)))
    assert drain(falls_due + DAY) == []
    morning = rows("reminder")[0].next_try_at
    sweep(morning)
    assert drain(morning) == [w.focal_point.email]
    first, last = rows("reminder")
    assert (first.state, first.error) == ("recorded", "Not sent: a later reminder takes its place.")
    assert (last.state, last.params["offset"]) == ("sent", 1)


def test_what_somebody_sends_once_more_leaves_at_once(stuck: tuple[World, datetime]) -> None:
    w, falls_due = stuck
    assert drain(falls_due + 2 * HOUR) == [w.focal_point.email]
    close("ZMB", falls_due.date() + DAY)
    with db.transaction() as session:
        number = rows("reminder")[0].id
        resending.resend(session, number, actor=w.officer, now=falls_due + DAY)
    assert drain(falls_due + DAY) == [w.focal_point.email]


# In a pause --------------------------------------------------------------------------------------


def pause(w: World, whose: Whose, until: date, now: datetime) -> None:
    with db.transaction() as session:
        officer = session.get_one(Person, w.officer.id)
        pauses.begin(session, whose, PauseGiven(until, "Specimen."), actor=officer, now=now,
                     longest=90)  # fmt: skip


@pytest.mark.parametrize("of", ["person", "review"])
def test_a_pause_that_began_meanwhile_holds_it_until_the_morning_after(
    stuck: tuple[World, datetime], of: str
) -> None:
    w, falls_due = stuck
    whose = Whose(w.focal_point.id) if of == "person" else Whose(None, w.review_id)
    until = falls_due.date() + 2 * DAY
    pause(w, whose, until, falls_due + HOUR)
    assert drain(falls_due + 2 * HOUR) == []
    row = rows("reminder")[0]
    assert (row.error, row.attempts) == (put_off.PUT_OFF, 0)
    assert row.next_try_at.date() > until
    assert row.next_try_at.astimezone(LUSAKA).hour == 9
    assert drain(row.next_try_at) == [w.focal_point.email]


def test_when_the_pause_ends_early_it_leaves_the_next_morning(
    stuck: tuple[World, datetime],
) -> None:
    w, falls_due = stuck
    whose = Whose(w.focal_point.id)
    pause(w, whose, falls_due.date() + 20 * DAY, falls_due + HOUR)
    assert drain(falls_due + 2 * HOUR) == []
    with db.transaction() as session:
        officer = session.get_one(Person, w.officer.id)
        pauses.end(session, whose, actor=officer, now=falls_due + 3 * HOUR)
    assert drain(falls_due + 4 * HOUR) == []
    tomorrow = nine(falls_due.date() + DAY)
    assert rows("reminder")[0].next_try_at == tomorrow
    works = WorkCalendar(frozenset({5, 6})).from_then_on(tomorrow.date())
    assert [*drain(tomorrow), *drain(nine(works))] == [w.focal_point.email]


def test_an_escalation_is_silenced_by_no_pause(owing: World) -> None:
    w = owing
    falls_due = nine(due(w) + 21 * DAY)
    sweep(falls_due)
    drain(falls_due, Away("421 away"))
    for whose in (Whose(w.officer.id), Whose(None, w.review_id)):
        pause(w, whose, falls_due.date() + 30 * DAY, falls_due + HOUR)
    assert w.officer.email in drain(falls_due + 3 * HOUR)


def test_where_nobody_else_would_hear_of_it_a_pause_holds_nothing(database: str) -> None:
    """What the officer owes, and there is no administrator: as when it is written."""
    links.set_base("https://reviews.example")
    with db.transaction() as session:
        w = world.advance(world.world(session), "finalization")
        session.get_one(Person, w.administrator.id).active = False
        owed = w.seen().dates["draft_circulated", 0].due_on
        settle(session, w)
    assert owed is not None
    falls_due = nine(owed - 7 * DAY, VIENNA)
    sweep(falls_due)
    drain(falls_due, Away("421 away"))
    pause(w, Whose(w.officer.id), falls_due.date() + 30 * DAY, falls_due + HOUR)
    assert drain(falls_due + 2 * HOUR) == [w.officer.email]


# Digests -----------------------------------------------------------------------------------------


@pytest.fixture
def bundled(owing: World) -> tuple[World, datetime]:
    """A digest was written in time, and the mail server was away."""
    with db.transaction() as session:
        session.get_one(Person, owing.focal_point.id).digest = True
        session.get_one(Person, owing.focal_point.id).time_zone = "Africa/Lusaka"
    falls_due = nine(due(owing) - 7 * DAY)
    sweep(falls_due)
    with db.transaction() as session:
        assert digest.write(session, falls_due) == 1
    drain(falls_due, Away("421 away"))
    return owing, falls_due


def test_a_digest_does_not_leave_on_a_day_off_of_its_reader(
    bundled: tuple[World, datetime],
) -> None:
    w, falls_due = bundled
    close("ZMB", falls_due.date() + DAY)
    assert drain(falls_due + DAY) == []
    row = rows("digest")[0]
    assert (row.error, row.attempts) == (put_off.PUT_OFF, 0)
    assert row.next_try_at.astimezone(LUSAKA).hour == 7
    assert drain(row.next_try_at) == [w.focal_point.email]


@pytest.mark.parametrize("of", ["person", "review"])
def test_a_digest_does_not_leave_in_a_pause_that_began_meanwhile(
    bundled: tuple[World, datetime], of: str
) -> None:
    w, falls_due = bundled
    whose = Whose(w.focal_point.id) if of == "person" else Whose(None, w.review_id)
    until = falls_due.date() + 2 * DAY
    pause(w, whose, until, falls_due + HOUR)
    assert drain(falls_due + 2 * HOUR) == []
    row = rows("digest")[0]
    assert row.next_try_at.date() > until
    assert drain(row.next_try_at) == [w.focal_point.email]


def test_a_digest_with_an_escalation_leaves_in_a_pause(owing: World) -> None:
    w = owing
    with db.transaction() as session:
        session.get_one(Person, w.officer.id).digest = True
    falls_due = nine(due(w) + 21 * DAY)
    sweep(falls_due)
    with db.transaction() as session:
        assert digest.write(session, falls_due) == 1
    drain(falls_due, Away("421 away"))
    pause(w, Whose(w.officer.id), falls_due.date() + 30 * DAY, falls_due + HOUR)
    assert w.officer.email in drain(falls_due + 3 * HOUR)
