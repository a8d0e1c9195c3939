"""The six official languages of the United Nations: names, direction, negotiation, catalogues.

English is the source of every text. A language whose catalogue is not yet complete is still
offered: layout, dates and every translated text follow it, the rest stays English, and
`fallback_note()` says so in the reader's own language. Mails and commands use it as well as pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from babel.support import NullTranslations, Translations

from review.reference.states import names
from review.resources import TRANSLATIONS

SOURCE: Final = "en"
COMPLETE: Final = 0.95
"""The share of texts that must be translated before a language counts as translated."""


@dataclass(frozen=True, slots=True)
class Language:
    """An official language: ISO 639-1 code, its name in itself and in English, its direction."""

    code: str
    name: str
    english_name: str
    direction: Literal["ltr", "rtl"]
    fallback_note: str


LANGUAGES: Final = (
    Language(
        "ar",
        "العربية",
        "Arabic",
        "rtl",
        "لم تُترجم كل النصوص إلى العربية بعد؛ ويظهر ما لم يُترجم منها بالإنكليزية.",
    ),
    Language("zh", "中文", "Chinese", "ltr", "部分文本尚未译成中文，以英文显示。"),
    Language("en", "English", "English", "ltr", ""),
    Language(
        "fr",
        "Français",
        "French",
        "ltr",
        "Tous les textes ne sont pas encore traduits en français ; les autres sont en anglais.",
    ),
    Language(
        "ru",
        "Русский",
        "Russian",
        "ltr",
        "Не все тексты переведены на русский язык; остальные приводятся на английском.",
    ),
    Language(
        "es",
        "Español",
        "Spanish",
        "ltr",
        "No todos los textos están traducidos al español; los demás aparecen en inglés.",
    ),
)
CODES: Final = tuple(language.code for language in LANGUAGES)
_BY_CODE: Final = {language.code: language for language in LANGUAGES}
_WISH: Final = re.compile(
    r"([a-z]{2,3})(?:-[a-z0-9-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?", re.IGNORECASE
)


def N_(text: str) -> str:  # noqa: N802 - the name that pybabel looks for
    """Mark a text for translation; it is returned unchanged and translated where it is shown."""
    return text


def find(code: str) -> Language:
    """The language of a code; English for a code that is none of the six."""
    return _BY_CODE.get(code, _BY_CODE[SOURCE])


def negotiate(*wishes: str | None, header: str = "") -> str:
    """The code to use: the first known wish, else the best of an Accept-Language header, else en.

    >>> negotiate(None, "xx", header="pt, fr-CA;q=0.8, en;q=0.5")
    'fr'
    """
    for wish in wishes:
        if wish in _BY_CODE:
            return str(wish)
    ranked: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        match = _WISH.fullmatch(part.strip())
        if match and match[1].lower() in _BY_CODE:
            ranked.append((float(match[2] or 1), match[1].lower()))
    best = max(ranked, key=lambda wish: wish[0], default=(0.0, SOURCE))
    return best[1] if best[0] > 0 else SOURCE


@cache
def translations(code: str) -> NullTranslations:
    """The catalogue of a language and the names of States; what it lacks comes back in English."""
    if code not in _BY_CODE or code == SOURCE:
        return NullTranslations()
    found = Translations.load(str(TRANSLATIONS), [code])
    found.add_fallback(_Names(code))
    return found


class _Names(NullTranslations):
    """The names of States as the United Nations writes them: data, not work of the translators."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self._names = names(code)

    def gettext(self, message: str) -> str:
        """The name of a State in this language, any other text as it is."""
        return self._names.get(message, message)


@cache
def _translated(code: str) -> frozenset[str]:
    """The texts that the catalogue of a language has."""
    keys = getattr(translations(code), "_catalog", {})
    named = ((key[0] if isinstance(key, tuple) else key, text) for key, text in keys.items())
    return frozenset(key for key, text in named if key and text)


def has_text(code: str, text: str) -> bool:
    """Whether a text can be shown in a language; in English, every one."""
    return code == SOURCE or text in _translated(code)


@cache
def coverage(code: str) -> float:
    """The share of the texts that the catalogue of a language has, from 0 to 1."""
    if code == SOURCE:
        return 1.0
    template = (TRANSLATIONS / "messages.pot").read_text(encoding="utf-8")
    wanted = len(re.findall(r"^msgid ", template, re.MULTILINE)) - 1
    return min(1.0, len(_translated(code)) / wanted) if wanted > 0 else 0.0


def has_translation(code: str) -> bool:
    """Whether a language is translated well enough to be offered without a remark."""
    return coverage(code) >= COMPLETE


def fallback_note(code: str) -> str:
    """The remark, in the language itself, that some texts are still English; empty if none is."""
    return "" if has_translation(code) else find(code).fallback_note
