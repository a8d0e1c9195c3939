"""The page behind the link of a mail: it shows the task, and opening it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db, seals
from review.models import Capability, Outbox, Person, State
from review.services import accounts, by_link, capabilities, offices
from review.services.capabilities import Purpose
from tests import world
from tests.web.conftest import sign_in
from tests.web.task_links import NOW, Links, everything, recorded, words

WEEKS = timedelta(weeks=7)


@pytest.fixture
def desk(app: Flask) -> Iterator[Links]:
    """Both reviewing States were asked for their desk review."""
    with clock.frozen(NOW):
        yield Links(app, "desk_review")


@pytest.fixture
def begun(app: Flask) -> Iterator[Links]:
    """The review has begun; nobody is nominated, so the missions are told."""
    with clock.frozen(NOW):
        yield Links(app, "initial_steps")


def test_the_button_of_a_mail_opens_the_task_without_signing_in(desk: Links) -> None:
    mail = desk.mail(desk.scene.person("expert_2").email)
    assert f"http://localhost{desk.of('expert_2')}" in mail
    assert "opens without signing in" in mail
    said = desk.text(desk.of("expert_2"))
    assert "Submit the desk review" in said
    assert "Review of Zambia" in said
    assert "end of day in Rome" in said
    assert "working days" in said
    assert "Asked by Secretariat" in said
    assert "Who has it now Italy" in said
    assert "Who receives it Secretariat officer" in said
    assert "Next reminder" in said


def test_the_reader_sees_the_hour_of_their_own_place(desk: Links) -> None:
    with db.transaction() as session:
        session.execute(
            sa.update(Person)
            .where(Person.email == desk.scene.person("expert_2").email)
            .values(time_zone="Asia/Tokyo")
        )
    assert "your time" in desk.text(desk.of("expert_2"))


def test_opening_a_link_changes_nothing(desk: Links) -> None:
    path = desk.of("expert_1")
    pages = (path, f"{path}/steps/ask_extension", f"{path}/steps/ask_extension?new_date=2011-12-01")
    before = everything()
    for one in pages:
        for _ in range(2):
            assert desk.client.get(one).status_code == 200
        assert desk.client.head(one).status_code == 200
    assert everything() == before
    for method in ("put", "delete", "patch"):
        assert getattr(desk.client, method)(path).status_code == 405


def test_the_page_is_kept_from_caches_indexes_and_other_sites(desk: Links) -> None:
    for path in (desk.of("expert_1"), f"{desk.of('expert_1')}/steps/ask_extension", "/task/cut"):
        answer = desk.client.get(path)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_page_speaks_the_language_of_its_reader(desk: Links) -> None:
    with db.transaction() as session:
        wanted = sa.update(Person).where(Person.email == desk.scene.person("expert_2").email)
        session.execute(wanted.values(language="fr"))
    for client in (desk.client, desk.scene.browser("officer")):
        desk.client = client
        assert desk.page(desk.of("expert_2")).html["lang"] == "fr"  # type: ignore[index]
        chosen = desk.page(f"{desk.of('expert_2')}?language=ar")
        assert chosen.html["dir"] == "rtl"  # type: ignore[index]
        assert "language=ar" in str(chosen.select_one("main form")["action"])  # type: ignore[index]


def test_the_page_is_the_holders_whoever_is_signed_in(desk: Links) -> None:
    """A link that is opened beside somebody else's session shows and does what is its holder's."""
    desk.client = desk.scene.browser("officer")
    path = desk.of("expert_1")
    assert "/people" not in str(desk.page(path))
    desk.press(path, f"{path}/receipt")
    row = recorded()
    assert row.verb == "receipt_confirmed"
    assert row.person_id == desk.scene.person("expert_1").id


@pytest.mark.parametrize("broken", ["forged", "cut", "purpose", "nobody", "name"])
def test_a_link_that_nobody_was_given_opens_nothing(desk: Links, broken: str) -> None:
    token = desk.token(desk.scene.person("expert_1").email)
    name = token.partition(".")[0]
    tried = {
        "forged": f"{name}.{'0' * 32}",
        "cut": token[:-1],
        "purpose": seals.sealed("calendar", name),
        "nobody": seals.sealed("task", "m999999"),
        "name": token.replace(name, "m1", 1),
    }[broken]
    before = everything()
    assert "This link does not work" in desk.text(f"/task/{tried}", 404)
    assert desk.client.get(f"/task/{tried}/steps/ask_extension").status_code == 404
    good = desk.page(desk.of("expert_1")).select_one("[name=csrf_token]")
    data = {"csrf_token": str(good["value"])}  # type: ignore[index]
    assert desk.client.post(f"/task/{tried}/receipt", data=data).status_code == 404
    assert desk.client.post(f"/task/{tried}/steps/ask_extension", data=data).status_code == 404
    assert desk.client.post(f"/task/{tried}/again", data=data).status_code == 200
    assert everything() == before


def test_the_calendar_of_somebody_is_no_task(desk: Links) -> None:
    one = desk.scene.person("expert_1")
    with db.transaction() as session:
        made = capabilities.give(
            session, Purpose.CALENDAR, person_id=one.id, address=one.email, now=NOW
        )
        token = capabilities.token_of(made)
    assert desk.client.get(f"/task/{token}").status_code == 404
    name = token.partition(".")[0]
    assert desk.client.get(f"/task/{seals.sealed('task', name)}").status_code == 404


def test_an_expired_link_is_renewed_to_the_registered_address(desk: Links) -> None:
    path, person = desk.of("expert_2"), desk.scene.person("expert_2")
    with db.transaction() as session:
        session.execute(
            sa.update(Person).where(Person.id == person.id).values(email="new@ita.example")
        )
    with clock.frozen(NOW + WEEKS):
        said = desk.text(path, 410)
        assert "This link has expired" in said
        assert "end of day in Rome" in said
        assert "Confirm receipt" not in said
        before = len(desk.postman.taken)
        sent = desk.press(path, f"{path}/again")
        assert sent.status_code == 200
        assert "Look into your mailbox" in words(sent)
        desk.press(path, f"{path}/again")  # at once again: nothing more is sent
        desk.deliver()
        new = desk.postman.taken[before:]
        assert [to for to, _ in new if to.endswith("ita.example")] == ["new@ita.example"]
        fresh = f"/task/{desk.token('new@ita.example')}"
        assert fresh != path
        assert "Submit the desk review" in desk.text(fresh)
        assert "A new link was sent" in desk.text(path, 410)


def test_new_links_are_not_sent_without_end(desk: Links) -> None:
    path, at = desk.of("expert_2"), NOW + WEEKS
    for _ in range(14):
        at += timedelta(minutes=5)
        with clock.frozen(at):
            assert desk.press(path, f"{path}/again").status_code == 200
    with db.reading() as session:
        wanted = sa.select(sa.func.count()).where(Outbox.notice == by_link.NOTICE)
        assert session.scalar(wanted) == 10


def test_what_waits_for_the_expired_is_the_same_answer_for_everybody(desk: Links) -> None:
    path = desk.of("expert_2")
    with clock.frozen(NOW + WEEKS):
        known = desk.press(path, f"{path}/again")
        token = str(desk.page(path, 410).select_one("[name=csrf_token]")["value"])  # type: ignore[index]
        unknown = desk.client.post("/task/nothing/again", data={"csrf_token": token})
    assert words(known) == words(unknown)
    assert known.status_code == unknown.status_code == 200


def test_a_link_ends_for_somebody_who_leaves_the_review(desk: Links) -> None:
    path = desk.of("expert_1")
    with desk.scene.work() as w:
        member = next(m for m in w.seen().members if m.person_id == w.expert_1.id)
        w.take("release_person", w.officer, member=str(member.member_id), reason="Specimen.")
    said = desk.text(path, 410)
    assert "This link has ended" in said
    assert "end of day" not in said
    assert desk.scene.person("officer").email in said
    assert "Confirm receipt" not in said
    assert desk.client.get(f"{path}/steps/ask_extension").status_code in {302, 404}


def test_a_link_ends_with_the_account(desk: Links) -> None:
    path = desk.of("expert_1")
    with desk.scene.work() as w:
        accounts.close_account(w.session, w.expert_1.id, actor=w.officer, now=NOW)
    assert "This link has ended" in desk.text(path, 410)
    before = everything()
    page = desk.of("expert_2")
    token = str(desk.page(page).select_one("[name=csrf_token]")["value"])  # type: ignore[index]
    for act in ("receipt", "again", "steps/ask_extension"):
        desk.client.post(f"{path}/{act}", data={"csrf_token": token, "reason": "Specimen."})
    assert everything() == before


def test_an_observer_holds_no_task(desk: Links) -> None:
    path = desk.of("expert_1")
    with db.transaction() as session:
        session.execute(
            sa.text("UPDATE member SET role = 'observer' WHERE person_id = :who"),
            {"who": desk.scene.person("expert_1").id},
        )
    assert "This link has ended" in desk.text(path, 410)


def test_a_task_that_is_done_says_by_whom_and_offers_nothing(desk: Links) -> None:
    path = desk.of("expert_1")
    with desk.scene.work() as w:
        world.find_all(w, 1)
        w.take("submit_desk_review", w.expert_1)
    said = desk.text(path)
    assert "This is done" in said
    assert "expert_1" in said
    assert "Zimbabwe" in said
    assert "end of day in Harare" in said
    assert "Who has it now Italy" in said
    assert not desk.page(path).select("main form, main .btn")
    assert desk.client.get(f"{path}/steps/ask_extension").status_code == 302
    with clock.frozen(NOW + WEEKS):
        assert "This is done" in desk.text(path)


def test_a_stopped_clock_is_said(desk: Links) -> None:
    with desk.scene.work() as w:
        w.take("suspend", w.officer, reason="Specimen of a reason that stays inside.")
    said = desk.text(desk.of("expert_1"))
    assert "clock of this review is stopped" in said
    assert "Specimen of a reason" not in said


def test_what_needs_an_account_leads_there_after_signing_in(desk: Links) -> None:
    button = desk.page(desk.of("expert_1")).select_one("main .btn-primary")
    assert button is not None
    assert "Sign in to do this" in button.get_text()
    turned = desk.client.get(str(button["href"]))
    assert turned.status_code == 302
    wanted = desk.client.get(turned.location).get_data(as_text=True)
    expert = desk.scene.person("expert_1")
    signed = sign_in(desk.client, expert, world.PASSWORD, next=str(button["href"]))
    assert signed.location.endswith(f"/reviews/{desk.scene.review_id}/workbench")
    assert "/task/" not in wanted


def test_a_mission_confirms_and_answers_by_mail(begun: Links) -> None:
    mail = begun.mail("mission@ita.example")
    assert "/task/" in mail
    assert "Answer with the name or function" in mail
    assert "Reply to this message" in mail
    path = f"/task/{begun.token('mission@ita.example')}"
    said = begun.text(path)
    assert "Permanent Mission is told instead" in said
    assert "Sign in to do this" not in said
    assert begun.page(path).select_one("main a[href^='mailto:']")
    assert begun.client.get(f"{path}/steps/ask_extension").status_code == 404
    answer = begun.press(path, f"{path}/receipt")
    assert "Receipt confirmed" in words(answer)
    row = recorded()
    assert (row.verb, row.person_id, row.acting_as, row.iso3) == (
        "receipt_confirmed",
        None,
        "mission:2",
        "ITA",
    )


def test_a_mission_gets_its_new_link_where_it_is_registered_now(begun: Links) -> None:
    path = f"/task/{begun.token('mission@zmb.example')}"
    with db.transaction() as session:
        session.execute(
            sa.update(State).where(State.iso3 == "ZMB").values(mission_email="new@zmb.example")
        )
    with clock.frozen(NOW + WEEKS):
        begun.press(path, f"{path}/again")
        begun.deliver()
        assert begun.token("new@zmb.example") not in path


def test_the_link_of_a_mission_ends_when_another_state_takes_its_place(begun: Links) -> None:
    path = f"/task/{begun.token('mission@ita.example')}"
    with db.transaction() as session:
        session.execute(sa.text("UPDATE reviewer SET voided_at = now() WHERE iso3 = 'ITA'"))
    assert "This link has ended" in begun.text(path, 410)


def test_the_secretariat_works_signed_in(desk: Links) -> None:
    """No mail to it carries a link: with its rights, one would be worth stealing."""
    with db.reading() as session:
        office = {one.id for one in session.scalars(sa.select(Person)) if one.is_secretariat}
        held = set(session.scalars(sa.select(Capability.person_id)))
    assert held
    assert not held & office


def test_a_link_that_went_to_a_wrong_address_opens_nothing_once_that_is_corrected(
    desk: Links,
) -> None:
    path, expert = desk.of("expert_2"), desk.scene.person("expert_2")
    with db.transaction() as session:
        session.execute(
            sa.update(Person).where(Person.id == expert.id).values(email="right@ita.example")
        )
    said = desk.text(path, 410)
    assert "no longer the registered one" in said
    assert "end of day in Rome" in said
    desk.press(path, f"{path}/again")
    desk.deliver()
    assert "Submit the desk review" in desk.text(f"/task/{desk.token('right@ita.example')}")


def test_a_link_of_one_review_does_not_outlive_the_part_in_it(desk: Links) -> None:
    """Somebody who takes part in two reviews and leaves one of them."""
    path, expert = desk.of("expert_1"), desk.scene.person("expert_1")
    with desk.scene.work() as w:
        other = world.review(w.session, w.review.cycle, "PNG")
        offices.fill(w.session, other.id, w.expert_1, "expert", 1, since=NOW)
        member = next(m for m in w.seen().members if m.person_id == expert.id)
        w.take("release_person", w.officer, member=str(member.member_id), reason="Specimen.")
    assert "This link has ended" in desk.text(path, 410)


def test_a_question_without_a_date_has_its_page(app: Flask) -> None:
    with clock.frozen(NOW):
        links = Links(app, "country_dialogue")
        with links.scene.work() as w:
            given = {
                "provision": w.seen().provisions(0)[0],
                "text": "Words that stay between the parties.",
            }
            w.take("ask_for_information", w.expert_1, **given)
        links.deliver()
        said = links.text(links.of("focal_point"))
    assert "Answer a question, no. 1" in said
    assert "No date is set" in said
    assert "Asked by Zimbabwe" in said
    assert "stay between the parties" not in said
