"""The plan of reminders is what happens: played on a virtual clock, compared message by message.

Also pauses: what they keep back, what comes after them, and that nothing falls silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import links
from review.mail.letter import Letter
from review.mail.render import write
from review.models import Audit, Cycle, DayOff, MilestoneDate, Outbox, Pause, Person
from review.services import digest, pauses, recipients, reminder_plan, reminders, steps
from review.services.errors import InvalidGiven, NotAllowed, NotFound
from review.services.pauses import PauseGiven, Whose
from review.services.planned import Planned, Rule
from review.services.queries.my_turn import my_turn
from tests import world
from tests.world import World
from workflows.deadlines import local_day

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LIMIT = 90
Told = tuple[str, datetime, str]
"""The key of a message, the hour in which it is written or may leave, and that of its digest."""


@pytest.fixture
def started(session: Session) -> World:
    """A review whose focal point and experts are to be nominated in three weeks."""
    return world.advance(world.world(session), "initial_steps")


@pytest.fixture
def answering(session: Session) -> World:
    """A review in which the focal point owes the self-assessment."""
    return world.advance(world.world(session), "self_assessment")


def several(w: World) -> None:
    """More reviews, in other zones, one of them without an officer and one about to be late."""
    world.states(w.session, "MEX", "ALB", "BRA", "TUR", "MNE", "IDN", "KIR", "FJI", "EGY", "DZA")
    cycle = w.session.scalars(sa.select(Cycle)).one()
    pairs = {"MEX": ("BRA", "ITA"), "KIR": ("FJI", "TUR"), "EGY": ("DZA", "ITA"),
             "PNG": ("IDN", "ITA"), "ALB": ("MNE", "TUR")}  # fmt: skip
    for number, (iso3, (first, second)) in enumerate(pairs.items()):
        officer = None if iso3 == "PNG" else w.officer.id
        made = world.review(w.session, cycle, iso3, 1, officer_id=officer)
        given = {"first": first, "second": second, "session": "First", "drawn_on": "2011-07-01"}
        at = w.now - timedelta(days=9 * number)
        steps.take(w.session, made.id, "assign_reviewers", actor=w.officer, now=at, given=given)
        steps.take(w.session, made.id, "notify_start", actor=w.officer, now=at, given={})
        w.session.expire_all()


def live(w: World, start: datetime, days: int) -> None:
    """Each hour a sweep and a look for digests, without anybody doing anything."""
    for hour in range(days * 24 + 1):
        now = start + hour * HOUR
        reminders.sweep(w.session, now)
        digest.write(w.session, now)
        w.session.expire_all()


def written(session: Session, since: datetime) -> list[Told]:
    """The reminders and escalations written, or taken up by a digest, since then."""
    found = session.scalars(sa.select(Outbox).where(Outbox.notice.in_(recipients.NOTICES)))
    digests = {
        one.key: one.created_at
        for one in session.scalars(sa.select(Outbox).where(Outbox.notice == "digest"))
    }
    rows = []
    for one in found:
        bundle = digests.get(str(one.params.get("digest")))
        if one.created_at >= since or (bundle and bundle >= since):
            leaves_at = max(one.created_at, one.next_try_at)
            rows.append((one.key, leaves_at, f"digest {bundle}" if bundle else one.state))
    return sorted(rows)


def in_words(planned: list[Planned], start: datetime, days: int) -> list[Told]:
    """What a plan says, as ``written`` would tell it after the sweeps of ``live``."""

    def met(moment: datetime) -> datetime:
        return start + -(-(moment - start) // HOUR) * HOUR

    return sorted(
        (
            one.telling.key,
            one.at if one.at < start else met(one.at),
            "waiting"
            if one.digest_at is None
            else f"digest {met(one.digest_at)}"
            if one.digest_at < start + days * DAY
            else "recorded",
        )
        for one in planned
        if one.telling.held is None
    )


def pause(w: World, whose: Whose, until: date, at: datetime, actor: Person | None = None) -> None:
    given = PauseGiven(until, "Specimen reason.")
    who = actor or w.session.get_one(Person, w.officer.id)
    pauses.begin(w.session, whose, given, actor=who, now=at, longest=LIMIT)
    w.session.flush()
    w.session.expire_all()


def compare(w: World, start: datetime, days: int) -> list[Planned]:
    """Plan, live through it, and find the same; returns the plan."""
    planned = list(reminder_plan.plan(w.session, start, days).coming)
    foreseen = in_words(planned, start, days)
    live(w, start, days)
    assert foreseen == written(w.session, start)
    return planned


# The plan and what happens -----------------------------------------------------------------------


def test_what_is_written_in_six_weeks_is_what_the_plan_said(started: World) -> None:
    several(started)
    start = started.now.replace(hour=0, minute=0)
    planned = compare(started, start, 45)

    assert len(planned) > 60
    assert {one.rule for one in planned} == {Rule.BEFORE, Rule.AFTER, Rule.ESCALATION}
    assert len({one.owed.seen.id for one in planned}) == 6
    assert all(one.place.calendar.works(one.day) for one in planned)
    for one in planned:
        there = one.telling.place  # nobody is reminded on a day off, whoever owes it
        assert there.calendar.works(local_day(one.at, there.zone))
    assert any(one.waits for one in planned)
    assert {one.at.astimezone(_zone(one)).hour for one in planned if one.at > start} == {9}


def test_with_digests_days_off_and_pauses_they_are_still_the_same(started: World) -> None:
    several(started)
    session, start = started.session, started.now.replace(hour=0, minute=0)
    for one in (started.officer, started.administrator):
        session.get_one(Person, one.id).digest = True
    closed = [start.date() + n * DAY for n in range(7, 20)]
    session.add_all(
        DayOff(iso3=iso3, day=day, name="Specimen closure", recorded_at=start)
        for day in closed for iso3 in (None, "MEX", "ITA")
    )  # fmt: skip
    session.flush()
    other = next(iter(session.scalars(sa.select(MilestoneDate.review_id).distinct())))
    pause(started, Whose(person_id=started.officer.id), start.date() + 17 * DAY, start)
    pause(started, Whose(review_id=other), start.date() + 16 * DAY, start)
    planned = compare(started, start, 45)

    assert {one.telling.held for one in planned} >= {None, start.date() + 16 * DAY}
    read = [one.digest_at for one in planned if one.digest_at]
    assert len(set(read)) > 3
    assert not {at.date() for at in read} & set(closed)


def test_the_plan_of_a_day_begun_holds_what_waits_for_a_digest(answering: World) -> None:
    person = answering.session.get_one(Person, answering.focal_point.id)
    person.digest, person.time_zone = True, "America/New_York"
    answering.session.flush()
    due = answering.seen().dates["self_assessment_submitted", 0].due_on
    assert due is not None
    noon = datetime(due.year, due.month, due.day, 10, tzinfo=UTC) - 14 * DAY
    live(answering, noon - DAY, 1)  # fallen due in Lusaka at night in New York
    planned = compare(answering, noon, 20)
    assert planned[0].at <= noon
    assert planned[0].digest_at == noon.replace(hour=11), "07:00 in New York"


def test_a_plan_changes_nothing_and_reads_no_confidential_text(started: World) -> None:
    several(started)
    moments = sa.select(MilestoneDate.remind_at).order_by(
        MilestoneDate.review_id, MilestoneDate.key, MilestoneDate.slot
    )
    before = started.session.scalars(moments).all()
    assert reminder_plan.plan(started.session, started.now, 60).coming
    assert started.session.scalars(moments).all() == before
    assert not started.session.dirty
    assert not started.session.new


def test_a_day_off_that_is_removed_leaves_no_milestone_without_reminders(started: World) -> None:
    """The first reminder moves to a later day: the moment that is left over finds nothing yet."""
    session = started.session
    due = started.seen().dates["focal_point_nominated", 0].due_on
    assert due is not None
    first = due - 14 * DAY
    row = session.get_one(MilestoneDate, (started.review_id, "focal_point_nominated", 0))
    row.remind_at = datetime(first.year, first.month, first.day, 7, tzinfo=UTC) - DAY
    session.flush()
    start = row.remind_at - HOUR
    planned = compare(started, start, 15)
    offsets = [
        one.owed.reminder.offset for one in planned if one.owed.item.key == "focal_point_nominated"
    ]
    assert offsets == [-14, -7, -1]


def _zone(one: Planned) -> ZoneInfo:
    return ZoneInfo(one.place.zone)


# Pauses ------------------------------------------------------------------------------------------


@pytest.fixture
def due(answering: World) -> date:
    found = answering.seen().dates["self_assessment_submitted", 0].due_on
    assert found is not None
    return found


def at_night(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def mails(session: Session, notice: str = "reminder") -> list[tuple[int, date, int | None]]:
    """Place in the ladder, day and reader of each message of a kind."""
    found = session.scalars(sa.select(Outbox).where(Outbox.notice == notice).order_by(Outbox.id))
    return [(m.params["offset"], m.created_at.date(), m.person_id) for m in found]


def test_after_a_pause_only_the_latest_reminder_comes(answering: World, due: date) -> None:
    """Those of 14 and 7 days before fall into the pause; the officer hears that nobody was told."""
    w, start = answering, at_night(due - 20 * DAY)
    until = due - 5 * DAY
    pause(w, Whose(person_id=w.focal_point.id), until, start, actor=w.focal_point)
    compare(w, start, 40)

    me = w.focal_point.id
    told = mails(w.session)
    assert {reader for _, _, reader in told} == {me}
    assert [offset for offset, _, _ in told] == [-7, -1, 1, 7, 14]
    assert told[0][1] > until
    assert (told[0][1] - until).days <= 3, "the first working morning"
    office = mails(w.session, "escalation")
    assert [(offset, reader) for offset, _, reader in office] == [
        (-14, w.officer.id), (-7, w.officer.id),
    ]  # fmt: skip


def test_the_officer_reads_why_it_comes_to_the_office(answering: World, due: date) -> None:
    links.set_base("https://reviews.example")
    pause(answering, Whose(person_id=answering.focal_point.id), due, at_night(due - 20 * DAY))
    live(answering, at_night(due - 16 * DAY), 4)
    mail = answering.session.scalars(sa.select(Outbox).where(Outbox.notice == "escalation")).one()
    letter = Letter(mail.id, mail.key, mail.notice, "en", mail.address, mail.params, mail.review_id)
    written_mail = write(letter, sender="a@b.example", now=mail.created_at)
    assert "reach nobody" in written_mail.subject
    assert "Everybody who would be reminded has a pause" in " ".join(written_mail.text.split())
    assert "late" not in written_mail.subject


def test_one_of_two_who_rests_is_told_by_the_other(answering: World, due: date) -> None:
    w = answering
    world.nominate(w, "second", "nominate_focal_point")
    start = at_night(due - 20 * DAY)
    pause(w, Whose(person_id=w.focal_point.id), due, start)
    compare(w, start, 30)
    assert [offset for offset, _, reader in mails(w.session) if reader == w.second.id] == [
        -14, -7, -1, 1, 7,
    ]  # fmt: skip
    assert [offset for offset, _, reader in mails(w.session) if reader == w.focal_point.id] == [
        1, 7,
    ]  # fmt: skip
    assert mails(w.session, "escalation") == []


def test_a_review_that_rests_is_silent_until_it_is_long_past(answering: World, due: date) -> None:
    w, start = answering, at_night(due - 20 * DAY)
    pause(w, Whose(review_id=w.review_id), due + 30 * DAY, start)
    compare(w, start, 60)
    late = mails(w.session, "escalation")
    assert [offset for offset, _, _ in late] == [21, 35]
    told = mails(w.session)
    assert [offset for offset, _, _ in told] == [21, 35]
    assert told[0][1] > due + 30 * DAY


def test_an_officer_who_rests_is_told_by_the_administrators(session: Session) -> None:
    w = world.advance(world.world(session), "finalization")
    owed = w.seen().dates["draft_circulated", 0].due_on
    assert owed is not None
    start = at_night(owed - 20 * DAY)
    pause(w, Whose(person_id=w.officer.id), owed - 5 * DAY, start)
    compare(w, start, 18)
    office = [reader for _, _, reader in mails(session, "escalation")]
    assert office == [w.administrator.id] * 2
    assert {reader for _, _, reader in mails(session)} == {w.officer.id}


def test_where_nobody_else_is_left_a_pause_has_no_effect(session: Session) -> None:
    w = world.advance(world.world(session), "finalization")
    session.get_one(Person, w.administrator.id).active = False
    owed = w.seen().dates["draft_circulated", 0].due_on
    assert owed is not None
    start = at_night(owed - 20 * DAY)
    pause(w, Whose(person_id=w.officer.id), owed, start)
    compare(w, start, 18)
    assert [offset for offset, _, _ in mails(session)] == [-14, -7]


def test_a_pause_that_ends_early_lets_the_latest_come_the_next_morning(
    answering: World, due: date
) -> None:
    w, start = answering, at_night(due - 20 * DAY)
    whose = Whose(person_id=w.focal_point.id)
    pause(w, whose, due + 20 * DAY, start)
    live(w, start, 14)
    back = at_night(due - 6 * DAY)
    assert mails(w.session) == []
    pauses.end(w.session, whose, actor=w.focal_point, now=back)
    w.session.expire_all()
    compare(w, back, 10)
    offset, day, _ = mails(w.session)[0]
    assert offset == -7
    assert (day - back.date()).days <= 3
    assert [offset for offset, _, _ in mails(w.session)] == [-7, -1, 1]


@pytest.mark.parametrize("gap", [timedelta(0), HOUR], ids=["replaced", "begun anew"])
@pytest.mark.parametrize("times", [1, 3])
def test_what_was_held_comes_though_the_pause_was_replaced_before_it_ended_early(
    answering: World, due: date, gap: timedelta, times: int
) -> None:
    """The reminder of seven days before is held by the first pause; the last one ends early."""
    w, start = answering, at_night(due - 20 * DAY)
    whose = Whose(person_id=w.focal_point.id)
    pause(w, whose, due + 20 * DAY, start)
    live(w, start, 14)
    back = at_night(due - 6 * DAY)
    for number in range(times):
        if gap:
            pauses.end(w.session, whose, actor=w.focal_point, now=back + number * HOUR - gap / 2)
        pause(w, whose, due + (30 + number) * DAY, back + number * HOUR)
    live(w, back + times * HOUR, 1)
    assert mails(w.session) == []
    back += DAY + times * HOUR
    pauses.end(w.session, whose, actor=w.focal_point, now=back)
    w.session.expire_all()
    compare(w, back, 8)
    offset, day, _ = mails(w.session)[0]
    assert offset == -7
    assert (day - back.date()).days <= 1


def test_what_was_written_before_a_pause_does_not_come_again_after_it(
    answering: World, due: date
) -> None:
    w, start = answering, at_night(due - 8 * DAY)
    live(w, start, 2)
    assert [offset for offset, _, _ in mails(w.session)] == [-14, -7]
    whose = Whose(person_id=w.focal_point.id)
    back = start + 2 * DAY
    pause(w, whose, due + 20 * DAY, back)
    pauses.end(w.session, whose, actor=w.focal_point, now=back + HOUR)
    w.session.expire_all()
    row = w.seen().dates["self_assessment_submitted", 0]
    assert row.remind_at
    assert row.remind_at.date() > back.date() + 3 * DAY


def test_a_step_meanwhile_does_not_lose_the_morning_after_a_pause(
    answering: World, due: date
) -> None:
    w, start = answering, at_night(due - 20 * DAY)
    pause(w, Whose(person_id=w.focal_point.id), due - 5 * DAY, start)
    live(w, start, 14)
    w.now = at_night(due - 6 * DAY)
    w.take("admit_observer", w.officer, side="0", title="Observer", email="o@zmb.example",
           language="en")  # fmt: skip
    compare(w, w.now, 3)
    assert [offset for offset, _, _ in mails(w.session)] == [-7]


def test_what_is_owed_in_a_pause_stands_on_my_turn(answering: World) -> None:
    pause(answering, Whose(review_id=answering.review_id), answering.now.date() + DAY,
          answering.now)  # fmt: skip
    tasks = my_turn(answering.session, answering.focal_point, answering.now).tasks
    assert [task.due.milestone.key for task in tasks] == ["self_assessment_submitted"]


def test_pauses_are_in_the_trail(answering: World) -> None:
    w, until = answering, answering.now.date() + 9 * DAY
    whose = Whose(person_id=w.focal_point.id)
    pause(w, whose, until, w.now)
    pause(w, whose, until + DAY, w.now + HOUR)
    pauses.end(w.session, whose, actor=w.officer, now=w.now + 2 * HOUR)
    trail = w.session.scalars(
        sa.select(Audit).where(Audit.verb.like("reminders_%")).order_by(Audit.id)
    ).all()
    assert [one.verb for one in trail] == [
        "reminders_paused", "reminders_paused", "reminders_resumed",
    ]  # fmt: skip
    assert trail[0].after == {
        "person": w.focal_point.id, "until": until.isoformat(), "reason": "Specimen reason.",
    }  # fmt: skip
    assert trail[1].before == {"until": until.isoformat()}
    assert pauses.in_force(w.session, whose, w.now + 3 * HOUR) is None


def _refusals(w: World) -> Iterator[tuple[Whose, PauseGiven, Person, type[Exception]]]:
    today = w.now.date()
    good = PauseGiven(today + DAY, "Specimen reason.")
    me = Whose(person_id=w.focal_point.id)
    yield me, PauseGiven(today - 2 * DAY, "Late."), w.focal_point, InvalidGiven
    yield me, PauseGiven(today + (LIMIT + 1) * DAY, "Long."), w.focal_point, InvalidGiven
    yield me, PauseGiven(today + DAY, " "), w.focal_point, InvalidGiven
    yield me, PauseGiven(today + DAY, "x" * 501), w.focal_point, InvalidGiven
    yield Whose(person_id=w.expert_1.id), good, w.focal_point, NotAllowed
    yield Whose(review_id=w.review_id), good, w.focal_point, NotAllowed
    yield Whose(person_id=10**9), good, w.officer, NotFound
    yield Whose(review_id=10**9), good, w.officer, NotFound


def test_what_is_refused_changes_nothing(answering: World) -> None:
    w = answering
    for whose, given, actor, problem in _refusals(w):
        with pytest.raises(problem):
            pauses.begin(w.session, whose, given, actor=actor, now=w.now, longest=LIMIT)
    with pytest.raises(NotFound):
        pauses.end(w.session, Whose(person_id=w.focal_point.id), actor=w.officer, now=w.now)
    assert w.session.scalars(sa.select(Pause)).all() == []


# Whose plan --------------------------------------------------------------------------------------


def test_somebody_of_a_state_sees_what_comes_to_them_alone(answering: World) -> None:
    several(answering)
    whose = answering.focal_point
    mine = reminder_plan.of_person(answering.session, whose, answering.now, 60).coming
    assert mine
    assert {one.to.person_id for one in mine} == {answering.focal_point.id}
    assert {one.owed.seen.id for one in mine} == {answering.review_id}


def test_a_digest_is_not_written_on_a_day_off_of_its_reader(answering: World, due: date) -> None:
    """Not on one of the State, though its duty station works, and the other way round."""
    w = answering
    first = due - 14 * DAY
    person = w.session.get_one(Person, w.focal_point.id)
    person.digest, person.time_zone = True, "Asia/Tokyo"
    w.session.flush()
    reminders.sweep(w.session, at_night(first) + 12 * HOUR)
    tomorrow = first + DAY
    w.session.add(DayOff(iso3=person.iso3, day=tomorrow, name="Closure", recorded_at=w.now))
    w.session.flush()
    now = at_night(tomorrow) + 2 * HOUR
    assert digest.write(w.session, now) == 0
    recorded = w.session.scalars(sa.select(DayOff)).one()
    recorded.iso3 = None
    w.session.flush()
    works = digest.readers(w.session, [person])[person.id].calendar.works(tomorrow)
    assert digest.write(w.session, now) == int(works)
