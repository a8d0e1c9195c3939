"""Names that only this installation can make: what the secret links in mails are made of.

A seal is the name of something together with a code over it, made with the secret key. Nothing of
it is stored, the same name always has the same seal, and a copy of the database makes none.
"""

from __future__ import annotations

import hmac
import re
from typing import Final

_SEALED: Final = re.compile(r"(?a:([a-z]\d{1,18})\.([0-9a-f]{32}))")
_IN_A_LINK: Final = re.compile(
    r"(?a:((?:/|%2F)(?:calendar|digest|invitation|password|succession|task)(?:/|%2F))[\w-]+(?:\.[\w-]+)*)",
    re.IGNORECASE,
)
"""What follows these in an address is a secret, whole or cut."""
_key = b""


class NoKey(RuntimeError):
    """Nobody has told this process its secret key."""


def set_key(secret: str) -> None:
    """Tell this process the secret key; a new key makes every link before it void."""
    global _key  # noqa: PLW0603 - a process works for one installation
    _key = secret.encode()


def sealed(purpose: str, name: str) -> str:
    """A name with its seal. ``name``: a small letter and a number. Raises NoKey."""
    return f"{name}.{_code(purpose, name)}"


def opened(purpose: str, token: str) -> str | None:
    """The name in a seal that was made here for this purpose; None for anything else."""
    found = _SEALED.fullmatch(token)
    if found is None or not hmac.compare_digest(_code(purpose, found[1]), found[2]):
        return None
    return found[1]


def veiled(text: str) -> str:
    """A text without seals and without what makes a link work: for whatever is stored or logged."""
    return _IN_A_LINK.sub(r"\1…", _SEALED.sub("…", text))


def _code(purpose: str, name: str) -> str:
    if not _key:
        raise NoKey("seals.set_key() has not been called")
    return hmac.new(_key, f"{purpose} {name}".encode(), "sha256").hexdigest()[:32]
