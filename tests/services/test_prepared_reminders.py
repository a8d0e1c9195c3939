"""Reminders decided ahead: the outbox is what the sweep alone would have written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from review import db
from review.models import (
    DayOff,
    Member,
    MilestoneDate,
    Outbox,
    Person,
    PreparedReminder,
    Review,
    State,
)
from review.services import offices, people, reminders, steps
from review.services.pauses import PauseGiven, Whose, begin, end
from tests import world
from tests.services.deciding import DAY, HOUR, Stored, compare, moments, prepare_all, store


@pytest.fixture
def stored(database: str) -> Stored:
    return store()


# What may happen between deciding and writing ----------------------------------------------------

Change = Callable[[Session, Stored, datetime], None]


def _person(**values: Any) -> Change:
    def change(session: Session, stored: Stored, now: datetime) -> None:
        session.execute(
            sa.update(Person).where(Person.id == stored.people["expert_2"]).values(**values)
        )

    return change


def _pauses(session: Session, stored: Stored, now: datetime) -> None:
    officer = session.get_one(Person, stored.people["officer"])
    given_ = PauseGiven((now + 20 * DAY).date(), "Specimen reason.")
    begin(session, Whose(person_id=stored.people["expert_2"]), given_, actor=officer, now=now,
          longest=90)  # fmt: skip


def _ends_pause(session: Session, stored: Stored, now: datetime) -> None:
    officer = session.get_one(Person, stored.people["officer"])
    _pauses(session, stored, now - HOUR)
    session.flush()
    end(session, Whose(person_id=stored.people["expert_2"]), actor=officer, now=now)


def _rests(session: Session, stored: Stored, now: datetime) -> None:
    for day in range(3):
        session.add(DayOff(iso3="ITA", day=(now + day * DAY).date(), name="Specimen",
                           recorded_at=now))  # fmt: skip


def _mission(session: Session, stored: Stored, now: datetime) -> None:
    session.get_one(State, "FJI").mission_email = "other@fji.example"


def _officer(session: Session, stored: Stored, now: datetime) -> None:
    administrator = session.get_one(Person, stored.people["administrator"])
    people.assign_officer(session, stored.review_id, administrator.id, actor=administrator, now=now)


def _steps(session: Session, stored: Stored, now: datetime) -> None:
    officer = session.get_one(Person, stored.people["officer"])
    day = (now + 30 * DAY).date().isoformat()
    given_ = {"milestone": "desk_review:2", "new_date": day, "reason": "Specimen."}
    steps.take(session, stored.review_id, "grant_extension", actor=officer, now=now, given=given_)


def _leaves(session: Session, stored: Stored, now: datetime) -> None:
    session.execute(
        sa.update(Member).where(Member.person_id == stored.people["expert_1"]).values(ended_at=now)
    )


def _hands_over(session: Session, stored: Stored, now: datetime) -> None:
    officer = session.get_one(Person, stored.people["officer"])
    wanted = sa.select(Member.id).where(Member.person_id == stored.people["expert_2"])
    given_ = {"member": str(session.scalars(wanted).one()), "title": "New", "language": "fr",
              "email": "new.expert@ita.example"}  # fmt: skip
    steps.take(session, stored.review_id, "hand_over", actor=officer, now=now, given=given_)


def _hires(session: Session, stored: Stored, now: datetime) -> None:
    world.person(session, "secretariat_administrator", name="another_one")


def _named(session: Session, stored: Stored, now: datetime) -> None:
    cycle = session.get_one(Review, stored.review_id).cycle
    own = world.review(session, cycle, "ITA", 2)
    made = world.person(session, "focal_point", "ITA", "italy")
    offices.fill(session, own.id, made, "focal_point", 0, since=now)


def _nothing(session: Session, stored: Stored, now: datetime) -> None:
    """Signing in changes no reminder."""
    session.get_one(Person, stored.people["expert_2"]).signed_in_at = now


CHANGES: Final[dict[str, Change]] = {
    "nothing": _nothing,
    "address": _person(email="new@ita.example"),
    "title": _person(title="New title"),
    "language": _person(language="fr"),
    "zone": _person(time_zone="Asia/Tokyo"),
    "digest": _person(digest=True),
    "closed": _person(active=False),
    "pause": _pauses,
    "pause that ends": _ends_pause,
    "day off": _rests,
    "mission": _mission,
    "officer": _officer,
    "step": _steps,
    "somebody leaves": _leaves,
    "an office is handed over": _hands_over,
    "an administrator": _hires,
    "a focal point": _named,
}


@pytest.mark.parametrize("late", [False, True], ids=["before the date", "long after it"])
@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_meanwhile_the_outbox_is_that_of_the_sweep(
    stored: Stored, name: str, late: bool
) -> None:
    start = stored.now + (43 * DAY if late else timedelta(0))
    with db.transaction() as session:
        reminders.sweep(session, start)
    at = moments(start)[0]
    assert prepare_all(at - HOUR)
    with db.transaction() as session:
        CHANGES[name](session, stored, at - HOUR / 2)
    used = compare(at + HOUR / 2)
    assert bool(used) == (name == "nothing") or name in {"step", "somebody leaves", "officer"}


def test_what_was_decided_for_a_former_holder_is_void(stored: Stored) -> None:
    with db.reading() as session:
        dates = sa.select(MilestoneDate.remind_at).where(MilestoneDate.key == "desk_review")
        at = max(one for one in session.scalars(dates) if one)  # Rome is later than Harare
    assert prepare_all(at - HOUR)
    leaves, stays = stored.people["expert_2"], stored.people["expert_1"]
    with db.transaction() as session:
        mine = sa.select(PreparedReminder).where(PreparedReminder.review_id == stored.review_id)
        ahead = [mail for one in session.scalars(mine) for mail in one.mails]
        assert {mail["person_id"] for mail in ahead} == {leaves, stays}
        _hands_over(session, stored, at - HOUR / 2)
    with db.transaction() as session:
        reminders.sweep(session, at + HOUR / 2)
        told = sa.select(Outbox.person_id).where(
            Outbox.review_id == stored.review_id, Outbox.notice == "reminder"
        )
        assert session.scalars(told).all() == [stays], "and the new one not yet"


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_in_whatever_order_things_happen(stored: Stored, data: st.DataObject) -> None:
    """Days go by with sweeps and preparations, changes come between, and nothing differs."""
    repeatable = ["nothing", "address", "title", "language", "zone", "digest", "day off", "mission"]
    now, tag = stored.now, data.draw(st.integers(0, 10**9))
    with db.transaction() as session:
        now = max(now, session.scalar(sa.select(sa.func.max(Outbox.created_at))) or now)
    for number in range(data.draw(st.integers(1, 4))):
        coming = moments(now)
        if not coming:
            return
        at = coming[0]
        prepare_all(at - data.draw(st.integers(1, 40)) * HOUR)
        for name in data.draw(st.lists(st.sampled_from(repeatable), max_size=2)):
            with db.transaction() as session:
                if name == "address":
                    _person(email=f"new.{tag}.{number}@ita.example")(session, stored, at)
                elif name == "day off":
                    session.execute(sa.delete(DayOff))
                    _rests(session, stored, at)
                else:
                    CHANGES[name](session, stored, at)
        now = at + data.draw(st.integers(0, 30)) * HOUR
        compare(now)
        with db.transaction() as session:
            reminders.sweep(session, now)
