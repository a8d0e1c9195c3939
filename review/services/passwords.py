"""Passwords: hashed with argon2, and good enough before they are accepted.

Length counts, not decoration: 12 characters or more, and something must remain when words that
everybody tries first and words out of the person's own address are taken away.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from review.languages import N_

SHORTEST: Final = 12
LONGEST: Final = 200
"""A longer text would let a stranger keep the server busy with hashing."""

_COMMON: Final = (
    "password", "passwort", "motdepasse", "contraseña", "contrasena", "пароль", "qwertyuiop",
    "qwerty", "azerty", "asdfghjkl", "asdf", "zxcvbnm", "1q2w3e4r", "letmein", "welcome",
    "administrator", "admin", "iloveyou", "sunshine", "princess", "football", "baseball", "monkey",
    "dragon", "trustno", "superman", "changeme", "default", "guest", "test", "user", "login",
    "master", "hello", "secret", "abcdefghijkl", "abcdef", "abc", "unitednations", "united",
    "nations", "uncac", "unodc", "corruption", "convention", "country", "review", "vienna",
    "focalpoint", "focal", "point", "expert", "secretariat",
)  # fmt: skip
_REMAINING: Final = 6
"""Characters, each counted once, that must remain without the common words."""

TOO_SHORT: Final = N_("Use at least 12 characters; a sentence is easy to remember.")
TOO_LONG: Final = N_("Use at most 200 characters.")
COMMON: Final = N_(
    "This is among the first that others would try. Use words that do not belong together."
)
PERSONAL: Final = N_("Do not build it from your own address or function.")

hasher = PasswordHasher()
_nobody = ""


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether a password is the right one; takes as long where nothing is stored."""
    global _nobody  # noqa: PLW0603 - made once a process, at the cost of one hash
    if not stored and not _nobody:
        _nobody = hasher.hash("nobody has this password")
    try:
        return hasher.verify(stored or _nobody, password[: LONGEST + 1]) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return hasher.check_needs_rehash(stored)


def problem(password: str, *personal: str) -> str | None:
    """Why a password is not good enough, None if it is. `personal`: address, function, name."""
    if len(password) < SHORTEST:
        return TOO_SHORT
    if len(password) > LONGEST:
        return TOO_LONG
    plain = password.casefold()
    if not _enough_remains(plain, _COMMON):
        return COMMON
    own = {part for text in personal for part in re.split(r"[\W_]+", text.casefold())}
    if not _enough_remains(plain, sorted((part for part in own if len(part) > 3), key=len)):
        return PERSONAL
    return None


def _enough_remains(plain: str, words: tuple[str, ...] | list[str]) -> bool:
    for word in sorted(words, key=len, reverse=True):
        plain = plain.replace(word, "")
    return len(set(re.sub(r"[\W\d_]+", "", plain))) >= _REMAINING or _is_varied(plain)


def _is_varied(rest: str) -> bool:
    """Digits and signs count as well, but only many different ones that do not just count up."""
    signs = re.sub(r"[^\W\d_]", "", rest)
    steps = {ord(after) - ord(before) for before, after in pairwise(signs)}
    return len(set(signs)) >= 8 and len(steps) > 3
