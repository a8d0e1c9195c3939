"""A mail server for tests: a real one on the loopback interface, whose answers a test chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from review.processes import free_port

SENDER = "Country reviews <reviews@secretariat.example>"
ADDRESS = "reviews@secretariat.example"


@dataclass
class Office:
    """What arrived, and what the server says. An empty answer takes the message."""

    arrived: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    """The return address of each message."""
    to_recipient: dict[str, str] = field(default_factory=dict)
    to_sender: str = ""
    to_data: str = ""
    extensions: list[str] = field(default_factory=list)
    """What it announces besides, such as 250-DSN."""
    silent_for: str = ""
    """The domain of recipients about whom it says nothing for a long while."""
    pause: float = 0.0
    """Seconds before a message is taken."""
    held: str = ""
    """Messages to this address are not taken as long as it stands here."""
    holds: bool = False
    """Whether one of them is there."""
    greeted: int = 0
    """How many connections there were."""
    url: str = ""

    async def handle_EHLO(  # noqa: N802 - the name that aiosmtpd looks for
        self, server: SMTP, session: Session, envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        self.greeted += 1
        session.host_name = name
        return [*answers[:-1], *self.extensions, answers[-1]]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self.to_sender:
            envelope.mail_from = address
        return self.to_sender or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.silent_for and address.endswith("@" + self.silent_for):
            await asyncio.sleep(60)
        answer = self.to_recipient.get(address, "")
        if not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        await asyncio.sleep(self.pause)
        while self.held in envelope.rcpt_tos:
            self.holds = True
            await asyncio.sleep(0.01)
        if self.to_data:
            return self.to_data
        message = message_from_bytes(envelope.original_content or b"", policy=policy.strict)
        self.arrived.append(message)
        self.recipients += envelope.rcpt_tos
        self.senders.append(envelope.mail_from or "")
        return "250 OK"


@contextmanager
def office(port: int = 0) -> Iterator[Office]:
    """A running mail server; `url` is its address."""
    office = Office()
    server = Controller(office, hostname="127.0.0.1", port=port or free_port())
    server.start()
    office.url = f"smtp://127.0.0.1:{server.port}"
    try:
        yield office
    finally:
        server.stop()
