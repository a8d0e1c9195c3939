"""What the link of a mail lets its reader do without signing in, and how it is recorded."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db
from review.models import CapabilityUse, ExtensionRequest, Outbox, Review
from tests.web.task_links import NOW, Links, everything, recorded, words

LATER = "2011-10-12"


@pytest.fixture
def desk(app: Flask) -> Iterator[Links]:
    """Both reviewing States were asked for their desk review."""
    with clock.frozen(NOW):
        yield Links(app, "desk_review")


def uses() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(sa.select(CapabilityUse.act).order_by(CapabilityUse.id)))


def ask_for(desk: Links, who: str = "expert_2", day: str = LATER, **more: str) -> Any:
    """Ask for another date as a browser does: first what follows, then the reason."""
    path = f"{desk.of(who)}/steps/ask_extension"
    given = {"reason": "Specimen of a reason."} | more
    return desk.press(f"{path}?new_date={day}", path, **given)


def test_receipt_is_confirmed_once_and_seen_by_the_secretariat(desk: Links) -> None:
    path, expert = desk.of("expert_2"), desk.scene.person("expert_2")
    said = words(desk.press(path, f"{path}/receipt"))
    assert "Receipt confirmed. The secretariat sees that the task has arrived." in said
    row = recorded()
    assert (row.verb, row.person_id, row.iso3) == ("receipt_confirmed", expert.id, "ITA")
    assert row.after["milestone"] == "desk_review:2"
    assert row.after["link"]
    assert uses() == ["receipt"]
    assert not desk.page(path).select(f"form[action='{path}/receipt']")
    form = desk.page(f"{path}/steps/ask_extension?new_date={LATER}")
    token = str(form.select_one("main [name=csrf_token]")["value"])  # type: ignore[index]
    desk.client.post(f"{path}/receipt", data={"csrf_token": token})
    assert uses() == ["receipt"], "twice is as good as once"
    assert "Receipt confirmed: expert_2" in desk.review("officer")
    assert "Receipt confirmed: Desk review received" in desk.scene.text("officer", "history")
    log = desk.scene.browser("officer").get(f"/mail/{row.after['mail']}").get_data(as_text=True)
    assert "by the link of this message" in log


def test_others_do_not_read_who_has_confirmed(desk: Links) -> None:
    path = desk.of("expert_2")
    desk.press(path, f"{path}/receipt")
    assert "Receipt confirmed" not in desk.scene.text("expert_1", "history")
    assert "Receipt confirmed" in desk.scene.text("expert_2", "history")


def test_another_date_is_asked_for_after_its_consequences_were_shown(desk: Links) -> None:
    path = f"{desk.of('expert_2')}/steps/ask_extension"
    before = everything()
    shown = desk.text(f"{path}?new_date={LATER}")
    assert "What follows from this date, if the secretariat grants it" in shown
    assert "A message goes to Secretariat officer" in shown
    assert everything() == before
    answer = ask_for(desk)
    assert "Another date is asked for: Wed 12 Oct 2011" in words(answer)
    assert "The secretariat has the request now" in words(answer)
    with db.reading() as session:
        wanted = sa.select(
            ExtensionRequest.milestone, ExtensionRequest.slot, ExtensionRequest.asked_by
        )
        asked = session.execute(wanted).one()
        told = sa.select(sa.func.count()).where(Outbox.notice == "extension_asked")
        assert session.scalar(told) == 1
    assert tuple(asked) == ("desk_review", 2, desk.scene.person("expert_2").id)
    row = recorded()
    assert (row.verb, row.acting_as, row.iso3) == ("ask_extension", "expert:2", "ITA")
    assert row.after["link"]
    assert uses() == ["ask_extension"]
    assert "by the link of a message" in desk.scene.text("officer", "history")


def test_what_others_wrote_stays_inside(desk: Links) -> None:
    ask_for(desk, reason="Words for the secretariat alone.")
    path = desk.of("expert_2")
    for one in (path, f"{path}/steps/ask_extension", f"{path}/steps/take_back_request"):
        assert "Words for the secretariat" not in str(desk.page(one))


def test_a_request_is_taken_back(desk: Links) -> None:
    ask_for(desk)
    path = f"{desk.of('expert_2')}/steps/take_back_request"
    said = words(desk.press(path, path))
    assert "Another date is asked for" not in said
    with db.reading() as session:
        assert session.scalars(sa.select(ExtensionRequest.outcome)).one() == "taken_back"
    assert uses() == ["ask_extension", "take_back_request"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"new_date": "", "reason": "Specimen."}, "required"),
        ({"new_date": "31.2.2012", "reason": "Specimen."}, "date"),
        ({"new_date": "2011-08-01", "reason": "Specimen."}, "after today"),
        ({"new_date": LATER, "reason": " "}, "required"),
        ({"new_date": LATER, "reason": "Specimen.", "milestone": "desk_review:1"}, "list"),
        ({"new_date": LATER, "reason": "Specimen.", "milestone": "nothing"}, "list"),
        ({"new_date": LATER, "reason": "x" * 5000}, "long"),
        ({"new_date": LATER, "reason": "null \x00 byte"}, "cannot be stored"),
    ],
)
def test_bad_input_changes_nothing(desk: Links, given: dict[str, str], says: str) -> None:
    before = everything()
    answer = ask_for(desk, **given)
    assert answer.status_code == 422
    assert says in words(answer)
    assert everything() == before


def test_a_page_that_is_out_of_date_says_so_and_keeps_what_was_typed(desk: Links) -> None:
    path = f"{desk.of('expert_2')}/steps/ask_extension"
    old = desk.page(f"{path}?new_date={LATER}")
    form = old.select_one("main form[method=post]")
    hidden = {str(i["name"]): str(i["value"]) for i in form.select("[type=hidden]")}  # type: ignore[union-attr]
    with desk.scene.work() as w:
        w.take("suspend", w.officer, reason="Inner words.")
        w.take("resume", w.officer)
    before = everything()
    answer = desk.client.post(path, data=hidden | {"reason": "Typed with care."})
    assert answer.status_code == 409
    assert "has changed meanwhile" in words(answer)
    assert "Typed with care." in answer.get_data(as_text=True)
    assert "Inner words" not in answer.get_data(as_text=True)
    assert everything() == before
    for version in ("", "x", "99999999999999999999", "-1"):
        wrong = hidden | {"version": version, "reason": "Typed with care."}
        assert desk.client.post(path, data=wrong).status_code == 409


@pytest.mark.parametrize(
    "step",
    [
        "submit_desk_review",
        "ask_for_information",
        "nominate_expert",
        "approve_report",
        "edit_report",
        "grant_extension",
        "suspend",
        "no_such_step",
    ],
)
def test_no_other_step_is_open_to_a_link(desk: Links, step: str) -> None:
    path = desk.of("expert_2")
    page = desk.page(f"{path}/steps/ask_extension?new_date={LATER}")
    token = str(page.select_one("main [name=csrf_token]")["value"])  # type: ignore[index]
    before = everything()
    assert desk.client.get(f"{path}/steps/{step}").status_code == 404
    answer = desk.client.post(
        f"{path}/steps/{step}", data={"csrf_token": token, "reason": "Specimen."}
    )
    assert answer.status_code == 404
    assert everything() == before


def test_forged_forms_are_refused(desk: Links) -> None:
    path = desk.of("expert_2")
    before = everything()
    for act in ("receipt", "again", "steps/ask_extension"):
        assert desk.client.post(f"{path}/{act}").status_code == 400
        sent = desk.client.post(f"{path}/{act}", data={"csrf_token": "forged"})
        assert sent.status_code == 400
        cross = desk.client.post(f"{path}/{act}", headers={"Sec-Fetch-Site": "cross-site"})
        assert cross.status_code == 403
    assert everything() == before


def test_tries_from_one_place_are_limited(desk: Links) -> None:
    page = desk.page(desk.of("expert_2"))
    token = str(page.select_one("[name=csrf_token]")["value"])  # type: ignore[index]
    data = {"csrf_token": token}
    codes = [desk.client.post("/task/nothing/again", data=data).status_code for _ in range(61)]
    assert set(codes[:60]) == {200}
    assert codes[60] == 429


def test_a_stopped_clock_closes_the_request_with_a_reason(desk: Links) -> None:
    with desk.scene.work() as w:
        w.take("suspend", w.officer, reason="Specimen.")
    path = f"{desk.of('expert_2')}/steps/ask_extension"
    before = everything()
    answer = ask_for(desk)
    assert answer.status_code == 409
    assert "clock" in words(answer)
    assert everything() == before
    assert "not possible yet" in desk.text(path)


def test_the_dates_of_the_dialogue_are_set_by_link(app: Flask) -> None:
    """Once the secretariat has agreed a day by which they are wanted, the State is told of it."""
    with clock.frozen(NOW):
        links = Links(app, "country_dialogue")
        with links.scene.work() as w:
            w.take("agree_means", w.focal_point, means="country_visit")
            w.take(
                "grant_extension",
                w.officer,
                milestone="dialogue_scheduled:0",
                new_date="2011-09-15",
                reason="Agreed by telephone.",
            )
        links.deliver()
        path = links.of("focal_point")
        assert "Set the dates of the dialogue" in links.text(path)
        step = f"{path}/steps/schedule_dialogue"
        wrong = links.press(
            step, step, first_day="2011-10-05", last_day="2011-10-03", place="Lusaka"
        )
        assert wrong.status_code == 422
        assert "last day is before the first" in words(wrong)
        done = links.press(
            step, step, first_day="2011-10-03", last_day="2011-10-05", place="Lusaka"
        )
        assert "This is done" in words(done)
        assert "Who has it now Secretariat" in words(done)
        with db.reading() as session:
            review = session.get_one(Review, links.scene.review_id)
            assert str(review.dialogue_first_day) == "2011-10-03"
        assert recorded().after["link"]


def test_the_secret_stays_in_the_mail(desk: Links, caplog: pytest.LogCaptureFixture) -> None:
    path, token = desk.of("expert_2"), desk.token(desk.scene.person("expert_2").email)
    with caplog.at_level(logging.DEBUG):
        desk.press(path, f"{path}/receipt")
        ask_for(desk)
        desk.client.get(f"{path}x")
    stored = everything()
    code = token.partition(".")[2]
    assert code not in repr(stored)
    assert code not in caplog.text
    assert code not in desk.review("officer") + desk.scene.text("officer", "history")


def test_an_error_page_and_its_log_name_no_secret(
    desk: Links, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.of("expert_2")

    def fail(*_: object) -> None:
        raise RuntimeError("specimen")

    monkeypatch.setattr("review.services.queries.task._done", fail)
    assert desk.client.get(path).status_code == 500
    assert "Unexpected error" in caplog.text
    assert path.rpartition(".")[2] not in caplog.text
