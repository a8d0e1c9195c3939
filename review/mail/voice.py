"""One language, spoken: texts, names, dates. It notes when its catalogue lacks a text."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel import dates as babel_dates
from babel.lists import format_list

from review import languages
from review.languages import Language

_ENGLISH_DAY: Final = "EEE d MMM y"
"""CLDR's English puts the month first; the Organization writes "Fri 27 May 2011"."""


class Voice:
    """Speaks one of the six languages; what it lacks comes in English and is noted."""

    def __init__(self, code: str) -> None:
        self.language: Language = languages.find(code)
        self.is_complete = True
        """Whether every text asked for so far was there in this language."""
        self._catalogue = languages.translations(self.language.code)
        self._locale = Locale(self.language.code)

    def gettext(self, text: str, /, **values: Any) -> str:
        """A text with values put in: gettext("%(days)s days", days=3)."""
        self._note(text)
        translated = self._catalogue.gettext(text)
        return translated % values if values else translated

    def ngettext(self, one: str, many: str, num: int, /, **values: Any) -> str:
        """A text in the form for a number, which it may name as %(num)s."""
        self._note(one)
        return self._catalogue.ngettext(one, many, num) % {"num": num, **values}

    def name(self, text: str) -> str:
        """The name of a State or a place; one without a translation stays as it is."""
        return self._catalogue.gettext(text) if text else ""

    def listed(self, names: list[str]) -> str:
        """Names in a sentence: "Italy and Zimbabwe"."""
        return format_list(names, locale=self._locale) if names else ""

    def day(self, day: date) -> str:
        """A day with its weekday: "Fri 27 May 2011"."""
        if self.language.code == languages.SOURCE:
            return babel_dates.format_date(day, _ENGLISH_DAY, locale=self._locale)
        return str(babel_dates.format_skeleton("yMMMEd", day, locale=self._locale))

    def hour(self, moment: datetime, zone: str) -> str:
        """The hour at a place, in 24-hour notation: "16:20"."""
        local = moment.astimezone(ZoneInfo(zone))
        return babel_dates.format_time(local, "HH:mm", tzinfo=local.tzinfo, locale=self._locale)

    def moment(self, moment: datetime, zone: str, place: str = "") -> str:
        """A moment with its place: "Wed 11 May 2011, 16:20 in Lusaka"."""
        return self.gettext(
            "%(day)s, %(hour)s in %(place)s",
            day=self.day(moment.astimezone(ZoneInfo(zone)).date()),
            hour=self.hour(moment, zone),
            place=place or self.place(zone),
        )

    def place(self, zone: str) -> str:
        """The city that stands for a time zone."""
        location = babel_dates.get_timezone_location(
            ZoneInfo(zone), locale=self._locale, return_city=True
        )
        return location.rpartition("/")[2]

    def distance(self, days: int) -> str:
        """How far a day is: "today", "tomorrow", "in 15 days", "3 days ago"."""
        if days == 0:
            return self.gettext("today")
        if days == 1:
            return self.gettext("tomorrow")
        if days > 0:
            return self.ngettext("in %(num)s day", "in %(num)s days", days)
        return self.ngettext("%(num)s day ago", "%(num)s days ago", -days)

    def _note(self, text: str) -> None:
        if not languages.has_text(self.language.code, text):
            self.is_complete = False
