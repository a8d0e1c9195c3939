"""Reports about mails: what is read out of them, and what a stranger's message cannot do."""

from __future__ import annotations

import imaplib
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_urlsafe
from urllib.parse import quote

import pytest

from review import links
from review.mail import dsn, returned
from review.mail.dsn import Fate, Unreadable
from review.mail.return_path import ReturnPath
from review.processes import free_port
from tests.reports import complaint, status

SECRET = "a key that is used in tests and nowhere else"


@pytest.mark.parametrize(
    ("action", "code", "fate", "hard"),
    [
        ("failed", "5.1.1", Fate.BOUNCED, True),
        ("failed", "5.1.10", Fate.BOUNCED, True),
        ("failed", "5.0.0", Fate.BOUNCED, True),
        ("failed", "5.2.1", Fate.BOUNCED, True),
        ("failed", "5.4.1", Fate.BOUNCED, True),
        ("failed", "5.4.4", Fate.BOUNCED, True),
        ("failed", "5.5.0", Fate.BOUNCED, True),
        ("failed", "5.1.8", Fate.BOUNCED, False),
        ("failed", "5.2.2", Fate.BOUNCED, False),
        ("failed", "5.3.4", Fate.BOUNCED, False),
        ("failed", "5.4.7", Fate.BOUNCED, False),
        ("failed", "5.4.14", Fate.BOUNCED, False),
        ("failed", "5.7.1", Fate.BOUNCED, False),
        ("failed", "5.7.509", Fate.BOUNCED, False),
        ("Failed", "4.4.7", Fate.BOUNCED, False),
        ("delayed", "4.4.1", Fate.DELAYED, False),
        ("delivered", "2.1.5", Fate.DELIVERED, False),
    ],
)
def test_a_report_is_read(action: str, code: str, fate: Fate, hard: bool) -> None:
    found = dsn.read(status(action=action, status=code))
    assert (found.fate, found.status, found.is_hard) == (fate, code, hard)
    assert found.recipients == {"focal.point@zmb.example"}
    assert found.message_id == "<one.1@secretariat.example>"
    assert found.said == "550 5.1.1 No such mailbox"
    assert found.returned_to == ("reviews@secretariat.example",)


def test_a_report_may_return_headers_alone_or_nothing() -> None:
    assert dsn.read(status(returned="text/rfc822-headers")).message_id
    assert dsn.read(status(returned="")).message_id == ""


def test_a_report_names_the_address_that_was_written_to_at_first() -> None:
    found = dsn.read(status(fields="Original-Recipient: rfc822;Alias@ZMB.example\r\n"))
    assert found.recipients == {"focal.point@zmb.example", "alias@zmb.example"}


def test_a_complaint_is_read() -> None:
    found = dsn.read(complaint())
    assert (found.fate, found.message_id) == (Fate.COMPLAINED, "<one.1@secretariat.example>")
    assert found.recipients == {"focal.point@zmb.example"}
    with pytest.raises(Unreadable):
        dsn.read(complaint(kind="virus"))


@pytest.mark.parametrize(
    ("action", "code"),
    [("relayed", "2.0.0"), ("expanded", "2.0.0"), ("failed", "2.0.0"), ("delivered", "5.0.0"),
     ("", "5.1.1"), ("failed", ""), ("failed", "5.1"), ("failed", "５.1.1"), ("failed", "9.1.1")],
)  # fmt: skip
def test_what_says_nothing_or_contradicts_itself_is_no_report(action: str, code: str) -> None:
    with pytest.raises(Unreadable):
        dsn.read(status(action=action, status=code))


def _nested(depth: int, kind: str) -> bytes:
    if kind == "rfc822":
        return b"Content-Type: message/rfc822\r\n\r\n" * depth
    head = b"Content-Type: multipart/report; boundary=b%d\r\n\r\n--b%d\r\n"
    return b"".join(head % (one, one) for one in range(depth))


HOSTILE = {
    "nothing": b"",
    "zeros": b"\0" * 1000,
    "no report": b"Subject: Undelivered\r\n\r\nfocal.point@zmb.example 5.1.1\r\n",
    "huge": status() + b"x" * dsn.LARGEST,
    "nested messages": _nested(3000, "rfc822"),
    "nested parts": _nested(1500, "multipart"),
    "many fields": status(fields="X-Field: y\r\n" * 5000 + "Status: 2.0.0\r\n"),
    "two recipients": status(more="Final-Recipient: rfc822;b@b.example\r\nAction: failed\r\n"
                                  "Status: 5.1.1\r\n\r\n"),
    "two statuses": status(fields="Status: 2.0.0\r\n"),
    "unknown charset": status().replace(b"message/delivery-status", b"text/plain; charset=rot13"),
    "base64": status().replace(b"message/delivery-status",
                               b"message/delivery-status\r\nContent-Transfer-Encoding: base64"),
    "wrong boundary": status().replace(b"--frontier", b"--elsewhere"),
    "cut off": status()[:300],
    "utf-16": status().decode().encode("utf-16"),
    "bytes": bytes(range(256)) * 200,
    "a type of its own": status().replace(b"-type=delivery-status", b"-type*=x''%FF%00"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_message_is_refused_and_quoted_nowhere(what: str) -> None:
    with pytest.raises(Unreadable) as caught:
        dsn.read(HOSTILE[what])
    assert "zmb" not in str(caught.value)
    assert len(str(caught.value)) < 60


def test_words_of_a_server_are_one_short_plain_line() -> None:
    words = "550 a\r\n\tb \x1b[31m\u202e red \x00 " + "x" * 1000
    found = dsn.read(status(diagnostic=words.encode("utf-8", "replace").decode("latin-1")))
    assert len(found.said) <= 300
    assert found.said.isprintable()


@pytest.mark.parametrize(
    "page", [name for name in links.PATHS if "{token}" in links.PATHS[name][1]]
)
def test_a_secret_that_a_server_quotes_is_left_out(page: str) -> None:
    for secret in (token_urlsafe(32), "t17." + "0f" * 16, "t17." + "0f" * 15 + "0"):
        link = "https://reviews.example" + links.PATHS[page][1].format(token=secret)
        for quoted in (
            link,
            quote(link, safe=""),
            link.upper(),
            "x" * (290 - len(link)) + f" {link}",
        ):
            said = dsn.plain(f"550 5.7.1 {quoted}, which is on a list")
            assert secret.lower() not in said.lower()
            assert secret[:20].lower() not in said.lower()
    assert "on a list" in dsn.plain(f"550 5.7.1 {link}, which is on a list")


def test_a_secret_without_its_link_is_left_out_too() -> None:
    secret = token_urlsafe(32)
    assert dsn.plain(f"550 5.7.1 bad word: {secret}.") == "550 5.7.1 bad word: …."


@pytest.mark.parametrize(
    "given",
    ["<a@b>\r\nBcc: c@d.example", "a@b.example", "<>", "<a b@c.example>", "<" + "x" * 300 + "@c>"],
)
def test_a_message_id_is_taken_only_as_it_can_be_ours(given: str) -> None:
    assert dsn.read(status(message_id=given)).message_id in {"", "<a@b>"}


# Return addresses ------------------------------------------------------------------------------


def test_a_return_address_names_its_mail_and_cannot_be_made_by_others() -> None:
    path = ReturnPath("bounces.example", SECRET)
    address = path.address(17, "reviews@secretariat.example")
    assert path.number_of_address(address) == 17
    assert path.number_of_address(address.upper().replace(path.tag(17).upper(), path.tag(17))) == 17
    for forged in (
        address.replace("17.", "18."),
        address[:-20] + "x" * 20,
        address.replace("@bounces.example", "@other.example"),
        ReturnPath("bounces.example", SECRET + "!").address(17, ""),
        "bounces@bounces.example",
        "bounces+" + "9" * 40 + ".00000000000000000000@bounces.example",
        "",
    ):
        assert path.number_of_address(forged) is None, forged
    assert ReturnPath().address(17, "reviews@secretariat.example") == "reviews@secretariat.example"
    assert ReturnPath("", "").tag(17) == ""


# The mailbox -----------------------------------------------------------------------------------


@dataclass
class Folder:
    """A folder of messages behind the few commands of IMAP that are used."""

    messages: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    fetched: list[int] = field(default_factory=list)
    breaks: bool = False
    """The connection ends before a message is marked."""

    def answer(self, name: str, rest: list[str]) -> list[bytes]:
        """The lines that answer a command."""
        number = int(rest[1]) if name in {"UID FETCH", "UID STORE"} else 0
        raw = self.messages.get(number, b"")
        if name == "UID STORE":
            self.seen.add(number)
        if name == "UID SEARCH":
            unseen = sorted(self.messages.keys() - self.seen)
            return [b"* SEARCH " + b" ".join(b"%d" % one for one in unseen)]
        if name == "UID FETCH" and "SIZE" in rest[2]:
            return [b"* 1 FETCH (UID %d RFC822.SIZE %d)" % (number, len(raw))]
        if name == "UID FETCH":
            self.fetched.append(number)
            return [b"* 1 FETCH (UID %d BODY[] {%d}" % (number, len(raw)), raw + b")"]
        return {"CAPABILITY": [b"* CAPABILITY IMAP4rev1"], "SELECT": [b"* 3 EXISTS"]}.get(name, [])


class Conversation(socketserver.StreamRequestHandler):
    """One client of a folder."""

    folder: Folder

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        while line := self.rfile.readline():
            tag, command, *rest = line.decode().split()
            name = f"{command} {rest[0]}" if command == "UID" else command
            if name == "UID STORE" and self.folder.breaks:
                return
            wrong = name == "LOGIN" and rest != ["reports", '"pass"']
            lines = [] if wrong else self.folder.answer(name, rest)
            lines.append(f"{tag} {'NO' if wrong else 'OK'} done".encode())
            self.wfile.write(b"".join(one + b"\r\n" for one in lines))


@contextmanager
def mailbox(folder: Folder) -> Iterator[str]:
    """A server for it; gives its address."""
    handler = type("Mine", (Conversation,), {"folder": folder})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"imap://reports:pass@127.0.0.1:{server.server_address[1]}/Returned"
        server.shutdown()


def test_each_message_is_read_once_and_a_large_one_not_at_all() -> None:
    folder = Folder({1: b"one\r\n", 2: b"x" * (dsn.LARGEST + 1), 7: b"seven\r\n"})
    read: list[bytes] = []
    with mailbox(folder) as url:
        assert returned.each(url, read.append) == 2
        assert returned.each(url, read.append) == 0
    assert read == [b"one\r\n", b"seven\r\n"]
    assert folder.fetched == [1, 7]
    assert folder.seen == {1, 2, 7}


def test_a_message_that_could_not_be_marked_comes_again() -> None:
    folder = Folder({1: b"one\r\n"}, breaks=True)
    read: list[bytes] = []
    with mailbox(folder) as url:
        with pytest.raises(returned.MailboxAway):
            returned.each(url, read.append)
        folder.breaks = False
        assert returned.each(url, read.append) == 1
    assert read == [b"one\r\n"] * 2


def test_a_mailbox_that_is_away_or_closed_to_us_is_said_without_its_password() -> None:
    with mailbox(Folder()) as url:
        wrong = url.replace("pass@", "secretword@")
        with pytest.raises(returned.MailboxAway) as refused:
            returned.each(wrong, print)
    assert "secretword" not in str(refused.value)
    assert isinstance(refused.value.__cause__, imaplib.IMAP4.error)
    with pytest.raises(returned.MailboxAway):
        returned.each(f"imap://reports:pass@127.0.0.1:{free_port()}", print)
