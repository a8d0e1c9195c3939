"""How dates, distances, names and sizes read on a page, in the reader's language.

Every date names its zone and its distance. A due date is a calendar day: it ends with the day, at
midnight, in the capital of whoever owes it. Moments are aware datetimes, shown in a named zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from types import SimpleNamespace
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel import numbers as babel_numbers
from babel.lists import format_list
from flask import Flask, current_app, g
from flask_babel import get_locale
from flask_login import current_user

from review import clock
from review.dates import Dates, DueText
from review.web.words import _, ngettext

_UNITS: Final = ("B", "kB", "MB", "GB")


class _Texts:
    """The texts in the reader's language, as ``Dates`` asks for them."""

    def gettext(self, text: str, /, **values: object) -> str:
        return _(text, **values)

    def ngettext(self, one: str, many: str, num: int, /, **values: object) -> str:
        return ngettext(one, many, num, **values)


_TEXTS: Final = _Texts()


def _locale() -> Locale:
    return get_locale() or Locale("en")


def _dates() -> Dates:
    return Dates(_locale(), _TEXTS)


def _format(value: date, skeleton: str) -> str:
    return _dates().shown(value, skeleton)


def viewer_zone() -> str:
    """The IANA name of the zone in which the reader counts: their own, else the duty station's."""
    if "time_zone" not in g:
        known = not g.get("without_person") and current_user.is_authenticated
        g.time_zone = current_user.time_zone if known else current_app.config["DUTY_STATION_ZONE"]
    return str(g.time_zone)


def _in_zone(value: date | datetime, zone: str) -> date:
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone or viewer_zone()))
    return value


def zone_name(zone: str) -> str:
    """The city that stands for a zone, in the reader's language: "Vienna" for Europe/Vienna."""
    return _dates().zone(zone)


def place_name(zone: str, place: str = "") -> str:
    """A capital in the reader's language where the zone is named after it, else as it is given."""
    return _dates().place(zone, place)


def day(value: date | datetime, zone: str = "") -> str:
    """A day with its weekday: "Fri 27 May 2011". A moment is first carried into the zone."""
    return _format(_in_zone(value, zone), "yMMMEd")


def short_day(value: date | datetime, zone: str = "") -> str:
    """A day for a dense table: "27 May 2011"."""
    return _format(_in_zone(value, zone), "yMMMd")


def day_of_year(value: date | datetime, zone: str = "") -> str:
    """A day where the year is plain from its surroundings: "27 May"."""
    return _format(_in_zone(value, zone), "MMMd")


def month(value: date) -> str:
    """A month: "May 2011"."""
    return _format(value, "yMMM")


def month_of_year(value: date) -> str:
    """A month where the year is plain from its surroundings: "May"."""
    return _format(value, "MMM")


def hour(value: datetime, zone: str = "") -> str:
    """The hour in 24-hour notation: "16:20"."""
    return _dates().hour(value, zone or viewer_zone())


def moment(value: datetime, zone: str = "", place: str = "") -> str:
    """A moment with its place: "Wed 11 May 2011, 16:20 in Lusaka"."""
    return _dates().moment(value, zone or viewer_zone(), place)


def period(start: date, end: date) -> str:
    """Two days: "12 Jul – 25 Aug 2010"; the first year only where it differs."""
    first = day_of_year(start) if start.year == end.year else short_day(start)
    return f"{first} – {short_day(end)}"


def today(zone: str = "") -> date:
    """Today's date in a zone."""
    return clock.now().astimezone(ZoneInfo(zone or viewer_zone())).date()


def days(count: int) -> str:
    """A length of time: "55 days"."""
    return ngettext("%(num)s day", "%(num)s days", count)


def distance(value: date, zone: str = "", working: int = 0) -> str:
    """How far a day is from today in its zone: "today", "tomorrow", "in 15 days", "3 days ago".

    ``working``: working days that are left; if there are any, those are named instead of days.
    """
    return _dates().distance((value - today(zone)).days, working)


def late_days(value: date, zone: str = "") -> int:
    """Full days since a due day ended in its zone; 0 while it is not over."""
    return max(0, (today(zone) - value).days)


def due(value: date, zone: str, place: str = "", working: int = 0) -> DueText:
    """A due day in words; `zone`, `place` and working days left are those of whoever owes it."""
    return _dates().due(value, zone, place, now=clock.now(), mine=viewer_zone(), working=working)


def weekdays(numbers: Iterable[int]) -> str:
    """Days of the week in a list: "Friday and Saturday"; Monday is 0."""
    names = _locale().days["format"]["wide"]
    return format_list([names[one] for one in numbers], locale=_locale())


def number(value: float) -> str:
    """A number with the separators of the reader's language."""
    return babel_numbers.format_decimal(value, locale=_locale())


def size(octets: int) -> str:
    """The size of a file: "1.4 MB" (decimal units)."""
    value = float(octets)
    unit = _UNITS[0]
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{number(round(value, 1 if value < 10 and unit != 'B' else 0))} {unit}"


def listed(names: list[str]) -> str:
    """Names as a list in a sentence: "Italy, Zambia and Zimbabwe"."""
    locale = _locale()
    return format_list(names, locale="en_GB" if locale.language == "en" else locale)


def right_to_left() -> bool:
    """Whether the reader's language is written from right to left."""
    return bool(_locale().text_direction == "rtl")


def isolated(text: str) -> str:
    """A number such as 23(1)(a) that keeps its order in text from right to left."""
    if not right_to_left():
        return text
    return f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


def install(app: Flask) -> None:
    """Give the templates these functions under the name `present`."""
    app.jinja_env.globals["present"] = SimpleNamespace(
        **{function.__name__: function for function in _SHOWN}
    )


_SHOWN: Final = (
    day,
    short_day,
    day_of_year,
    month,
    month_of_year,
    hour,
    moment,
    period,
    today,
    days,
    distance,
    late_days,
    due,
    weekdays,
    number,
    size,
    listed,
    zone_name,
    place_name,
    viewer_zone,
)
