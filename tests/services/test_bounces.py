"""A mail that comes back: what is believed of it, who gets it instead, and that it ends there."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from review import db, links
from review.mail.return_path import ReturnPath
from review.mail.transport import Smtp
from review.models import Audit, DeadAddress, MailAttempt, Outbox, Person
from review.services import accounts, bounces, dead_addresses, delivery
from review.services.accounts import AccountError
from review.services.bounces import Result
from review.services.delivery import Round
from review.services.errors import NotAllowed, NotFound
from tests import world
from tests.post import SENDER, Office, office
from tests.reports import complaint, status
from tests.world import World

DAY = timedelta(days=1)
PATH = ReturnPath("bounces.example", "a key that is used in tests and nowhere else")
FOCAL_POINT = "focal.point@example.example"
MISSION = "mission@zmb.example"


@dataclass
class Scene:
    """A review with a focal point whose mail has been accepted by a real server."""

    world: World
    post: Office
    now: datetime
    path: ReturnPath = field(default_factory=ReturnPath)

    def drain(self, now: datetime | None = None, **more: Any) -> Round:
        """Deliver what waits over one connection."""
        with Smtp(self.post.url) as transport:
            return delivery.drain(
                transport, sender=SENDER, now=lambda: now or self.now, path=self.path, **more
            )

    def mail(self, address: str = FOCAL_POINT, notice: str = "clock_stopped") -> Outbox:
        """The newest mail of a kind to an address."""
        wanted = sa.select(Outbox).where(Outbox.address == address, Outbox.notice == notice)
        with db.reading() as session:
            found = session.scalars(wanted.order_by(Outbox.id.desc())).first()
            assert found is not None
            session.expunge(found)
        return found

    def report(self, raw: bytes, now: datetime | None = None) -> Result:
        """Take a report in a transaction of its own."""
        with db.transaction() as session:
            return bounces.take(session, raw, path=self.path, now=now or self.now)

    def bounce(self, mail: Outbox, **more: Any) -> Result:
        """The report of a server on a mail, by its Message-ID."""
        return self.report(status(recipient=mail.address, message_id=mail.message_id, **more))

    def instead(self) -> list[tuple[str, str]]:
        """Mails that were written to somebody else: address and state, the first one first."""
        wanted = sa.select(Outbox.address, Outbox.state).where(Outbox.instead_of.is_not(None))
        with db.reading() as session:
            return [(row[0], row[1]) for row in session.execute(wanted.order_by(Outbox.id))]

    def count(self, table: type[Any]) -> int:
        """How many rows there are."""
        with db.reading() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.fixture
def scene(database: str) -> Any:
    links.set_base("https://reviews.example")
    with office() as post:
        with db.transaction() as session:
            w = world.advance(world.world(session), "initial_steps")
            world.nominate(w, "focal_point", "nominate_focal_point")
            w.take("suspend", w.officer, reason="Specimen text.")
            for one in (w.officer, w.administrator, w.focal_point):
                session.refresh(one)
        made = Scene(w, post, w.now)
        made.drain()
        yield made


def test_what_was_accepted_is_told_apart_from_what_arrived(scene: Scene) -> None:
    mail = scene.mail()
    assert (mail.state, mail.fate) == ("sent", "")
    assert scene.bounce(mail, action="delayed", status="4.4.1") is Result.NOTED
    assert scene.mail().fate == "delayed"
    assert scene.bounce(mail, action="delivered", status="2.1.5") is Result.NOTED
    arrived = scene.mail()
    assert (arrived.state, arrived.fate, arrived.fate_at) == ("sent", "delivered", scene.now)
    assert scene.bounce(mail, action="delayed", status="4.4.1") is Result.REPEATED, "an older one"
    assert scene.mail().fate == "delivered"
    assert scene.instead() == []


def test_a_mail_that_came_back_goes_to_the_mission_once_and_says_why(scene: Scene) -> None:
    mail = scene.mail()
    assert scene.bounce(mail) is Result.NOTED
    assert scene.mail().fate_said == "5.1.1 550 5.1.1 No such mailbox"
    assert [scene.bounce(mail) for _ in range(3)] == [Result.REPEATED] * 3
    assert scene.instead() == [(MISSION, "waiting")]
    before = len(scene.post.arrived)
    assert scene.drain().sent == 1
    text = scene.post.arrived[before].get_body(("plain",))
    assert text is not None
    words = " ".join(str(text.get_content()).split())
    assert "This message was sent to focal_point and could not be delivered there." in words
    assert "because a message to somebody else for Zambia came back" in words
    assert "nobody is named" not in words
    assert scene.drain() == Round()
    with db.reading() as session:
        dead = session.scalars(sa.select(DeadAddress)).one()
        assert (dead.address, dead.outbox_id) == (FOCAL_POINT, mail.id)
        verbs = session.scalars(sa.select(Audit.verb).where(Audit.verb == "address_dead"))
        assert len(verbs.all()) == 1


def test_four_reports_at_once_are_one(scene: Scene) -> None:
    mail = scene.mail()
    with ThreadPoolExecutor(4) as four:
        found = list(four.map(lambda _: scene.bounce(mail), range(4)))
    assert sorted(found) == [Result.NOTED, *[Result.REPEATED] * 3]
    assert len(scene.instead()) == 1


def test_the_ladder_ends_at_the_mission(scene: Scene) -> None:
    scene.bounce(scene.mail())
    scene.drain()
    assert scene.bounce(scene.mail(MISSION)) is Result.NOTED
    assert scene.instead() == [(MISSION, "sent")], "nobody is left, and nothing goes in a circle"
    assert scene.count(DeadAddress) == 2
    assert scene.drain() == Round()


def test_a_colleague_who_has_the_mail_is_passed_over(scene: Scene) -> None:
    """Both focal points are told of a step; what one does not get is nothing new to the other."""
    w = scene.world
    with db.transaction() as session:
        w.session = session
        world.nominate(w, "second", "nominate_focal_point")
        w.take("resume", w.officer)
    scene.drain(w.now)
    scene.now = w.now
    assert scene.mail("second@example.example", "clock_resumed").state == "sent"
    assert scene.bounce(scene.mail(notice="clock_resumed")) is Result.NOTED
    assert scene.instead() == [(MISSION, "waiting")]


def test_later_mails_go_to_the_next_address_until_it_is_corrected(scene: Scene) -> None:
    scene.bounce(scene.mail())
    scene.drain()
    w = scene.world
    with db.transaction() as session:
        w.session = session
        w.take("resume", w.officer)
    assert scene.drain(w.now).passed_on == 1
    assert [one[0] for one in scene.instead()] == [MISSION, MISSION]
    own = scene.mail(notice="clock_resumed")
    assert (own.state, own.error) == ("recorded", delivery.PASSED_ON)
    assert FOCAL_POINT not in scene.post.recipients[-2:]

    with db.transaction() as session:
        dead = session.scalars(sa.select(DeadAddress)).one()
        dead_addresses.correct(session, dead.id, "right@zmb.example", actor=w.officer, now=w.now)
    with db.transaction() as session:
        w.session = session
        w.take("suspend", w.officer, reason="Specimen text.")
    scene.drain(w.now)
    assert scene.mail("right@zmb.example").state == "sent"
    assert len(scene.instead()) == 2


def test_correcting_is_audited_and_keeps_to_who_may(scene: Scene) -> None:
    scene.bounce(scene.mail())
    w = scene.world
    with db.transaction() as session:
        number = session.scalars(sa.select(DeadAddress.id)).one()
        stranger = world.person(session, "focal_point", "ZWE", "stranger")
        with pytest.raises(NotAllowed):
            dead_addresses.correct(session, number, "a@b.example", actor=stranger, now=w.now)
        for wrong in ("", "no address", "a@b.example\r\nBcc: c@d.example", "x" * 250 + "@y.org"):
            with pytest.raises(AccountError):
                dead_addresses.correct(session, number, wrong, actor=w.officer, now=w.now)
    with db.transaction() as session, pytest.raises(AccountError):
        dead_addresses.correct(session, number, stranger.email, actor=w.officer, now=w.now)
    with db.transaction() as session:
        assert session.scalars(sa.select(DeadAddress.cleared_at)).one() is None
        dead_addresses.correct(session, number, FOCAL_POINT, actor=w.officer, now=w.now)
        kept = session.scalars(sa.select(Audit).where(Audit.verb == "address_corrected")).one()
        assert (kept.person_id, kept.after) == (w.officer.id, {"person": w.focal_point.id})
        with pytest.raises(NotFound):
            dead_addresses.correct(session, number, FOCAL_POINT, actor=w.officer, now=w.now)


def test_a_server_that_refuses_the_address_at_once_is_the_same(scene: Scene) -> None:
    scene.post.to_recipient[FOCAL_POINT] = "550 5.1.1 No such mailbox"
    w = scene.world
    with db.transaction() as session:
        w.session = session
        w.take("resume", w.officer)
    assert scene.drain(w.now).failed == 1
    assert scene.instead() == [(MISSION, "sent")], "in the same round"
    assert scene.count(DeadAddress) == 1


def test_a_refusal_for_reasons_of_policy_marks_no_address_and_goes_on(scene: Scene) -> None:
    """Others were taken meanwhile, so it is the domain's own word."""
    scene.post.to_recipient[FOCAL_POINT] = "554 5.7.1 Your network is not welcome"
    w = scene.world
    with db.transaction() as session:
        w.session = session
        w.take("resume", w.officer)
    assert scene.drain(w.now).failed == 0
    assert scene.drain(w.now + timedelta(hours=1)).failed == 1
    assert (scene.instead(), scene.count(DeadAddress)) == ([(MISSION, "sent")], 0)


@pytest.mark.parametrize("said", ["552 5.3.4 Too big", "552 5.2.2 Mailbox full"])
def test_a_mail_that_is_refused_for_its_own_sake_marks_no_address_and_goes_on(
    scene: Scene, said: str
) -> None:
    scene.post.to_recipient[FOCAL_POINT] = said
    w = scene.world
    with db.transaction() as session:
        w.session = session
        w.take("resume", w.officer)
    assert scene.drain(w.now).failed == 1
    assert (scene.instead(), scene.count(DeadAddress)) == ([(MISSION, "sent")], 0)


@pytest.mark.parametrize("code", ["5.7.1", "5.2.2", "5.3.4", "5.4.7", "4.4.7"])
def test_a_report_that_is_not_about_the_address_marks_none_and_goes_on(
    scene: Scene, code: str
) -> None:
    said = f"550 {code} Not now, not here"
    assert scene.bounce(scene.mail(), status=code, diagnostic=said) is Result.NOTED
    assert scene.mail().fate == "bounced"
    assert (scene.instead(), scene.count(DeadAddress)) == ([(MISSION, "waiting")], 0)


def test_links_that_open_an_account_are_never_passed_on(scene: Scene) -> None:
    w = scene.world
    with db.transaction() as session:
        accounts.forgot_password(session, FOCAL_POINT, now=scene.now)
    scene.drain()
    assert scene.bounce(scene.mail(notice="password_reset")) is Result.NOTED
    assert scene.instead() == []
    with db.transaction() as session:
        later = scene.now + timedelta(hours=1)
        accounts.forgot_password(session, FOCAL_POINT, now=later)
    before = len(scene.post.arrived)
    assert scene.drain(later).sent == 1
    assert scene.post.recipients[-1] == FOCAL_POINT
    assert len(scene.post.arrived) == before + 1
    assert w.focal_point.id


def test_a_complaint_is_kept_and_passes_nothing_on(scene: Scene) -> None:
    mail = scene.mail()
    with db.transaction() as session:
        session.get_one(Outbox, mail.id).address = "focal.point@zmb.example"
    assert scene.report(complaint(message_id=mail.message_id)) is Result.NOTED
    assert scene.mail("focal.point@zmb.example").fate == "complained"
    assert scene.instead() == []


# What is believed ------------------------------------------------------------------------------


def test_a_report_that_knows_no_mail_changes_nothing_and_is_not_quoted(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    mail = scene.mail()
    caplog.set_level(logging.DEBUG)
    for raw in (
        status(recipient=FOCAL_POINT, message_id="<somebody.else@elsewhere.example>"),
        status(recipient="other@zmb.example", message_id=mail.message_id),
        status(recipient=FOCAL_POINT, returned=""),
        status(recipient=FOCAL_POINT, message_id=mail.message_id, more="Status: x\r\n\r\n"),
        b"Subject: Specimen secret\r\n\r\nnot a report",
    ):
        assert scene.report(raw) in {Result.UNKNOWN, Result.UNREADABLE}
    late = status(recipient=FOCAL_POINT, message_id=mail.message_id)
    assert scene.report(late, scene.now + 40 * DAY) is Result.UNKNOWN
    assert (scene.mail().fate, scene.count(DeadAddress), scene.instead()) == ("", 0, [])
    for quoted in ("zmb.example", "example.example", "secret", "elsewhere", "No such mailbox"):
        assert quoted not in caplog.text


def test_with_a_domain_of_its_own_only_the_code_counts(scene: Scene) -> None:
    scene.path = PATH
    w = scene.world
    with db.transaction() as session:
        w.session = session
        w.take("resume", w.officer)
    scene.drain(w.now)
    scene.now = w.now
    mail = scene.mail(notice="clock_resumed")
    assert scene.bounce(mail) is Result.UNKNOWN, "its Message-ID may be known to many"
    forged = PATH.address(mail.id, "").replace(".", ".0", 1)
    assert scene.bounce(mail, to=forged) is Result.UNKNOWN
    other = PATH.address(scene.mail(MISSION, "reviewers_drawn").id, "")
    both = f"{PATH.address(mail.id, '')}, {other}"
    assert scene.bounce(mail, to=both) is Result.UNKNOWN
    assert scene.instead() == []
    assert scene.bounce(mail, to=PATH.address(mail.id, "")) is Result.NOTED
    assert scene.mail(notice="clock_resumed").fate == "bounced"


def test_the_envelope_identifier_counts_as_well(scene: Scene) -> None:
    scene.path = PATH
    mail = scene.mail()
    tag = f"Original-Envelope-Id: {PATH.tag(mail.id)}\r\n"
    assert scene.bounce(mail, about=tag.replace(".", ".0", 1)) is Result.UNKNOWN
    assert scene.bounce(mail, about=tag) is Result.NOTED


def test_mails_leave_under_their_return_address(scene: Scene) -> None:
    scene.path = PATH
    w = scene.world
    with db.transaction() as session:
        w.session = session
        w.take("resume", w.officer)
    before = len(scene.post.senders)
    scene.drain(w.now)
    mail = scene.mail(notice="clock_resumed")
    assert PATH.address(mail.id, "") in scene.post.senders[before:]
    assert {m["From"] for m in scene.post.arrived} == {SENDER}


# Tries and domains -----------------------------------------------------------------------------


def test_every_try_is_kept_with_its_time_and_answer(scene: Scene) -> None:
    w = scene.world
    scene.post.to_recipient[FOCAL_POINT] = "450 4.2.1 Greylisted"
    with db.transaction() as session:
        w.session = session
        w.take("resume", w.officer)
    scene.drain(w.now)
    scene.post.to_recipient.clear()
    scene.drain(w.now + timedelta(hours=1))
    mail = scene.mail(notice="clock_resumed")
    with db.reading() as session:
        wanted = sa.select(MailAttempt).where(MailAttempt.outbox_id == mail.id)
        found = session.scalars(wanted.order_by(MailAttempt.id)).all()
        tries = [(one.at, one.outcome, one.answer) for one in found]
    assert tries == [
        (w.now, "later", "450 4.2.1 Greylisted"),
        (w.now + timedelta(hours=1), "accepted", "250 OK"),
    ]


def _many(to: str, count: int, now: datetime) -> None:
    """Invitations to people of one domain."""
    with db.transaction() as session:
        for number in range(count):
            accounts.invite(
                session,
                email=f"person{number}@{to}",
                title="Observer",
                role="observer",
                iso3="ZMB",
                preferences=accounts.Preferences("en", "Africa/Lusaka", digest=False),
                actor=None,
                now=now,
            )


def test_a_domain_that_defers_holds_up_no_other(scene: Scene) -> None:
    _many("slow.example", 8, scene.now)
    _many("quick.example", 8, scene.now + timedelta(seconds=1))
    scene.post.to_recipient |= {f"person{n}@slow.example": "451 4.3.0 Later" for n in range(8)}
    done = scene.drain(scene.now + timedelta(minutes=1))
    assert (done.sent, done.later) == (8, delivery.PATIENCE)
    assert {one.rpartition("@")[2] for one in scene.post.recipients[-8:]} == {"quick.example"}
    scene.post.to_recipient.clear()
    assert scene.drain(scene.now + timedelta(hours=1)).sent == 8


def test_a_domain_for_which_the_server_is_silent_holds_up_no_other(scene: Scene) -> None:
    _many("silent.example", 4, scene.now)
    _many("quick.example", 4, scene.now + timedelta(seconds=1))
    scene.post.silent_for = "silent.example"
    with Smtp(scene.post.url, timeout=0.3) as transport:
        done = delivery.drain(
            transport, sender=SENDER, now=lambda: scene.now + timedelta(minutes=1)
        )
    assert (done.sent, done.later) == (4, 1)


def test_so_many_a_minute_leave_for_each_domain(scene: Scene) -> None:
    _many("one.example", 5, scene.now)
    _many("two.example", 2, scene.now)
    start = scene.now + timedelta(hours=1)
    assert scene.drain(start, a_minute=2).sent == 4
    assert scene.drain(start + timedelta(seconds=59), a_minute=2) == Round()
    assert scene.drain(start + timedelta(seconds=61), a_minute=2).sent == 2
    assert scene.drain(start + timedelta(seconds=122), a_minute=2).sent == 1


def test_an_address_that_has_a_new_owner_is_not_marked_for_a_mail_of_the_former(
    scene: Scene,
) -> None:
    """The person has another address since: the mail goes there, and nothing is marked."""
    mail = scene.mail()
    with db.transaction() as session:
        session.get_one(Person, scene.world.focal_point.id).email = "new@zmb.example"
    assert scene.bounce(mail) is Result.NOTED
    assert scene.instead() == [("new@zmb.example", "waiting")]
    assert scene.count(DeadAddress) == 0
    assert "undelivered_to" not in scene.mail("new@zmb.example").params
