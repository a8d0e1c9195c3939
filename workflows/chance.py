"""Chance that anybody can repeat: canonical form, commitment, seed and generator.

The specification is ``docs/lots/specification.md``, sections 1 to 3; what is written here must give
the same bytes as what a stranger writes from that text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_BLOCK: Final = 1 << 256
_HEX: Final = frozenset("0123456789abcdef")


def canonical(value: Any) -> str:
    """The one text of a document: sorted keys, no white space, nothing escaped without need.

    Raises TypeError for what has no canonical form: floats, keys that are no text, other objects.
    """
    _refuse_what_varies(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _refuse_what_varies(value: Any) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} is not a text")
            _refuse_what_varies(item)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            _refuse_what_varies(item)
    elif value is not None and not isinstance(value, str | int):
        raise TypeError(f"{value!r} has no canonical form")


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def secret_hash(secret: str) -> str:
    """What is published of a secret (64 hexadecimal digits) before the draw.

    Raises ValueError if it is not such a text.
    """
    if len(secret) != 64 or not _HEX.issuperset(secret):
        raise ValueError("a secret has 64 lower-case hexadecimal digits")
    return hashlib.sha256(bytes.fromhex(secret)).hexdigest()


def seed(commitment: str, read_out: str, secret: str) -> str:
    """The seed of a draw: what was published before, what was read out, what was kept secret.

    Raises ValueError if nothing was read out.
    """
    if not read_out:
        raise ValueError("nothing was read out")
    return digest({"commitment": commitment, "read_out": read_out, "secret": secret})


@dataclass(frozen=True, slots=True)
class Chance:
    """The generator: a number for each label, the same for everybody who knows the seed.

    A label is used once. As no number depends on those before it, a draw that was interrupted goes
    on at any lot with the same result.
    """

    seed: str

    def choose(self, label: str, n: int) -> int:
        """A number from 0 to n - 1, each equally likely. Raises ValueError if n < 1."""
        if n < 1:
            raise ValueError(f"nothing to choose from for {label}")
        limit = _BLOCK - _BLOCK % n
        start = bytes.fromhex(self.seed) + label.encode() + b"\0"
        attempt = 0
        while True:
            block = hashlib.sha256(start + attempt.to_bytes(4, "big")).digest()
            number = int.from_bytes(block, "big")
            if number < limit:
                return number % n
            attempt += 1
