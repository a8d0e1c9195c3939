"""Days on which a party works, and how dates give way to those on which it does not.

The terms of reference count weeks and months and know no working days. That a date which falls on a
day off is met on the next working day, and that nobody is reminded on a day off, are settings of
the process (a design decision, ``Counting`` in ``spec.py``). Days are those of the party's capital.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

LONGEST_PAUSE: Final = 60
"""So many days off in a row, and a calendar is taken to be wrong: fewer can be counted across."""


class CalendarError(ValueError):
    """A calendar without working days: its weekend or its closures are wrong."""


def _no_holidays(_: int) -> Mapping[date, str]:
    return {}


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The days off of a party.

    ``weekend``: weekdays, Monday is 0. ``holidays`` gives the public holidays of a year with their
    names. ``other``: single days that somebody recorded, with True where work is done after all.
    """

    weekend: frozenset[int] = frozenset()
    holidays: Callable[[int], Mapping[date, str]] = field(
        default=_no_holidays, compare=False, repr=False
    )
    other: Mapping[date, bool] = field(default_factory=dict)

    def works(self, day: date) -> bool:
        """Whether the party works on this day."""
        if day in self.other:
            return self.other[day]
        return day.weekday() not in self.weekend and day not in self.holidays(day.year)

    def from_then_on(self, day: date) -> date:
        """This day if it is a working day, else the next one. Raises CalendarError."""
        return self._walk(day, 1)

    def until_then(self, day: date) -> date:
        """This day if it is a working day, else the last one before. Raises CalendarError."""
        return self._walk(day, -1)

    def after(self, day: date, count: int) -> date:
        """The last of so many working days that follow this day; itself for none."""
        for _ in range(count):
            day = self.from_then_on(day + timedelta(days=1))
        return day

    def without(self, weekdays: Collection[int]) -> WorkCalendar:
        """The same for somebody who rests on these weekdays as well."""
        if not weekdays:
            return self
        other = {day: works for day, works in self.other.items() if day.weekday() not in weekdays}
        return replace(self, weekend=self.weekend | frozenset(weekdays), other=other)

    def _walk(self, day: date, direction: int) -> date:
        for away in range(LONGEST_PAUSE):
            other = day + timedelta(days=away * direction)
            if self.works(other):
                return other
        raise CalendarError(f"no working day within {LONGEST_PAUSE} days of {day}")

    def rest_around(self, day: date) -> int:
        """How many days off in a row a day is part of; 0 on a working day.

        Counted no further than ``LONGEST_PAUSE`` days to each side.
        """
        if self.works(day):
            return 0
        return sum(self._rest(day, direction) for direction in (1, -1)) - 1

    def _rest(self, day: date, direction: int) -> int:
        """Days off from this one on, in one direction."""
        for away in range(LONGEST_PAUSE):
            if self.works(day + timedelta(days=away * direction)):
                return away
        return LONGEST_PAUSE

    def between(self, first: date, last: date) -> int:
        """Working days after ``first``, up to and with ``last``; negative if ``last`` is before."""
        if last < first:
            return -self.between(last, first)
        days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
        return sum(self.works(day) for day in days)


EVERY_DAY: Final = WorkCalendar()
"""The calendar of somebody who never rests."""
