"""One language, spoken: texts, names, dates. It notes when its catalogue lacks a text."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, TypeVar

from babel import Locale
from babel.lists import format_list

from review import languages
from review.dates import Dates
from review.languages import Language

K = TypeVar("K")
_ISOLATE: Final = "\N{FIRST STRONG ISOLATE}"
_END: Final = "\N{POP DIRECTIONAL ISOLATE}"


def _turns(text: str) -> bool:
    """Whether letters from left to right stand in a text that nothing isolates yet."""
    depth = 0
    for sign in text:
        depth += (sign == _ISOLATE) - (sign == _END)
        if not depth and unicodedata.bidirectional(sign) == "L":
            return True
    return False


class Voice:
    """Speaks one of the six languages; what it lacks comes in English and is noted."""

    def __init__(self, code: str) -> None:
        self.language: Language = languages.find(code)
        self.is_complete = True
        """Whether every text asked for so far was there in this language."""
        self._catalogue = languages.translations(self.language.code)
        self._locale = Locale(self.language.code)
        self.dates = Dates(self._locale, self)
        """Dates as on the pages."""

    def gettext(self, text: str, /, **values: Any) -> str:
        """A text with values put in: gettext("%(days)s days", days=3)."""
        self._note(text)
        translated = self._catalogue.gettext(text)
        return translated % self._isolated(values) if values else translated

    def ngettext(self, one: str, many: str, num: int, /, **values: Any) -> str:
        """A text in the form for a number, which it may name as %(num)s."""
        self._note(one)
        return self._catalogue.ngettext(one, many, num) % {"num": num, **self._isolated(values)}

    def name(self, text: str) -> str:
        """The name of a State or a place; one without a translation stays as it is."""
        return self._catalogue.gettext(text) if text else ""

    def listed(self, names: list[str]) -> str:
        """Names in a sentence: "Italy and Zimbabwe"."""
        locale = "en_GB" if self.language.code == languages.SOURCE else self._locale
        own = self._isolated(dict(enumerate(names)))
        return format_list(list(own.values()), locale=locale) if names else ""

    def day(self, day: date) -> str:
        """A day with its weekday: "Fri 27 May 2011"."""
        return self.dates.day(day)

    def moment(self, moment: datetime, zone: str, place: str = "") -> str:
        """A moment with its place: "Wed 11 May 2011, 16:20 in Lusaka"."""
        return self.dates.moment(moment, zone, place)

    def _isolated(self, values: Mapping[K, Any]) -> dict[K, Any]:
        """Values in Latin letters keep their order, and that of their line, from right to left."""
        if self.language.direction == "ltr":
            return dict(values)
        return {
            name: f"{_ISOLATE}{value}{_END}" if isinstance(value, str) and _turns(value) else value
            for name, value in values.items()
        }

    def _note(self, text: str) -> None:
        if not languages.has_text(self.language.code, text):
            self.is_complete = False
