"""What every page has around it: language, navigation, me, the clock of the demonstration."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from flask import Flask, current_app, g, request, session, url_for
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from review import clock, languages
from review.languages import N_
from review.policy import Action
from review.resources import STATIC
from review.services.snapshot import VIENNA
from review.settings import Settings
from review.web import access, present, words
from review.web.words import _

babel = words.Speech()


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of the navigation: where it leads, and the right that shows it (None: everybody)."""

    endpoint: str
    label: str
    action: Action | None = None
    families: tuple[str, ...] = ()
    """Page families that stand under this word besides its own, by the start of their names."""


NAVIGATION: Final = (
    Entry("my_turn.show", N_("My turn")),
    Entry("board.show", N_("Reviews")),
    Entry("cycle.show", N_("Cycle"), Action.SEE_BOARD, ("planning", "draw")),
    Entry("planning_experts.own", N_("Experts"), Action.KEEP_OWN_EXPERTS),
    Entry("people.index", N_("People"), Action.MANAGE_PEOPLE),
    Entry("mail_log.index", N_("Mail"), Action.SEE_MAIL),
)


def install(app: Flask, settings: Settings) -> None:
    """Set language and zone for every request and give the templates what the frame shows."""
    app.config["BABEL_DEFAULT_LOCALE"] = languages.SOURCE
    app.config["DUTY_STATION_ZONE"] = VIENNA
    babel.init_app(app, locale_selector=language_code, timezone_selector=present.viewer_zone)
    words.install(app)
    present.install(app)
    app.jinja_env.globals["static"] = static_url
    app.context_processor(lambda: _frame(settings))


def language_code() -> str:
    """The reader's language: their own choice, this browser's choice, the browser's wish."""
    if "language" not in g:
        chosen = current_user.language if _known() else None
        header = request.headers.get("Accept-Language", "")
        g.language = languages.negotiate(chosen, session.get("language"), header=header)
    return str(g.language)


def static_url(path: str) -> str:
    """The address of a static file, with its hash: a changed file is fetched anew."""
    return url_for("static", filename=path, v=_hash(path))


def without_person() -> None:
    """From here on show the frame without asking who is there: the database is away."""
    g.without_person = True


def made_for(language: str, zone: str) -> None:
    """From here on speak to the holder of a link, whoever is signed in in this browser."""
    without_person()
    g.language, g.time_zone = language, zone


@cache
def _hash(path: str) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


def _known() -> bool:
    return not g.get("without_person") and bool(current_user.is_authenticated)


def _frame(settings: Settings) -> dict[str, Any]:
    language = languages.find(language_code())
    known = _known()
    return {
        "language": language,
        "languages": languages.LANGUAGES,
        "language_note": languages.fallback_note(language.code),
        "viewer": access.viewer() if known else None,
        "navigation": _navigation() if known else [],
        "search_href": _href("board.show") if known and access.may(Action.SEE_BOARD) else None,
        "here": _here(),
        "now": clock.now(),
        "demonstration": settings.demonstration,
        "mailbox_url": settings.mailbox_url,
        "duty_station_zone": VIENNA,
    }


def _navigation() -> list[dict[str, str | None]]:
    shown = []
    for entry in NAVIGATION:
        href = _href(entry.endpoint)
        if href is None or (entry.action is not None and not access.may(entry.action)):
            continue
        shown.append({"href": href, "label": _(entry.label), "current": _current(entry)})
    return shown


def _current(entry: Entry) -> str | None:
    if request.endpoint == entry.endpoint:
        return "page"
    family = request.blueprint or ""
    own = family == entry.endpoint.partition(".")[0]
    return "true" if own or (entry.families and family.startswith(entry.families)) else None


def _href(endpoint: str) -> str | None:
    return url_for(endpoint) if endpoint in current_app.view_functions else None


def _here() -> str:
    """This page's address, for coming back to it; the start for a page that is only an answer."""
    failed = isinstance(request.routing_exception, HTTPException)
    return "/" if failed or request.method != "GET" else request.full_path.rstrip("?")
