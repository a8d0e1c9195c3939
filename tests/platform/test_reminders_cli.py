"""`uncac-review reminders plan`: for people and for programs; one line for every bad input."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from review import cli, clock, db
from review.models import Audit, DayOff, Member, MilestoneDate, Outbox, Person, Review
from review.services import reminder_plan
from tests import world
from tests.world import START, World

DAY = timedelta(days=1)
NOW = START + timedelta(days=2)


@pytest.fixture
def stored(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A review that has just begun, committed; commands use this database."""
    with db.transaction() as session:
        world.advance(world.world(session), "initial_steps")
    monkeypatch.setattr(cli, "_connected", lambda: None)
    return database


def reminders(*arguments: str) -> int:
    try:
        with clock.frozen(NOW):
            return cli.main(["reminders", *arguments])
    except SystemExit as left:
        return int(left.code or 0)


def test_programs_read_what_the_plan_says(stored: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert reminders("plan", "--days", "60", "--json") == 0

    told = json.loads(capsys.readouterr().out)
    with db.reading() as session:
        planned = reminder_plan.plan(session, NOW, 60).coming
    assert [(one["at"], one["address"], one["offset"]) for one in told] == [
        (one.at.isoformat(), one.to.email, one.owed.reminder.offset) for one in planned
    ]
    assert {one["role"] for one in told} == {"mission", "secretariat_officer"}
    assert {one["rule"] for one in told} == {"before", "after", "escalation"}
    assert all(one["counted_from"] == one["due"] for one in told)
    assert {tuple(one["recipients"]) for one in told if one["offset"] == 14} == {
        ("person", "mission")
    }


def test_people_read_a_heading_a_day(stored: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert reminders("plan", "--state", "zwe") == 0

    lines = capsys.readouterr().out.splitlines()
    assert not lines[0].startswith(" ")
    told = [line for line in lines if line.startswith("  ")]
    assert told
    assert all("09:00 Harare: mission@zwe.example (mission, en)" in line for line in told)
    assert lines[-1] == f"{len(told)} messages in 30 days."


def test_what_has_no_date_says_since_when_it_waits(
    database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with db.transaction() as session:
        world.advance(world.world(session), "country_dialogue")
    monkeypatch.setattr(cli, "_connected", lambda: None)
    assert reminders("plan", "--days", "60") == 0

    lines = capsys.readouterr().out.splitlines()
    waits = [line for line in lines if "means_agreed:0 waits since 2011-07-" in line]
    assert waits
    assert all("secretariat_officer" in line and "standstill +" in line for line in waits)
    assert not [line for line in lines if "None" in line]


def test_nothing_is_changed(stored: str) -> None:
    def rows() -> list[object]:
        with db.reading() as session:
            moments = sa.select(MilestoneDate.remind_at).order_by(
                MilestoneDate.key, MilestoneDate.slot
            )
            return [
                *session.scalars(moments),
                session.scalar(sa.select(sa.func.count()).select_from(Outbox)),
                session.scalar(sa.select(sa.func.count()).select_from(Audit)),
            ]

    before = rows()
    assert reminders("plan") == 0
    assert rows() == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--days", "0"), "'0' is not a whole number from 1 to 366"),
        (("--days", "-3"), "'-3' is not a whole number from 1 to 366"),
        (("--days", "soon"), "'soon' is not a whole number from 1 to 366"),
        (("--days", "99999"), "'99999' is not a whole number from 1 to 366"),
        (("--state", "XXX"), "'XXX' is no State party"),
        (("--what",), "unrecognized arguments: --what"),
    ],
)
def test_bad_input_is_one_line(
    stored: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert reminders("plan", *arguments) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert told in said.err


def test_what_cannot_be_planned_is_said(stored: str, capsys: pytest.CaptureFixture[str]) -> None:
    with db.transaction() as session:
        session.add_all(
            DayOff(iso3="ZWE", day=START.date() + n * DAY, name="Specimen", recorded_at=START)
            for n in range(-30, 150)
        )
        number = session.scalar(sa.select(MilestoneDate.review_id).limit(1))
    assert reminders("plan") == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        "Of this no reminder can be planned: ZMB experts_nominated:1"
        f" (review {number}, CalendarError)"
    ) in lines
    assert lines[-1] == f"{sum(line.startswith('  ') for line in lines)} messages in 30 days."

    assert reminders("plan", "--json", "--state", "ZMB") == 0
    told = json.loads(capsys.readouterr().out)
    gaps = [one for one in told if one["problem"]]
    assert [(one["milestone"], one["slot"], one["problem"], one["at"]) for one in gaps] == [
        ("experts_nominated", 1, "CalendarError", None)
    ]
    assert len({tuple(one) for one in told}) == 1, "every entry has the same names"
    assert len(told) > 1
    assert reminders("plan", "--json", "--state", "ITA") == 0
    assert not [one for one in json.loads(capsys.readouterr().out) if one["problem"]]


def test_who_is_too_new_in_office_is_said_to_people_and_to_programs(
    stored: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with db.transaction() as session:
        review = session.scalars(sa.select(Review)).one()
        officer = session.get_one(Person, review.officer_id)
        world.advance(World(session, review.id, officer, officer, {}, NOW), "self_assessment")
        session.execute(sa.update(Member).values(since=NOW - timedelta(days=1)))
        session.execute(
            sa.update(MilestoneDate)
            .where(MilestoneDate.remind_at.is_not(None))
            .values(agreed_on=NOW.date() + timedelta(days=1), remind_at=NOW)
        )
    assert reminders("plan", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    held = [one for one in told if one["new_in_office_until"]]
    assert {one["role"] for one in held} == {"focal_point"}
    assert all(one["paused_until"] is None for one in told)
    assert reminders("plan") == 0
    assert f"new in office until {held[0]['new_in_office_until']}" in capsys.readouterr().out
