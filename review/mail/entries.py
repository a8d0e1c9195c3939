"""What a calendar shows of a review, in words: deadlines, the dialogue, sessions of the Group.

Mails and the calendar of a person speak with these same words. They say what mails say and no more:
the place of a visit or meeting, which somebody wrote freely, is on the page of the review.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from review import languages, links, reference
from review.mail.facts import CYCLES
from review.mail.ical import Entry
from review.mail.voice import Voice
from workflows.spec import Milestone, Process

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class About:
    """The review that an entry is about. ``linked``: its reader can sign in and open the page."""

    review_id: int
    iso3: str
    process: Process
    linked: bool = True

    def state(self, voice: Voice) -> str:
        """The State under review."""
        return voice.name(reference.party(self.iso3).name)

    def title(self, voice: Voice) -> str:
        """The review: "Zambia, first cycle, chapters III and IV"."""
        chapters = self.process.chapters
        cycle = next(n for n, those in reference.CHAPTERS_OF_CYCLE.items() if those == chapters)
        listed = voice.listed(list(chapters))
        return voice.gettext(CYCLES[cycle], state=self.state(voice), chapters=listed)

    @property
    def link(self) -> str:
        """The page of the review: never a link that opens without signing in."""
        return links.absolute("review", review_id=self.review_id) if self.linked else ""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a day ends: the zone, its place in English words, and the zone of the reader."""

    zone: str
    place: str
    reader: str


def spoken(code: str, say: Callable[[Voice], T]) -> T:
    """What somebody says in a language or, where that lacks a text of it, in English."""
    voice = Voice(code)
    said = say(voice)
    return said if voice.is_complete else say(Voice(languages.SOURCE))


def deadline(
    voice: Voice,
    about: About,
    milestone: Milestone,
    slot: int,
    *,
    on: date,
    where: Where,
    changed_at: datetime,
) -> Entry:
    """Something that is owed by a day. ``slot``: the side, or the number of a question."""
    task = _task(voice, about.process, milestone, slot)
    day = voice.dates.due(on, where.zone, where.place, now=changed_at, mine=where.reader)
    return Entry(
        key=f"due.{milestone.key}.{slot}.{about.review_id}",
        summary=voice.gettext("Due: %(task)s (%(state)s)", task=task, state=about.state(voice)),
        lines=(task, about.title(voice), day.main, day.yours),
        first=on,
        last=on,
        changed_at=changed_at,
        link=about.link,
    )


def _task(voice: Voice, process: Process, milestone: Milestone, slot: int) -> str:
    """The step by which it is done; what is reached, where no step of the owner leads there."""
    if milestone.repeats:
        return voice.gettext("Answer question %(number)s", number=slot)
    actor = milestone.owner_of(slot).actor
    steps = [step for step in process.steps_for(milestone.key) if actor in step.by]
    return voice.gettext(steps[0].label if steps else milestone.label)


def dialogue(
    voice: Voice,
    about: About,
    first: date,
    last: date,
    *,
    changed_at: datetime,
    called_off: bool = False,
    without_me: bool = False,
) -> Entry:
    """The visit or meeting of a review, on the days that were set for it.

    ``called_off``: for nobody any more; ``without_me``: its reader has left the review.
    """
    days = voice.gettext(
        "Dialogue from %(first)s to %(last)s", first=voice.day(first), last=voice.day(last)
    )
    place = voice.gettext("The place is on the page of the review.")
    if called_off:
        place = voice.gettext("These days were taken back.")
    elif without_me:
        place = voice.gettext("It takes place without you: your part in this review has ended.")
    return Entry(
        key=f"dialogue.{about.review_id}",
        summary=voice.gettext("Country review of %(state)s: dialogue", state=about.state(voice)),
        lines=(about.title(voice), days, place),
        first=first,
        last=last,
        changed_at=changed_at,
        link=about.link,
        busy=True,
        goes_on=without_me,
    )


def session(
    voice: Voice, number: int, title: str, place: str, first: date, last: date, since: datetime
) -> Entry:
    """A session of the Implementation Review Group. Its name is entered in one language."""
    return Entry(
        key=f"session.{number}",
        summary=title,
        lines=(voice.gettext("Session of the Implementation Review Group"),),
        first=first,
        last=last,
        changed_at=since,
        place=place,
    )
