"""Working days: shifting forth and back, counting, and calendars that cannot be right."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.working_days import EVERY_DAY, LONGEST_PAUSE, CalendarError, WorkCalendar

DAYS = st.dates(date(2010, 1, 1), date(2040, 12, 31))
WEEKENDS = st.frozensets(st.integers(0, 6), max_size=3)
EASTER_MONDAY = date(2027, 3, 29)


def _calendar(weekend: frozenset[int], other: dict[date, bool]) -> WorkCalendar:
    return WorkCalendar(weekend, lambda year: {date(year, 12, 25): "25 December"}, other)


CALENDARS = st.builds(_calendar, WEEKENDS, st.dictionaries(DAYS, st.booleans(), max_size=5))


@given(CALENDARS, DAYS)
def test_a_shifted_day_is_the_nearest_working_day(calendar: WorkCalendar, day: date) -> None:
    later, earlier = calendar.from_then_on(day), calendar.until_then(day)
    assert earlier <= day <= later
    assert calendar.works(later)
    assert calendar.works(earlier)
    between = (earlier + timedelta(days=n) for n in range(1, (later - earlier).days))
    assert not any(calendar.works(one) for one in between if one != day)
    assert (later == day) == calendar.works(day) == (earlier == day)


@given(CALENDARS, DAYS, st.integers(0, 400), st.integers(0, 400))
def test_working_days_add_up(calendar: WorkCalendar, day: date, first: int, second: int) -> None:
    middle = day + timedelta(days=first)
    last = middle + timedelta(days=second)
    assert calendar.between(day, middle) + calendar.between(middle, last) == calendar.between(
        day, last
    )
    assert calendar.between(last, day) == -calendar.between(day, last)


@given(DAYS, st.integers(-400, 400))
def test_without_days_off_every_day_counts(day: date, away: int) -> None:
    assert EVERY_DAY.between(day, day + timedelta(days=away)) == away


def test_easter_in_vienna() -> None:
    vienna = WorkCalendar(frozenset({5, 6}), lambda _: {EASTER_MONDAY: "Easter Monday"})
    assert vienna.from_then_on(date(2027, 3, 27)) == date(2027, 3, 30)
    assert vienna.until_then(date(2027, 3, 29)) == date(2027, 3, 26)
    assert vienna.between(date(2027, 3, 24), date(2027, 3, 31)) == 4


def test_what_is_recorded_goes_before_holiday_and_weekend() -> None:
    saturday = date(2027, 4, 3)
    calendar = WorkCalendar(
        frozenset({5, 6}),
        lambda _: {EASTER_MONDAY: "Easter Monday"},
        {EASTER_MONDAY: True, saturday: True, date(2027, 3, 30): False},
    )
    assert calendar.works(EASTER_MONDAY)
    assert calendar.works(saturday)
    assert calendar.from_then_on(date(2027, 3, 30)) == date(2027, 3, 31)


def test_a_calendar_without_working_days_is_refused() -> None:
    with pytest.raises(CalendarError, match="no working day within 60 days of 2027-03-29"):
        WorkCalendar(frozenset(range(7))).from_then_on(EASTER_MONDAY)


@given(st.integers(0, 70), st.integers(0, 70))
def test_days_off_in_a_row_are_counted_up_to_where_a_calendar_is_wrong(
    before: int, after: int
) -> None:
    day = date(2027, 4, 5)
    closed = WorkCalendar(other={day + timedelta(days=n): False for n in range(-before, after + 1)})
    row = closed.rest_around(day)
    assert row == min(before, 59) + 1 + min(after, 59)
    assert EVERY_DAY.rest_around(day) == 0
    first = day - timedelta(days=before)
    if before + 1 + after >= LONGEST_PAUSE:
        with pytest.raises(CalendarError):
            closed.from_then_on(first)
    else:
        assert row < LONGEST_PAUSE
        assert closed.from_then_on(first) == day + timedelta(days=after + 1)
