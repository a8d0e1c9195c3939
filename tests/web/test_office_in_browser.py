"""The secretariat's pages in a real browser: axe, narrow and wide, dark, Arabic, without script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from review import clock, db
from review.models import Outbox
from tests import world
from tests.browser import follow
from tests.web.office import NOW, Office
from tests.web.test_accessibility import (  # noqa: F401 - the fixtures
    address,
    check,
    chromium,
    complaints,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    before, offset = clock.offset(), NOW - clock.now()
    clock.set_offset(offset)
    yield made
    clock.set_offset(before)


def sign_in(browser: Browser, at: str, office: Office, who: str, **looks: Any) -> Page:
    page = browser.new_context(base_url=at, **looks).new_page()
    page.on("console", lambda message: complaints(page).append(message.text))
    page.goto("/sign-in")
    page.fill("#email", office.people[who].email)
    page.fill("#password", world.PASSWORD)
    follow(page, "main button[type=submit]")
    return page


def letter(office: Office) -> int:
    with db.transaction() as session:
        row = Outbox(
            key="one",
            notice="review_started",
            review_id=office.ids["ZMB"],
            address="mission@zmb.example",
            language="en",
            params={},
            created_at=NOW,
            next_try_at=NOW,
            state="sent",
            sent_at=NOW,
            subject="Specimen",
            body_text="Specimen text.",
            body_html="<!doctype html><html lang=en><title>Specimen</title><main><h1>Specimen</h1>",
        )
        session.add(row)
        session.flush()
        return row.id


def test_board_without_script(
    chromium: Browser,  # noqa: F811
    address: str,  # noqa: F811
    office: Office,
) -> None:
    page = sign_in(chromium, address, office, "officer", java_script_enabled=False)
    page.goto("/reviews")
    page.select_option("#f-year", "2")
    follow(page, "form.filters button")
    assert "year=2" in page.url
    assert page.locator(".board tbody tr").count() == 2
    with page.expect_download() as download:
        page.click("text=Export as CSV")
    assert download.value.suggested_filename == "reviews-2011-08-18.csv"
    page.context.close()


def test_my_reviews_of_a_party(
    chromium: Browser,  # noqa: F811
    address: str,  # noqa: F811
    office: Office,
) -> None:
    page = sign_in(chromium, address, office, "expert_1", viewport={"width": 360, "height": 800})
    check(page, "/reviews")
    page.context.close()
