"""From the outbox to a mail server: once each, bad ones aside, nothing lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from review import db, links, seals
from review.mail.transport import Away, Refused, Smtp, TryLater
from review.models import Audit, MailAttempt, Member, Outbox, Person
from review.services import accounts, delivery, reminders, resending
from review.services.delivery import ATTEMPTS, Round
from review.services.errors import NotAllowed, NotFound
from tests import world
from tests.post import SENDER, office
from tests.world import World

DAY = timedelta(days=1)


@dataclass
class Memory:
    """Takes messages, and fails where it is told to."""

    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    trouble: dict[str, Exception] = field(default_factory=dict)
    tried: int = 0

    def send(
        self, message: EmailMessage, sender: str, recipient: str, envelope_id: str = ""
    ) -> str:
        self.tried += 1
        if problem := self.trouble.get(recipient) or self.trouble.get("*"):
            raise problem
        self.taken.append((recipient, message))
        return "250 OK"


@pytest.fixture
def begun(database: str) -> World:
    """Three missions are told of the draw, three of the start: six mails wait."""
    links.set_base("https://reviews.example")
    with db.transaction() as session:
        made = world.advance(world.world(session), "initial_steps")
        session.refresh(made.officer)
        session.refresh(made.administrator)
    return made


def drain(post: Memory, now: datetime, limit: int = 200) -> Round:
    return delivery.drain(post, sender=SENDER, limit=limit, now=lambda: now)


def plain(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def rows(*states: str) -> list[Outbox]:
    with db.reading() as session:
        wanted = sa.select(Outbox).order_by(Outbox.id)
        wanted = wanted.where(Outbox.state.in_(states)) if states else wanted
        found = list(session.scalars(wanted))
        session.expunge_all()
    return found


def test_what_was_sent_is_stored(begun: World) -> None:
    post = Memory()
    assert drain(post, begun.now).sent == 6
    for row, (recipient, message) in zip(rows("sent"), post.taken, strict=True):
        assert row.address == recipient
        assert row.sent_at == begun.now
        assert row.message_id == message["Message-ID"]
        assert row.subject == message["Subject"]
        assert row.body_text == seals.veiled(plain(message))
        assert "<html" in row.body_html
    assert drain(post, begun.now).sent == 0


def test_four_workers_send_each_mail_once(begun: World) -> None:
    posts = [Memory() for _ in range(4)]
    with ThreadPoolExecutor(4) as four:
        list(four.map(lambda post: drain(post, begun.now), posts))
    identities = [message["Message-ID"] for post in posts for _, message in post.taken]
    assert len(identities) == len(set(identities)) == 6


def test_a_refused_mail_is_given_up_and_the_others_go(begun: World) -> None:
    post = Memory(trouble={"mission@zmb.example": Refused("550 No such mailbox")})
    done = drain(post, begun.now)
    assert (done.sent, done.failed) == (4, 2)
    assert {(row.address, row.error) for row in rows("failed")} == {
        ("mission@zmb.example", "550 No such mailbox")
    }


def test_a_mail_that_cannot_be_written_does_not_stop_the_others(begun: World) -> None:
    with db.transaction() as session:
        first = session.scalars(sa.select(Outbox).order_by(Outbox.id).limit(1)).one()
        first.params = {"role": "mission"}
    assert drain(Memory(), begun.now) == Round(sent=5, failed=1)
    assert "reviewers_drawn: KeyError" in rows("failed")[0].error


def test_a_later_try_comes_later_and_later_and_ends(begun: World) -> None:
    post = Memory(trouble={"mission@zmb.example": TryLater("450 Mailbox busy")})
    now, pauses = begun.now, []
    drain(post, now)
    while waiting := rows("waiting"):
        first = min(row.next_try_at for row in waiting)
        pauses.append(first - now)
        assert drain(post, first - timedelta(seconds=1)) == Round()
        now = max(row.next_try_at for row in waiting)
        drain(post, now)
    assert len(pauses) == ATTEMPTS - 1
    assert pauses[0] < timedelta(minutes=1.3)
    assert pauses[-1] > timedelta(hours=4.7)
    assert now - begun.now > 2 * DAY
    assert {row.attempts for row in rows("failed")} == {ATTEMPTS}


def test_a_server_that_is_away_ends_the_round(begun: World) -> None:
    post = Memory(trouble={"*": Away("Connection refused")})
    assert drain(post, begun.now).later == 1
    assert post.tried == 1
    assert {row.attempts for row in rows("waiting")} == {0}, "nobody's try but the server's"
    assert drain(Memory(), begun.now + DAY).sent == 6


def test_a_mail_server_that_is_away_for_a_week_fails_no_mail(begun: World) -> None:
    post, now = Memory(trouble={"*": Away("Connection refused")}), begun.now
    while now < begun.now + 7 * DAY:
        drain(post, now)
        now += timedelta(minutes=20)
    assert post.tried > 100
    assert rows("failed") == []
    assert drain(Memory(), now + timedelta(hours=1)).sent == 6


def test_a_mail_at_which_the_server_breaks_off_each_time_fails_while_others_leave(
    begun: World,
) -> None:
    post, now = Memory(trouble={"mission@zmb.example": Away("Connection lost")}), begun.now
    for number in range(40 * ATTEMPTS):
        now += timedelta(hours=6)
        drain(post, now)
        with db.transaction() as session:  # somebody else's mail leaves every day
            if number % 4 == 0 and (sent := rows("sent")):
                session.add(
                    MailAttempt(
                        outbox_id=sent[0].id, at=now, domain="x.example", outcome="accepted",
                        answer="250",
                    )
                )  # fmt: skip
        if not rows("waiting"):
            break
    assert {row.address for row in rows("failed")} == {"mission@zmb.example"}
    assert len(rows("sent")) == 4


def test_a_crash_while_sending_leaves_the_mail_waiting(begun: World) -> None:
    post = Memory(trouble={"*": KeyboardInterrupt()})  # type: ignore[dict-item]
    with pytest.raises(KeyboardInterrupt):
        drain(post, begun.now)
    assert len(rows("waiting")) == 6


def test_a_reminder_that_has_nothing_to_remind_of_does_not_leave(begun: World) -> None:
    """The mail server was away while the focal point was nominated."""
    drain(Memory(), begun.now)
    with db.transaction() as session:
        reminders.sweep(session, begun.now + 15 * DAY)
        w = World(session, begun.review_id, begun.officer, begun.administrator, {}, begun.now)
        world.nominate(w, "focal_point", "nominate_focal_point")
    post = Memory()
    assert drain(post, begun.now + 20 * DAY).dropped == 1
    reminded = [row.address for row in rows("sent") if row.notice == "reminder"]
    assert sorted(reminded) == ["mission@ita.example", "mission@zwe.example"]
    assert [row.error for row in rows("recorded")] == ["Not sent: nothing was open any more."]


def test_nobody_who_left_is_reminded(begun: World) -> None:
    with db.transaction() as session:
        w = World(session, begun.review_id, begun.officer, begun.administrator, {}, begun.now)
        for key in ("expert_1", "focal_point"):
            side = {"side": "1"} if key == "expert_1" else {}
            world.nominate(w, key, "nominate_" + key.removesuffix("_1"), **side)
        reminders.sweep(session, w.now + 45 * DAY)
        session.execute(sa.update(Outbox).where(Outbox.notice != "reminder").values(state="failed"))
        gone = w.focal_point.id
        session.execute(sa.update(Member).where(Member.person_id == gone).values(ended_at=w.now))
    post = Memory()
    drain(post, begun.now + 50 * DAY)
    assert "focal.point@example.example" not in {recipient for recipient, _ in post.taken}


def test_a_closed_account_gets_no_mail(begun: World) -> None:
    with db.transaction() as session:
        person = _invited(session, begun.now)
        accounts.close_account(session, person.id, actor=begun.officer, now=begun.now)
    post = Memory()
    assert drain(post, begun.now).dropped == 1
    assert person.email not in {recipient for recipient, _ in post.taken}


def _invited(session: sa.orm.Session, now: datetime) -> Person:
    return accounts.invite(
        session,
        email="observer@zambia.example",
        title="Observer of Zambia",
        role="observer",
        iso3="ZMB",
        preferences=accounts.Preferences("fr", "Africa/Lusaka", digest=False),
        actor=None,
        now=now,
    )


def test_a_link_that_opens_an_account_is_sent_and_not_kept(begun: World) -> None:
    with db.transaction() as session:
        _invited(session, begun.now)
    token = rows()[-1].params["token"]
    post = Memory()
    drain(post, begun.now)
    sent = rows("sent")[-1]
    assert token in plain(post.taken[-1][1])
    kept = sent.body_text + sent.body_html + str(sent.params)
    assert token not in kept
    assert "/invitation/…" in sent.body_text


# Once more -----------------------------------------------------------------------------------


def test_a_mail_is_sent_again_to_the_present_address(begun: World) -> None:
    with db.transaction() as session:
        w = World(session, begun.review_id, begun.officer, begun.administrator, {}, begun.now)
        world.nominate(w, "focal_point", "nominate_focal_point")
        w.take("suspend", w.officer, reason="Specimen text.")
        session.get_one(Person, w.focal_point.id).email = "right@zambia.example"
    post = Memory(trouble={"focal.point@example.example": Refused("550 No such mailbox")})
    drain(post, begun.now + 5 * DAY)
    failed = next(row for row in rows("failed") if row.notice == "clock_stopped")
    with db.transaction() as session:
        again = resending.resend(session, failed.id, begun.officer, begun.now + 5 * DAY)
    drain(post, begun.now + 5 * DAY)
    sent = next(row for row in rows("sent") if row.id == again)
    assert (sent.address, sent.resent_from) == ("right@zambia.example", failed.id)
    assert sent.message_id != failed.message_id
    with db.reading() as session:
        kept = session.scalars(sa.select(Audit.after).where(Audit.verb == "mail_resent")).one()
    assert kept == {"mail": failed.id, "again": again, "notice": "clock_stopped"}


def test_an_invitation_is_sent_again_with_a_new_link(begun: World) -> None:
    with db.transaction() as session:
        person = _invited(session, begun.now)
    drain(Memory(), begun.now)
    first = next(row for row in rows("sent") if row.notice == "invitation")
    with db.transaction() as session:
        again = resending.resend(session, first.id, begun.officer, begun.now + DAY)
    new = next(row for row in rows("waiting") if row.id == again)
    assert new.params["token"]
    with db.transaction() as session:
        session.get_one(Person, person.id).activated_at = begun.now
    with db.transaction() as session, pytest.raises(NotAllowed, match="in use"):
        resending.resend(session, first.id, begun.officer, begun.now + 2 * DAY)


def test_what_cannot_be_sent_again(begun: World) -> None:
    with db.transaction() as session:
        with pytest.raises(NotFound):
            resending.resend(session, 10**9, begun.officer, begun.now)
        with pytest.raises(NotAllowed, match="given up"):
            resending.resend(session, rows("waiting")[0].id, begun.officer, begun.now)


def test_two_who_press_at_once_send_two_mails_and_no_error(begun: World) -> None:
    drain(Memory(), begun.now)
    number = rows("sent")[0].id

    def press(_: int) -> int:
        with db.transaction() as session:
            return resending.resend(session, number, begun.officer, begun.now)

    with ThreadPoolExecutor(2) as two:
        assert len(set(two.map(press, range(2)))) == 2


# A real server -------------------------------------------------------------------------------


def test_a_real_server_takes_them_over_one_connection(begun: World) -> None:
    with office() as running, Smtp(running.url) as transport:
        delivery.drain(transport, sender=SENDER, now=lambda: begun.now)
    assert len(running.arrived) == 6
    assert running.greeted == 1
    assert {m["From"] for m in running.arrived} == {SENDER}
    assert running.recipients == [row.address for row in rows("sent")]
