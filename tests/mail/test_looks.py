"""How mails look: short lines, short lists, from right to left, in the dark; headers that hold."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from review import links
from review.mail.flowed import WIDTH, flowed, joined
from review.mail.letter import Letter
from review.mail.render import render
from review.mail.voice import Voice
from tests.mail.test_dates import NOW, PARAMS
from tests.post import SENDER

LONG = "Country reviews <reviews@country-reviews.of-a-very-long-name-that-goes-on.example.org>"
DIGEST: dict[str, Any] = {
    "items": [PARAMS],
    "day": "2027-03-01",
    "role": "focal_point",
    "title": "Focal point of Peru",
    "for_state": "PER",
    "time_zone": "America/Lima",
}


@pytest.fixture(autouse=True)
def _base() -> Any:
    links.set_base("https://country-reviews.of-a-very-long-name-that-goes-on.example.org")
    yield
    links.set_base("")


def sent(letter: Letter, sender: str = SENDER) -> EmailMessage:
    """A mail as a mail program gets it."""
    return message_from_bytes(
        render(letter, sender=sender, now=NOW).as_bytes(), policy=policy.default
    )


def reminder(**changes: Any) -> Letter:
    return replace(Letter(7, "remind:1", "reminder", "en", "a@peru.example", PARAMS, 1), **changes)


def raw(message: EmailMessage, name: str) -> list[str]:
    """The lines of a header as they stand."""
    return [line for line in message.as_string().splitlines() if line.startswith(f"{name}: ")]


# Headers ----------------------------------------------------------------------------------------


def test_all_mails_of_a_review_answer_the_same_and_no_other_review_does() -> None:
    first, again = sent(reminder()), sent(reminder(number=8, key="remind:2"))
    other = sent(reminder(number=9, key="remind:3", review_id=2))
    for name in ("References", "In-Reply-To"):
        assert first[name] == again[name] == "<review.1@secretariat.example>"
        assert other[name] == "<review.2@secretariat.example>"
    assert len({one["Message-ID"] for one in (first, again, other)}) == 3


@pytest.mark.parametrize("name", ["References", "In-Reply-To", "Message-ID"])
def test_identifiers_are_one_line_of_ascii_however_long_the_domain_is(name: str) -> None:
    """Encoded like words, as long headers are, they would tie nothing together."""
    own = render(reminder(), sender=LONG, now=NOW).as_bytes().decode("ascii").splitlines()
    lines = [line for line in own if line.startswith(f"{name}: ")]
    assert re.fullmatch(rf"{name}: <[\w.]+@[\w.-]+>", lines[0])


def test_a_digest_offers_a_way_out_and_nothing_else_does() -> None:
    way_out = "https://country-reviews.of-a-very-long-name-that-goes-on.example.org/digest/m7.0"
    letter = Letter(7, "digest:1", "digest", "en", "a@peru.example", DIGEST | {"leaving": "m7.0"})
    own = render(letter, sender=SENDER, now=NOW).as_bytes().decode("ascii").splitlines()
    assert f"List-Unsubscribe: <{way_out}>" in own
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in own
    assert sent(reminder())["List-Unsubscribe"] is None
    assert sent(reminder())["List-Unsubscribe-Post"] is None
    assert sent(letter)["References"] is None


def test_one_press_is_offered_only_where_the_address_is_safe() -> None:
    links.set_base("http://127.0.0.1:8000")
    letter = Letter(7, "digest:1", "digest", "en", "a@peru.example", DIGEST | {"leaving": "m7.0"})
    assert sent(letter)["List-Unsubscribe"] == "<http://127.0.0.1:8000/digest/m7.0>"
    assert sent(letter)["List-Unsubscribe-Post"] is None


def test_programs_do_not_answer_it() -> None:
    assert sent(reminder())["Auto-Submitted"] == "auto-generated"
    assert sent(reminder())["List-Id"] is None


# Plain text -------------------------------------------------------------------------------------


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    assert part.get_param("format") == "flowed"
    return str(part.get_content())


def test_lines_of_plain_text_are_short_and_join_again() -> None:
    text = plain(sent(reminder()))
    assert max(len(line) for line in text.splitlines() if "://" not in line) <= WIDTH
    assert (
        "This reminder concerns the review of Peru by Zimbabwe and Italy. The step is with Peru; "
        in joined(text)
    )


def test_an_address_is_never_broken() -> None:
    address = "https://reviews.example/task/" + "m1." + "0" * 90
    assert flowed(f"Open it:\n{address}\n") == f"Open it:\n{address}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "One line.",
        "word " * 40 + "end",
        "  indented " + "word " * 30 + "end",
        "From here\n> on",
    ],
)
def test_what_was_broken_reads_as_before(text: str) -> None:
    assert joined(flowed(text)) == text


# HTML -------------------------------------------------------------------------------------------


def html(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_a_list_of_messages_shows_what_is_asked_before_anything_else() -> None:
    body = html(sent(reminder())).partition("<body")[2]
    shown = re.sub(r"<[^>]+>", " ", body.partition(">")[2]).split("&#847;")[0]
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", body)
    assert heading is not None
    assert " ".join(shown.split()) == heading[1]


def test_it_is_readable_in_the_dark() -> None:
    """Every colour that stands on an element is taken over by a class in the dark."""
    page = html(sent(reminder()))
    assert '<meta name="color-scheme" content="light dark">' in page
    body = page.partition("</head>")[2]
    for tag in re.findall(r"<[^>]*style=\"[^\"]*(?:[^-]color|background):[^>]*>", body):
        assert re.search(r'class="[^"]*(page|ink|quiet|label|link|late|note|button)', tag), tag


# From right to left -----------------------------------------------------------------------------


def test_latin_names_are_isolated_in_arabic_and_only_there() -> None:
    text = Voice("ar").gettext("Dear %(title)s,", title="Focal point of Peru")
    assert "\u2068Focal point of Peru\u2069" in text
    assert "\u2068" not in Voice("fr").gettext("Dear %(title)s,", title="Focal point of Peru")


def test_what_is_isolated_once_is_not_isolated_again() -> None:
    voice = Voice("ar")
    inner = voice.gettext("Dear %(title)s,", title="Peru")
    assert voice.gettext("Dear %(title)s,", title=inner).count("\u2068") == 1


def test_every_name_of_a_list_is_isolated() -> None:
    assert Voice("ar").listed(["Italy", "Zimbabwe"]).count("\u2068") == 2


@pytest.mark.parametrize(
    ("code", "label"),
    [("ar", "الموعد الأقصى"), ("es", "Para cuándo"), ("fr", "D’ici à"), ("ru", "К какому сроку")],
)
def test_the_label_of_a_date_says_by_when_and_not_by_whom(code: str, label: str) -> None:
    lines = plain(sent(reminder(language=code))).splitlines()
    assert any(line.startswith(label) for line in lines)
