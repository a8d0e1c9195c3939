"""A form that was sent after its session had ended: nothing that was typed is lost.

The sign-in page carries the text in one sealed field. Who may send it on is known from the form's
own token: a token names the person for whom the page was made (`token_for`), and only we can sign
one. So a form from elsewhere, or made for somebody else, is never carried over. After signing in,
the same person sees a page with one button that sends the text where it was going, with a fresh
token; nothing is sent by itself. Files cannot be kept; the page says so. Passwords never are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import abort, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

KEPT_FOR: Final = 24 * 3600
"""Seconds in which the text can still be sent on."""
_TOKEN_AGE: Final = 14 * 24 * 3600
_LIMIT: Final = 400_000
"""Octets that fit into the sealed field; the sign-in form must stay below the form limit."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A form that waits: for whom it was made, where it goes, what it holds, files it has lost."""

    person: str
    path: str
    fields: tuple[tuple[str, str], ...]
    lost_files: bool

    def belongs_to(self, person_id: int) -> bool:
        """Whether this person typed it, whatever sessions they have opened or ended since."""
        return self.person.partition(".")[0] == str(person_id)


def token_for(identity: str) -> str:
    """What the session's token against forged requests is made of: the person, nothing secret.

    The same person keeps it over a new sign-in, so a page that was open before still works; it
    changes when they sign out everywhere.
    """
    return f"person:{identity}"


def of_request() -> Kept | None:
    """The form of this request; None where it comes from elsewhere or holds a password."""
    owner = _owner(request.form.get("csrf_token", ""))
    if owner is None or any("password" in name for name in request.form):
        return None
    pairs = request.form.items(multi=True)
    fields = tuple((name, value) for name, value in pairs if name != "csrf_token")
    return Kept(owner, request.full_path.rstrip("?"), fields, bool(request.files))


def seal(kept: Kept) -> str:
    """The waiting form as one sealed text; refused with 413 where it is too long to carry."""
    sealed = str(_sealer().dumps([kept.person, kept.path, kept.fields, kept.lost_files]))
    if len(sealed) > _LIMIT:
        abort(413)
    return sealed


def unseal(text: str) -> Kept | None:
    """The waiting form; None where the seal is broken or too old."""
    try:
        person, path, fields, lost_files = _sealer().loads(text, max_age=KEPT_FOR)
    except (BadData, ValueError):
        return None
    pairs = tuple((str(name), str(value)) for name, value in fields)
    return Kept(str(person), str(path), pairs, bool(lost_files))


def _owner(token: str) -> str | None:
    """For whom a page was made, out of its token; None where we did not sign it."""
    try:
        raw = _sealer("wtf-csrf-token").loads(token, max_age=_TOKEN_AGE)
    except BadData:
        return None
    kind, _, identity = str(raw).partition(":")
    return identity if kind == "person" and identity else None


def _sealer(salt: str = "kept-form") -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=salt)
