"""What a mail carries for the reader's calendar: an invitation, its withdrawal, own deadlines.

An invitation is a REQUEST (RFC 5546) to its one reader, and stands twice in the mail. Once as the
last alternative beside text and HTML, where Outlook and Gmail look for it: they show it with the
mail, move the entry when the days change and take it away when they are taken back. A PUBLISH would
leave all of that to the reader, and Outlook would keep the old days beside the new. And once as a
file, for programs that know no calendars. No answer is asked for: days are agreed on the page of
the review, and "declined" in a mail program would change nothing there.

A deadline is nobody's invitation: it is a file of its own that its reader may put into a calendar
(PUBLISH), never an alternative, which Outlook would show in place of the mail. One file each, since
Outlook makes a whole calendar of a file with several. A digest carries none: whoever wants all
deadlines has the calendar of the account page.

An invitation goes with the office: whoever takes it over is invited to the same entry, and whoever
leaves it is sent a CANCEL for themselves alone. Both are later than the mail that set the days.

The introductory call has no moment before it is recorded as held, and a dialogue that was held
needs no invitation: neither is among these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parseaddr
from typing import Any, Final

from review import reference
from review.mail import due, entries, ical, owed
from review.mail.entries import About, Where
from review.mail.ical import Entry, Mailbox, Method
from review.mail.letter import Letter
from review.mail.voice import Voice
from workflows.registry import process

INVITES: Final = "dialogue_scheduled"


@dataclass(frozen=True, slots=True)
class Attached:
    """A calendar file of a mail. One that ``invites`` is an alternative to its text as well."""

    filename: str
    method: Method
    content: str

    @property
    def invites(self) -> bool:
        """Whether the reader's calendar follows it, and not the reader's hand."""
        return self.method is not Method.PUBLISH


def of(letter: Letter, code: str, *, sender: str, now: datetime) -> tuple[Attached, ...]:
    """The calendar files of a letter, in the language of the mail or else in English.

    ``sender``: the From address, with or without a name; ``now``: when the mail is written.
    """
    if letter.review_id is None:
        return ()
    return entries.spoken(code, lambda voice: tuple(_all(letter, voice, sender, now)))


def _all(letter: Letter, voice: Voice, sender: str, now: datetime) -> Iterator[Attached]:
    secretariat = Mailbox(*parseaddr(sender))
    language = voice.language.code
    found = _dialogue(letter, voice, now)
    if found is not None:
        entry, method = found
        guest = Mailbox(str(letter.params.get("title", "")), letter.address)
        content = ical.written(
            [entry], language=language, secretariat=secretariat, method=method, guest=guest
        )
        yield Attached("invite.ics", method, content.decode())
    for number, entry in enumerate(_deadlines(letter, voice, now), start=1):
        content = ical.written([entry], language=language, secretariat=secretariat)
        name = f"deadline-{number}.ics" if number > 1 else "deadline.ics"
        yield Attached(name, Method.PUBLISH, content.decode())


def _about(letter: Letter) -> About:
    p, review_id = letter.params, letter.review_id
    if review_id is None:
        raise ValueError("the letter is about no review")
    linked = p["role"] != "mission" and not p.get("leaves")
    return About(review_id, p["state"], process(p["process"]), linked)


def _dialogue(letter: Letter, voice: Voice, now: datetime) -> tuple[Entry, Method] | None:
    """The visit or meeting: set, called off, or taken over with an office and left with it."""
    p = letter.params
    former = p.get("called_off")
    gone = former or p.get("leaves_dialogue")
    days = gone or p.get("joins_dialogue") or (p if letter.notice == INVITES else None)
    if days is None:
        return None
    entry = entries.dialogue(
        voice,
        _about(letter),
        date.fromisoformat(days["first_day"]),
        date.fromisoformat(days["last_day"]),
        changed_at=_changed_at(p, now),
        called_off=bool(former),
        without_me=bool(p.get("leaves_dialogue")),
    )
    return entry, Method.CANCEL if gone else Method.REQUEST


def _deadlines(letter: Letter, voice: Voice, now: datetime) -> Iterator[Entry]:
    """The dates in a mail that its reader's side owes and that are not over."""
    p = letter.params
    along = ({**p, **one, "slot_of_milestone": one["slot"], "slot": p["slot"]}
             for one in p.get("moved_along", ()))  # fmt: skip
    for one in (p, *along):
        found = due.of(one, voice, now, letter.days_off)
        if not (found.known and found.yours) or found.late:
            continue
        item = process(p["process"]).milestone(one["milestone"])
        yield entries.deadline(
            voice,
            _about(letter),
            item,
            owed.number_of(one),
            on=date.fromisoformat(one.get("new_date") or one["due"]),
            where=_where(p),
            changed_at=_changed_at(p, now),
        )


def _where(params: Mapping[str, Any]) -> Where:
    """Where the days of the reader's own side end."""
    zone, place = due.OFFICE
    if params.get("due_zone"):
        zone, place = params["due_zone"], params["due_place"]
    elif params["for_state"]:
        own = reference.party(params["for_state"])
        zone, place = own.time_zone, own.place
    return Where(zone, place, params["time_zone"])


def _changed_at(params: Mapping[str, Any], now: datetime) -> datetime:
    """When the step was taken that the mail tells of.

    A reminder tells of none. It leaves only while its date stands, so it is as new as itself.
    """
    return datetime.fromisoformat(params["at"]) if "at" in params else now
