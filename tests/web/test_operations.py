"""What does not run is seen: on the board, the page of operations, at /health and /metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from review import clock, db, tasks
from review.models import Heartbeat, MilestoneDate, Outbox, Person
from review.services import heartbeats, incidents
from review.services.heartbeats import SIGN_OF_LIFE
from tests.web.office import NOW, Office, soup, words

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TOKEN = "a token of the collector, used in tests alone"


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    """Every job ran a moment ago, and nothing is overdue."""
    made = Office(app)
    with db.transaction() as session:
        session.execute(sa.delete(Outbox))
        session.execute(sa.update(MilestoneDate).values(remind_at=None))
    runs(app, NOW)
    with clock.frozen(NOW):
        yield made


def runs(app: Flask, at: Any) -> None:
    with db.transaction() as session:
        for job in tasks.jobs(app.extensions["review"]):
            heartbeats.begun(session, job.name, at)
            heartbeats.ended(session, job.name, at, 0.25)


def watch(app: Flask, at: Any) -> None:
    settings = app.extensions["review"]
    incidents.watch(settings, tasks.jobs(settings), now=at, machine=clock.machine)


def health(app: Flask, at: Any = NOW) -> tuple[int, dict[str, Any]]:
    with clock.frozen(at):
        answer = app.test_client().get("/health")
    return answer.status_code, answer.get_json()


# /health -----------------------------------------------------------------------------------------


def test_health_is_fine_where_everything_runs(office: Office) -> None:
    code, report = health(office.app)
    assert (code, report["status"]) == (200, "ok")
    assert report["jobs"]["write_digests"] == {"ok": True, "state": "last ran 0 s ago"}
    assert set(report["jobs"]) | {SIGN_OF_LIFE} == {
        job.name for job in tasks.jobs(office.app.extensions["review"])
    }


def test_health_is_computed_when_it_is_asked(office: Office) -> None:
    """No job and no process has to notice first."""
    code, report = health(office.app, NOW + 4 * MINUTE)
    assert (code, report["status"]) == (503, "failing")
    assert report["scheduler"] == {"ok": False, "state": "last ran 240 s ago"}
    assert report["jobs"]["write_digests"]["ok"], "it has longer"


@pytest.mark.parametrize(
    ("name", "ok"), [("remind", False), ("write_digests", True), (SIGN_OF_LIFE, None)]
)
def test_health_names_the_job_that_fails(office: Office, name: str, ok: bool | None) -> None:
    failing = name if ok is None else "remind"
    with db.transaction() as session:
        for _ in range(3):
            heartbeats.ended(session, failing, NOW, 0.1, "OperationalError")
    code, report = health(office.app)
    assert code == 503
    if ok is not None:
        assert report["jobs"][name]["ok"] is ok
    assert "failed 3 times in a row (OperationalError)" in str(report)


def test_health_sees_reminders_that_nobody_writes(office: Office) -> None:
    with db.transaction() as session:
        session.execute(sa.update(MilestoneDate).values(remind_at=NOW - HOUR))
        heartbeats.expect_anew(session, (), NOW - HOUR)
    runs(office.app, NOW)
    code, report = health(office.app)
    assert code == 503
    assert report["reminders"] == {"ok": False, "state": "one is due for 3600 s"}


def test_health_changes_nothing(office: Office) -> None:
    health(office.app, NOW + HOUR)
    with db.reading() as session:
        assert incidents.recent(session) == []


# The board and the page --------------------------------------------------------------------------


def test_the_board_says_what_does_not_run_and_what_to_do(office: Office) -> None:
    client = office.browser("officer")
    assert words(soup(client, "/reviews"), "#troubles") == []
    with clock.frozen(NOW + HOUR):
        page = soup(client, "/reviews")
        text = " ".join(words(page, "section[aria-labelledby=troubles]"))
        assert "No sign of life of the scheduler since Thu 18 Aug 2011, 10:00" in text
        assert "Start “uncac-review beat” and “uncac-review worker” again" in text
        assert "has not run since" not in text, "one cause, told once"
        watch(office.app, NOW + HOUR)
        again = " ".join(words(soup(client, "/reviews"), "section[aria-labelledby=troubles]"))
        assert again == text, "noted or not, it reads alike"
    runs(office.app, NOW + 2 * HOUR)
    watch(office.app, NOW + 2 * HOUR)
    with clock.frozen(NOW + 2 * HOUR):
        text = " ".join(words(soup(client, "/reviews"), "section[aria-labelledby=troubles]"))
        assert "Over since Thu 18 Aug 2011, 12:00 in Vienna" in text
        assert "Start “uncac-review beat”" not in text


def test_the_board_says_that_nothing_has_ever_run(office: Office) -> None:
    """Nobody has started scheduler and workers, and so nobody has looked."""
    with db.transaction() as session:
        session.execute(sa.delete(Heartbeat))
    code, report = health(office.app)
    assert (code, report["scheduler"]["ok"]) == (503, False)
    client = office.browser("officer")
    text = " ".join(words(soup(client, "/reviews"), "section[aria-labelledby=troubles]"))
    assert "No sign of life of the scheduler since" in text
    assert "has not run since" not in text, "one cause, told once"


def test_the_most_pressing_stands_first(office: Office) -> None:
    with db.transaction() as session:
        for _ in range(3):
            heartbeats.ended(session, "remind", NOW, 1.75, "IntegrityError")
    watch(office.app, NOW + MINUTE)  # the failing job is noted first
    client = office.browser("officer")
    with clock.frozen(NOW + HOUR):
        first, second = words(soup(client, "/reviews"), "section[aria-labelledby=troubles] p b")
    assert first.startswith("No sign of life of the scheduler")
    assert second.startswith("Writing of reminders: failed 3 times in a row")


def test_parties_are_not_told_of_the_machinery(office: Office) -> None:
    with clock.frozen(NOW + HOUR):
        client = office.browser("focal_point")
        assert "scheduler" not in soup(client, "/reviews").get_text()
        soup(client, "/operations", 403)


def test_the_page_of_operations_before_anything_ran(app: Flask) -> None:
    """For as long as nothing need have run: the first account was made a moment ago."""
    made = Office(app)
    with db.transaction() as session:
        session.execute(sa.delete(Outbox))
        session.execute(sa.update(MilestoneDate).values(remind_at=None))
        session.execute(sa.update(Person).values(invited_at=NOW - MINUTE))
    with clock.frozen(NOW):
        page = soup(made.browser("officer"), "/operations")
    text = page.get_text(" ")
    assert "No incident yet" in text
    assert "Not every job has run yet" in text
    assert "Everything runs" not in text
    rows = words(page, "#jobs ~ div tbody tr")
    assert len(rows) == len(tasks.jobs(app.extensions["review"]))
    assert all("Has not run yet" in row for row in rows)


def test_the_page_of_operations_shows_jobs_and_incidents(office: Office) -> None:
    client = office.browser("admin")
    assert "Everything runs." in soup(client, "/operations").get_text()
    with db.transaction() as session:
        for _ in range(2):
            heartbeats.ended(session, "remind", NOW + MINUTE, 1.75, "IntegrityError")
    watch(office.app, NOW + HOUR)
    with clock.frozen(NOW + HOUR):
        page = soup(client, "/operations")
    row = next(row for row in words(page, "tbody tr") if row.startswith("Writing of reminders"))
    for said in (
        "every 1 minute",
        "Does not run",
        "2 failures in a row",
        "1.75 s",
        "IntegrityError",
    ):
        assert said in row
    (incident,) = words(page, ".timeline li")
    assert "No sign of life of the scheduler since" in incident
    assert "Opened: Thu 18 Aug 2011, 11:00 in Vienna." in incident
    assert office.people["admin"].email in incident
    assert page.select_one(".timeline a")["href"].startswith("/mail/")  # type: ignore[index,union-attr]


def test_what_a_failure_said_is_nowhere(office: Office) -> None:
    """The kind of an error is kept, never its text: that may quote a row."""
    secret = "SECRET-7f3a"
    task = tasks.remind
    tasks.note_begin("1", task)
    tasks.note_end("1", task, retval=ValueError(secret))
    with db.reading() as session:
        row = heartbeats.all_of_them(session)["remind"]
        assert row.failure == "ValueError"
    settings = office.app.extensions["review"]
    office.app.extensions["review"] = replace(settings, metrics_token=TOKEN)
    pages = [office.browser("admin").get("/operations").text, str(health(office.app))]
    assert secret not in "".join([*pages, metrics(office.app)])


# /metrics ----------------------------------------------------------------------------------------


def metrics(app: Flask, code: int = 200, **headers: str) -> str:
    given = headers or {"Authorization": f"Bearer {TOKEN}"}
    answer = app.test_client().get("/metrics", headers=given)
    assert answer.status_code == code
    return answer.text


@pytest.fixture
def collected(office: Office) -> Office:
    settings = office.app.extensions["review"]
    office.app.extensions["review"] = replace(settings, metrics_token=TOKEN)
    return office


def test_without_a_token_there_are_no_figures(office: Office) -> None:
    metrics(office.app, 404)
    metrics(office.app, 404, Authorization="Bearer ")


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", "ü"])
def test_a_wrong_token_is_refused(collected: Office, given: str) -> None:
    answer = collected.app.test_client().get("/metrics", headers={"Authorization": given})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "uncac_review" not in answer.text


def samples(text: str) -> dict[str, dict[str, float]]:
    """Each figure by name, each value by its one label."""
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            found.setdefault(one.name, {})[",".join(one.labels.values())] = one.value
    return found


def test_figures_can_be_read_and_are_right(collected: Office) -> None:
    with db.transaction() as session:
        heartbeats.ended(session, "remind", NOW, 1.5, "OperationalError")
        session.add(
            Outbox(
                key="one",
                notice="reminder",
                address="focal.point@zmb.example",
                language="en",
                created_at=NOW - HOUR,
                next_try_at=NOW - HOUR,
            )
        )
    watch(collected.app, NOW + HOUR)
    found = samples(metrics(collected.app))
    assert found["uncac_review_job_last_run_seconds"]["remind"] == 1.5
    assert found["uncac_review_job_runs_total"]["remind"] == 2
    assert found["uncac_review_job_failures_total"]["remind"] == 1
    stamp = NOW.timestamp()
    assert found["uncac_review_job_last_success_timestamp_seconds"]["remind"] == stamp
    assert found["uncac_review_job_interval_seconds"]["write_digests"] == 600
    # one of the test's own, and one to the administrator about the incident
    assert found["uncac_review_messages"] == {"waiting": 2, "sent": 0, "failed": 0}
    assert found["uncac_review_message_oldest_unsent_seconds"][""] == 3600
    assert found["uncac_review_rule_broken"]["mail_unsent"] == 0, "expected for a moment only"
    assert found["uncac_review_incidents_total"]["scheduler_silent"] == 1
    assert found["uncac_review_incidents_open"]["scheduler_silent"] == 1
    assert found["uncac_review_part_up"]["database"] == 1


def test_the_figures_say_that_nothing_has_ever_run(collected: Office) -> None:
    with db.transaction() as session:
        session.execute(sa.delete(Heartbeat))
    found = samples(metrics(collected.app))
    assert found["uncac_review_rule_broken"]["scheduler_silent"] == 1
    assert found["uncac_review_part_up"]["scheduler"] == 0


def test_figures_follow_the_conventions_and_name_nobody(collected: Office) -> None:
    text = metrics(collected.app)
    labels = set()
    for family in text_string_to_metric_families(text):
        assert family.name.startswith("uncac_review_")
        assert family.documentation.endswith(".")
        assert (family.type == "counter") == any(s.name.endswith("_total") for s in family.samples)
        for one in family.samples:
            labels |= set(one.labels.items())
    assert {name for name, _ in labels} == {"task", "part", "rule", "state", "fate", "outcome"}
    named = {value for _, value in labels}
    assert not named & {"ZMB", "Zambia"}
    assert not {name for name, _ in labels} & {"job", "instance"}, "a collector's own"
    assert all("@" not in value and not value.isdigit() for value in named)


def test_without_a_database_the_figures_say_so(collected: Office) -> None:
    db.connect("postgresql://nobody:hidden@127.0.0.1:1/nothing")
    text = metrics(collected.app)
    assert samples(text)["uncac_review_part_up"]["database"] == 0
    assert "hidden" not in text
