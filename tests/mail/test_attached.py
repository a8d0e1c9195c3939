"""What mails carry for their reader's calendar: invitations that follow the days, deadlines."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from unicodedata import category
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from babel.support import NullTranslations
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from review import languages
from review.mail import attached, ical
from review.mail.ical import Entry, Mailbox, Method
from review.mail.letter import Letter
from review.mail.render import render
from review.models import Outbox
from review.services import accounts
from tests import ics, world
from tests.mail.story import DAY, MARK, Story
from tests.post import ADDRESS, SENDER
from tests.world import World
from workflows.deadlines import end_of_day

PAGE = "https://reviews.example/reviews/"


def sent(letter: Letter, now: datetime) -> EmailMessage:
    """The mail as it arrives, read strictly."""
    raw = render(letter, sender=SENDER, now=now).as_bytes()
    message = message_from_bytes(raw, policy=policy.strict)
    assert isinstance(message, EmailMessage)
    return message


def letters(session: Session, notice: str) -> list[Letter]:
    """The mails of a kind in the outbox, the oldest first."""
    wanted = sa.select(Outbox).where(Outbox.notice == notice).order_by(Outbox.id)
    return [
        Letter(m.id, m.key, m.notice, m.language, m.address, m.params, m.review_id)
        for m in session.scalars(wanted)
    ]


def to(found: list[Letter], email: str) -> list[Letter]:
    return [one for one in found if one.address == email]


# All mails of a whole review ---------------------------------------------------------------------


def test_calendar_files_of_all_mails_can_be_read_and_hold_nothing_secret(story: Story) -> None:
    carried = set()
    for letter, now in itertools.product(story.letters, (world.START, story.now)):
        for name, content in ics.attached(sent(letter, now)).items():
            event = ics.only(ics.read(content))
            carried.add((letter.notice, name))
            assert MARK.encode() not in content.replace(b"\r\n ", b"")
            assert event["ORGANIZER"] == f"mailto:{ADDRESS}"
            if letter.params["role"] == "mission" or letter.params.get("leaves"):
                assert "URL" not in event
            else:
                assert event["URL"] == f"{PAGE}{letter.review_id}"
            assert "LOCATION" not in event
    assert ("dialogue_scheduled", "invite.ics") in carried
    assert {("reminder", "deadline.ics"), ("date_changed", "deadline.ics")} <= carried
    assert {name for _notice, name in carried} == {"invite.ics", "deadline.ics"}


def test_text_and_html_are_what_they_are_without_a_calendar(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_files = {letter.number: sent(letter, world.START) for letter in story.letters}
    monkeypatch.setattr(attached, "of", lambda *_, **__: ())
    for letter in story.letters:
        message, plain = with_files[letter.number], sent(letter, world.START)
        for kind in ("plain", "html"):
            part, same = message.get_body((kind,)), plain.get_body((kind,))
            assert part is not None
            assert same is not None
            assert part.as_bytes() == same.as_bytes()
        headers = [(n, v) for n, v in message.items() if n != "Content-Type"]
        assert headers == [(n, v) for n, v in plain.items() if n != "Content-Type"]
    assert any(len(ics.attached(one)) for one in with_files.values())


def test_a_mail_without_a_day_of_the_reader_has_two_parts(story: Story) -> None:
    letter = next(one for one in story.letters if one.notice == "report_agreed")
    message = sent(letter, story.now)
    assert message.get_content_type() == "multipart/alternative"
    assert len(list(message.iter_parts())) == 2


def test_a_digest_carries_no_files(story: Story) -> None:
    digest = next(one for one in story.letters if one.notice == "digest")
    assert ics.attached(sent(digest, story.now)) == {}


# The dialogue ------------------------------------------------------------------------------------


def invite(message: EmailMessage) -> tuple[Any, Any]:
    """The calendar of an invitation and its entry; both copies are the same."""
    assert message.get_content_type() == "multipart/mixed"
    body, *files = message.iter_parts()
    assert body.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in body.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"], "the last is preferred"
    inline = list(body.iter_parts())[2]
    assert inline.get_content_disposition() is None
    calendar = ics.read(inline.get_payload(decode=True))
    method = calendar["METHOD"]
    for part in (inline, files[0]):
        assert part.get_param("method") == method
        assert part.get_content_charset() == "utf-8"
    assert ics.attached(message)["invite.ics"] == inline.get_payload(decode=True)
    return calendar, ics.only(calendar)


@pytest.fixture
def visited(session: Session) -> World:
    """A review in which the State has agreed to a visit."""
    w = world.advance(world.world(session), "country_dialogue")
    w.take("agree_means", w.focal_point, means="country_visit")
    return w


def set_days(w: World, first: int, last: int) -> tuple[str, str]:
    """Set the days of the visit, counted from the day of the step; first and exclusive end."""
    today = (w.now + DAY).date()
    days = [today + timedelta(days=ahead) for ahead in (first, last)]
    named = {"first_day": days[0].isoformat(), "last_day": days[1].isoformat()}
    w.take("schedule_dialogue", w.focal_point, place=MARK, **named)
    return days[0].isoformat(), (days[1] + DAY).isoformat()


def test_the_days_of_a_dialogue_come_as_an_invitation(visited: World) -> None:
    w = visited
    days = set_days(w, 20, 22)
    for who in (w.expert_1, w.expert_2, w.officer):
        (letter,) = to(letters(w.session, "dialogue_scheduled"), who.email)
        calendar, event = invite(sent(letter, w.now))
        assert calendar["METHOD"] == "REQUEST"
        assert ics.days(event) == days
        assert event["STATUS"] == "CONFIRMED"
        assert event["TRANSP"] == "OPAQUE"
        assert event["SUMMARY"] == "Country review of Zambia: dialogue"
        assert "The place is on the page of the review." in event["DESCRIPTION"]
        assert event["ATTENDEE"] == f"mailto:{who.email}"
        assert event["ATTENDEE"].params["RSVP"] == "FALSE"
        assert event["UID"] == f"dialogue.{w.review_id}@secretariat.example"


def test_a_moved_dialogue_is_the_same_entry_and_a_later_one(visited: World) -> None:
    w = visited
    set_days(w, 20, 22)
    days = set_days(w, 10, 10)
    first, second = to(letters(w.session, "dialogue_scheduled"), w.expert_1.email)
    _, before = invite(sent(first, w.now))
    _, after = invite(sent(second, w.now))
    assert before["UID"] == after["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert ics.days(after) == days
    assert ics.days(before) != days


def test_a_first_mail_that_is_sent_late_or_again_never_overtakes_a_second(visited: World) -> None:
    w = visited
    set_days(w, 20, 22)
    set_days(w, 10, 10)
    first, second = to(letters(w.session, "dialogue_scheduled"), w.expert_1.email)
    _, late = invite(sent(replace(first, number=99), w.now + 3 * DAY))
    _, soon = invite(sent(second, w.now))
    assert late["SEQUENCE"] < soon["SEQUENCE"]


def test_other_means_take_the_days_back(visited: World) -> None:
    w = visited
    days = set_days(w, 20, 22)
    w.take("agree_means", w.focal_point, means="remote")
    (set_before,) = to(letters(w.session, "dialogue_scheduled"), w.expert_1.email)
    taken_back = to(letters(w.session, "means_agreed"), w.expert_1.email)[-1]
    _, event = invite(sent(set_before, w.now))
    calendar, gone = invite(sent(taken_back, w.now))
    assert calendar["METHOD"] == "CANCEL"
    assert gone["STATUS"] == "CANCELLED"
    assert gone["UID"] == event["UID"]
    assert gone["SEQUENCE"] > event["SEQUENCE"]
    assert ics.days(gone) == days
    assert "taken back" in gone["DESCRIPTION"]


def test_means_without_days_take_nothing_back(visited: World) -> None:
    w = visited
    w.take("agree_means", w.focal_point, means="joint_meeting")
    for letter in letters(w.session, "means_agreed"):
        assert ics.attached(sent(letter, w.now)) == {}


def test_a_corrected_position_takes_the_days_back_from_those_who_were_invited(
    visited: World,
) -> None:
    w = visited
    set_days(w, 20, 22)
    w.take("correct_position", w.officer, stage="desk_review", reason=MARK)
    found = letters(w.session, "position_corrected")
    for who in (w.expert_2, w.focal_point):
        (told,) = to(found, who.email)
        calendar, event = invite(sent(told, w.now))
        assert (calendar["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")


def test_a_dialogue_that_was_held_is_not_taken_back(visited: World) -> None:
    w = visited
    set_days(w, 0, 0)
    day = (w.now + DAY).date().isoformat()
    w.take("record_dialogue", w.officer, first_day=day, last_day=day)
    for letter in letters(w.session, "dialogue_held"):
        assert "invite.ics" not in ics.attached(sent(letter, w.now))
    w.take("correct_position", w.officer, stage="desk_review", reason=MARK)
    for letter in letters(w.session, "position_corrected"):
        assert "invite.ics" not in ics.attached(sent(letter, w.now))


# An office changes hands -------------------------------------------------------------------------


def hand_over(w: World, who: str) -> str:
    """The office of somebody goes to a new person; gives their address."""
    member = next(m for m in w.seen().members if m.person_id == w.people[who].id)
    email = f"new.{who.replace('_', '.')}@example.example"
    w.take("hand_over", w.officer, member=str(member.member_id), title="New", email=email,
           language="en")  # fmt: skip
    w.people[who] = accounts.find_by_email(w.session, email) or pytest.fail("nobody")
    return email


@pytest.mark.parametrize("who", ["focal_point", "expert_1", "expert_2"])
def test_an_invitation_goes_with_the_office(visited: World, who: str) -> None:
    w, former = visited, visited.people[who].email
    days = set_days(w, 20, 22)
    new = hand_over(w, who)
    (first,) = to(letters(w.session, "dialogue_scheduled"), former)
    (taken,) = to(letters(w.session, "office_taken_over"), new)
    (ended,) = to(letters(w.session, "office_ended"), former)
    _, before = invite(sent(first, w.now))
    calendar, theirs = invite(sent(taken, w.now))
    withdrawn, gone = invite(sent(ended, w.now))
    assert (calendar["METHOD"], theirs["STATUS"]) == ("REQUEST", "CONFIRMED")
    assert (withdrawn["METHOD"], "STATUS" in gone) == ("CANCEL", False), "the visit takes place"
    assert before["UID"] == theirs["UID"] == gone["UID"]
    assert theirs["ATTENDEE"] == f"mailto:{new}"
    assert gone["ATTENDEE"] == f"mailto:{former}"
    assert min(theirs["SEQUENCE"], gone["SEQUENCE"]) > before["SEQUENCE"]
    assert ics.days(theirs) == ics.days(gone) == ics.days(before) == days
    assert "without you" in gone["DESCRIPTION"]
    assert "URL" not in gone, "its reader cannot open the page any more"
    moved = set_days(w, 10, 10)
    later = to(letters(w.session, "dialogue_scheduled"), new)[-1]
    _, after = invite(sent(later, w.now))
    assert after["SEQUENCE"] > theirs["SEQUENCE"]
    assert ics.days(after) == moved
    assert len(to(letters(w.session, "dialogue_scheduled"), former)) == 1


def test_the_days_stand_in_words_in_the_mail_as_well(visited: World) -> None:
    w = visited
    set_days(w, 20, 22)
    former = w.expert_1.email
    new = hand_over(w, "expert_1")
    for notice, address, words in (
        ("office_taken_over", new, "The dialogue with Zambia takes place from"),
        ("office_ended", former, "Your invitation is withdrawn."),
    ):
        (letter,) = to(letters(w.session, notice), address)
        for code in languages.CODES:
            sent(replace(letter, language=code), w.now)
        body = sent(letter, w.now).get_body(("plain",))
        assert body is not None
        assert words in " ".join(str(body.get_content()).split())


def test_who_is_released_is_told_and_invited_no_more(visited: World) -> None:
    w, former = visited, visited.expert_1
    set_days(w, 20, 22)
    member = next(m for m in w.seen().members if m.person_id == former.id)
    w.take("release_person", w.officer, member=str(member.member_id), reason=MARK)
    (ended,) = to(letters(w.session, "office_ended"), former.email)
    message = sent(ended, w.now)
    calendar, gone = invite(message)
    assert (calendar["METHOD"], gone["ATTENDEE"]) == ("CANCEL", f"mailto:{former.email}")
    body = message.get_body(("plain",))
    assert body is not None
    assert "Your part in the review of Zambia has ended." in str(body.get_content())
    assert MARK not in message.as_string()


@pytest.mark.parametrize("state", ["no days", "taken back", "held", "over"])
def test_without_a_visit_to_come_an_office_carries_no_invitation(
    visited: World, state: str
) -> None:
    w, former = visited, visited.expert_1.email
    if state != "no days":
        set_days(w, *((20, 22) if state == "taken back" else (0, 0)))
    if state == "taken back":
        w.take("agree_means", w.focal_point, means="remote")
    elif state == "held":
        day = (w.now + DAY).date().isoformat()
        w.take("record_dialogue", w.officer, first_day=day, last_day=day)
    elif state == "over":
        w.now += 2 * DAY
    new = hand_over(w, "expert_1")
    for notice, address in (("office_taken_over", new), ("office_ended", former)):
        (letter,) = to(letters(w.session, notice), address)
        assert "invite.ics" not in ics.attached(sent(letter, w.now))


# Deadlines ---------------------------------------------------------------------------------------


def test_a_deadline_is_a_file_for_the_side_that_owes_it(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    (letter, *_) = to(letters(session, "desk_review_requested"), w.expert_1.email)
    message = sent(letter, w.now)
    assert message.get_content_type() == "multipart/mixed"
    body, file = message.iter_parts()
    assert [part.get_content_type() for part in body.iter_parts()] == ["text/plain", "text/html"]
    assert (file.get_content_disposition(), file.get_param("method")) == ("attachment", "PUBLISH")
    event = ics.only(ics.read(ics.attached(message)["deadline.ics"]))
    due = date.fromisoformat(letter.params["due"])
    assert ics.days(event) == (due.isoformat(), (due + DAY).isoformat())
    assert event["SUMMARY"] == "Due: Submit the desk review (Zambia)"
    assert "end of day in Harare" in event["DESCRIPTION"]
    assert event["TRANSP"] == "TRANSPARENT"
    assert "ATTENDEE" not in event


def test_the_deadline_of_others_is_no_file(story: Story) -> None:
    for letter in story.letters:
        if letter.notice in {"escalation", "extension_asked"}:
            assert "deadline.ics" not in ics.attached(sent(letter, story.now)), letter.notice


def test_another_date_is_the_same_entry_and_those_that_move_along_have_files_too(
    session: Session,
) -> None:
    w = world.advance(world.world(session), "self_assessment")
    (asked,) = to(letters(session, "introductory_call_held"), w.focal_point.email)
    before = ics.only(ics.read(ics.attached(sent(asked, w.now))["deadline.ics"]))
    day = (w.now + 90 * DAY).date().isoformat()
    given = {"milestone": "self_assessment_submitted:0", "new_date": day, "reason": MARK}
    w.take("grant_extension", w.officer, moves="yes", **given)
    (changed,) = to(letters(session, "date_changed"), w.focal_point.email)
    after = ics.only(ics.read(ics.attached(sent(changed, w.now))["deadline.ics"]))
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert ics.days(after)[0] == day
    one = {"milestone": "report_agreed", "slot": 0, "old_date": day, "new_date": "2012-03-01"}
    two = replace(changed, params={**changed.params, "moved_along": [one]})
    files = ics.attached(sent(two, w.now))
    if len(files) == 2:
        assert ics.days(ics.only(ics.read(files["deadline-2.ics"])))[0] == "2012-03-01"
    for letter in to(letters(session, "date_changed"), w.expert_1.email):
        assert ics.attached(sent(letter, w.now)) == {}


def test_a_question_has_an_entry_of_its_own_that_reminders_share(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    by = (w.now + 20 * DAY).date().isoformat()
    provision = w.seen().provisions(1)[0]
    for _ in range(2):
        w.take("ask_for_information", w.expert_1, provision=provision, text=MARK, answer_by=by)
    asked = to(letters(session, "question_asked"), w.focal_point.email)
    keys = [ics.only(ics.read(ics.attached(sent(one, w.now))["deadline.ics"])) for one in asked]
    assert [one["SUMMARY"] for one in keys] == [
        "Due: Answer question 1 (Zambia)",
        "Due: Answer question 2 (Zambia)",
    ]
    assert len({one["UID"] for one in keys}) == 2
    params = {**asked[0].params, "step": "answer_question", "opens": "questions",
              "milestone_slot": 2, "next_reminder": None, "escalates": False}  # fmt: skip
    later = {name: value for name, value in params.items() if name not in {"question", "at"}}
    reminder = replace(asked[0], notice="reminder", params=later)
    event = ics.only(ics.read(ics.attached(sent(reminder, w.now + DAY))["deadline.ics"]))
    assert event["UID"] == keys[1]["UID"]
    assert event["SEQUENCE"] > keys[1]["SEQUENCE"]


ZONES = (
    ("Etc/GMT+12", date(2012, 6, 1)),
    ("Pacific/Kiritimati", date(2012, 6, 1)),
    ("Pacific/Apia", date(2011, 12, 29)),  # the day before one that never was
    ("Europe/Vienna", date(2012, 3, 25)),
    ("Europe/Vienna", date(2012, 10, 28)),
    ("America/New_York", date(2012, 11, 4)),
    ("America/Sao_Paulo", date(2012, 10, 20)),  # its midnight is skipped
    ("Asia/Kathmandu", date(2012, 12, 31)),
    ("Africa/Lusaka", date(2012, 2, 29)),
)


@pytest.mark.parametrize(("zone", "due"), ZONES)
def test_a_deadline_stands_on_its_day_wherever_it_ends(story: Story, zone: str, due: date) -> None:
    letter = next(one for one in story.letters if one.notice == "introductory_call_held"
                  and one.params["party"] == "state_under_review")  # fmt: skip
    params = {**letter.params, "due": due.isoformat(), "due_zone": zone, "due_place": "Here"}
    letter = replace(letter, params=params)
    last = end_of_day(due, zone)
    for now in (last - timedelta(days=40), last):
        event = ics.only(ics.read(ics.attached(sent(letter, now))["deadline.ics"]))
        assert ics.days(event) == (due.isoformat(), (due + DAY).isoformat())
        assert "end of day in" in event["DESCRIPTION"]
    assert ics.attached(sent(letter, last + timedelta(seconds=1))) == {}, "it is over there"


# The language of the mail ------------------------------------------------------------------------


class _Arabic(NullTranslations):
    """Every text of the system in Arabic letters."""

    def gettext(self, message: str) -> str:
        head, *rest = message.split("%(")
        foreign = "نص " * (len(head.split()) or 1)
        return foreign + "".join(f"%({one.partition(')s')[0]})s نص " for one in rest)

    def ngettext(self, msgid1: str, msgid2: str, num: int) -> str:
        return self.gettext(msgid2)


def test_an_entry_is_in_the_language_of_its_mail(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(languages, "translations", lambda code: _Arabic())
    monkeypatch.setattr(languages, "has_text", lambda code, text: True)
    letter = next(one for one in story.letters if one.notice == "dialogue_scheduled")
    message = sent(replace(letter, language="ar"), story.now)
    assert message["Content-Language"] == "ar"
    _, event = invite(message)
    for name in ("SUMMARY", "DESCRIPTION"):
        assert event[name].params["LANGUAGE"] == "ar"
        assert "نص" in event[name]


def test_an_entry_that_lacks_a_text_is_english_and_the_mail_stays_what_it_is(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        languages, "translations", lambda code: NullTranslations() if code == "en" else _Arabic()
    )
    monkeypatch.setattr(
        languages, "has_text", lambda code, text: code == "en" or "Country review of" not in text
    )
    letter = next(one for one in story.letters if one.notice == "dialogue_scheduled")
    message = sent(replace(letter, language="ar"), story.now)
    assert message["Content-Language"] == "ar"
    _, event = invite(message)
    assert event["SUMMARY"].params["LANGUAGE"] == "en"
    assert event["SUMMARY"] == "Country review of Zambia: dialogue"


# Writing -----------------------------------------------------------------------------------------


def test_whatever_a_name_holds_stays_in_its_place() -> None:
    nasty = 'Focal "point"; of, Zambia\\\r\nATTENDEE:mailto:x@y.example 🇿🇲 ' + "م" * 90
    entry = Entry("due.x.0.1", nasty, (nasty, "two"), date(2012, 2, 29), date(2012, 2, 29),
                  datetime(1999, 1, 1, tzinfo=UTC), place=nasty)  # fmt: skip
    content = ical.written(
        [entry],
        language="ar",
        secretariat=Mailbox(nasty, ADDRESS),
        method=Method.REQUEST,
        guest=Mailbox(nasty, "a@states.example"),
    )
    event = ics.only(ics.read(content))
    assert event["SUMMARY"] == " ".join(nasty.split())
    assert event["ATTENDEE"] == "mailto:a@states.example"
    assert ics.days(event) == ("2012-02-29", "2012-03-01")
    assert event["SEQUENCE"] == 0


@given(
    st.text(),
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.integers(0, 400),
    st.integers(0, 2**31 - 1),
    st.timezones(),
)
def test_any_text_and_any_days_come_back_as_they_were(
    text: str, first: date, more: int, seconds: int, zone: ZoneInfo
) -> None:
    changed_at = (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(zone)
    last = first + timedelta(days=more)
    entry = Entry("dialogue.1", f"x{text}", (text, text), first, last, changed_at, place=text)
    content = ical.written([entry], language="ar", secretariat=Mailbox(text, ADDRESS))
    event = ics.only(ics.read(content))
    assert ics.days(event) == (first.isoformat(), (last + DAY).isoformat())
    assert event.decoded("LAST-MODIFIED") == changed_at
    assert event["SEQUENCE"] == seconds
    kept = "".join(" " if category(c) in {"Cc", "Cs"} else c for c in f"x{text}")
    assert event["SUMMARY"].split() == kept.split()
