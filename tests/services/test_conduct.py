"""Extensions, the stopped clock and corrections: which dates move, which stay, who is reminded."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Approval, ClockStop, Extension, Member, MilestoneDate, Outbox, Person
from review.services.errors import InvalidGiven, NotFound, Refused
from tests import world
from workflows.country_review import IRM_1
from workflows.engine import turns


def dates(w: world.World, key: str, slot: int = 0) -> MilestoneDate:
    w.session.expire_all()
    return w.session.get_one(MilestoneDate, (w.review_id, key, slot))


def extend(w: world.World, milestone: str, new_date: date | str) -> None:
    with w.session.begin_nested():
        w.take(
            "grant_extension",
            w.officer,
            milestone=milestone,
            new_date=str(new_date),
            reason="Specimen.",
        )


def wrong_field(w: world.World, **given: Any) -> set[str]:
    with pytest.raises(InvalidGiven) as wrong:
        extend(w, **given)
    return set(wrong.value.errors)


def test_extension_moves_the_agreed_date_and_keeps_the_model(session: Session) -> None:
    w = world.advance(world.world(session), "self_assessment")
    model = dates(w, "self_assessment_submitted").model_on
    later = w.now.date() + timedelta(days=90)

    extend(w, "self_assessment_submitted:0", later)

    moved = dates(w, "self_assessment_submitted")
    assert (moved.model_on, moved.agreed_on, moved.due_on) == (model, later, later)
    kept = session.scalars(sa.select(Extension)).one()
    assert (kept.old_date, kept.new_date, kept.granted_by) == (model, later, w.officer.id)
    told = session.scalars(sa.select(Outbox).where(Outbox.notice == "date_changed")).all()
    assert {row.person_id for row in told} == {p.id for p in w.people.values()}
    saturday = later - timedelta(days=14)
    assert saturday.weekday() == 5
    assert moved.remind_at == datetime.combine(
        saturday - timedelta(days=1), datetime.min.time(), UTC
    ) + timedelta(hours=7), "nine in the morning of the last working day before, in Lusaka"


def test_extension_of_one_reviewing_state_leaves_the_other(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    was = dates(w, "desk_review", 1).due_on

    extend(w, "desk_review:2", w.now.date() + timedelta(days=70))

    assert dates(w, "desk_review", 1).due_on == was
    assert dates(w, "desk_review", 2).agreed_on == w.now.date() + timedelta(days=69)


def test_extension_that_means_nothing_is_refused(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    present = dates(w, "desk_review", 1).due_on
    later = w.now.date() + timedelta(days=50)

    assert wrong_field(w, milestone="focal_point_nominated:0", new_date=later) == {"milestone"}
    assert wrong_field(w, milestone="desk_review:9", new_date=later) == {"milestone"}
    assert wrong_field(w, milestone="desk_review", new_date=later) == {"milestone"}
    assert wrong_field(w, milestone="desk_review:1", new_date=w.now.date()) == {"new_date"}
    assert wrong_field(w, milestone="desk_review:1", new_date=present) == {"new_date"}


def test_stopped_clock_reminds_nobody_and_then_moves_what_is_open(session: Session) -> None:
    w = world.advance(world.world(session), "self_assessment")
    open_before = dates(w, "self_assessment_submitted").due_on
    done_before = dates(w, "focal_point_nominated").due_on
    assert open_before
    w.take("suspend", w.officer, reason="Specimen reason.")
    assert (
        session.scalars(
            sa.select(MilestoneDate.remind_at).where(MilestoneDate.remind_at.is_not(None))
        ).all()
        == []
    )
    with pytest.raises(Refused, match="clock"):
        w.take("suspend", w.officer, reason="Specimen reason.")

    w.now += timedelta(days=9)
    w.take("resume", w.officer)

    stopped = session.scalars(sa.select(ClockStop)).one()
    assert stopped.resumed_at
    days = (stopped.resumed_at - stopped.stopped_at).days
    assert days == 11
    moved = dates(w, "self_assessment_submitted")
    saturday = open_before + timedelta(days=days)
    assert saturday.weekday() == 5
    assert moved.due_on == saturday + timedelta(days=2), "the next working day in Lusaka"
    assert moved.model_on == open_before, "the model schedule does not move"
    assert moved.remind_at
    assert dates(w, "focal_point_nominated").due_on == done_before


def test_days_are_counted_where_the_secretariat_is(session: Session) -> None:
    """Half past eleven in Vienna to half past midnight: one hour, and one day."""
    w = world.advance(world.world(session), "initial_steps")
    was = dates(w, "introductory_call").due_on
    assert was
    w.now = datetime(2011, 7, 19, 21, 30, tzinfo=UTC) - timedelta(days=1)
    w.take("suspend", w.officer, reason="Specimen reason.")
    w.now = datetime(2011, 7, 19, 22, 30, tzinfo=UTC) - timedelta(days=1)
    w.take("resume", w.officer)

    assert dates(w, "introductory_call").due_on == was + timedelta(days=1)


def test_stops_add_up(session: Session) -> None:
    w = world.advance(world.world(session), "initial_steps")
    was = dates(w, "report_agreed").due_on
    assert was
    for days in (3, 4):
        w.take("suspend", w.officer, reason="Specimen reason.")
        w.now += timedelta(days=days - 1)
        w.take("resume", w.officer)

    assert dates(w, "report_agreed").due_on == was + timedelta(days=7)
    with pytest.raises(Refused, match="running"):
        w.take("resume", w.officer)


def test_nothing_but_what_is_said_happens_while_the_clock_is_stopped(session: Session) -> None:
    w = world.advance(world.world(session), "self_assessment")
    w.take("suspend", w.officer, reason="Specimen reason.")
    world.answer_all(w)

    with pytest.raises(Refused, match="clock"):
        w.take("submit_self_assessment", w.focal_point)
    w.take(
        "nominate_focal_point", w.officer, title="Deputy", email="deputy@zmb.example", language="en"
    )


def test_correction_opens_later_milestones_and_clears_approvals(session: Session) -> None:
    w = world.advance(world.world(session), "completed")

    w.take("correct_position", w.officer, stage="desk_review", reason="Specimen reason.")

    assert w.review.stage == "desk_review"
    assert w.review.completed_at is None
    done = {key for key, _ in w.seen().done}
    here = IRM_1.position("desk_review")
    assert all(IRM_1.position(IRM_1.milestone(key).stage) <= here for key in done)
    assert "outcome_forwarded" not in done
    assert "desk_review" in done
    in_force = sa.select(Approval).where(Approval.cleared_at.is_(None))
    assert session.scalars(in_force).all() == []
    w.take("forward_outcome", w.officer)
    assert w.review.stage == "country_dialogue"


def test_review_corrected_to_its_draw_starts_again_with_others(session: Session) -> None:
    """Experts of a void draw lose their access, and nobody is reminded before the new start."""
    w = world.advance(world.world(session), "desk_review")
    former = w.expert_1
    w.take("correct_position", w.officer, stage="selected", reason="Specimen reason.")
    assert (
        session.scalars(
            sa.select(MilestoneDate.key).where(MilestoneDate.remind_at.is_not(None))
        ).all()
        == []
    )

    world.states(session, "GHA")
    w.take(
        "assign_reviewers",
        w.officer,
        first="GHA",
        second="ITA",
        session="Second",
        drawn_on="2011-08-01",
    )

    assert former.id not in {m.person_id for m in w.seen().members}
    told = session.scalars(
        sa.select(Outbox.address).where(
            Outbox.params["step"].astext == "assign_reviewers", Outbox.created_at == w.now
        )
    )
    assert set(told) == {
        "focal.point@example.example",
        "mission@gha.example",
        "expert.2@example.example",
    }
    with pytest.raises(NotFound):
        w.take("nominate_expert", former, title="x", email="x@zwe.example", language="en")
    w.take("notify_start", w.officer)
    assert w.review.started_at == w.now
    owed = {(turn.milestone.key, turn.slot) for turn in turns(IRM_1, w.seen().facts)}
    assert owed == {("experts_nominated", 1)}, "the others are nominated already"


@pytest.mark.parametrize("stage", ["initial_steps", "completed"])
def test_correction_goes_to_another_stage_of_a_running_review(session: Session, stage: str) -> None:
    w = world.advance(world.world(session), "initial_steps")

    with pytest.raises(InvalidGiven, match="stage"):
        w.take("correct_position", w.officer, stage=stage, reason="Specimen reason.")


def test_review_is_deferred_once_to_the_next_year_and_drawn_again(session: Session) -> None:
    w = world.world(session)
    draw = {"first": "ZWE", "second": "ITA", "session": "First", "drawn_on": "2011-07-01"}
    w.take("assign_reviewers", w.officer, **draw)

    w.take("defer", w.officer, justification="Specimen justification.")

    assert (w.review.year, w.review.deferred_from) == (2, 1)
    assert w.seen().sides.keys() == {0}
    assert ("reviewers_drawn", 0) not in w.seen().done
    with pytest.raises(Refused, match="drawn"):
        w.take("notify_start", w.officer)
    with pytest.raises(Refused, match="once"):
        w.take("defer", w.officer, justification="Specimen justification.")
    w.take("assign_reviewers", w.officer, **draw)
    w.take("notify_start", w.officer)


def test_last_year_of_a_cycle_cannot_be_deferred(session: Session) -> None:
    w = world.world(session)
    w.review.year = 5
    session.flush()

    with pytest.raises(Refused, match="fifth year"):
        w.take("defer", w.officer, justification="Specimen justification.")


def test_released_person_loses_access_and_the_nomination_is_owed_again(session: Session) -> None:
    w = world.advance(world.world(session), "self_assessment")
    gone = w.focal_point
    member = session.scalars(sa.select(Member.id).where(Member.person_id == gone.id)).one()

    w.take("release_person", w.officer, member=str(member), reason="Specimen reason.")

    assert dates(w, "focal_point_nominated").done_at is None
    with pytest.raises(NotFound):
        w.take("submit_self_assessment", gone)
    with pytest.raises(InvalidGiven, match="member"):
        w.take("release_person", w.officer, member=str(member), reason="Specimen reason.")
    world.nominate(w, "successor", "nominate_focal_point")
    assert dates(w, "focal_point_nominated").done_at == w.now


def test_second_focal_point_may_leave_without_a_new_nomination(session: Session) -> None:
    w = world.advance(world.world(session), "self_assessment")
    world.nominate(w, "deputy", "nominate_focal_point")
    member = session.scalars(sa.select(Member.id).where(Member.person_id == w.deputy.id)).one()

    w.take("release_person", w.officer, member=str(member), reason="Specimen reason.")

    assert dates(w, "focal_point_nominated").done_at is not None


def test_person_of_another_state_or_role_is_not_nominated(session: Session) -> None:
    w = world.advance(world.world(session), "initial_steps")
    world.person(session, "expert", "PNG", "elsewhere")
    world.person(session, "focal_point", "ZMB", "closed", active=False)
    world.nominate(w, "focal_point", "nominate_focal_point")

    for email in ("elsewhere@png.example", "closed@zmb.example", w.focal_point.email.upper()):
        with pytest.raises(InvalidGiven, match="email"):
            w.take("nominate_focal_point", w.officer, title="x", email=email, language="en")
    before = session.scalar(sa.select(sa.func.count()).select_from(Person))
    w.take("nominate_focal_point", w.focal_point, title="x", email="two@zmb.example", language="fr")
    assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == (before or 0) + 1


def test_call_of_a_coming_day_cannot_be_recorded(session: Session) -> None:
    w = world.advance(world.world(session), "initial_steps")
    for key, step, more in (
        ("focal_point", "nominate_focal_point", {}),
        ("expert_1", "nominate_expert", {"side": "1"}),
        ("expert_2", "nominate_expert", {"side": "2"}),
    ):
        world.nominate(w, key, step, **more)
    given = {"language": "en", "division": "split"}
    tomorrow = (w.now + timedelta(days=2)).date().isoformat()

    with pytest.raises(InvalidGiven, match="held_on"), session.begin_nested():
        w.take("hold_introductory_call", w.officer, held_on=tomorrow, **given)
    with pytest.raises(InvalidGiven, match="agreed_report_agreed"), session.begin_nested():
        w.take(
            "hold_introductory_call",
            w.officer,
            held_on="2011-07-12",
            agreed_report_agreed="2011-07-12",
            **given,
        )
    w.take(
        "hold_introductory_call",
        w.officer,
        held_on="2011-07-12",
        agreed_report_agreed="2012-03-31",
        **given,
    )
    assert dates(w, "report_agreed").due_on == date(2012, 3, 31)
    assert dates(w, "report_agreed").model_on == date(2012, 1, 13)
    assert w.seen().provisions(1) == tuple(
        p for p in w.seen().provisions(0) if p in w.seen().provisions(1)
    )
    assert set(w.seen().provisions(1)) | set(w.seen().provisions(2)) == set(w.seen().provisions(0))
