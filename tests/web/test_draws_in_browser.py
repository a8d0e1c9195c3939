"""The pages of the drawing of lots in a real browser: axe, narrow and wide, dark, Arabic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from review import clock, db
from tests import world
from tests.browser import follow
from tests.services.drawing import NOW
from tests.web.drawing import Stage
from tests.web.test_accessibility import (  # noqa: F401 - the fixtures
    address,
    check,
    chromium,
)

pytestmark = pytest.mark.browser

PAGES = (
    "/cycles/1/draws",
    "/cycles/1/draws/slack",
    "/cycles/1/draws/prepare",
    "/cycles/1/draws/request",
    "/cycles/1/draws/repair?event=withdrawal&state=AGO",
    "/draws/{recorded}",
    "/draws/{recorded}/results",
    "/draws/{recorded}/room",
    "/draws/{recorded}/room?lot=2",
    "/draws/{published}/publish",
    "/draws/{published}/open",
    "/draws/{published}/void",
    "/draws/{published}/room?rehearsal=0&next=1",
    "/draws/{drawn}/record",
    "/draws/{drawn}/room",
)


@pytest.fixture
def stage(app: Flask) -> Iterator[Stage]:
    before = clock.offset()
    clock.set_offset(NOW - clock.now())
    yield Stage(app)
    clock.set_offset(before)


def sign_in(browser: Browser, at: str, stage: Stage, **looks: Any) -> Page:
    page = browser.new_context(base_url=at, reduced_motion="reduce", **looks).new_page()
    page.goto("/sign-in")
    page.fill("#email", stage.people["officer"].email)
    page.fill("#password", world.PASSWORD)
    follow(page, "main button[type=submit]")
    return page


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1440, "light", "en"), (360, "dark", "en"), (320, "light", "ar")],
)
def test_every_page_of_a_draw_in_every_look(
    chromium: Browser,  # noqa: F811
    address: str,  # noqa: F811
    stage: Stage,
    width: int,
    scheme: Any,
    language: str,
) -> None:
    with db.transaction() as session:
        session.merge(stage.people["officer"]).language = language
    looks = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    page = sign_in(chromium, address, stage, **looks)
    numbers = {"recorded": stage.recorded(), "published": 0, "drawn": 0}
    numbers["published"] = stage.published(year=2)
    for path in PAGES:
        if "{drawn}" not in path:
            check(page, path.format(**numbers))
    stage.void(numbers["published"])
    numbers["drawn"] = stage.drawn(year=2)
    for path in PAGES:
        if "{drawn}" in path:
            check(page, path.format(**numbers))
    page.context.close()
