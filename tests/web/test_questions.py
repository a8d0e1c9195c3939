"""Questions to the State under review and its answers."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.web.scene import Scene

ROLES = ("focal_point", "expert_1", "expert_2", "officer", "administrator", "observer", "stranger")
TYPED = "Specimen answer that somebody typed with care."


@pytest.fixture
def scene(app: Flask) -> Scene:
    made = Scene(app, "desk_review")
    with made.work() as w:
        w.take(
            "ask_for_information",
            w.expert_1,
            provision="33",
            text="Who decides on a <b>complaint</b>?",
            answer_by="2099-01-31",
        )
    return made


def version_of(page: str) -> str:
    return page.split('name="version" value="')[1].split('"', maxsplit=1)[0]


def test_who_reads(scene: Scene, app: Flask) -> None:
    found = {who: scene.get(who, "questions").status_code for who in ROLES}
    assert found == dict.fromkeys(ROLES, 200) | {"observer": 404, "stranger": 404}
    assert scene.get("nobody", "questions").status_code == 302


def test_nobody_before_the_desk_review(app: Flask) -> None:
    early = Scene(app, "self_assessment")
    assert {early.get(who, "questions").status_code for who in ROLES} == {404}


def test_what_is_shown(scene: Scene) -> None:
    page = scene.text("officer", "questions")
    assert "Who decides on a &lt;b&gt;complaint&lt;/b&gt;?" in page
    assert "Asked by Zimbabwe" in page
    assert "Answer wanted by" in page
    assert "end of day in Lusaka" in page
    assert 'name="answer"' not in page
    assert "steps/ask_for_information" in page


def test_the_state_answers_on_the_page(scene: Scene) -> None:
    page = scene.text("focal_point", "questions")
    assert "steps/ask_for_information" not in page
    sent = {"version": version_of(page), "question": "1", "answer": TYPED}
    answer = scene.post(
        "focal_point", "steps/answer_question", sent | {"next": scene.path("questions")}
    )
    assert answer.headers["Location"].endswith("/questions")
    for who in ("expert_1", "expert_2", "officer", "focal_point"):
        page = scene.text(who, "questions")
        assert TYPED in page
        assert "1 answered question" in page
    assert 'name="answer"' not in scene.text("focal_point", "questions")


def test_an_answer_that_is_not_taken_is_not_lost(scene: Scene) -> None:
    page = scene.text("focal_point", "questions")
    sent = {"version": version_of(page), "question": "77", "answer": TYPED}
    wrong = scene.post("focal_point", "steps/answer_question", sent)
    assert wrong.status_code == 422
    assert TYPED in wrong.get_data(as_text=True)
    stale = scene.post("focal_point", "steps/answer_question", sent | {"version": "1"})
    assert stale.status_code == 409
    assert TYPED in stale.get_data(as_text=True)


def test_nothing_asked_yet(app: Flask) -> None:
    page = Scene(app, "desk_review").text("focal_point", "questions")
    assert "No question has been asked" in page
