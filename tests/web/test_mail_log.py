"""The mail log: who sees it, filters, one message in its frame, sending once more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.models import Audit, MailAttempt, Outbox, Person
from tests.web.office import NOW, Office, soup, token, words


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    with db.transaction() as session:
        session.execute(sa.delete(Outbox))
    with clock.frozen(NOW):
        yield made


def mail(office: Office, key: str, **values: Any) -> int:
    """Write one message into the log."""
    given = {
        "notice": "review_started",
        "review_id": office.ids["ZMB"],
        "person_id": office.people["focal_point"].id,
        "address": "focal.point@zmb.example",
        "language": "en",
        "created_at": NOW,
        "next_try_at": NOW,
        "state": "sent",
        "sent_at": NOW,
        "subject": f"Specimen {key}",
        "body_text": "Specimen text.",
        "body_html": "<p>Specimen <script>alert(1)</script></p>",
    }
    with db.transaction() as session:
        row = Outbox(key=key, **(given | values))
        session.add(row)
        session.flush()
        return row.id


def post(client: FlaskClient, path: str) -> Any:
    return client.post(path, data={"csrf_token": token(soup(client, "/account"))})


def ask(client: FlaskClient, query: str) -> list[str]:
    return words(soup(client, f"/mail?{query}"), "tbody th a")


@pytest.mark.parametrize("who", ["focal_point", "expert_1", "stranger"])
def test_only_the_secretariat_sees_mail(office: Office, who: str) -> None:
    number = mail(office, "one")
    client = office.browser(who)
    for path in ("/mail", f"/mail/{number}", f"/mail/{number}/words.html", "/mail/999"):
        soup(client, path, 403)
    assert post(client, f"/mail/{number}/resend").status_code == 403


def test_an_empty_log_says_what_will_stand_there(office: Office) -> None:
    assert "No message yet" in soup(office.browser("officer"), "/mail").get_text()


def test_filters_narrow_the_log(office: Office) -> None:
    mail(office, "sent")
    mail(office, "waiting", state="waiting", sent_at=None, attempts=2, error="greylisted")
    mail(office, "failed", state="failed", sent_at=None, attempts=18, error="550 unknown")
    mail(office, "recorded", state="recorded", sent_at=None, notice="reminder", subject="")
    mail(office, "other", address="mission@mex.example", review_id=office.ids["MEX"])
    client = office.browser("officer")
    assert ask(client, "") == ["Specimen other", "Reminder", "Specimen failed",
                               "Specimen waiting", "Specimen sent"]  # fmt: skip
    assert ask(client, "state=failed") == ["Specimen failed"]
    assert ask(client, "notice=reminder") == ["Reminder"]
    assert ask(client, "address=MEX.example") == ["Specimen other"]
    assert ask(client, f"review={office.ids['MEX']}") == ["Specimen other"]
    assert ask(client, "address=%25") == []
    text = soup(client, "/mail").get_text(" ")
    for said in ("550 unknown", "greylisted", "given up after 18 tries", "written by the replay"):
        assert said in text


@pytest.mark.parametrize(
    "query", ["state=x", "notice=x", "review=abc", "before=-1", "before=99999999999999999999999"]
)
def test_an_address_that_asks_for_nonsense_is_answered_calmly(office: Office, query: str) -> None:
    mail(office, "one")
    page = soup(office.browser("officer"), f"/mail?{query}")
    assert words(page, ".note-warn")
    assert words(page, "tbody th a") == ["Specimen one"]


def test_pages_go_on_from_the_last_row(office: Office) -> None:
    numbers = [mail(office, f"{number:03}") for number in range(53)]
    client = office.browser("officer")
    page = soup(client, "/mail?state=sent")
    assert len(words(page, "tbody th a")) == 50
    older = page.find("a", string="Older messages")
    assert older is not None
    assert older["href"] == f"/mail?state=sent&before={numbers[3]}"
    assert ask(client, f"state=sent&before={numbers[3]}") == [
        "Specimen 002",
        "Specimen 001",
        "Specimen 000",
    ]


def test_one_message_is_shown_in_a_frame_that_can_do_nothing(office: Office) -> None:
    number = mail(office, "one", message_id="<one@secretariat.example>")
    client = office.browser("officer")
    page = soup(client, f"/mail/{number}")
    frame = page.select_one("iframe")
    assert frame is not None
    assert frame.has_attr("sandbox")
    assert not frame["sandbox"], "nothing is allowed again"
    assert words(page, "pre") == ["Specimen text."]
    assert "<one@secretariat.example>" in page.get_text()
    answer = client.get(str(frame["src"]))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    bare = mail(office, "bare", body_html="", body_text="", state="waiting", sent_at=None)
    soup(client, f"/mail/{bare}/words.html", 404)
    assert "Not written out yet" in soup(client, f"/mail/{bare}").get_text()
    soup(client, "/mail/999999", 404)
    soup(client, "/mail/99999999999999999999", 404)


def test_sending_once_more_keeps_the_first_and_is_recorded(office: Office) -> None:
    number = mail(office, "one", state="failed", sent_at=None, error="550")
    client = office.browser("officer")
    answer = post(client, f"/mail/{number}/resend")
    with db.reading() as session:
        again = session.scalars(sa.select(Outbox).where(Outbox.resent_from == number)).one()
        new = again.id
        assert again.state == "waiting"
        assert session.get_one(Outbox, number).state == "failed"
        kept = session.scalars(sa.select(Audit).where(Audit.verb == "mail_resent")).one()
        assert kept.person_id == office.people["officer"].id
        assert answer.location == f"/mail/{new}"
    first, second = soup(client, f"/mail/{number}"), soup(client, f"/mail/{new}")
    assert f"/mail/{new}" in str(first.select_one("section:has(#again)"))
    assert "Asked for by Secretariat officer" in first.get_text()
    assert "the first one" in second.get_text()


def test_the_history_of_a_mail_that_was_sent_again_and_again_is_whole(office: Office) -> None:
    client = office.browser("officer")
    chain = [mail(office, "one")]
    for _ in range(3):
        chain.append(int(post(client, f"/mail/{chain[-1]}/resend").location.rpartition("/")[2]))
        with db.transaction() as session:
            session.get_one(Outbox, chain[-1]).state = "failed"
    other = mail(office, "other")
    for number in chain:
        page = soup(client, f"/mail/{number}")
        shown = [str(a["href"]) for a in page.select("section:has(#again) a")]
        assert shown == [f"/mail/{one}" for one in chain if one != number]
        history = page.select("section:has(#again)")[0].get_text()
        assert history.count("Asked for by Secretariat officer") == 3
        assert history.count("the first one") == (number != chain[0])
    assert not soup(client, f"/mail/{other}").select("section:has(#again)")


def test_an_invitation_that_was_sent_again_is_shown_with_the_first(office: Office) -> None:
    with db.transaction() as session:
        person = session.get_one(Person, office.people["focal_point"].id)
        person.activated_at = None
    first = mail(office, "invitation", notice="invitation", review_id=None, state="failed",
                 sent_at=None)  # fmt: skip
    client = office.browser("officer")
    again = post(client, f"/mail/{first}/resend").location
    assert soup(client, f"/mail/{first}").select(f"section:has(#again) a[href='{again}']")
    assert "the first one" in soup(client, again).get_text()


@pytest.mark.parametrize("state", ["waiting", "recorded"])
def test_what_was_not_sent_is_not_sent_again(office: Office, state: str) -> None:
    number = mail(office, "one", state=state, sent_at=None)
    client = office.browser("officer")
    assert not soup(client, f"/mail/{number}").find("button", string="Send it once more")
    assert post(client, f"/mail/{number}/resend").location == f"/mail/{number}"
    assert "can be sent again" in soup(client, f"/mail/{number}").get_text()
    assert post(client, "/mail/999999/resend").status_code == 404


# What became of it -----------------------------------------------------------------------------


def test_what_was_reported_is_shown_and_filtered(office: Office) -> None:
    for fate in ("delivered", "delayed", "bounced", "complained"):
        mail(office, fate, fate=fate, fate_at=NOW, fate_said="4.4.1 specimen words")
    mail(office, "accepted")
    client = office.browser("officer")
    for fate in ("delivered", "delayed", "bounced", "complained"):
        assert ask(client, f"state={fate}") == [f"Specimen {fate}"]
    assert ask(client, "state=sent") == ["Specimen accepted"]
    text = soup(client, "/mail").get_text(" ")
    for said in ("Accepted by the mail server", "Delivered", "Delayed on its way", "Came back",
                 "Reported as unwanted", "4.4.1 specimen words"):  # fmt: skip
        assert said in text
    counts = dict(one.split(" ", 1)[::-1] for one in words(soup(client, "/mail"), ".counts a"))
    assert counts["Came back"] == counts["Accepted by the mail server"] == "1"


def test_a_message_shows_its_tries_and_where_it_went_instead(office: Office) -> None:
    first = mail(office, "one", fate="bounced", fate_at=NOW, fate_said="5.1.1 no mailbox")
    second = mail(office, "two", address="mission@zmb.example", instead_of=first, person_id=None)
    with db.transaction() as session:
        for outcome, answer in (("later", "450 busy <b>"), ("accepted", "250 OK")):
            session.add(
                MailAttempt(
                    outbox_id=first, at=NOW, domain="zmb.example", outcome=outcome, answer=answer
                )
            )
    client = office.browser("officer")
    page = soup(client, f"/mail/{first}")
    assert words(page, "section:has(#tries) li b") == ["Not now", "Accepted"]
    assert words(page, "section:has(#tries) bdi") == ["450 busy <b>", "250 OK"]
    assert "5.1.1 no mailbox" in page.get_text()
    assert page.find("a", href=f"/mail/{second}")
    assert soup(client, f"/mail/{second}").find("a", href=f"/mail/{first}")


def test_a_mail_that_waits_for_the_mail_server_says_why_and_until_when(office: Office) -> None:
    """Tries that do not count are shown all the same."""
    number = mail(office, "held", state="waiting", sent_at=None, error="554 5.7.1 Relay denied")
    with db.transaction() as session:
        for _ in range(2):
            session.add(
                MailAttempt(
                    outbox_id=number, at=NOW, domain="zmb.example", outcome="later", policy="server"
                )
            )
    client = office.browser("officer")
    text = soup(client, "/mail").get_text(" ")
    assert "goes out within a minute" not in text
    assert "554 5.7.1 Relay denied" in text
    facts = words(soup(client, f"/mail/{number}"), ".facts dt, .facts dd")
    assert facts[facts.index("Tries") + 1] == "2"
    assert "Next try" in facts


def test_what_was_not_sent_says_why(office: Office) -> None:
    number = mail(office, "one", state="recorded", sent_at=None, body_text="", body_html="",
                  error="Not sent: the account was closed.")  # fmt: skip
    text = soup(office.browser("officer"), f"/mail/{number}").get_text(" ")
    assert "Not sent: the account was closed." in text
    assert "replay" not in text


def test_a_reminder_that_waits_for_a_digest_is_not_called_a_replay(office: Office) -> None:
    recorded = {"state": "recorded", "sent_at": None, "notice": "reminder", "body_text": "",
                "body_html": "", "subject": ""}  # fmt: skip
    waiting = mail(office, "waits", params={"digest": True}, **recorded)
    listed = mail(office, "listed", params={"digest": "digest:1:2013-05-24"}, **recorded)
    replayed = mail(office, "replayed", **recorded)
    client = office.browser("officer")
    for number, said in (
        (waiting, "waits for the next digest of its reader"),
        (listed, "listed in a digest of its reader"),
        (replayed, "written by the replay"),
    ):
        page = soup(client, f"/mail/{number}").get_text()
        assert said in page
        assert ("chose one message a day" in page) == (number != replayed)
        assert ("written by the replay" in page) == (number == replayed)


@pytest.mark.parametrize(
    ("fate", "said"),
    [
        ("", "Accepted by the mail server"),
        ("delivered", "Delivered"),
        ("delayed", "Delayed on its way"),
        ("bounced", "Came back"),
        ("complained", "Reported as unwanted"),
    ],
)
def test_the_page_of_the_review_says_what_became_of_a_mail(
    office: Office, fate: str, said: str
) -> None:
    mail(office, "one", fate=fate, fate_at=NOW if fate else None)
    page = soup(office.browser("officer"), f"/reviews/{office.ids['ZMB']}/history?show=all")
    (entry,) = (one for one in page.select(".timeline li") if "Specimen one" in one.get_text())
    assert said in entry.get_text()
