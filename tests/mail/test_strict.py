"""Every mail as it leaves: read by Python's strict policy, header by header, without a defect."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import BaseHeader
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any

import pytest

from review import languages
from review.mail.letter import Letter
from review.mail.render import render, write, written_notices
from tests.mail.story import Story
from tests.post import SENDER

STRICT = policy.SMTP.clone(raise_on_defect=True)
ONCE = {
    "from", "to", "subject", "date", "message-id", "reply-to", "references", "in-reply-to",
    "mime-version", "content-type", "content-transfer-encoding", "content-language",
    "auto-submitted", "list-unsubscribe", "list-unsubscribe-post",
}  # fmt: skip
"""RFC 5322, 3.6, RFC 2045 and those who follow them: a second one is a mistake."""


def _as_it_leaves(letter: Letter, story: Story) -> bytes:
    return render(letter, sender=SENDER, now=story.now).as_bytes(policy=policy.SMTP)


def _read_strictly(raw: bytes) -> EmailMessage:
    """Read a mail. The policy raises for defects of the structure, and headers keep theirs."""
    assert raw.isascii(), "passes servers without 8BITMIME unchanged"
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw), "every line ends in CR LF"
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    message = message_from_bytes(raw, policy=STRICT)
    for part in message.walk():
        assert not part.defects
        for name, value in part.items():
            assert isinstance(value, BaseHeader)
            assert not value.defects, f"{name}: {value}: {value.defects}"
        names = [name.lower() for name in part.keys()]  # noqa: SIM118 - a mail is no dict
        assert not {name for name in names if names.count(name) > 1} & ONCE
        if not part.is_multipart():
            part.get_payload(decode=True)
            assert not part.defects, "its encoding is whole"
            assert str(part.get_content()).strip()
    return message


def _shown(raw: bytes, name: str) -> str:
    """A header as mail programs show it: white space between encoded words is none (RFC 2047)."""
    unfolded = str(message_from_bytes(raw)[name]).replace("\r\n", "").strip()
    return str(make_header(decode_header(unfolded)))


def _head(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize("code", languages.CODES)
def test_every_notice_in_every_language_is_read_without_a_defect(story: Story, code: str) -> None:
    letters = story.one_of_each(code)
    assert {letter.notice for letter in letters} == written_notices()
    for letter in letters:
        raw = _as_it_leaves(letter, story)
        message = _read_strictly(raw)
        assert message["Date"].datetime.astimezone(UTC) == story.now
        assert parsedate_to_datetime(str(message["Date"])) == story.now
        assert re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", str(message["Message-ID"]))
        assert [one.addr_spec for one in message["To"].addresses] == [letter.address]
        assert max(map(len, _head(raw).split(b"\r\n"))) <= 998
        subject = write(letter, sender=SENDER, now=story.now).subject
        assert _shown(raw, "Subject") == subject, "words are neither glued nor torn"


NAMES = {
    "comma and quotation mark": 'Deputy, "acting" \\ head',
    "line break": "Focal point\r\nBcc: b@states.example",
    "lonely surrogate of a copy": "Point focal \N{NO-BREAK SPACE}de l’État",
    "chinese": "联络人" * 30,
    "arabic": "جهة الاتصال " * 15,
    "long without a space": "x" * 300,
    "an address": "a@b.example <c@d.example>",
    "a group": "=?utf-8?q?Bcc=3A?= x",
    "a header": "=?utf-8?q?x=0D=0ABcc=3A_b=40states.example?= x",
    "a text": "=?utf-8?q?x=0D=0A=0D=0ADear_reader?= x",
    "controls": "Focal\x00 \x1bpoint\x7f",
    "boundary": "--=_ --==",
    "zero width": "Focal\N{ZERO WIDTH JOINER}point \N{RIGHT-TO-LEFT OVERRIDE}x",
}


@pytest.mark.parametrize("name", NAMES)
def test_whatever_somebody_is_called_the_mail_is_whole(story: Story, name: str) -> None:
    letter = next(one for one in story.letters if one.params.get("officer"))
    officer: dict[str, Any] = {**letter.params["officer"], "title": NAMES[name]}
    params = {**letter.params, "title": NAMES[name], "officer": officer}
    changed = replace(letter, params=params)
    message = _read_strictly(_as_it_leaves(changed, story))
    assert [one.addr_spec for one in message["To"].addresses] == [letter.address]
    assert message["Bcc"] is None
    assert "Dear reader" not in str(message.get_body(("plain",)))
    shown = _shown(_as_it_leaves(changed, story), "To")
    plain = re.sub(r"[\0-\37\177]", " ", NAMES[name]).replace("=?", "= ?")
    assert parseaddr(shown)[0] == re.sub(" +", " ", plain).strip()
