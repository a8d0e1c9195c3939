"""A real browser for tests, and a port on which it finds the application.

Nothing here or in the tests depends on how fast a machine is: after a press that leads to another
page a test waits for that page (``follow``), and for what a script writes it uses ``expect``.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

PATIENCE = 20_000
"""Milliseconds after which waiting for a page has failed."""
expect.set_options(timeout=PATIENCE)

_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING: Final = {"runOnly": {"type": "tag", "values": _TAGS}}
"""What axe is asked about a page."""
_RUN: Final = """options => axe.run(
        document, {...options, resultTypes: ["violations"], iframes: false})
    .then(found => found.violations.map(one => [one.id, one.nodes[0].html]))"""


def chromium() -> str | None:
    """Where a Chromium is, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def headless() -> Iterator[Browser]:
    """A Chromium without a window; skips, and says so, where there is none."""
    if chromium() is None:
        pytest.skip("NO CHROMIUM FOUND: the browser tests are left out")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        made = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield made
        made.close()


def follow(page: Page, pressed: str) -> None:
    """Press what leads to another page, and wait until that page is loaded."""
    with page.expect_navigation(timeout=PATIENCE):
        page.locator(pressed).first.click()


def violations(page: Page, rules: Mapping[str, Any] = EVERYTHING) -> list[Any]:
    """What axe has against a page: the rules that are broken, each with the first place."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[Any] = page.evaluate(_RUN, rules)
    return found


class Quiet(WSGIRequestHandler):
    """Answers without saying so."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: a failed test shows what it found, not what was asked for."""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application on a port of the loopback interface; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
