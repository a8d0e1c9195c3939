"""Error pages: calm, exact, with a way on; nothing that was typed is lost if it can be kept."""

from __future__ import annotations

import secrets
from typing import Final

from flask import Flask, Response, current_app, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from review import seals
from review.languages import N_
from review.services.errors import NotAllowed, NotFound, Stale
from review.services.queries import offices
from review.web import frame, present, reading
from review.web.words import _
from workflows.registry import PROCESSES

_WORDS: Final = {
    400: (N_("The page could not read what was sent"), N_("Go back and try once more.")),
    401: (N_("Please sign in"), N_("This page is for people who are signed in.")),
    403: (
        N_("This is not open to you"),
        N_("Your role does not include this page. The secretariat can tell you who has it."),
    ),
    404: (
        N_("There is no such page for you"),
        N_("The address may be mistyped, or it belongs to a review to which you are not a party."),
    ),
    405: (N_("This cannot be opened in this way"), N_("Use the buttons and links of the pages.")),
    409: (
        N_("Somebody was faster"),
        N_("What this page showed has changed since. Nothing was done; open it again to see how."),
    ),
    413: (
        N_("This is too large"),
        N_("The file or text is larger than this place takes. Nothing was kept of it."),
    ),
    429: (
        N_("Too many tries"),
        N_("For safety there is a pause now. Wait some minutes, then try once more."),
    ),
    500: (
        N_("Something went wrong on our side"),
        N_("Nothing of this last step was done. It has been noted; please try once more."),
    ),
    503: (
        N_("The pages pause for a moment"),
        N_("A part of the system is being restarted. Nothing is lost; try again in a minute."),
    ),
}
_RETRY_AFTER: Final = 30
_NOT_TYPED: Final = {"csrf_token", "kept", "next", "seen", "text_hash"}
"""Fields that a page fills in itself: tokens, addresses, fingerprints."""


def install(app: Flask, unavailable: tuple[type[Exception], ...]) -> None:
    """Answer every failure; `unavailable` are the errors of a database that is away."""
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(NotFound, lambda _error: _missing())
    app.register_error_handler(NotAllowed, lambda _error: _answer(403))
    app.register_error_handler(Stale, _stale)
    app.register_error_handler(Exception, _unexpected)
    for kind in unavailable:
        app.register_error_handler(kind, _away)


def _http(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:  # a redirect is raised as well
        return error
    headers = {
        name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}
    }
    said = error.description if error.description != type(error).description else None
    if code == 404 and said is None:
        return _missing()
    return _answer(code, headers, text=said)


def _missing() -> ResponseReturnValue:
    """No such page; to whoever handed their office in this review over, that it is so since then.

    What they typed is theirs and is shown once more.
    """
    review_id = (request.view_args or {}).get("review_id")
    if review_id is None or not current_user.is_authenticated:
        return _answer(404)
    at = offices.handed_over_at(reading.session(), current_user.id, review_id)
    if at is None:
        return _answer(404)
    text = _(
        "You handed this office over: %(moment)s. Your access to the review ended then, and "
        "nothing of yours was done since.",
        moment=present.moment(at),
    )
    return _answer(404, text=text, typed=_typed())


def _forged(_error: CSRFError) -> ResponseReturnValue:
    return _answer(
        400,
        title=_("Nothing was sent: this form belongs to an earlier sign-in"),
        text=_("Open the page again and send it from there. What you typed is kept below."),
        typed=_typed(),
    )


def _stale(error: Stale) -> ResponseReturnValue:
    """Say what changed and by whom, keep what was typed, lead back to the review."""
    text = None
    if error.at is not None:
        text = _(
            "%(what)s: %(who)s, %(when)s. Nothing of yours was done; open the review to see how "
            "it stands now.",
            what=_event(error.verb),
            who=error.by or _("the system"),
            when=present.moment(error.at),
        )
    return _answer(
        409, text=text, typed=_typed(), onward=url_for("reviews.show", review_id=error.review_id)
    )


def _event(verb: str) -> str:
    for process in PROCESSES.values():
        if process.has_step(verb):
            return _(process.event(process.step(verb)))
    return _("The review was changed")


def _away(error: Exception) -> ResponseReturnValue:
    frame.without_person()
    current_app.logger.warning("The database is away: %s", type(error).__name__)
    return _answer(503, {"Retry-After": str(_RETRY_AFTER)}, typed=_typed())


def _unexpected(error: Exception) -> ResponseReturnValue:
    frame.without_person()
    reference = secrets.token_hex(4)
    place = seals.veiled(request.path)
    current_app.logger.error("Unexpected error %s on %s", reference, place, exc_info=error)
    try:
        return _answer(500, typed=_typed(), reference=reference)
    except Exception:  # the page that reports a failure must not fail
        current_app.logger.exception("The error page itself failed")
        return Response(f"500 ({reference})\n", 500, mimetype="text/plain")


def _answer(
    code: int,
    headers: dict[str, str] | None = None,
    *,
    title: str | None = None,
    text: str | None = None,
    typed: list[tuple[str, str]] | None = None,
    reference: str | None = None,
    onward: str | None = None,
) -> ResponseReturnValue:
    words = _WORDS.get(code, _WORDS[400 if code < 500 else 500])
    title = title or _(words[0])
    text = text or _(words[1])
    if _wants_json():
        return jsonify(error=code, title=title, text=text), code, headers or {}
    page = "errors/part.html" if "HX-Request" in request.headers else "errors/page.html"
    body = render_template(
        page,
        code=code,
        title=title,
        text=text,
        typed=typed or [],
        reference=reference,
        onward=onward,
    )
    return body, code, headers or {}


def _typed() -> list[tuple[str, str]]:
    """The longer texts of a form that was not taken, to copy from; never a password."""
    if request.method != "POST" or any("password" in name for name in request.form):
        return []
    return [
        (name, value)
        for name, value in request.form.items(multi=True)
        if len(value) > 20 and name not in _NOT_TYPED
    ]


def _wants_json() -> bool:
    wanted = request.accept_mimetypes
    return wanted.best == "application/json" and not wanted.accept_html
