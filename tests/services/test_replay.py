"""The first cycle replayed, the demonstration made of it, and going on from there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db
from review.models import (
    Answer,
    Approval,
    Audit,
    Draw,
    Finding,
    Member,
    MilestoneDate,
    Outbox,
    Person,
    Review,
    Reviewer,
)
from review.services import accounts, answers, demonstration, replay, seed, snapshot, steps
from review.services.demonstration import Account
from workflows import drawing, engine
from workflows.deadlines import end_of_day

DAY = date(2013, 5, 24)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def counted(module_database: str) -> replay.Result:
    """What the replay gives for the day on which figures of the cycle were published."""
    told: list[str] = []
    found = replay.play(until=DAY, progress=told.append)
    assert len(told) > 5, "a long play tells how far it is"
    return found


@pytest.fixture(scope="module")
def demo(counted: replay.Result) -> list[Account]:
    """The accounts of a loaded demonstration; its database is connected."""
    assert not demonstration.is_loaded()
    told: list[str] = []
    with clock.frozen(demonstration.OPENS):
        made = demonstration.load(told.append)
    assert demonstration.is_loaded()
    assert told
    return made


@pytest.fixture
def reading(demo: list[Account]) -> Iterator[Session]:
    with db.reading() as session:
        yield session


def _review(session: Session, iso3: str) -> Review:
    return session.scalars(sa.select(Review).where(Review.iso3 == iso3)).one()


def _milestone(session: Session, iso3: str, key: str) -> MilestoneDate:
    return session.get_one(MilestoneDate, (_review(session, iso3).id, key, 0))


def test_the_published_counts_stand(counted: replay.Result) -> None:
    found = json.loads(counted.as_json())
    assert (found["parties"], found["signatories"]) == (166, 140)
    assert found["years"] == {"1": 27, "2": 41, "3": 35, "4": 62}
    assert found["finalised"] == found["by_stage"]["completed"] == 38
    assert sum(found["by_stage"].values()) == found["reviews"] == 165
    assert any("38" in text for text in found["inputs"]), "the total is named as an input"
    assert found["simulated"]


def test_the_table_adds_up(counted: replay.Result) -> None:
    lines = counted.as_table().splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line[:1] in "1234A" and line}
    for column in range(8):
        total = sum(int(rows[year][column]) for year in "1234")
        assert int(rows["All"][column]) == total


def test_nothing_lies_in_the_future(reading: Session) -> None:
    today = end_of_day(demonstration.OPENS.date(), "Europe/Vienna")
    for column in (Audit.at, MilestoneDate.done_at, Outbox.created_at, Review.stage_since):
        latest = reading.scalar(sa.select(sa.func.max(column)))
        assert latest
        assert latest <= today


def test_no_mail_is_sent(reading: Session) -> None:
    states = reading.scalars(sa.select(Outbox.state).distinct()).all()
    assert states == ["recorded"]


def test_reminders_of_the_past_are_recorded_and_none_is_left_over(reading: Session) -> None:
    notices = Counter(reading.scalars(sa.select(Outbox.notice)))
    assert notices["reminder"] > 100
    assert notices["escalation"] > 10
    coming = reading.scalar(sa.select(sa.func.min(MilestoneDate.remind_at)))
    assert coming
    assert coming > demonstration.OPENS


def test_the_audit_trail_runs_forward(reading: Session) -> None:
    last: dict[int | None, datetime] = {}
    for review_id, at in reading.execute(
        sa.select(Audit.review_id, Audit.at).order_by(Audit.id)
    ).all():
        assert at >= last.get(review_id, at)
        last[review_id] = at


def test_completed_reviews_are_complete(reading: Session) -> None:
    for review in reading.scalars(sa.select(Review).where(Review.stage == "completed")):
        approvals = reading.scalars(
            sa.select(Approval.slot).where(
                Approval.review_id == review.id, Approval.cleared_at.is_(None)
            )
        )
        assert sorted(approvals) == [0, 1, 2]
        assert review.document_symbol


def test_documented_days_are_not_marked_as_simulated(reading: Session) -> None:
    visit = _milestone(reading, "TLS", "dialogue_held")
    assert visit.done_at
    assert (visit.done_at.date(), visit.simulated) == (date(2012, 5, 25), False)
    assert _review(reading, "TLS").dialogue_first_day == date(2012, 5, 21)
    assert not _milestone(reading, "ZAF", "summary_issued").simulated
    assert _milestone(reading, "ZAF", "report_agreed").simulated
    assert _milestone(reading, "FIN", "summary_issued").simulated, "only its year is known"


def test_documented_visits_to_come_are_scheduled(reading: Session) -> None:
    hungary = _review(reading, "HUN")
    assert hungary.means == "country_visit"
    assert (hungary.dialogue_first_day, hungary.dialogue_last_day) == (
        date(2013, 6, 3),
        date(2013, 6, 5),
    )


def test_what_people_would_write_says_that_it_is_a_specimen(reading: Session) -> None:
    for model, column in ((Answer, Answer.measures), (Finding, Finding.observation)):
        texts = reading.scalars(sa.select(column).distinct()).all()
        assert texts
        assert all(text.startswith("Specimen") for text in texts)
        assert not reading.scalar(sa.select(sa.func.count()).where(model.simulated.is_(False)))


def test_people_carry_a_role_and_an_address_of_no_one(reading: Session) -> None:
    for person in reading.scalars(sa.select(Person)):
        assert person.email.endswith(".example")


def test_draws_keep_the_rules(reading: Session) -> None:
    found = reading.execute(
        sa.select(Review.iso3, Reviewer.iso3, Reviewer.basis)
        .join(Reviewer, Reviewer.review_id == Review.id)
        .where(Reviewer.voided_at.is_(None))
    ).all()
    pairs = {(reviewed, reviewer) for reviewed, reviewer, _ in found}
    assert not [pair for pair in pairs if pair[::-1] in pairs]
    assert max(Counter(reviewer for _, reviewer in pairs).values()) <= 3
    assert {basis for iso3, _, basis in found if iso3 == "GEO"} == {"simulated"}
    assert {basis for iso3, _, basis in found if iso3 == "ZMB"} == {"recalled"}


def test_every_review_has_two_reviewing_states(reading: Session) -> None:
    reviews = reading.scalars(sa.select(Review)).all()
    assert len(reviews) == 165
    assert {len(review.reviewers) for review in reviews} == {2}


def test_what_was_drawn_here_is_marked_slot_by_slot(reading: Session) -> None:
    assert [one.basis for one in _review(reading, "STP").reviewers] == ["simulated"] * 2
    kyrgyzstan = _review(reading, "KGZ").reviewers
    assert [(one.iso3 == "PAK", one.basis) for one in kyrgyzstan] == [
        (True, "documented"),
        (False, "simulated"),
    ]


def test_the_draws_that_fill_the_gaps_can_be_repeated(reading: Session) -> None:
    kept = reading.scalars(sa.select(Draw).order_by(Draw.year)).all()
    assert [draw.year for draw in kept] == [1, 2, 3, 4]
    for draw in kept:
        assert draw.state == "recorded"
        assert drawing.drawn_anew(draw.transcript) == draw.transcript
        for lot in draw.lots:
            review = _review(reading, lot.entry["state"])
            assert review.reviewers[lot.entry["slot"] - 1].iso3 == lot.entry["drawn"]


def test_a_review_can_be_started(reading: Session) -> None:
    ghana = _review(reading, "GHA")
    assert ghana.stage == "selected"
    assert [one.iso3 for one in ghana.reviewers] == ["RWA", "SWZ"]


def test_an_account_for_every_role(demo: list[Account]) -> None:
    roles = Counter(account.role for account in demo)
    assert set(roles) == {
        "secretariat_administrator",
        "secretariat_officer",
        "focal_point",
        "expert",
        "observer",
    }
    assert roles["expert"] == 2
    with db.transaction() as session:
        for account in demo:
            person = accounts.authenticate(
                session, account.email, account.password, now=demonstration.OPENS
            )
            assert person
            assert person.title == account.title
            assert person.language == "en"


def test_focal_points_and_experts_have_something_to_do(
    demo: list[Account], reading: Session
) -> None:
    for account in demo:
        if account.role in {"focal_point", "expert"}:
            person = accounts.find_by_email(reading, account.email)
            assert person
            assert _owed_by(reading, person), account.title


def _owed_by(session: Session, person: Person) -> list[engine.Turn]:
    members = session.execute(
        sa.select(Member.review_id, Member.slot).where(Member.person_id == person.id)
    ).all()
    owed = []
    for review_id, slot in members:
        seen = snapshot.load(session, review_id, demonstration.OPENS)
        owed += [
            turn
            for turn in engine.turns(seen.process, seen.facts)
            if turn.party.actor.value == person.role
            and (turn.slot == slot or person.role == "focal_point")
        ]
    return owed


def test_playing_again_doubles_nothing(demo: list[Account]) -> None:
    before = _sizes()
    replay.play(until=DAY)
    assert _sizes() == before


def _sizes() -> list[int]:
    with db.reading() as session:
        return [
            session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
            for model in (Audit, Outbox, Member, Person, Reviewer, MilestoneDate, Answer, Finding)
        ]


def test_going_on_leaves_to_people_what_people_do(demo: list[Account]) -> None:
    """The last test of the module: it moves the cycle on to the summer of 2013."""
    at = datetime(2013, 5, 24, 15, tzinfo=UTC)
    with clock.frozen(at), db.transaction() as session:
        officer = accounts.find_by_email(session, seed.officer_email("African States"))
        assert officer
        ghana = _review(session, "GHA").id
        steps.take(session, ghana, "notify_start", actor=officer, now=at)
        author = accounts.find_by_email(session, "focal.point@can.example")
        assert author
        canada = _review(session, "CAN").id
        answers.save(session, canada, "15(a)", {"examples": "Specimen."}, actor=author, now=at)

    result = replay.play(until=date(2013, 7, 31))

    assert result.left_alone == 2
    assert result.finalised > 38
    assert result.by_year_and_stage[4]["initial_steps"] > 0, "the fourth session drew the pairs"
    with db.reading() as session:
        started = _milestone(session, "GHA", "start_notified")
        assert (started.done_at, started.simulated) == (at, False)
        assert _review(session, "GHA").stage == "initial_steps"
        albania = _review(session, "ALB")
        assert {one.iso3 for one in albania.reviewers} == {"ARM", "MLI"}
        assert albania.reviewers[0].drawn_on == date(2013, 5, 27)
