"""Taking a step: all of it or nothing, once, by whoever may, and recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review import db
from review.models import Audit, Member, MilestoneDate, Outbox, Person
from review.services import notices, offices, steps
from review.services.errors import InvalidGiven, NotFound, Refused, Stale
from tests import world
from tests.workflows.samples import filled
from workflows.country_review import IRM_1
from workflows.spec import Actor

STAGES = [stage.key for stage in IRM_1.stages]


def counts(w: world.World) -> tuple[Any, ...]:
    """Everything that a step may touch, to see that nothing did."""
    number = sa.select(sa.func.count()).select_from
    dates = w.session.execute(
        sa.select(MilestoneDate.key, MilestoneDate.slot, MilestoneDate.done_at)
        .where(MilestoneDate.review_id == w.review_id)
        .order_by(MilestoneDate.key, MilestoneDate.slot)
    ).all()
    tables = tuple(w.session.scalar(number(table)) for table in (Audit, Outbox, Member, Person))
    w.session.expire_all()
    return w.review.stage, w.review.version, tuple(dates), tables


def press(
    w: world.World, step: str, actor: Person, version: int | None = None, **given: Any
) -> None:
    with w.session.begin_nested():
        steps.take(
            w.session, w.review_id, step, actor=actor, now=w.now, given=given, version=version
        )
    w.session.expire_all()


def last_audit(w: world.World) -> Audit:
    return w.session.scalars(
        sa.select(Audit).where(Audit.review_id == w.review_id).order_by(Audit.id.desc()).limit(1)
    ).one()


def test_stale_form_learns_what_happened_by_whom_and_when(session: Session) -> None:
    w = world.advance(world.world(session), "initial_steps")
    page = w.review.version
    press(w, "suspend", w.administrator, page, **world.stop(w.now))
    was = counts(w)

    with pytest.raises(Stale) as stale:
        press(w, "suspend", w.officer, page, **world.stop(w.now))

    assert (stale.value.verb, stale.value.by) == ("suspend", w.administrator.title)
    assert stale.value.at == w.now
    assert counts(w) == was


def test_second_press_of_the_same_form_does_nothing(session: Session) -> None:
    w = world.world(session)
    draw = {"first": "ZWE", "second": "ITA", "session": "First", "drawn_on": "2011-07-01"}
    page = w.review.version
    press(w, "assign_reviewers", w.officer, page, **draw)
    was = counts(w)

    with pytest.raises(Stale):
        press(w, "assign_reviewers", w.officer, page, **draw)

    assert counts(w) == was


def test_second_press_without_a_version_is_refused_by_its_guards(session: Session) -> None:
    w = world.advance(world.world(session), "initial_steps")
    was = counts(w)

    with pytest.raises(Refused, match="stage"):
        press(w, "notify_start", w.officer)

    assert counts(w) == was


def test_crash_after_the_effects_leaves_all_as_it_was(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = world.advance(world.world(session), "initial_steps")
    was = counts(w)

    def crash(change: object) -> None:
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr(notices, "mails_of", crash)
    with pytest.raises(RuntimeError):
        press(
            w,
            "nominate_focal_point",
            w.officer,
            **filled(IRM_1.step("nominate_focal_point"), Actor.SECRETARIAT),
        )

    assert counts(w) == was


def test_wrong_input_names_each_field_and_changes_nothing(session: Session) -> None:
    w = world.world(session)
    was = counts(w)

    with pytest.raises(InvalidGiven) as wrong:
        press(
            w, "assign_reviewers", w.officer, first="ZMB", second="ITA", session="", drawn_on="soon"
        )

    assert set(wrong.value.errors) == {"session", "drawn_on"}
    with pytest.raises(InvalidGiven) as wrong:
        press(
            w,
            "assign_reviewers",
            w.officer,
            first="ZMB",
            second="XXX",
            session="First",
            drawn_on="2011-07-01",
        )
    assert set(wrong.value.errors) == {"first", "second"}
    assert counts(w) == was


def test_review_that_is_none_of_ours_does_not_exist(session: Session) -> None:
    w = world.advance(world.world(session), "initial_steps")
    stranger = world.person(session, "expert", "PNG")
    w.officer.active = False

    for person in (stranger, w.officer):
        with pytest.raises(NotFound):
            press(w, "suspend", person, None, **world.stop(w.now))
    with pytest.raises(NotFound):
        steps.take(session, 404_404, "suspend", actor=w.administrator, now=w.now)


def test_observer_sees_and_does_nothing(session: Session) -> None:
    w = world.advance(world.world(session), "initial_steps")
    observer = world.person(session, "observer", "ZMB")
    offices.fill(session, w.review_id, observer, "observer", 0, since=w.now)
    session.flush()

    for step in IRM_1.steps:
        with pytest.raises(Refused, match="not yours"):
            press(w, step.key, observer)


@pytest.mark.parametrize("stage", STAGES)
def test_permission_matrix(session: Session, stage: str) -> None:
    """Each step, each role, in each stage: whom the definition does not name is refused."""
    w = world.advance(world.world(session), stage)
    people = {"officer": w.officer, **w.people}
    roles = {
        "officer": Actor.SECRETARIAT,
        "focal_point": Actor.FOCAL_POINT,
        "expert_1": Actor.EXPERT,
        "expert_2": Actor.EXPERT,
    }
    for step in IRM_1.steps:
        for name, person in people.items():
            allowed = roles[name] in step.by and stage in step.at
            if not allowed:
                with pytest.raises(Refused) as refused:
                    steps.take(
                        session, w.review_id, step.key, actor=person, now=w.now,
                        given=filled(step, step.by[0]),
                    )  # fmt: skip
                assert all(map(str, refused.value.reasons))


def test_record_says_who_did_what_for_whom_under_which_rules(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    world.find_all(w, 2)
    w.take("submit_desk_review", w.expert_2)

    row = last_audit(w)

    assert (row.verb, row.person_id, row.at) == ("submit_desk_review", w.expert_2.id, w.now)
    assert (row.acting_as, row.iso3) == ("expert:2", "ITA")
    assert (row.source, row.target) == ("desk_review", "desk_review")
    assert row.after["reached"] == ["desk_review:2"]
    assert row.definition == f"irm-1@{IRM_1.version}"


def test_nothing_confidential_is_mailed_or_recorded(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    secret = "The very words of a confidential question."
    provision = w.seen().provisions(1)[0]
    w.take("ask_for_information", w.expert_1, provision=provision, text=secret)
    w.take("answer_question", w.focal_point, question="1", answer=secret)
    world.advance(w, "finalization")
    w.take("assemble_draft", w.officer)
    world.write_summary(w)
    w.take("edit_report", w.officer, section="introduction", text=secret)
    w.take("circulate_draft", w.officer)
    w.take("comment_on_draft", w.expert_1, comment=secret)
    w.take("comment_on_draft", w.expert_2)
    w.take("send_report_to_state", w.officer)
    w.take("ask_for_consensus_dialogue", w.focal_point, comment=secret)

    told = session.scalars(sa.select(sa.cast(Outbox.params, sa.Text)))
    recorded = session.scalars(sa.select(sa.cast(Audit.after, sa.Text)))
    assert not any(secret in text for text in (*told, *recorded))


@pytest.mark.parametrize(
    "command",
    [
        "UPDATE audit SET verb = 'never'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "TRUNCATE person CASCADE",
    ],
)
def test_record_cannot_be_changed(session: Session, command: str) -> None:
    world.advance(world.world(session), "initial_steps")
    was = session.scalar(sa.select(sa.func.count()).select_from(Audit))

    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(sa.text(command))

    assert session.scalar(sa.select(sa.func.count()).select_from(Audit)) == was


def test_reading_cannot_write(database: str) -> None:
    with db.transaction() as session:
        made = world.world(session).review_id

    with db.reading() as session, pytest.raises(DBAPIError, match="read-only"):
        session.execute(sa.text("UPDATE review SET year = 2 WHERE id = :id"), {"id": made})


def test_everybody_concerned_is_told_once(session: Session) -> None:
    w = world.advance(world.world(session), "self_assessment")
    world.answer_all(w)
    before = session.scalar(sa.select(sa.func.max(Outbox.id)))
    w.take("submit_self_assessment", w.focal_point)

    rows = session.scalars(sa.select(Outbox).where(Outbox.id > before).order_by(Outbox.id)).all()

    assert [(row.notice, row.person_id) for row in rows] == [
        ("self_assessment_received", w.officer.id),
        ("self_assessment_receipt", w.focal_point.id),
    ]
    assert all(row.state == "waiting" for row in rows)
    assert all(row.next_try_at == w.now for row in rows)


def test_state_without_a_person_is_told_through_its_mission(session: Session) -> None:
    w = world.advance(world.world(session), "initial_steps")

    rows = session.scalars(sa.select(Outbox).where(Outbox.notice == "review_started")).all()

    assert {row.address for row in rows} == {
        "mission@zmb.example", "mission@zwe.example", "mission@ita.example"
    }  # fmt: skip
    assert {row.person_id for row in rows} == {None}
    under_review = next(row for row in rows if row.address == "mission@zmb.example")
    assert under_review.params["due"] == (w.now.date() + timedelta(weeks=3)).isoformat()
    assert under_review.params["due_zone"] == "Africa/Lusaka"


def test_simulated_step_is_marked_and_its_mails_stay(session: Session) -> None:
    w = world.world(session)
    given = {"first": "ZWE", "second": "ITA", "session": "First", "drawn_on": "2011-07-01"}

    steps.take(
        session, w.review_id, "assign_reviewers", actor=w.officer, now=w.now, given=given,
        simulated=True,
    )  # fmt: skip

    assert last_audit(w).simulated
    assert set(session.scalars(sa.select(Outbox.state))) == {"recorded"}
    drawn = session.get_one(MilestoneDate, (w.review_id, "reviewers_drawn", 0))
    session.refresh(drawn)
    assert drawn.simulated


def test_approval_of_a_text_that_changed_is_stale(session: Session) -> None:
    w = world.advance(world.world(session), "finalization")
    w.take("assemble_draft", w.officer)
    world.write_summary(w)
    w.take("circulate_draft", w.officer)
    for expert in (w.expert_1, w.expert_2):
        w.take("comment_on_draft", expert)
    w.take("send_report_to_state", w.officer)
    read = w.review.report_sha256
    w.take("approve_report", w.expert_1, text_hash=read)
    w.take("edit_report", w.officer, section="introduction", text="Specimen text, changed.")

    with pytest.raises(Refused, match="has not been sent to the State"):
        press(w, "approve_report", w.focal_point, text_hash=read)
    w.take("send_report_to_state", w.officer)
    with pytest.raises(Stale):
        press(w, "approve_report", w.focal_point, text_hash=read)
    with pytest.raises(Refused, match="3 of 3 approvals"):
        press(w, "agree_report", w.officer)
    world.approve_all(w)
    w.take("agree_report", w.officer)


def test_three_states_approve_one_text(session: Session) -> None:
    w = world.advance(world.world(session), "completed")

    with pytest.raises(Refused):
        press(w, "edit_report", w.officer, section="introduction", text="Specimen text.")
    w.take("publish_report", w.focal_point, extent="all", consent="yes")
    with pytest.raises(Refused, match="is published"):
        press(w, "publish_report", w.focal_point, extent="all", consent="yes")
