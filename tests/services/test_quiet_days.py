"""Days of the week on which somebody is left alone: nothing is lost, it comes on the next day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from review.models import Outbox
from review.reference import days_off
from review.services import accounts, claims, digest, preparing, put_off, reminder_plan, reminders
from review.services.accounts import AccountError, Preferences
from tests import world
from tests.world import World

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
OWED = ("self_assessment_submitted", 0)
LUSAKA = ZoneInfo("Africa/Lusaka")


@pytest.fixture
def w(session: Session) -> World:
    return world.advance(world.world(session), "self_assessment")


def nine(day: date) -> datetime:
    return datetime.combine(day, time(9), LUSAKA).astimezone(UTC)


def rung(w: World, offset: int) -> datetime:
    """When this reminder falls due."""
    day = w.seen().facts.due[OWED] + timedelta(days=offset)
    assert day.weekday() < 4, "another working day follows"
    return nine(day)


def rest_on(w: World, *days: datetime) -> None:
    """The focal point wants nothing on the weekdays of these days."""
    chosen = tuple(sorted({day.astimezone(LUSAKA).weekday() for day in days}))
    accounts.change_preferences(
        w.session,
        w.focal_point.id,
        Preferences("en", "Africa/Lusaka", w.focal_point.digest, chosen),
        now=w.now,
    )


def mails(w: World, notice: str = "reminder") -> list[Outbox]:
    w.session.expire_all()
    rows = sa.select(Outbox).where(Outbox.notice == notice, Outbox.person_id == w.focal_point.id)
    return list(w.session.scalars(rows.order_by(Outbox.id)))


def test_a_reminder_of_a_quiet_day_leaves_on_the_next(w: World) -> None:
    due = rung(w, -7)
    rest_on(w, due)
    reminders.sweep(w.session, due)
    (mail,) = mails(w)
    assert (mail.state, mail.next_try_at) == ("waiting", due + DAY)
    mission = sa.select(Outbox.next_try_at).where(Outbox.notice == "reminder_passed_on")
    assert w.session.scalars(mission).all() == []


def test_the_others_on_the_same_rung_are_told_at_once(w: World) -> None:
    late = rung(w, 14)
    rest_on(w, late)
    reminders.sweep(w.session, late)
    assert [one.next_try_at for one in mails(w)] == [late + DAY]
    mission = sa.select(Outbox.next_try_at).where(Outbox.notice == "reminder_passed_on")
    assert w.session.scalars(mission).all() == [late]


def test_the_plan_foretells_it_and_what_was_decided_ahead_is_void(w: World) -> None:
    due = rung(w, -7)
    reminders.sweep(w.session, rung(w, -14))
    w.session.execute(sa.update(Outbox).values(state="sent", sent_at=w.now))
    preparing.prepare(w.session, due - 12 * 60 * MINUTE)
    rest_on(w, due)
    planned = reminder_plan.plan(w.session, due - 60 * MINUTE, 3).coming
    assert [one.at for one in planned if one.to.person_id == w.focal_point.id] == [due + DAY]
    reminders.sweep(w.session, due)
    assert [one.next_try_at for one in mails(w)[1:]] == [due + DAY]


def test_of_two_that_would_leave_on_one_morning_the_later_does(w: World) -> None:
    """A day before and a day after the date, with quiet days between: one mail says it."""
    before = rung(w, -1)
    days = [before + n * DAY for n in range(2)]
    rest_on(w, *days)
    reminders.sweep(w.session, before)
    reminders.sweep(w.session, before + 2 * DAY)
    first, second = mails(w)
    assert first.next_try_at == before + 2 * DAY == second.next_try_at
    assert put_off.is_replaced(w.session, first, before + 2 * DAY)
    assert not put_off.is_replaced(w.session, second, before + 2 * DAY)


def test_a_digest_of_a_quiet_day_is_that_of_the_next(w: World) -> None:
    due = rung(w, -7)
    w.focal_point.digest = True
    rest_on(w, due)
    reminders.sweep(w.session, due)
    assert digest.write(w.session, due + MINUTE) == 0
    assert digest.write(w.session, due + DAY) == 1
    (mail,) = mails(w, "digest")
    assert [item["milestone"] for item in mail.params["items"]] == [OWED[0]]


def test_what_could_not_leave_in_time_does_not_leave_on_a_quiet_day(w: World) -> None:
    due = rung(w, -7)
    rest_on(w, due + DAY)
    reminders.sweep(w.session, due)
    (mail,) = mails(w)
    assert mail.next_try_at == due
    claimed = claims.claim(w.session, due + DAY, [])
    assert claimed is not None
    while claimed.row.id != mail.id:
        claimed.row.state = "sent"
        claimed.row.sent_at = due
        w.session.flush()
        claimed = claims.claim(w.session, due + DAY, [])
        assert claimed is not None
    assert put_off.until(w.session, claimed, {}, due + DAY) == due + 2 * DAY
    assert put_off.until(w.session, claimed, {}, due + 2 * DAY) is None


@pytest.mark.parametrize("days", [(0, 1, 2, 3, 4), (7,), (-1,)])
def test_a_working_day_has_to_be_left_and_days_have_to_be_days(
    w: World, days: tuple[int, ...]
) -> None:
    with pytest.raises(AccountError):
        accounts.change_preferences(
            w.session, w.focal_point.id, Preferences("en", "UTC", digest=False,
                                                     quiet_weekdays=days), now=w.now,
        )  # fmt: skip
    assert w.focal_point.quiet_weekdays == []


@given(
    st.sampled_from(["ZMB", "EGY", "NPL", "BRN", "AUT"]),
    st.sets(st.integers(0, 6), max_size=5),
    st.dates(date(2011, 1, 1), date(2013, 12, 31)),
)
def test_the_next_day_is_the_first_that_is_neither_quiet_nor_off(
    iso3: str, quiet: set[int], day: date
) -> None:
    calendar = days_off.calendar(iso3)
    if set(range(7)) <= calendar.weekend | quiet:
        return
    found = calendar.without(quiet).from_then_on(day)
    assert calendar.works(found)
    assert found.weekday() not in quiet
    between = [day + n * DAY for n in range((found - day).days)]
    assert all(not calendar.works(one) or one.weekday() in quiet for one in between)
