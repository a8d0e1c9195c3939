"""Whatever the calendars and pauses: each rung of a ladder tells somebody, and nobody twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from review.services import planning, recipients, reminders
from review.services.holds import Holds
from review.services.recipients import Office, Telling
from review.services.snapshot import Snapshot, Someone
from tests import world
from workflows import deadlines
from workflows.spec import Recipient
from workflows.working_days import WorkCalendar

DAY = timedelta(days=1)
HORIZON = 130
Key = tuple[str, int]


@pytest.fixture
def stages(session: Session) -> dict[Key, tuple[Snapshot, Office]]:
    """One review in which each party owes something, with a date and without one."""
    w = world.world(session)
    found: dict[Key, tuple[Snapshot, Office]] = {}
    owed: Mapping[str, tuple[Key, ...]] = {
        "initial_steps": (("experts_nominated", 1), ("focal_point_nominated", 0)),
        "desk_review": (("desk_review", 2),),
        "country_dialogue": (("means_agreed", 0),),
        "finalization": (("draft_circulated", 0),),
    }
    for stage, keys in owed.items():
        world.advance(w, stage)
        for key in keys:
            found[key] = w.seen(), recipients.office(session, w.now)
    return found


calendars = st.builds(
    WorkCalendar,
    weekend=st.frozensets(st.integers(0, 6), max_size=3),
    other=st.dictionaries(st.dates(date(2011, 6, 1), date(2012, 9, 1)), st.booleans(), max_size=30),
)
ends = st.dates(date(2011, 7, 1), date(2012, 9, 1))


def someone(number: int, role: str) -> Someone:
    return Someone(number, role, 0, f"{role}.{number}@specimen.example", role, "en", "UTC")


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_every_rung_reaches_somebody_and_nobody_twice(
    stages: dict[Key, tuple[Snapshot, Office]], data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(stages)))
    seen, knows = stages[key]
    sides = {
        slot: side if data.draw(st.booleans()) else replace(side, mission_email=None)
        for slot, side in seen.sides.items()
    }
    seen = replace(
        seen,
        sides=sides,
        members=seen.members if data.draw(st.booleans()) else (),
        facts=replace(
            seen.facts, calendars={place: data.draw(calendars) for place in seen.facts.calendars}
        ),
    )
    numbers = [one.person_id for one in (*seen.members, *seen.secretariat, *knows.administrators)]
    knows = replace(
        knows,
        focal_points={"ITA": (someone(10**6, "focal_point"),)} if data.draw(st.booleans()) else {},
        holds=Holds(
            {n: data.draw(ends) for n in [*numbers, 10**6] if data.draw(st.booleans())},
            {seen.id: data.draw(ends)} if data.draw(st.booleans()) else {},
        ),
    )
    _check(seen, key, knows)


def _check(seen: Snapshot, key: Key, knows: Office) -> None:
    found = planning.counted(seen, key)
    assert found is not None
    rungs = list(
        takewhile(
            lambda one: one.offset < HORIZON,
            deadlines.reminders(found.rules, found.day, found.place),
        )
    )
    last = {rung.at: rung for rung in rungs}  # rungs that days off have put together are one
    looked = _lived(seen, key, knows, rungs[0].at - DAY, max(last))
    keys: dict[tuple[int, str], str] = {}
    for at, told in looked.items():
        going = [one for one in told if one.held is None]
        addresses = [one.to.email.lower() for one in going]
        assert len(addresses) == len(set(addresses)), "one mailbox, one mail"
        if at in last:
            _reaches(last[at], told, going, seen, knows)
        assert all(one.owed.reminder.at <= at for one in told)
        for one in going:
            heard = one.owed.reminder.offset, one.to.email.lower()
            assert keys.setdefault(heard, one.key) == one.key, "of one rung by one mail"
    assert set(last) <= set(looked), "no rung is passed over"


def _lived(
    seen: Snapshot, key: Key, knows: Office, start: datetime, until: datetime
) -> dict[datetime, tuple[Telling, ...]]:
    """Whom the sweeps tell, if one comes at each moment at which something falls due."""
    found, at = {}, planning.next_reminder_at(seen, key, start)
    while at is not None and at <= until:
        look = reminders.look(seen, key, knows, at)
        found[at] = look.tellings
        assert look.again_at is None or look.again_at > at, "time goes on"
        at = look.again_at
    return found


def _reaches(
    rung: deadlines.Reminder,
    told: tuple[Telling, ...],
    going: list[Telling],
    seen: Snapshot,
    knows: Office,
) -> None:
    assert {one.owed.reminder.offset for one in told} == {rung.offset}
    if Recipient.SECRETARIAT in rung.rule.to:
        assert any(one.notice == recipients.ESCALATION for one in going) or not told[0].held
    day = deadlines.local_day(rung.at, told[0].owed.place.zone)
    if not knows.holds.review(seen.id, day):
        assert going, "somebody hears of it"
    for one in told:
        assert bool(one.held) <= bool(knows.holds.either(one.to.person_id, seen.id, day)), (
            "held back by a pause and nothing else"
        )
