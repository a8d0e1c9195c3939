"""Reminders decided ahead, beside changes, steps and other sweeps; and how long they hold."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.models import Outbox, Person, PreparedReminder, ReminderChange
from review.services import prepared, preparing, reminders, snapshot
from tests.services.deciding import (
    DAY,
    HOUR,
    Stored,
    compare,
    moments,
    outcome,
    prepare_all,
    store,
)


@pytest.fixture
def stored(database: str) -> Stored:
    return store()


def _rename(session: Session, stored: Stored, **values: str) -> None:
    session.execute(
        sa.update(Person).where(Person.id == stored.people["expert_2"]).values(**values)
    )


# Beside each other -------------------------------------------------------------------------------


def _ready(stored: Stored) -> datetime:
    """Everything that falls due next is decided; the moment at which it does."""
    at = moments(stored.now)[0]
    assert prepare_all(at - HOUR)
    return at


def test_a_change_that_is_under_way_while_it_is_decided_is_not_missed(stored: Stored) -> None:
    at = moments(stored.now)[0]
    with db.transaction() as busy:
        _rename(busy, stored, email="new@ita.example")
        assert prepare_all(at - HOUR), "decided from what is committed: the old address"
    assert compare(at) == 0


def test_a_change_that_is_not_committed_yet_is_as_if_it_were_not(stored: Stored) -> None:
    at = _ready(stored)
    with db.transaction() as busy:
        _rename(busy, stored, email="new@ita.example")
        assert compare(at)


def test_two_who_change_people_do_not_wait_for_each_other(stored: Stored) -> None:
    with db.transaction() as one:
        _rename(one, stored, title="New title")
        with db.transaction() as other:
            other.execute(sa.text("SET LOCAL lock_timeout = '2s'"))
            other.execute(
                sa.update(Person)
                .where(Person.id == stored.people["expert_1"])
                .values(title="Another title")
            )


def test_a_step_that_is_being_taken_is_passed_over(stored: Stored) -> None:
    at = _ready(stored)
    mails, _, used = outcome(at, ahead=True)
    assert used
    with db.transaction() as busy:
        snapshot.load(busy, mails[0][2], at, lock=True)
        meanwhile, _, _ = outcome(at, ahead=True)
    assert mails[0][2] not in {mail[2] for mail in meanwhile}
    assert outcome(at, ahead=True)[0] == mails


def test_many_sweeps_at_once_write_each_once(stored: Stored) -> None:
    at = _ready(stored)
    expected, _, used = outcome(at, ahead=True)
    together = threading.Barrier(4)

    def sweep() -> None:
        with db.transaction() as session:
            together.wait(10)
            reminders.sweep(session, at)

    with ThreadPoolExecutor(4) as four:
        for done in [four.submit(sweep) for _ in range(4)]:
            done.result(60)
    with db.reading() as session:
        keys = session.scalars(sa.select(Outbox.key).where(Outbox.created_at == at)).all()
    assert used
    assert sorted(keys) == [mail[0] for mail in expected]


def test_one_at_a_time_prepares(stored: Stored) -> None:
    at = moments(stored.now)[0]
    with db.transaction() as first:
        assert prepared.begin(first)
        assert prepare_all(at - HOUR) == 0
    assert prepare_all(at - HOUR)


# How long it holds -------------------------------------------------------------------------------


def test_on_another_day_it_is_decided_anew(stored: Stored) -> None:
    at = _ready(stored)
    assert compare(at + 5 * HOUR)
    assert compare(at + 4 * DAY) == 0


def test_what_is_far_off_is_not_decided_yet(stored: Stored) -> None:
    at = moments(stored.now)[0]
    assert prepare_all(at - preparing.AHEAD - HOUR) == 0
    assert prepare_all(at - preparing.AHEAD + HOUR)


def test_what_is_decided_is_not_decided_again_until_something_changes(stored: Stored) -> None:
    at = _ready(stored)
    assert prepare_all(at - HOUR) == 0
    with db.transaction() as session:
        _rename(session, stored, title="New title")
    assert prepare_all(at - HOUR)
    assert compare(at), "decided with the new title"


def test_another_release_decides_anew(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    at = _ready(stored)
    monkeypatch.setattr(prepared, "rules", lambda: "another")
    assert compare(at) == 0


def test_nothing_is_left_over(stored: Stored) -> None:
    at = _ready(stored)
    with db.transaction() as session:
        reminders.sweep(session, at, simulated=True)
    with db.transaction() as session:
        _rename(session, stored, title="New title")
    prepare_all(at + 20 * DAY)
    with db.reading() as session:
        left = session.scalars(sa.select(PreparedReminder.at)).all()
        changes = session.scalars(sa.select(ReminderChange.id)).all()
    assert all(moment > at + 20 * DAY for moment in left)
    assert changes == []


def test_a_replay_decides_for_itself(stored: Stored) -> None:
    at = _ready(stored)
    with db.transaction() as session:
        assert reminders.sweep(session, at, simulated=True)
    with db.reading() as session:
        states = session.scalars(sa.select(Outbox.state).where(Outbox.created_at == at)).all()
    assert set(states) == {"recorded"}
