"""One country review from notification to publication, in a real browser, by everybody in it.

Everything is real: pages, PostgreSQL, Redis protocol, Celery worker and beat, SMTP, mailbox. Of the
answers and findings the first ones are typed into the pages; the many that are alike are written
through the same services, so that the test stays quick.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from review import clock, db, settings, tasks
from review.models import Person
from review.services import accounts, answers, blueprint, findings, snapshot
from tests import world
from tests.browser import PATIENCE, follow, headless
from tests.journeys.stack import Running, body, running, until

pytestmark = pytest.mark.browser
PASSWORD = "herons stand calmly in the reeds"


@pytest.fixture(scope="module")
def system(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The running system with a cycle, four States, one drawn review and an officer."""
    with running(tmp_path_factory.mktemp("journey") / "data") as made:
        db.connect(made.settings["DATABASE_URL"])
        try:
            yield made
        finally:
            db.disconnect()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless() as made:
        yield made


class Someone:
    """A person with a browser of their own."""

    def __init__(self, system: Running, browser: Browser, email: str) -> None:
        self.system, self.email = system, email
        self.page = browser.new_context(base_url=system.url).new_page()
        self.page.set_default_timeout(PATIENCE)

    def accept_invitation(self) -> None:
        """Open the link of the invitation and choose a password."""
        mail = self.system.mail(self.email, "invit")
        self.page.goto(link_in(body(mail)))
        self.page.fill("[name=new_password]", PASSWORD)
        self.page.fill("[name=again_password]", PASSWORD)
        follow(self.page, "main button[type=submit]")
        if "/sign-in" in self.page.url:
            self.sign_in(PASSWORD)

    def sign_in(self, password: str) -> None:
        """Sign in on the page."""
        self.page.goto("/sign-in")
        self.page.fill("[name=email]", self.email)
        self.page.fill("[name=password]", password)
        follow(self.page, "main button[type=submit]")
        assert re.search("/my-turn|/reviews", self.page.url)

    def step(self, review_id: int, name: str, **given: str) -> None:
        """Take a step through its pages, as the review's page offers it."""
        self.page.goto(f"/reviews/{review_id}/steps/{name}")
        for key, value in given.items():
            self._fill(key, value)
        self._press()
        if "/confirm" in self.page.url:
            self._press()
        assert "/steps/" not in self.page.url, self.page.inner_text("main")

    def write(self, review_id: int, section: str, text: str) -> None:
        """Write a section of the report on its page."""
        self.page.goto(f"/reviews/{review_id}/report?edit={section}")
        self.page.fill("main form.report-edit [name='text']", text)
        follow(self.page, "main form.report-edit button[type=submit]")

    def approve(self, review_id: int) -> None:
        """Open the report and approve the text that it shows."""
        self.page.goto(f"/reviews/{review_id}/report")
        follow(self.page, "main a[href*='approve_report']")
        while "/steps/" in self.page.url:
            self._press()

    def sees(self, text: str) -> None:
        """The page says this."""
        self.page.wait_for_selector(f"main >> text={text}")

    def _fill(self, key: str, value: str) -> None:
        field = self.page.locator(f"main form [name='{key}']").first
        kind = field.evaluate("e => e.tagName + ':' + (e.type || '')")
        if kind == "SELECT:select-one":
            field.select_option(value)
        elif kind == "INPUT:radio":
            self.page.check(f"main form [name='{key}'][value='{value}']")
        elif kind == "INPUT:checkbox":
            field.check()
        else:
            field.fill(value)

    def _press(self) -> None:
        follow(self.page, "main form button[type=submit]")


def link_in(text: str) -> str:
    """The first link of a mail."""
    found = re.search(r"http://127\.0\.0\.1:\d+/\S+", text)
    assert found, text
    return found.group()


def seed(system: Running) -> int:
    """A cycle, States, an officer with a password, and Zambia's review in ``selected``."""
    with db.transaction() as session:
        world.states(session, "ZMB", "ZWE", "ITA")
        officer = world.person(
            session,
            "secretariat_officer",
            password_hash=None,
            activated_at=None,
        )
        made = world.review(session, world.cycle(session), "ZMB", officer_id=officer.id)
        accounts.invite_again(session, officer, actor=None, now=clock.now())
    tasks.use(settings.load(system.settings))
    tasks.nudge()
    return made.id


def board_says(officer: Someone, stage: str) -> None:
    """The board shows the review in this stage."""
    officer.page.goto("/reviews?q=Zambia")
    row = officer.page.locator("main table tr", has_text="Zambia").first
    assert row.count() == 1
    officer.page.goto(f"/reviews?stage={stage}")
    assert officer.page.locator("main table tr", has_text="Zambia").count() >= 1, stage


def test_a_review_from_notification_to_publication(system: Running, browser: Browser) -> None:
    review_id = seed(system)
    officer = Someone(system, browser, "secretariat.officer@secretariat.example")
    officer.accept_invitation()
    board_says(officer, "selected")

    officer.step(
        review_id, "assign_reviewers", first="ZWE", second="ITA", session="First session",
        drawn_on="2026-06-29",
    )  # fmt: skip
    officer.step(review_id, "notify_start")
    board_says(officer, "initial_steps")
    assert "Zimbabwe" in body(system.mail("mission@zmb.example", "nominate a focal point"))

    people = nominate(system, browser, officer, review_id)
    focal_point, first, second = people
    today = clock.now().date().isoformat()
    officer.step(review_id, "hold_introductory_call", held_on=today, language="en", division="both")
    board_says(officer, "self_assessment")

    answer(system, focal_point, review_id)
    officer.step(review_id, "circulate_response")
    board_says(officer, "desk_review")

    for slot, expert in ((1, first), (2, second)):
        find(system, expert, review_id, slot)
    officer.step(review_id, "forward_outcome")
    board_says(officer, "country_dialogue")

    focal_point.step(review_id, "agree_means", means="joint_meeting")
    focal_point.step(
        review_id, "schedule_dialogue", first_day=today, last_day=today, place="Vienna"
    )
    officer.step(review_id, "record_dialogue", first_day=today, last_day=today)
    officer.step(review_id, "close_dialogue")
    board_says(officer, "finalization")

    officer.step(review_id, "assemble_draft")
    for section in blueprint.to_write(("III", "IV")):
        officer.write(review_id, section, "Specimen text of the summary.")
    officer.step(review_id, "circulate_draft")
    first.step(review_id, "comment_on_draft", comment="Specimen comment.")
    second.step(review_id, "comment_on_draft")
    officer.step(review_id, "send_report_to_state")
    system.mail(focal_point.email, "report")
    for who in people:
        who.approve(review_id)
    officer.step(review_id, "agree_report")
    officer.step(review_id, "issue_summary", symbol="CAC/COSP/IRG/I/1/1/Add.1")
    board_says(officer, "completed")
    officer.page.goto(f"/reviews/{review_id}")
    officer.sees("This review is completed")

    focal_point.step(review_id, "publish_report", extent="all", consent="yes")
    nothing_confidential(system)
    every_mail_was_sent_once(system)


def nominate(
    system: Running, browser: Browser, officer: Someone, review_id: int
) -> tuple[Someone, Someone, Someone]:
    """The officer records the nominations; each person follows the link of their invitation."""
    given = {"language": "en", "note_verbale": "Specimen note verbale"}
    officer.step(
        review_id, "nominate_focal_point", title="Focal point of Zambia",
        email="focal.point@zmb.example", **given,
    )  # fmt: skip
    for side, state, code in (("1", "Zimbabwe", "zwe"), ("2", "Italy", "ita")):
        officer.step(
            review_id, "nominate_expert", side=side, title=f"Expert of {state}",
            email=f"expert@{code}.example", **given,
        )  # fmt: skip
    names = ("focal.point@zmb.example", "expert@zwe.example", "expert@ita.example")
    people = tuple(Someone(system, browser, name) for name in names)
    for one in people:
        one.accept_invitation()
    return people  # type: ignore[return-value]


def answer(system: Running, focal_point: Someone, review_id: int) -> None:
    """Open the link of the mail, answer the first provision on its page, then submit."""
    mail = system.mail(focal_point.email, "self-assessment")
    page = focal_point.page
    page.goto(link_in(body(mail)))
    focal_point.sees("Who receives it")
    follow(page, "main .btn-primary")
    follow(page, "main a[href*='/answers/']")
    page.check("main [name=adopted][value=yes]")
    page.fill("main [name=measures]", "Specimen answer SECRET-OF-THE-ANSWER.")
    follow(page, "main button[name=do][value=answered]")
    with db.transaction() as session:
        me = person(session, focal_point.email)
        seen = snapshot.load(session, review_id, clock.now())
        done = {ref for ref, one in answers.drafts(session, review_id).items() if one.complete}
        assert len(done) == 1, "the answer typed on the page is kept as answered"
        entries = [
            {"provision": ref, "adopted": "in_part", "measures": "Specimen.", "complete": True}
            for ref in seen.provisions(0)
            if ref not in done
        ]
        answers.save_many(session, review_id, entries, actor=me, now=clock.now())
    focal_point.step(review_id, "submit_self_assessment")
    focal_point.sees("SHA-256")


def find(system: Running, expert: Someone, review_id: int, slot: int) -> None:
    """Open the link of the mail, write the first finding on its page, then submit."""
    mail = system.mail(expert.email, "desk review")
    page = expert.page
    page.goto(link_in(body(mail)))
    follow(page, "main .btn-primary")
    follow(page, "main a[href*='/workbench/']")
    expert.sees("SECRET-OF-THE-ANSWER")
    page.check("main [name=level][value=yes]")
    page.fill("main [name=observation]", f"Specimen observation SECRET-OF-FINDING-{slot}.")
    follow(page, "main button[name=do][value=finish]")
    with db.transaction() as session:
        me = person(session, expert.email)
        seen = snapshot.load(session, review_id, clock.now())
        done = {
            ref for ref, one in findings.of_slot(session, review_id, slot).items() if one.complete
        }
        assert len(done) == 1, "the finding typed on the page is kept as finished"
        entries = [
            {"provision": ref, "level": "in_part", "observation": "Specimen.", "complete": True}
            for ref in seen.provisions(slot)
            if ref not in done
        ]
        findings.save_many(session, review_id, entries, actor=me, now=clock.now())
    expert.step(review_id, "submit_desk_review")


def person(session: Session, address: str) -> Person:
    """The account of an address."""
    return session.scalars(sa.select(Person).where(Person.email == address)).one()


def nothing_confidential(system: Running) -> None:
    """No mail holds a word of an answer or a finding."""
    for mail in system.mails():
        assert b"SECRET-OF" not in mail.as_bytes()


def every_mail_was_sent_once(system: Running) -> None:
    """The mailbox holds exactly the mails of the outbox, each once."""

    def waiting() -> bool | None:
        with db.reading() as session:
            left = session.scalar(sa.text("SELECT count(*) FROM outbox WHERE state = 'waiting'"))
        return True if not left else None

    until(waiting, "the outbox to be empty")
    with db.reading() as session:
        sent = sorted(
            session.scalars(sa.text("SELECT message_id FROM outbox WHERE state = 'sent'"))
        )
    arrived = sorted(str(mail["Message-ID"]) for mail in system.mails())
    assert arrived == sent
