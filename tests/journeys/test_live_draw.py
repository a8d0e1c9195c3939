"""A draw in the room, with the keyboard alone: from its preparation to a transcript that is right.

In a real browser on the pages as they are served: first with script, then the room without any.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from review import clock, settings
from review.app import create_app
from review.resources import LOTS
from tests import world
from tests.browser import PATIENCE, follow, headless, served
from tests.services.drawing import NOW
from tests.web.drawing import Stage
from workflows.announcement import Mode

pytestmark = pytest.mark.browser

SCREENS = ((1440, 900), (1920, 1080))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless() as made:
        yield made


@pytest.fixture
def stage(database: str, redis_url: str, tmp_path: Path) -> Iterator[Stage]:
    environment = {
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "SMTP_URL": "smtp://127.0.0.1:1",
        "SECRET_KEY": "a key that is used in tests and nowhere else",
        "BASE_URL": "http://localhost",
        "MAIL_FROM": "reviews@secretariat.example",
        "DATA_DIR": str(tmp_path),
        "CLOCK_OFFSET_SECONDS": str(int((NOW - clock.now()).total_seconds())),
    }
    try:
        yield Stage(create_app(settings.load(environment)))
    finally:
        clock.set_offset(timedelta())


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    with served(stage.app) as made:
        yield made


def signed_in(browser: Browser, address: str, stage: Stage, **looks: Any) -> Page:
    page = browser.new_context(base_url=address, reduced_motion="reduce", **looks).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto("/sign-in")
    page.fill("#email", stage.people["officer"].email)
    page.fill("#password", world.PASSWORD)
    follow(page, "main button[type=submit]")
    return page


def press(page: Page, key: str) -> None:
    """Press a key that leads to another page, and wait for it."""
    with page.expect_navigation(timeout=PATIENCE):
        page.keyboard.press(key)


def checked(transcript: Path, commitment: str) -> str:
    command = [sys.executable, "-I", str(LOTS / "verify_lots.py"), str(transcript)]
    ran = subprocess.run(
        [*command, "--commitment", commitment], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_a_draw_is_held_with_the_keyboard_and_its_transcript_is_right(
    browser: Browser, address: str, stage: Stage, tmp_path: Path
) -> None:
    page = signed_in(browser, address, stage, viewport={"width": 1440, "height": 900})
    page.goto("/cycles/1/draws")
    follow(page, ".next-draws a")
    follow(page, "main form button[type=submit]")
    follow(page, "a[href$='/publish']")
    follow(page, "main form button[type=submit]")
    commitment = page.inner_text(".commitment").replace(" ", "")
    follow(page, "a[href$='/open']")
    expect(page.locator("#read_out")).to_be_focused()
    page.keyboard.type("4 17 9 33")
    press(page, "Enter")
    assert page.url.endswith("/room")

    keys = ["Enter", "Space", "PageDown"]
    for lot in range(1, 11):
        expect(page.locator("[data-room-key]")).to_be_focused()
        assert page.inner_text("h1").startswith("Next: a reviewer for")
        left_open = page.context.new_page() if lot == 3 else None
        if left_open:
            left_open.goto(page.url)
        press(page, keys[lot % 3])
        drawn = page.inner_text(".room-drawn")
        assert page.inner_text(".room-bowl .is-drawn bdi") == drawn
        page.reload()
        assert page.inner_text(".room-drawn") == drawn
        if left_open:
            press(left_open, "Enter")
            assert "drawn already" in left_open.inner_text("#messages")
            assert left_open.inner_text(".room-drawn") == drawn
            left_open.close()
        press(page, keys[(lot + 1) % 3])
    assert "/results" in page.url
    assert page.locator(".result-groups tbody tr").count() == 5

    follow(page, "a:text-is('The draw')")
    follow(page, "a[href$='/record']")
    follow(page, "main form button[type=submit]")
    assert "recorded" in page.inner_text("#messages")
    with page.expect_download() as download:
        page.click("a[href$='/transcript.json']")
    download.value.save_as(tmp_path / "transcript.json")
    assert "10 lots" in checked(tmp_path / "transcript.json", commitment)
    page.context.close()


def test_the_room_works_without_script(browser: Browser, address: str, stage: Stage) -> None:
    number = stage.opened()
    page = signed_in(browser, address, stage, java_script_enabled=False)
    page.goto(f"/draws/{number}/room")
    for _lot in range(2):
        press(page, "Enter")
        assert page.inner_text(".room-drawn")
        press(page, "Space")
    assert "Lot 3 of 10" in page.inner_text(".room-about")
    page.context.close()


def test_a_whole_draw_takes_one_key_and_is_shown_pair_by_pair(
    browser: Browser, address: str, stage: Stage
) -> None:
    number = stage.opened(Mode.WHOLE)
    page = signed_in(browser, address, stage)
    page.goto(f"/draws/{number}/room")
    press(page, "Enter")
    assert page.inner_text("h1") == "All lots are drawn."
    for lot in range(1, 4):
        press(page, "PageDown")
        assert f"Lot {lot} of 10" in page.inner_text(".room-about")
        assert page.inner_text(".room-drawn")
    page.context.close()


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_room_needs_no_scrolling_on_a_projector(
    browser: Browser, address: str, stage: Stage, width: int, height: int
) -> None:
    number = stage.opened()
    page = signed_in(browser, address, stage, viewport={"width": width, "height": height})
    for _lot in range(4):
        page.goto(f"/draws/{number}/room")
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        press(page, "Enter")
        assert page.evaluate("document.documentElement.scrollHeight") <= height
    page.context.close()
