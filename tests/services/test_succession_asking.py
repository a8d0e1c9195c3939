"""A mission that does not answer is asked again by rule, each time once, and then given up on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, settings, tasks
from review.models import DayOff, Member, Outbox, Succession
from review.services import succession_asking, successions
from review.services.change import Mission
from review.services.queries import offices
from tests import world
from tests.post import SENDER
from tests.world import World
from workflows.registry import process

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
AGAIN = process("irm-1").asking.again


@pytest.fixture
def w(session: Session) -> World:
    return world.advance(world.world(session), "self_assessment")


def begin(w: World) -> Succession:
    wanted = sa.select(Member).where(Member.person_id == w.focal_point.id)
    member = w.session.scalars(wanted).one()
    return successions.begin(w.session, member.id, "requested", actor=w.officer, now=w.now)


def keys(session: Session) -> list[str]:
    wanted = sa.select(Outbox.key).where(Outbox.notice == "succession_asked").order_by(Outbox.id)
    return [key.rpartition(":")[2] for key in session.scalars(wanted)]


def live(w: World, days: int, since: datetime | None = None) -> dict[str, datetime]:
    """A sweep each hour; when each question was written."""
    for hour in range(days * 24):
        succession_asking.ask_again(w.session, (since or w.now) + hour * HOUR)
    rows = sa.select(Outbox.key, Outbox.created_at).where(Outbox.notice == "succession_asked")
    return {key.rpartition(":")[2]: at for key, at in w.session.execute(rows)}


def unanswered(w: World, after: int) -> list[int]:
    found = offices.lines(w.session, w.now + after * DAY, open_ones=True)
    return [line.unanswered for line in found]


def test_it_is_asked_again_on_the_days_of_the_process_once_each(w: World) -> None:
    assert AGAIN == (14, 28)
    begin(w)
    at = live(w, 60)
    assert set(at) == {"1", "again-14", "again-28"}
    for days in AGAIN:
        asked = at[f"again-{days}"]
        assert timedelta(0) <= asked - (w.now + days * DAY) <= 3 * DAY, "or the next working day"
        assert asked.weekday() < 5
        assert asked.hour == 7, "nine in the morning in Lusaka"


def test_a_day_off_of_the_state_is_passed_over(w: World) -> None:
    begin(w)
    before = live(w, 20)["again-14"]
    w.session.execute(sa.delete(Outbox).where(Outbox.key.endswith("again-14")))
    w.session.add(DayOff(iso3="ZMB", day=before.date(), name="Specimen", recorded_at=w.now))
    w.session.flush()
    assert live(w, 25)["again-14"].date() > before.date()


def test_after_an_outage_only_the_latest_is_asked(w: World) -> None:
    begin(w)
    for hour in range(24 * 5):
        succession_asking.ask_again(w.session, w.now + 30 * DAY + hour * HOUR)
    assert keys(w.session) == ["1", "again-28"]


def test_what_somebody_has_just_asked_is_not_asked_once_more(w: World) -> None:
    one = begin(w)
    due = live(w, 20)["again-14"]
    w.session.execute(sa.delete(Outbox).where(Outbox.key.endswith("again-14")))
    successions.ask_again(w.session, one.id, now=due - HOUR)
    assert succession_asking.ask_again(w.session, due) == 0
    assert succession_asking.ask_again(w.session, due + DAY) == 1


def test_an_answer_ends_it(w: World) -> None:
    one = begin(w)
    live(w, 20)
    successions.refuse(w.session, one.id, actor=Mission("ZMB", 0), now=w.now + 20 * DAY)
    live(w, 30, w.now + 20 * DAY)
    assert keys(w.session) == ["1", "again-14"]


def test_a_mission_whose_address_comes_later_is_asked_then(w: World) -> None:
    w.review.state.mission_email = None
    w.session.flush()
    begin(w)
    live(w, 20)
    assert keys(w.session) == []
    w.review.state.mission_email = "mission@zmb.example"
    w.session.flush()
    live(w, 5, w.now + 20 * DAY)
    assert keys(w.session) == ["again-14"]


def test_afterwards_the_secretariat_is_told_that_it_does_not_answer(w: World) -> None:
    begin(w)
    live(w, 27)
    assert unanswered(w, 27) == [0]
    live(w, 6, w.now + 27 * DAY)
    assert unanswered(w, 33) == [3]


def test_the_reader_learns_that_it_was_asked_before(w: World) -> None:
    begin(w)
    live(w, 20)
    rows = w.session.scalars(sa.select(Outbox).where(Outbox.notice == "succession_asked"))
    assert [row.params.get("again", False) for row in rows] == [False, True]


def test_sweeps_at_once_ask_once(database: str) -> None:
    with db.transaction() as session:
        w = world.advance(world.world(session), "self_assessment")
        begin(w)
        later = w.now + 16 * DAY
    later += timedelta(days=(7 - later.weekday()) % 7)  # a Monday

    def one(_: int) -> int:
        with db.transaction() as session:
            return succession_asking.ask_again(session, later)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 1
    with db.reading() as session:
        assert keys(session) == ["1", "again-14"]


def test_the_job_that_looks_for_successions_asks(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.use(
        settings.load(
            {
                "DATABASE_URL": database,
                "REDIS_URL": "redis://127.0.0.1:1/0",
                "SMTP_URL": "smtp://127.0.0.1:1",
                "SECRET_KEY": "a key that is used in tests and nowhere else",
                "BASE_URL": "https://reviews.example",
                "MAIL_FROM": SENDER,
            }
        )
    )
    monkeypatch.setattr(tasks, "nudge", lambda: None)
    with db.transaction() as session:
        w = world.advance(world.world(session), "self_assessment")
        begin(w)
        later = w.now + 16 * DAY
    with clock.frozen(later + timedelta(days=(7 - later.weekday()) % 7)):
        tasks.look_for_successions()
        tasks.look_for_successions()
    with db.reading() as session:
        assert keys(session) == ["1", "again-14"]
