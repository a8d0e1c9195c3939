"""Complaints about mails: lost without a word, in a strange language, consumed by a scanner."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from review import clock, db, languages
from review.mail.return_path import ReturnPath
from review.mail.transport import Refused
from review.services import accounts, bounces
from tests import world
from tests.complaints.case import DAY, MISSION, Case
from tests.reports import status
from tests.web.task_links import everything


@pytest.fixture
def case(app: Flask) -> Case:
    """Zambia answers its self-assessment."""
    return Case(app, "self_assessment")


# Not delivered ---------------------------------------------------------------------------------


def comes_back(case: Case) -> str:
    """The first reminder of the focal point comes back; its subject."""
    case.live(case.due() - 11 * DAY)  # a Friday: on a day off it would wait
    mail = case.mails("focal_point", "reminder")[0]
    report = status(recipient=mail.to, message_id=str(mail.message["Message-ID"]))
    with clock.frozen(case.now), db.transaction() as session:
        bounces.take(session, report, path=ReturnPath(), now=case.now)
    case.deliver(case.now)
    return mail.subject


def test_janeway_1390_what_was_not_delivered_is_listed_and_shown_to_the_secretariat(
    case: Case,
) -> None:
    """janeway#1390: tell the sender, and list, what was not delivered."""
    subject = comes_back(case)
    board = case.words("/reviews", "officer")
    assert "focal.point@example.example" in board
    listed = case.words("/mail?state=bounced", "officer")
    assert subject in listed
    assert "Came back" in listed
    history = case.words(f"/reviews/{case.scene.review_id}/history?show=all", "officer")
    assert "Came back" in history


def test_episciences_215_silence_is_told_apart_from_a_mail_that_never_came(case: Case) -> None:
    """episciences#215: "for all we knew, the author was simply not responding"."""
    comes_back(case)
    instead = case.mails(MISSION, "reminder")
    assert instead, "somebody of the same State has it"
    assert "could not be delivered" in instead[0].text
    with clock.frozen(case.now + DAY):
        page = case.words("/mail?state=bounced", "officer")
    assert "5.1.1" in page, "and why, in the words of the mail server"


def test_janeway_1390_a_server_that_refuses_at_once_is_told_as_well(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """janeway#1390, where nothing comes back later because nothing was taken."""
    address, took = case.scene.person("focal_point").email, case.send

    def send(*args: object) -> str:
        if address in args:
            raise Refused("550 5.1.1 No such mailbox", address=True)
        return took(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(case, "send", send)
    case.live(case.due() - 10 * DAY)
    case.look(case.now)
    assert case.mails(MISSION, "reminder")
    assert "No such mailbox" in case.words("/mail?state=failed", "officer")


# Language --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "state"), [("fr", "Zambie"), ("ar", "زامبيا"), ("zh", "赞比亚")])
def test_pkp_3525_a_mail_is_in_the_language_of_its_reader_not_of_who_wrote_it(
    case: Case, code: str, state: str
) -> None:
    """pkp-lib#3525: mail goes out in the sender's language."""
    case.change("focal_point", language=code)
    case.change("officer", language="es")
    with case.work() as w:
        w.take("suspend", w.officer)
        w.take("resume", w.officer)
    mail = case.mails("focal_point", "clock_resumed")[-1]
    assert mail.message["Content-Language"] == code
    assert mail.subject == languages.translations(code).gettext(
        "%(state)s: the review is resumed"
    ) % {"state": state}


def test_pkp_7662_the_reminder_speaks_the_language_of_the_request(app: Flask) -> None:
    """pkp-lib#7662: the reminder in another language than the invitation looks careless."""
    case = Case(app, "initial_steps")
    with case.work() as w:
        given = {"title": "Point focal", "email": "focal.point@zambia.example", "language": "fr"}
        w.take("nominate_focal_point", w.officer, **given)
        for slot in ("1", "2"):
            world.nominate(w, f"expert_{slot}", "nominate_expert", side=slot)
        held = w.now.date().isoformat()
        call = {"held_on": held, "language": "en", "division": "both"}
        w.take("hold_introductory_call", w.officer, **call)
    case.live(case.due() + 8 * DAY)
    mails = case.mails("focal.point@zambia.example")
    kinds = {one.message["Content-Language"] for one in mails}
    assert len(mails) > 5
    assert kinds == {"fr"}


# Scanners --------------------------------------------------------------------------------------


def invitation(case: Case) -> str:
    """The link of an invitation that somebody was just sent."""
    with case.work() as w:
        given = {"title": "New", "email": "new@zwe.example", "language": "en", "side": "1"}
        w.take("nominate_expert", w.officer, **given)
    return case.mails("new@zwe.example", "invitation")[-1].path


def new_password(case: Case) -> str:
    with clock.frozen(case.now), db.transaction() as session:
        accounts.forgot_password(session, case.scene.person("focal_point").email, now=case.now)
    case.deliver(case.now)
    return case.mails("focal_point", "password_reset")[-1].path


def task(case: Case) -> str:
    case.live(case.due() - 10 * DAY)
    return case.mails("focal_point", "reminder")[-1].path


def way_out_of_a_digest(case: Case) -> str:
    case.change("focal_point", digest=True)
    case.live(case.due() - 10 * DAY, hours=(5, 8, 12))
    header = str(case.mails("focal_point", "digest")[-1].message["List-Unsubscribe"])
    return header.strip("<>").removeprefix("http://localhost")


@pytest.mark.parametrize("link", [invitation, new_password, task, way_out_of_a_digest])
def test_outline_9227_fusionauth_629_next_auth_1840_a_scanner_that_opens_a_link_uses_nothing_up(
    case: Case, link: Callable[[Case], str]
) -> None:
    """outline#9227: a link scanner consumes the sign-in link before the user sees it.

    FusionAuth#629 and next-auth#1840 are the same.
    """
    path = link(case)
    before = everything()
    with clock.frozen(case.now):
        for method in ("HEAD", "GET", "GET"):
            scanner = case.app.test_client()
            assert scanner.open(path, method=method).status_code == 200
        assert everything() == before
        page = case.visitor.get(path).get_data(as_text=True)
    assert re.search(r'<form[^>]*method="post"', page), "a button does it"


def test_outline_9227_fusionauth_629_next_auth_1840_after_the_scanner_the_person_can_use_the_link(
    case: Case,
) -> None:
    """outline#9227, FusionAuth#629, next-auth#1840: "the link has already been used"."""
    path = invitation(case)
    with clock.frozen(case.now):
        case.app.test_client().get(path)
    secret = "a calm sentence about herons"
    answer = case.press(path, path, new_password=secret, again_password=secret)
    assert answer.status_code == 200
    assert "Your password is set" in answer.get_data(as_text=True)
