"""The public pages: what the rules make public and what a State consented to, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from tests.web.scene import Scene

KINDS = ("executive-summary", "report", "self-assessment")
WAYS = ("", ".pdf", ".docx")


@pytest.fixture
def done(app: Flask) -> Scene:
    return Scene(app, "completed")


def consent(scene: Scene, step: str, **given: Any) -> None:
    with scene.work() as w:
        w.take(step, w.focal_point, consent=True, **given)


def public(scene: Scene, path: str = "") -> Any:
    return scene.browser("nobody").get(f"/published{path}")


def codes(scene: Scene) -> dict[str, set[int]]:
    """The answers of every address of a published text, by kind."""
    return {
        kind: {public(scene, f"/{scene.review_id}/{kind}{way}").status_code for way in WAYS}
        for kind in KINDS
    }


def test_nothing_is_published_of_a_running_review(app: Flask) -> None:
    scene = Scene(app, "desk_review")
    page = public(scene)
    assert page.status_code == 200
    assert "Nothing is published yet" in page.get_data(as_text=True)
    assert "Zambia" not in page.get_data(as_text=True)
    assert codes(scene) == {key: {404} for key in KINDS}


def test_the_summary_alone_is_public_without_consent(done: Scene) -> None:
    page = public(done).get_data(as_text=True)
    assert "CAC/COSP/IRG/I/1/1/Add.1" in page
    assert page.count("not published") == 2
    for secret in ("Focal point", "Zimbabwe", "Italy", "Secretariat officer", "specimen.example"):
        assert secret.lower() not in page.lower()
    assert codes(done) == {
        "executive-summary": {200},
        "report": {404},
        "self-assessment": {404},
    }
    summary = public(done, f"/{done.review_id}/executive-summary").get_data(as_text=True)
    assert "15(a): Specimen text on a challenge." in summary
    assert "Specimen text of the summary." in summary
    assert "15(a): Specimen text." not in summary, "observations of findings stay confidential"
    assert "No text yet." not in summary
    assert "Article 15. Bribery" not in summary


def test_consent_opens_exactly_what_it_is_about(done: Scene) -> None:
    consent(done, "publish_response")
    assert codes(done)["self-assessment"] == {200}
    assert codes(done)["report"] == {404}
    consent(done, "publish_report", extent="all")
    assert codes(done) == {key: {200} for key in KINDS}
    assert "Article 15. Bribery" in public(done, f"/{done.review_id}/report").get_data(as_text=True)


def test_of_a_part_only_the_fact_is_public(done: Scene) -> None:
    consent(done, "publish_report", extent="part")
    assert "publishes a part of it" in public(done).get_data(as_text=True)
    assert codes(done)["report"] == {404}


def test_a_response_can_be_public_before_the_review_ends(app: Flask) -> None:
    scene = Scene(app, "country_dialogue")
    consent(scene, "publish_response")
    page = BeautifulSoup(public(scene).data, "html.parser")
    row = page.select_one(".published tbody tr")
    assert row is not None
    assert "CAC/" not in row.get_text()
    assert codes(scene) == {
        "executive-summary": {404},
        "report": {404},
        "self-assessment": {200},
    }


def test_files_are_named_and_may_be_kept_for_an_hour(done: Scene) -> None:
    path = f"/{done.review_id}/executive-summary.pdf"
    answer = public(done, path)
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"].endswith('"executive-summary-zambia.pdf"')
    assert "max-age=3600" in answer.headers["Cache-Control"]
    tag = answer.headers["ETag"]
    again = done.browser("nobody").get(f"/published{path}", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert again.data == b""


def test_everybody_finds_a_state(done: Scene) -> None:
    assert "Zambia" in public(done, "?q=ZAM").get_data(as_text=True)
    for query in ("%25", "_", "'", "zam%00x", "x" * 500):
        assert "Zambia" not in public(done, f"?q={query}").get_data(as_text=True)
    assert public(done, "?q=%00").status_code == 200


@pytest.mark.parametrize(
    "path", ["/99/report", "/1/draft", "/1/report.exe", "/1/draft.pdf", "/x/report", "/1/.pdf"]
)
def test_other_addresses_are_not_there(done: Scene, path: str) -> None:
    assert public(done, path).status_code == 404


def test_a_demonstration_says_that_it_is_one(app: Flask, done: Scene) -> None:
    app.extensions["review"] = replace(app.extensions["review"], demonstration=True)
    summary = public(done, f"/{done.review_id}/executive-summary").get_data(as_text=True)
    assert "Specimen text of a demonstration. Not a document of the United Nations." in summary
