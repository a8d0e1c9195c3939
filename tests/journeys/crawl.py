"""Follows the links of the pages as somebody, bounded, and keeps every answer."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from tests.journeys.page_check import Read, read

START: Final = ("/", "/published", "/account", "/sign-in")
STEPS: Final = 3
"""Of how many reviews the page of a step is opened."""


@dataclass
class Answer:
    """What came back from one address."""

    address: str
    endpoint: str
    status: int
    kind: str
    text: str
    headers: dict[str, str]
    location: str = ""
    found_on: str = ""
    page: Read | None = None


@dataclass
class Walk:
    """Everything that one reader came to."""

    who: str
    answers: dict[str, Answer] = field(default_factory=dict)
    counted: Counter[tuple[object, ...]] = field(default_factory=Counter)

    def pages(self) -> Iterator[tuple[Answer, Read]]:
        """The answers that are pages."""
        for one in self.answers.values():
            if one.page is not None:
                yield one, one.page


class Crawler:
    """Walks through an application. Every link is checked to lead to a page that exists."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._routes = app.url_map.bind("localhost")

    def endpoint(self, address: str, method: str = "GET") -> tuple[str, dict[str, object]]:
        """Which view answers an address; the empty name for none."""
        try:
            name, values = self._routes.match(urlsplit(address).path, method=method)
        except HTTPException:
            return "", {}
        return name, dict(values)

    def walk(
        self,
        who: str,
        client: FlaskClient,
        reviews: int,
        *,
        more: Iterable[str] = (),
        public: bool,
    ) -> Walk:
        """Open what links lead to, from the starting pages on.

        Of each kind of page one for each review, and no more than ``reviews``. What is public is
        the same for all, so that it is left out unless it is asked for.
        """
        walk = Walk(who)
        queue = deque((address, "the start") for address in (*START, *more))
        while queue:
            address, found_on = queue.popleft()
            if not public and address.startswith("/published/"):
                continue
            if address in walk.answers or not self._counts(walk, address, reviews):
                continue
            answer = self.open(client, address, found_on)
            walk.answers[address] = answer
            queue.extend((to, address) for to in targets(answer))
        return walk

    def _counts(self, walk: Walk, address: str, reviews: int) -> bool:
        """Whether this is not yet another page of a kind that was opened often enough."""
        name, values = self.endpoint(address)
        parts = sorted(key for key, _ in parse_qsl(urlsplit(address).query))
        kind = (name, values.get("step"), values.get("kind"), values.get("form"), *parts)
        if name == "published.download":  # made anew each time
            kind, reviews = (name, values["form"]), 1
        elif name == "steps.ask":
            reviews = min(reviews, STEPS)
        number = next((value for value in values.values() if isinstance(value, int)), None)
        one = (*kind, values.get("review_id", number))
        if one in walk.counted or walk.counted[kind] >= reviews:
            return False
        walk.counted.update((kind, one))
        return True

    def open(self, client: FlaskClient, address: str, found_on: str = "") -> Answer:
        """One address."""
        response = client.get(address)
        kind = response.mimetype or ""
        whole = kind == "text/html" and not 300 <= response.status_code < 400
        text = (
            response.get_data(as_text=True) if kind.startswith(("text/", "application/j")) else ""
        )
        framed = address.endswith("/words.html")
        return Answer(
            address,
            self.endpoint(address)[0],
            response.status_code,
            kind,
            text,
            dict(response.headers),
            response.headers.get("Location", ""),
            found_on,
            read(text) if whole and not framed else None,
        )


def targets(answer: Answer) -> list[str]:
    """The addresses of our own that a page leads to."""
    found = [answer.location] if answer.location else []
    if answer.page is not None:
        found += answer.page.links
        found += [form.action for form in answer.page.forms if form.method == "get"]
    here = urljoin("http://localhost", answer.address)
    whole = (urldefrag(urljoin(here, one)).url for one in found)
    return [one.removeprefix("http://localhost") for one in whole if _ours(one)]


def _ours(address: str) -> bool:
    parts = urlsplit(address)
    return (
        parts.netloc == "localhost"
        and parts.scheme == "http"
        and not parts.path.startswith("/static/")
    )
