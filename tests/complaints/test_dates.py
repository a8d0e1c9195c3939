"""Complaints about dates: not shown, not movable, not clear, not in anybody's calendar."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from review import clock
from tests import ics, world
from tests.complaints.case import DAY, Case


@pytest.fixture
def case(app: Flask) -> Case:
    """Zambia answers its self-assessment, and is reminded of it."""
    made = Case(app, "self_assessment")
    made.live(made.due() - 10 * DAY)
    return made


def text_of(case: Case) -> str:
    """The due date as pages and mails name it."""
    return f"{case.due():%a} {case.due().day} {case.due():%b %Y}, end of day in Lusaka"


def ask_for(case: Case, days: int) -> None:
    """Ask for another date from the page behind the link of the reminder, without signing in."""
    path = case.mails("focal_point", "reminder")[-1].path
    step = f"{path}/steps/ask_extension"
    wanted = (case.due() + days * DAY).isoformat()
    page = f"{step}?new_date={wanted}"
    answer = case.press(page, step, reason="The ministries need more time.")
    assert answer.status_code == 200
    assert "Another date is asked for" in answer.get_data(as_text=True)


def test_globaleaks_4866_the_deadline_is_on_the_first_page_of_everybody(case: Case) -> None:
    """globaleaks#4866: the deadline is not on the dashboard; users keep Outlook reminders."""
    assert text_of(case) in case.words("/my-turn", "focal_point")
    board = case.words("/reviews", "officer")
    assert re.search(rf"(?<!\d){case.due().day} {case.due():%b}\b", board)


def test_janeway_1551_another_date_is_proposed_from_the_mail_and_answered(case: Case) -> None:
    """janeway#1551: let the reviewer propose another date; parties wish to negotiate."""
    former = case.due()
    ask_for(case, 14)
    assert case.due() == former, "until the secretariat has answered"
    asked = case.mails("officer", "extension_asked")[-1]
    path, given = asked.path, {"milestone": "self_assessment_submitted:0"}
    assert "asks for" in case.words(path, "officer")
    with case.work() as w:
        granted = (former + 7 * DAY).isoformat()
        w.take("grant_extension", w.officer, new_date=granted, moves="yes", reason="Less.", **given)
    told = case.mails("focal_point", "date_changed")[-1]
    assert text_of(case) in told.text
    assert case.due() > former


def test_episciences_367_after_a_change_of_date_the_old_one_brings_no_reminder(case: Case) -> None:
    """episciences#367: extensions are agreed offline, and automatic reminders go on."""
    former = case.due()
    with case.work() as w:
        later = (former + 28 * DAY).isoformat()
        given = {"milestone": "self_assessment_submitted:0", "new_date": later, "moves": "yes"}
        w.take("grant_extension", w.officer, reason="Agreed by telephone.", **given)
    changed = case.now
    case.live(former + 12 * DAY)
    assert [one for one in case.mails("focal_point", "reminder") if one.at > changed] == []
    case.live(case.due() + 2 * DAY)
    later_ones = [one for one in case.mails("focal_point", "reminder") if one.at > changed]
    assert len(later_ones) == 4
    assert all(f"{former.day} {former:%b %Y}" not in one.text for one in later_ones)


def test_openreview_788_due_is_not_closed_and_the_page_says_which_date_counts(case: Case) -> None:
    """openreview-py#788: due date and closing date are different things and must be explicit."""
    page = case.words(f"/reviews/{case.scene.review_id}", "focal_point")
    assert text_of(case) in page
    case.live(case.due() + 9 * DAY)
    late = case.words("/my-turn", "focal_point")
    assert "Late 9 days" in late
    assert text_of(case) in late
    page = case.words(f"/reviews/{case.scene.review_id}", "officer")
    assert f"Next, Zambia: Submit the self-assessment {text_of(case)} Late 9 days" in page
    assert "Model: the schedule of the guidelines. Agreed: settled for this review." in page
    with case.work() as w:  # due, and still open
        world.answer_all(w)
        w.take("submit_self_assessment", w.focal_point)
    assert case.mails("focal_point", "self_assessment_receipt")


def test_janeway_2711_the_page_behind_the_link_shows_the_due_date(case: Case) -> None:
    """janeway#2711: reviewers who arrive by a one-click link see no due date anywhere."""
    page = case.words(case.mails("focal_point", "reminder")[-1].path)
    assert text_of(case) in page
    assert re.search(r"in \d+ working days", page)


def test_janeway_2711_an_old_link_still_shows_it_and_gives_a_new_one(case: Case) -> None:
    """janeway#2711, and the link of the mail has expired meanwhile."""
    link = case.mails("focal_point", "reminder")[0].path
    case.now += 60 * DAY
    assert text_of(case) in case.words(link, code=410)
    case.press(link, f"{link}/again", code=410)
    fresh = case.mails("focal_point", "task_link")[-1]
    assert fresh.path != link
    assert text_of(case) in case.words(fresh.path)


def test_janeway_2232_the_deadline_comes_for_the_calendar(case: Case) -> None:
    """janeway#2232: give me the deadline for my calendar."""
    mail = case.mails("focal_point", "reminder")[-1].message
    (file,) = [one for one in mail.walk() if one.get_filename() == "deadline.ics"]
    event = ics.only(ics.read(file.get_payload(decode=True)))
    assert "Submit the self-assessment" in str(event["SUMMARY"])
    assert event["DTEND"].dt in {case.due(), case.due() + DAY}


def test_janeway_2232_all_own_deadlines_can_be_subscribed_to(case: Case) -> None:
    """janeway#2232, once and for all instead of file by file."""
    case.press("/account", "/account/calendar", "focal_point")
    shown = case.page("/account", "focal_point").select_one("#calendar-address")
    assert shown is not None
    path = str(shown["value"]).removeprefix("http://localhost")
    with clock.frozen(case.now):
        got = case.visitor.get(path)
    assert got.status_code == 200
    summaries = [str(one["SUMMARY"]) for one in ics.events_of(ics.read(got.data))]
    assert any("Submit the self-assessment" in one for one in summaries)


def test_indico_5564_a_time_of_elsewhere_says_where_and_what_it_is_here(case: Case) -> None:
    """indico#5564: make it plain when the page's time zone is not mine."""
    case.change("focal_point", time_zone="America/New_York")
    mine = f"your time {case.due():%a} {case.due().day} {case.due():%b}, 18:00"
    assert mine in case.words("/my-turn", "focal_point")
    case.live(case.due() - 6 * DAY)
    assert mine in case.mails("focal_point", "reminder")[-1].text
