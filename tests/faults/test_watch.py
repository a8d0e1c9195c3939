"""Who watches: dead workers are noticed and told of once, two of everything do nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from review import cli, clock, db, settings, tasks
from review.app import create_app
from review.models import Heartbeat, Incident, MailAttempt, Outbox, Person
from review.services import heartbeats
from tests import world
from tests.faults.conftest import Plant

ADMINISTRATOR = "secretariat.administrator@secretariat.example"
OPENED = "Country reviews: something does not run"
CLOSED = "Country reviews: it runs again"


@pytest.fixture
def watched(plant: Plant) -> Iterator[Plant]:
    """The plant, with incidents that are closed as soon as their rule holds again."""
    plant.settings = replace(plant.settings, watch_calm_seconds=0)
    yield plant
    clock.set_offset(timedelta())


def client(plant: Plant) -> FlaskClient:
    """The pages of the same system."""
    return create_app(plant.settings).test_client()


def later(plant: Plant, by: timedelta) -> None:
    """What is started from now on, and this process, lives so much later."""
    ahead = plant.settings.clock_offset + by
    plant.settings = replace(plant.settings, clock_offset_seconds=int(ahead.total_seconds()))
    clock.set_offset(plant.settings.clock_offset)


Look = Callable[[], tuple[int, str]]


@pytest.fixture
def look(
    watched: Plant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Look:
    """`uncac-review watch --once`, as cron calls it: its exit status, and what it prints."""

    def call() -> tuple[int, str]:
        for name, value in settings.as_environment(watched.settings).items():
            monkeypatch.setenv(name, value)
        code = cli.main(["watch", "--once"])
        return code, capsys.readouterr().out

    return call


def rows(statement: sa.Executable) -> list[Any]:
    with db.reading() as session:
        return [tuple(row) for row in session.execute(statement)]


def told() -> list[str]:
    """The mails about incidents, in order."""
    about = Outbox.notice.like("incident%")
    return [row[0] for row in rows(sa.select(Outbox.notice).where(about).order_by(Outbox.id))]


def open_incidents() -> list[str]:
    return [row[0] for row in rows(sa.select(Incident.rule).where(Incident.closed_at.is_(None)))]


def runs(job: str) -> int:
    """How often a job has ended well."""
    return int(rows(sa.select(Heartbeat.runs).where(Heartbeat.name == job))[0][0])


def all_ran(plant: Plant, times: int = 1) -> bool:
    found = dict(rows(sa.select(Heartbeat.name, Heartbeat.runs)))
    return all(found.get(job.name, 0) >= times for job in tasks.jobs(plant.settings))


def arrived(plant: Plant, subject: str) -> int:
    """How many messages with this subject have reached the administrator."""
    to = [m for m in plant.post.arrived if ADMINISTRATOR in str(m["To"])]
    return [str(m["Subject"]) for m in to].count(subject)


def all_die(plant: Plant) -> None:
    """Workers and scheduler have run, and are dead; one more mail waits that tells of nothing."""
    programs = [plant.start("worker"), plant.start("beat")]
    plant.until(lambda: all_ran(plant) and set(plant.states()) == {"sent"})
    for one in programs:
        plant.end(one)
    with db.transaction() as session:
        session.execute(sa.text(ONE_MORE))


ONE_MORE = """
INSERT INTO outbox (key, notice, review_id, person_id, address, language, params, created_at,
  next_try_at)
SELECT key || '-more', notice, review_id, person_id, address, language, params, created_at,
  next_try_at FROM outbox ORDER BY id LIMIT 1
"""


def test_dead_workers_are_noticed_without_them_and_told_of_once(watched: Plant, look: Look) -> None:
    all_die(watched)
    pages = client(watched)
    later(watched, timedelta())
    assert pages.get("/health").get_json()["status"] == "ok"
    assert look() == (0, "Everything runs.\n")

    later(watched, timedelta(minutes=4))
    answer = pages.get("/health")
    assert answer.status_code == 503
    assert not answer.get_json()["scheduler"]["ok"]
    assert open_incidents() == [], "a page that is read changes nothing"
    for _ in range(2):
        assert look() == (1, "BAD scheduler_silent\n")
    assert open_incidents() == ["scheduler_silent"]
    assert told() == ["incident_opened"]
    assert arrived(watched, OPENED) == 1, "and nobody has to come back for that"
    assert watched.states().count("waiting") == 1, "everything else waits for a worker"

    watched.start("worker")
    watched.start("beat")
    watched.until(lambda: pages.get("/health").status_code == 200)
    assert tasks._publish(tasks.keep_watch)
    watched.until(lambda: not open_incidents() and set(watched.states()) == {"sent"})
    assert told() == ["incident_opened", "incident_closed"]
    assert arrived(watched, OPENED) == 1
    assert arrived(watched, CLOSED) == 1
    assert pages.get("/health").status_code == 200


def test_a_worker_that_comes_back_meanwhile_does_not_tell_again(watched: Plant, look: Look) -> None:
    all_die(watched)
    later(watched, timedelta(minutes=4))
    watched.post.held = ADMINISTRATOR
    with ThreadPoolExecutor(1) as pool:
        looks = pool.submit(look)
        try:
            watched.until(lambda: watched.post.holds)
            watched.start("worker")
            assert tasks._publish(tasks.deliver)
            watched.until(
                lambda: watched.states() == [*["sent"] * (len(watched.states()) - 1), "waiting"]
            )
            assert arrived(watched, OPENED) == 0
        finally:
            watched.post.held = ""
        assert looks.result() == (1, "BAD scheduler_silent\n")
    assert tasks._publish(tasks.deliver)
    watched.until(lambda: set(watched.states()) == {"sent"})
    assert told() == ["incident_opened"]
    assert arrived(watched, OPENED) == 1
    assert len(watched.identities()) == len(set(watched.identities()))


def test_where_workers_run_the_mail_is_left_to_them(watched: Plant, look: Look) -> None:
    later(watched, timedelta())
    with db.transaction() as session:
        heartbeats.expect_anew(session, tasks.jobs(watched.settings), clock.now())
        for _ in range(watched.settings.watch_failures):
            heartbeats.ended(session, "remind", clock.now(), 0.1, "OperationalError")
    assert look() == (1, "BAD job_failing remind\n")
    assert told() == ["incident_opened"]
    assert watched.post.arrived == []


def test_a_mail_server_that_is_away_is_asked_again(watched: Plant, look: Look) -> None:
    """Not with every look: as with any mail, later each time."""
    all_die(watched)
    watched.post.to_sender = "421 away"
    later(watched, timedelta(minutes=4))
    assert look()[0] == look()[0] == 1
    tries = (
        sa.select(sa.func.count())
        .select_from(MailAttempt)
        .join(Outbox, Outbox.id == MailAttempt.outbox_id)
        .where(Outbox.notice == "incident_opened")
    )
    assert rows(tries) == [(1,)]
    watched.post.to_sender = ""
    later(watched, timedelta(minutes=2))
    look()
    assert arrived(watched, OPENED) == 1


def test_what_never_ran_is_missed_from_the_first_account_on(watched: Plant, look: Look) -> None:
    """A fresh deployment in which nobody has started scheduler and workers."""
    pages = client(watched)
    later(watched, timedelta(days=3))
    scheduler = pages.get("/health").get_json()["scheduler"]
    assert scheduler == {"ok": False, "state": "has not run yet"}
    code, said = look()
    assert (code, said.splitlines()[0]) == (1, "BAD scheduler_silent")
    assert open_incidents() == ["scheduler_silent"], "it explains the others"
    assert arrived(watched, OPENED) == 1


def test_a_broker_that_is_away_is_one_incident(watched: Plant, look: Look) -> None:
    watched.start("worker")
    later(watched, timedelta())
    with db.transaction() as session:
        heartbeats.expect_anew(session, tasks.jobs(watched.settings), clock.now())
    watched.stop_broker()
    code, said = look()
    assert (code, said) == (1, "BAD broker_away\n")
    assert told() == ["incident_opened"]
    watched.start_broker()
    assert look()[0] == 0
    assert told() == ["incident_opened", "incident_closed"]


def test_a_database_that_is_away_is_said_where_nothing_can_be_kept(
    watched: Plant, look: Look
) -> None:
    gone = watched.settings.database_url.rpartition("/")[0] + "/no_such_database"
    watched.settings = replace(watched.settings, database_url=gone)
    assert look() == (1, "")


def test_a_job_that_fails_leaves_its_kind(watched: Plant) -> None:
    """Something of the database is gone that one job needs; the others go on."""
    watched.start("worker")
    with db.transaction() as session:
        session.execute(sa.text("ALTER TABLE milestone RENAME TO elsewhere"))
    assert tasks._publish(tasks.remind)
    assert tasks._publish(tasks.give_sign_of_life)

    def known() -> dict[str, tuple[int, str]]:
        wanted = sa.select(Heartbeat.name, Heartbeat.failures, Heartbeat.failure)
        return {name: (failures, failure) for name, failures, failure in rows(wanted)}

    watched.until(lambda: {"remind", "give_sign_of_life"} <= known().keys())
    watched.until(lambda: known()["remind"][0] > 0)
    assert known() == {"remind": (1, "ProgrammingError"), "give_sign_of_life": (0, "")}


def _tuesday(earliest: datetime) -> datetime:
    """Ten o'clock (UTC) on the first Tuesday from then on: a working day, after seven."""
    day = earliest + timedelta(days=(1 - earliest.weekday()) % 7)
    return day.replace(hour=10, minute=0, second=0, microsecond=0)


def test_two_schedulers_and_two_workers_do_nothing_twice(watched: Plant) -> None:
    with db.transaction() as session:
        watched.world.session = session
        world.advance(watched.world, "self_assessment")
        session.execute(sa.update(Person).where(Person.role == "focal_point").values(digest=True))
    now = _tuesday(watched.world.now + timedelta(days=60))
    later(watched, now - clock.now() - watched.settings.clock_offset)
    with db.transaction() as session:
        for number in range(25):  # so many came back that somebody should know
            session.add(
                Outbox(
                    key=f"back:{number}", notice="reminder", address=f"{number}@gone.example",
                    language="en", created_at=now, next_try_at=now, state="sent", sent_at=now,
                    fate="bounced", fate_at=now,
                )
            )  # fmt: skip
    for command in ("worker", "worker", "beat", "beat"):
        watched.start(command)
    watched.until(lambda: all_ran(watched, times=2))
    for _ in range(4):  # the first digests may have run before the reminders they are to list
        assert tasks._publish(tasks.write_digests)
    watched.until(lambda: runs("write_digests") >= 6)
    watched.until(lambda: "waiting" not in watched.states())
    assert len(watched.identities()) == len(set(watched.identities()))
    sent = rows(sa.select(Outbox.id).where(Outbox.state == "sent", Outbox.fate == ""))
    assert len(watched.identities()) == len(sent), "each mail once"
    assert len(sent) > 8, "reminders were due"
    assert open_incidents() == ["mail_faults"]
    assert told() == ["incident_opened"]
    digests = rows(sa.select(Outbox.person_id).where(Outbox.notice == "digest"))
    assert len(digests) == 1


MANY = """
INSERT INTO outbox (key, notice, review_id, person_id, address, language, params, created_at,
  next_try_at)
SELECT key || ':' || n, notice, review_id, person_id, 'mission@' || n || '.example', language,
  params, created_at, next_try_at FROM outbox, generate_series(1, 40) n
"""


def test_a_slow_mail_server_does_not_hold_up_the_other_jobs(watched: Plant) -> None:
    """Two threads, and in front of the reminders more nudges than both could ever work off."""
    with db.transaction() as session:
        session.execute(sa.text(MANY))
    watched.post.pause = 3600.0
    watched.start("worker")
    for _ in range(40):
        assert tasks._publish(tasks.deliver)
    watched.until(lambda: watched.post.greeted > 0)
    assert tasks._publish(tasks.remind)
    watched.until(lambda: ("remind",) in rows(sa.select(Heartbeat.name).where(Heartbeat.runs > 0)))
    assert watched.post.arrived == [], "not one mail has left meanwhile"
