"""The frame and the account pages in a real browser: axe, narrow screens, the strict policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from review.models import Person
from tests.browser import follow, headless, served, violations
from tests.web.conftest import PASSWORD, MakePerson

pytestmark = pytest.mark.browser

STRANGERS = ["/sign-in", "/forgotten-password", "/invitation/unknown", "/nothing-here"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with headless() as browser:
        yield browser


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with served(app) as made:
        yield made


def opened(browser: Browser, address: str, one: Person | None = None, **context: Any) -> Page:
    """A page of a fresh browser, signed in as somebody, that fails on any error of the console."""
    page = browser.new_context(base_url=address, **context).new_page()
    page.on("console", lambda message: complaints(page).append(message.text))
    page.on("pageerror", lambda error: complaints(page).append(str(error)))
    if one is not None:
        page.goto("/sign-in")
        page.fill("#email", one.email)
        page.fill("#password", PASSWORD)
        follow(page, "main button[type=submit]")
    return page


_complaints: dict[int, list[str]] = {}


def complaints(page: Page) -> list[str]:
    return _complaints.setdefault(id(page), [])


def check(page: Page, path: str) -> None:
    """No finding of axe, nothing that scrolls sideways, nothing that the policy refuses."""
    page.goto(path)
    assert violations(page) == [], path
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{path} scrolls sideways by {wide} pixels"
    refused = [text for text in complaints(page) if "status of" not in text]
    assert refused == [], path


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1440, "light", "en"), (360, "dark", "en"), (1440, "dark", "ar"), (320, "light", "ar")],
)
def test_pages_of_strangers_and_of_the_account(
    chromium: Browser,
    address: str,
    person: MakePerson,
    width: int,
    scheme: Any,
    language: str,
) -> None:
    looks = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    stranger = opened(chromium, address, locale=language, **looks)
    for path in STRANGERS:
        check(stranger, path)
    stranger.context.close()
    member = opened(chromium, address, person("focal_point", language=language), **looks)
    check(member, "/account")
    assert member.get_attribute("html", "lang") == language
    member.context.close()


def test_an_error_is_reached_by_the_keyboard(chromium: Browser, address: str) -> None:
    page = opened(chromium, address)
    page.goto("/sign-in")
    page.fill("#email", "nobody@nowhere.example")
    with page.expect_navigation():
        page.press("#email", "Enter")
    expect(page.locator(".errors")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#password")).to_be_focused()
    page.context.close()


def test_menus_open_and_close_without_a_mouse(
    chromium: Browser, address: str, person: MakePerson
) -> None:
    page = opened(chromium, address, person())
    page.goto("/account")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    menu = page.locator(".top details").nth(1)
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    page.context.close()


def test_everything_works_without_script(
    chromium: Browser, address: str, person: MakePerson
) -> None:
    page = opened(chromium, address, person(), java_script_enabled=False)
    page.goto("/account")
    page.click(".top details:has(button[value=fr]) summary")
    follow(page, "button[value=fr]")
    assert page.get_attribute("html", "lang") == "fr"
    page.click(".top details:has(a[href='/account']) summary")
    follow(page, "form[action='/sign-out'] button")
    assert page.url.endswith("/sign-in")
    page.context.close()
