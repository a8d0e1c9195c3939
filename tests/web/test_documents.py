"""Uploading, listing, downloading and removing documents."""

from __future__ import annotations

import io
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from review import db
from review.models import Answer, Audit, Document
from tests import files, world
from tests.web.scene import Scene

ROLES = ("focal_point", "expert_1", "expert_2", "officer", "administrator", "observer", "stranger")
TYPED = "Specimen text that somebody typed with care."


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app, "self_assessment")


def upload(
    scene: Scene, who: str, content: bytes = files.PDF, name: str = "law.pdf", **more: str
) -> Any:
    data = {"file": (io.BytesIO(content), name), "pages": "41–42", "provision": "15(a)", **more}
    return scene.post(who, "documents", data, content_type="multipart/form-data")


def numbers() -> list[int]:
    with db.reading() as session:
        return list(session.scalars(sa.select(Document.id).order_by(Document.id)))


def submit(scene: Scene) -> None:
    with scene.work() as w:
        world.answer_all(w)
        w.take("submit_self_assessment", w.focal_point)


def test_who_opens_the_list(scene: Scene) -> None:
    found = {who: scene.get(who, "documents").status_code for who in ROLES}
    assert found == dict.fromkeys(ROLES, 200) | {"observer": 404, "stranger": 404}
    assert scene.get("nobody", "documents").status_code == 302


def test_upload_and_download(scene: Scene) -> None:
    answer = upload(scene, "focal_point", name="../../Закон № 3.pdf")
    assert answer.status_code == 302
    page = scene.text("focal_point", "documents")
    assert "Закон № 3.pdf" in page
    assert "pages 41–42" in page
    (number,) = numbers()
    sent = scene.browser("focal_point").get(f"/documents/{number}")
    assert sent.status_code == 200
    assert sent.data == files.PDF
    assert sent.headers["Content-Type"] == "application/pdf"
    assert sent.headers["Content-Disposition"].startswith("attachment")
    assert "UTF-8''" in sent.headers["Content-Disposition"]
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    assert sent.headers["Content-Security-Policy"].startswith("sandbox")
    assert sent.headers["Cache-Control"] == "private, no-store"


def test_text_that_looks_like_a_page_stays_a_file(scene: Scene) -> None:
    upload(scene, "focal_point", b"<script>alert(1)</script>", "note.txt")
    (number,) = numbers()
    sent = scene.browser("focal_point").get(f"/documents/{number}")
    assert sent.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert sent.headers["Content-Disposition"] == "attachment; filename=note.txt"


@pytest.mark.parametrize(
    ("content", "name", "more", "code", "said"),
    [
        (files.EXE, "law.pdf", {}, 422, "This kind of file is not taken"),
        (files.docx({"word/vbaProject.bin": b"x"}), "law.docx", {}, 422, "contains macros"),
        (files.PDF, "law.docx", {}, 422, "ends differently"),
        (b"", "law.pdf", {}, 422, "This file is empty."),
        (b"", "", {}, 422, "Choose a file first."),
        (files.PDF.ljust(1024 * 1024 + 1), "law.pdf", {}, 413, "The largest is"),
        (files.PDF, "law.pdf", {"pages": "x" * 41}, 422, "This is too long."),
        (files.PDF, "law.pdf", {"provision": "99(z)"}, 422, ""),
    ],
)
def test_what_is_not_taken(
    scene: Scene, content: bytes, name: str, more: dict[str, str], code: int, said: str
) -> None:
    answer = upload(scene, "focal_point", content, name, **more)
    assert answer.status_code == code
    assert said in answer.get_data(as_text=True)
    assert numbers() == []


def test_far_too_large_is_a_calm_page(scene: Scene) -> None:
    answer = upload(scene, "focal_point", files.PDF.ljust(3 * 1024 * 1024))
    assert answer.status_code == 413
    assert "too large" in answer.get_data(as_text=True)


def test_the_same_file_is_noticed(scene: Scene) -> None:
    upload(scene, "focal_point")
    assert upload(scene, "focal_point").status_code == 422
    assert upload(scene, "focal_point", provision="").status_code == 302
    assert "is in this review already" in scene.text("focal_point", "documents")


def test_only_those_who_act_add(scene: Scene) -> None:
    for who in ("observer", "stranger"):
        assert upload(scene, who).status_code == 404
    assert numbers() == []


def test_who_downloads_what(scene: Scene) -> None:
    upload(scene, "focal_point")
    (number,) = numbers()

    def found() -> dict[str, int]:
        return {who: scene.browser(who).get(f"/documents/{number}").status_code for who in ROLES}

    nobody = dict.fromkeys(ROLES, 404)
    assert found() == nobody | {"focal_point": 200}
    submit(scene)
    office = {"focal_point": 200, "officer": 200, "administrator": 200}
    assert found() == nobody | office
    with scene.work() as w:
        w.take("circulate_response", w.officer)
    assert found() == nobody | office | {"expert_1": 200, "expert_2": 200}
    assert scene.browser("nobody").get(f"/documents/{number}").status_code == 302


def test_documents_of_another_review(scene: Scene) -> None:
    """Somebody of another State learns nothing from numbers: theirs and no one's look alike."""
    upload(scene, "officer")
    (number,) = numbers()
    for one in (number, number + 1, 0, 2**63, 2**80):
        for tail in ("", "/remove"):
            answer = scene.browser("stranger").get(f"/documents/{one}{tail}")
            assert answer.status_code == 404
        assert scene.browser("officer").get(f"/documents/{number + 5}").status_code == 404
    token = {"csrf_token": scene.token("stranger")}
    answer = scene.browser("stranger").post(f"/documents/{number}/remove", data=token)
    assert answer.status_code == 404


def test_opening_a_document_writes_nothing(scene: Scene) -> None:
    upload(scene, "focal_point")

    def rows() -> int:
        with db.reading() as session:
            return session.scalar(sa.select(sa.func.count(Audit.id))) or 0

    before = rows()
    scene.browser("focal_point").get(f"/documents/{numbers()[0]}")
    assert rows() == before


def test_removal_is_asked_first_and_only_of_the_own_side(scene: Scene) -> None:
    upload(scene, "focal_point")
    (number,) = numbers()
    browser = scene.browser("focal_point")
    page = browser.get(f"/documents/{number}/remove").get_data(as_text=True)
    assert "Remove “law.pdf”?" in page
    assert numbers() == [number]
    for who, code in (("expert_1", 404), ("officer", 404), ("focal_point", 302)):
        token = {"csrf_token": scene.token(who)}
        answer = scene.browser(who).post(f"/documents/{number}/remove", data=token)
        assert answer.status_code == code, who
    assert "law.pdf</bdi>" not in scene.text("focal_point", "documents")
    assert browser.get(f"/documents/{number}").status_code == 404
    assert browser.get(f"/documents/{number}/remove").status_code == 404


def test_nothing_is_removed_after_submission(scene: Scene) -> None:
    upload(scene, "focal_point")
    (number,) = numbers()
    submit(scene)
    page = scene.browser("focal_point").get(f"/documents/{number}/remove").get_data(as_text=True)
    assert "The response was submitted" in page
    for who in ("focal_point", "officer"):
        token = {"csrf_token": scene.token(who)}
        answer = scene.browser(who).post(f"/documents/{number}/remove", data=token)
        assert answer.status_code == 409, who
    assert scene.browser("officer").get(f"/documents/{number}").status_code == 200
    assert "It cannot be taken back." in scene.text("focal_point", "documents")


def attach(scene: Scene, content: bytes, name: str = "law.pdf") -> Any:
    data = {
        "version": "0",
        "adopted": "yes",
        "measures": TYPED,
        "do": "attach",
        "file": (io.BytesIO(content), name),
        "pages": "4",
    }
    return scene.post("focal_point", "answers/15-a", data, content_type="multipart/form-data")


def written(scene: Scene) -> str:
    with db.reading() as session:
        held = session.get(Answer, (scene.review_id, "15(a)"))
        return held.measures if held else ""


def test_attaching_from_an_answer_saves_the_text_too(scene: Scene) -> None:
    answer = attach(scene, files.PDF)
    assert answer.headers["Location"].endswith("/answers/15-a#evidence")
    assert written(scene) == TYPED
    page = scene.text("focal_point", "answers/15-a")
    assert "law.pdf" in page
    assert "A document is attached" in page


@pytest.mark.parametrize(
    ("content", "code"),
    [(files.EXE, 422), (b"", 422), (files.PDF.ljust(1024 * 1024 + 1), 413)],
)
def test_a_refused_file_does_not_cost_the_text(scene: Scene, content: bytes, code: int) -> None:
    answer = attach(scene, content)
    page = answer.get_data(as_text=True)
    assert answer.status_code == code
    assert TYPED in page
    assert 'name="version" type="hidden" value="1"' in page
    assert written(scene) == TYPED
    assert numbers() == []


def test_a_removed_document_stays_with_the_submission_that_lists_it(scene: Scene) -> None:
    upload(scene, "focal_point")
    (number,) = numbers()
    submit(scene)
    with scene.work() as w:
        w.take("return_for_completion", w.officer, reason="Specimen reason.")
    token = {"csrf_token": scene.token("focal_point")}
    gone = scene.browser("focal_point").post(f"/documents/{number}/remove", data=token)
    assert gone.status_code == 302
    with scene.work() as w:
        w.take("submit_self_assessment", w.focal_point)
        w.take("circulate_response", w.officer)
    assert f"/documents/{number}" in scene.text("officer", "response?number=1")
    assert f"/documents/{number}" not in scene.text("officer", "response")
    assert scene.browser("officer").get(f"/documents/{number}").status_code == 200
    assert scene.browser("expert_1").get(f"/documents/{number}").status_code == 404
