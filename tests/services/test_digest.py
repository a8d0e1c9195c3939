"""One message a day: at 07:00 where its reader lives, with everything that is theirs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db, links
from review.mail.letter import Letter
from review.mail.render import write
from review.models import MilestoneDate, Outbox, Pause, Person
from review.services import digest, digest_choice, outdated, reminders
from tests import world
from tests.services.reasons import reason
from tests.world import World

DAY = timedelta(days=1)


@pytest.fixture
def focal(session: Session) -> World:
    """A focal point in Lusaka (UTC+2) who chose digests, with the self-assessment to answer."""
    w = world.advance(world.world(session), "self_assessment")
    return _digesting(w)


def _digesting(w: World) -> World:
    person = w.session.get_one(Person, w.focal_point.id)
    person.digest = True
    person.time_zone = "Africa/Lusaka"
    w.session.flush()
    return w


def digests(session: Session) -> list[Outbox]:
    return list(
        session.scalars(sa.select(Outbox).where(Outbox.notice == "digest").order_by(Outbox.id))
    )


def live(w: World, start: datetime, days: int) -> None:
    """Sweeps and looks for digests, some before and some after the morning in Lusaka."""
    for day in range(days):
        for hour in (4, 5, 8, 20):
            now = start + timedelta(days=day, hours=hour)
            reminders.sweep(w.session, now)
            digest.write(w.session, now)
            w.session.flush()
            w.session.expire_all()


def test_a_digest_comes_on_days_with_a_reminder_and_on_no_other(focal: World) -> None:
    due = focal.seen().dates["self_assessment_submitted", 0].due_on
    assert due is not None
    start = datetime(due.year, due.month, due.day, tzinfo=UTC) - 16 * DAY
    live(focal, start, 24)

    written = digests(focal.session)
    ahead = [(due - datetime.fromisoformat(m.params["day"]).date()).days for m in written]
    assert ahead == [14, 7, 1, -1, -7]
    single = focal.session.scalars(sa.select(Outbox).where(Outbox.notice == "reminder"))
    assert {m.state for m in single if m.person_id == focal.focal_point.id} == {"recorded"}


def test_not_before_seven_where_the_reader_lives(focal: World) -> None:
    due = focal.seen().dates["self_assessment_submitted", 0].due_on
    assert due is not None
    nine_in_lusaka = datetime(due.year, due.month, due.day, 7, tzinfo=UTC) - 14 * DAY
    person = focal.session.get_one(Person, focal.focal_point.id)
    person.time_zone = "Pacific/Honolulu"  # where it is 21:00 of the day before
    reminders.sweep(focal.session, nine_in_lusaka)
    assert digest.write(focal.session, nine_in_lusaka + timedelta(hours=9, minutes=59)) == 0
    assert digest.write(focal.session, nine_in_lusaka + timedelta(hours=10)) == 1
    assert digest.write(focal.session, nine_in_lusaka + timedelta(hours=11)) == 0


def test_a_digest_lists_what_is_theirs_and_reads_well(focal: World) -> None:
    links.set_base("https://reviews.example")
    now = _remind(focal)
    mail = digests(focal.session)[0]
    letter = Letter(mail.id, mail.key, "digest", "en", mail.address, mail.params)
    written = write(letter, sender="a@b.example", now=now)
    assert written.subject == "Country reviews: 1 step needs you"
    assert "Zambia, first cycle, chapters III and IV: Submit the self-assessment" in written.text
    assert f"https://reviews.example/reviews/{focal.review_id}/answers" in written.text
    assert "end of day in Lusaka (in 10 working days)" in written.text


def test_what_is_done_before_a_digest_leaves_is_not_in_it(focal: World) -> None:
    _remind(focal)
    mail = digests(focal.session)[0]
    assert reason(focal.session, mail, focal.now) == ""
    world.answer_all(focal)
    focal.take("submit_self_assessment", focal.focal_point)
    focal.session.expire_all()
    assert reason(focal.session, mail, focal.now) == outdated.NOTHING_OPEN


def test_an_officer_s_digest_holds_what_others_are_late_with(session: Session) -> None:
    w = world.advance(world.world(session), "initial_steps")
    session.get_one(Person, w.officer.id).digest = True
    now = (w.now + 47 * DAY).replace(hour=12)  # a Monday
    reminders.sweep(session, now)
    assert digest.write(session, now) == 1
    items = digests(session)[0].params["items"]
    assert {item["milestone"] for item in items} == {"focal_point_nominated", "experts_nominated"}
    links.set_base("https://reviews.example")
    mail = digests(session)[0]
    letter = Letter(mail.id, mail.key, "digest", "en", mail.address, mail.params)
    text = write(letter, sender="a@b.example", now=now).text
    assert "Governmental experts nominated, with Italy" in text


def test_what_is_done_before_a_digest_is_written_uses_none_up(session: Session) -> None:
    """The officer's digest of the day is left for what is late; the log says what became of it."""
    w = world.advance(world.world(session), "initial_steps")
    session.get_one(Person, w.officer.id).digest = True
    night = (w.now + 47 * DAY).replace(hour=2)  # a Monday, before seven in Vienna
    for row in session.scalars(
        sa.select(MilestoneDate).where(MilestoneDate.remind_at.is_not(None))
    ):
        if row.key != "focal_point_nominated":
            row.remind_at = night + timedelta(hours=7)
    session.flush()
    reminders.sweep(session, night)
    assert {row.params["milestone"] for row in session.scalars(digest.waiting([w.officer.id]))} == {
        "focal_point_nominated"
    }
    w.now = night - DAY
    world.nominate(w, "focal_point", "nominate_focal_point")
    seven = night.replace(hour=6)
    assert digest.write(session, seven) == 0
    session.expire_all()
    gone = session.scalars(sa.select(Outbox).where(Outbox.notice == "escalation")).one()
    assert (gone.state, gone.error) == ("recorded", outdated.NOTHING_OPEN)

    reminders.sweep(session, night + timedelta(hours=8))
    assert digest.write(session, night + timedelta(hours=8)) == 1
    mail = digests(session)[0]
    assert {item["milestone"] for item in mail.params["items"]} == {"experts_nominated"}
    assert reason(session, mail, night + timedelta(hours=8)) == ""


def _remind(w: World) -> datetime:
    due = w.seen().dates["self_assessment_submitted", 0].due_on
    assert due is not None
    now = datetime(due.year, due.month, due.day, 10, tzinfo=UTC) - 14 * DAY
    reminders.sweep(w.session, now)
    assert digest.write(w.session, now) == 1
    w.session.expire_all()
    return now


@pytest.fixture
def committed(database: str) -> World:
    with db.transaction() as session:
        made = _digesting(world.advance(world.world(session), "self_assessment"))
        due = made.seen().dates["self_assessment_submitted", 0].due_on
        assert due is not None
        made.now = datetime(due.year, due.month, due.day, 10, tzinfo=UTC) - 14 * DAY
        reminders.sweep(session, made.now)
    return made


def _write(now: datetime) -> int:
    with db.transaction() as session:
        return digest.write(session, now)


def test_four_at_once_write_one_digest(committed: World) -> None:
    with ThreadPoolExecutor(4) as four:
        assert sum(four.map(_write, [committed.now] * 4)) == 1
    with db.reading() as session:
        assert len(digests(session)) == 1


def test_who_ends_the_digest_gets_at_once_what_waited_and_after_a_pause_what_it_kept(
    focal: World,
) -> None:
    due = focal.seen().dates["self_assessment_submitted", 0].due_on
    assert due is not None
    now = datetime(due.year, due.month, due.day, 10, tzinfo=UTC) - 14 * DAY
    reminders.sweep(focal.session, now)
    person = focal.session.get_one(Person, focal.focal_point.id)
    waiting = focal.session.scalars(digest.waiting([person.id])).one()
    until = (now + 3 * DAY).date()
    focal.session.add(
        Pause(person_id=person.id, until=until, reason="", set_by=person.id, set_at=now)
    )
    focal.session.flush()
    assert digest_choice.release(focal.session, person, now) == 1
    assert waiting.state == "waiting"
    assert waiting.next_try_at == datetime(
        until.year, until.month, until.day, 21, 59, 59, tzinfo=UTC
    )
    assert digest_choice.release(focal.session, person, now) == 0
