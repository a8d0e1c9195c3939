"""The mailbox to which reports about mails come: read by IMAP, each message once.

A message is marked as seen after what it says has been stored. A crash in between brings it once
more, which changes nothing a second time. Nothing is deleted here.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote, urlsplit

from review.mail.dsn import LARGEST

TIMEOUT: Final = 15.0
"""Seconds for one answer of the server."""
BATCH: Final = 100
"""Messages of one round."""
_PORTS: Final = {"imap": 143, "imap+starttls": 143, "imaps": 993}
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxAway(Exception):
    """The mailbox cannot be read now; the text says why and holds no message."""


def each(url: str, take: Callable[[bytes], None], *, timeout: float = TIMEOUT) -> int:
    """Give ``take`` every message that was not seen yet, then mark it; returns how many.

    The path of ``url`` names the folder, INBOX without one. A message that is larger than any
    report is marked without being read. Raises MailboxAway.
    """
    try:
        server = _connected(url, timeout)
        try:
            return _each(server, take)
        finally:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                server.logout()
            with contextlib.suppress(OSError):
                server.shutdown()
    except (imaplib.IMAP4.error, OSError) as problem:
        raise MailboxAway(type(problem).__name__) from problem


def _connected(url: str, timeout: float) -> imaplib.IMAP4:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    context = ssl.create_default_context()
    server: imaplib.IMAP4
    if parts.scheme == "imaps":
        server = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=timeout)
    else:
        server = imaplib.IMAP4(host, port, timeout=timeout)
    try:
        if parts.scheme == "imap+starttls":
            server.starttls(context)
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        folder = unquote(parts.path.strip("/")) or "INBOX"
        if server.select(f'"{folder}"')[0] != "OK":
            raise MailboxAway("there is no such folder")
    except BaseException:
        server.shutdown()
        raise
    return server


def _each(server: imaplib.IMAP4, take: Callable[[bytes], None]) -> int:
    numbers = server.uid("SEARCH", "UNSEEN")[1][0] or b""
    taken = 0
    for number in numbers.split()[:BATCH]:
        uid = number.decode("ascii")
        raw = _message(server, uid)
        if raw is not None:
            take(raw)
            taken += 1
        server.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")
    return taken


def _message(server: imaplib.IMAP4, uid: str) -> bytes | None:
    """The message without marking it; None for one that is too large or gone."""
    answer = server.uid("FETCH", uid, "(RFC822.SIZE)")[1]
    size = _SIZE.search(answer[0]) if answer and isinstance(answer[0], bytes) else None
    if size is None or int(size[1]) > LARGEST:
        return None
    answer = server.uid("FETCH", uid, "(BODY.PEEK[])")[1]
    found = answer[0] if answer else None
    return found[1] if isinstance(found, tuple) else None
