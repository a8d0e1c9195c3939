"""Reminders: the ladder, each rung once, for whoever owes it, and none when nothing is owed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from review import db
from review.models import DayOff, MilestoneDate, Outbox, Person, Review, State
from review.reference import days_off
from review.services import planning, reminders, snapshot
from tests import world
from tests.world import World

LADDER = [-14, -7, -1, 1, 7, 14, 21, 35]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def mails(session: Session, notice: str = "reminder", **params: object) -> list[Outbox]:
    """The reminders written so far, in order; of these parameters."""
    found = session.scalars(sa.select(Outbox).where(Outbox.notice == notice).order_by(Outbox.id))
    return [m for m in found if all(m.params[name] == value for name, value in params.items())]


def offsets(session: Session, notice: str = "reminder", **params: object) -> list[int]:
    """The rungs of the ladder written so far."""
    return [mail.params["offset"] for mail in mails(session, notice, **params)]


def sweep(session: Session, now: datetime) -> None:
    reminders.sweep(session, now)
    session.flush()
    session.expire_all()


def sweep_daily(w: World, days: int) -> None:
    """A sweep each day at noon in Vienna, without anybody doing anything."""
    for _ in range(days):
        w.now += DAY
        sweep(w.session, w.now.replace(hour=11))


@pytest.fixture
def started(session: Session) -> World:
    """A review whose focal point and experts are to be nominated in three weeks."""
    return world.advance(world.world(session), "initial_steps")


def test_the_ladder_goes_on_until_the_step_is_taken(started: World) -> None:
    sweep_daily(started, 21 + 36)

    owed = {"milestone": "focal_point_nominated"}
    assert offsets(started.session, **owed) == LADDER
    assert {m.address for m in mails(started.session, **owed)} == {"mission@zmb.example"}
    assert offsets(started.session, "escalation", **owed) == [21, 35]
    told = {m.person_id for m in mails(started.session, "escalation", **owed)}
    assert told == {started.officer.id}

    world.nominate(started, "focal_point", "nominate_focal_point")
    sweep_daily(started, 30)
    assert offsets(started.session, **owed) == LADDER


def test_each_reviewing_state_is_reminded_of_its_own(started: World) -> None:
    world.nominate(started, "expert_1", "nominate_expert", side="1")
    sweep_daily(started, 30)

    told = {m.address for m in mails(started.session, milestone="experts_nominated")}
    assert told == {"mission@ita.example"}
    one = mails(started.session, milestone="experts_nominated")[0]
    assert (one.params["due_place"], one.params["for_state"]) == ("Rome", "ITA")


def test_after_an_outage_only_the_latest_is_written(started: World) -> None:
    sweep(started.session, started.now + 61 * DAY)
    assert offsets(started.session, milestone="focal_point_nominated") == [35]
    sweep(started.session, started.now + 61 * DAY)
    assert offsets(started.session, milestone="focal_point_nominated") == [35]


def test_a_changed_date_is_a_new_plan(started: World) -> None:
    sweep_daily(started, 15)
    before = offsets(started.session, milestone="focal_point_nominated")
    assert before == [-14, -7]
    later = (started.now + 40 * DAY).date()
    started.take(
        "grant_extension",
        started.officer,
        milestone="focal_point_nominated:0",
        new_date=later.isoformat(),
        reason="Specimen text.",
    )
    sweep_daily(started, 75)

    written = mails(started.session, milestone="focal_point_nominated")
    new = [m.params["offset"] for m in written if m.params["due"] == later.isoformat()]
    assert len(written) == len(before) + len(new)
    assert new == LADDER


def test_a_stopped_clock_is_silent(started: World) -> None:
    started.take("suspend", started.officer, reason="Specimen text.")
    sweep_daily(started, 40)
    assert mails(started.session) == []
    started.take("resume", started.officer)
    sweep_daily(started, 20)
    assert offsets(started.session, milestone="focal_point_nominated") == [-14, -7, -1]


def test_a_moment_left_over_is_looked_at_again_under_the_lock(started: World) -> None:
    """A moment that should not be there writes nothing, and goes."""
    started.session.execute(
        sa.update(Review).values(suspended_at=started.now, suspended_reason="Specimen text.")
    )
    sweep(started.session, started.now + 10 * DAY)
    assert mails(started.session) == []
    left = sa.select(MilestoneDate).where(MilestoneDate.remind_at <= started.now + 10 * DAY)
    assert started.session.scalars(left).all() == []


def test_what_the_secretariat_owes_goes_to_the_officer_and_then_to_administrators(
    session: Session,
) -> None:
    w = world.advance(world.world(session), "finalization")
    sweep_daily(w, 200)
    owed = mails(session, milestone="draft_circulated")
    assert {m.person_id for m in owed} == {w.officer.id}
    assert owed[0].params["opens"] == "step"
    escalated = mails(session, "escalation", milestone="draft_circulated")
    assert {m.person_id for m in escalated} == {w.administrator.id}


def test_a_question_is_reminded_of_by_its_own_date(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    wanted = (w.now + 10 * DAY).date()
    w.take(
        "ask_for_information",
        w.expert_1,
        provision=w.seen().provisions(1)[0],
        text="Specimen text.",
        answer_by=wanted.isoformat(),
    )
    sweep_daily(w, 14)
    found = mails(session, milestone="question_answered")
    assert [m.params["offset"] for m in found] == [-7, -1, 1]
    assert found[0].params["opens"] == "questions"
    assert found[0].person_id == w.focal_point.id


def test_a_replay_records_and_sends_nothing(started: World) -> None:
    reminders.sweep(started.session, started.now + 12 * DAY, simulated=True)
    assert {m.state for m in mails(started.session)} == {"recorded"}


def test_batches_end(started: World) -> None:
    now = started.now + 10 * DAY
    looked_at: list[int] = []
    while not looked_at or looked_at[-1] == 1:
        looked_at.append(reminders.sweep(started.session, now, batch=1))
    assert looked_at == [1, 1, 1, 0], "the focal point and the experts of both States"


# Many at once, with real commits -------------------------------------------------------------


@pytest.fixture
def committed(database: str) -> World:
    """The same world for several connections."""
    with db.transaction() as session:
        return world.advance(world.world(session), "initial_steps")


def _sweep_and_crash(now: datetime) -> None:
    with db.transaction() as session:
        reminders.sweep(session, now)
        _ = 1 // 0


def _sweep_alone(now: datetime) -> None:
    with db.transaction() as session:
        reminders.sweep(session, now)


def test_four_sweeps_at_once_with_outages_write_each_rung_once(committed: World) -> None:
    moments = [committed.now + n * DAY for n in (6, 7, 8, 14, 15, 20, 23, 28, 29, 36, 43, 57)]
    with ThreadPoolExecutor(4) as four:
        for moment in moments:
            list(four.map(_sweep_alone, [moment + HOUR] * 4))
    with db.reading() as session:
        for key in ("focal_point_nominated", "experts_nominated"):
            sides = (0,) if key == "focal_point_nominated" else (1, 2)
            for slot in sides:
                assert offsets(session, milestone=key, milestone_slot=slot) == LADDER


def test_a_sweep_that_crashes_leaves_everything_for_the_next(committed: World) -> None:
    now = committed.now + 12 * DAY
    with pytest.raises(ZeroDivisionError):
        _sweep_and_crash(now)
    with db.reading() as session:
        assert mails(session) == []
    _sweep_alone(now)
    with db.reading() as session:
        assert len(mails(session)) == 3


def test_a_sweep_passes_over_a_review_in_which_a_step_is_being_taken(committed: World) -> None:
    with db.transaction() as busy:
        snapshot.load(busy, committed.review_id, committed.now, lock=True)
        _sweep_alone(committed.now + 12 * DAY)
        with db.reading() as session:
            assert mails(session) == []
    _sweep_alone(committed.now + 12 * DAY)
    with db.reading() as session:
        assert len(mails(session)) == 3


# The ladder against a model ------------------------------------------------------------------


def model(due: date, shift: float, planned: datetime, sweeps: list[datetime]) -> list[int]:
    """Which rungs are written, told without the code: 09:00 at a place so far from UTC.

    On days on which Zambia rests nobody is reminded: earlier of what is to come, later of the rest;
    what an outage has left over waits for the next working morning.
    """

    def morning(day: date, step: timedelta) -> datetime:
        while day.weekday() > 4 or day in days_off.public_holidays("ZMB", day.year):
            day += step
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + (9 - shift) * HOUR

    rungs = [-14, -7, -1, 1, 7, 14, *range(21, 200, 14)]
    moments = {rung: morning(due + rung * DAY, DAY if rung > 0 else -DAY) for rung in rungs}
    written: list[int] = []
    after, rested = planned, planned
    for now in sweeps:
        passed = [rung for rung in rungs if after < moments[rung] <= now]
        if not passed or now < rested:
            continue
        today = (now + shift * HOUR).date()
        if morning(today, DAY).date() != morning(today, -DAY).date():
            rested = morning(today, DAY)
            continue
        written.append(passed[-1])
        after = now
    return written


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    place=st.sampled_from(
        [("Africa/Lusaka", 2.0), ("Asia/Kathmandu", 5.75), ("Pacific/Kiritimati", 14.0)]
    ),
    days=st.integers(1, 60),
    hours=st.lists(st.integers(0, 24 * 120), min_size=1, max_size=12, unique=True),
)
def test_the_ladder_is_that_of_the_model(
    started: World, place: tuple[str, float], days: int, hours: list[int]
) -> None:
    session, zone = started.session, place[0]
    due = (started.now + days * DAY).date()
    sweeps = [started.now + hour * HOUR for hour in sorted(hours)]
    with session.begin_nested() as undone:
        session.execute(sa.update(State).where(State.iso3 == "ZMB").values(time_zone=zone))
        row = session.get_one(MilestoneDate, (started.review_id, "focal_point_nominated", 0))
        row.agreed_on = due
        session.flush()
        seen = started.seen()
        row.remind_at = planning.next_reminder_at(seen, ("focal_point_nominated", 0), started.now)
        session.flush()
        for now in sweeps:
            sweep(session, now)
        written = offsets(session, milestone="focal_point_nominated")
        undone.rollback()
    session.expire_all()
    assert written == model(due, place[1], started.now, sweeps)


def test_nobody_is_reminded_on_a_day_off_that_the_secretariat_recorded(started: World) -> None:
    session = started.session
    due = session.get_one(MilestoneDate, (started.review_id, "focal_point_nominated", 0)).due_on
    assert due
    week = [due - 7 * DAY - n * DAY for n in range(5)]
    session.add_all(
        DayOff(iso3="ZMB", day=day, name="Specimen closure", recorded_at=started.now)
        for day in week
    )
    session.flush()
    sweep_daily(started, 21)
    told = [m.created_at.date() for m in mails(session, milestone="focal_point_nominated")]
    assert told
    assert not set(told) & set(week)


# Who chose one message a day -----------------------------------------------------------------


def test_a_reader_of_digests_gets_no_single_reminder(started: World) -> None:
    session = started.session
    session.get_one(Person, started.officer.id).digest = True
    sweep_daily(started, 50)
    escalated = mails(session, "escalation")
    assert escalated
    assert {m.state for m in escalated} == {"recorded"}
    assert {m.state for m in mails(session)} == {"waiting"}, "those of the missions"
