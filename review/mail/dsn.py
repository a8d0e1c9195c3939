"""Reports about mails: RFC 3464 (delivery status) and RFC 5965 (complaints), read strictly.

A report comes from anywhere and may say anything. What is not exactly a report about one recipient
is `Unreadable`; nothing is guessed from subjects or texts. What a server says in words is kept
short, in one line, without secret links and without anything that is not printable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from email.parser import HeaderParser
from enum import StrEnum
from typing import Final

from review import seals
from review.mail import codes

LARGEST: Final = 256 * 1024
"""Bytes of a report; more is not read."""
_NESTED: Final = 12
"""So many parts inside each other are named at the most: a report and a whole mail have five."""
_SAID: Final = 300
_STATUS: Final = re.compile(r"(?a:([245])\.\d{1,3}\.\d{1,3})(?!\S)")
_ADDRESS: Final = re.compile(r"(?a:[!-;=?A-~]{1,64}@[A-Z0-9.-]{1,189})", re.IGNORECASE)
_MESSAGE_ID: Final = re.compile(r"(?a:<[!-;=?-~]{1,196}>)")
_TOKEN: Final = re.compile(r"(?a:(?<![\w-])[\w-]{43}(?![\w-]))")
"""A word as long as the secret in a link to an account, without its link."""
_SENT_TO: Final = ("To", "Delivered-To", "X-Original-To", "Envelope-To")


class Unreadable(Exception):
    """Not a report about one mail to one recipient; the text says why, without its content."""


class Fate(StrEnum):
    """What became of a mail after the mail server took it, each outdone by the next."""

    DELAYED = "delayed"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


_CLASSES: Final = {
    Fate.DELAYED: ("4",),
    Fate.DELIVERED: ("2",),
    Fate.BOUNCED: ("5", "4"),
    Fate.COMPLAINED: ("",),
}
"""Of the status that fits a fate."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported about one mail."""

    fate: Fate
    status: str = ""
    """RFC 3463, such as 5.1.1; empty in a complaint."""
    said: str = ""
    recipients: frozenset[str] = frozenset()
    """The address that it is about, in small letters, and the one that was written to at first."""
    message_id: str = ""
    """Of the mail, from its returned headers."""
    envelope_id: str = ""
    returned_to: tuple[str, ...] = ()
    """The addresses to which the report itself was sent."""

    @property
    def is_hard(self) -> bool:
        """Whether the address will not take any mail: permanent, and about the address."""
        permanent = self.fate is Fate.BOUNCED and self.status.startswith("5")
        return permanent and codes.is_about_address(self.status)


def read(raw: bytes) -> Report:
    """The report in a message. Raises Unreadable."""
    if len(raw) > LARGEST:
        raise Unreadable("too large")
    small = raw.lower()
    if max(small.count(b"boundary"), small.count(b"message/")) > _NESTED:
        raise Unreadable("too many parts")
    try:
        return _read(message_from_bytes(raw, policy=policy.compat32))
    except Unreadable:
        raise
    except Exception as problem:  # whatever the parser of a stranger's message stumbles over
        raise Unreadable(type(problem).__name__) from problem


def _read(message: Message) -> Report:
    if message.get_content_type() != "multipart/report":
        raise Unreadable("not a report")
    parts = _parts(message)
    if not 2 <= len(parts) <= 3:
        raise Unreadable("not the parts of a report")
    kind = str(message.get_param("report-type", "")).lower()
    wanted = {
        "delivery-status": ("message/delivery-status", _status),
        "feedback-report": ("message/feedback-report", _complaint),
    }
    if kind not in wanted:
        raise Unreadable("another kind of report")
    media_type, of = wanted[kind]
    if parts[1].get_content_type() != media_type:
        raise Unreadable("not the parts of a report")
    if _text(parts[1], "Content-Transfer-Encoding").lower() in {"base64", "quoted-printable"}:
        raise Unreadable("encoded")  # RFC 3464, 2.1: fields are plain
    return of(message, parts[1], _returned(parts[2]) if len(parts) == 3 else None)


def _parts(message: Message) -> list[Message]:
    """The parts of a message; those of a delivery status are its groups of fields."""
    inside = message.get_payload()
    return [one for one in inside if isinstance(one, Message)] if isinstance(inside, list) else []


def _status(message: Message, part: Message, returned: Message | None) -> Report:
    """RFC 3464, 2.1: fields about the message, then a group of fields for each recipient."""
    about, *recipients = [group for group in _parts(part) if group.keys()] or [Message()]
    if len(recipients) != 1:
        raise Unreadable("not one recipient")
    one = recipients[0]
    status = _STATUS.match(_only(one, "Status"))
    if status is None:
        raise Unreadable("no status")
    return Report(
        fate=_fate(_only(one, "Action").lower(), status[1]),
        status=status[0],
        said=plain(_typed(_text(one, "Diagnostic-Code"))),
        recipients=frozenset(_addresses(one, "Final-Recipient", "Original-Recipient")),
        message_id=_message_id(returned),
        envelope_id=_text(about, "Original-Envelope-Id")[:100],
        returned_to=_sent_to(message),
    )


def of_fields(given: Mapping[str, str]) -> Report:
    """A report in plain fields: fate, status, diagnostic, recipient, message_id, envelope_id.

    The status has to fit the fate. Raises Unreadable.
    """
    status = _STATUS.fullmatch(given.get("status", ""))
    try:
        fate = Fate(given.get("fate", ""))
    except ValueError:
        raise Unreadable("no such fate") from None
    if (status[1] if status else "") not in _CLASSES[fate]:
        raise Unreadable("a status that does not fit")
    to = _ADDRESS.fullmatch(given.get("recipient", ""))
    message_id = _MESSAGE_ID.fullmatch(given.get("message_id", ""))
    return Report(
        fate=fate,
        status=status[0] if status else "",
        said=plain(given.get("diagnostic", "")),
        recipients=frozenset({to[0].lower()} if to else ()),
        message_id=message_id[0] if message_id else "",
        envelope_id=given.get("envelope_id", "")[:100],
    )


def _fate(action: str, status_class: str) -> Fate:
    """RFC 3464, 2.3.3 and RFC 3463, 3.1. A server that gave up for now has given up all the same.

    ``relayed`` and ``expanded`` say nothing about what follows.
    """
    known = {
        ("failed", "5"): Fate.BOUNCED,
        ("failed", "4"): Fate.BOUNCED,
        ("delayed", "4"): Fate.DELAYED,
        ("delivered", "2"): Fate.DELIVERED,
    }
    if (action, status_class) not in known:
        raise Unreadable("nothing that follows from it")
    return known[action, status_class]


def _complaint(message: Message, part: Message, returned: Message | None) -> Report:
    """RFC 5965, 3: only what calls itself abuse; reports of fraud and viruses are not about us."""
    fields = (_parts(part) or [Message()])[0]
    if _only(fields, "Feedback-Type").lower() != "abuse":
        raise Unreadable("another kind of complaint")
    return Report(
        fate=Fate.COMPLAINED,
        recipients=frozenset(_addresses(fields, "Original-Rcpt-To")),
        message_id=_message_id(returned),
        envelope_id=_text(fields, "Original-Envelope-Id")[:100],
        returned_to=_sent_to(message),
    )


def _returned(part: Message) -> Message | None:
    """The headers of the mail itself: it comes back whole, or as its headers alone."""
    kind, inside = part.get_content_type(), _parts(part)
    if kind == "message/rfc822" and len(inside) == 1:
        return inside[0]
    if kind == "text/rfc822-headers":
        text = part.get_payload(decode=True)
        if isinstance(text, bytes):
            return HeaderParser(policy=policy.compat32).parsestr(text.decode("latin-1"))
    return None


def _message_id(returned: Message | None) -> str:
    if returned is None:
        return ""
    found = _MESSAGE_ID.fullmatch(_only(returned, "Message-ID"))
    return found[0] if found else ""


def _sent_to(message: Message) -> tuple[str, ...]:
    found = (str(value) for name in _SENT_TO for value in message.get_all(name, [])[:5])
    return tuple(one[0] for text in found for one in _ADDRESS.finditer(text[:2000]))


def _addresses(fields: Message, *names: str) -> Iterator[str]:
    """`rfc822; somebody@example.org`, with or without angle brackets."""
    for name in names:
        found = _ADDRESS.fullmatch(_typed(_text(fields, name)).strip("<> "))
        if found is not None:
            yield found[0].lower()


def _typed(text: str) -> str:
    """A value without the type in front of it: `smtp; 550 …`, `rfc822; …`."""
    kind, mark, value = text.partition(";")
    return value.strip() if mark and kind.strip().isalnum() else text


def _only(fields: Message, name: str) -> str:
    """The value of a field that stands exactly once; empty otherwise."""
    return _text(fields, name) if len(fields.get_all(name, [])) == 1 else ""


def _text(fields: Message, name: str) -> str:
    return " ".join(str(fields.get(name, "")).split())


def plain(text: str) -> str:
    """A server's words in one short line: no line ends, no marks of direction, no control codes.

    Servers quote links that they dislike. A secret is taken out before the line is cut: one that
    lacks its last letter is soon guessed.
    """
    shown = "".join(one if one.isprintable() and one != "\ufffd" else " " for one in text)
    return _TOKEN.sub("…", seals.veiled(" ".join(shown.split())))[:_SAID]
