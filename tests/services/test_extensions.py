"""Another date: asked for by who owes it, answered once, done exactly as it was shown."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Audit, Extension, ExtensionRequest, MilestoneDate, Outbox, Person
from review.services import steps
from review.services.errors import InvalidGiven, Refused
from review.services.queries import date_changes
from tests import world
from tests.world import World
from workflows.outlook import Proposal, expected

SA = ("self_assessment_submitted", 0)
NAMED = "self_assessment_submitted:0"


@pytest.fixture
def started(session: Session) -> World:
    """The self-assessment is being written; dates of all that follows were agreed at the call."""
    w = world.world(session)
    world.advance(w, "initial_steps")
    world.nominate(w, "focal_point", "nominate_focal_point")
    world.nominate(w, "expert_1", "nominate_expert", side="1")
    world.nominate(w, "expert_2", "nominate_expert", side="2")
    held = {"held_on": w.now.date().isoformat(), "language": "en", "division": "both"}
    agreed = {"agreed_dialogue_closed": "2011-12-16", "agreed_report_agreed": "2012-01-18"}
    w.take("hold_introductory_call", w.officer, **held, **agreed)
    for slot in (1, 2):
        grant(w, "2011-10-17", f"desk_review:{slot}")
    return w


def due(w: World) -> dict[tuple[str, int], date]:
    return dict(w.seen().facts.due)


def ask(w: World, by: Person, day: str, milestone: str = NAMED) -> None:
    w.take("ask_extension", by, milestone=milestone, new_date=day, reason="Specimen reason.")


def grant(w: World, day: str, milestone: str = NAMED, **more: str) -> None:
    given = {"milestone": milestone, "new_date": day, "reason": "Specimen answer."}
    w.take("grant_extension", w.officer, **given, **more)


def requests(w: World) -> list[tuple[str, date]]:
    rows = w.session.scalars(sa.select(ExtensionRequest).order_by(ExtensionRequest.id))
    return [(one.outcome, one.asked_date) for one in rows]


def mails(w: World, notice: str) -> list[Outbox]:
    """Those of the last step."""
    wanted = sa.select(Outbox).where(Outbox.notice == notice, Outbox.created_at == w.now)
    return list(w.session.scalars(wanted))


def wrong(w: World, step: str, by: Person, **given: Any) -> set[str]:
    before = (w.review.version, due(w))
    with pytest.raises(InvalidGiven) as found, w.session.begin_nested():
        w.take(step, by, **given)
    assert (w.review.version, due(w)) == before
    return set(found.value.errors)


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("day", ["2011-09-05", "2011-10-03", "2011-12-05"])
def test_what_was_shown_is_what_happens(started: World, day: str, moves: bool) -> None:
    w = started
    w.now += timedelta(days=1)
    seen = w.seen()
    wanted = Proposal(SA, date.fromisoformat(day), moves)
    shown = date_changes.preview(w.session, seen, wanted)
    before = due(w)

    ticked = {"moves": "yes"} if moves else {}
    given = {"milestone": NAMED, "new_date": day, "reason": "Specimen."} | ticked
    steps.take(w.session, w.review_id, "grant_extension", actor=w.officer, now=w.now, given=given)
    w.session.expire_all()

    assert due(w) == before | {line.key: line.after for line in shown.lines if line.is_set}
    then = expected(seen.process, w.seen().facts)
    assert {key: then[key] for key in then if key not in due(w)} == {
        key: day for key, day in expected(seen.process, seen.facts).items() if key not in before
    } | {line.key: line.after for line in shown.lines if not line.is_set}
    assert max(then.values()) == shown.end_after


def test_granting_is_one_row_and_one_mail_a_person_with_every_date(started: World) -> None:
    w = started
    before = due(w)
    grant(w, "2011-09-26", moves="yes")
    after = due(w)
    changed = {f"{key}:{slot}" for (key, slot), day in after.items() if day != before[key, slot]}
    assert {NAMED, "desk_review:1", "desk_review:2", "report_agreed:0"} <= changed

    row = w.session.scalars(sa.select(Audit).where(Audit.at == w.now)).one()
    assert set(row.before["dates"]) == set(row.after["dates"]) == changed
    told = mails(w, "date_changed")
    assert sorted(m.person_id or 0 for m in told) == sorted(p.id for p in w.people.values())
    for mail in told:
        along = {f"{one['milestone']}:{one['slot']}" for one in mail.params["moved_along"]}
        assert along == changed - {NAMED}
    kept = w.session.scalars(sa.select(Extension).where(Extension.granted_at == w.now)).all()
    assert len(kept) == len(changed)
    assert len([one for one in kept if one.moved_with is None]) == 1


def test_reminders_follow_the_new_date(started: World) -> None:
    w = started
    before = w.session.get_one(MilestoneDate, (w.review_id, *SA)).remind_at
    grant(w, "2011-11-14", moves="yes")
    after = w.session.get_one(MilestoneDate, (w.review_id, *SA)).remind_at
    assert before is not None
    assert after is not None
    assert after.date() == date(2011, 10, 31)


def test_without_the_box_nothing_else_moves(started: World) -> None:
    before = due(started)
    grant(started, "2011-09-26")
    assert due(started) == before | {SA: date(2011, 9, 26)}


def test_a_request_is_granted_with_an_earlier_date(started: World) -> None:
    w = started
    before = due(w)
    ask(w, w.focal_point, "2011-11-14")
    assert due(w) == before, "asking changes no date"
    assert [m.person_id for m in mails(w, "extension_asked")] == [w.officer.id]
    grant(w, "2011-10-03")
    assert requests(w) == [("granted", date(2011, 11, 14))]
    line = date_changes.history(w.session, w.seen())[0]
    assert (line.asked_date, line.new_date) == (date(2011, 11, 14), date(2011, 10, 3))
    assert (line.asked_by, line.granted_by) == (w.focal_point.title, w.officer.title)
    assert not w.seen().facts.asking


def test_a_refusal_is_told_to_the_side_that_asked_alone(started: World) -> None:
    w = started
    ask(w, w.expert_2, "2011-11-14", "desk_review:2")
    before = due(w)
    w.take("refuse_extension", w.officer, milestone="desk_review:2", reason="Specimen.")
    assert due(w) == before
    assert [m.person_id for m in mails(w, "extension_refused")] == [w.expert_2.id]
    assert requests(w) == [("refused", date(2011, 11, 14))]
    ask(w, w.expert_2, "2011-10-31", "desk_review:2")


def test_a_request_is_taken_back_by_its_side_alone(started: World) -> None:
    w = started
    ask(w, w.expert_1, "2011-11-14", "desk_review:1")
    ask(w, w.expert_2, "2011-11-14", "desk_review:2")
    theirs = {"milestone": "desk_review:2"}
    assert wrong(w, "take_back_request", w.expert_1, **theirs) == {"milestone"}
    with pytest.raises(Refused):
        w.take("take_back_request", w.focal_point, **theirs)
    w.take("take_back_request", w.expert_2, **theirs)
    assert [outcome for outcome, _ in requests(w)] == ["", "taken_back"]
    with pytest.raises(Refused):
        w.take("take_back_request", w.expert_2, **theirs)


def test_only_what_is_owed_can_be_asked_for_and_only_once(started: World) -> None:
    w = started
    given = {"new_date": "2011-11-14", "reason": "Specimen."}
    for other in ("desk_review:1", "report_agreed:0", "focal_point_nominated:0", "x", "means:7"):
        assert wrong(w, "ask_extension", w.focal_point, milestone=other, **given) == {"milestone"}
    assert wrong(w, "ask_extension", w.expert_1, milestone="desk_review:2", **given) == {
        "milestone"
    }
    early = given | {"new_date": "2011-08-30"}
    assert wrong(w, "ask_extension", w.focal_point, milestone=NAMED, **early) == {"new_date"}
    ask(w, w.focal_point, "2011-11-14")
    assert wrong(w, "ask_extension", w.focal_point, milestone=NAMED, **given) == {"milestone"}
    with pytest.raises(Refused):
        w.take("ask_extension", w.officer, milestone=NAMED, **given)


def test_what_is_reached_overtakes_its_request(started: World) -> None:
    w = started
    ask(w, w.focal_point, "2011-11-14")
    ask(w, w.expert_1, "2011-11-14", "desk_review:1")
    world.answer_all(w)
    w.take("submit_self_assessment", w.focal_point)
    assert [outcome for outcome, _ in requests(w)] == ["overtaken", ""]


def test_a_date_that_moves_along_far_enough_overtakes_its_request(started: World) -> None:
    w = started
    ask(w, w.expert_1, "2011-10-20", "desk_review:1")
    ask(w, w.expert_2, "2012-05-21", "desk_review:2")
    grant(w, "2011-09-26", moves="yes")
    assert [outcome for outcome, _ in requests(w)] == ["overtaken", ""]


def test_nothing_is_answered_that_nobody_asked(started: World) -> None:
    w = started
    with pytest.raises(Refused):
        w.take("refuse_extension", w.officer, milestone=NAMED, reason="Specimen.")
    ask(w, w.focal_point, "2011-11-14")
    for other in ("desk_review:1", "x"):
        given = {"milestone": other, "reason": "Specimen."}
        assert wrong(w, "refuse_extension", w.officer, **given) == {"milestone"}
