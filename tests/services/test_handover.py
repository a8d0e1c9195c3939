"""An office goes to a successor: what moves, what ends, and what stays as it was."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import (
    Answer,
    Audit,
    ExtensionRequest,
    Member,
    Office,
    Outbox,
    Person,
    Succession,
)
from review.policy import Action, can
from review.services import (
    accounts,
    answers,
    capabilities,
    handover,
    offices,
    reminders,
)
from review.services.capabilities import Purpose, Standing
from review.services.errors import InvalidGiven, NotFound, Refused
from tests import world
from tests.services.reasons import reason
from tests.world import World

NEW = "new.focal.point@zmb.example"


@pytest.fixture
def w(session: Session) -> World:
    return world.advance(world.world(session), "self_assessment")


def member_of(w: World, person: Person) -> Member:
    mine = (Member.review_id == w.review_id, Member.person_id == person.id)
    wanted = sa.select(Member).where(*mine).order_by(Member.id.desc())
    return w.session.scalars(wanted).first() or pytest.fail("nobody")


def hand_over(w: World, who: str = "focal_point", email: str = NEW, **more: Any) -> Person:
    leaves = member_of(w, w.people[who])
    given = {"title": "New focal point", "email": email, "language": "fr"} | more
    w.take("hand_over", w.officer, member=str(leaves.id), **given)
    return accounts.find_by_email(w.session, email) or pytest.fail("nobody")


def mails(w: World, notice: str) -> list[Outbox]:
    wanted = sa.select(Outbox).where(Outbox.notice == notice).order_by(Outbox.id)
    return list(w.session.scalars(wanted))


def test_successor_holds_the_same_office_and_predecessor_nothing(w: World) -> None:
    former = member_of(w, w.focal_point)
    person = hand_over(w, note_verbale="NV 12/2011", mandate_ends_on="2013-06-30")
    holder = member_of(w, person)
    assert holder.office_id == former.office_id
    assert (holder.note_verbale, holder.mandate_ends_on) == ("NV 12/2011", date(2013, 6, 30))
    assert former.ended_at == holder.since == w.now
    assert can(person, Action.WRITE_ANSWERS, w.seen())
    assert not can(w.focal_point, Action.SEE_REVIEW, w.seen())
    one = w.session.scalars(sa.select(Succession)).one()
    assert (one.state, one.why, one.answered_as) == ("confirmed", "requested", "secretariat")
    assert (one.predecessor_id, one.successor_id) == (former.id, holder.id)
    assert ("focal_point_nominated", 0) in w.seen().done, "the nomination stands"


def test_draft_of_the_predecessor_is_finished_by_the_successor(w: World) -> None:
    refs = w.seen().provisions(0)
    entry = dict(world.ANSWER, provision=refs[0], measures="Begun by the predecessor.")
    answers.save_many(w.session, w.review_id, [entry], actor=w.focal_point, now=w.now)
    w.take(
        "ask_extension",
        w.focal_point,
        milestone="self_assessment_submitted:0",
        new_date="2012-03-01",
        reason="Specimen text.",
    )
    person = hand_over(w)
    kept = w.session.scalars(sa.select(Answer)).one()
    assert (kept.measures, kept.updated_by) == ("Begun by the predecessor.", w.focal_point.id)
    with pytest.raises(NotFound):
        answers.save_many(w.session, w.review_id, [entry], actor=w.focal_point, now=w.now)
    request = w.session.scalars(sa.select(ExtensionRequest)).one()
    assert request.answered_at is None
    w.take("take_back_request", person, milestone="self_assessment_submitted:0")
    rest = [dict(world.ANSWER, provision=ref) for ref in refs[1:]]
    answers.save_many(w.session, w.review_id, rest, actor=person, now=w.now)
    w.take("submit_self_assessment", person)
    assert ("self_assessment_submitted", 0) in w.seen().done


def test_everybody_concerned_is_told_once(w: World) -> None:
    person = hand_over(w)
    (taken,), (ended,) = mails(w, "office_taken_over"), mails(w, "office_ended")
    (receipt,), (office,) = mails(w, "succession_receipt"), mails(w, "office_handed_over")
    assert (taken.person_id, taken.language) == (person.id, "fr")
    assert [one["milestone"] for one in taken.params["items"]] == ["self_assessment_submitted"]
    assert (
        taken.params["items"][0]["due"]
        == w.seen().facts.due["self_assessment_submitted", 0].isoformat()
    )
    assert (taken.params["written"], taken.params["provisions"]) == (
        0,
        len(w.seen().provisions(0)),
    )
    assert ended.person_id == w.focal_point.id
    assert receipt.address == "mission@zmb.example"
    assert office.person_id == w.officer.id
    assert mails(w, "invitation")[-1].person_id == person.id


def test_waiting_mails_and_the_next_reminder_go_to_the_successor(w: World) -> None:
    w.take("suspend", w.officer, reason="Specimen text.")
    w.take("resume", w.officer)
    (before,) = (one for one in mails(w, "clock_resumed") if one.person_id == w.focal_point.id)
    person = hand_over(w)
    assert (before.state, before.error[:9]) == ("recorded", "Not sent:")
    (after,) = (one for one in mails(w, "clock_resumed") if one.person_id == person.id)
    assert (after.state, after.instead_of, after.address) == ("waiting", before.id, NEW)
    assert "undelivered_to" not in after.params
    assert after.params["title"] == "New focal point"
    reminders.sweep(w.session, w.now + timedelta(days=90))
    told = {one.person_id for one in mails(w, "reminder")}
    assert person.id in told
    assert w.focal_point.id not in told


def test_links_of_the_predecessor_end(w: World) -> None:
    row = mails(w, "introductory_call_held")[0]
    assert row.person_id == w.focal_point.id
    about = capabilities.About(w.review_id, 0, "self_assessment_submitted")
    token = capabilities.give_with_mail(
        w.session, row, Purpose.TASK, about=about, iso3=None, now=w.now
    )
    hand_over(w)
    found = capabilities.look_up(w.session, token, Purpose.TASK, now=w.now)
    assert found.standing is Standing.ENDED
    assert found.capability is not None
    assert found.capability.ended_at is not None


def test_account_is_closed_only_where_no_other_part_is_left(w: World) -> None:
    epoch = w.focal_point.session_epoch
    hand_over(w)
    assert not w.focal_point.active
    assert w.focal_point.session_epoch > epoch
    other = world.review(w.session, w.review.cycle, "PNG")
    former = w.expert_1
    offices.fill(w.session, other.id, former, "expert", 1, since=w.now)
    hand_over(w, "expert_1", "new.expert@zwe.example")
    w.session.refresh(former)
    assert former.active


def test_several_experts_of_one_side_are_several_offices(w: World) -> None:
    world.nominate(w, "second", "nominate_expert", side="1")
    numbers = w.session.scalars(
        sa.select(Office.number)
        .where(Office.role == "expert", Office.slot == 1)
        .order_by(Office.number)
    )
    assert list(numbers) == [1, 2]
    released = member_of(w, w.expert_1)
    w.take("release_person", w.officer, member=str(released.id), reason="Specimen text.")
    world.nominate(w, "third", "nominate_expert", side="1")
    assert member_of(w, w.third).office_id == released.office_id, "an empty office is filled again"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "focal.point@example.example"}, "email"),
        ({"email": "expert.1@example.example"}, "email"),
        ({"email": "no address"}, "email"),
        ({"member": "999999"}, "member"),
        ({"member": ""}, "member"),
        ({"title": ""}, "title"),
        ({"language": "xx"}, "language"),
        ({"mandate_ends_on": "2011-01-01"}, "mandate_ends_on"),
        ({"mandate_ends_on": "soon"}, "mandate_ends_on"),
        ({"title": "x" * 201}, "title"),
    ],
)
def test_what_cannot_be_used_is_refused_and_changes_nothing(
    w: World, given: dict[str, str], field: str
) -> None:
    before = w.session.scalar(sa.select(sa.func.count()).select_from(Audit))
    member = str(member_of(w, w.focal_point).id)
    good = {"member": member, "title": "New", "email": NEW, "language": "en"}
    with pytest.raises(InvalidGiven) as wrong, w.session.begin_nested():
        w.take("hand_over", w.officer, **(good | given))
    assert set(wrong.value.errors) == {field}
    w.session.expire_all()
    assert w.session.scalar(sa.select(sa.func.count()).select_from(Audit)) == before
    assert member_of(w, w.focal_point).ended_at is None


def test_nobody_of_a_state_hands_an_office_over(w: World) -> None:
    for who in ("focal_point", "expert_1"):
        with pytest.raises(Refused, match="not yours"):
            w.take("hand_over", w.people[who], member="1", title="x", email=NEW, language="en")


def test_who_never_opened_their_account_is_invited_anew(w: World) -> None:
    colleague = world.person(w.session, "focal_point", "ZMB", "colleague", activated_at=None)
    hand_over(w, email=colleague.email)
    assert [one.person_id for one in mails(w, "invitation")][-1] == colleague.id
    assert can(colleague, Action.WRITE_ANSWERS, w.seen())


def test_an_observer_hands_over_without_tasks(w: World) -> None:
    w.take(
        "admit_observer",
        w.officer,
        side="0",
        title="Observer",
        email="observer@zmb.example",
        language="en",
    )
    w.people["observer"] = accounts.find_by_email(w.session, "observer@zmb.example") or pytest.fail(
        "nobody"
    )
    person = hand_over(w, "observer", "next.observer@zmb.example")
    (taken,) = mails(w, "office_taken_over")
    assert (taken.params["items"], taken.params["written"]) == ([], 0)
    assert can(person, Action.SEE_REVIEW, w.seen())
    assert not can(person, Action.READ_DOCUMENTS, w.seen())


def test_a_mail_in_the_hands_of_a_worker_reaches_the_successor_when_it_is_tried_again(
    w: World,
) -> None:
    """It was being sent at the moment of the hand-over and did not get through."""
    w.take("suspend", w.officer, reason="Specimen text.")
    (flying,) = (one for one in mails(w, "clock_stopped") if one.person_id == w.focal_point.id)
    flying.state = "failed"  # its row is not there for the hand-over: a worker holds it
    w.session.flush()
    person = hand_over(w)
    flying.state = "waiting"
    w.session.flush()
    assert reason(w.session, flying, w.now) == handover.MOVED
    (after,) = (one for one in mails(w, "clock_stopped") if one.person_id == person.id)
    assert after.instead_of == flying.id
    (last,) = mails(w, "office_ended")
    assert reason(w.session, last, w.now) == "", "the last word goes to a closed account"
    assert reason(w.session, after, w.now) == ""


def test_the_next_holder_but_one_gets_what_waits(w: World) -> None:
    w.take("suspend", w.officer, reason="Specimen text.")
    w.people["second"] = hand_over(w)
    third = hand_over(w, "second", "third@zmb.example")
    reached = [one for one in mails(w, "clock_stopped") if one.state == "waiting"]
    assert third.id in {one.person_id for one in reached}
    assert w.focal_point.id not in {one.person_id for one in reached}
    holdings = w.session.scalars(
        sa.select(Member).join(Office).where(Office.role == "focal_point").order_by(Member.id)
    ).all()
    assert len({one.office_id for one in holdings}) == 1
    assert [one.ended_at is None for one in holdings] == [False, False, True]
