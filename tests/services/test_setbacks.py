"""What cannot be reminded of keeps nobody else from being reminded, and is not forgotten."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, settings, tasks
from review.models import (
    Cycle,
    DayOff,
    Heartbeat,
    MilestoneDate,
    Outbox,
    Person,
    PreparedReminder,
    Review,
)
from review.services import (
    digest,
    heartbeats,
    pauses,
    preparing,
    reminder_plan,
    reminders,
    steps,
    watch_picture,
    watchdogs,
)
from review.services.pauses import PauseGiven, Whose
from review.services.recipients import Telling
from review.services.setbacks import Incomplete, Setbacks
from review.settings import Settings
from tests import world
from tests.world import World

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OTHERS = {"MEX": ("BRA", "ITA"), "EGY": ("DZA", "ITA"), "ALB": ("MNE", "TUR")}
Breaks = Callable[[World], None]


def several(w: World) -> World:
    """Three more reviews that have just begun, all due for their first reminder in a week."""
    world.states(w.session, *OTHERS, "BRA", "DZA", "MNE", "TUR")
    cycle = w.session.scalars(sa.select(Cycle)).one()
    for iso3, (first, second) in OTHERS.items():
        made = world.review(w.session, cycle, iso3, 1, officer_id=w.officer.id)
        given = {"first": first, "second": second, "session": "First", "drawn_on": "2011-07-01"}
        for step, more in (("assign_reviewers", given), ("notify_start", {})):
            steps.take(w.session, made.id, step, actor=w.officer, now=w.now, given=more)
        w.session.expire_all()
    return w


@pytest.fixture
def started(session: Session) -> World:
    return several(world.advance(world.world(session), "initial_steps"))


def rest(session: Session, iso3: str | None, begin: date, days: int = 150) -> None:
    """A calendar in which nobody works: as it was recorded before that was refused."""
    session.add_all(
        DayOff(iso3=iso3, day=begin + n * DAY, name="Specimen", recorded_at=world.START)
        for n in range(-30, days)
    )
    session.flush()


def no_working_days(w: World) -> None:
    rest(w.session, "ZWE", w.now.date())


def no_such_milestone(w: World) -> None:
    w.session.add(
        MilestoneDate(review_id=w.review_id, key="of_another_release", slot=0, remind_at=w.now)
    )
    w.session.flush()


def no_such_process(w: World) -> None:
    w.session.execute(sa.update(Review).where(Review.id == w.review_id).values(process_key="irm-9"))


BROKEN: dict[str, tuple[Breaks, str]] = {
    "days off": (no_working_days, "CalendarError"),
    "milestone": (no_such_milestone, "KeyError"),
    "process": (no_such_process, "KeyError"),
}


def due_by(session: Session, now: datetime) -> set[tuple[int, str, int]]:
    wanted = sa.select(MilestoneDate.review_id, MilestoneDate.key, MilestoneDate.slot)
    return {(a, b, c) for a, b, c in session.execute(wanted.where(MilestoneDate.remind_at <= now))}


def told(session: Session) -> set[tuple[int | None, str, int]]:
    """Of which milestones somebody has been reminded."""
    found = session.scalars(sa.select(Outbox).where(Outbox.notice.in_(("reminder", "escalation"))))
    return {(m.review_id, m.params["milestone"], m.params["milestone_slot"]) for m in found}


def run(session: Session, now: datetime, batch: int) -> tuple[Setbacks, int]:
    """Sweep until nothing is left, as the task does; gives how many sweeps it took."""
    found, sweeps = Setbacks(), 0
    while True:
        sweeps += 1
        assert sweeps < 60, "it never ends"
        if reminders.sweep(session, now, batch=batch, setbacks=found) < batch:
            return found, sweeps


@pytest.mark.parametrize("batch", [1, 2, 500])
@pytest.mark.parametrize("broken", BROKEN)
def test_one_that_does_not_fit_stays_due_and_everybody_else_is_reminded(
    started: World, caplog: pytest.LogCaptureFixture, broken: str, batch: int
) -> None:
    now = started.now + 8 * DAY
    breaks, kind = BROKEN[broken]
    breaks(started)
    due = due_by(started.session, now)
    assert len(due) > 10

    with caplog.at_level(logging.ERROR):
        found, _ = run(started.session, now, batch)

    started.session.expire_all()
    stays = due_by(started.session, now)
    assert stays
    assert {number for number, _, _ in stays} == {started.review_id}
    assert set(found.milestones) == stays
    assert set(found.milestones.values()) == {kind}
    assert told(started.session) == due - stays
    for number, key, slot in stays:
        assert f"review {number}, milestone {key}:{slot}: {kind}" in caplog.text
    with pytest.raises(Incomplete, match=kind):
        found.end()


def test_many_more_that_do_not_fit_than_a_batch_starve_nobody(started: World) -> None:
    """They have waited longest, so they come first in every batch."""
    session, now = started.session, started.now + 8 * DAY
    rows = [
        MilestoneDate(review_id=started.review_id, key="gone", slot=n, remind_at=started.now - DAY)
        for n in range(40)
    ]
    session.add_all(rows)
    session.flush()
    others = {one for one in due_by(session, now) if one[1] != "gone"}
    assert len(others) > 10

    _, sweeps = run(session, now, 4)

    assert told(session) == others
    assert sweeps < 20
    assert len(due_by(session, now)) == 40


def _unwritable(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """The mail to one address violates a constraint of the outbox."""
    whole = reminders.mail

    def mail(one: Telling, at: datetime, **more: Any) -> dict[str, Any]:
        long = {"address": "x" * 300} if one.to.email == address else {}
        return whole(one, at, **more) | long

    monkeypatch.setattr(reminders, "mail", mail)


@pytest.mark.parametrize("batch", [2, 500])
def test_a_mail_that_the_database_refuses_is_alone_with_it(
    started: World, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    session, now = started.session, started.now + 8 * DAY
    due = due_by(session, now)
    _unwritable(monkeypatch, "mission@tur.example")

    found, _ = run(session, now, batch)

    session.expire_all()
    stays = due_by(session, now)
    assert [(key, slot) for _, key, slot in stays] == [("experts_nominated", 2)]
    assert found.milestones == dict.fromkeys(stays, "StringDataRightTruncation")
    assert told(session) == due - stays


# Decided ahead -----------------------------------------------------------------------------------


@pytest.fixture
def stored(database: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same, committed: what is decided ahead counts from then on."""
    monkeypatch.setattr(tasks, "nudge", lambda: True)
    with db.transaction() as session:
        return several(world.advance(world.world(session), "initial_steps"))


def first_due() -> datetime:
    with db.reading() as session:
        return min(at for at in session.scalars(sa.select(MilestoneDate.remind_at)) if at)


def prepare(now: datetime, batch: int) -> Setbacks:
    found = Setbacks()
    for _ in range(40):
        with db.transaction() as session:
            if preparing.prepare(session, now, batch, found) < batch:
                return found
    raise AssertionError("it never ends")


def decided() -> set[tuple[int, str, int]]:
    one = PreparedReminder
    with db.reading() as session:
        rows = session.execute(sa.select(one.review_id, one.key, one.slot))
        return {(a, b, c) for a, b, c in rows}


@pytest.mark.parametrize("batch", [2, 500])
def test_a_decision_that_the_database_refuses_is_alone_with_it(
    stored: World, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    _unwritable(monkeypatch, "mission@tur.example")
    now = first_due() + HOUR
    prepare(now - 2 * HOUR, 500)
    with db.transaction() as session:
        due = due_by(session, now)
        assert due <= decided()
        found, _ = run(session, now, batch)
    with db.reading() as session:
        stays = due_by(session, now)
        assert [(key, slot) for _, key, slot in stays] == [("experts_nominated", 2)]
        assert set(found.milestones) == stays
        assert told(session) == due - stays
    assert not stays & decided(), "what cannot be written is not kept"


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_what_cannot_be_decided_ahead_keeps_nothing_else_from_it(stored: World, batch: int) -> None:
    with db.transaction() as session:
        rest(session, "ZWE", stored.now.date())
    now = first_due() - HOUR
    found = prepare(now, batch)
    assert set(found.milestones.values()) == {"CalendarError"}
    with db.reading() as session:
        assert decided() == due_by(session, now + 48 * HOUR) - set(found.milestones)


# Digests -----------------------------------------------------------------------------------------


def digests(session: Session) -> dict[int | None, list[dict[str, Any]]]:
    found = session.scalars(sa.select(Outbox).where(Outbox.notice == "digest"))
    return {one.person_id: one.params["items"] for one in found}


def test_a_reader_without_working_days_keeps_no_digest_from_others(started: World) -> None:
    w = started
    for one in (w.officer, w.administrator):
        w.session.get_one(Person, one.id).digest = True
    other = world.person(w.session, "focal_point", "PNG", "png", digest=True)
    w.now = (w.now + 47 * DAY).replace(hour=12)
    reminders.sweep(w.session, w.now)
    rest(w.session, "PNG", w.now.date())
    found = Setbacks()
    assert digest.write(w.session, w.now, found) == 1
    assert found.readers == {other.id: "CalendarError"}
    assert list(digests(w.session)) == [w.officer.id]


def test_a_digest_leaves_out_what_cannot_be_told_of(session: Session) -> None:
    """The officer owes drafts in two reviews: the dates of one of them do not fit."""
    w = world.advance(world.world(session), "finalization")
    session.get_one(Person, w.officer.id).digest = True
    owed = w.seen().dates["draft_circulated", 0].due_on
    assert owed is not None
    now = datetime.combine(owed - 14 * DAY, w.now.time(), w.now.tzinfo).replace(hour=12)
    reminders.sweep(session, now)
    cycle = session.scalars(sa.select(Cycle)).one()
    other = world.review(session, cycle, "PNG", 2, officer_id=w.officer.id)
    row = MilestoneDate(review_id=other.id, key="gone", slot=0, remind_at=now)
    session.add(row)
    session.flush()
    found = Setbacks()
    assert digest.write(session, now, found) == 1
    assert found.reviews == {other.id: "KeyError"} or found.milestones
    assert [item["milestone"] for item in digests(session)[w.officer.id]] == ["draft_circulated"]


def test_a_pause_can_be_ended_though_something_else_does_not_fit(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    whose, given = Whose(person_id=w.expert_2.id), PauseGiven((w.now + 9 * DAY).date(), "Specimen.")
    pauses.begin(session, whose, given, actor=w.officer, now=w.now, longest=90)
    no_such_milestone(w)
    pauses.end(session, whose, actor=w.officer, now=w.now + DAY)
    assert pauses.in_force(session, whose, w.now + DAY) is None


# Who hears of it ---------------------------------------------------------------------------------


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    found = settings.load(
        {
            "DATABASE_URL": "postgresql://x@localhost/x",
            "REDIS_URL": "redis://localhost/0",
            "SMTP_URL": "smtp://localhost",
            "SECRET_KEY": "a key that is used in tests and nowhere else",
            "BASE_URL": "https://reviews.example",
            "MAIL_FROM": "reviews@example.org",
            "DATA_DIR": str(tmp_path),
        }
    )
    tasks.use(found)
    return found


def test_the_job_fails_after_everything_else_is_committed_and_is_counted(
    stored: World, chosen: Settings
) -> None:
    with db.transaction() as session:
        rest(session, "ZWE", stored.now.date())
    now = stored.now + 8 * DAY
    for run_number in range(3):
        with clock.frozen(now + run_number * HOUR):
            with pytest.raises(Incomplete) as ended:
                tasks.remind()
            tasks.note_end(task_id="1", task=tasks.remind, retval=ended.value)
    with db.transaction() as session:
        assert told(session)
        beats = {one.name: one for one in session.scalars(sa.select(Heartbeat))}
        assert (beats["remind"].failures, beats["remind"].failure) == (3, "CalendarError")
        picture = watch_picture.look(
            session, tasks.jobs(chosen), now=now + 3 * HOUR, machine=lambda: now
        )
        broken = {one.key for one in watchdogs.judge(picture, chosen)}
    assert ("job_failing", "remind") in broken
    assert ("reminder_overdue", "") in broken
    assert heartbeats.called("remind") == "Writing of reminders"


def test_the_plan_says_of_what_none_can_be_made(started: World) -> None:
    whole = reminder_plan.plan(started.session, started.now, 30)
    no_working_days(started)
    found = reminder_plan.plan(started.session, started.now, 30)
    assert [(one.iso3, one.key, one.slot, one.kind) for one in found.unplanned] == [
        ("ZMB", "experts_nominated", 1, "CalendarError")
    ]
    assert found.unplanned[0].label == "Governmental experts nominated"
    assert [one.telling.key for one in found.coming] == [
        one.telling.key
        for one in whole.coming
        if one.about != (started.review_id, "experts_nominated", 1)
    ]


def test_the_plan_of_a_review_that_cannot_be_read_names_each_milestone(started: World) -> None:
    no_such_process(started)
    found = reminder_plan.plan(started.session, started.now, 30)
    assert {one.review_id for one in found.unplanned} == {started.review_id}
    assert len(found.unplanned) == 3
    assert {one.label for one in found.unplanned} == {one.key for one in found.unplanned}
    assert {one.owed.seen.id for one in found.coming} == set(
        started.session.scalars(sa.select(Review.id).where(Review.iso3.in_(OTHERS)))
    )
