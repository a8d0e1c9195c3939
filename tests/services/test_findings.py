"""Saving findings: each reviewing State its own, until it submits; who reads them when."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from review.services import challenge_words, findings
from review.services.errors import InvalidGiven, NotAllowed, NotFound, Refused
from review.services.material import Overwritten
from review.services.queries import findings as outcome
from review.services.queries import questions, workbench
from tests import world
from tests.world import World


@pytest.fixture
def w(session: Session) -> World:
    return world.advance(world.world(session), "desk_review")


def save(
    w: World, slot: int = 1, ref: str = "15(a)", version: int | None = None, **v: object
) -> int:
    actor = w.people[f"expert_{slot}"]
    return findings.save(
        w.session, w.review_id, ref, v, actor=actor, now=w.now, version=version
    ).version


def test_each_state_has_its_own(w: World) -> None:
    assert save(w, 1, observation="First State.") == 1
    assert save(w, 2, observation="Second State.", version=0) == 1
    assert findings.of_slot(w.session, w.review_id, 1)["15(a)"].observation == "First State."
    with pytest.raises(Overwritten):
        save(w, 1, observation="A colleague.", version=0)


def test_finished_needs_level_and_observation(w: World) -> None:
    with pytest.raises(InvalidGiven) as wrong:
        save(w, complete=True)
    assert set(wrong.value.errors) == {"level", "observation"}
    save(w, level="in_part", observation="Specimen text.", complete=True)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"level": "perhaps"}, "level"),
        ({"challenge": "a\x00b"}, "challenge"),
        ({"assistance": ["a yacht"]}, "assistance"),
    ],
)
def test_bad_input(w: World, values: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidGiven) as wrong:
        save(w, **values)  # type: ignore[arg-type]
    assert set(wrong.value.errors) == {field}


def test_who_may_write(w: World, session: Session) -> None:
    stranger = world.person(session, "expert", "PNG", "stranger")
    refusals = ((w.focal_point, NotAllowed), (w.officer, NotAllowed), (stranger, NotFound))
    for actor, error in refusals:
        with pytest.raises(error):
            findings.save(session, w.review_id, "15(a)", {}, actor=actor, now=w.now)


def test_nothing_before_circulation_and_after_submission(session: Session) -> None:
    w = world.advance(world.world(session), "self_assessment")
    with pytest.raises(NotAllowed):
        save(w, observation="Too early.")
    world.advance(w, "desk_review")
    world.find_all(w, 1)
    w.take("submit_desk_review", w.expert_1)
    with pytest.raises(Refused):
        save(w, 1, observation="Too late.")
    save(w, 2, observation="Still open.")


def test_the_outcome_opens_step_by_step(w: World) -> None:
    people = {
        "state": w.focal_point,
        "first": w.expert_1,
        "second": w.expert_2,
        "office": w.officer,
    }

    def open_to() -> dict[str, tuple[int, ...]]:
        return {name: outcome.readable(w.seen(), one) for name, one in people.items()}

    assert open_to() == {"state": (), "first": (), "second": (), "office": ()}
    world.find_all(w, 1)
    w.take("submit_desk_review", w.expert_1)
    assert open_to() == {"state": (), "first": (1,), "second": (), "office": (1,)}
    world.find_all(w, 2)
    w.take("submit_desk_review", w.expert_2)
    assert open_to() == {"state": (), "first": (1, 2), "second": (1, 2), "office": (1, 2)}
    w.take("forward_outcome", w.officer)
    assert open_to()["state"] == (1, 2)


def test_pairs_of_findings(w: World) -> None:
    save(w, 1, level="yes", good_practice="Specimen text.")
    save(w, 2, level="no", assistance=["legal_advice"])
    save(w, 2, "15(b)", level="no", assistance=["none"])

    def refs(show: str, slots: tuple[int, ...] = (1, 2)) -> list[str]:
        found = outcome.pairs(w.session, w.seen(), slots, "III", show)
        return [pair.provision.ref for pair in found]

    assert refs("all") == ["15(a)", "15(b)"]
    assert refs("differ") == refs("good_practice") == refs("assistance") == ["15(a)"]
    assert refs("challenge") == []
    assert refs("differ", (2,)) == []
    assert refs("good_practice", (2,)) == [], "what may not be read cannot be found either"


def test_the_workbench_hides_the_other_state(w: World) -> None:
    world.find_all(w, 2)
    w.take("submit_desk_review", w.expert_2)
    page = workbench.one(w.session, w.seen(), "15-a", 1, w.expert_1)
    assert page.answer is not None
    assert page.other is not None
    assert page.other.finding is None
    assert page.other.submitted_at is not None
    world.find_all(w, 1)
    w.take("submit_desk_review", w.expert_1)
    page = workbench.one(w.session, w.seen(), "15-a", 1, w.expert_1)
    assert page.other is not None
    assert page.other.finding is not None


def test_division_of_labour(session: Session) -> None:
    w = world.world(session)
    world.advance(w, "initial_steps")
    world.nominate(w, "focal_point", "nominate_focal_point")
    world.nominate(w, "expert_1", "nominate_expert", side="1")
    world.nominate(w, "expert_2", "nominate_expert", side="2")
    held = w.now.date().isoformat()
    w.take("hold_introductory_call", w.officer, held_on=held, language="en", division="split")
    world.advance(w, "desk_review")
    assert [c.number for c in workbench.chapters(w.session, w.seen(), 1)] == ["III"]
    assert [c.number for c in workbench.chapters(w.session, w.seen(), 2)] == ["IV"]
    with pytest.raises(NotFound):
        workbench.one(w.session, w.seen(), "46-1", 1, w.expert_1)
    with pytest.raises(InvalidGiven):
        save(w, 1, "46(1)", level="yes")
    page = workbench.one(w.session, w.seen(), "15-a", 1, w.expert_1)
    assert page.other is not None
    assert not page.other.concerned


def test_questions_in_order(w: World) -> None:
    w.take("ask_for_information", w.expert_1, provision="33", text="Who?")
    w.take("ask_for_information", w.officer, provision="15(a)", text="What?")
    day = w.now.date().replace(year=w.now.year + 1).isoformat()
    w.take("ask_for_information", w.expert_2, provision="16(1)", text="When?", answer_by=day)
    w.take("answer_question", w.focal_point, question="1", answer="Specimen answer.")
    rows = questions.rows(w.session, w.seen())
    assert [(row.question.number, row.open) for row in rows] == [
        (3, True),
        (2, True),
        (1, False),
    ]
    assert [row.asked_by for row in rows] == ["Italy", "", "Zimbabwe"]
    assert rows[2].answered_by == w.focal_point.title


@pytest.mark.parametrize(
    ("challenge", "obligation", "said"),
    [
        ("The State should collect data.", "consider", "too_strong"),
        ("The State should consider collecting data.", "consider", ""),
        ("Consider collecting data. Ensure that figures are kept.", "consider", "too_strong"),
        ("Amend the law.", "optional", "too_strong"),
        ("May wish to amend the law.", "optional", ""),
        ("Continue efforts to ensure access.", "endeavour", ""),
        ("May wish to consider a reform.", "mandatory", "too_soft"),
        ("Ensure that the law covers indirect bribery.", "mandatory", ""),
        ("No challenge was found.", "mandatory", ""),
        ("Législation à modifier.", "consider", ""),
        ("", "mandatory", ""),
        ("It must be so.", "interpretive", ""),
    ],
)
def test_wording_by_obligation(challenge: str, obligation: str, said: str) -> None:
    assert challenge_words.mismatch(challenge, obligation) == said
