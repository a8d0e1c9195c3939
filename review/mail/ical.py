"""Calendar files (RFC 5545) as mail programs and calendars take them: whole days, nothing else.

A deadline is a calendar day that ends at midnight in the capital of whoever owes it, and a dialogue
has days and no hours. So every entry is VALUE=DATE and shows on the same day wherever it is read;
an instant would stand on the next day for a reader east of that capital. The words of an entry name
the place where its day ends.

The UID of an entry never changes. Its SEQUENCE is the second of its last change, counted from 2000:
it rises with every change, is taken from what is stored, and says nothing of anything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from unicodedata import category

if TYPE_CHECKING:
    from icalendar import Event, vCalAddress

PRODUCT: Final = "-//Country reviews//Deadlines and meetings//EN"
_START: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NOT_IN_NAMES: Final = str.maketrans({'"': "'", "\\": "/"})
"""What a parameter cannot hold, or programs read differently."""


class Method(StrEnum):
    """What is done with an entry (RFC 5546): shown to anybody, somebody asked to come, or not."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``first`` and ``last`` are days, both of them included."""

    key: str
    """What it is about, such as dialogue.12; with the domain of the secretariat it is the UID."""
    summary: str
    lines: tuple[str, ...]
    """The description. Nothing here is confidential: a calendar is often open to colleagues."""
    first: date
    last: date
    changed_at: datetime
    link: str = ""
    place: str = ""
    busy: bool = False
    """Whether the reader is away on these days; a deadline takes no time."""
    goes_on: bool = False
    """Whether it takes place without the guest from whom it is taken away."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Somebody whom an entry names: the secretariat, or who is invited."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """Of the address."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Feed:
    """What a calendar says of itself that is fetched again and again."""

    name: str
    every: timedelta


def written(
    entries: Iterable[Entry],
    *,
    language: str,
    secretariat: Mailbox,
    method: Method = Method.PUBLISH,
    guest: Mailbox | None = None,
    feed: Feed | None = None,
) -> bytes:
    """A calendar file: CRLF, no line longer than 75 octets.

    ``secretariat`` is the organizer: the same address for every mail of the installation, the one
    they are sent from. Calendars take a change from nobody but the first organizer, and some only
    from the sender, so an officer, who may be replaced, cannot be it. ``guest`` belongs to an
    invitation and its withdrawal, ``feed`` to neither.
    """
    from icalendar import Calendar, vDuration

    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", method.value)
    if feed is not None:
        for name in ("name", "x-wr-calname"):
            made.add(name, feed.name)
        made.add("refresh-interval", feed.every, parameters={"VALUE": "DURATION"})
        made.add("x-published-ttl", vDuration(feed.every))  # the same, as Outlook calls it
    for entry in entries:
        made.add_component(_event(entry, language, secretariat, method, guest))
    return bytes(made.to_ical())


def _event(
    entry: Entry, language: str, secretariat: Mailbox, method: Method, guest: Mailbox | None
) -> Event:
    from icalendar import Event

    spoken = {"LANGUAGE": language}
    event = Event()
    event.add("uid", f"{entry.key}@{secretariat.domain}")
    event.add("sequence", max(0, int((entry.changed_at - _START).total_seconds())))
    for name in ("dtstamp", "last-modified"):
        event.add(name, entry.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", entry.first)
    event.add("dtend", entry.last + timedelta(days=1))  # the day after: an end is not included
    lines = filter(None, map(_one_line, (*entry.lines, entry.link)))
    event.add("summary", _one_line(entry.summary), parameters=spoken)
    event.add("description", "\n".join(lines), parameters=spoken)
    if entry.place:
        event.add("location", _one_line(entry.place))
    if entry.link:
        event.add("url", entry.link)
    if method is not Method.CANCEL:
        event.add("status", "CONFIRMED")
    elif not entry.goes_on:  # RFC 5546: CANCELLED is the whole entry, never one guest of it
        event.add("status", "CANCELLED")
    event.add("transp", "OPAQUE" if entry.busy else "TRANSPARENT")
    event.add("organizer", _party(secretariat))
    if guest is not None:
        event.add("attendee", _guest(guest))
    return event


def _guest(guest: Mailbox) -> vCalAddress:
    """The one reader of a mail: an entry names nobody else who is invited, and asks no answer."""
    made = _party(guest)
    made.params["ROLE"] = "REQ-PARTICIPANT"
    made.params["PARTSTAT"] = "NEEDS-ACTION"
    made.params["RSVP"] = "FALSE"
    return made


def _party(who: Mailbox) -> vCalAddress:
    from icalendar import vCalAddress

    made = vCalAddress(f"mailto:{who.address}")
    if name := _one_line(who.name).translate(_NOT_IN_NAMES):
        made.params["CN"] = name
    return made


def _one_line(text: str) -> str:
    """A text without control characters, which no calendar file may hold."""
    return " ".join("".join(" " if category(c) in {"Cc", "Cs"} else c for c in text).split())
