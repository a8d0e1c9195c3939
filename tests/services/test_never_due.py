"""What had passed when a date was set was never due, whatever becomes of zones and days off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from review.models import DayOff, MilestoneDate, Outbox, State
from review.services import planning, reminders
from review.services.recipients import Office
from review.services.snapshot import Snapshot
from tests import world
from tests.world import World
from workflows import deadlines
from workflows.deadlines import Place
from workflows.spec import Party, Trigger
from workflows.working_days import WorkCalendar

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
KEY = ("self_assessment_submitted", 0)


@pytest.fixture
def owing(session: Session) -> World:
    """The self-assessment is due in ten days: the reminder of 14 days before is over already."""
    w = world.advance(world.world(session), "self_assessment")
    w.take("grant_extension", w.officer, milestone="self_assessment_submitted:0",
           new_date=str(w.now.date() + 11 * DAY), reason="Specimen text.")  # fmt: skip
    session.execute(sa.delete(Outbox))
    return w


def planned(w: World) -> MilestoneDate:
    w.session.expire_all()
    return w.session.get_one(MilestoneDate, (w.review_id, *KEY))


def sweep(w: World, now: datetime) -> list[int]:
    """The places in the ladder of what was written until then."""
    reminders.sweep(w.session, now)
    w.session.flush()
    found = w.session.scalars(sa.select(Outbox).where(Outbox.notice == "reminder"))
    own = (m for m in found if m.params["milestone"] == KEY[0])
    return sorted(m.params["offset"] for m in own)


def test_a_zone_that_moves_west_makes_the_moment_too_early_and_it_is_planned_anew(
    owing: World,
) -> None:
    at = planned(owing).remind_at
    assert at is not None
    assert planned(owing).remind_rung == -7
    owing.session.get_one(State, "ZMB").time_zone = "America/Lima"  # seven hours later
    assert sweep(owing, at) == []
    moved = planned(owing).remind_at
    assert moved == at + 7 * HOUR
    assert sweep(owing, moved - HOUR) == []
    assert sweep(owing, moved) == [-7]
    assert sweep(owing, moved + DAY) == [-7]


def test_a_zone_that_moves_east_loses_nothing(owing: World) -> None:
    at = planned(owing).remind_at
    assert at is not None
    owing.session.get_one(State, "ZMB").time_zone = "Pacific/Auckland"
    assert sweep(owing, at) == [-7]


def test_a_day_off_that_becomes_a_working_day_moves_the_reminder_there(session: Session) -> None:
    w = world.advance(world.world(session), "self_assessment")
    later = w.now.date() + 10 * DAY
    while later.weekday() != 6:  # a week before is a Sunday too: it comes on the Friday before
        later += DAY
    session.add(DayOff(iso3="ZMB", day=later, name="Works", works=True, recorded_at=w.now))
    session.flush()
    w.take("grant_extension", w.officer, milestone="self_assessment_submitted:0",
           new_date=str(later), reason="Specimen text.")  # fmt: skip
    session.execute(sa.delete(Outbox))
    friday = planned(w).remind_at
    assert friday is not None
    assert friday.weekday() == 4
    sunday = later - 7 * DAY
    session.add(DayOff(iso3="ZMB", day=sunday, name="Works", works=True, recorded_at=w.now))
    session.flush()
    assert sweep(w, friday) == []
    assert planned(w).remind_at == friday + 2 * DAY
    assert sweep(w, friday + 2 * DAY) == [-7]


# In whatever order -------------------------------------------------------------------------------

ZONES = st.sampled_from(["Africa/Lusaka", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
CHANGES = st.tuples(
    st.integers(1, 400),  # hours until the next look: after some there has been an outage
    st.none() | ZONES,
    st.none() | st.tuples(st.integers(-20, 60), st.booleans()),
)


def _at(seen: Snapshot, zone: str, other: dict[date, bool]) -> Snapshot:
    """The same review in another zone, with other days off."""
    sides = dict(seen.sides) | {0: replace(seen.sides[0], time_zone=zone)}
    calendar = WorkCalendar(frozenset({5, 6}), other=other)
    calendars = dict(seen.facts.calendars) | {(Party.STATE_UNDER_REVIEW, 0): calendar}
    return replace(seen, sides=sides, facts=replace(seen.facts, calendars=calendars))


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(ahead=st.integers(-30, 20), changes=st.lists(CHANGES, max_size=12))
def test_each_is_told_once_the_latest_after_an_outage_and_none_that_was_never_due(
    owing: World, ahead: int, changes: list[tuple[int, str | None, tuple[int, bool] | None]]
) -> None:
    due = owing.seen().dates[KEY].due_on
    assert due is not None
    zone, other = "Africa/Lusaka", dict[date, bool]()
    seen = _at(owing.seen(), zone, other)
    now = datetime(due.year, due.month, due.day, 12, tzinfo=UTC) - ahead * DAY
    at, rung = planning.coming(seen, KEY, now)
    first, told = rung, list[int]()
    assert first is not None
    for hours, new_zone, day in [*changes, *[(24, None, None)] * 90]:
        now += hours * HOUR
        zone = new_zone or zone
        if day is not None:
            other[due + day[0] * DAY] = day[1]
        seen = _at(owing.seen(), zone, dict(other))
        if at is None or at > now:
            continue
        found = reminders.look(seen, KEY, Office(), now, rung)
        # one who is new in office is told some days later
        for offset in {one.owed.reminder.offset for one in found.tellings if one.held is None}:
            place = Place(zone, WorkCalendar(frozenset({5, 6}), other=dict(other)))
            rules = seen.process.rules(seen.process.milestone(KEY[0]), Trigger.DUE)
            latest = deadlines.reminder_due(rules, due, place, now)
            assert latest is not None
            assert offset == latest.offset, "only the latest that has passed"
            assert offset >= first, "it was never due"
            told.append(offset)
        assert found.again_at is None or found.again_at > now
        at, rung = found.again_at, found.again_rung
    assert told == sorted(set(told)), "each once, up the ladder"
    rules = seen.process.rules(seen.process.milestone(KEY[0]), Trigger.DUE)
    place = Place(zone, WorkCalendar(frozenset({5, 6}), other=dict(other)))
    latest = deadlines.reminder_due(rules, due, place, now)
    assert latest is not None
    if place.calendar.works(deadlines.local_day(now, zone)):
        assert told[-1] == latest.offset, "none is lost"
