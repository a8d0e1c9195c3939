"""A mail server that notes what it takes, and the account of it: what came twice, and why.

Its answer carries a number, and the answer is stored in the transaction that stores the mail as
sent. So the database itself says of each handing over whether it was committed, whoever died.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from review import db
from review.models import MailAttempt, Outbox
from review.processes import free_port

SECRET: Final = "a key that is used in tests and nowhere else"
_IDENTITY: Final = re.compile(rb"(?im)^Message-ID:\s*(<[0-9a-f]+\.(\d+)@[^>]+>)")
_NUMBER: Final = re.compile(r"250 2\.0\.0 Taken as (\d+)")


@dataclass
class Taken:
    """One message at the moment of the server's 250."""

    number: int
    """In the order in which messages were complete, from 1."""
    mail: int
    """The row of the outbox."""
    identity: str
    """The Message-ID."""
    by: str
    """The domain of the return address: which worker handed it over, where each has its own."""
    went_on: bool = False
    """Its client said something more on the same connection, so it lived on after the 250."""


@dataclass
class Sink:
    """Takes every message, at ``url``; ``pause``: up to so many seconds before each 250."""

    url: str = ""
    pause: float = 0.0
    taken: list[Taken] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _last: WeakKeyDictionary[Session, Taken] = field(default_factory=WeakKeyDictionary)

    async def handle_MAIL(  # noqa: N802 - the name that aiosmtpd looks for
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._note_life(session)
        envelope.mail_from = address
        return "250 OK"

    async def handle_NOOP(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, arg: str
    ) -> str:
        self._note_life(session)
        return "250 OK"

    async def handle_QUIT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self._note_life(session)
        return "221 Bye"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Whoever has said all of a message may go: a mail server keeps what it has."""
        return await asyncio.shield(self._take(session, envelope))

    async def _take(self, session: Session, envelope: Envelope) -> str:
        number = next(self._numbers)
        await asyncio.sleep(random.uniform(0, self.pause))
        found = _IDENTITY.search(envelope.original_content or b"")
        assert found is not None
        by = (envelope.mail_from or "").rpartition("@")[2]
        self._last[session] = one = Taken(number, int(found[2]), found[1].decode(), by)
        self.taken.append(one)
        return f"250 2.0.0 Taken as {number}"

    def _note_life(self, session: Session) -> None:
        if session in self._last:
            self._last[session].went_on = True


@contextmanager
def sink() -> Iterator[Sink]:
    """A running one, in a thread of its own."""
    made = Sink()
    server: Any = Controller(made, hostname="127.0.0.1", port=free_port())
    server.start()
    made.url = f"smtp://127.0.0.1:{server.port}"
    try:
        yield made
    finally:
        server.stop()


@dataclass(frozen=True)
class Account:
    """What became of every mail of the outbox."""

    mails: int
    arrived: int
    """Mails that the server took at least once."""
    doubles: tuple[Taken, ...]
    """Messages that it took, and that are not the one that was stored as sent."""
    faults: tuple[str, ...]
    """Whatever is neither once nor explained by the window: 250 said, commit not done."""

    @property
    def missing(self) -> int:
        """Mails that never arrived."""
        return self.mails - self.arrived


def settle(taken: Sequence[Taken], killed: Collection[str] | None = None) -> Account:
    """Compare what the server took with what the database holds, when nobody sends any more.

    ``killed``: the workers that were killed, where each has a return address of its own.
    """
    by_mail: dict[int, list[Taken]] = defaultdict(list)
    for one in sorted(taken, key=lambda one: one.number):
        by_mail[one.mail].append(one)
    with db.reading() as session:
        rows = session.execute(sa.select(Outbox.id, Outbox.state, Outbox.message_id)).all()
        said = session.execute(
            sa.select(MailAttempt.outbox_id, MailAttempt.answer).where(
                MailAttempt.outcome == "accepted"
            )
        ).all()
    stored: dict[int, list[int]] = defaultdict(list)
    for mail, answer in said:
        number = _NUMBER.fullmatch(answer)
        stored[mail].append(int(number[1]) if number else 0)
    faults: list[str] = []
    doubles: list[Taken] = []
    for mail, state, identity in rows:
        came = by_mail.pop(mail, [])
        if state != "sent" or not came:
            faults.append(f"mail {mail} is {state} and came {len(came)} times")
            continue
        if stored[mail] != [came[-1].number]:
            numbers = [one.number for one in came]
            faults.append(f"mail {mail} came as {numbers}, stored as sent was {stored[mail]}")
        doubles += came[:-1]
        faults += _unlike(came, identity)
    faults += [f"mail {mail} came and is not in the outbox" for mail in by_mail]
    for one in doubles:
        faults += _out_of_window(one, killed)
    return Account(len(rows), len({one.mail for one in taken}), tuple(doubles), tuple(faults))


def _unlike(came: Sequence[Taken], identity: str) -> list[str]:
    """Copies by which a mail program would not know that they are one."""
    found = {one.identity for one in came} | {identity}
    return [f"one mail came as {sorted(found)}"] if len(found) > 1 else []


def _out_of_window(one: Taken, killed: Collection[str] | None) -> list[str]:
    """Why a double cannot come from a worker that was killed between the 250 and its commit."""
    faults = []
    if one.went_on:
        faults.append(f"mail {one.mail} came twice from a worker that lived on ({one.by})")
    if killed is not None and one.by not in killed:
        faults.append(f"mail {one.mail} came twice from a worker nobody killed ({one.by})")
    return faults
