"""Saving answers: by whom, from which version, until when; the frozen copy and its hash."""

from __future__ import annotations

import hashlib
import json

import pytest
from sqlalchemy.orm import Session

from review.services import answers
from review.services.errors import InvalidGiven, NotAllowed, NotFound, Refused
from review.services.material import TEXT_LIMIT, Overwritten
from review.services.queries import answers as pages
from review.services.queries import provision_list
from review.services.queries.provision_list import Wanted
from tests import world
from tests.world import World


@pytest.fixture
def w(session: Session) -> World:
    made = world.world(session)
    made.take(
        "assign_reviewers",
        made.officer,
        first="ZWE",
        second="ITA",
        session="First session",
        drawn_on="2011-07-01",
    )
    made.take("notify_start", made.officer)
    world.nominate(made, "focal_point", "nominate_focal_point")
    return made


def save(w: World, ref: str = "15(a)", version: int | None = None, **values: object) -> int:
    return answers.save(
        w.session, w.review_id, ref, values, actor=w.focal_point, now=w.now, version=version
    ).version


def test_answers_are_written_as_soon_as_the_focal_point_is_nominated(w: World) -> None:
    assert w.review.stage == "initial_steps"
    assert save(w, adopted="yes", measures="Specimen text.") == 1
    assert save(w, version=1, examples="Specimen text.") == 2
    held = answers.drafts(w.session, w.review_id)["15(a)"]
    assert (held.adopted, held.measures, held.examples) == (
        "yes",
        "Specimen text.",
        "Specimen text.",
    )


def test_nobody_overwrites_a_colleague(w: World) -> None:
    save(w, version=0, measures="First.")
    for stale in (0, 2, -1):
        with pytest.raises(Overwritten):
            save(w, version=stale, measures="Second.")
    assert answers.drafts(w.session, w.review_id)["15(a)"].measures == "First."


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"adopted": "perhaps"}, "adopted"),
        ({"measures": "x" * (TEXT_LIMIT + 1)}, "measures"),
        ({"examples": "a\x00b"}, "examples"),
        ({"assistance": ["a yacht"]}, "assistance"),
        ({"complete": True}, "adopted"),
    ],
)
def test_bad_input(w: World, values: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidGiven) as wrong:
        save(w, **values)  # type: ignore[arg-type]
    assert set(wrong.value.errors) == {field}


def test_provisions_outside_the_review(w: World) -> None:
    for ref in ("7(1)", "", "15(z)"):
        with pytest.raises(InvalidGiven):
            save(w, ref, adopted="yes")


def test_only_the_state_under_review_writes(w: World) -> None:
    world.nominate(w, "expert_1", "nominate_expert", side="1")
    stranger = world.person(w.session, "focal_point", "PNG", "stranger")
    for actor, error in ((w.expert_1, NotAllowed), (w.officer, NotAllowed), (stranger, NotFound)):
        with pytest.raises(error):
            answers.save(w.session, w.review_id, "15(a)", {}, actor=actor, now=w.now)


def test_after_submission_nothing_is_written(w: World) -> None:
    world.answer_all(w)
    w.take("submit_self_assessment", w.focal_point)
    with pytest.raises(Refused) as refused:
        save(w, measures="Too late.")
    assert refused.value.reasons[0].unblocked_by is not None
    w.take("return_for_completion", w.officer, reason="Specimen reason.")
    save(w, measures="In time again.")


def test_the_receipt_can_be_checked(w: World) -> None:
    world.answer_all(w)
    save(w, measures="Закон № 3", version=None)
    w.take("submit_self_assessment", w.focal_point, note="Specimen note.")
    page = pages.response(w.session, w.seen(), w.focal_point)

    octets = answers.canonical(page.submission.content)
    assert hashlib.sha256(octets).hexdigest() == page.submission.sha256
    assert json.loads(octets)[0]["measures"] == "Закон № 3"
    assert sum(len(chapter.answers) for chapter in page.chapters) == 153
    assert page.by == w.focal_point.title
    save_later = w.take("return_for_completion", w.officer, reason="Specimen reason.")
    assert save_later.outcome.step.key == "return_for_completion"
    save(w, measures="Changed.")
    again = pages.response(w.session, w.seen(), w.focal_point, 1).submission
    assert again.sha256 == answers.fingerprint(again.content)
    with pytest.raises(NotFound):
        pages.response(w.session, w.seen(), w.focal_point, 2)


def test_checks_of_an_answer(w: World) -> None:
    def kinds() -> list[str]:
        return [check.kind for check in pages.checks(pages.one(w.session, w.seen(), "15-a"))]

    assert kinds() == ["todo"]
    save(w, adopted="yes")
    assert kinds() == ["ok", "todo", "look", "look"]
    save(w, adopted="no", reasons="Specimen text.")
    assert kinds() == ["ok", "ok", "look"]


def test_the_list_of_provisions(w: World) -> None:
    save(w, adopted="yes", complete=True)
    save(w, "16(2)", measures="A specimen on herons.")
    listed = pages.chapters(w.session, w.seen())
    assert [(c.number, c.total, c.done) for c in listed] == [("III", 84, 1), ("IV", 69, 0)]

    def found(**wanted: str) -> list[str]:
        shown = provision_list.matching(listed, Wanted(**wanted))
        return [entry.provision.ref for chapter in shown for entry in chapter.entries]

    assert found(state="done") == ["15(a)"]
    assert found(state="draft") == ["16(2)"]
    assert len(found(state="missing")) == 152
    assert found(text="HERONS") == ["16(2)"]
    assert found(text="article 15 passive") == ["15(b)"]
    assert set(found(obligation="consider")) >= {"16(2)", "33"}
    assert found(text="no such word anywhere") == []
    assert listed[0].done == provision_list.matching(listed, Wanted(text="herons"))[0].done


@pytest.mark.parametrize("ref", ["15(a)", "33", "42(6)"])
def test_the_neighbours_of_a_provision(w: World, ref: str) -> None:
    chapter = pages.chapters(w.session, w.seen())[0]
    window = provision_list.around(chapter, ref)
    assert ref in [entry.provision.ref for entry in window.entries]
    assert len(window.entries) == 13
    assert (*window.earlier, *window.entries, *window.later) == chapter.entries


def test_before_and_after(w: World) -> None:
    listed = pages.chapters(w.session, w.seen())
    last = listed[-1].entries[-1].provision
    assert provision_list.following(listed, last.ref) is None
    assert provision_list.previous(listed, "15(a)") is None
    after = provision_list.following(listed, listed[0].entries[-1].provision.ref)
    assert after == listed[1].entries[0].provision
