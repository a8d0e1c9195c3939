"""The page of the projector: which lot is shown, what it says in two languages, what is pressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

from flask import url_for

from review.languages import N_
from review.web.draw_room_view import Result, RoomView, Shown
from review.web.draw_words import SILENT, Both, Room
from review.web.words import _
from workflows.announcement import Announcement, Kind, ReviewersAnnouncement


@dataclass(frozen=True, slots=True)
class Go:
    """What a key does. ``kind`` is ``draw`` (a form that posts), ``follow`` (a link) or empty."""

    kind: str
    label: str = ""
    href: str = ""
    number: int = 0
    query: Mapping[str, Any] = field(default_factory=dict)


NOTHING: Final = Go("")


@dataclass(frozen=True, slots=True)
class Light:
    """Whether the draw can be completed, and why."""

    possible: bool
    word: Both
    why: Both


@dataclass(frozen=True)
class RoomPage:
    """What the template of the projector shows around a lot."""

    draw_id: int
    view: RoomView
    title: str
    commitment: str
    shown: Shown | None = None
    stands: Both = SILENT
    read_out: str = ""
    session: str = ""
    done: int = 0
    rehearsal: bool = False
    light: Light | None = None
    go: Go = NOTHING
    also: tuple[Go, ...] = ()
    results: tuple[Result, ...] = ()
    left_out: int = 0
    kept: Mapping[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many lots the draw has."""
        return len(self.view.announcement.lots)

    @property
    def progress(self) -> bool:
        """Whether the bar of lots drawn says anything."""
        return self.total > 1

    @property
    def count(self) -> Both:
        """Which lot this is of how many."""
        number = self.shown.number if self.shown else self.done
        return self.view.room.say(
            N_("Lot %(number)s of %(total)s"), number=number, total=self.total
        )

    @property
    def back(self) -> str:
        """The page of the draw."""
        return url_for("draws.show", draw_id=self.draw_id)


def words(
    room: Room, announcement: Announcement, shown: Shown | None, *, running: bool
) -> SimpleNamespace:
    """The headings of the projector."""
    years = announcement.kind is Kind.YEARS
    candidates = shown.candidates if shown else ()
    return SimpleNamespace(
        **{name: room.say(text) for name, text in _WORDS.items()},
        bowl=room.both(
            lambda tongue: tongue.ngettext(
                "%(num)s State in the bowl", "%(num)s States in the bowl", len(candidates)
            )
        ),
        tickets=room.say(_TICKETS, tickets=max((one.tickets for one in candidates), default=1)),
        results=room.say(N_("Results so far") if running else N_("Results")),
        heads=[room.say(head) for head in (_YEAR_HEADS if years else _HEADS)],
    )


_TICKETS: Final = N_(
    "×%(tickets)s: so many tickets, for a similar legal system; others have one (para. 19)."
)
_HEADS: Final = (N_("Under review"), N_("First reviewer"), N_("Second reviewer"))
_YEAR_HEADS: Final = (N_("Under review"), N_("Year"))
_WORDS: Final = {
    "outside": N_("Not in the bowl, and why"),
    "nobody_outside": N_("Every State is in the bowl."),
    "no_results": N_("No lot is drawn yet."),
    "next": N_("next"),
    "commitment": N_("Commitment:"),
    "read_out": N_("numbers read out:"),
    "anyone": N_("Anyone can repeat the draw from these."),
    "rehearsal": N_("Rehearsal: nothing is recorded, the real lots will be others"),
}


def light(room: Room, announcement: Announcement, *, possible: bool = True) -> Light:
    """The light of a draw. A draw that is announced can be completed, or it would not be one."""
    if not possible:
        return Light(
            False,
            room.say(N_("The draw cannot be completed")),
            room.say(N_("Nothing is drawn. The page of the draw says why.")),
        )
    word = room.say(N_("The draw can be completed"))
    if not isinstance(announcement, ReviewersAnnouncement):
        why = N_("Whichever lot is drawn, every State gets a year and every year its States.")
        return Light(True, word, room.say(why))
    why = N_(
        "Whichever lot is drawn, every State can still end the cycle with %(least)s to "
        "%(most)s reviews."
    )
    rules = announcement.rules
    return Light(True, word, room.say(why, least=rules.least, most=rules.most))


def label(number: int) -> str:
    """The words on the button that draws a lot."""
    return _("Draw lot %(number)s", number=number)
