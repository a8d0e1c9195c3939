"""Addresses that come from a form or a link: only our own pages are gone to."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from flask import url_for
from werkzeug.routing import BaseConverter, IntegerConverter, ValidationError

_HIGHEST: Final = 2**63 - 1
"""The highest number that the database gives to a row."""


class Number(IntegerConverter):
    """A number in an address; one that no row can have is no such page."""

    def to_python(self, value: str) -> int:
        """The number. Raises ValidationError for one that the database cannot take."""
        number = int(super().to_python(value))
        if number > _HIGHEST:
            raise ValidationError(value)
        return number


class Code(BaseConverter):
    """The three capital letters of a State in an address; anything else is no such page."""

    regex = "[A-Z]{3}"


def local(address: str | None, otherwise: str = "") -> str:
    """The address if it is a page of this application, else `otherwise`, else the start."""
    otherwise = otherwise or url_for("home.start")
    if not address or not address.startswith("/") or address.startswith("//"):
        return otherwise
    if "\\" in address or any(ord(letter) < 32 for letter in address):
        return otherwise
    parts = urlsplit(address)
    return otherwise if parts.scheme or parts.netloc else address
