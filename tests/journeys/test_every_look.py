"""One page of each kind in a real browser, and the work of everybody without any script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from review import clock, db
from review.models import Person
from review.services import capabilities
from review.services.capabilities import Purpose
from tests import files, world
from tests.browser import EVERYTHING, PATIENCE, follow, headless, served
from tests.journeys import landscape, looks
from tests.journeys import site as sites
from tests.journeys.looks import Look, become, faults
from tests.journeys.site import Site

pytestmark = pytest.mark.browser

PAGES = (
    ("nobody", "/sign-in"),
    ("nobody", "/forgotten-password"),
    ("nobody", "INVITATION"),
    ("nobody", "PASSWORD"),
    ("nobody", "/invitation/ended"),
    ("nobody", "TASK"),
    ("nobody", "TASK/steps/ask_extension?new_date=2031-05-05"),
    ("nobody", "/task/cut"),
    ("nobody", "DIGEST"),
    ("nobody", "/digest/cut"),
    ("nobody", "TASK/successor"),
    ("nobody", "MISSION"),
    ("nobody", "/succession/cut"),
    ("nobody", "/nothing-here"),
    ("nobody", "/published"),
    ("nobody", "/published/{TGO}/self-assessment"),
    ("officer", "/reviews"),
    ("officer", "/reviews?cycle=1&stage=all"),
    ("officer", "/reviews?q=nowhere"),
    ("officer", "/my-turn"),
    ("officer", "/cycles/1"),
    ("officer", "/cycles/1/years"),
    ("officer", "/cycles/1/parties"),
    ("officer", "/cycles/1/parties/ZMB"),
    ("officer", "/cycles/1/parties/ZMB/withdraw"),
    ("officer", "/cycles/2/parties/AFG/restore"),
    ("officer", "/cycles/1/experts"),
    ("officer", "/cycles/1/experts/AFG"),
    ("officer", "/cycles/1/experts/import"),
    ("officer", "/cycles/1/experts/entry/1/end"),
    ("officer", "/cycles/1/sessions"),
    ("officer", "/cycles/1/sessions/new"),
    ("officer", "/cycles/1/sessions/1"),
    ("officer", "/cycles/1/rules"),
    ("officer", "/cycles/1/pairings"),
    ("officer", "/cycles/1/pairings/check-file"),
    ("officer", "/calendars/EGY/2013"),
    ("officer", "/reminders"),
    ("officer", "/people/3/reminders"),
    ("officer", "/reviews/{MAR}/reminders"),
    ("UGA", "/account/reminders"),
    ("administrator", "/cycles/new"),
    ("administrator", "/cycles/3/plan"),
    ("administrator", "/cycles/3/rules/change"),
    ("UGA", "/experts"),
    ("officer", "/cycles/1/draws"),
    ("officer", "/cycles/1/draws/slack"),
    ("officer", "/cycles/1/draws/prepare"),
    ("officer", "/cycles/1/draws/request"),
    ("officer", "/cycles/1/draws/repair"),
    ("officer", "/draws/{RECORDED}"),
    ("officer", "/draws/{DRAWN}/publish"),
    ("officer", "/draws/{DRAWN}/open"),
    ("officer", "/draws/{DRAWN}/void"),
    ("officer", "/draws/{DRAWN}/room?lot=1"),
    ("officer", "/draws/{DRAWN}/record"),
    ("officer", "/draws/{DRAWN}/results"),
    ("officer", "/people"),
    ("officer", "/people/3"),
    ("officer", "/people/3/close"),
    ("officer", "/people/invite/observer"),
    ("officer", "/reviews/{UGA}/offices"),
    ("officer", "/offices/{SEAT}/mandate"),
    ("officer", "/offices/{SEAT}/successor"),
    ("officer", "/successions"),
    ("officer", "/successions/{SUCCESSION}"),
    ("officer", "/successions/{SUCCESSION}/propose"),
    ("officer", "/successions/{SUCCESSION}/answer"),
    ("UGA", "/successions/{SUCCESSION}"),
    ("UGA", "/reviews/{UGA}/offices"),
    ("officer", "/mail?state=failed"),
    ("officer", "/operations"),
    ("officer", "/mail/3"),
    ("officer", "/addresses/1"),
    ("officer", "/reviews/{MAR}"),
    ("officer", "/reviews/{SLE}/officer"),
    ("officer", "/reviews/{SLE}/history?show=steps"),
    ("officer", "/reviews/{SLE}/process"),
    ("officer", "/reviews/{SLE}/report"),
    ("officer", "/reviews/{SLE}/report?part=opening&edit=introduction"),
    ("officer", "/reviews/{SLE}/report/print?what=summary"),
    ("officer", "/reviews/{SLE}/findings?show=good_practice"),
    ("officer", "/reviews/{SLE}/steps/agree_report"),
    ("officer", "/reviews/{GHA}/steps/assign_reviewers"),
    ("officer", "/reviews/{ZMB}/steps/hold_introductory_call"),
    ("administrator", "/people/invite/secretariat"),
    ("ITA", "/reviews"),
    ("ITA", "/reviews/{LSO}/workbench?q=15"),
    ("ITA", "/reviews/{LSO}/workbench/15-a"),
    ("ITA", "/reviews/{LSO}/documents"),
    ("ITA", "/documents/{FILE}/remove"),
    ("UGA", "/reviews/{UGA}/answers?q=15"),
    ("UGA", "/reviews/{UGA}/answers/15-a"),
    ("LSO", "/reviews/{LSO}/questions"),
    ("LSO", "/reviews/{LSO}/response"),
    ("SLE", "/reviews/{SLE}"),
    ("SLE", "/reviews/{SLE}/report?part=article-15"),
    ("SLE", "/account"),
    ("SLE", "/my-turn"),
)
"""Who opens what: at least one page of every view that answers with a page."""
NO_PAGES = {
    "static",
    "health.show",
    "metrics.show",
    "calendars.index",
    "pairings.export",
    "planning_experts.export",
    "planning_experts.export_one",
    "planning_rules.data",
    "home.start",
    "board.export",
    "calendar_feed.deadline",
    "calendar_feed.dialogue",
    "calendar_feed.of_task",
    "calendar_feed.show",
    "documents.download",
    "draws_files.announcement",
    "draws_files.bias",
    "draws_files.public_transcript",
    "draws_files.results",
    "draws_files.specification",
    "draws_files.transcript",
    "draws_files.verifier",
    "published.download",
    "response.as_hashed",
    "mail_log.words",
}
HEAVY = ("/self-assessment", "/response", "/print?what=summary")
"""Papers with every provision, which take long: looked at in English alone."""


@pytest.fixture(scope="module")
def site(
    module_database: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with sites.site(module_database, redis_url, tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    with served(site.app) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless() as made:
        yield made


def way_out_of_digests() -> str:
    """Where the link of a digest leads."""
    with db.transaction() as session:
        reader = session.scalars(sa.select(Person).where(Person.active).limit(1)).one()
        one = capabilities.give(
            session, Purpose.DIGEST, person_id=reader.id, address=reader.email, now=clock.now()
        )
        return f"/digest/{capabilities.token_of(one)}"


def paths(site: Site) -> list[tuple[str, str]]:
    """The pages with the numbers of this landscape."""
    invitation, password = site.landscape.links
    known = {"INVITATION": invitation, "PASSWORD": password, "MISSION": site.mission}
    known["DIGEST"] = way_out_of_digests()
    for path in (path for _who, path in PAGES if path.startswith("TASK")):
        known[path] = path.replace("TASK", site.tasks[0])
    numbers = {
        **site.landscape.ids,
        **site.landscape.draws,
        **site.landscape.offices,
        "FILE": site.landscape.files["fileexpert2inlso"],
    }
    return [(who, known.get(path, path).format(**numbers)) for who, path in PAGES]


def test_every_kind_of_page_is_looked_at(site: Site) -> None:
    looked_at = {site.crawler.endpoint(path)[0] for _who, path in paths(site)}
    views = {
        rule.endpoint for rule in site.app.url_map.iter_rules() if "GET" in (rule.methods or ())
    }
    assert views - looked_at == NO_PAGES - {"board.export"}


@pytest.mark.parametrize(
    ("language", "first", "then", "rules"),
    [
        ("en", Look(1440, "light"), Look(360, "dark"), EVERYTHING),
        ("ar", Look(1440, "dark"), Look(360, "light"), looks.LAYOUT),
    ],
    ids=["English", "Arabic"],
)
def test_every_kind_of_page_can_be_used_by_everybody(
    site: Site,
    address: str,
    browser: Browser,
    language: str,
    first: Look,
    then: Look,
    rules: dict[str, Any],
) -> None:
    site.speak(language)
    page = looks.new_page(browser, address, locale=language)
    found = []
    for who, path in paths(site):
        if language != "en" and path.endswith(HEAVY):
            continue
        become(page, site.client(who), address)
        wrong = faults(page, path, rules, first=first, then=then)
        found += [f"{who} {path}: {one}" for one in wrong]
        assert page.get_attribute("html", "lang") == language
    page.context.close()
    site.speak("en")
    assert not found, "\n".join(found)


def test_the_keyboard_goes_straight_to_the_content(
    site: Site, address: str, browser: Browser
) -> None:
    page = looks.new_page(browser, address)
    become(page, site.client("officer"), address)
    page.goto("/reviews")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    assert box["height"] >= 24
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#main *:focus")).to_have_count(1)
    page.context.close()


# Without script ----------------------------------------------------------------------------------


@pytest.fixture
def plain(site: Site, address: str, browser: Browser) -> Iterator[Any]:
    """Browsers without script, signed in through the page."""
    contexts = []

    def opened(who: str) -> Page:
        context = browser.new_context(base_url=address, java_script_enabled=False)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto("/sign-in")
        page.fill("#email", site.landscape.cast[who].email)
        page.fill("#password", world.PASSWORD)
        follow(page, "main button[type=submit]")
        assert page.url.endswith("/my-turn")
        return page

    yield opened
    for context in contexts:
        context.close()


def test_a_step_is_taken_without_script(site: Site, plain: Any) -> None:
    page = plain("officer")
    page.goto(f"/reviews/{site.landscape.ids['KEN']}")
    follow(page, "#next-step ~ .actions a")
    follow(page, "main form button[type=submit]")
    assert "State informed of the start" in page.inner_text("#messages")
    assert "Initial steps" in page.inner_text(".stepper [aria-current=step]")


def test_a_grave_step_asks_once_more_without_script(site: Site, plain: Any) -> None:
    page = plain("officer")
    page.goto(f"/reviews/{site.landscape.ids['UGA']}/steps/suspend")
    page.fill("#reason", "Specimen reason.")
    page.fill("#approved_by", "Specimen office")
    page.fill("#until", f"{landscape.NOW:%Y-%m-%d}")
    follow(page, "main form button[type=submit]")
    assert page.url.endswith("/steps/suspend/confirm")
    assert "Specimen reason." in page.inner_text("main")
    follow(page, "main form button[type=submit]")
    assert "Specimen reason." in page.inner_text("main .note-warn")


def test_the_board_is_filtered_without_script(plain: Any) -> None:
    page = plain("officer")
    page.goto("/reviews?cycle=1")
    page.select_option("#board ~ form [name=stage], main .filters [name=stage]", "desk_review")
    follow(page, "main .filters button[type=submit]")
    rows = page.locator("main table.board tbody tr")
    assert {name.strip() for name in rows.locator("th a").all_inner_texts()} == {
        "Lesotho",
        "Morocco",
    }


def test_a_provision_is_answered_and_a_file_attached_without_script(site: Site, plain: Any) -> None:
    page = plain("ZMB")
    page.goto(f"/reviews/{site.landscape.ids['ZMB']}/answers")
    follow(page, "main a[href*='/answers/']")
    page.check("main [name=adopted][value=yes]")
    page.fill("main [name=measures]", "Specimen answer without script.")
    page.set_input_files(
        "main input[type=file]",
        {"name": "law.pdf", "mimeType": "application/pdf", "buffer": files.PDF},
    )
    follow(page, "main button[name=do][value=attach]")
    assert "law.pdf" in page.inner_text("main .entry-form, main")
    follow(page, "main button[name=do][value=answered]")
    page.go_back()
    page.reload()
    assert page.input_value("main [name=measures]") == "Specimen answer without script."


def test_a_finding_is_written_without_script(site: Site, plain: Any) -> None:
    page = plain("ITA")
    page.goto(f"/reviews/{site.landscape.ids['LSO']}/workbench/15-b")
    page.check("main [name=level][value=no]")
    page.fill("main [name=observation]", "Specimen finding without script.")
    follow(page, "main button[name=do][value=finish]")
    assert "/workbench/16-1" in page.url
    page.goto(f"/reviews/{site.landscape.ids['LSO']}/workbench/15-b")
    assert page.input_value("main [name=observation]") == "Specimen finding without script."


def test_a_document_is_added_without_script(site: Site, plain: Any) -> None:
    page = plain("ZWE")
    page.goto(f"/reviews/{site.landscape.ids['LSO']}/documents")
    content = files.PDF + b"without script"
    page.set_input_files(
        "main input[type=file]",
        {"name": "without-script.pdf", "mimeType": "application/pdf", "buffer": content},
    )
    follow(page, "main form button[type=submit]")
    assert "without-script.pdf" in page.inner_text("main table")
