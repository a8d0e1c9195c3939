"""A mail server that refuses everybody is in trouble itself; one domain that does is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from review import clock, db, links, settings
from review.mail.transport import Smtp
from review.models import Incident, Outbox
from review.services import capabilities, delivery, incidents, watch_picture, watchdogs
from review.services.capabilities import Purpose
from review.services.delivery import Round
from review.settings import Settings
from tests import world
from tests.post import SENDER, Office, office

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
    "said", [DENIED, "550 5.7.1 Not welcome", "550 relay not permitted", "554 Denied"]
)
def test_everybody_refused_fails_nobody(post: Office, now: datetime, said: str) -> None:
    refuse(post, said, *addresses())
    first = drain(post, now)
    assert (first.sent, first.failed) == (0, 0)
    for hours in (1, 9, 17):
        assert drain(post, now + timedelta(hours=hours)).failed == 0
    assert states() == {"waiting": 6}
    refuse(post, "")
    assert drain(post, now + 5 * LATER).sent == 6
    assert len({m["Message-ID"] for m in post.arrived}) == len(post.arrived) == 6


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
    drain(post, now)
    drain(post, now + LATER)
    told = {row.address: row.state for row in mails()}
    assert told == {one: "failed" if one == alone else "sent" for one in addresses()}
    assert all(row.error.startswith(DENIED) for row in mails() if row.state == "failed")


def test_a_mail_that_is_alone_fails_after_three_tries(post: Office, now: datetime) -> None:
    alone = mails()[0].address
    with db.transaction() as session:
        session.execute(sa.update(Outbox).where(Outbox.address != alone).values(state="recorded"))
    refuse(post, DENIED, alone)
    assert [drain(post, now + LATER * n).failed for n in range(3)] == [0, 0, 2]


def test_an_address_that_does_not_exist_still_fails_at_once(post: Office, now: datetime) -> None:
    refuse(post, "550 5.1.1 No such mailbox", *addresses())
    assert drain(post, now).failed > 0
