"""Absolute addresses of pages, for mails and commands that have no request.

A name here is a page that a mail may lead to; a test compares every path with the url map.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

PATHS: Final = {
    # page: (endpoint of the web application, path)
    "start": ("home.start", "/"),
    "sign_in": ("accounts.sign_in", "/sign-in"),
    "account": ("accounts.show", "/account"),
    "invitation": ("account_links.invitation", "/invitation/{token}"),
    "password_reset": ("account_links.reset_password", "/password/{token}"),
    "digest": ("digest_choice.show", "/digest/{token}"),
    "my_turn": ("my_turn.show", "/my-turn"),
    "operations": ("operations.show", "/operations"),
    "calendar": ("calendar_feed.show", "/calendar/{token}.ics"),
    "task": ("task.show", "/task/{token}"),
    "review": ("reviews.show", "/reviews/{review_id}"),
    "step": ("steps.ask", "/reviews/{review_id}/steps/{step}"),
    "answers": ("answers.overview", "/reviews/{review_id}/answers"),
    "response": ("response.show", "/reviews/{review_id}/response"),
    "workbench": ("workbench.overview", "/reviews/{review_id}/workbench"),
    "questions": ("questions.show", "/reviews/{review_id}/questions"),
    "report": ("report.show", "/reviews/{review_id}/report"),
    "succession": ("successions.of_mission", "/succession/{token}"),
    "succession_course": ("offices.course", "/successions/{succession_id}"),
    "offices": ("offices.show", "/reviews/{review_id}/offices"),
}

_base = ""


class UnknownLink(LookupError):
    """A page that PATHS does not name."""


def set_base(base_url: str) -> None:
    """Tell this process the address that people open, without a slash at its end."""
    global _base  # noqa: PLW0603 - a process serves one address
    _base = base_url.rstrip("/")


def path(name: str, **values: object) -> str:
    """The path of a page. Raises UnknownLink, or KeyError for a value that the path asks for."""
    if name not in PATHS:
        raise UnknownLink(name)
    quoted = {key: quote(str(value), safe="") for key, value in values.items()}
    return PATHS[name][1].format(**quoted)


def absolute(name: str, **values: object) -> str:
    """The address of a page as it stands in a mail. Raises UnknownLink before set_base()."""
    if not _base:
        raise UnknownLink("links.set_base() has not been called")
    return _base + path(name, **values)
