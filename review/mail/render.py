"""A letter becomes a message: subject, plain text and HTML with the same sentences.

`templates/email/<notice>.txt` sets the words of one notice: ``subject``, ``ask`` (the first line:
what is asked, by whom, for which State, by when), ``text``, ``action``, where it differs ``what``
and ``link``. The two layouts put them on a page. A mail is in one language: where the recipient's
catalogue lacks a single text of it, the whole mail is in English and says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache, partial
from secrets import token_hex
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.environment import TemplateModule

from review import languages, links
from review.languages import Language
from review.mail import attached, facts, frame, headers
from review.mail.attached import Attached
from review.mail.flowed import flowed
from review.mail.frame import Item, Row
from review.mail.letter import Letter
from review.mail.voice import Voice
from review.resources import TEMPLATES

FOLDER: Final = TEMPLATES / "email"
_GAP: Final = re.compile(r"[ \t\r\n\v\f\x85\u2028\u2029]+")
_BOUNDARY: Final = f"=_{token_hex(16)}"
"""Between text and HTML. One for all mails of a process, which nobody can guess and write into one;
the library makes another for each, and looks for it in the whole text."""
POLICY: Final = SMTP.clone(cte_type="7bit")  # passes servers without 8BITMIME unchanged


class CannotWrite(Exception):
    """A letter cannot become a message: its template or its parameters are wrong."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one mail, before they are laid out."""

    subject: str
    ask: str
    greeting: str
    paragraphs: tuple[str, ...]
    rows: tuple[Row, ...]
    items: tuple[Item, ...]
    action: str
    link: str
    after: tuple[str, ...]
    why: tuple[str, ...]
    promise: str
    account: str
    """Where the recipient chooses which messages come; empty without an account."""
    leaving: str
    """Where a digest is ended; other mails have none."""

    @property
    def shown_link(self) -> str:
        """The link as it is written out: of an answer by mail, the address alone."""
        return self.link.removeprefix("mailto:").partition("?")[0] if self.by_mail else self.link

    @property
    def by_mail(self) -> bool:
        """Whether the answer is a mail and not a page."""
        return self.link.startswith("mailto:")


@dataclass(frozen=True, slots=True)
class Written:
    """A finished mail: subject and both parts, and the language they are in."""

    subject: str
    text: str
    html: str
    language: Language


def written_notices() -> frozenset[str]:
    """Every notice that has words."""
    return frozenset(path.stem for path in FOLDER.glob("*.txt"))


def render(letter: Letter, *, sender: str, now: datetime) -> EmailMessage:
    """The message for a letter, dated ``now``. ``sender`` is an address, with or without a name.

    Raises CannotWrite with the reason.
    """
    try:
        written = write(letter, sender=sender, now=now)
        files = attached.of(letter, written.language.code, sender=sender, now=now)
        return _with_calendar(_message(letter, written, sender, now), written.language, files)
    except Exception as problem:  # one mail that cannot be written must not stop the others
        raise CannotWrite(f"{letter.notice}: {type(problem).__name__}: {problem}") from problem


def write(letter: Letter, *, sender: str, now: datetime) -> Written:
    """The mail in the letter's language or, where that is incomplete, in English with a remark."""
    voice = Voice(letter.language)
    written = _written(letter, voice, sender, now)
    if voice.is_complete:
        return written
    return _written(letter, Voice(languages.SOURCE), sender, now, instead_of=voice.language)


def _written(
    letter: Letter, voice: Voice, sender: str, now: datetime, instead_of: Language | None = None
) -> Written:
    words = _words(letter, voice, sender, now)
    page = {"mail": words, "_": voice.gettext, "language": voice.language, "instead_of": instead_of}
    layout = _environment().get_template
    return Written(
        subject=words.subject,
        text=layout("email/layout/mail.txt").render(page),
        html=layout("email/layout/mail.html").render(page),
        language=voice.language,
    )


def _words(letter: Letter, voice: Voice, sender: str, now: datetime) -> Words:
    known = facts.of(letter, voice, now, parseaddr(sender)[1])
    said = _environment().get_template(f"email/{letter.notice}.txt").make_module(known)
    part = partial(_part, said)
    asks = "succession_link" in letter.params  # a mission with a page of its own for this
    by_mail = known["is_mission"] and not known["has_task"] and not asks
    action = part("action") if asks else _action(voice, known, part("action"))
    return Words(
        subject=part("subject"),
        ask=part("ask"),
        greeting=frame.greeting(voice, known),
        paragraphs=(
            *frame.passed_on(voice, letter),
            *filter(None, map(_one_line, getattr(said, "text", "").split("\n\n"))),
        ),
        rows=frame.rows(voice, known, part("what", "")),
        items=frame.items(voice, letter, now),
        action=action,
        link=_answer(known["reply_to"], part("subject"))
        if by_mail
        else part("link", known["page"]),
        after=frame.after(voice, known),
        why=frame.reasons(voice, known, frame.why_instead(voice, letter, known) or part("why", "")),
        promise=frame.promise(voice, letter, known),
        account=""
        if known["is_mission"] or {"token", "leaves"} & letter.params.keys()
        else links.absolute("account"),
        leaving=frame.leaving(letter),
    )


def _action(voice: Voice, known: Mapping[str, Any], otherwise: str) -> str:
    """What stands on the button: a mission has no account, it confirms and answers in writing."""
    if not known["is_mission"]:
        return otherwise
    if known["has_task"]:
        return voice.gettext("See what is asked, and confirm receipt")
    return voice.gettext("Answer the secretariat")


def _answer(address: str, subject: str) -> str:
    """A link that opens a new mail: a mission has no account, it answers in writing."""
    return f"mailto:{quote(address, safe='@')}?subject={quote(f'Re: {subject}')}"


def _part(said: TemplateModule, name: str, otherwise: str | None = None) -> str:
    """What a template sets under a name; without ``otherwise`` it has to."""
    text = getattr(said, name, otherwise)
    if text is None:
        raise LookupError(f"the template sets no {name}")
    return _one_line(str(text))


def _one_line(text: str) -> str:
    """Without line ends; spaces that do not break stay, as French has them before a colon."""
    return _GAP.sub(" ", text).strip(" ")


def _message(letter: Letter, written: Written, sender: str, now: datetime) -> EmailMessage:
    name, address = parseaddr(sender)
    domain = address.rpartition("@")[2]
    message = EmailMessage(policy=headers.POLICY)
    message["From"] = _address(name, address)
    message["To"] = _address(str(letter.params.get("title", "")), letter.address)
    message["Subject"] = headers.shown(written.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = letter.message_id(domain)
    if thread := letter.thread_id(domain):
        headers.put_together(message, thread)
    if leaving := frame.leaving(letter):
        headers.offer_end(message, leaving)
    officer = letter.params.get("officer")
    if officer and officer["email"] != letter.address:
        message["Reply-To"] = _address(officer["title"], officer["email"])
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(flowed(written.text), params={"format": "flowed"})
    message.make_alternative(boundary=_BOUNDARY)
    message.add_alternative(written.html, subtype="html")
    return message


def _with_calendar(
    message: EmailMessage, language: Language, files: tuple[Attached, ...]
) -> EmailMessage:
    """The mail with its files: text, HTML and invitation are alternatives, files lie beside them.

    Base64 keeps the folded lines of a calendar as they are, whatever a server does to long ones.
    """
    for one in files:
        if one.invites:
            message.add_alternative(
                one.content, subtype="calendar", params={"method": one.method}, cte="base64"
            )
    for one in files:
        message.add_attachment(
            one.content,
            subtype="calendar",
            params={"method": one.method},
            filename=one.filename,
            cte="base64",
        )
    message["Content-Language"] = language.code  # set earlier, it would go with the text
    return message


def _address(name: str, address: str) -> Address:
    return Address(display_name=headers.shown(name), addr_spec=address)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
