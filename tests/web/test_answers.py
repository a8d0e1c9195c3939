"""The pages of the self-assessment and of the submitted response."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from flask import Flask

from review import db
from review.models import Answer
from tests import world
from tests.web.scene import Scene

ROLES = ("focal_point", "expert_1", "expert_2", "officer", "administrator", "observer", "stranger")
TYPED = "Specimen text that somebody typed with care."


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app, "self_assessment")


def stored(scene: Scene, ref: str = "15(a)") -> Answer | None:
    with db.reading() as session:
        found = session.get(Answer, (scene.review_id, ref))
        session.expunge_all()
    return found


def form(version: int = 0, **more: Any) -> dict[str, Any]:
    return {"version": str(version), "adopted": "yes", "measures": TYPED, **more}


def statuses(scene: Scene, page: str) -> dict[str, int]:
    return {who: scene.get(who, page).status_code for who in ROLES}


def same(code: int, **others: int) -> dict[str, int]:
    return dict.fromkeys(ROLES, code) | others


def submit(scene: Scene) -> None:
    with scene.work() as w:
        world.answer_all(w)
        w.take("submit_self_assessment", w.focal_point)


# Who sees what -----------------------------------------------------------------------------------


def test_drafts_are_for_the_state_alone(scene: Scene) -> None:
    assert scene.get("nobody", "answers").status_code == 302
    assert statuses(scene, "answers") == same(200, stranger=404)
    assert statuses(scene, "answers/15-a") == same(404, focal_point=200)
    assert statuses(scene, "response") == same(404, focal_point=200)
    assert statuses(scene, "response/1.json") == same(404)
    scene.post("focal_point", "answers/15-a", form())
    for who in ("expert_1", "officer", "observer"):
        page = scene.text(who, "answers")
        assert "not open to you yet" in page
        assert TYPED not in page
        assert "15(a)" not in page


def test_the_submitted_response_is_read_by_the_secretariat_then_by_the_experts(
    scene: Scene,
) -> None:
    submit(scene)
    reading = {"focal_point": 200, "officer": 200, "administrator": 200}
    assert statuses(scene, "response") == same(404, **reading)
    assert statuses(scene, "response/1.json") == same(404, **reading)
    assert statuses(scene, "answers/15-a") == same(404, focal_point=200)
    with scene.work() as w:
        w.take("circulate_response", w.officer)
    reading |= {"expert_1": 200, "expert_2": 200}
    assert statuses(scene, "response") == same(404, **reading)
    moved = scene.get("expert_1", "answers")
    assert moved.headers["Location"].endswith("/response")


def test_a_returned_response_stays_readable_and_the_work_on_it_hidden(scene: Scene) -> None:
    submit(scene)
    with scene.work() as w:
        w.take("circulate_response", w.officer)
        w.take("correct_position", w.officer, stage="self_assessment", reason="Specimen.")
        w.take("return_for_completion", w.officer, reason="Specimen reason.")
    scene.post("focal_point", "answers/15-a", form(1))

    for who in ("focal_point", "officer", "administrator", "expert_1", "expert_2"):
        page = scene.text(who, "response")
        assert TYPED not in page, "what is in work is the State's alone"
        assert "Submission 1" in page
    assert scene.get("officer", "answers").headers["Location"].endswith("/response")
    assert statuses(scene, "response")["observer"] == 404
    assert statuses(scene, "answers/15-a") == same(404, focal_point=200)

    submit(scene)
    assert TYPED not in scene.text("expert_1", "response"), "the second copy is not circulated"
    assert scene.get("expert_1", "response?number=2").status_code == 404
    assert scene.get("expert_1", "response/2.json").status_code == 404
    assert "Submission 2" in scene.text("officer", "response")


def test_only_the_state_writes(scene: Scene) -> None:
    for page in ("answers/15-a", "answers/15-a/autosave"):
        for who in ROLES[1:]:
            assert scene.post(who, page, form()).status_code == 404, who
    assert stored(scene) is None


@pytest.mark.parametrize(
    "page",
    [
        "answers/99-z",
        "answers/7-1",
        "answers/15(a)%00",
        "response?number=2",
        "response?number=-1",
        "response?number=x",
        "response/7.json",
    ],
)
def test_addresses_that_lead_nowhere(scene: Scene, page: str) -> None:
    assert scene.get("focal_point", page).status_code == 404


def test_reviews_that_are_not_there(scene: Scene) -> None:
    for number in (0, 999, 2**63, 2**80):
        for page in ("answers", "answers/15-a", "response", "workbench", "documents", "questions"):
            answer = scene.browser("officer").get(f"/reviews/{number}/{page}")
            assert answer.status_code == 404


# Writing -----------------------------------------------------------------------------------------


def test_saving_without_script(scene: Scene) -> None:
    answer = scene.post(
        "focal_point",
        "answers/15-a",
        form(measures="First line.\r\nSecond line.  ", assistance=["legal_advice", "other"]),
    )
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/answers/15-a")
    held = stored(scene)
    assert held is not None
    assert held.measures == "First line.\nSecond line."
    assert held.assistance == ["legal_advice", "other"]
    assert not held.complete
    page = scene.text("focal_point", "answers/15-a")
    assert "First line.\nSecond line." in page
    assert "Saved" in page


def test_writing_begins_with_the_nomination(app: Flask) -> None:
    scene = Scene(app, "initial_steps")
    with scene.work() as w:
        world.nominate(w, "focal_point", "nominate_focal_point")
    assert scene.post("focal_point", "answers/15-a", form()).status_code == 302
    assert TYPED in scene.text("focal_point", "answers/15-a")


def test_mark_as_answered_leads_on(scene: Scene) -> None:
    answer = scene.post("focal_point", "answers/15-a", form(do="answered"))
    assert answer.headers["Location"].endswith("/answers/15-b")
    held = stored(scene)
    assert held is not None
    assert held.complete
    scene.post("focal_point", "answers/15-a", form(1, do="save"))
    held = stored(scene)
    assert held is not None
    assert held.complete, "saving leaves the mark"
    scene.post("focal_point", "answers/15-a", form(2, do="reopen"))
    held = stored(scene)
    assert held is not None
    assert not held.complete


def test_the_last_provision_leads_to_the_overview(scene: Scene) -> None:
    answer = scene.post("focal_point", "answers/50-4", form(do="answered"))
    assert answer.headers["Location"].endswith("/answers")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"adopted": "", "do": "answered"}, "Choose an answer before"),
        ({"adopted": "perhaps"}, "Choose one of the list."),
        ({"assistance": ["a yacht"]}, "Choose one of the list."),
        ({"examples": "x\x01y"}, "cannot be stored"),
        ({"examples": "x" * 60_001}, "too long"),
    ],
)
def test_bad_input_keeps_what_was_typed(scene: Scene, sent: dict[str, Any], said: str) -> None:
    answer = scene.post("focal_point", "answers/15-a", form(**sent))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert TYPED in page
    assert stored(scene) is None
    part = scene.post("focal_point", "answers/15-a/autosave", form(**sent))
    if sent.get("do") is None:
        assert part.status_code == 422
        assert "Your text stays here" in part.get_data(as_text=True)


def test_a_form_without_token_is_refused(scene: Scene) -> None:
    answer = scene.browser("focal_point").post(scene.path("answers/15-a"), data=form())
    assert answer.status_code == 400
    assert TYPED in answer.get_data(as_text=True), "what was typed is given back"


def test_typing_is_saved_by_itself(scene: Scene) -> None:
    answer = scene.post("focal_point", "answers/15-a/autosave", form())
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Saved" in page
    assert 'name="version" value="1" hx-swap-oob="true"' in page
    assert 'id="checks" hx-swap-oob="true"' in page
    assert "<html" not in page
    held = stored(scene)
    assert held is not None
    assert held.measures == TYPED


def test_autosave_without_an_answer_is_a_draft_again(scene: Scene) -> None:
    scene.post("focal_point", "answers/15-a", form(do="answered"))
    answer = scene.post("focal_point", "answers/15-a/autosave", form(1, adopted=""))
    assert answer.status_code == 200
    held = stored(scene)
    assert held is not None
    assert not held.complete


# Two people, one provision -----------------------------------------------------------------------


def test_conflict_shows_both_and_loses_nothing(scene: Scene) -> None:
    scene.post("focal_point", "answers/15-a", form(measures="A colleague's text.", examples="E."))
    answer = scene.post("focal_point", "answers/15-a", form(0, examples="E."))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "A colleague&#39;s text." in page
    assert TYPED in page
    assert 'name="version" value="1"' in page
    assert 'name="examples" value="E."' in page, "what is the same is not asked again"
    held = stored(scene)
    assert held is not None
    assert held.measures == "A colleague's text."
    assert scene.post("focal_point", "answers/15-a", form(1)).status_code == 302


def test_conflict_while_typing(scene: Scene) -> None:
    scene.post("focal_point", "answers/15-a", form(measures="A colleague's text."))
    answer = scene.post("focal_point", "answers/15-a/autosave", form(0))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Your text stays here" in page
    assert "Compare both" in page
    assert "version" not in page, "the page goes on to know that it is out of date"


def test_the_same_text_twice_is_no_conflict(scene: Scene) -> None:
    scene.post("focal_point", "answers/15-a", form())
    assert scene.post("focal_point", "answers/15-a", form(0)).status_code == 302
    assert scene.post("focal_point", "answers/15-a/autosave", form(0)).status_code == 200


@pytest.mark.parametrize("version", ["", "x", "-1", "1e3", "9" * 40])
def test_a_broken_version_is_a_conflict(scene: Scene, version: str) -> None:
    scene.post("focal_point", "answers/15-a", form(measures="A colleague's text."))
    answer = scene.post("focal_point", "answers/15-a", {**form(), "version": version})
    assert answer.status_code == 409


# The end of a session, the end of writing --------------------------------------------------------


def test_an_ended_session_keeps_the_text(scene: Scene) -> None:
    browser = scene.browser("focal_point")
    token = scene.token("focal_point")
    browser.delete_cookie("session")
    sent = browser.post(scene.path("answers/15-a"), data={**form(), "csrf_token": token})
    assert sent.status_code == 401
    assert 'name="kept"' in sent.get_data(as_text=True)
    part = browser.post(
        scene.path("answers/15-a/autosave"),
        data={**form(), "csrf_token": token},
        headers={"HX-Request": "true"},
    )
    assert part.status_code == 401
    assert "your text stays here" in part.get_data(as_text=True)
    assert stored(scene) is None


def test_after_submission_the_page_is_read_only_and_says_why(scene: Scene) -> None:
    submit(scene)
    page = scene.text("focal_point", "answers/15-a")
    assert "was submitted and can only be read" in page
    assert "<textarea" not in page
    for kind in ("", "/autosave"):
        answer = scene.post("focal_point", f"answers/15-a{kind}", form(1))
        assert answer.status_code == 409
        text = answer.get_data(as_text=True)
        assert "The response was submitted." in text
        assert kind or TYPED in text, "what was typed is given back"
    with scene.work() as w:
        w.take("return_for_completion", w.officer, reason="Specimen reason.")
    assert "<textarea" in scene.text("focal_point", "answers/15-a")


def test_submitting_is_greyed_with_its_reason_until_everything_is_answered(scene: Scene) -> None:
    page = scene.text("focal_point", "answers")
    assert "153 of 153 provisions have no answer yet." in page
    assert 'aria-disabled="true"' in page
    with scene.work() as w:
        world.answer_all(w)
    page = scene.text("focal_point", "answers")
    assert "steps/submit_self_assessment" in page
    assert 'aria-disabled="true"' not in page


def test_the_overview_is_filtered(scene: Scene) -> None:
    scene.post("focal_point", "answers/15-a", form(do="answered"))
    assert ">15(a)<" not in scene.text("focal_point", "answers?state=missing")
    assert ">15(b)<" not in scene.text("focal_point", "answers?state=done")
    assert ">33<" in scene.text("focal_point", "answers?q=reporting")
    assert ">15(a)<" not in scene.text("focal_point", "answers?obligation=consider")
    assert "No provision fits" in scene.text("focal_point", "answers?q=%3Cscript%3E")


def test_the_receipt(scene: Scene) -> None:
    assert "Nothing has been submitted yet" in scene.text("focal_point", "response")
    submit(scene)
    page = scene.text("officer", "response")
    octets = scene.get("officer", "response/1.json").data
    assert hashlib.sha256(octets).hexdigest() in page
    with scene.work() as w:
        w.take("return_for_completion", w.officer, reason="Specimen reason.")
        w.take("submit_self_assessment", w.focal_point)
    assert "This is an earlier submission." in scene.text("officer", "response?number=1")
    assert "This is an earlier submission." not in scene.text("officer", "response")
