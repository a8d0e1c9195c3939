"""Complaints about reminders: too late, too few, too many, of the wrong thing, without a link."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask

from review import clock, db
from review.services import invitations, reminder_plan
from tests import world
from tests.complaints.case import DAY, MISSION, Case
from workflows.country_review import IRM_1
from workflows.registry import PROCESSES
from workflows.spec import Recipient, Rule


@pytest.fixture
def case(app: Flask) -> Case:
    """Zambia answers its self-assessment."""
    return Case(app, "self_assessment")


def test_pkp_5885_remind_before_the_due_date_not_only_after(case: Case) -> None:
    """pkp-lib#5885: reminders come only after the due date."""
    due = case.due()
    case.live(due)
    before = case.mails("focal_point", "reminder")
    assert len(before) == 3
    assert all(one.day < due and "please do this by" in one.text for one in before)


def test_pkp_7715_an_earlier_reminder_does_not_suppress_a_later_one(case: Case) -> None:
    """pkp-lib#7715: one flag for both reminders, so whoever got the first never gets the second."""
    due = case.due()
    case.live(due + 2 * DAY)
    got = case.mails("focal_point", "reminder")
    assert [one.day < due for one in got] == [True, True, True, False]
    assert len({one.subject for one in got}) == 2


def test_pkp_11870_no_reminder_on_the_day_of_the_assignment_and_its_link_opens(app: Flask) -> None:
    """pkp-lib#11870: a reminder within an hour of assignment, "overdue", its link returns 500."""
    case = Case(app, "initial_steps")
    with case.work() as w:
        world.advance(w, "self_assessment")
    begun = case.now
    for hours in range(1, 25):
        case.look(begun + timedelta(hours=hours))
    assert case.mails("focal_point", "reminder") == []
    case.live(case.due())
    first = case.mails("focal_point", "reminder")[0]
    assert first.day > begun.date() + DAY
    assert "late" not in first.subject
    assert case.words(first.path)


def test_pkp_9455_several_occurrences_are_a_setting_of_the_process(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pkp-lib#9455: let us configure several occurrences of a reminder."""
    rules = (Rule(-20), Rule(-10), Rule(-5), Rule(2, (Recipient.SECRETARIAT,), every=10))
    monkeypatch.setitem(PROCESSES, "irm-1", replace(IRM_1, reminders=rules))
    with case.work() as w:
        w.take("suspend", w.officer, reason="Specimen text.")
        w.take("resume", w.officer)
    due = case.due()
    case.live(due + 30 * DAY)
    rest = [(due - one.day).days for one in case.mails("focal_point", "reminder")]
    assert len(rest) == 3
    for found, planned in zip(rest, (20, 10, 5), strict=True):
        assert planned <= found <= planned + 3, "a day off moves it to the working day before"
    assert len(case.mails("officer", "escalation")) == 3


def test_janeway_477_a_ladder_that_goes_up_and_says_when_the_next_rung_comes(case: Case) -> None:
    """janeway#477: by default remind, remind again, then tell others, and say what comes next."""
    due = case.due()
    case.live(due + 40 * DAY)
    first = {
        to: case.mails(to, kind)[0].day
        for to, kind in (
            ("focal_point", "reminder"),
            (MISSION, "reminder_passed_on"),
            ("officer", "escalation"),
        )
    }
    assert first["focal_point"] < due < first[MISSION] < first["officer"]
    told = case.mails("focal_point", "reminder")
    for one, following in pairwise(told):
        coming = following.at.strftime("%a %-d %b %Y")
        assert (
            f"If it is still open then, a reminder comes on {coming}, 09:00 in Lusaka" in one.text
        )
    board = case.words("/reviews", "officer")
    case.live(due + 60 * DAY)
    told = case.mails("officer", "escalation")
    assert len(told) == 3
    for one, following in pairwise(told):
        coming = following.at.strftime("%a %-d %b %Y")
        assert f"a reminder comes on {coming}, " in one.text, "the office as well, on its days"
    last = case.mails("focal_point", "reminder")[-1]
    assert f"reminder on {last.at.strftime('%-d %b')}" in board, "and on the board"


def test_janeway_3427_the_plan_names_every_reminder_that_then_comes(case: Case) -> None:
    """janeway#3427: nobody can tell from the settings what will be sent, and rules never fire."""
    begun, ahead = case.now, 100
    with clock.frozen(begun), db.reading() as session:
        planned = [
            (one.at.date(), one.to.email, one.telling.notice)
            for one in reminder_plan.plan(session, begun, ahead).coming
        ]
    case.live((begun + ahead * DAY).date(), hours=(12, 23))
    kinds = ("reminder", "reminder_passed_on", "escalation")
    people = ("focal_point", "officer", "administrator", "expert_1", "expert_2", MISSION)
    came = [
        (one.day, one.to, kind) for who in people for kind in kinds for one in case.mails(who, kind)
    ]
    assert len(came) > 8
    assert sorted(came) == sorted(one for one in planned if one[0] <= case.now.date())
    page = case.words("/reminders", "officer")
    assert "Reminder after the due date" in page


def test_janeway_3272_no_reminder_for_a_closed_case_and_never_without_the_link(case: Case) -> None:
    """janeway#3272: a reminder is sent for a case already closed, and without the link."""
    due = case.due()
    case.live(due + 2 * DAY)
    before = case.mails("focal_point", "reminder")
    assert before
    for one in before:
        assert f"http://localhost{one.path}" in one.text
        assert case.words(one.path)
    with case.work() as w:
        world.answer_all(w)
        w.take("submit_self_assessment", w.focal_point)
    case.live(due + 60 * DAY)
    assert case.mails("focal_point", "reminder") == before
    assert case.mails(MISSION, "reminder_passed_on") == []


def test_janeway_3272_the_link_stands_also_where_a_reminder_is_passed_on(case: Case) -> None:
    """janeway#3272, for those who are told because nobody has answered."""
    case.live(case.due() + 25 * DAY)
    for to, kind, reads in (
        (MISSION, "reminder_passed_on", "nobody"),
        ("officer", "escalation", "officer"),
    ):
        mail = case.mails(to, kind)[0]
        assert f"http://localhost{mail.path}" in mail.text
        assert "Submit the self-assessment" in case.words(mail.path, reads)


def test_episciences_886_who_left_does_not_count_as_there_and_is_asked_for_again(
    app: Flask,
) -> None:
    """episciences#886: a refusal counts as an acceptance, so "not enough" reminders stop."""
    case = Case(app, "initial_steps")
    with case.work() as w:
        for key in ("expert_1", "expert_2"):
            world.nominate(w, key, "nominate_expert", side=key[-1])
    case.live((case.now + 30 * DAY).date())
    assert case.mails("mission@zwe.example", "reminder") == [], "its expert is there"
    with case.work() as w:
        member = next(m for m in w.seen().members if m.slot == 1)
        w.take("release_person", w.officer, member=str(member.member_id), reason="Has declined.")
    case.live((case.now + 30 * DAY).date())
    again = case.mails("mission@zwe.example", "reminder")
    assert again
    assert "Nominate" in again[0].text
    assert case.mails("mission@ita.example", "reminder") == []


def test_episciences_513_the_secretariat_is_reminded_when_it_is_its_turn(case: Case) -> None:
    """episciences#513: cases get stuck when it is the coordinator's turn; remind after 30 days."""
    with case.work() as w:
        world.answer_all(w)
        w.take("submit_self_assessment", w.focal_point)
    turn = case.now.date()
    case.live(turn + 36 * DAY)
    own = case.mails("officer", "reminder")
    assert own
    assert 30 <= (own[-1].day - turn).days <= 35
    assert "Zambia" in own[0].text


def test_episciences_480_what_expires_is_told_and_every_role_can_be_told(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """episciences#480: tell the coordinator when an invitation expires; any role, any reminder."""
    case = Case(app, "self_assessment")
    with case.work() as w:
        given = {"email": "silent@zwe.example", "title": "Silent", "language": "en", "side": "1"}
        w.take("nominate_expert", w.officer, **given)
    assert "An invitation has expired unused" not in case.words("/reviews", "officer")
    case.now += 15 * DAY
    assert "An invitation has expired unused" in case.words("/reviews", "officer")
    with db.transaction() as session:
        assert invitations.tell_of_expired(session, case.now) == 1
        assert invitations.tell_of_expired(session, case.now) == 0, "once"
    case.deliver(case.now)
    (told,) = case.mails("officer", "invitation_expired")
    assert "Silent" in told.text
    everybody = Rule(1, (Recipient.PERSON, Recipient.MISSION, Recipient.SECRETARIAT), every=30)
    monkeypatch.setitem(PROCESSES, "irm-1", replace(IRM_1, reminders=(Rule(-5), everybody)))
    case.live(case.due() + 35 * DAY)
    assert case.mails("focal_point", "reminder")
    assert case.mails(MISSION, "reminder_passed_on")
    assert case.mails("officer", "escalation")


def test_globaleaks_4067_nothing_more_when_a_colleague_has_dealt_with_it(app: Flask) -> None:
    """globaleaks#4067: the daily mail goes on although it is closed or a colleague has done it."""
    case = Case(app, "self_assessment")
    with case.work() as w:
        world.nominate(w, "colleague", "nominate_expert", side="1")
        world.advance(w, "desk_review")
    case.change("colleague", digest=True)
    due = case.due("desk_review", 1)
    case.live(due + 3 * DAY, hours=(5, 8, 12))
    assert case.mails("expert_1", "reminder")
    digests = case.mails("colleague", "digest")
    assert 0 < len(digests) < 6, "on days with a reminder, not every day"
    with case.work() as w:
        world.find_all(w, 1)
        w.take("submit_desk_review", w.expert_1)
    done = case.now
    case.live(due + 40 * DAY, hours=(5, 8, 12))
    for who in ("expert_1", "colleague"):
        assert [one for one in case.mails(who, "reminder") if one.at > done] == []
        assert [one for one in case.mails(who, "digest") if one.at > done] == []


def test_globaleaks_4597_a_reminder_says_why_it_came_and_what_it_is_about(case: Case) -> None:
    """globaleaks#4597: a reminder must say why it was set and which cases it is about."""
    case.live(case.due())
    text = case.mails("focal_point", "reminder")[0].text
    first = text.splitlines()[0]
    assert "Submit the self-assessment" in first
    assert "Zambia" in first
    assert "Zambia, first cycle, chapters III and IV" in text
    assert "You receive this because you are focal point of Zambia." in text


def test_every_reminder_is_written_at_nine_where_it_is_owed(case: Case) -> None:
    """The other side of these complaints: at a sensible hour, on a working day."""
    case.live(case.due(), hours=tuple(range(24)))
    for one in case.mails("focal_point", "reminder"):
        assert one.at.hour == 7, "09:00 in Lusaka"
        assert one.at.weekday() < 5
