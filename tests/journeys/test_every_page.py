"""Every page for everybody: each link works, nothing leaks, the HTML is right, bad input is met."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urldefrag, urljoin, urlsplit

import html5lib
import pytest

from review.languages import find
from tests.journeys import site as sites
from tests.journeys.crawl import Answer, Walk
from tests.journeys.landscape import OFFICE
from tests.journeys.page_check import Read
from tests.journeys.site import REVIEWS, Site

STRANGERS = ("observer", "UGA", "PNG", "ZWE", "nobody")
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
FILES = {"documents.download", "published.download", "response.as_hashed", "mail_log.words"}
NUMBERS = ("0", "-1", "999999999999999999999", "9223372036854775807", "abc", "1.5", "%00", "3x")
WORDS = ("unknown", "%00", "..%2f..%2fetc", "x" * 300, "%F0%9F%92%A9", "%FF%FE", "'--", "<b>")
GARBAGE = ("\0", "-1", "9" * 25, "x" * 3000, "' OR 1=1 --", "%", "💥<script>", "\ud800", "²")
WORST = GARBAGE[0::7]
BY_LINK = ("published.", "task.", "successions.")
"""Pages that name a review to whoever has their address: what is public, and links of mails."""


@pytest.fixture(scope="module")
def site(
    module_database: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with sites.site(module_database, redis_url, tmp_path_factory.mktemp("site")) as made:
        yield made


def every_page(site: Site) -> Iterator[tuple[Walk, Answer, Read]]:
    for walk in site.walks.values():
        for answer, page in walk.pages():
            yield walk, answer, page


# Links -------------------------------------------------------------------------------------------


def test_every_link_that_is_shown_works(site: Site) -> None:
    broken = [
        (walk.who, one.address, one.status, one.found_on)
        for walk in site.walks.values()
        for one in walk.answers.values()
        if one.status not in {200, 302}
    ]
    assert broken == []


def test_links_lead_to_pages_and_forms_to_views(site: Site) -> None:
    nowhere = set()
    for walk, answer, page in every_page(site):
        for link in page.links:
            path = urlsplit(urljoin(answer.address, link))
            ours = not path.netloc and path.scheme != "mailto"
            if ours and not site.crawler.endpoint(path.path)[0]:
                nowhere.add((walk.who, answer.address, link))
        for form in page.forms:
            path = urlsplit(urljoin(answer.address, form.action))
            if path.netloc or not site.crawler.endpoint(path.path, form.method.upper())[0]:
                nowhere.add((walk.who, answer.address, form.action))
            if form.method == "post" and "csrf_token" not in form.names:
                nowhere.add((walk.who, answer.address, f"{form.action} carries no token"))
    assert not nowhere


def test_links_to_a_place_on_a_page_find_it(site: Site) -> None:
    lost = []
    for walk, answer, page in every_page(site):
        for link in page.links:
            address, place = urldefrag(urljoin(answer.address, link))
            there = walk.answers.get(address)
            if place and there and there.page and place not in there.page.ids:
                lost.append((walk.who, answer.address, link))
    assert lost == []


def test_everybody_comes_to_the_pages_that_are_theirs(site: Site) -> None:
    """The walks are no empty exercise: every page of every family is among them."""
    seen = {one.endpoint for walk in site.walks.values() for one in walk.answers.values()}
    rules = site.app.url_map.iter_rules()
    views = {rule.endpoint for rule in rules if "GET" in (rule.methods or ())}
    assert views - seen == {
        "static",
        "health.show",
        "metrics.show",
        "calendar_feed.show",
        "calendar_feed.deadline",  # in this landscape every date is over, so no page offers it
        "calendar_feed.of_task",
        "digest_choice.show",  # by the link of a digest: tests/web/test_digest_choice.py
    }


# Confidentiality ---------------------------------------------------------------------------------


def test_nobody_reads_what_is_not_for_them(site: Site) -> None:
    leaks = [
        (who, planted.word, one.address)
        for who, walk in site.walks.items()
        for planted in site.landscape.planted
        if not planted.open_to(who)
        for one in walk.answers.values()
        if planted.word in one.text or planted.word in str(one.headers)
    ]
    assert leaks == []


def test_everybody_reads_what_is_for_them(site: Site) -> None:
    """What is planted is really to be found, where a walk was not cut short."""
    unseen = [
        (who, planted.word)
        for who, walk in site.walks.items()
        if who not in REVIEWS
        for planted in site.landscape.planted
        if who in planted.readers
        if not any(planted.word in one.text for one in walk.answers.values())
    ]
    assert unseen == []


def test_a_reason_stands_in_what_happened(site: Site) -> None:
    history = f"/reviews/{site.landscape.ids['GAB']}/history"
    page = site.crawler.open(site.client("administrator"), history)
    assert "plantedjustificationingab" in page.text


def test_no_review_of_others_is_named(site: Site) -> None:
    named = [
        (who, name, one.address)
        for who, walk in site.walks.items()
        for name in site.landscape.unknown_to(who).values()
        for one in walk.answers.values()
        if name in one.text and not one.endpoint.startswith(BY_LINK)
    ]
    assert named == []


@pytest.mark.parametrize("who", STRANGERS)
def test_an_address_of_others_gives_nothing_away(site: Site, who: str) -> None:
    """Whatever anybody found by links is asked for by somebody who did not."""
    known = site.landscape.unknown_to(who).values()
    hidden = [one.word for one in site.landscape.planted if not one.open_to(who)]
    for address in one_of_each_kind(site):
        if address in site.walks[who].answers:
            continue
        answer = site.crawler.open(site.client(who), address)
        assert answer.status in {200, 302, 403, 404}, address
        if answer.status == 302:
            assert answer.location.startswith(("/sign-in?", "/reviews/")), address
        assert not [word for word in hidden if word in answer.text], address
        if not answer.endpoint.startswith(BY_LINK):
            assert not [name for name in known if name in answer.text], address


def one_of_each_kind(site: Site) -> list[str]:
    """One address of each view for each review, out of all walks."""
    found: dict[tuple[object, ...], str] = {}
    for walk in site.walks.values():
        for one in walk.answers.values():
            name, values = site.crawler.endpoint(one.address)
            kind = (name, values.get("review_id"), values.get("document_id"))
            found.setdefault(kind, one.address)
    return list(found.values())


# Each page ---------------------------------------------------------------------------------------


def test_the_html_of_every_page_is_right(site: Site) -> None:
    faults = {
        (answer.endpoint, fault.partition(": ")[2] or fault): (walk.who, answer.address)
        for walk, answer, page in every_page(site)
        for fault in page.faults
    }
    assert faults == {}


def test_a_strict_parser_reads_one_page_of_each_kind(site: Site) -> None:
    seen = set()
    for walk, answer, _page in every_page(site):
        kind = (answer.endpoint, walk.who in OFFICE, answer.address.partition("?")[1])
        if kind not in seen:
            seen.add(kind)
            parser = html5lib.HTMLParser()
            parser.parse(answer.text)
            assert parser.errors == [], (walk.who, answer.address)


def test_language_and_direction_are_said(site: Site) -> None:
    for walk, answer, page in every_page(site):
        person = site.landscape.cast.get(walk.who)
        asked = parse_qs(urlsplit(answer.address).query).get("language")
        behind_a_link = asked and answer.endpoint.startswith(BY_LINK)
        language = find(
            asked[0] if behind_a_link and asked else person.language if person else "en"
        )
        assert (page.lang, page.direction) == (language.code, language.direction), answer.address


def test_headers_are_strict(site: Site) -> None:
    for walk in site.walks.values():
        for one in walk.answers.values():
            policy = one.headers["Content-Security-Policy"]
            if one.endpoint in FILES:
                assert "default-src 'none'" in policy or policy == POLICY, one.address
            else:
                assert policy == POLICY, one.address
            stored = one.headers["Cache-Control"]
            assert "no-store" in stored or one.endpoint == "published.download", one.address
            assert one.headers["X-Content-Type-Options"] == "nosniff"
            secret = "token" in site.crawler.endpoint(one.address)[1]
            told = "no-referrer" if secret else "same-origin"
            assert one.headers["Referrer-Policy"] == told, one.address


def test_everything_that_a_page_loads_is_there(site: Site) -> None:
    wanted = {asset for _walk, _answer, page in every_page(site) for asset in page.assets}
    client = site.client("nobody")
    missing = []
    for asset in wanted:
        with client.get(asset) as answer:
            if answer.status_code != 200:
                missing.append(asset)
    assert missing == []


# Bad input ---------------------------------------------------------------------------------------


def addresses_with(site: Site, method: str) -> Iterator[str]:
    """The address of every view with each of its parameters wrong in turn."""
    good = {"review_id": str(site.landscape.ids["SLE"]), "number": "1", "document_id": "1"}
    for rule in site.app.url_map.iter_rules():
        if method not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        for wrong, converter in rule._converters.items():
            for value in NUMBERS if converter.regex == r"\d+" else WORDS:
                chosen = {name: good.get(name, "1") for name in rule._converters} | {wrong: value}
                yield re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda one: chosen[one[1]], rule.rule)  # noqa: B023


@pytest.mark.parametrize("who", ["administrator", "SLE", "nobody"])
def test_addresses_that_mean_nothing_are_not_found(site: Site, who: str) -> None:
    client = site.client(who)
    for path in set(addresses_with(site, "GET")):
        answer = client.get(path)
        assert answer.status_code in {302, 400, 403, 404, 405, 308} or plain(path), path
        assert answer.status_code < 500, path


def plain(path: str) -> bool:
    """Pages that anybody may ask for with any token: they say that the link has ended."""
    return path.startswith(("/invitation/", "/password/", "/task/", "/succession/"))


@pytest.mark.parametrize("who", ["administrator", "SLE"])
def test_forms_sent_to_nowhere_change_nothing(site: Site, who: str) -> None:
    client = site.client(who)
    token = site.token(who)
    for path in set(addresses_with(site, "POST")):
        answer = client.post(path, data={"csrf_token": token})
        assert answer.status_code in {302, 400, 403, 404, 405, 410, 422, 308} or plain(path), path


@pytest.mark.parametrize("who", ["officer", "SLE"])
def test_garbage_in_an_address_is_left_out_or_not_found(site: Site, who: str) -> None:
    client = site.client(who)
    for address, names in asked_of(site.walks[who]).items():
        for value in GARBAGE:
            for wrong in ([name] for name in names) if value in WORST else (names,):
                text = quote(value, errors="surrogatepass")
                query = "&".join(f"{name}={text}" for name in wrong)
                answer = client.get(f"{address}?{query}")
                assert answer.status_code in {200, 302, 400, 404}, (address, wrong, value)


def asked_of(walk: Walk) -> dict[str, list[str]]:
    """Pages that read something out of their address, with the names of what they read."""
    found: dict[str, set[str]] = {}
    one_each: dict[str, str] = {}
    for answer, page in walk.pages():
        path, _, query = answer.address.partition("?")
        one_each.setdefault(answer.endpoint, path)
        names = {part.partition("=")[0] for part in query.split("&") if part}
        found.setdefault(answer.endpoint, set()).update(names)
        for form in page.forms:
            if form.method == "get" and urlsplit(form.action).path == path:
                found[answer.endpoint].update(form.names)
    return {one_each[name]: sorted(names) for name, names in found.items() if names}


def test_garbage_in_a_step_is_named_and_nothing_follows(site: Site) -> None:
    """Every form of every step, with every field wrong, up to the page that asks once more."""
    client, token = site.client("officer"), site.token("officer")
    forms = {
        answer.address.rpartition("/")[2]: (answer.address.partition("?")[0], form)
        for answer, page in site.walks["officer"].pages()
        for form in page.forms
        if answer.endpoint == "steps.ask" and "version" in form.names
    }
    assert len(forms) > 8
    for address, form in forms.values():
        for value in GARBAGE[:4]:
            data = dict.fromkeys(form.names, value) | {"csrf_token": token}
            where = f"{address}/confirm"
            assert client.post(where, data=data).status_code in {409, 422}, (where, value)
