"""The six languages, and that the catalogues are what `make messages` makes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from review import languages
from review.resources import TRANSLATIONS

ROOT = Path(__file__).parents[2]
TRANSLATED = [code for code in languages.CODES if code != languages.SOURCE]


def po(code: str) -> Catalog:
    path = TRANSLATIONS / code / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=code)


def texts_of_the_code() -> Iterator[object]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    keywords = {**DEFAULT_KEYWORDS, "N_": None, "lazy": None}
    for folder in ("review", "workflows", "templates"):
        own = [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in methods]
        for _file, _line, text, _comments, _context in extract_from_dir(
            ROOT / folder, own, options, keywords
        ):
            yield text


def test_six_languages_with_english_among_them() -> None:
    assert sorted(languages.CODES) == ["ar", "en", "es", "fr", "ru", "zh"]
    assert [one.code for one in languages.LANGUAGES if one.direction == "rtl"] == ["ar"]


@pytest.mark.parametrize(
    ("wishes", "header", "chosen"),
    [
        ((None, None), "", "en"),
        (("fr", "ru"), "ar", "fr"),
        ((None, "xx"), "pt, fr-CA;q=0.8, en;q=0.5", "fr"),
        ((None,), "de-AT, de;q=0.9", "en"),
        ((None,), "zh-Hans-CN", "zh"),
        ((None,), "es;q=0, en;q=0.1", "en"),
        ((None,), "es;q=0", "en"),
        ((None,), ";;;,q=1,*", "en"),
    ],
)
def test_the_language_is_negotiated(
    wishes: tuple[str | None, ...], header: str, chosen: str
) -> None:
    assert languages.negotiate(*wishes, header=header) == chosen


def test_the_template_holds_every_text_of_the_code() -> None:
    with (TRANSLATIONS / "messages.pot").open("rb") as file:
        held = {message.id for message in read_po(file) if message.id}
    used = set(texts_of_the_code())
    assert {"Skip to the content", "Initial steps", ("%(num)s day", "%(num)s days")} <= used
    missing = used - held
    assert not missing, f"run `make messages`: {sorted(map(str, missing))[:5]}"


def texts_of_mails() -> Iterator[str]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    for folder, part in (("review", "mail/"), ("templates", "email/")):
        own = [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in methods]
        for file_name, _line, text, _comments, _context in extract_from_dir(
            ROOT / folder, own, options, {**DEFAULT_KEYWORDS, "N_": None}
        ):
            if file_name.startswith(part):
                yield text if isinstance(text, str) else text[0]


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_mail_lacks_a_text(code: str) -> None:
    """Where a single one is missing, the whole mail goes out in English."""
    texts = set(texts_of_mails())
    assert len(texts) > 200
    assert [one for one in sorted(texts) if not languages.has_text(code, one)] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_compiled_catalogue_is_fresh(code: str) -> None:
    made = io.BytesIO()
    write_mo(made, po(code))
    stored = (TRANSLATIONS / code / "LC_MESSAGES" / "messages.mo").read_bytes()
    assert made.getvalue() == stored, "run `make messages`"


@pytest.mark.parametrize("code", TRANSLATED)
def test_translations_keep_the_values_of_the_text(code: str) -> None:
    wrong = [(message.id, str(error)) for message, errors in po(code).check() for error in errors]
    assert wrong == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_an_incomplete_language_says_so_in_its_own_words(code: str) -> None:
    note = languages.fallback_note(code)
    assert bool(note) == (not languages.has_translation(code))
    assert languages.fallback_note("en") == ""
