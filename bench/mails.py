"""Mails per second: from the outbox to a mail server, against smtplib alone and a naive way.

Ours claims, renders, sends and stores each mail in a transaction of its own, over one connection to
the mail server. The floor hands over the same messages, ready-made, over one connection, without a
database. The naive way does what ours does with the same templates, with the ORM and a connection
a mail. They take turns in one run against one server and one PostgreSQL with fsync.
"""

from __future__ import annotations

import smtplib
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
import sqlalchemy as sa

from bench.mails_sink import sink
from review import db, embedded, languages, links, schema, seals
from review.mail.letter import Letter
from review.mail.render import render
from review.mail.return_path import ReturnPath
from review.mail.transport import Smtp
from review.models import MailAttempt, Outbox, Person
from review.services import delivery
from tests.mail import story
from workflows.registry import PROCESSES

MAILS: Final = 10_000
ROUNDS: Final = 10
NAIVE: Final = 1_000
"""The naive way sends so many, in as many rounds."""
SENDER: Final = "Country reviews <reviews@secretariat.example>"
SECRET: Final = "a key that is used in measurements and nowhere else"
PATH: Final = ReturnPath("bounces.example", SECRET)
ALWAYS_SENT: Final = {key for process in PROCESSES.values() for key in process.notices()}
"""Mails about steps. Whether a reminder leaves depends on what is still open."""


def measure() -> list[dict[str, Any]]:
    """One entry for ``bench/results.json``: mails per second, medians of the rounds."""
    with sink() as server, _database(server) as (url, now):
        ready = _ready_made(now)
        variants = {
            "ours": lambda count: _ours(server, now, count),
            "floor": lambda count: _floor(server, ready, count),
            "a connection a mail, ORM": lambda count: _naive(server, now, count * NAIVE // MAILS),
        }
        rates = _interleaved(variants, lambda: _settle(url))
        _check(MAILS + NAIVE)
    speed = {name: statistics.median(found) for name, found in rates.items()}
    ratio = statistics.median(a / b for a, b in zip(rates["ours"], rates["floor"], strict=True))
    ours, floor = speed.pop("ours"), speed.pop("floor")
    return [
        {
            "name": f"mails: {MAILS} from the outbox to a mail server",
            "unit": "mails/s",
            "ours": round(ours, 1),
            "floor": round(floor, 1),
            "peers": {name: round(value, 1) for name, value in speed.items()},
            "ratio_to_floor": round(ratio, 3),
        }
    ]


def _interleaved(
    variants: dict[str, Callable[[int], int]], settle: Callable[[], None]
) -> dict[str, list[float]]:
    """Mails per second of each variant in each round, in alternating order."""
    rates: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(ROUNDS):
        settle()
        order = list(variants.items())
        for name, run in order if number % 2 else reversed(order):
            began = time.perf_counter()
            sent = run(MAILS // ROUNDS)
            rates[name].append(sent / (time.perf_counter() - began))
    return rates


def _ours(server: str, now: datetime, count: int) -> int:
    sent = 0
    with Smtp(server) as transport:
        while sent < count:
            done = delivery.drain(
                transport,
                sender=SENDER,
                limit=min(200, count - sent),
                now=lambda: now,
                path=PATH,
                a_minute=10**6,  # asked and never reached
            )
            if not done.sent or done.failed:
                raise RuntimeError(f"{sent} mails left, then none: {done}")
            sent += done.sent
    return sent


def _floor(server: str, ready: Iterator[tuple[str, bytes]], count: int) -> int:
    with _connection(server) as smtp:
        for address, message in islice(ready, count):
            smtp.sendmail(parseaddr(SENDER)[1], [address], message)
    return count


def _naive(server: str, now: datetime, count: int) -> int:
    for _ in range(count):
        with db.transaction() as session:
            wanted = sa.select(Outbox).where(Outbox.state == "waiting").order_by(Outbox.next_try_at)
            row = session.scalars(wanted.limit(1).with_for_update()).one()
            if row.person_id and not session.get_one(Person, row.person_id).active:
                raise RuntimeError("a closed account")
            message = render(_letter(row), sender=SENDER, now=now)
            with _connection(server) as smtp:
                smtp.send_message(message)
            row.state, row.sent_at, row.attempts = "sent", now, 1
            row.message_id, row.subject = message["Message-ID"], message["Subject"]
            row.body_text, row.body_html = _body(message, "plain"), _body(message, "html")
            session.add(
                MailAttempt(outbox_id=row.id, at=now, domain="", outcome="accepted", answer="250")
            )
    return count


def _letter(row: Outbox) -> Letter:
    return Letter(row.id, row.key, row.notice, row.language, row.address, row.params, row.review_id)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _connection(server: str) -> smtplib.SMTP:
    parts = urlsplit(server)
    return smtplib.SMTP(parts.hostname or "", parts.port or 0, local_hostname="bench.example")


def _ready_made(now: datetime) -> Iterator[tuple[str, bytes]]:
    """Messages of the mix that ours sends, finished, again and again."""
    with db.reading() as session:
        rows = session.scalars(
            sa.select(Outbox).where(Outbox.state == "waiting").order_by(Outbox.id).limit(500)
        ).all()
        made = [(r.address, render(_letter(r), sender=SENDER, now=now).as_bytes()) for r in rows]
    return cycle(made)


@contextmanager
def _database(server: str) -> Iterator[tuple[str, datetime]]:
    """The mails of a whole review in six languages, so often that there are enough."""
    links.set_base("https://reviews.example")
    seals.set_key(SECRET)
    with (
        TemporaryDirectory(prefix="bench-mails-") as folder,
        embedded.postgres(Path(folder) / "postgres", durable=True) as url,
    ):
        schema.upgrade(url)
        db.connect(url)
        try:
            yield url, _write(server)
        finally:
            db.disconnect()


def _write(server: str) -> datetime:
    """Write one review; what of it leaves, and is not for somebody who has left, many times."""
    with db.transaction() as session:
        now = story.tell(session).now + timedelta(days=100)
        others = sa.update(Outbox).where(Outbox.notice.not_in(ALWAYS_SENT))
        session.execute(others.values(state="recorded"))
    with Smtp(server) as transport:
        delivery.drain(transport, sender=SENDER, now=lambda: now, path=PATH, limit=10**6)
    with db.transaction() as session:
        once = session.scalars(sa.select(Outbox.id).where(Outbox.state == "sent")).all()
        names = ", ".join(f"'{code}'" for code in languages.CODES)
        written = f"""
            INSERT INTO outbox (key, notice, review_id, person_id, address, language, params,
                                created_at, next_try_at)
            SELECT key || ':' || n, notice, review_id, person_id, address,
                   (ARRAY[{names}])[n % {len(languages.CODES)} + 1], params, created_at, next_try_at
            FROM outbox CROSS JOIN generate_series(1, :count) AS n WHERE state = 'sent'
            ORDER BY n, id
            LIMIT :count
        """
        session.execute(sa.text(written), {"count": MAILS + NAIVE})
        session.execute(sa.update(Outbox).where(Outbox.id.in_(once)).values(state="recorded"))
    return now


def _check(count: int) -> None:
    """Every mail has left, once, with its text."""
    asked = "SELECT count(*) FROM outbox WHERE state = 'sent' AND attempts = 1 AND body_html <> ''"
    with db.reading() as session:
        if session.scalar(sa.text(asked)) != count:
            raise RuntimeError("not every mail was sent and stored")


def _settle(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
