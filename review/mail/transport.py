"""Hands messages to a mail server by SMTP, and says of each failure what to do about it.

``Refused``: this message will never be taken, do not try again. ``TryLater``: not now. ``Slow``: it
did not answer about this message in time. ``Away``: the server itself cannot be used now, so there
is no sense in trying other messages either. ``Unwelcome``: it takes nothing from us.

What a permanent refusal is about depends on the stage of the conversation at which it comes, and
on its enhanced code (RFC 3463) where there is one. Before a recipient is named it is about us. Of a
recipient it is about the address, or of policy: 5.7, or words that deny relaying. Of a message it
is about that message, or of policy.
"""

from __future__ import annotations

import select
import smtplib
import ssl
import time
from email.message import EmailMessage
from email.utils import parseaddr
from types import TracebackType
from typing import Any, Final, Protocol, Self
from urllib.parse import unquote, urlsplit

from review.mail import codes

TIMEOUT: Final = 15.0
"""Seconds for one answer of the server."""
PATIENCE: Final = 100.0
"""Seconds for its answer about a whole message. Who gives up then and was heard sends it twice, so
RFC 5321, 4.5.3.2.6 asks for ten minutes; a task has four."""
IDLE: Final = 10.0
"""After so many seconds a connection is asked whether it lives."""
_TOO_LARGE: Final = 552
"""RFC 1870: already the sender's line says how large the message is."""
_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class DeliveryError(Exception):
    """A message did not leave; the text says what the server said."""


class TryLater(DeliveryError):
    """The server does not take this message now."""


class Away(TryLater):
    """The server does not answer, or takes nothing from us: nothing can be sent now."""


class Unwelcome(Away):
    """The server takes nothing from us and says so for good, before it knows any recipient."""


class Slow(TryLater):
    """The server answers, but not about this message: it may be waiting for the recipient's."""


class Refused(DeliveryError):
    """The server will never take this message for this recipient.

    ``address``: because of the address, so it will not take another one either. ``policy``: for
    reasons that have no bearing on the address, such as who we are. Never both.
    """

    def __init__(self, said: str, *, address: bool = False, policy: bool = False) -> None:
        super().__init__(said)
        self.address = address
        self.policy = policy


class Transport(Protocol):
    """Takes messages."""

    def send(
        self, message: EmailMessage, sender: str, recipient: str, envelope_id: str = ""
    ) -> str:
        """Hand over one message under a return address; returns what the server said.

        ``envelope_id`` goes along where the server takes it (RFC 3461), to be quoted in reports.
        Raises Refused, TryLater, Slow, Away or Unwelcome.
        """


class _Server(smtplib.SMTP):
    """Remembers what was said when a message was taken; smtplib keeps it to itself.

    Knows as well whether a message was begun: until then, nothing of it has left.
    """

    said = ""
    patience = PATIENCE
    begun = False
    used_at = 0.0

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.begun = True
        self._wait(self.patience)
        code, said = super().data(msg)
        self._wait(self.timeout)
        self.said = _said(code, said)
        return code, said

    def _wait(self, seconds: float) -> None:
        if self.sock is not None:
            self.sock.settimeout(seconds)


class _EncryptedServer(_Server, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class Smtp:
    """One mail server, connected when it is needed, for as many messages as it takes.

    As a context manager it takes leave of the server at the end.
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT, patience: float = PATIENCE) -> None:
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._timeout = timeout
        self._patience = patience
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def send(
        self, message: EmailMessage, sender: str, recipient: str, envelope_id: str = ""
    ) -> str:
        """Hand over one message; it is taken when this returns."""
        if parseaddr(recipient)[1] != recipient:  # smtplib would take an address out of the text
            raise Refused(f"{recipient!r} is not an address", address=True)
        self._let_go_of_a_dead_one()
        used = self._server
        try:
            return self._send(message, (sender, recipient), envelope_id)
        except Away:
            if used is None or used.begun:
                raise
        self._drop()  # it was closed while we looked at it: nothing of this message has left
        return self._send(message, (sender, recipient), envelope_id)

    def _send(self, message: EmailMessage, way: tuple[str, str], envelope_id: str) -> str:
        if self._server is None:
            self._server = self._connect(way[0].rpartition("@")[2])
        self._server.begun = False
        try:
            return _hand_over(self._server, message, way, envelope_id)
        except smtplib.SMTPRecipientsRefused as problem:
            raise _of_recipient(*problem.recipients[way[1]]) from problem
        except smtplib.SMTPDataError as problem:
            raise _of_message(problem.smtp_code, problem.smtp_error) from problem
        except (smtplib.SMTPNotSupportedError, ValueError) as problem:  # its address
            raise Refused(str(problem)) from problem
        except smtplib.SMTPSenderRefused as problem:
            if problem.smtp_code == _TOO_LARGE:
                raise _of_message(problem.smtp_code, problem.smtp_error) from problem
            self._leave()
            raise _of_us(problem) from problem
        except smtplib.SMTPResponseException as problem:  # our greeting
            self._leave()
            raise _of_us(problem) from problem
        except (smtplib.SMTPException, OSError) as problem:
            self._drop()
            slow = isinstance(problem.__context__ or problem, TimeoutError)
            raise (Slow if slow else Away)(str(problem) or type(problem).__name__) from problem

    def _let_go_of_a_dead_one(self) -> None:
        """Servers close a connection that was idle, or had many messages; they say so on it.

        So a connection on which nothing is to be read lives, and is asked only after a pause.
        """
        server = self._server
        if server is None:
            return
        idle = time.monotonic() - server.used_at > IDLE
        if server.sock is None or ((idle or _has_news(server)) and not _answers(server)):
            self._drop()

    def _connect(self, own_name: str) -> _Server:
        server: _Server | None = None
        try:
            server = self._open(own_name)
            if self._scheme == "smtp+starttls":
                server.starttls(context=ssl.create_default_context())
            if self._user:
                server.login(self._user, self._password)
        except (smtplib.SMTPException, OSError) as problem:
            if server is not None:
                server.close()
            raise _of_us(problem) from problem
        return server

    def _open(self, own_name: str) -> _Server:
        """Connect under our domain's name: the machine's own may take long to look up."""
        kind: type[_Server] = _Server
        own: dict[str, Any] = {"local_hostname": own_name, "timeout": self._timeout}
        if self._scheme == "smtps":
            kind = _EncryptedServer
            own["context"] = ssl.create_default_context()
        server = kind(self._host, self._port, **own)
        server.patience = self._patience
        return server

    def _leave(self) -> None:
        if self._server is not None:
            try:
                self._server.quit()
            except (smtplib.SMTPException, OSError):
                self._server.close()
        self._server = None

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None


def _hand_over(
    server: _Server, message: EmailMessage, way: tuple[str, str], envelope_id: str
) -> str:
    """Send one message from and to an address, asking for reports where the server gives them."""
    sender, recipient = way
    server.ehlo_or_helo_if_needed()
    asked: tuple[list[str], list[str]] = ([], [])
    if envelope_id and server.has_extn("dsn"):
        asked = (
            ["RET=HDRS", f"ENVID={_xtext(envelope_id)}"],
            ["NOTIFY=SUCCESS,FAILURE,DELAY", f"ORCPT=rfc822;{_xtext(recipient)}"],
        )
    server.send_message(message, sender, [recipient], *asked)
    server.used_at = time.monotonic()
    return server.said


def _xtext(text: str) -> str:
    """RFC 3461, 4: what is not a plain sign as + and two digits."""
    return "".join(
        one if "!" <= one <= "~" and one not in "+=" else "".join(f"+{b:02X}" for b in one.encode())
        for one in text
    )


def _has_news(server: smtplib.SMTP) -> bool:
    """Whether something is to be read that was not asked for: a farewell, or the end."""
    news = select.poll()
    news.register(server.sock.fileno(), select.POLLIN)  # type: ignore[union-attr]
    return bool(news.poll(0))


def _answers(server: smtplib.SMTP) -> bool:
    try:
        return server.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _of_us(problem: Exception) -> Away:
    """What it means that the server does not even hear to whom we write."""
    if not isinstance(problem, smtplib.SMTPResponseException):
        return Away(str(problem) or type(problem).__name__)
    kind = Unwelcome if problem.smtp_code >= 500 else Away
    return kind(_said(problem.smtp_code, problem.smtp_error))


def _of_recipient(code: int, said: bytes | str) -> DeliveryError:
    """What is said of a recipient. Reasons of policy say nothing about the address."""
    text = _said(code, said)
    policy = codes.denies_us(text)
    address = not policy and codes.is_about_address(codes.status(text))
    return _meant(code, text, address=address, policy=policy)


def _of_message(code: int, said: bytes | str) -> DeliveryError:
    """What is said of a message as a whole."""
    text = _said(code, said)
    return _meant(code, text, address=False, policy=codes.is_policy(codes.status(text)))


def _meant(code: int, text: str, *, address: bool, policy: bool) -> DeliveryError:
    if code == 421:  # the server is closing down
        return Away(text)
    return Refused(text, address=address, policy=policy) if code >= 500 else TryLater(text)


def _said(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())}"
