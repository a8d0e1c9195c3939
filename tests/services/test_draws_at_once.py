"""Two officers press at once, a process dies in the middle, the draw goes on elsewhere."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from review import db
from review.models import Audit, Draw, Lot, Outbox, Person, Reviewer
from review.services import steps
from review.services.change import Change
from review.services.draws import conduct, prepare, record
from review.services.draws.prepare import DrawOrder
from review.services.errors import Conflict, Refused
from tests.services import drawing
from tests.services.drawing import NOW
from workflows import announcement
from workflows.drawing import draw_all

PRESSES = 6


@dataclass(frozen=True)
class Opened:
    """An open draw, committed, with two people of the secretariat."""

    url: str
    draw_id: int
    lots: int
    people: tuple[int, int]


@pytest.fixture
def opened(database: str) -> Opened:
    with db.transaction() as session:
        setting = drawing.setting(session)
        draw = setting.opened()
        people = (setting.officer.id, setting.administrator.id)
        return Opened(database, draw.id, len(draw.announcement["lots"]), people)


def press(opened: Opened, number: int, expected: int) -> str:
    """One person's wish to draw a lot; how it fared."""
    try:
        with db.transaction() as session:
            actor = session.get_one(Person, opened.people[number % 2])
            drawn = conduct.draw_next(session, opened.draw_id, expected, actor=actor, now=NOW)
            return "drew" if drawn.new else "again"
    except Conflict as conflict:
        with db.reading() as session:
            known = conflict.stands == session.get_one(Lot, (opened.draw_id, expected)).entry
        return "conflict" if known else "told something else"


def test_of_many_presses_one_draws(opened: Opened) -> None:
    for expected in (1, 2, 3):
        barrier = Barrier(PRESSES)

        def at_once(number: int, expected: int = expected, barrier: Barrier = barrier) -> str:
            barrier.wait()
            return press(opened, number, expected)

        with ThreadPoolExecutor(PRESSES) as pool:
            fared = Counter(pool.map(at_once, range(PRESSES)))

        assert fared == {"drew": 1, "again": PRESSES // 2 - 1, "conflict": PRESSES // 2}

    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Lot)) == 3


def test_interrupted_draw_goes_on_with_the_same_result(opened: Opened) -> None:
    """Each lot in a process of its own; one dies before it can commit."""
    with db.reading() as session:
        draw = session.get_one(Draw, opened.draw_id)
        seed, document = draw.seed, draw.announcement
    expected = drawn_without_interruption(document, seed)

    for number in range(1, 5):
        elsewhere(opened, number, dies=number == 3)
        if number == 3:
            elsewhere(opened, number, dies=False)
    with db.transaction() as session:
        actor = session.get_one(Person, opened.people[1])
        conduct.draw_rest(session, opened.draw_id, actor=actor, now=NOW)

    with db.reading() as session:
        draw = session.get_one(Draw, opened.draw_id)
        assert conduct.entries(session, draw) == expected
        assert draw.state == "drawn"


def drawn_without_interruption(document: object, seed: str) -> list[dict[str, object]]:
    return list(draw_all(announcement.read(document), seed))


def elsewhere(opened: Opened, number: int, *, dies: bool) -> None:
    """Draw a lot in another process, which may die before its transaction ends."""
    program = f"""
import os
from review import db
from review.models import Person
from review.services.draws import conduct
from tests.services.drawing import NOW
db.connect({opened.url!r})
with db.transaction() as session:
    actor = session.get_one(Person, {opened.people[0]})
    conduct.draw_next(session, {opened.draw_id}, {number}, actor=actor, now=NOW)
    if {dies}:
        os._exit(7)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert done.returncode == (7 if dies else 0)


def test_of_two_who_record_one_does(opened: Opened) -> None:
    with db.transaction() as session:
        actor = session.get_one(Person, opened.people[0])
        conduct.draw_rest(session, opened.draw_id, actor=actor, now=NOW)
    barrier = Barrier(2)

    def at_once(number: int) -> int:
        barrier.wait()
        with db.transaction() as session:
            actor = session.get_one(Person, opened.people[number])
            return len(record.record(session, opened.draw_id, actor=actor, now=NOW).states)

    with ThreadPoolExecutor(2) as pool:
        fared = sorted(pool.map(at_once, range(2)))

    assert fared == [0, opened.lots // 2]
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Reviewer)) == opened.lots
        verbs = Counter(session.scalars(sa.select(Audit.verb)))
        assert verbs["assign_reviewers"] == opened.lots // 2
        mails = session.scalar(sa.select(sa.func.count()).select_from(Outbox))
        assert mails == 3 * opened.lots // 2


def press_record(opened: Opened) -> None:
    with db.transaction() as session:
        actor = session.get_one(Person, opened.people[0])
        record.record(session, opened.draw_id, actor=actor, now=NOW)


def test_record_that_fails_in_the_middle_leaves_nothing(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction() as session:
        actor = session.get_one(Person, opened.people[0])
        conduct.draw_rest(session, opened.draw_id, actor=actor, now=NOW)
    take, taken = steps.take, []

    def third_fails(*given: Any, **more: Any) -> Change:
        taken.append(given)
        if len(taken) == 3:
            raise KeyboardInterrupt
        return take(*given, **more)

    monkeypatch.setattr(steps, "take", third_fails)
    with pytest.raises(KeyboardInterrupt):
        press_record(opened)

    with db.reading() as session:
        assert session.get_one(Draw, opened.draw_id).state == "drawn"
        assert session.scalar(sa.select(sa.func.count()).select_from(Reviewer)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(Outbox)) == 0


def test_of_two_who_prepare_one_does(database: str) -> None:
    with db.transaction() as session:
        setting = drawing.setting(session)
        people = (setting.officer.id, setting.administrator.id)
    barrier = Barrier(2)

    def at_once(number: int) -> str:
        barrier.wait()
        try:
            with db.transaction() as session:
                actor = session.get_one(Person, people[number])
                prepare.prepare(session, 1, DrawOrder(1, "Specimen"), actor=actor, now=NOW)
        except Refused:
            return "refused"
        return "prepared"

    with ThreadPoolExecutor(2) as pool:
        fared = sorted(pool.map(at_once, range(2)))

    assert fared == ["prepared", "refused"]
