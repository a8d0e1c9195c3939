"""The planning pages in a real browser: axe, narrow and wide, dark, Arabic; a file taken in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from review import clock, db
from review.services import expert_lists, seed
from review.services.expert_lists import ExpertGiven
from tests.browser import follow
from tests.web.office import NOW, Office
from tests.web.test_accessibility import (  # noqa: F401 - the fixtures
    address,
    check,
    chromium,
)
from tests.web.test_office_in_browser import sign_in

pytestmark = pytest.mark.browser

PAGES = (
    "/cycles/1/years",
    "/cycles/1/plan",
    "/cycles/new",
    "/cycles/1/parties",
    "/cycles/1/parties/ZMB",
    "/cycles/1/parties/ZMB/withdraw",
    "/cycles/1/sessions",
    "/cycles/1/sessions/new",
    "/cycles/1/experts",
    "/cycles/1/experts/ZMB",
    "/cycles/1/experts/import",
    "/cycles/1/rules",
    "/cycles/1/rules/change",
)


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    with db.transaction() as session:
        seed.load_reference(session)
        entry = ExpertGiven("Governmental expert 1 of Zambia", expertise=("III", "15"))
        expert_lists.add(session, 1, "ZMB", entry, actor=made.people["admin"], now=NOW)
    before, offset = clock.offset(), NOW - clock.now()
    clock.set_offset(offset)
    yield made
    clock.set_offset(before)


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1440, "light", "en"), (360, "dark", "en"), (320, "light", "ar")],
)
def test_every_planning_page_in_every_look(
    chromium: Browser,  # noqa: F811
    address: str,  # noqa: F811
    office: Office,
    width: int,
    scheme: Any,
    language: str,
) -> None:
    with db.transaction() as session:
        session.merge(office.people["admin"]).language = language
    looks = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    page = sign_in(chromium, address, office, "admin", **looks)
    for path in PAGES:
        check(page, path)


def test_a_file_is_shown_and_taken_in_without_script(
    chromium: Browser,  # noqa: F811
    address: str,  # noqa: F811
    office: Office,
    tmp_path: Path,
) -> None:
    file = tmp_path / "experts.csv"
    file.write_text('state,name,background\nZMB,Expert 2,"Two\nlines"\nXXX,Nobody,\n')
    page = sign_in(chromium, address, office, "officer", java_script_enabled=False)
    page.goto("/cycles/1/experts/import")
    page.set_input_files("#file", file)

    follow(page, "main button[type=submit]")
    expect(page.get_by_role("heading", name="Faulty lines")).to_be_visible()
    follow(page, "main button[type=submit]")
    page.goto("/cycles/1/experts/ZMB")

    expect(page.get_by_text("Two lines")).to_be_visible()
    expect(page.get_by_text("2 of at most 15")).to_be_visible()
