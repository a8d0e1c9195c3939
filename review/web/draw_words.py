"""How the drawing of lots reads: states of a draw, why a State is not in the bowl, two languages.

The projector speaks to a room, so what it says comes as `Both`: the reader's language and a second
one. Everything else on the pages speaks the reader's language alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from review import languages
from review.languages import N_, Language
from workflows.announcement import Announcement, ReviewersAnnouncement
from workflows.lots import Board

STATES: Final = {
    "prepared": N_("Prepared, nothing public yet"),
    "published": N_("Commitment published"),
    "open": N_("Lots are being drawn"),
    "drawn": N_("All lots drawn, not recorded yet"),
    "recorded": N_("Recorded"),
    "void": N_("Void"),
}
PURPOSES: Final = {
    "regular": N_("Reviewing States of the year"),
    "repeat": N_("Repeats that States asked for"),
    "replacement": N_("Replacement of States that withdrew"),
    "deferred": N_("Reviews deferred into the year"),
    "late": N_("States that joined after the years were drawn"),
    "completion": N_("Places left open"),
}
MODES: Final = {
    "lot_by_lot": N_("Lot by lot"),
    "whole": N_("All lots at once"),
}
MODE_HELP: Final = {
    "lot_by_lot": N_(
        "One State after the other is drawn in the room. Who is in the bowl depends on what was "
        "drawn before, so not every outcome is equally likely."
    ),
    "whole": N_(
        "One outcome is drawn from all that keep the rules, as evenly as can be. It is drawn "
        "behind one button and shown pair by pair."
    ),
}


@dataclass(frozen=True, slots=True)
class Both:
    """A text in the reader's language and in the second one, empty where there is none."""

    first: str
    second: str


SILENT: Final = Both("", "")


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language to speak in."""

    language: Language

    def gettext(self, text: str, **values: Any) -> str:
        """A text in this language, with values put in."""
        said = languages.translations(self.language.code).gettext(text)
        return said % values if values else said

    def ngettext(self, one: str, many: str, num: int, **values: Any) -> str:
        """A text in the form for a number, which it may name as %(num)s."""
        said = languages.translations(self.language.code).ngettext(one, many, num)
        return said % {"num": num, **values}


@dataclass(frozen=True, slots=True)
class Room:
    """The two languages of a room."""

    reader: Tongue
    second: Tongue

    @classmethod
    def of(cls, reader: str, second: str) -> Room:
        """A room for these codes; without another one, French beside English, else English."""
        if second not in languages.CODES or second == reader:
            second = "fr" if reader == languages.SOURCE else languages.SOURCE
        return cls(Tongue(languages.find(reader)), Tongue(languages.find(second)))

    def say(self, text: str, **values: Any) -> Both:
        """A text, with values put in, in both languages."""
        return Both(self.reader.gettext(text, **values), self.second.gettext(text, **values))

    def both(self, said: Callable[[Tongue], str]) -> Both:
        """A text in both languages."""
        return Both(said(self.reader), said(self.second))


def grouped(number: str) -> str:
    """Hexadecimal digits in groups of four: they are read out and compared by eye."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def group_name(tongue: Tongue, group: str | None) -> str:
    """A regional group, or the words for parties that belong to none."""
    return tongue.gettext(group) if group else tongue.gettext("No regional group")


# Why a State is not in the bowl ------------------------------------------------------------------


def why_closed(
    tongue: Tongue, reason: str, announcement: Announcement, board: Board | None, state: str
) -> str:
    """The reason for which States are not in the bowl of a lot, without their names."""
    if isinstance(announcement, ReviewersAnnouncement) and board is not None:
        return _why_no_reviewer(tongue, reason, board, state)
    return tongue.gettext(_NO_YEAR[reason])


_NO_YEAR: Final = {
    "placed": N_("year of review drawn already"),
    "volunteers_first": N_("another State of the group offered itself for this year"),
    "volunteers_later": N_("offered to be reviewed in a later year"),
}
_NO_REVIEWER: Final = {
    "itself": N_("under review"),
    "already": N_("reviews this State already"),
    "other_group": N_("of other regional groups: this lot is for a State of the same group"),
    "not_serving": N_("takes no further reviews: withdrawn, or no list of experts"),
    "excused": N_("asked not to review in year %(year)s, terms of reference, para. 20"),
    "repeated": N_("drawn before: this lot repeats that one"),
    "mutual": N_("reviewed by %(state)s: no two States review each other, para. 19"),
    "most": N_("at %(most)s reviews, the limit for the cycle, para. 20"),
    "working_most": N_("at %(working_most)s reviews, the limit before year %(last_year)s"),
    "no_completion": N_(
        "held back: if drawn here, a later review could not get two reviewing States within the "
        "rules"
    ),
}


def _why_no_reviewer(tongue: Tongue, reason: str, board: Board, state: str) -> str:
    rules = board.rules
    values: Mapping[str, Any] = {
        "year": board.reviews[state].year,
        "state": board.parties[state].name,
        "most": rules.most,
        "working_most": rules.working_most,
        "last_year": rules.last_year,
    }
    return tongue.gettext(_NO_REVIEWER[reason]) % values
