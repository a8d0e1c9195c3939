"""A clock that is stopped: decided by whom, until when, what moves, and that it runs again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from review import db
from review.models import Audit, ClockStop, ExtensionRequest, MilestoneDate, Outbox, Review
from review.services import clock_ends, reminders
from review.services.errors import InvalidGiven
from tests import world
from tests.world import World
from workflows import stops as after
from workflows.country_review import IRM_1
from workflows.facts import Facts

LONGEST = IRM_1.stopping.longest_days


def dates(w: World, key: str, slot: int = 0) -> MilestoneDate:
    w.session.expire_all()
    return w.session.get_one(MilestoneDate, (w.review_id, key, slot))


def stops(w: World) -> list[ClockStop]:
    return list(w.session.scalars(sa.select(ClockStop).order_by(ClockStop.id)))


def wrong(w: World, step: str, **given: Any) -> set[str]:
    with pytest.raises(InvalidGiven) as found, w.session.begin_nested():
        w.take(step, w.officer, **given)
    return set(found.value.errors)


# Decided by whom, for how long -----------------------------------------------------------------


def test_reason_approver_and_period_are_kept(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    given = {"reason": "Elections.", "approved_by": "Note verbale, specimen", "until": "2011-10-31"}
    w.take("suspend", w.officer, **given)

    (kept,) = stops(w)
    assert (kept.reason, kept.approved_by, kept.until) == (
        "Elections.",
        "Note verbale, specimen",
        date(2011, 10, 31),
    )
    assert (kept.stopped_by, kept.stopped_at, kept.resumed_at) == (w.officer.id, w.now, None)
    mail = session.scalars(sa.select(Outbox).where(Outbox.notice == "clock_stopped")).first()
    assert mail is not None
    assert mail.params["until"] == "2011-10-31"
    assert "Elections" not in str(mail.params)


@pytest.mark.parametrize("missing", ["reason", "approved_by", "until"])
def test_a_stop_without_reason_approver_or_end_is_refused(session: Session, missing: str) -> None:
    w = world.advance(world.world(session), "desk_review")
    assert wrong(w, "suspend", **{missing: ""}) == {missing}
    assert w.review.suspended_at is None


def test_a_stop_ends_neither_in_the_past_nor_too_far_away(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    tomorrow = (w.now + timedelta(days=1)).date()  # a step is taken a day after the last one
    assert wrong(w, "suspend", until=tomorrow - timedelta(days=1)) == {"until"}
    w.now -= timedelta(days=1)
    assert wrong(w, "suspend", until=tomorrow + timedelta(days=LONGEST)) == {"until"}
    w.now -= timedelta(days=1)
    w.take("suspend", w.officer, until=tomorrow + timedelta(days=LONGEST - 1))
    assert w.review.suspended_at is not None


def test_another_decision_keeps_the_first_on_record(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    w.take("suspend", w.officer, until="2011-10-31", approved_by="First specimen")
    began, due = w.now, dates(w, "desk_review", 1).due_on
    assert due
    w.now += timedelta(days=4)
    assert wrong(w, "prolong_stop", **world.STOPPED, until="2011-10-31") == {"until"}
    w.now -= timedelta(days=1)
    w.take("prolong_stop", w.officer, reason="More.", approved_by="Second", until="2011-11-30")

    first, second = stops(w)
    assert (first.approved_by, first.resumed_at) == ("First specimen", second.stopped_at)
    assert (second.approved_by, second.until, second.resumed_at) == (
        "Second",
        date(2011, 11, 30),
        None,
    )
    w.take("resume", w.officer)
    days = (w.now.date() - began.date()).days
    calendar = w.seen().facts.calendar(IRM_1.milestone("desk_review").owner, 1)
    moved = dates(w, "desk_review", 1).due_on
    assert moved == calendar.from_then_on(due + timedelta(days=days))


# It runs again by itself -----------------------------------------------------------------------


def test_the_clock_runs_again_on_the_day_after(database: str) -> None:
    with db.transaction() as session:
        w = world.advance(world.world(session), "desk_review")
        w.take("suspend", w.officer, until="2011-10-31")
        review_id, stopped = w.review_id, w.now
    last_minute = datetime(2011, 10, 31, 22, 59, tzinfo=UTC)  # 23:59 in Vienna

    assert clock_ends.resume_ended(lambda: last_minute) == 0
    assert clock_ends.resume_ended(lambda: last_minute + timedelta(minutes=1)) == 1
    assert clock_ends.resume_ended(lambda: last_minute + timedelta(minutes=9)) == 0

    with db.reading() as session:
        review = session.get_one(Review, review_id)
        assert (review.suspended_at, review.suspended_until) == (None, None)
        act = session.scalars(sa.select(Audit).where(Audit.verb == "resume")).one()
        assert (act.person_id, act.acting_as) == (None, "system")
        assert act.after["days_stopped"] == (date(2011, 11, 1) - stopped.date()).days
        told = sa.select(Outbox.address).where(Outbox.notice == "clock_resumed")
        assert len(session.scalars(told).all()) == 3
        kept = session.scalars(sa.select(ClockStop)).one()
        assert kept.resumed_by is None
        assert kept.resumed_at is not None


def test_one_review_that_cannot_run_again_does_not_keep_the_others_waiting(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction() as session:
        w = world.advance(world.world(session), "desk_review")
        w.take("suspend", w.officer, until="2011-10-31")
        other = world.review(session, w.review.cycle, "PNG", officer_id=w.officer.id)
        other.stage, other.started_at = "self_assessment", w.now
        other.suspended_at, other.suspended_until = w.now, date(2011, 10, 31)
        w.review.process_key = "no-such-process"
        assert w.review_id < other.id, "the broken one comes first"
        review_id = other.id

    with pytest.raises(KeyError):
        clock_ends.resume_ended(lambda: datetime(2011, 11, 2, tzinfo=UTC))
    with db.reading() as session:
        assert session.get_one(Review, review_id).suspended_at is None


def test_a_stop_without_an_end_as_they_were_recorded_before_waits_for_somebody(
    database: str,
) -> None:
    with db.transaction() as session:
        w = world.advance(world.world(session), "desk_review")
        w.take("suspend", w.officer)
        session.execute(sa.update(Review).values(suspended_until=None))
    assert clock_ends.resume_ended(lambda: datetime(2013, 1, 1, tzinfo=UTC)) == 0


# What moves ------------------------------------------------------------------------------------


def test_what_was_asked_for_moves_along(session: Session) -> None:
    """They asked for a week more, not for a day of the calendar."""
    w = world.advance(world.world(session), "self_assessment")
    due = dates(w, "self_assessment_submitted").due_on
    assert due
    w.take(
        "ask_extension",
        w.focal_point,
        milestone="self_assessment_submitted:0",
        new_date=(due + timedelta(days=7)).isoformat(),
        reason="Specimen.",
    )
    w.take("suspend", w.officer)
    w.now += timedelta(days=20)
    w.take("resume", w.officer)

    now = dates(w, "self_assessment_submitted").due_on
    request = session.scalars(sa.select(ExtensionRequest)).one()
    assert now == due + timedelta(days=21)
    assert (request.old_date, request.asked_date) == (now, now + timedelta(days=7))
    w.take(
        "grant_extension",
        w.officer,
        milestone="self_assessment_submitted:0",
        new_date=request.asked_date.isoformat(),
        reason="As asked.",
    )
    session.expire_all()
    assert session.scalars(sa.select(ExtensionRequest)).one().outcome == "granted"


def test_a_stop_is_no_standstill(session: Session) -> None:
    """What has no date is reminded of by the days on which the clock ran since."""
    w = world.advance(world.world(session), "self_assessment")
    world.answer_all(w)
    w.take("submit_self_assessment", w.focal_point)  # now the secretariat circulates it
    w.take("suspend", w.officer)
    w.now += timedelta(days=50)
    w.take("resume", w.officer)

    first = dates(w, "response_circulated").remind_at
    assert first is not None
    assert (first.date() - w.now.date()).days >= 30


def test_a_reminder_that_was_due_when_the_clock_was_stopped_by_mistake_still_comes(
    session: Session,
) -> None:
    w = world.advance(world.world(session), "self_assessment")
    due = dates(w, "self_assessment_submitted").remind_at
    assert due is not None
    w.now = due + timedelta(seconds=20) - timedelta(days=1)
    w.take("suspend", w.officer)
    w.now += timedelta(minutes=20) - timedelta(days=1)
    w.take("resume", w.officer)

    assert dates(w, "self_assessment_submitted").remind_at == due
    reminders.sweep(session, w.now)
    written = sa.select(Outbox.key).where(Outbox.notice == "reminder")
    assert len(session.scalars(written).all()) == 1


@given(
    st.dictionaries(
        st.sampled_from([(item.key, slot) for item, slot in IRM_1.instances()]),
        st.dates(date(2011, 1, 1), date(2014, 1, 1)),
    ),
    st.integers(0, 400),
    st.data(),
)
def test_every_open_date_moves_by_the_days_of_the_stop_and_nothing_else_does(
    due: dict[tuple[str, int], date], days: int, data: st.DataObject
) -> None:
    done = frozenset(data.draw(st.sets(st.sampled_from(sorted(due))) if due else st.just(set())))
    facts = Facts(stage="desk_review", done=done, due=due)
    found = after.dates_after(IRM_1, facts, days)
    if days == 0:
        assert found == {}
        return
    assert found.keys() == due.keys() - done
    for key, day in found.items():
        assert day >= due[key] + timedelta(days=days)
        assert (day - due[key]).days - days <= 60, "at most to the end of a long holiday"
