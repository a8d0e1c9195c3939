"""Two people press at once, a process dies, a connection is lost: one step, wholly, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Barrier, BrokenBarrierError, Event
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.models import Audit, Outbox, Person, Review, Reviewer
from review.services import accounts, notices, people, steps
from review.services.accounts import AccountError
from review.services.errors import InvalidGiven, Refused, Stale
from tests import world

PRESSES = 6
PATIENCE = 5
"""Seconds before a test that hangs goes on and fails."""


@dataclass(frozen=True)
class Started:
    """A review in ``initial_steps``, committed, with two people of the secretariat."""

    review_id: int
    version: int
    officers: tuple[int, int]


@pytest.fixture
def started(database: str) -> Started:
    with db.transaction() as session:
        w = world.advance(world.world(session), "initial_steps")
        return Started(w.review_id, w.review.version, (w.officer.id, w.administrator.id))


def suspend(session: Session, started: Started) -> None:
    steps.take(
        session,
        started.review_id,
        "suspend",
        actor=session.get_one(Person, started.officers[0]),
        now=world.START,
        given=world.stop(world.START),
    )


def press_at_once(started: Started, version: int | None, step: str, **given: Any) -> Counter[str]:
    """Several people press the same button at the same moment; how each fared."""
    barrier = Barrier(PRESSES)

    def press(number: int) -> str:
        barrier.wait()
        try:
            with db.transaction() as session:
                actor = session.get_one(Person, started.officers[number % 2])
                steps.take(
                    session, started.review_id, step, actor=actor, now=world.START, given=given,
                    version=version,
                )  # fmt: skip
        except (Stale, Refused) as problem:
            return type(problem).__name__
        return "taken"

    with ThreadPoolExecutor(PRESSES) as pool:
        return Counter(pool.map(press, range(PRESSES)))


def rows(started: Started, verb: str) -> tuple[int, int, int]:
    """How often the step was recorded, how many mails it sent, and the review's version."""
    with db.reading() as session:
        recorded = sa.select(sa.func.count()).where(Audit.verb == verb)
        mails = sa.select(sa.func.count()).where(Outbox.params["step"].astext == verb)
        version = session.get_one(Review, started.review_id).version
        return session.scalar(recorded) or 0, session.scalar(mails) or 0, version


def test_one_of_many_presses_succeeds(started: Started) -> None:
    fared = press_at_once(started, started.version, "suspend", **world.stop(world.START))

    assert fared == {"taken": 1, "Stale": PRESSES - 1}
    assert rows(started, "suspend") == (1, 3, started.version + 1)


def test_without_a_version_the_guards_decide(started: Started) -> None:
    fared = press_at_once(started, None, "suspend", **world.stop(world.START))

    assert fared == {"taken": 1, "Refused": PRESSES - 1}
    assert rows(started, "suspend") == (1, 3, started.version + 1)


def test_steps_that_may_follow_each_other_all_succeed_in_turn(started: Started) -> None:
    later = [f"2012-0{n + 1}-01" for n in range(PRESSES)]
    barrier = Barrier(PRESSES)

    def extend(day: str) -> None:
        barrier.wait()
        with db.transaction() as session:
            officer = session.get_one(Person, started.officers[0])
            steps.take(
                session, started.review_id, "grant_extension", actor=officer, now=world.START,
                given={"milestone": "report_agreed:0", "new_date": day, "reason": "Specimen."},
            )  # fmt: skip

    with ThreadPoolExecutor(PRESSES) as pool:
        list(pool.map(extend, later))

    assert rows(started, "grant_extension") == (PRESSES, 3 * PRESSES, started.version + PRESSES)


def test_crash_before_the_commit_leaves_nothing(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(change: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(notices, "mails_of", crash)
    with pytest.raises(KeyboardInterrupt), db.transaction() as session:
        suspend(session, started)

    assert rows(started, "suspend") == (0, 0, started.version)
    monkeypatch.undo()
    fared = press_at_once(started, started.version, "suspend", **world.stop(world.START))
    assert fared["taken"] == 1, "and the review is not locked by the dead"


def test_connection_lost_in_the_middle_leaves_nothing(started: Started) -> None:
    def lose_it(session: Session) -> None:
        suspend(session, started)
        session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(sa.exc.OperationalError), db.transaction() as session:
        lose_it(session)

    assert rows(started, "suspend") == (0, 0, started.version)
    fared = press_at_once(started, started.version, "suspend", **world.stop(world.START))
    assert fared["taken"] == 1


def test_an_address_taken_a_moment_ago_is_refused_in_words(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.reading() as session:
        taken = session.get_one(Person, started.officers[0]).email
    monkeypatch.setattr(accounts, "find_by_email", lambda *_: None)  # it looked too early

    with pytest.raises(InvalidGiven) as refused, db.transaction() as session:
        steps.take(
            session, started.review_id, "admit_observer",
            actor=session.get_one(Person, started.officers[0]), now=world.START,
            given={"side": "0", "title": "Observer", "email": taken, "language": "en"},
        )  # fmt: skip

    assert refused.value.errors.keys() == {"email"}
    assert rows(started, "admit_observer") == (0, 0, started.version)


def both_at_once(first: Callable[[Session], Any], second: Callable[[Session], Any]) -> list[str]:
    """Each in a transaction that commits only after both have written, or one waits; how it went.

    The second begins when the first has written and not committed: the moment in which a look at
    committed rows shows neither.
    """
    written, go_on = Event(), Event()

    def holding() -> str:
        try:
            with db.transaction() as session:
                first(session)
                written.set()
                go_on.wait(PATIENCE)
        finally:
            written.set()
        return "done"

    def following() -> str:
        written.wait(PATIENCE)
        try:
            with db.transaction() as session:
                second(session)
        except InvalidGiven as refused:
            return str(refused)
        finally:
            go_on.set()
        return "done"

    with ThreadPoolExecutor(3) as pool:
        results = [pool.submit(holding), pool.submit(following)]
        pool.submit(release_when_one_waits, go_on)
        return [result.result(3 * PATIENCE) for result in results]


def release_when_one_waits(go_on: Event) -> None:
    """Let the first go on once the database says that somebody waits for a lock."""
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while not go_on.wait(0.02):
        with db.reading() as session:
            if session.scalar(waiting):
                go_on.set()


def test_two_administrators_do_not_close_each_other(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction() as session:
        one = started.officers[1]
        other = world.person(session, "secretariat_administrator", name="second").id
    looked, real = Barrier(2), people._changeable

    def look_together(*given: Any) -> Person:
        found = real(*given)
        with suppress(BrokenBarrierError):  # the other one waits for a lock
            looked.wait(0.5)
        return found

    monkeypatch.setattr(people, "_changeable", look_together)

    def close(closed: int, by: int) -> str:
        try:
            with db.transaction() as session:
                actor = session.get_one(Person, by)
                people.close(session, closed, "Specimen reason.", actor=actor, now=world.START)
        except AccountError as refused:
            return str(refused)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        fared = sorted(pool.map(close, (other, one), (one, other)))

    assert fared == ["This is the last administrator; appoint another one first.", "done"]
    with db.reading() as session:
        assert sum(session.get_one(Person, each).active for each in (one, other)) == 1


def test_no_mutual_review_by_two_draws_at_once(database: str) -> None:
    with db.transaction() as session:
        w = world.world(session)
        other = world.review(session, w.review.cycle, "ZWE").id
        officer, review_id = w.officer.id, w.review_id

    def draw(number: int, first: str) -> Callable[[Session], Any]:
        given = {"first": first, "second": "ITA", "session": "First", "drawn_on": "2011-07-01"}

        def work(session: Session) -> None:
            steps.take(
                session, number, "assign_reviewers", actor=session.get_one(Person, officer),
                now=world.START, given=given,
            )  # fmt: skip

        return work

    fared = both_at_once(draw(review_id, "ZWE"), draw(other, "ZMB"))

    assert fared[0] == "done"
    assert "mutual reviews are not allowed" in fared[1]
    with db.reading() as session:
        assert set(session.scalars(sa.select(Reviewer.review_id))) == {review_id}
