"""Every mail of whole reviews: complete, strict, calm, in the reader's language, nothing secret."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import html5lib
import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from review import languages
from review.mail.flowed import joined
from review.mail.letter import Letter
from review.mail.render import CannotWrite, render, written_notices
from review.resources import TRANSLATIONS
from tests.mail.story import DAY, MARK, Story
from tests.post import SENDER
from tests.test_conventions import OF_THE_HOUSE
from workflows.registry import PROCESSES

SAFE = "This message holds no confidential information."
ALONE = "The link is for you alone and works once; do not forward it."


def test_every_notice_has_words_and_all_words_have_a_notice() -> None:
    sent = {key for process in PROCESSES.values() for key in process.notices()}
    assert written_notices() == sent | OF_THE_HOUSE


def test_every_mail_is_whole_and_holds_nothing_secret(story: Story) -> None:
    assert {letter.notice for letter in story.letters} == written_notices()
    for letter in story.letters:
        message = render(letter, sender=SENDER, now=story.now)
        _check(letter, message_from_bytes(message.as_bytes(), policy=policy.strict))


@pytest.mark.parametrize("code", languages.CODES)
def test_every_notice_can_be_written_in_every_language(story: Story, code: str) -> None:
    for letter in story.one_of_each(code):
        message = render(letter, sender=SENDER, now=story.now)
        _check(letter, message_from_bytes(message.as_bytes(), policy=policy.strict))


def _check(letter: Letter, message: EmailMessage) -> None:
    assert not message.defects
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds[:2] == ["text/plain", "text/html"]
    assert set(kinds[2:]) <= {"text/calendar"}
    text, html = _parts(message)
    for part in (text, html, str(message)):
        assert MARK not in part
        assert not re.search(r"%\(|\bNone\b|\{\{|Undefined|_\(", part), f"{letter.notice}: {part}"
    subject = str(message["Subject"])
    assert 5 <= len(subject) <= 120, subject  # Chinese needs few signs
    assert max(map(len, message.as_bytes().splitlines())) <= 998
    html5lib.HTMLParser(strict=True).parse(html)
    _same_sentences(text, html)
    assert text.count("\n--\n") == 1
    own = languages.translations(str(message["Content-Language"])).gettext
    assert own(SAFE) in text or own(ALONE) in text


def _parts(message: EmailMessage) -> tuple[str, str]:
    found = [message.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (str(part.get_content()).replace("\r\n", "\n") for part in found if part)
    return joined(text), html


_MARKS_OF_TEXT = r"^(?:no\.|[^:.]){2,40}: +| \(|\)$|^\[|\]$|:$"
"""What stands in the plain text instead of a table or a frame."""


def _same_sentences(text: str, html: str) -> None:
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.partition("<body")[2]))
    shown = shown.replace("&amp;", "&").replace("&#39;", "'").replace("&#34;", '"')
    for line in text.splitlines():
        is_item = line.startswith("* ")  # of a list: the review, a colon, the task
        marks = r": |^\* " if is_item else _MARKS_OF_TEXT
        for piece in re.split(marks, line.strip()):
            sentence = " ".join((piece or "").split())
            if sentence not in {"", "--"}:
                assert sentence in shown or f'href="{sentence}"' in html, sentence


def test_headers_of_a_mail(story: Story) -> None:
    seen: dict[str, Letter] = {}
    for letter in story.letters:
        message = render(letter, sender=SENDER, now=story.now)
        assert message["Message-ID"] not in seen
        seen[message["Message-ID"]] = letter
        assert message["Message-ID"].endswith("@secretariat.example>")
        assert message["Date"].datetime == story.now
        assert message["Auto-Submitted"] == "auto-generated"
        assert letter.address in message["To"]
        thread = f"<review.{letter.review_id}@secretariat.example>" if letter.review_id else None
        assert message["References"] == thread
        if letter.review_id and letter.address != story.officer:
            assert story.officer in message["Reply-To"]
        again = render(letter, sender=SENDER, now=story.now + DAY)
        assert again["Message-ID"] == message["Message-ID"]


def test_one_button_and_its_address_written_out(story: Story) -> None:
    for letter in story.letters:
        text, html = _parts(render(letter, sender=SENDER, now=story.now))
        assert html.count('class="button"') == 1
        address = re.findall(r'class="button" href="([^"]+)"', html)[0]
        mission = letter.params["role"] == "mission" and letter.notice != "succession_asked"
        if mission or letter.notice == "office_ended":
            assert address.startswith("mailto:secretariat.officer@secretariat.example")
            continue
        assert address.startswith("https://reviews.example/")
        assert f":\n{address}\n" in text


def test_the_first_line_says_what_by_when(story: Story) -> None:
    wanted = ("introductory_call_held", "focal_point")
    letter = next(m for m in story.letters if (m.notice, m.params["role"]) == wanted)
    reminder = datetime.fromisoformat(letter.params["next_reminder"])
    text, _ = _parts(render(letter, sender=SENDER, now=reminder - timedelta(days=1)))
    first = text.splitlines()[0]
    assert re.fullmatch(
        r"The secretariat asks you to answer the self-assessment checklist of Zambia, "
        r"by \w{3} \d+ \w{3} 2011, "
        r"end of day in Lusaka\.",
        first,
    )
    assert "a reminder comes on" in text
    afterwards, _ = _parts(render(letter, sender=SENDER, now=reminder))
    assert "a reminder comes on" not in afterwards


# Languages -----------------------------------------------------------------------------------


def _pseudo(code: str, leave_out: str = "") -> Translations:
    """A catalogue that has every text of the project, each in another alphabet."""
    with (TRANSLATIONS / "messages.pot").open("rb") as file:
        template = read_po(file)
    catalogue = Catalog(locale=code)
    for message in template:
        if message.id and message.id != leave_out:
            wording: Any = (
                _foreign(message.id)
                if isinstance(message.id, str)
                else (_foreign(message.id[1]),) * catalogue.num_plurals
            )
            catalogue.add(message.id, wording)
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    buffer.seek(0)
    return Translations(buffer)


def _foreign(text: str) -> str:
    pieces = re.split(r"(%\(\w+\)s)", text)
    return "".join(p if p.startswith("%(") else p.translate(_ARABIC) for p in pieces)


_ARABIC = {
    ord(a): b
    for a, b in zip("abcdefghijklmnopqrstuvwxyz", "ابجدهوزحطيكلمنسعفصقرشتثخذض", strict=True)
}


@pytest.fixture
def translated(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, NullTranslations]]:
    """Arabic as if it were translated; a test may put another catalogue in its place."""
    catalogues: dict[str, NullTranslations] = {"ar": _pseudo("ar")}
    monkeypatch.setattr(
        languages, "translations", lambda code: catalogues.get(code, NullTranslations())
    )
    languages._translated.cache_clear()
    yield catalogues
    languages._translated.cache_clear()


def _sample(story: Story, language: str) -> EmailMessage:
    letter = next(m for m in story.letters if m.notice == "review_started")
    return render(replace(letter, language=language), sender=SENDER, now=story.now)


@pytest.mark.usefixtures("translated")
def test_a_translated_mail_is_in_one_language_and_its_direction(story: Story) -> None:
    message = _sample(story, "ar")
    text, html = _parts(message)
    assert message["Content-Language"] == "ar"
    assert '<html lang="ar" dir="rtl"' in html
    assert "text-align:right" in html
    latin = set(
        re.findall(r"[A-Za-z]{3,}", text.replace("secretariat.officer@secretariat.example", ""))
    )
    assert latin <= {"Zambia", "Zimbabwe", "Italy", "Lusaka", "III"}, "names without translation"


def test_a_language_that_lacks_one_text_gives_an_english_mail_that_says_so(
    story: Story, translated: dict[str, NullTranslations]
) -> None:
    translated["ar"] = _pseudo("ar", leave_out="Nominate a focal point")
    message = _sample(story, "ar")
    text, html = _parts(message)
    note = languages.find("ar").fallback_note
    assert message["Content-Language"] == "en"
    assert text.startswith(f"[{note}]")
    assert '<p lang="ar" dir="rtl"' in html
    assert "Please nominate the focal point of Zambia" in text


# What is wrong is an error -------------------------------------------------------------------


def _changed(story: Story, **params: Any) -> Letter:
    one = next(m for m in story.letters if m.notice == "introductory_call_held")
    return replace(one, params={**one.params, **params})


@pytest.mark.parametrize("wrong", [{"state": "XXX"}, {"process": "irm-9"}, {"opens": "nowhere"}])
def test_wrong_parameters_are_an_error(story: Story, wrong: dict[str, str]) -> None:
    with pytest.raises(CannotWrite, match="introductory_call_held"):
        render(_changed(story, **wrong), sender=SENDER, now=story.now)


def test_a_title_cannot_add_a_header(story: Story) -> None:
    letter = _changed(story, title="Focal point\r\nBcc: b@states.example")
    message = render(letter, sender=SENDER, now=story.now)
    assert message["Bcc"] is None
    assert [one.addr_spec for one in message["To"].addresses] == [letter.address]
