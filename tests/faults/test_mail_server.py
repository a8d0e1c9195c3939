"""Whatever a mail server does: nothing is lost, nothing leaves twice, the others do not wait."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from review import db, links
from review.mail import transport
from review.mail.transport import Smtp
from review.models import Outbox
from review.services import delivery
from review.services.delivery import Round
from tests import world
from tests.post import SENDER

LATER = timedelta(hours=7)
"""Longer than the longest pause between two tries."""


@dataclass
class Script:
    """A mail server that answers by a script; what it has taken, in order."""

    taken: list[bytes] = field(default_factory=list)
    connections: int = 0
    said: list[str] = field(default_factory=list)
    """Every command, over all connections."""
    greeting: bytes = b"220 ready\r\n"
    answers: dict[str, bytes] = field(default_factory=dict)
    """Of a command that is answered otherwise than with 250, and then the connection goes on."""
    closes: Callable[[str, int], bool] = lambda _command, _number: False
    """Whether it goes away when it hears a command, told how many messages it took here."""
    in_data: Callable[[], bool] = lambda: True
    """Asked with the first lines of a message: False, and it goes away."""
    after_data: Callable[[int], bytes] = lambda _number: b"250 2.0.0 Taken\r\n"
    """What it says of the message of this number; without a word it goes away."""
    keeps: Callable[[int], bool] = lambda _number: True
    """Whether it keeps that message, whatever it says."""


class Conversation(socketserver.StreamRequestHandler):
    """One client."""

    script: Script
    disable_nagle_algorithm = True

    def handle(self) -> None:
        script, here = self.script, 0
        script.connections += 1
        self.wfile.write(script.greeting)
        while line := self.rfile.readline():
            command = line.decode().strip()
            script.said.append(command)
            word = command[:4].upper()
            if script.closes(word, here):
                return
            if word == "DATA" and word not in script.answers:
                if not self._message():
                    return
                here += 1
                continue
            self.wfile.write(script.answers.get(word, b"250 OK\r\n"))
            if word == "QUIT":
                return

    def _message(self) -> bool:
        """Take a message; whether the conversation goes on."""
        self.wfile.write(b"354 Go on\r\n")
        lines = [self.rfile.readline()]
        if not self.script.in_data():
            return False
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        number = len(self.script.taken) + 1
        answer = self.script.after_data(number)
        if self.script.keeps(number):
            self.script.taken.append(b"".join(lines))
        self.wfile.write(answer)
        return bool(answer)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is part of the play."""


@contextmanager
def playing(script: Script) -> Iterator[str]:
    """A server that follows it; gives its address."""
    handler = type("Mine", (Conversation,), {"script": script})
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def now(database: str) -> datetime:
    """Six mails wait, two for each of three missions."""
    links.set_base("https://reviews.example")
    with db.transaction() as session:
        return world.advance(world.world(session), "initial_steps").now


def drain(url: str, now: datetime, timeout: float = 5.0, patience: float = 5.0) -> Round:
    with Smtp(url, timeout=timeout, patience=patience) as smtp:
        return delivery.drain(smtp, sender=SENDER, now=lambda: now)


def states() -> Counter[str]:
    with db.reading() as session:
        return Counter(session.scalars(sa.select(Outbox.state)))


def identities(script: Script) -> list[bytes]:
    heads = (message.partition(b"\r\n\r\n")[0] for message in script.taken)
    return [next(x for x in head.split(b"\r\n") if x.startswith(b"Message-ID")) for head in heads]


def test_it_dies_in_the_middle_of_a_message(now: datetime) -> None:
    dying = iter([True, True, False])
    script = Script(in_data=lambda: next(dying, True))
    with playing(script) as url:
        first = drain(url, now)
        assert (first.sent, first.later) == (2, 1)
        assert states() == {"sent": 2, "waiting": 4}
        assert drain(url, now + LATER).sent == 4
    assert len(set(identities(script))) == len(script.taken) == 6


def test_it_takes_one_message_a_connection(now: datetime) -> None:
    """It goes away after its 250, without a word."""
    script = Script(closes=lambda _word, number: number == 1)
    with playing(script) as url:
        assert drain(url, now).sent == 6
    assert len(set(identities(script))) == 6
    assert script.connections == 6


def test_it_says_farewell_after_some_messages(now: datetime) -> None:
    """421 in answer to the next MAIL: too many on this connection, not the server's end."""

    class Limited(Conversation):
        def handle(self) -> None:
            self.left = 2
            super().handle()

        def _message(self) -> bool:
            self.left -= 1
            going = super()._message()
            if not self.left:
                self.rfile.readline()
                self.wfile.write(b"421 4.7.0 Too many messages on this connection\r\n")
                return False
            return going

    script = Script()
    handler = type("Mine", (Limited,), {"script": script})
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        assert drain(f"smtp://127.0.0.1:{server.server_address[1]}", now).sent == 6
        server.shutdown()
    assert len(set(identities(script))) == 6
    assert script.connections == 3


def test_it_says_farewell_at_once(now: datetime) -> None:
    """Nobody hammers at a server that closes: one try, and the round is over."""
    script = Script(answers={"MAIL": b"421 4.3.2 Closing down\r\n"})
    with playing(script) as url:
        assert drain(url, now).later == 1
    assert states() == {"waiting": 6}
    assert sum(word[:4].upper() == "MAIL" for word in script.said) == 1


def test_it_takes_a_message_and_dies_before_it_says_so(now: datetime) -> None:
    """Nobody can know: the mail leaves again, as the same, and is counted as one sent."""
    script = Script(after_data=lambda number: b"" if number == 3 else b"250 2.0.0 Taken\r\n")
    with playing(script) as url:
        assert drain(url, now).later == 1
        assert drain(url, now + LATER).sent == 4
    counted = Counter(identities(script))
    assert sorted(counted.values()) == [1, 1, 1, 1, 1, 2]
    assert states() == {"sent": 6}


def test_it_needs_long_to_take_a_message(now: datetime) -> None:
    """An answer that comes late is waited for: who gives up sends the mail twice."""
    pause = threading.Event()

    def slowly(number: int) -> bytes:
        pause.wait(0.6 if number == 1 else 0)
        return b"250 2.0.0 Taken\r\n"

    script = Script(after_data=slowly)
    with playing(script) as url:
        assert drain(url, now, timeout=0.2).sent == 6
    assert len(set(identities(script))) == len(script.taken) == 6
    assert transport.PATIENCE > 4 * transport.TIMEOUT


def test_it_stops_answering_about_messages(now: datetime) -> None:
    """Two in a row without an answer: the round is over, nobody waits for all of them."""
    pause = threading.Event()

    def silent(_: int) -> bytes:
        pause.wait(2)
        return b""

    script = Script(after_data=silent, keeps=lambda _: False)
    with playing(script) as url:
        done = drain(url, now, timeout=0.2, patience=0.2)
        pause.set()
    assert (done.sent, done.later) == (0, 2)
    assert states() == {"waiting": 6}


def test_it_greylists_everybody(now: datetime) -> None:
    """450 for each recipient until some time has passed; then all of it arrives, once."""
    script = Script(answers={"RCPT": b"450 4.2.0 Greylisted, come again\r\n"})
    with playing(script) as url:
        first = drain(url, now)
        assert (first.sent, first.failed) == (0, 0)
        again = now + timedelta(minutes=2)
        drain(url, again)
        script.answers.clear()
        assert drain(url, again + LATER).sent == 6
    assert len(set(identities(script))) == len(script.taken) == 6


@pytest.mark.parametrize(
    "greeting",
    [
        b"554 5.7.1 Your address is on a list\r\n",
        b"421 4.3.2 Overloaded\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"220 " + b"x" * 20_000 + b"\r\n",
        b"\xff\xfe\x00\r\n",
        b"",
    ],
)
def test_it_does_not_greet_as_a_mail_server(now: datetime, greeting: bytes) -> None:
    script = Script(greeting=greeting)
    with playing(script) as url:
        assert drain(url, now, timeout=0.3).later == 1
    assert states() == {"waiting": 6}
    assert script.taken == []


# Encryption ------------------------------------------------------------------------------------


@contextmanager
def encrypted(*, breaks: bool) -> Iterator[int]:
    """A port that is encrypted by a certificate nobody vouches for, or ends in the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).with_name("untrusted.pem"))

    class Broken(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if breaks:
                self.request.recv(64)
                return
            with context.wrap_socket(self.request, server_side=True) as secure:
                secure.sendall(b"220 ready\r\n")

    with _Server(("127.0.0.1", 0), Broken) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("breaks", [False, True])
def test_encryption_that_cannot_be_trusted_or_breaks_sends_nothing(
    now: datetime, *, breaks: bool
) -> None:
    with encrypted(breaks=breaks) as port:
        assert drain(f"smtps://127.0.0.1:{port}", now).later == 1
    with db.reading() as session:
        assert [error for error in session.scalars(sa.select(Outbox.error)) if error]
    assert states() == {"waiting": 6}


def test_encryption_breaks_after_it_was_agreed(now: datetime) -> None:
    script = Script(
        answers={
            "EHLO": b"250-ready\r\n250 STARTTLS\r\n",
            "STAR": b"220 Go on\r\n220 and on in plain text\r\n",
        }
    )
    with playing(script) as url:
        assert drain(url.replace("smtp:", "smtp+starttls:"), now, timeout=0.5).later == 1
    assert states() == {"waiting": 6}
    assert not any(word[:4].upper() == "MAIL" for word in script.said), "nothing in plain text"


# A round has an end ----------------------------------------------------------------------------


def test_a_round_ends_before_its_task_would_be_ended(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ROUND_SECONDS", -1.0)
    script = Script()
    with playing(script) as url:
        assert drain(url, now).more, "others are due, and the next round takes them"
        assert script.taken == []
        monkeypatch.undo()
        assert not drain(url, now).more
    assert len(script.taken) == 6


def test_a_database_that_goes_away_after_the_250_costs_one_double(now: datetime) -> None:
    """The window again, from the other side: the mail was taken, the commit is refused."""
    script = Script()

    def cut(number: int) -> bytes:
        if number == 2:
            with db.transaction() as session:
                session.execute(sa.text(_END_OTHERS))
        return b"250 2.0.0 Taken\r\n"

    script.after_data = cut
    with playing(script) as url:
        with pytest.raises(sa.exc.OperationalError):
            drain(url, now)
        script.after_data = lambda _: b"250 2.0.0 Taken\r\n"
        assert drain(url, now).sent == 5
    assert sorted(Counter(identities(script)).values()) == [1, 1, 1, 1, 1, 2]


_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def test_nobody_listens(now: datetime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert drain(f"smtp://127.0.0.1:{port}", now).later == 1
    assert states() == {"waiting": 6}
