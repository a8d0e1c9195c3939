"""A mail server that refuses everybody is in trouble itself; one domain that does is not."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from review import clock, db, links, settings
from review.mail.return_path import ReturnPath
from review.mail.transport import Smtp
from review.models import Audit, DeadAddress, Incident, MailAttempt, Outbox, Person
from review.services import (
    accounts,
    bounces,
    capabilities,
    delivery,
    incidents,
    refusals,
    watch_picture,
    watchdogs,
)
from review.services.capabilities import Purpose
from review.services.delivery import Round
from review.settings import Settings
from tests import world
from tests.post import SENDER, Office, office
from tests.reports import status

DENIED = "554 5.7.1 Relay access denied"
LATER = timedelta(hours=8)
"""Longer than the longest pause between two tries."""


@pytest.fixture
def post() -> Iterator[Office]:
    with office() as one:
        yield one


@pytest.fixture
def now(database: str) -> datetime:
    """Six mails wait, two for each of three missions."""
    links.set_base("https://reviews.example")
    with db.transaction() as session:
        return world.advance(world.world(session), "initial_steps").now


@pytest.fixture
def chosen(database: str) -> Settings:
    return settings.load(
        {
            "DATABASE_URL": database,
            "REDIS_URL": "redis://127.0.0.1:1",
            "SMTP_URL": "smtp://127.0.0.1:1",
            "SECRET_KEY": "a key that is used in tests and nowhere else",
            "BASE_URL": "https://reviews.example",
            "MAIL_FROM": SENDER,
        }
    )


def drain(post: Office, now: datetime) -> Round:
    with Smtp(post.url) as smtp:
        return delivery.drain(smtp, sender=SENDER, now=lambda: now)


def mails() -> list[Outbox]:
    with db.reading() as session:
        found = list(session.scalars(sa.select(Outbox).order_by(Outbox.id)))
        session.expunge_all()
        return found


def states() -> Counter[str]:
    return Counter(row.state for row in mails())


def addresses() -> list[str]:
    return sorted({row.address for row in mails()})


def refuse(post: Office, said: str, *these: str) -> None:
    post.to_recipient = dict.fromkeys(these, said)


def look(chosen: Settings, now: datetime) -> list[Incident]:
    """What the watchdogs see, noted as they do; the incidents that are open."""
    with db.transaction() as session:
        picture = watch_picture.look(session, (), now=now, machine=clock.machine)
        incidents.note(session, watchdogs.judge(picture, chosen), now, calm=timedelta())
    with db.reading() as session:
        found = list(session.scalars(sa.select(Incident).where(Incident.closed_at.is_(None))))
        session.expunge_all()
        return found


@pytest.mark.parametrize(
    "said", [DENIED, "550 5.7.1 Not welcome", "550 relay not permitted", "553 no (#5.7.1)"]
)
def test_everybody_refused_fails_nobody_however_long(
    post: Office, now: datetime, said: str
) -> None:
    refuse(post, said, *addresses())
    for hours in range(75):
        done = drain(post, now + timedelta(hours=hours))
        assert (done.sent, done.failed) == (0, 0)
    assert states() == {"waiting": 6}
    assert all(row.attempts <= 2 for row in mails()), "the first ones, when nobody knew"
    last = now + timedelta(hours=74)
    assert all(row.next_try_at - last <= timedelta(hours=1) for row in mails())
    refuse(post, "")
    assert drain(post, last + timedelta(hours=1)).sent == 6
    assert len({m["Message-ID"] for m in post.arrived}) == len(post.arrived) == 6


@pytest.mark.parametrize("said", ["550 5.7.1 Relaying denied", "550 Not you"])
def test_a_server_that_does_not_hear_our_sender_fails_nobody(
    post: Office, now: datetime, said: str, chosen: Settings
) -> None:
    post.to_sender = said
    for hours in range(75):
        assert drain(post, now + timedelta(hours=hours)) == Round(later=1)
    assert {(row.state, row.attempts) for row in mails()} == {("waiting", 0)}
    found = look(chosen, now + timedelta(hours=75))
    assert [one.facts["kind"] for one in found if one.rule == "mail_refused"] == [said]
    post.to_sender = ""
    drain(post, now + timedelta(hours=75))
    assert set(states()) == {"sent"}


def test_the_watchdogs_say_what_the_server_says(
    post: Office, now: datetime, chosen: Settings
) -> None:
    somebody = addresses()[0]
    refuse(post, f"{DENIED} for {somebody}", *addresses())
    drain(post, now)
    found = [one for one in look(chosen, now) if one.rule.startswith("mail")]
    assert [one.rule for one in found] == ["mail_refused"], "one cause, told once"
    assert "Relay access denied" in found[0].facts["kind"]
    refuse(post, "")
    drain(post, now + LATER)
    assert not [one for one in look(chosen, now + LATER) if one.rule == "mail_refused"]


def test_a_secret_that_the_server_quotes_is_not_shown(
    post: Office, now: datetime, chosen: Settings
) -> None:
    secret = capabilities.token_of_mail(Purpose.TASK, 1)
    refuse(post, f"{DENIED}: https://reviews.example/task/{secret}", *addresses())
    drain(post, now)
    found = look(chosen, now)
    assert "mail_refused" in [one.rule for one in found]
    assert all(secret not in str(one.facts) for one in found)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_domain_that_refuses_fails_alone(post: Office, now: datetime, place: int) -> None:
    """Wherever in the round its turn is: the others were taken, so it is its own word."""
    alone = list(dict.fromkeys(row.address for row in mails()))[place]
    refuse(post, DENIED, alone)
    for minutes in range(0, 60, 2):
        drain(post, now + timedelta(minutes=minutes))
    told = {row.address: row.state for row in mails()}
    assert told == {one: "failed" if one == alone else "sent" for one in addresses()}
    for row in mails():
        if row.state == "failed":
            assert row.error.startswith(DENIED)
            assert row.attempts <= refusals.TRIES


def only(*chosen: str) -> None:
    """Leave out all mails but those to these addresses, and of each but the first."""
    kept = sa.select(sa.func.min(Outbox.id)).where(Outbox.address.in_(chosen))
    with db.transaction() as session:
        session.execute(
            sa.update(Outbox)
            .where(Outbox.id.not_in(kept.group_by(Outbox.address)))
            .values(state="recorded")
        )


def invite(domain: str, count: int, now: datetime) -> list[str]:
    """Further mails to a domain; their addresses."""
    names = [f"person{number}@{domain}" for number in range(count)]
    with db.transaction() as session:
        for name in names:
            accounts.invite(
                session,
                email=name,
                title="Observer",
                role="observer",
                iso3="ZMB",
                preferences=accounts.Preferences("en", "Africa/Lusaka", digest=False),
                actor=None,
                now=now,
            )
    return names


def test_a_mail_that_is_alone_fails_after_three_tries(post: Office, now: datetime) -> None:
    alone = mails()[0].address
    only(alone)
    refuse(post, DENIED, alone)
    assert [drain(post, now + LATER * n).failed for n in range(3)] == [0, 0, 1]


def test_tries_before_are_not_tries_in_doubt(post: Office, now: datetime) -> None:
    """A server that was away for some hours may then refuse everybody."""
    alone = mails()[0].address
    only(alone)
    refuse(post, "451 4.3.0 Later", alone)
    for hours in range(5):
        drain(post, now + LATER * hours)
    refuse(post, DENIED, alone)
    assert [drain(post, now + LATER * n).failed for n in range(5, 8)] == [0, 0, 1]


def test_tries_that_were_the_server_s_trouble_do_not_count(post: Office, now: datetime) -> None:
    first, second = addresses()[:2]
    only(first, second)
    refuse(post, DENIED, first, second)
    for hours in range(20):
        drain(post, now + LATER * hours)
    with db.transaction() as session:
        session.execute(sa.update(Outbox).where(Outbox.address == second).values(state="recorded"))
    invite(first.rpartition("@")[2], 1, now)
    assert drain(post, now + LATER * 20).sent == 1
    assert [drain(post, now + LATER * hours).failed for hours in (21, 22)] == [0, 1]


def test_others_that_are_taken_now_and_then_are_word_enough(post: Office, now: datetime) -> None:
    """Each in a round of its own, of another worker."""
    alone = mails()[0].address
    only(alone)
    refuse(post, DENIED, alone)
    for seconds in (0, 30, 90):
        drain(post, now + timedelta(seconds=seconds))
        invite(f"healthy{seconds}.example", 1, now + timedelta(seconds=seconds))
    row = mails()[0]
    assert (row.address, row.state, row.attempts) == (alone, "failed", 2)


def test_others_of_the_same_domain_say_nothing_but_tries_count(post: Office, now: datetime) -> None:
    alone = mails()[0].address
    only(alone)
    refuse(post, DENIED, alone)
    tries = []
    for hours in range(3):
        tries.append(drain(post, now + LATER * hours).failed)
        invite(alone.rpartition("@")[2], 1, now + LATER * hours)
        with db.transaction() as session:
            session.execute(sa.update(Person).values(email=sa.func.concat("x", Person.email)))
        drain(post, now + LATER * hours)
    assert tries == [0, 0, 1]


def test_two_domains_that_refuse_hold_up_no_other(post: Office, now: datetime) -> None:
    only()
    blocked = invite("blocks.example", 30, now) + invite("denies.example", 30, now)
    invite("healthy.example", 5, now + timedelta(minutes=1))
    refuse(post, DENIED, *blocked)
    assert drain(post, now + timedelta(minutes=2)) == Round(sent=5, later=2)
    tried = 0
    for minutes in range(3, 60):
        tried += drain(post, now + timedelta(minutes=minutes)).later
    assert tried >= len(blocked) - 2
    invite("late.example", 1, now + timedelta(hours=1))
    for minutes in range(60, 180):
        drain(post, now + timedelta(minutes=minutes))
    assert states()["failed"] == len(blocked), "and nobody waits for their answer any longer"


def test_a_round_ends_where_ten_domains_refuse(post: Office, now: datetime) -> None:
    only()
    all_of_them = [one for n in range(15) for one in invite(f"d{n}.example", 1, now)]
    refuse(post, DENIED, *all_of_them)
    assert drain(post, now) == Round(later=delivery.IN_A_ROW)
    refuse(post, DENIED, *all_of_them[:12], *all_of_them[13:])
    done = drain(post, now + LATER)
    assert done == Round(sent=1, failed=done.failed, later=12 - done.failed), "two, it, and ten"


def test_what_another_worker_has_seen_counts(post: Office, now: datetime) -> None:
    """The first one had a mail taken before; the other one sees that nothing is any more."""
    first, second, third = list(dict.fromkeys(row.address for row in mails()))
    only(first, second, third)
    refuse(post, DENIED, second, third)
    with Smtp(post.url) as smtp:
        one = delivery.drain(smtp, sender=SENDER, now=lambda: now, limit=2)
    assert one == Round(sent=1, later=1)
    assert drain(post, now) == Round(later=1)
    for hours in range(1, 75):
        assert drain(post, now + timedelta(hours=hours)).failed == 0
    assert states()["waiting"] == 2


def test_two_workers_at_once_fail_nobody(post: Office, now: datetime) -> None:
    only()
    refuse(post, DENIED, *(one for n in range(8) for one in invite(f"d{n}.example", 3, now)))
    for hours in range(4):
        at = now + timedelta(hours=hours)
        with ThreadPoolExecutor(2) as two:
            done = list(two.map(lambda _, at=at: drain(post, at), range(2)))
        assert [one.failed for one in done] == [0, 0]


def test_an_incident_of_mails_that_wait_no_longer_is_over(
    post: Office, now: datetime, chosen: Settings
) -> None:
    refuse(post, DENIED, *addresses())
    drain(post, now)
    assert "mail_refused" in [one.rule for one in look(chosen, now)]
    with db.transaction() as session:
        waiting = sa.update(Outbox).where(Outbox.state == "waiting")
        session.execute(waiting.values(state="recorded"))
    assert "mail_refused" not in [one.rule for one in look(chosen, now + LATER)]


def test_what_one_domain_refuses_is_no_incident(
    post: Office, now: datetime, chosen: Settings
) -> None:
    refuse(post, DENIED, addresses()[0])
    drain(post, now)
    assert "mail_refused" not in [one.rule for one in look(chosen, now)]


def test_a_mail_that_waited_for_the_server_is_no_other_incident_afterwards(
    post: Office, now: datetime, chosen: Settings
) -> None:
    """Its next try comes within the hour."""
    only(*addresses())
    refuse(post, DENIED, *addresses())
    for hours in range(5):
        drain(post, now + timedelta(hours=hours))
    refuse(post, "")
    late = now + timedelta(hours=4, minutes=1)
    invite("healthy.example", 1, late)
    assert drain(post, late).sent == 1
    assert states()["waiting"] == 3
    found = look(chosen, late + timedelta(minutes=20))
    assert not [one for one in found if one.rule in {"mail_refused", "mail_unsent"}]


def test_an_address_that_does_not_exist_still_fails_at_once(post: Office, now: datetime) -> None:
    refuse(post, "550 5.5.0 mailbox unavailable", *addresses())
    assert drain(post, now) == Round(failed=6)
    with db.reading() as session:
        dead = set(session.scalars(sa.select(DeadAddress.address)))
    assert dead == set(addresses())


# Secrets ---------------------------------------------------------------------------------------


def _link(purpose: str, now: datetime) -> tuple[str, str]:
    """Have somebody sent a link to an account; their address and the secret."""
    (address,) = invite("observers.example", 1, now)
    if purpose == "password_reset":
        with db.transaction() as session:
            session.execute(sa.update(Outbox).values(state="recorded"))
            session.execute(sa.update(Person).values(activated_at=now))
            accounts.forgot_password(session, address, now=now)
    (row,) = (one for one in mails() if one.state == "waiting" and one.address == address)
    assert row.notice == purpose
    return address, row.params["token"]


def _everything() -> str:
    """All that stands in the tables that the secretariat and administrators are shown."""
    tables = (Outbox, MailAttempt, DeadAddress, Incident, Audit)
    with db.reading() as session:
        return "".join(repr(session.execute(sa.select(one.__table__)).all()) for one in tables)


@pytest.mark.parametrize("purpose", ["invitation", "password_reset"])
@pytest.mark.parametrize("code", ["554 5.7.1", "550 5.1.1", "450 4.7.1", "554 5.6.0"])
@pytest.mark.parametrize("bare", [False, True])
def test_a_link_to_an_account_that_a_server_quotes_is_kept_nowhere(
    post: Office,
    now: datetime,
    chosen: Settings,
    caplog: pytest.LogCaptureFixture,
    purpose: str,
    code: str,
    bare: bool,
) -> None:
    caplog.set_level(logging.DEBUG, logger="review")
    only()
    address, secret = _link(purpose, now)
    path = {"invitation": "invitation", "password_reset": "password"}[purpose]
    quoted = f"q_{secret}_q" if bare else f"https://reviews.example/{path}/{secret}"
    refuse(post, f"{code} Denied: URL {quoted} is on a list", address, *addresses())
    drain(post, now)
    (row,) = (one for one in mails() if one.address == address and one.notice == purpose)
    assert "is on a list" in row.error
    assert secret not in row.error + caplog.text
    invite("others.example", 1, now)
    refuse(post, DENIED, "person0@others.example", address)
    drain(post, now)
    look(chosen, now)
    with db.transaction() as session:  # a mail that waits needs its link
        session.get_one(Outbox, row.id).params = {}
    assert secret not in _everything()


@pytest.mark.parametrize("purpose", ["invitation", "password_reset"])
def test_a_link_in_a_report_is_kept_nowhere(
    post: Office, now: datetime, caplog: pytest.LogCaptureFixture, purpose: str
) -> None:
    caplog.set_level(logging.DEBUG, logger="review")
    only()
    address, secret = _link(purpose, now)
    drain(post, now)
    (mail,) = (one for one in mails() if one.address == address and one.state == "sent")
    path = {"invitation": "invitation", "password_reset": "password"}[purpose]
    quoted = f"550 5.1.1 URL https://reviews.example/{path}/{secret} and {secret} are on a list"
    raw = status(recipient=address, message_id=mail.message_id, diagnostic=quoted)
    with db.transaction() as session:
        assert bounces.take(session, raw, path=ReturnPath(), now=now) is bounces.Result.NOTED
    with db.reading() as session:
        assert "on a list" in session.scalars(sa.select(DeadAddress.said)).one()
    assert secret not in _everything() + caplog.text
