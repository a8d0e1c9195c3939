"""What an address asks for: each value is checked, and what means nothing here is named."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final

LONGEST: Final = 80
"""Of a search; longer ones are cut."""
_DIGITS: Final = 18


class Reader:
    """Takes values out of an address; unknown ones are noted in ``ignored`` and left out."""

    def __init__(self, args: Mapping[str, str]) -> None:
        self._args = args
        self.ignored: list[str] = []

    def one_of(self, name: str, known: Container[str], otherwise: str = "") -> str:
        """A value that stands in a list."""
        value = self._args.get(name, "").strip()
        if not value or value in known:
            return value or otherwise
        self.ignore(name, value)
        return otherwise

    def number(self, name: str, lowest: int, highest: int) -> int | None:
        """A whole number between two others."""
        value = self._args.get(name, "").strip()
        good = value.isascii() and value.isdecimal() and len(value) <= _DIGITS
        if good and lowest <= int(value) <= highest:
            return int(value)
        if value:
            self.ignore(name, value)
        return None

    def words(self, name: str) -> str:
        """A few words to search for."""
        value = "".join(c if c.isprintable() else " " for c in self._args.get(name, ""))
        return " ".join(value.split())[:LONGEST]

    def ignore(self, name: str, value: object) -> None:
        """Note something that is left out."""
        self.ignored.append(f"{name}={str(value)[:40]}")
