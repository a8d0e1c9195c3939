"""The expert's workbench, and the findings side by side."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from review import db
from review.models import Finding
from review.services import findings
from tests import world
from tests.web.scene import Scene

ROLES = ("focal_point", "expert_1", "expert_2", "officer", "administrator", "observer", "stranger")
TYPED = "Specimen observation that somebody typed with care."
PAGES = ("workbench", "workbench/15-a", "findings")


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app, "desk_review")


def stored(scene: Scene, slot: int = 1, ref: str = "15(a)") -> Finding | None:
    with db.reading() as session:
        found = session.get(Finding, (scene.review_id, slot, ref))
        session.expunge_all()
    return found


def form(version: int = 0, **more: Any) -> dict[str, Any]:
    return {"version": str(version), "level": "in_part", "observation": TYPED, **more}


def statuses(scene: Scene, page: str) -> dict[str, int]:
    return {who: scene.get(who, page).status_code for who in ROLES}


def same(code: int, **others: int) -> dict[str, int]:
    return dict.fromkeys(ROLES, code) | others


def hand_in(scene: Scene, slot: int) -> None:
    with scene.work() as w:
        world.find_all(w, slot)
        w.take("submit_desk_review", w.people[f"expert_{slot}"])


# Who sees what ------------------------------------------------------------------------------------


def test_nothing_before_the_response_is_circulated(app: Flask) -> None:
    scene = Scene(app, "self_assessment")
    for page in PAGES:
        assert scene.get("nobody", page).status_code == 302
        assert statuses(scene, page) == same(404), page
    with scene.work() as w:
        world.answer_all(w)
        w.take("submit_self_assessment", w.focal_point)
    for page in PAGES:
        assert statuses(scene, page) == same(404), page


def test_who_opens_which_page_as_the_desk_review_goes_on(scene: Scene) -> None:
    experts = {"expert_1": 200, "expert_2": 200}
    office = {"officer": 200, "administrator": 200}

    def is_so(findings: dict[str, int]) -> None:
        assert statuses(scene, "workbench") == same(404, **experts)
        assert statuses(scene, "workbench/15-a") == same(404, **experts)
        assert statuses(scene, "findings") == same(404, **findings)

    is_so({})
    hand_in(scene, 2)
    is_so({"expert_2": 200, **office})
    hand_in(scene, 1)
    is_so({**experts, **office})
    with scene.work() as w:
        w.take("forward_outcome", w.officer)
    is_so({**experts, **office, "focal_point": 200})


def test_only_experts_write(scene: Scene) -> None:
    for page in ("workbench/15-a", "workbench/15-a/autosave"):
        for who in ("focal_point", "officer", "administrator", "observer", "stranger"):
            assert scene.post(who, page, form()).status_code == 404, who
    assert stored(scene) is None


def test_the_other_state_is_hidden_until_both_are_in(scene: Scene) -> None:
    scene.post("expert_2", "workbench/15-a", form(observation="Only Italy knows."))
    hidden = scene.text("expert_1", "workbench/15-a")
    assert "Only Italy knows." not in hidden
    assert "Not submitted yet." in hidden
    with scene.work() as w:
        entries = [
            dict(world.FINDING, provision=ref, observation="Only Italy knows.")
            for ref in w.seen().provisions(2)
        ]

        findings.save_many(w.session, w.review_id, entries, actor=w.expert_2, now=w.now)
        w.take("submit_desk_review", w.expert_2)
    hidden = scene.text("expert_1", "workbench/15-a")
    assert "Only Italy knows." not in hidden
    assert "Its text opens when you submit" in hidden
    hand_in(scene, 1)
    both = scene.text("expert_1", "workbench/15-a")
    assert "Only Italy knows." in both
    assert "same level as yours" in both
    assert "Only Italy knows." in scene.text("expert_1", "findings")


def test_a_half_outcome_shows_one_state_only(scene: Scene) -> None:
    scene.post("expert_1", "workbench/15-a", form(observation="Draft of Zimbabwe."))
    hand_in(scene, 2)
    page = scene.text("officer", "findings")
    assert "Draft of Zimbabwe." not in page
    assert "You may read the findings of Italy at present." in page


@pytest.mark.parametrize("page", ["workbench/99-z", "workbench/7-1"])
def test_provisions_outside_the_review(scene: Scene, page: str) -> None:
    assert scene.get("expert_1", page).status_code == 404
    assert scene.post("expert_1", page, form()).status_code == 404


@pytest.mark.parametrize("page", ["findings?chapter=II", "findings?chapter=", "findings?show=x"])
def test_findings_that_are_not_there(scene: Scene, page: str) -> None:
    hand_in(scene, 1)
    assert scene.get("officer", page).status_code == 404


# Writing ------------------------------------------------------------------------------------------


def test_saving_and_finishing(scene: Scene) -> None:
    answer = scene.post("expert_1", "workbench/15-a", form(assistance=["legal_advice"]))
    assert answer.headers["Location"].endswith("/workbench/15-a")
    held = stored(scene)
    assert held is not None
    assert (held.observation, held.assistance, held.complete) == (TYPED, ["legal_advice"], False)
    answer = scene.post("expert_1", "workbench/15-a", form(1, do="finish"))
    assert answer.headers["Location"].endswith("/workbench/15-b")
    held = stored(scene)
    assert held is not None
    assert held.complete
    assert stored(scene, 2) is None, "the other reviewing State has its own"
    answer = scene.post("expert_1", "workbench/50-4", form(do="finish"))
    assert answer.headers["Location"].endswith("/workbench")


def test_finishing_asks_for_what_is_missing(scene: Scene) -> None:
    sent = form(do="finish", level="", observation="", summary=TYPED)
    answer = scene.post("expert_1", "workbench/15-a", sent)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Choose a level of implementation" in page
    assert "Write an observation" in page
    assert TYPED in page


@pytest.mark.parametrize(
    "sent", [{"level": "perhaps"}, {"challenge": "x\x01y"}, {"assistance": ["a yacht"]}]
)
def test_bad_input_keeps_what_was_typed(scene: Scene, sent: dict[str, Any]) -> None:
    answer = scene.post("expert_1", "workbench/15-a", form(**sent))
    assert answer.status_code == 422
    assert TYPED in answer.get_data(as_text=True)
    assert scene.post("expert_1", "workbench/15-a/autosave", form(**sent)).status_code == 422
    assert stored(scene) is None


def test_autosave_and_its_hint(scene: Scene) -> None:
    sent = form(challenge="The State should collect data.")
    answer = scene.post("expert_1", "workbench/33/autosave", sent)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert 'name="version" value="1" hx-swap-oob="true"' in page
    assert "obligation to consider" in page
    sent = form(1, challenge="The State should consider collecting data.")
    page = scene.post("expert_1", "workbench/33/autosave", sent).get_data(as_text=True)
    assert "obligation to consider" not in page
    assert 'id="hint" hx-swap-oob="true"' in page


def test_emptying_a_finished_finding_makes_it_a_draft(scene: Scene) -> None:
    scene.post("expert_1", "workbench/15-a", form(do="finish"))
    sent = form(1, observation="")
    assert scene.post("expert_1", "workbench/15-a/autosave", sent).status_code == 200
    held = stored(scene)
    assert held is not None
    assert not held.complete


def test_conflict_shows_both_and_loses_nothing(scene: Scene) -> None:
    scene.post("expert_1", "workbench/15-a", form(observation="A colleague's text."))
    answer = scene.post("expert_1", "workbench/15-a", form(0))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "A colleague&#39;s text." in page
    assert TYPED in page
    part = scene.post("expert_1", "workbench/15-a/autosave", form(0))
    assert part.status_code == 409
    assert "Compare both" in part.get_data(as_text=True)
    assert scene.post("expert_1", "workbench/15-a", form(1)).status_code == 302


def test_after_submission_only_reading(scene: Scene) -> None:
    hand_in(scene, 1)
    page = scene.text("expert_1", "workbench/15-a")
    assert "was submitted and can only be read" in page
    assert 'name="observation"' not in page
    answer = scene.post("expert_1", "workbench/15-a", form(1))
    assert answer.status_code == 409
    assert TYPED in answer.get_data(as_text=True)
    assert scene.post("expert_1", "workbench/15-a/autosave", form(1)).status_code == 409


def test_submitting_is_greyed_with_its_reason(scene: Scene) -> None:
    page = scene.text("expert_1", "workbench")
    assert "153 of your 153 provisions have no submitted finding yet." in page
    with scene.work() as w:
        world.find_all(w, 1)
    assert "steps/submit_desk_review" in scene.text("expert_1", "workbench")


def test_asking_from_the_workbench(scene: Scene) -> None:
    page = scene.text("expert_1", "workbench/33")
    version = page.split('name="version" value="')[1].split('"')[0]
    sent = {
        "version": version,
        "provision": "33",
        "text": "Who decides on a complaint?",
        "answer_by": "",
        "next": scene.path("workbench/33"),
    }
    answer = scene.post("expert_1", "steps/ask_for_information", sent)
    assert answer.headers["Location"].endswith("/workbench/33")
    page = scene.text("expert_2", "workbench/33")
    assert "Who decides on a complaint?" in page
    assert "Not answered yet." in page
