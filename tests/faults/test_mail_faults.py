"""Worker killed, broker gone, mail server refusing: no mail is lost, none is sent twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from review import clock, db, tasks
from review.mail.transport import Smtp
from review.models import Heartbeat, Outbox
from review.services import delivery, steps
from tests import world
from tests.faults.conftest import Plant
from workflows.spec import DefinitionError


def test_a_worker_killed_while_sending_loses_nothing_and_sends_nothing_twice(
    plant: Plant,
) -> None:
    plant.post.pause = 60.0
    first = plant.start("worker")
    assert tasks.nudge()
    plant.until(lambda: plant.post.greeted > 0)
    plant.end(first)
    assert plant.states() == ["waiting"] * 6
    assert plant.post.arrived == []

    plant.post.pause = 0.0
    plant.start("worker")
    tasks.nudge()
    plant.until(lambda: plant.states() == ["sent"] * 6)
    assert len(plant.identities()) == len(set(plant.identities())) == 6


def test_without_the_broker_steps_are_taken_and_mails_leave_afterwards(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.start("worker")
    plant.stop_broker()

    with db.transaction() as session:
        taken = steps.take(
            session,
            plant.world.review_id,
            "suspend",
            actor=plant.world.officer,
            now=plant.world.now + timedelta(days=1),
            given=world.stop(plant.world.now),
        )
    assert taken.outcome.step.key == "suspend"
    assert not tasks.nudge()
    with monkeypatch.context() as tried:
        tried.setattr(tasks, "_publish", pytest.fail)
        assert not tasks.nudge(), "nobody waits for it a second time"
    assert plant.states() == ["waiting"] * 9

    plant.start_broker()
    with db.transaction() as session:
        session.execute(sa.update(Outbox).values(next_try_at=plant.world.now))
    tasks._quiet_until = 0.0
    plant.until(tasks.nudge)
    plant.until(lambda: plant.states() == ["sent"] * 9)
    assert len(set(plant.identities())) == 9


def test_the_scheduler_begins_at_once_and_a_restarted_database_is_no_end(plant: Plant) -> None:
    plant.start("worker")
    with db.transaction() as session:
        session.execute(sa.text(_END_CONNECTIONS))
    plant.start("beat")
    plant.until(lambda: plant.states().count("sent") >= 6)
    with db.reading() as session:
        sign = session.scalar(sa.select(Heartbeat.begun_at))
    offset = plant.settings.clock_offset
    assert sign is not None
    assert abs(sign - (clock.now() + offset)) < timedelta(minutes=1), "by the worker's clock"


_END_CONNECTIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def test_a_mail_server_that_refuses_some(plant: Plant) -> None:
    plant.post.to_recipient = {
        "mission@zmb.example": "550 5.1.1 No such mailbox",
        "mission@ita.example": "450 4.2.1 Greylisted",
    }
    now = plant.world.now
    with Smtp(plant.settings.smtp_url) as transport:
        sender = plant.settings.mail_from
        done = delivery.drain(transport, sender=sender, now=lambda: now)
        assert (done.sent, done.failed, done.later) == (2, 2, 2)
        plant.post.to_recipient = {}
        later = now + timedelta(hours=1)
        assert delivery.drain(transport, sender=sender, now=lambda: later).sent == 2
    with db.reading() as session:
        failed = session.execute(
            sa.select(Outbox.address, Outbox.error, Outbox.attempts).where(Outbox.state == "failed")
        )
        assert set(failed) == {("mission@zmb.example", "550 5.1.1 No such mailbox", 1)}


def test_a_worker_does_not_start_with_a_notice_without_words(
    monkeypatch: pytest.MonkeyPatch, plant: Plant
) -> None:
    monkeypatch.setattr(tasks, "written_notices", frozenset)
    with pytest.raises(SystemExit) as end:
        tasks.start()
    assert isinstance(end.value.__cause__, DefinitionError)
