"""Which mails carry a link, that it stays the same, and that nothing but the mail holds it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from review import db, links, seals
from review.mail.transport import Refused, TryLater
from review.models import Capability, MailAttempt, Outbox
from review.services import accounts, capabilities, delivery, mail_links, reminders, resending
from review.services.capabilities import Purpose, Standing
from tests import world
from tests.post import SENDER
from tests.world import World

LINK = re.compile(r"/task/([a-z]\d+\.[0-9a-f]{32})")


@dataclass
class Server:
    """Takes messages; ``says`` is raised with what the message holds, as servers quote it."""

    says: type[Exception] | None = None
    dies: bool = False
    taken: list[tuple[str, str]] = field(default_factory=list)

    def send(
        self, message: EmailMessage, sender: str, recipient: str, envelope_id: str = ""
    ) -> str:
        body = message.get_body(("plain",))
        text = str(body.get_content()) if body else ""
        self.taken.append((recipient, text))
        if self.dies:
            raise KeyboardInterrupt
        if self.says:
            found = LINK.search(text)
            raise self.says(f"554 blocked: {found[0] if found else ''}")
        return "250 OK"


@pytest.fixture
def desk(database: str) -> World:
    """Two experts were asked for their desk review; earlier mails wait, too."""
    links.set_base("https://reviews.example")
    with db.transaction() as session:
        made = world.advance(world.world(session), "desk_review")
        for one in (made.officer, made.expert_1):
            session.refresh(one)
    return made


def drain(server: Server, w: World, days: int = 0) -> None:
    now = w.now + timedelta(days=days)
    delivery.drain(server, sender=SENDER, now=lambda: now)


def token_for(server: Server, address: str) -> list[str]:
    return [found[1] for to, text in server.taken if to == address for found in LINK.finditer(text)]


def test_who_owes_something_gets_its_link_and_nobody_else(desk: World) -> None:
    server = Server()
    drain(server, desk)
    with db.reading() as session:
        rows = session.execute(
            sa.select(Outbox.notice, Outbox.address, Capability.milestone, Capability.slot)
            .join(Capability, Capability.outbox_id == Outbox.id)
            .order_by(Outbox.id)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("review_started", "mission@zmb.example", "focal_point_nominated", 0),
        ("review_started", "mission@zwe.example", "experts_nominated", 1),
        ("review_started", "mission@ita.example", "experts_nominated", 2),
        ("introductory_call_held", "focal.point@example.example", "self_assessment_submitted", 0),
        ("desk_review_requested", "expert.1@example.example", "desk_review", 1),
        ("desk_review_requested", "expert.2@example.example", "desk_review", 2),
    ]
    carry = {to for to, text in server.taken if LINK.search(text)}
    assert carry == {row.address for row in rows}


def test_reminders_carry_links_escalations_do_not(desk: World) -> None:
    with db.transaction() as session:
        for days in (10, 20, 60, 75, 90, 120):
            reminders.sweep(session, desk.now + timedelta(days=days))
    with db.reading() as session:
        now = desk.now + timedelta(days=120)
        told = {
            row.notice: mail_links.given(session, row, now)
            for row in session.scalars(sa.select(Outbox).where(Outbox.notice == "escalation"))
        }
        assert told == {"escalation": {}}
    with db.transaction() as session:
        mails = session.scalars(sa.select(Outbox).where(Outbox.notice == "reminder")).all()
        assert mails
        for row in mails:
            assert mail_links.given(session, row, now).keys() == {"task"}


def test_a_mail_that_goes_out_twice_carries_the_same_link(desk: World) -> None:
    """The process dies after the server has taken the mail, before that is stored."""
    first, second = Server(dies=True), Server()
    with pytest.raises(KeyboardInterrupt):
        drain(first, desk)
    drain(second, desk)
    with db.reading() as session:
        number = session.scalar(sa.select(sa.func.count()).select_from(Capability))
    address, text = first.taken[0]
    assert text == next(t for to, t in second.taken if to == address)
    assert number == 6


def test_a_mail_that_is_tried_again_carries_the_same_link(desk: World) -> None:
    first, second = Server(says=TryLater), Server()
    drain(first, desk)
    drain(second, desk, days=1)
    both = [
        (token_for(first, to), token_for(second, to))
        for to, text in first.taken
        if LINK.search(text)
    ]
    assert both
    for before, after in both:
        assert before == after


def test_a_mail_that_is_sent_anew_has_a_link_of_its_own(desk: World) -> None:
    server, address = Server(), "expert.1@example.example"
    drain(server, desk)
    with db.transaction() as session:
        former = session.scalars(
            sa.select(Outbox).where(Outbox.notice == "desk_review_requested").order_by(Outbox.id)
        ).first()
        assert former is not None
        resending.resend(session, former.id, desk.officer, desk.now)
    drain(server, desk)
    tokens = token_for(server, address)
    assert len(set(tokens)) == 2
    with db.reading() as session:
        for token in tokens:
            found = capabilities.look_up(session, token, Purpose.TASK, now=desk.now)
            assert found.standing is Standing.OPEN


@pytest.mark.parametrize("trouble", [None, Refused, TryLater])
def test_no_table_and_no_log_holds_a_link(
    desk: World, trouble: type[Exception] | None, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(says=trouble)
    with caplog.at_level("DEBUG"):
        drain(server, desk)
    secrets = {found[1] for _, text in server.taken for found in LINK.finditer(text)}
    assert secrets
    with db.reading() as session:
        stored = repr(session.execute(sa.select(Outbox.__table__)).all())
        stored += repr(session.execute(sa.select(MailAttempt.__table__)).all())
        stored += repr(session.execute(sa.select(Capability.__table__)).all())
    for one in secrets:
        code = one.partition(".")[2]
        assert code not in stored
        assert code not in caplog.text
    if trouble:
        assert "554 blocked: /task/…" in stored


def test_a_link_ends_when_its_holder_leaves(desk: World) -> None:
    server = Server()
    drain(server, desk)
    token = token_for(server, "expert.1@example.example")[0]

    def standing() -> Standing:
        with db.reading() as session:
            now = desk.now + timedelta(days=1)
            return capabilities.look_up(session, token, Purpose.TASK, now=now).standing

    assert standing() is Standing.OPEN
    with db.transaction() as session:
        accounts.close_account(session, desk.expert_1.id, actor=desk.officer, now=desk.now)
    assert standing() is Standing.ENDED


def test_another_key_makes_every_link_void(desk: World) -> None:
    server = Server()
    drain(server, desk)
    token = token_for(server, "expert.1@example.example")[0]
    assert seals.opened("task", token)
    assert seals.opened("calendar", token) is None
    seals.set_key("another key")
    try:
        assert seals.opened("task", token) is None
    finally:
        seals.set_key("the key of the tests, and of nothing else")
