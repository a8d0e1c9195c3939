"""Complaints about the clock: an hour late in summer, twice after an hour, zones refused."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from review import schedule
from review.settings import Settings
from tests.complaints.case import Case
from workflows.country_review import REMINDERS
from workflows.deadlines import Place, end_of_day, reminders

ROOT = Path(__file__).parents[2]
CHANGES = [
    ("Europe/Rome", date(2012, 3, 25)),
    ("Europe/Rome", date(2012, 10, 28)),
    ("America/Santiago", date(2012, 4, 29)),
    ("Africa/Casablanca", date(2012, 7, 20)),  # back for the month of fasting
    ("Asia/Tehran", date(2012, 3, 21)),  # at midnight
    ("Pacific/Apia", date(2011, 12, 31)),  # a day that was skipped
]
"""Days on which the clocks of a place changed."""


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_celery_9653_and_10107_a_change_of_clocks_moves_no_reminder(zone: str, day: date) -> None:
    """celery#9653 and #10107: an hour late after the change to summer time, skipped in autumn."""
    planned = reminders(REMINDERS, day + timedelta(days=7), Place(zone))
    found = [next(planned) for _ in range(12)]
    hours = [one.at.astimezone(ZoneInfo(zone)).hour for one in found]
    assert hours == [9] * 12
    assert len({one.at.astimezone(ZoneInfo(zone)).date() for one in found}) == 12


@pytest.mark.parametrize(
    ("due", "days", "hours"),
    [
        # summer time begins on Sunday 25 March
        (date(2012, 3, 28), [-14, -7, -1, 1, 7], [8, 8, 7, 7, 7]),
        # it ends on Sunday 30 October; the day after the date is a Saturday
        (date(2011, 11, 4), [-14, -7, -1, 3, 7], [7, 7, 8, 8, 8]),
    ],
)
def test_celery_9653_and_10107_and_camunda_16704_the_sweep_keeps_the_hour(
    app: Flask, due: date, days: list[int], hours: list[int]
) -> None:
    """celery#9653: an hour late in spring; #10107: one skipped in autumn; camunda#16704: no zones.

    Italy owes its desk review; what is due comes at nine in Rome, each reminder once.
    """
    case = Case(app, "desk_review")
    with case.work() as w:
        given = {"milestone": "desk_review:2", "new_date": due.isoformat(), "reason": "Specimen."}
        w.take("grant_extension", w.officer, **given)
    case.now = datetime.combine(due - timedelta(days=16), time(), UTC)
    case.live(due + timedelta(days=9), hours=(6, 7, 8, 9))
    came = [one for one in case.mails("expert_2", "reminder") if one.day > due - timedelta(days=15)]
    assert [one.at.hour for one in came] == hours
    assert {one.at.astimezone(ZoneInfo("Europe/Rome")).hour for one in came} == {9}
    assert [(one.day - due).days for one in came] == days


def test_celery_9653_the_scheduler_counts_seconds_and_no_hours_of_a_clock(
    settings: Settings,
) -> None:
    """celery#9653: a crontab follows a clock on the wall; an interval of seconds follows none."""
    chosen = schedule.configuration(settings)
    assert chosen["enable_utc"]
    assert chosen["timezone"] == "UTC"
    for entry in chosen["beat_schedule"].values():
        assert isinstance(entry["schedule"], int | float)
        assert 0 < entry["schedule"] <= 3600, "a look that is missed is soon made up for"


def test_celery_4766_nothing_waits_in_the_broker(settings: Settings) -> None:
    """celery#4766: what is queued for later than the visibility timeout is done twice."""
    later = {
        (path.name, word.arg)
        for folder in ("review", "workflows")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for word in node.keywords
        if word.arg in {"eta", "countdown", "retry_backoff", "default_retry_delay"}
    }
    assert later == set()
    chosen = schedule.configuration(settings)
    longest = chosen["broker_transport_options"]["visibility_timeout"]
    assert chosen["task_time_limit"] < longest
    assert chosen["worker_prefetch_multiplier"] == 1


def test_celery_4766_a_message_that_is_lost_or_late_is_made_up_for(settings: Settings) -> None:
    """celery#4766, the other side: a look that comes too late is void, as the next one does it."""
    for entry in schedule.configuration(settings)["beat_schedule"].values():
        assert entry["options"]["expires"] <= entry["schedule"]


@pytest.mark.parametrize("zone", ["America/Lima", "Asia/Kathmandu", "Pacific/Apia", "Europe/Rome"])
def test_camunda_16704_repeated_reminders_keep_the_hour_of_a_named_zone(zone: str) -> None:
    """camunda#16704: times with a zone's name are refused in repeating timers."""
    due = date(2012, 1, 10)
    planned = reminders(REMINDERS, due, Place(zone))
    year = [one for one, _ in zip(planned, range(40), strict=False)]
    assert year[-1].at > datetime(2013, 1, 1, tzinfo=UTC), "more than a year: both changes"
    assert {one.at.astimezone(ZoneInfo(zone)).hour for one in year} == {9}


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_camunda_16704_a_day_ends_when_it_ends_there(zone: str, day: date) -> None:
    """camunda#16704: timers cannot follow daylight saving."""
    end = end_of_day(day, zone)
    there = ZoneInfo(zone)
    assert end.astimezone(there).date() == day
    assert (end + timedelta(seconds=1)).astimezone(there).date() > day
