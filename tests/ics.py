"""Reads calendar files as strictly as the strictest of the programs that take them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any

from icalendar import Calendar, Event

NEEDED = ("UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "ORGANIZER")


def read(content: Any) -> Calendar:
    """A calendar file, in bytes, that follows RFC 5545 to the letter."""
    assert isinstance(content, bytes)
    assert content.startswith(b"BEGIN:VCALENDAR\r\n")
    assert content.endswith(b"END:VCALENDAR\r\n")
    lines = content.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode("utf-8")  # folding never cuts a character
    calendar = Calendar.from_ical(content)
    assert isinstance(calendar, Calendar)
    assert not calendar.errors
    assert calendar["PRODID"]
    assert calendar["VERSION"] == "2.0"
    assert calendar["METHOD"] in {"PUBLISH", "REQUEST", "CANCEL"}
    events = events_of(calendar)
    # of an entry that is taken from one guest and goes on, RFC 5546 forbids a status
    assert calendar["METHOD"] == "CANCEL" or all("STATUS" in event for event in events)
    assert len({event["UID"] for event in events}) == len(events)
    for event in events:
        _check(event)
    return calendar


def events_of(calendar: Calendar) -> list[Any]:
    """The entries of a calendar; there is nothing else in it."""
    events: list[Any] = [one for one in calendar.subcomponents if isinstance(one, Event)]
    assert len(events) == len(calendar.subcomponents)
    return events


def _check(event: Any) -> None:
    assert not event.errors
    for name in NEEDED:
        assert not isinstance(event[name], list), name
    assert "@" in event["UID"]
    assert 0 <= int(event["SEQUENCE"]) < 2**31
    stamp = event.decoded("DTSTAMP")
    assert isinstance(stamp, datetime)
    assert stamp.tzinfo is not None
    assert stamp.utcoffset() == UTC.utcoffset(None)
    first, end = event.decoded("DTSTART"), event.decoded("DTEND")
    assert type(first) is date
    assert type(end) is date
    assert first < end, "the end of a whole day is the day after"
    assert event["DTSTART"].params["VALUE"] == event["DTEND"].params["VALUE"] == "DATE"
    assert str(event["SUMMARY"]).strip()
    assert str(event["ORGANIZER"]).startswith("mailto:")


def only(calendar: Calendar) -> Any:
    """The one entry of a calendar."""
    (event,) = events_of(calendar)
    return event


def days(event: Any) -> tuple[str, str]:
    """First day and exclusive end."""
    return event.decoded("DTSTART").isoformat(), event.decoded("DTEND").isoformat()


def attached(message: EmailMessage) -> dict[str, Any]:
    """The calendar files that lie beside the text of a mail, by name."""
    return {
        str(part.get_filename()): part.get_payload(decode=True)
        for part in message.iter_attachments()
    }
