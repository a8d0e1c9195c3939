"""Writing in a real browser: saved while typing, honest about it, and nothing is ever lost."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from review import clock, db
from review.models import Answer, Finding
from tests import world
from tests.browser import follow, headless, served, violations
from tests.web.scene import Scene

pytestmark = pytest.mark.browser

SAVED = re.compile("^Saved ")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with headless() as browser:
        yield browser


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with served(app) as made:
        yield made


def signed_in(chromium: Browser, address: str, scene: Scene, who: str, width: int = 1440) -> Page:
    """A page of a fresh browser in which somebody is signed in."""
    viewport = {"width": width, "height": 900}
    page = chromium.new_context(base_url=address, viewport=viewport).new_page()  # type: ignore[arg-type]
    page.goto("/sign-in")
    page.fill("#email", scene.person(who).email)
    page.fill("#password", world.PASSWORD)
    follow(page, "main button[type=submit]")
    return page


@pytest.fixture
def writer(app: Flask, chromium: Browser, address: str) -> Iterator[tuple[Scene, Page]]:
    """The focal point of Zambia, on the page of article 15(a)."""
    scene = Scene(app, "self_assessment")
    page = signed_in(chromium, address, scene, "focal_point")
    page.goto(scene.path("answers/15-a"))
    yield scene, page
    page.context.close()


def answer(scene: Scene, ref: str = "15(a)") -> Answer:
    with db.reading() as session:
        found = session.get_one(Answer, (scene.review_id, ref))
        session.expunge_all()
    return found


def slowly(context: BrowserContext) -> None:
    """Let every autosave take its time, so that people are faster than the server."""

    def wait(route: object, _request: object) -> None:
        threading.Event().wait(0.7)
        route.continue_()  # type: ignore[attr-defined]

    context.route("**/autosave", wait)


def test_typing_saves(writer: tuple[Scene, Page]) -> None:
    scene, page = writer
    state = page.locator("#save-state")
    expect(state).to_have_text("Nothing is written here yet.")
    page.clock.install()
    page.clock.pause_at(clock.now() + timedelta(minutes=1))
    page.fill("#measures", "Specimen text, first.")
    expect(state).to_have_text("Not saved yet …")
    page.clock.resume()
    expect(state).to_have_text(SAVED)
    assert answer(scene).measures == "Specimen text, first."
    page.fill("#measures", "Specimen text, second.")
    page.get_by_label("Yes", exact=True).check()
    expect(page.locator("#checks")).to_contain_text("An answer is chosen")
    expect(state).to_have_text(SAVED)
    held = answer(scene)
    assert (held.measures, held.adopted, held.version) == ("Specimen text, second.", "yes", 2)


def test_a_button_is_never_in_conflict_with_the_own_autosave(writer: tuple[Scene, Page]) -> None:
    scene, page = writer
    slowly(page.context)
    page.get_by_label("Yes", exact=True).check()
    with page.expect_request("**/autosave"):
        page.fill("#measures", "Specimen text.")
    page.fill("#measures", "Specimen text, and more.")
    page.get_by_role("button", name="Mark as answered").click()
    page.wait_for_url("**/answers/15-b")
    held = answer(scene)
    assert (held.measures, held.complete) == ("Specimen text, and more.", True)


def test_a_link_waits_for_the_text(writer: tuple[Scene, Page]) -> None:
    scene, page = writer
    page.fill("#measures", "Typed just before leaving.")
    page.get_by_role("link", name="Article 15(b)").click()
    page.wait_for_url("**/answers/15-b")
    assert answer(scene).measures == "Typed just before leaving."


def test_a_colleague_was_faster(writer: tuple[Scene, Page]) -> None:
    scene, page = writer
    sent = {"version": "0", "adopted": "no", "measures": "A colleague's text."}
    scene.post("focal_point", "answers/15-a", sent)
    page.fill("#measures", "My own text.")
    state = page.locator("#save-state")
    expect(state).to_contain_text("Not saved. Your text stays here.")
    assert page.input_value("#measures") == "My own text."
    follow(page, "button:has-text('Compare both and decide')")
    expect(page.locator("h1")).to_have_text("Two versions of this provision")
    expect(page.locator("main")).to_contain_text("A colleague's text.")
    assert page.input_value("#measures") == "My own text."
    assert violations(page) == []
    page.fill("#measures", "A colleague's text. My own text.")
    follow(page, "button:has-text('Save what is on the right')")
    assert answer(scene).measures == "A colleague's text. My own text."


def test_the_session_ends_while_somebody_types(writer: tuple[Scene, Page]) -> None:
    scene, page = writer
    page.context.clear_cookies(name="session")
    page.fill("#measures", "Typed after the session ended.")
    state = page.locator("#save-state")
    expect(state).to_contain_text("your text stays here")
    other = page.context.new_page()
    other.goto("/sign-in")
    other.fill("#email", scene.person("focal_point").email)
    other.fill("#password", world.PASSWORD)
    follow(other, "main button[type=submit]")
    other.close()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(state).to_have_text(SAVED)
    assert answer(scene).measures == "Typed after the session ended."


def test_the_connection_is_gone_for_a_moment(writer: tuple[Scene, Page]) -> None:
    scene, page = writer
    page.context.set_offline(True)
    page.fill("#measures", "Typed in a tunnel.")
    state = page.locator("#save-state")
    expect(state).to_contain_text("Not saved: no connection.")
    page.context.set_offline(False)
    expect(state).to_have_text(SAVED)
    assert answer(scene).measures == "Typed in a tunnel."


def test_reasons_are_asked_where_something_is_missing(writer: tuple[Scene, Page]) -> None:
    _scene, page = writer
    reasons = page.locator("#reasons")
    expect(reasons).to_be_visible()
    page.get_by_label("Yes", exact=True).check()
    expect(reasons).to_be_hidden()
    page.get_by_label("No", exact=True).check()
    reasons.fill("Specimen text.")
    page.get_by_label("Yes", exact=True).check()
    expect(reasons, "what is filled in does not hide").to_be_visible()


def test_a_finding_is_saved_and_its_wording_watched(
    app: Flask, chromium: Browser, address: str
) -> None:
    scene = Scene(app, "desk_review")
    page = signed_in(chromium, address, scene, "expert_1")
    page.goto(scene.path("workbench/33"))
    page.fill("#challenge", "The State should collect data.")
    expect(page.locator("#hint")).to_contain_text("obligation to consider")
    page.locator("summary", has_text="Ask Zambia a question").click()
    page.fill("#ask-text", "Who decides on a complaint?")
    page.fill("#challenge", "The State should consider collecting data.")
    page.get_by_role("button", name="Send the question").click()
    expect(page.locator("main")).to_contain_text("Who decides on a complaint?")
    expect(page.locator(".question")).to_have_count(1)
    with db.reading() as session:
        held = session.get_one(Finding, (scene.review_id, 1, "33"))
        assert held.challenge == "The State should consider collecting data."
    page.context.close()
