"""A mail that is written anew: to the address that is right now, with what is true now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from review import db, links
from review.mail.transport import Refused
from review.models import Outbox, State
from review.services import dead_addresses, delivery, resending
from tests import world
from tests.post import SENDER
from tests.services.test_delivery import Memory, plain, rows
from tests.world import World

DAY = timedelta(days=1)
MISSION = "mission@zmb.example"


class Mails:
    """A review, and the mails that leave about it."""

    def __init__(self, w: World) -> None:
        self.w, self.post = w, Memory()

    @contextmanager
    def work(self) -> Iterator[World]:
        """Go on with the review; committed at the end."""
        with db.transaction() as session:
            w = self.w
            w.session, w.officer = session, session.merge(w.officer)
            w.people = {name: session.merge(one) for name, one in w.people.items()}
            yield w
            session.flush()
            for one in (w.officer, *w.people.values()):
                session.refresh(one)

    def drain(self, now: datetime | None = None) -> None:
        delivery.drain(self.post, sender=SENDER, now=lambda: now or self.w.now)

    def resend(self, mail: Outbox) -> int:
        with db.transaction() as session:
            return resending.resend(session, mail.id, self.w.officer, self.w.now)

    def newest(self, notice: str, address: str) -> Outbox:
        return next(
            row for row in reversed(rows()) if (row.notice, row.address) == (notice, address)
        )

    def sent(self) -> tuple[str, str]:
        """The newest message that left: its address and its words in one line."""
        to, message = self.post.taken[-1]
        return to, said(message)


def said(message: EmailMessage) -> str:
    return re.sub(r"\s+", " ", f"{message['Subject']} {plain(message)}")


def _mails(stage: str) -> Mails:
    links.set_base("https://reviews.example")
    with db.transaction() as session:
        made = world.advance(world.world(session), stage)
        session.flush()
        for one in (made.officer, *made.people.values()):
            session.refresh(one)
    return Mails(made)


@pytest.fixture
def begun(database: str) -> Mails:
    """Nobody is nominated: the missions are told, six mails wait."""
    return _mails("initial_steps")


def correct(mails: Mails, address: str) -> None:
    """The secretariat puts the address of Zambia's mission right, which came back."""
    with mails.work() as w:
        row = w.session.scalars(sa.select(Outbox).where(Outbox.address == MISSION)).first()
        assert row is not None
        dead_addresses.mark(w.session, row, "550 No such mailbox", w.now)
        dead = dead_addresses.all_of_them(w.session)[0].dead
        dead_addresses.correct(w.session, dead.id, address, actor=w.officer, now=w.now)


# The address --------------------------------------------------------------------------------------


def test_a_mail_to_a_mission_is_sent_again_where_it_is_reached_now(begun: Mails) -> None:
    begun.post.trouble = {MISSION: Refused("550 No such mailbox")}
    begun.drain()
    failed = begun.newest("review_started", MISSION)
    assert failed.state == "failed"
    correct(begun, "right@zmb.example")
    with begun.work() as w:
        w.session.get_one(State, "ZMB").language = "fr"
    begun.resend(failed)
    begun.drain()
    assert begun.sent()[0] == "right@zmb.example"
    assert begun.newest("review_started", "right@zmb.example").language == "fr"


def test_what_waits_for_a_mission_goes_to_its_corrected_address(begun: Mails) -> None:
    with begun.work() as w:  # somebody else reads what comes to that address
        other = world.person(w.session, "focal_point", "PNG", "other", email=MISSION.upper())
        given = {"notice": "review_started", "language": "en", "created_at": w.now}
        for key, more in (("of a person", {"person_id": other.id}), ("of another State", {})):
            row = Outbox(key=key, address=MISSION, next_try_at=w.now + DAY, **given, **more)
            row.params = {"for_state": "PNG"}
            w.session.add(row)
    before = [row.id for row in rows("waiting") if row.params["for_state"] == "ZMB"]
    with begun.work() as w:
        state = w.session.get_one(State, "ZMB")
        dead_addresses._move_mission(w.session, state, "right@zmb.example")
    moved = [row.id for row in rows("waiting") if row.address == "right@zmb.example"]
    assert moved == before
    assert moved
    assert {row.key for row in rows("waiting") if row.address == MISSION} == {
        "of a person",
        "of another State",
    }


def test_correcting_the_address_of_a_mission_moves_what_waits(begun: Mails) -> None:
    correct(begun, "right@zmb.example")
    begun.drain()
    addresses = {to for to, _ in begun.post.taken}
    assert "right@zmb.example" in addresses
    assert MISSION not in addresses
