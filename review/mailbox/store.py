"""Messages as numbered .eml files in one folder, the newest with the highest number."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

_NAME: Final = re.compile(r"(\d{6,})\.eml")
_DELIVERED_TO: Final = "X-Delivered-To"


@dataclass(frozen=True, slots=True)
class Mail:
    """One received message."""

    number: int
    sender: str
    recipients: tuple[str, ...]
    """Bare addresses that the server was told to deliver to, in lower case."""
    to: str
    """The To header, as a mail program shows it."""
    subject: str
    sent_at: datetime | None
    """The Date header, in UTC; None where it is missing or unreadable."""
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    attachments: tuple[str, ...]


class Store:
    """A folder of messages. Safe to be read by one process while another adds."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self._lock = Lock()

    def add(self, content: bytes, recipients: list[str]) -> int:
        """Keep a message as it was sent, with the addresses it was sent to; gives its number.

        Raises OSError when it cannot be written; nothing is kept then.
        """
        delivered_to = f"{_DELIVERED_TO}: {', '.join(recipients)}\r\n".encode()
        with self._lock:
            number = max(self.numbers(), default=0) + 1
            unfinished = self.folder / f"{number:06}.part"
            unfinished.write_bytes(delivered_to + content)
            unfinished.rename(self._path(number))
        return number

    def numbers(self) -> list[int]:
        """The numbers of all messages, newest first."""
        found = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted((int(match[1]) for match in found if match), reverse=True)

    def mails(self, recipient: str = "") -> Iterator[Mail]:
        """The messages, newest first; only those delivered to `recipient` if one is named."""
        for number in self.numbers():
            mail = self.mail(number)
            if mail and (not recipient or recipient.lower() in mail.recipients):
                yield mail

    def mail(self, number: int) -> Mail | None:
        """One message; None if there is none of this number."""
        try:
            return _read(self._path(number))
        except FileNotFoundError:
            return None

    def source(self, number: int) -> bytes | None:
        """A message as it was received; None if there is none of this number."""
        try:
            content = self._path(number).read_bytes()
        except FileNotFoundError:
            return None
        return content.partition(b"\r\n")[2]

    def recipients(self) -> list[str]:
        """Every address that has received something, in alphabetical order."""
        return sorted({address for mail in self.mails() for address in mail.recipients})

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06}.eml"


@lru_cache(maxsize=4096)  # a message never changes once it is there
def _read(path: Path) -> Mail:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    delivered_to = str(message.get(_DELIVERED_TO, ""))
    return Mail(
        number=int(path.stem),
        sender=str(message.get("From", "")),
        recipients=tuple(address.lower() for _, address in getaddresses([delivered_to])),
        to=str(message.get("To", "")),
        subject=str(message.get("Subject", "")),
        sent_at=_moment(str(message.get("Date", ""))),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        headers=tuple((n, str(v)) for n, v in message.items() if n != _DELIVERED_TO),
        attachments=tuple(part.get_filename() or "" for part in message.iter_attachments()),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _moment(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None
