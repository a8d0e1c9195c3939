"""Mails that reach nobody go on: after the last try too, and past whoever has a pause."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from review import db, links
from review.mail.transport import Away, Slow, TryLater
from review.models import DeadAddress, Outbox, Pause
from review.services import delivery, ladder, reminders
from review.services.delivery import ATTEMPTS
from tests import world
from tests.post import SENDER
from tests.services.test_delivery import Memory
from tests.world import World

DAY = timedelta(days=1)
ITALY = "expert.2@example.example"
COLLEAGUE = "colleague@example.example"
MISSION = "mission@ita.example"


@pytest.fixture
def w(database: str) -> World:
    """Two experts of Italy, with the desk review to submit."""
    links.set_base("https://reviews.example")
    with db.transaction() as session:
        made = world.advance(world.world(session), "self_assessment")
        world.nominate(made, "colleague", "nominate_expert", side="2")
        world.advance(made, "desk_review")
        for one in (made.officer, made.administrator, *made.people.values()):
            session.refresh(one)
        session.execute(sa.update(Outbox).values(state="recorded", error="left out"))
    return made


def remind(w: World) -> Outbox:
    """The first reminder of the desk review to the expert of Italy."""
    with db.transaction() as session:
        due = (
            world.World(session, w.review_id, w.officer, w.administrator, w.people, w.now)
            .seen()
            .dates["desk_review", 2]
            .due_on
        )
        assert due is not None
        w.now = w.now.replace(year=due.year, month=due.month, day=due.day, hour=12) - 6 * DAY
        reminders.sweep(session, w.now)
        wanted = sa.select(Outbox).where(Outbox.address == ITALY, Outbox.state == "waiting")
        found = session.scalars(wanted).one()
        session.expunge(found)
    return found


def give_up(problem: Exception, address: str, w: World) -> None:
    """Try until the last try has failed."""
    post, now = Memory(trouble={address: problem}), w.now
    for _ in range(2 * ATTEMPTS):
        waiting = [row for row in mails_to(ITALY) if row.state == "waiting"]
        if not waiting:
            break
        now = max(now, *(row.next_try_at for row in waiting))
        delivery.drain(post, sender=SENDER, now=lambda at=now: at)  # type: ignore[misc]


def instead() -> list[str]:
    with db.reading() as session:
        wanted = sa.select(Outbox.address).where(Outbox.instead_of.is_not(None))
        return list(session.scalars(wanted.order_by(Outbox.id)))


def mails_to(address: str) -> list[Outbox]:
    with db.reading() as session:
        found = list(session.scalars(sa.select(Outbox).where(Outbox.address == address)))
        session.expunge_all()
    return found


@pytest.mark.parametrize("problem", [TryLater("452 Mailbox full"), Slow("no answer")])
def test_after_the_last_try_it_goes_to_the_next_address(w: World, problem: Exception) -> None:
    """Both experts have the reminder; the mission does not."""
    row = remind(w)
    give_up(problem, ITALY, w)
    assert instead() == [MISSION]
    with db.reading() as session:
        assert session.get_one(Outbox, row.id).state == "failed"
        dead = session.scalars(sa.select(DeadAddress)).all()
    assert dead == [], "a mailbox that is full today works tomorrow"


def test_where_our_own_server_is_away_nothing_goes_to_others(w: World) -> None:
    remind(w)
    give_up(Away("Connection refused"), "*", w)
    assert instead() == []
    assert "failed" not in {row.state for row in mails_to(ITALY)}


def pause(session: sa.orm.Session, person_id: int, w: World) -> None:
    until = (w.now + 30 * DAY).date()
    session.add(Pause(person_id=person_id, until=until, reason="", set_by=person_id, set_at=w.now))
    session.flush()


def next_of(session: sa.orm.Session, row: Outbox, w: World) -> str:
    """Where a mail to the expert of Italy goes if nobody else has it yet."""
    session.execute(sa.delete(Outbox).where(Outbox.address == COLLEAGUE, Outbox.key != row.key))
    found = ladder.next_address(session, session.get_one(Outbox, row.id), w.now)
    assert found is not None
    return found.email


def test_a_reminder_passes_over_whoever_has_a_pause(w: World) -> None:
    row = remind(w)
    with db.transaction() as session:
        assert next_of(session, row, w) == COLLEAGUE
        pause(session, w.people["colleague"].id, w)
        assert next_of(session, row, w) == MISSION


def test_a_request_does_not(w: World) -> None:
    row = remind(w)
    with db.transaction() as session:
        pause(session, w.people["colleague"].id, w)
        session.get_one(Outbox, row.id).notice = "desk_review_requested"
        assert next_of(session, row, w) == COLLEAGUE


def test_a_pause_has_no_effect_where_nobody_else_is_left(w: World) -> None:
    row = remind(w)
    with db.transaction() as session:
        pause(session, w.people["colleague"].id, w)
        session.execute(sa.text("UPDATE state SET mission_email = NULL WHERE iso3 = 'ITA'"))
        assert next_of(session, row, w) == COLLEAGUE
