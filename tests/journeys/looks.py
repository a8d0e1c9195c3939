"""A page in a real browser: axe, sideways scroll, keyboard. What depends on neither width nor
colours is asked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from tests.browser import PATIENCE, violations

_OF_LAYOUT: Final = ["color-contrast", "target-size", "scrollable-region-focusable"]
LAYOUT: Final = {"runOnly": {"type": "rule", "values": _OF_LAYOUT}}
"""What a width, colours or a direction of writing can change."""
WIDTHS: Final = (320, 360, 720, 820)
"""Pixels; 720 is a screen of 1440 at 200 per cent."""
_SIDEWAYS: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_UNSEEN_FOCUS: Final = """() => {
    const all = document.querySelectorAll("a[href], button, input, select, textarea, summary");
    const seen = one => one.type !== "hidden" && one.tabIndex >= 0 && one.checkVisibility();
    return [...all].filter(seen).filter(one => {
        const before = ["outlineStyle", "boxShadow", "borderColor"].map(
            name => getComputedStyle(one)[name]).join();
        one.focus({focusVisible: true, preventScroll: true});
        const style = getComputedStyle(one);
        const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
        const after = ["outlineStyle", "boxShadow", "borderColor"].map(
            name => style[name]).join();
        return document.activeElement === one && !outlined && before === after;
    }).map(one => one.outerHTML.slice(0, 120));
}"""


@dataclass(frozen=True)
class Look:
    """A width in pixels and light or dark colours."""

    width: int
    colours: Any


def new_page(browser: Browser, address: str, **looks: Any) -> Page:
    """A page that stands still: colours that fade into others have no contrast of their own."""
    page = browser.new_context(base_url=address, reduced_motion="reduce", **looks).new_page()
    page.set_default_timeout(PATIENCE)
    return page


def become(page: Page, client: FlaskClient, address: str) -> None:
    """Go on as somebody who is signed in already in a test client."""
    page.context.clear_cookies()
    cookie = client.get_cookie("session")
    if cookie is not None:
        page.context.add_cookies([{"name": "session", "value": cookie.value, "url": address}])


def faults(
    page: Page, path: str, rules: Mapping[str, Any], *, first: Look, then: Look
) -> list[Any]:
    """Everything that is wrong with a page: these rules with the first look, those of layout with
    the other one; sideways scroll at every width; focus that is not to be seen; refused scripts."""
    said: list[str] = []
    page.once("console", lambda message: said.append(message.text))
    _wear(page, first)
    page.goto(path, wait_until="load")
    found: list[Any] = violations(page, rules)
    found += [("focus not to be seen", one) for one in page.evaluate(_UNSEEN_FOCUS)]
    _wear(page, then)
    found += violations(page, LAYOUT)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if (wide := page.evaluate(_SIDEWAYS)) > 0:
            found.append(("scrolls sideways", width, wide))
    return found + [text for text in said if "status of" not in text]


def _wear(page: Page, look: Look) -> None:
    page.set_viewport_size({"width": look.width, "height": 800})
    page.emulate_media(color_scheme=look.colours)
