"""How due dates are counted: properties, and the days on which calendars are awkward."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows import deadlines
from workflows.country_review import IRM_1
from workflows.deadlines import Place
from workflows.spec import Deadline, Recipient, Rule, Trigger

# Every whole offset from the last place on Earth to the first, and zones that change their clocks
# (half an hour, at midnight, by skipping a day) where fixed offsets would not.
ZONES = (
    *(f"Etc/GMT{-offset:+d}" for offset in range(-12, 15)),
    "Europe/Vienna",
    "Africa/Lusaka",
    "America/Havana",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
)
days = st.dates(date(2009, 1, 1), date(2090, 12, 31))
zones = st.sampled_from(ZONES)
HOUSE = IRM_1.rules(IRM_1.milestone("desk_review"))


def ladder(days: set[int], every: int) -> tuple[Rule, ...]:
    """Rules on these days, the last of which comes again."""
    *first, last = (Rule(day) for day in sorted(days))
    return (*first, Rule(last.days, last.to, every))


rules = st.builds(ladder, st.sets(st.integers(-60, 60), min_size=1, max_size=8), st.integers(1, 60))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2011-01-31", 1, "2011-02-28"),
        ("2012-01-31", 1, "2012-02-29"),
        ("2012-02-29", 12, "2013-02-28"),
        ("2012-02-29", 48, "2016-02-29"),
        ("2010-08-31", 1, "2010-09-30"),
        ("2010-12-31", 2, "2011-02-28"),
        ("2010-11-30", 1, "2010-12-30"),
        ("2010-12-15", 6, "2011-06-15"),
    ],
)
def test_month_ends_are_clamped(day: str, months: int, expected: str) -> None:
    found = deadlines.add_months(date.fromisoformat(day), months)

    assert found == date.fromisoformat(expected)


@given(days, st.integers(0, 36))
def test_months_keep_the_day_or_end_the_month(day: date, months: int) -> None:
    later = deadlines.add_months(day, months)

    passed = (later.year - day.year) * 12 + later.month - day.month
    assert passed == months
    last = calendar.monthrange(later.year, later.month)[1]
    assert later.day == min(day.day, last)


@given(days, days, st.integers(0, 12), st.integers(0, 12))
def test_later_anchor_never_gives_an_earlier_date(
    one: date, other: date, months: int, weeks: int
) -> None:
    period = Deadline("start", weeks=weeks, months=months)
    first, second = sorted((one, other))

    assert deadlines.due_date(period, first) <= deadlines.due_date(period, second)


def test_terms_of_reference_in_days() -> None:
    start = date(2011, 7, 11)

    dates = deadlines.model_schedule(IRM_1, start)

    assert dates["focal_point_nominated"] == date(2011, 8, 1)
    assert dates["experts_nominated"] == date(2011, 8, 1)
    assert dates["introductory_call"] == date(2011, 8, 11)
    assert dates["self_assessment_submitted"] == date(2011, 9, 11)
    assert dates["desk_review"] == date(2011, 10, 11)
    assert dates["dialogue_closed"] == date(2011, 12, 11)
    assert dates["draft_circulated"] == date(2011, 12, 11)
    assert dates["reviewer_comments"] == date(2011, 12, 25)
    assert dates["report_agreed"] == date(2012, 1, 11)


@given(days)
def test_model_schedule_has_a_date_for_each_milestone(start: date) -> None:
    dates = deadlines.model_schedule(IRM_1, start)

    assert dates.keys() == {item.key for item in IRM_1.milestones if not item.repeats}
    assert min(dates.values()) == start


@given(days, zones)
def test_day_ends_where_the_people_are(day: date, zone: str) -> None:
    end = deadlines.end_of_day(day, zone)

    assert end.tzinfo is UTC
    # In Samoa there was no 30 December 2011: the day before it ended straight into the 31st.
    if (zone, day) != ("Pacific/Apia", date(2011, 12, 30)):
        assert deadlines.local_day(end, zone) == day
    assert deadlines.local_day(end + timedelta(seconds=1), zone) > day


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        ("2011-05-27", "Europe/Vienna", "2011-05-27T21:59:59+00:00"),
        ("2011-12-27", "Europe/Vienna", "2011-12-27T22:59:59+00:00"),
        ("2011-03-27", "Europe/Vienna", "2011-03-27T21:59:59+00:00"),  # the clock moved that day
        ("2011-10-30", "Europe/Vienna", "2011-10-30T22:59:59+00:00"),
        ("2011-05-27", "Pacific/Kiritimati", "2011-05-27T09:59:59+00:00"),
        ("2011-05-27", "Etc/GMT+12", "2011-05-28T11:59:59+00:00"),
        ("2011-05-27", "Asia/Kathmandu", "2011-05-27T18:14:59+00:00"),
        ("2011-11-12", "America/Havana", "2011-11-13T03:59:59+00:00"),
    ],
)
def test_end_of_day_is_the_last_second_there(day: str, zone: str, expected: str) -> None:
    end = deadlines.end_of_day(date.fromisoformat(day), zone)

    assert end == datetime.fromisoformat(expected)


@given(st.datetimes(datetime(2009, 1, 1), datetime(2090, 1, 1)), zones)  # noqa: DTZ001
def test_day_has_not_ended_while_it_lasts(moment: datetime, zone: str) -> None:
    now = moment.replace(tzinfo=UTC)
    today = deadlines.local_day(now, zone)

    assert deadlines.end_of_day(today, zone) + timedelta(seconds=1) > now
    assert deadlines.end_of_day(today - timedelta(days=1), zone) < now


@settings(max_examples=60)
@given(rules, days, zones)
def test_reminders_follow_each_other_in_the_morning(
    reminders: tuple[Rule, ...], due: date, zone: str
) -> None:
    planned = list(islice(deadlines.reminders(reminders, due, Place(zone)), 12))

    assert all(one.at < other.at for one, other in pairwise(planned))
    assert all(one.offset < other.offset for one, other in pairwise(planned))
    skipped = ("Pacific/Apia", date(2011, 12, 30))
    for reminder in planned:
        day = due + timedelta(days=reminder.offset)
        if (zone, day) != skipped:
            local = reminder.at.astimezone(ZoneInfo(zone))
            assert (local.date(), local.time()) == (day, deadlines.MORNING)
        assert reminder.rule == deadlines.rule_at(reminders, reminder.offset)
        assert reminder.offset == reminder.rule.days or reminder.rule == reminders[-1]


@settings(max_examples=60)
@given(rules, days, zones, st.integers(-100, 400), st.integers(0, 86_399))
def test_only_the_latest_passed_reminder_is_due(
    reminders: tuple[Rule, ...], due: date, zone: str, away: int, second: int
) -> None:
    now = datetime.combine(due, datetime.min.time(), UTC) + timedelta(days=away, seconds=second)
    planned = list(islice(deadlines.reminders(reminders, due, Place(zone)), 500))
    passed = [item for item in planned if item.at <= now]

    assert deadlines.reminder_due(reminders, due, Place(zone), now) == (
        passed[-1] if passed else None
    )
    assert deadlines.next_reminder(reminders, due, Place(zone), now) == planned[len(passed)]


def test_the_ladder_of_the_house_goes_up_from_rung_to_rung() -> None:
    planned = list(islice(deadlines.reminders(HOUSE, date(2011, 5, 27), Place("UTC")), 9))

    assert [one.offset for one in planned] == [-14, -7, -1, 1, 7, 14, 21, 35, 49]
    first = {to: next(o.offset for o in planned if to in o.rule.to) for to in Recipient}
    assert first == {
        Recipient.PERSON: -14,
        Recipient.FOCAL_POINT: 7,
        Recipient.MISSION: 14,
        Recipient.SECRETARIAT: 21,
    }
    assert [one.offset for one in planned if one.escalates] == [21, 35, 49]


def test_of_what_has_no_date_the_secretariat_hears_again_and_again() -> None:
    for key in ("means_agreed", "outcome_forwarded"):
        found = IRM_1.rules(IRM_1.milestone(key), Trigger.TURN)
        planned = list(islice(deadlines.reminders(found, date(2011, 5, 27), Place("UTC")), 4))
        assert [one.offset for one in planned] == [30, 60, 90, 120]
        assert all(one.escalates for one in planned[1:])


def test_nobody_is_reminded_of_what_waits_for_a_session() -> None:
    for on in Trigger:
        assert IRM_1.rules(IRM_1.milestone("reviewers_drawn"), on) == ()


def test_single_reminders_end() -> None:
    once = (Rule(-1), Rule(3))

    offsets = [r.offset for r in deadlines.reminders(once, date(2011, 5, 27), Place("UTC"))]

    assert offsets == [-1, 3]
    late = datetime(2012, 1, 1, tzinfo=UTC)
    assert deadlines.next_reminder(once, date(2011, 5, 27), Place("UTC"), late) is None
    assert deadlines.reminder_due((), date(2011, 5, 27), Place("UTC"), late) is None
    assert deadlines.rule_at((), 3) is None


def test_zones_of_the_tests_exist() -> None:
    assert set(ZONES) <= available_timezones()
