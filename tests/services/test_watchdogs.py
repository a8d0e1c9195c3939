"""What counts as broken, incidents told once, and nobody told twice by two who look at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, settings, tasks
from review.models import Heartbeat, Incident, MailAttempt, MilestoneDate, Outbox, Person
from review.services import heartbeats, incidents, watch_picture, watchdogs
from review.services.health import Part
from review.services.heartbeats import SIGN_OF_LIFE, Job
from review.services.incidents import Watched
from review.services.refusals import Streak
from review.services.watch_picture import Mails, Picture
from review.services.watchdogs import RULES
from review.settings import Settings
from tests import world

NOW = datetime(2013, 5, 24, 8, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
JOBS = (
    Job(SIGN_OF_LIFE, 30 * SECOND),
    Job("deliver", 30 * SECOND),
    Job("remind", MINUTE),
    Job("write_digests", 10 * MINUTE),
)


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    return settings.load(
        {
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "REDIS_URL": "redis://127.0.0.1:1",
            "SMTP_URL": "smtp://127.0.0.1:1",
            "SECRET_KEY": "a key that is used in tests and nowhere else",
            "BASE_URL": "https://reviews.example",
            "MAIL_FROM": "reviews@secretariat.example",
            "DATA_DIR": str(tmp_path),
        }
    )


def beat(name: str, ago: timedelta, **more: object) -> Heartbeat:
    """A job that ended well so long ago."""
    values = {
        "since": NOW - 9 * HOUR,
        "begun_at": NOW - ago,
        "finished_at": NOW - ago,
        "failures": 0,
    }
    return Heartbeat(name=name, **(values | more))


def picture(**more: object) -> Picture:
    """Everything as it should be, but for this."""
    fine = {job.name: beat(job.name, 20 * SECOND) for job in JOBS}
    beats = {**fine, **more.pop("beats", {})}  # type: ignore[dict-item]
    return replace(Picture(NOW, JOBS, beats), **more)  # type: ignore[arg-type]


def broken(seen: Picture, chosen: Settings) -> list[str]:
    """The broken rules with their subjects; in brackets those that another one explains."""
    found = []
    for one in watchdogs.judge(seen, chosen):
        name = ":".join(filter(None, one.key))
        found.append(f"({name})" if one.explained else name)
    return found


# Rules -------------------------------------------------------------------------------------------


def test_nothing_is_broken_where_everything_runs(chosen: Settings) -> None:
    assert broken(picture(), chosen) == []


CASES: dict[str, tuple[Callable[[], Picture], Callable[[], Picture]]] = {
    # rule: just within its limit, just beyond it
    "broker_away": (picture, lambda: picture(broker=False)),
    "scheduler_silent": (
        lambda: picture(beats={SIGN_OF_LIFE: beat(SIGN_OF_LIFE, 180 * SECOND)}),
        lambda: picture(beats={SIGN_OF_LIFE: beat(SIGN_OF_LIFE, 181 * SECOND)}),
    ),
    "job_silent:write_digests": (
        lambda: picture(beats={"write_digests": beat("write_digests", 30 * MINUTE)}),
        lambda: picture(beats={"write_digests": beat("write_digests", 31 * MINUTE)}),
    ),
    "job_silent:remind": (
        lambda: picture(beats={"remind": beat("remind", 10 * MINUTE)}),
        lambda: picture(beats={"remind": beat("remind", 11 * MINUTE)}),
    ),
    "job_failing:remind": (
        lambda: picture(beats={"remind": beat("remind", MINUTE, failures=2)}),
        lambda: picture(beats={"remind": beat("remind", MINUTE, failures=3)}),
    ),
    "mail_refused": (
        lambda: picture(mails=Mails(policy=Streak(1))),
        lambda: picture(mails=Mails(policy=Streak(2))),
    ),
    "mail_unsent": (
        lambda: picture(mails=Mails(1, NOW - HOUR, NOW - 15 * MINUTE)),
        lambda: picture(mails=Mails(1, NOW - HOUR, NOW - 16 * MINUTE)),
    ),
    "queue_growing": (
        lambda: picture(mails=Mails(stuck=150, stuck_before=150)),
        lambda: picture(mails=Mails(stuck=150, stuck_before=149)),
    ),
    "mail_faults:bounced": (
        lambda: picture(mails=Mails(faults={"bounced": (30, 10.0)})),
        lambda: picture(mails=Mails(faults={"bounced": (31, 10.0)})),
    ),
    "mail_faults:later": (
        lambda: picture(mails=Mails(faults={"later": (19, 0.0)})),
        lambda: picture(mails=Mails(faults={"later": (20, 0.0)})),
    ),
    "reminder_overdue": (
        lambda: picture(reminder=NOW - 15 * MINUTE),
        lambda: picture(reminder=NOW - 16 * MINUTE),
    ),
    "clock_apart": (lambda: picture(apart=10.0), lambda: picture(apart=10.5)),
}


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_broken_beyond_its_limit_and_not_before(rule: str, chosen: Settings) -> None:
    within, beyond = CASES[rule]
    assert broken(within(), chosen) == []
    assert broken(beyond(), chosen) == [rule]


def test_every_rule_has_a_case_and_a_setting(chosen: Settings) -> None:
    assert {name.partition(":")[0] for name in CASES} == {rule.key for rule in RULES}
    for rule in RULES:
        assert rule.limit == "" or getattr(chosen, rule.limit) > 0
        assert set(rule.because_of) <= {other.key for other in RULES}


def test_one_cause_is_told_once(chosen: Settings) -> None:
    """Where the scheduler is down every job is silent and no reminder goes: one incident."""
    seen = picture(
        beats={job.name: beat(job.name, HOUR) for job in JOBS},
        reminder=NOW - HOUR,
        mails=Mails(1, NOW - HOUR, NOW - HOUR),
    )
    assert broken(seen, chosen) == [
        "scheduler_silent",
        "(job_silent:deliver)",
        "(job_silent:remind)",
        "(job_silent:write_digests)",
        "(mail_unsent)",
        "(reminder_overdue)",
    ]
    away = broken(replace(seen, broker=False), chosen)
    assert away[:2] == ["broker_away", "(scheduler_silent)"]


def test_a_job_that_hangs_or_never_ran_is_silent(chosen: Settings) -> None:
    hangs = beat("remind", HOUR, begun_at=NOW - 50 * MINUTE)
    assert broken(picture(beats={"remind": hangs}), chosen) == ["job_silent:remind"]
    never = Heartbeat(name="remind", since=NOW - 11 * MINUTE, failures=0)
    assert broken(picture(beats={"remind": never}), chosen) == ["job_silent:remind"]
    never.since = NOW
    assert broken(picture(beats={"remind": never}), chosen) == [], "it is given time to begin"


def test_what_never_ran_is_missed_from_the_first_account_on(chosen: Settings) -> None:
    def fresh(begun: datetime | None) -> list[str]:
        return broken(Picture(NOW, JOBS, begun=begun), chosen)

    assert fresh(None) == [], "there is nobody to remind of anything"
    assert fresh(NOW - 180 * SECOND) == []
    assert fresh(NOW - 181 * SECOND) == ["scheduler_silent"]
    jobs = [f"(job_silent:{job.name})" for job in JOBS if job.name != SIGN_OF_LIFE]
    assert fresh(NOW - 72 * HOUR) == ["scheduler_silent", *jobs]


def test_jobs_are_expected_from_the_first_account_on_or_from_the_first_look(
    session: Session,
) -> None:
    first = world.person(session, "secretariat_administrator").invited_at

    def since() -> dict[str, datetime]:
        session.expire_all()
        return {name: one.since for name, one in heartbeats.all_of_them(session).items()}

    heartbeats.expect(session, JOBS[:2], NOW)
    assert set(since().values()) == {first}, "none of them has run since"
    heartbeats.expect(session, JOBS, NOW)
    assert since()["remind"] == NOW, "a job that is new where others run is given time"
    heartbeats.expect_anew(session, JOBS, NOW + HOUR)
    assert set(since().values()) == {NOW + HOUR}
    assert look(session).begun == first


def test_every_job_of_the_scheduler_is_watched_and_has_a_name(chosen: Settings) -> None:
    mailbox = replace(chosen, imap_url="imaps://a:b@mail.example")
    expected = {job.name: job.every for job in tasks.jobs(mailbox)}
    assert expected.keys() == heartbeats.NAMES.keys()
    assert expected["write_digests"] == 10 * MINUTE
    assert "read_reports" not in {job.name for job in tasks.jobs(chosen)}
    for name in expected:
        assert hasattr(tasks, name)


# What is seen ------------------------------------------------------------------------------------


def look(session: Session, now: datetime = NOW) -> Picture:
    return watch_picture.look(session, JOBS, now=now, machine=clock.machine)


def mail(session: Session, key: str, ago: timedelta, **more: object) -> Outbox:
    at = NOW - ago
    values = {"notice": "reminder", "address": f"{key}@zmb.example", "language": "en"}
    row = Outbox(key=key, created_at=at, next_try_at=at, **(values | more))
    session.add(row)
    session.flush()
    return row


def tried(session: Session, row: Outbox, outcome: str, ago: timedelta) -> None:
    session.add(MailAttempt(outbox_id=row.id, at=NOW - ago, domain="zmb.example", outcome=outcome))
    session.flush()


def test_a_mail_that_one_server_puts_off_does_not_count_as_unsent(session: Session) -> None:
    put_off = mail(session, "put-off", 5 * HOUR, attempts=4)
    tried(session, put_off, "later", 2 * HOUR)
    assert look(session).mails.unsent == NOW - 5 * HOUR, "nothing else was taken since"
    other = mail(session, "other", HOUR, state="sent", sent_at=NOW - HOUR)
    tried(session, other, "accepted", HOUR)
    seen = look(session).mails
    assert (seen.waiting, seen.oldest, seen.unsent) == (1, NOW - 5 * HOUR, None)
    mail(session, "new", 20 * MINUTE)
    assert look(session).mails.unsent == NOW - 20 * MINUTE


def test_faults_are_counted_by_message_and_held_against_the_day_before(session: Session) -> None:
    for number in range(6):
        row = mail(session, f"m{number}", 2 * HOUR)
        for ago in (10, 20, 30):
            tried(session, row, "later", ago * MINUTE)
        tried(session, row, "later", 5 * HOUR)
    mail(session, "back", HOUR, state="sent", sent_at=NOW, fate="bounced", fate_at=NOW)
    seen = look(session).mails
    assert seen.faults == {"later": (6, 0.25), "refused": (0, 0.0), "bounced": (1, 0.0)}
    assert (seen.stuck, seen.stuck_before) == (6, 6)


def test_a_queue_that_is_worked_off_does_not_grow(session: Session) -> None:
    for number in range(5):
        row = mail(session, f"sent{number}", 3 * HOUR, state="sent", sent_at=NOW - MINUTE)
        tried(session, row, "accepted", MINUTE)
    mail(session, "left", 3 * HOUR)
    seen = look(session).mails
    assert (seen.stuck, seen.stuck_before) == (1, 6)


def test_an_overdue_reminder_is_seen(session: Session) -> None:
    w = world.advance(world.world(session), "self_assessment")
    session.execute(sa.update(MilestoneDate).values(remind_at=None))
    assert look(session, w.now).reminder is None
    due = w.now - 20 * MINUTE
    session.execute(
        sa.update(MilestoneDate)
        .where(MilestoneDate.key == "self_assessment_submitted")
        .values(remind_at=due)
    )
    assert look(session, w.now).reminder == due


def test_a_clock_that_goes_wrong_is_seen(session: Session) -> None:
    def ahead() -> datetime:
        return clock.machine() + HOUR

    assert look(session).apart < 5
    seen = watch_picture.look(session, JOBS, now=NOW, machine=ahead)
    assert 3590 < seen.apart < 3610


# Signs of life -----------------------------------------------------------------------------------


def test_signs_of_life_keep_the_kind_of_a_failure_and_count(session: Session) -> None:
    def known() -> Heartbeat:
        session.expire_all()
        return heartbeats.all_of_them(session)["remind"]

    heartbeats.begun(session, "remind", NOW)
    assert known().ended_at is None
    for number in range(2):
        heartbeats.ended(session, "remind", NOW + number * MINUTE, 1.5, "OperationalError")
    row = known()
    assert (row.failures, row.runs, row.failed_runs, row.failure) == (2, 2, 2, "OperationalError")
    assert row.finished_at is None
    assert row.failed_at == row.ended_at == NOW + MINUTE
    heartbeats.ended(session, "remind", NOW + HOUR, 0.25)
    row = known()
    assert (row.failures, row.runs, row.failed_runs, row.seconds) == (0, 3, 2, 0.25)
    assert row.ended_at == NOW + HOUR
    assert row.failed_at == NOW + MINUTE, "when it last failed is still known"


# Incidents ---------------------------------------------------------------------------------------


@pytest.fixture
def watched(
    database: str, chosen: Settings, monkeypatch: pytest.MonkeyPatch
) -> Callable[[datetime], Watched]:
    """Look at a moment: two administrators, and a broker that answers."""
    monkeypatch.setattr(
        "review.services.health.ask_broker", lambda *_: Part(ok=True, state="answers")
    )
    with db.transaction() as session:
        for number, language in enumerate(("en", "fr")):
            world.person(
                session, "secretariat_administrator", name=f"admin{number}", language=language
            )
        world.person(session, "secretariat_officer")
        world.person(session, "secretariat_administrator", name="gone", active=False)
        heartbeats.expect(session, JOBS, NOW)
        for job in JOBS:
            heartbeats.ended(session, job.name, NOW, 0.1)

    def watch(at: datetime) -> Watched:
        return incidents.watch(chosen, JOBS, now=at, machine=clock.machine)

    return watch


def mails() -> list[tuple[str, str]]:
    with db.reading() as session:
        found = session.execute(
            sa.select(Outbox.notice, Person.email)
            .join(Person, Person.id == Outbox.person_id)
            .order_by(Outbox.id)
        )
        return [(notice, email.partition("@")[0]) for notice, email in found]


def runs(at: datetime, *, sends: bool = True) -> None:
    """Every job has just run; what waited is sent."""
    with db.transaction() as session:
        if sends:
            session.execute(sa.update(Outbox).values(state="sent", sent_at=at))
        for job in JOBS:
            heartbeats.ended(session, job.name, at, 0.1)


OPENED = [("incident_opened", "admin0"), ("incident_opened", "admin1")]
CLOSED = [("incident_closed", "admin0"), ("incident_closed", "admin1")]
Watch = Callable[[datetime], Watched]


def test_an_incident_is_told_once_when_it_opens_and_once_when_it_is_over(watched: Watch) -> None:
    assert watched(NOW + MINUTE) == Watched()
    assert watched(NOW + 4 * MINUTE).opened == 1
    assert mails() == OPENED
    for minutes in range(5, 60, 5):
        assert watched(NOW + minutes * MINUTE).opened == 0
    assert mails() == OPENED, "not again and again"

    back = NOW + HOUR
    runs(back)
    assert watched(back).closed == 0, "not before it has held for a while"
    assert watched(back + 2 * MINUTE).closed == 0
    runs(back + 5 * MINUTE)
    assert watched(back + 5 * MINUTE).closed == 1
    assert mails() == OPENED + CLOSED
    runs(back + 6 * MINUTE)
    assert watched(back + 6 * MINUTE) == Watched()
    with db.reading() as session:
        one = session.scalars(sa.select(Incident)).one()
        session.expunge(one)
    assert (one.rule, one.opened_at) == ("scheduler_silent", NOW + 4 * MINUTE)
    assert (one.calm_since, one.closed_at) == (back, back + 5 * MINUTE)
    assert one.seen_at == NOW + 55 * MINUTE


def test_what_comes_and_goes_is_one_incident(watched: Watch) -> None:
    at = NOW
    for _ in range(6):
        at += 4 * MINUTE
        watched(at)
        runs(at)
        at += 2 * MINUTE
        watched(at)
    assert mails() == OPENED
    assert watched(at + HOUR).closed == 0


def test_what_has_piled_up_is_no_incident_of_its_own(watched: Watch) -> None:
    """When the scheduler is back, messages have waited for an hour: they leave in a moment."""
    watched(NOW + HOUR)
    runs(NOW + 2 * HOUR, sends=False)
    assert [one.key for one in watched(NOW + 2 * HOUR).broken] == [("mail_unsent", "")]
    assert mails() == OPENED


def test_what_was_stopped_on_purpose_is_not_missed(watched: Watch) -> None:
    with db.transaction() as session:
        session.add(
            Outbox(key="k", notice="n", address="a@b.example", language="en", created_at=NOW,
                   next_try_at=NOW)
        )  # fmt: skip
        heartbeats.ended(session, "remind", NOW, 0.1, "OperationalError")
        heartbeats.expect_anew(session, JOBS, NOW + 10 * HOUR)
    assert watched(NOW + 10 * HOUR) == Watched()
    with db.reading() as session:
        rows = heartbeats.all_of_them(session)
        assert {row.ended_at for row in rows.values()} == {None}
        assert rows["remind"].failed_runs == 1, "what was counted stays"


def test_the_second_time_is_another_incident(watched: Watch) -> None:
    watched(NOW + HOUR)
    for minutes in (0, 6):
        runs(NOW + 2 * HOUR + minutes * MINUTE)
        watched(NOW + 2 * HOUR + minutes * MINUTE)
    assert watched(NOW + 5 * HOUR).opened == 1
    assert mails() == OPENED + CLOSED + OPENED


def test_two_who_look_at_once_tell_once(watched: Watch) -> None:
    def at_once(moment: datetime) -> list[Watched]:
        ready = Barrier(4)

        def one(_: int) -> Watched:
            ready.wait(10)
            return watched(moment)

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(one, range(4)))

    assert sum(one.opened for one in at_once(NOW + HOUR)) == 1
    assert mails() == OPENED
    runs(NOW + 2 * HOUR)
    assert sum(one.closed for one in at_once(NOW + 2 * HOUR)) == 0
    runs(NOW + 3 * HOUR)
    assert sum(one.closed for one in at_once(NOW + 3 * HOUR)) == 1
    assert mails() == OPENED + CLOSED


def test_a_new_job_is_watched_from_the_first_look_on(chosen: Settings, watched: Watch) -> None:
    more = (*JOBS, Job("look_again", MINUTE))

    def watch(at: datetime) -> list[str]:
        runs(at)
        seen = incidents.watch(chosen, more, now=at, machine=clock.machine)
        return [one.measured.subject for one in seen.broken]

    assert watch(NOW + HOUR) == []
    assert watch(NOW + HOUR + 9 * MINUTE) == []
    assert watch(NOW + HOUR + 11 * MINUTE) == ["look_again"]


def test_a_rule_of_another_version_is_still_closed(watched: Watch) -> None:
    with db.transaction() as session:
        session.add(Incident(rule="no_such_rule", opened_at=NOW, seen_at=NOW, facts={}))
    runs(NOW + HOUR)
    watched(NOW + HOUR)
    runs(NOW + 2 * HOUR)
    assert watched(NOW + 2 * HOUR).closed == 1
    with db.reading() as session:
        assert session.scalars(sa.select(Outbox.params)).all()[0]["words"] == "no such rule"
