"""How dates and distances read in a language, on pages and in mails alike.

Every date names its zone and its distance. A due date is a calendar day: it ends with the day, at
midnight, in the capital of whoever owes it. Moments are aware datetimes, shown in a named zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from babel import Locale
from babel import dates as babel_dates

# CLDR's English puts the month first; the Organization writes "Fri 27 May 2011".
_ENGLISH: Final = {
    "yMMMEd": "EEE d MMM y",
    "yMMMd": "d MMM y",
    "MMMd": "d MMM",
    "yMMM": "MMM y",
    "MMMEd": "EEE d MMM",
    "MMM": "MMM",
}


class Catalogue(Protocol):
    """The texts of a language."""

    def gettext(self, text: str, /, **values: Any) -> str:
        """A text with values put in."""

    def ngettext(self, one: str, many: str, num: int, /, **values: Any) -> str:
        """A text in the form for a number."""


@dataclass(frozen=True, slots=True)
class DueText:
    """A due date in words: the date with its place, how far, the reader's own hour, days late."""

    main: str
    distance: str
    """In working days of whoever owes it, where any are left."""
    yours: str
    """Empty where the reader's clock is that of the place."""
    late: int
    """Full days since it ended; 0 while it is not over."""


@dataclass(frozen=True, slots=True)
class Dates:
    """Dates in one language."""

    locale: Locale
    texts: Catalogue

    def shown(self, day: date, skeleton: str) -> str:
        """A day by one of CLDR's skeletons, such as ``yMMMEd``."""
        if self.locale.language == "en":
            return babel_dates.format_date(day, _ENGLISH[skeleton], locale=self.locale)
        try:
            return str(babel_dates.format_skeleton(skeleton, day, locale=self.locale))
        except KeyError:  # a locale without this skeleton
            return babel_dates.format_date(day, "medium", locale=self.locale)

    def day(self, day: date) -> str:
        """A day with its weekday: "Fri 27 May 2011"."""
        return self.shown(day, "yMMMEd")

    def hour(self, moment: datetime, zone: str) -> str:
        """The hour at a place, in 24-hour notation: "16:20"."""
        local = moment.astimezone(ZoneInfo(zone))
        return babel_dates.format_time(local, "HH:mm", tzinfo=local.tzinfo, locale=self.locale)

    def moment(self, moment: datetime, zone: str, place: str = "") -> str:
        """A moment with its place: "Wed 11 May 2011, 16:20 in Lusaka"."""
        return self.texts.gettext(
            "%(day)s, %(hour)s in %(place)s",
            day=self.day(moment.astimezone(ZoneInfo(zone)).date()),
            hour=self.hour(moment, zone),
            place=self.place(zone, place),
        )

    def zone(self, zone: str) -> str:
        """The city that stands for a zone: "Vienna" for Europe/Vienna."""
        return _city(zone, self.locale)

    def place(self, zone: str, place: str = "") -> str:
        """A capital in this language where the zone is named after it, else as it is given."""
        return place if place and place != _city(zone, Locale("en")) else self.zone(zone)

    def distance(self, ahead: int, working: int = 0) -> str:
        """How far a day is: "today", "tomorrow", "in 15 days", "3 days ago".

        ``working``: working days that are left; if there are any, those are named instead of days.
        """
        if ahead == 0:
            return self.texts.gettext("today")
        if ahead == 1:
            return self.texts.gettext("tomorrow")
        if ahead > 0 and working:
            return self.texts.ngettext("in %(num)s working day", "in %(num)s working days", working)
        if ahead > 0:
            return self.texts.ngettext("in %(num)s day", "in %(num)s days", ahead)
        return self.texts.ngettext("%(num)s day ago", "%(num)s days ago", -ahead)

    def due(
        self, day: date, zone: str, place: str, *, now: datetime, mine: str, working: int = 0
    ) -> DueText:
        """A due day; zone, place and working days left are those of whoever owes it.

        ``mine``: the reader's zone.
        """
        ahead = (day - now.astimezone(ZoneInfo(zone)).date()).days
        where = self.place(zone, place)
        return DueText(
            main=self.texts.gettext(
                "%(day)s, end of day in %(place)s", day=self.day(day), place=where
            ),
            distance=self.distance(ahead, working),
            yours=self._yours(day, zone, mine),
            late=max(0, -ahead),
        )

    def _yours(self, day: date, zone: str, mine: str) -> str:
        if mine == zone:
            return ""
        end = datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone))
        here = end.astimezone(ZoneInfo(mine))
        if here.utcoffset() == end.utcoffset():
            return self.texts.gettext("the same hour in %(place)s", place=self.zone(mine))
        return self.texts.gettext(
            "your time %(day)s, %(hour)s",
            day=self.shown(here, "MMMEd"),
            hour=self.hour(here, mine),
        )


def _city(zone: str, locale: Locale) -> str:
    location = babel_dates.get_timezone_location(ZoneInfo(zone), locale=locale, return_city=True)
    return location.rpartition("/")[2]
