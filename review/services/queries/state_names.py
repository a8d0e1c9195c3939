"""Finding a State by its name as people type it: in any of the six languages, without accents."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from babel import Locale
from babel.core import get_global

from review import languages, reference
from review.reference import UnknownReferenceError

TATWEEL = "\u0640"
"""The stroke that lengthens an Arabic word without changing it."""


def fold(text: str) -> str:
    """A text as it is compared: lower case, without accents, vowel signs and punctuation.

    >>> fold("Côte d’Ivoire")
    'cote d ivoire'
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).replace(TATWEEL, "")
    kept = (
        letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter)
    )
    return " ".join("".join(kept).split())


def matches(iso3: str, name: str, query: str) -> bool:
    """Whether every word of a query begins a word of one spelling of a State's name."""
    words = fold(query).split()
    return bool(words) and any(
        all(_stands_in(word, spelling) for word in words) for spelling in spellings(iso3, name)
    )


def _stands_in(word: str, spelling: str) -> bool:
    # scripts without spaces between words are searched anywhere
    return f" {word}" in f" {spelling}" or (not word.isascii() and word in spelling)


@cache
def spellings(iso3: str, name: str) -> frozenset[str]:
    """The names of a State, folded: of the reference data, of the translations, of CLDR."""
    return frozenset(fold(one) for one in _names(iso3, name) if one)


def _names(iso3: str, name: str) -> Iterator[str]:
    yield iso3
    yield name
    with suppress(UnknownReferenceError):
        yield reference.party(iso3).name_2013
    yield from (languages.translations(code).gettext(name) for code in languages.CODES)
    short = (get_global("territory_aliases").get(iso3) or [""])[0]
    yield from (Locale(code).territories.get(short, "") for code in languages.CODES)
