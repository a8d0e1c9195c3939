"""What stands around the words of every notice: greeting, facts, why it came, what else helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from review import links
from review.languages import N_
from review.mail import facts
from review.mail.due import Due
from review.mail.letter import Letter
from review.mail.voice import Voice

WHY: Final = {
    "focal_point": N_("You receive this because you are focal point of %(mine)s."),
    "expert": N_("You receive this because %(mine)s named you governmental expert in this review."),
    "observer": N_("You receive this because you follow this review for %(mine)s."),
    "mission": N_(
        "You receive this because nobody is named for %(mine)s in this review yet; its Permanent "
        "Mission is told instead."
    ),
    "secretariat_officer": N_(
        "You receive this because you look after this review for the secretariat."
    ),
    "secretariat_administrator": N_(
        "You receive this because you look after this review for the secretariat, or nobody does."
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A fact: its label, its value, and a remark in small letters."""

    label: str
    value: str
    remark: str = ""


def greeting(voice: Voice, words: Mapping[str, Any]) -> str:
    """By title, never by a name we do not know."""
    if words["is_mission"]:
        return voice.gettext("To the Permanent Mission of %(state)s,", state=words["mine"])
    return voice.gettext("Dear %(title)s,", title=words["title"])


def passed_on(voice: Voice, letter: Letter) -> tuple[str, ...]:
    """That the mail was meant for somebody whom it did not reach; empty where it was not."""
    reader = " ".join(str(letter.params.get("undelivered_to", "")).split())
    if not reader:
        return ()
    return (
        voice.gettext(
            "This message was sent to %(title)s and could not be delivered there. Please pass it "
            "on, or tell the secretariat the right address.",
            title=reader,
        ),
    )


def rows(voice: Voice, words: Mapping[str, Any], what: str) -> tuple[Row, ...]:
    """What it is about, which review, from whom, by when."""
    return tuple(_rows(voice, words, what))


def _rows(voice: Voice, words: Mapping[str, Any], what: str) -> Iterator[Row]:
    if about := what or words.get("step", ""):
        yield Row(voice.gettext("What"), about)
    if not words["review"]:
        return
    yield Row(voice.gettext("Review"), words["review"])
    if words["by"]:
        yield Row(voice.gettext("From"), words["by"][0].upper() + words["by"][1:])
    due = words["due"]
    if due.known:
        yield Row(_due_label(voice, due, about), due.long, due.distance)


def _due_label(voice: Voice, due: Due, about: str) -> str:
    """By when the recipient acts, or what is reached by then."""
    if due.yours:
        return voice.gettext("By when")
    return voice.gettext("Due") if about == due.milestone else due.milestone


def after(voice: Voice, words: Mapping[str, Any]) -> tuple[str, ...]:
    """What helps somebody who owes something and cannot do it."""
    due = words["due"]
    if not due.yours or words["role"] in facts.OFFICE_ROLES:
        return ()
    if words["has_task"] and not words["is_mission"]:
        return (
            voice.gettext(
                "Need more time, or is this for somebody else? Say so on the page behind the link, "
                "or reply to this message: it goes to the secretariat."
            ),
        )
    return (
        voice.gettext(
            "Need more time, or is this for somebody else? Reply to this message: it goes to the "
            "secretariat, which can set another date or invite another person."
        ),
    )


def why_instead(voice: Voice, letter: Letter, words: Mapping[str, Any]) -> str:
    """Why a mail that did not reach somebody comes to this reader; empty where it did."""
    if "undelivered_to" not in letter.params:
        return ""
    if not words["mine"]:
        return voice.gettext(
            "You receive this because a message to somebody else of the secretariat came back."
        )
    return voice.gettext(
        "You receive this because a message to somebody else for %(mine)s came back.",
        mine=words["mine"],
    )


def reasons(voice: Voice, words: Mapping[str, Any], why: str) -> tuple[str, ...]:
    """Why this came, and what comes next."""
    because = why or voice.gettext(WHY[words["role"]], mine=words["mine"])
    due = words["due"]
    if due.known and due.reminder:
        coming = voice.gettext(
            "If it is still open then, a reminder comes on %(moment)s.", moment=due.reminder
        )
        return (f"{because} {coming}",)
    return (because,)


def leaving(letter: Letter) -> str:
    """Where its reader ends a digest without signing in; other mails have no such page."""
    secret = letter.params.get("leaving")
    return links.absolute("digest", token=secret) if secret else ""


def promise(voice: Voice, letter: Letter, words: Mapping[str, Any]) -> str:
    """That nothing here needs a safe, and what the link is."""
    safe = voice.gettext("This message holds no confidential information.")
    if "token" in letter.params:
        return voice.gettext("The link is for you alone and works once; do not forward it.")
    if {"task", "succession_link"} & letter.params.keys():
        alone = voice.gettext(
            "The link is for you alone and opens without signing in; do not forward it."
        )
        return f"{safe} {alone}"
    # who has left signs in no more; who answers by mail has nothing to open
    if words["is_mission"] or {"leaves", "answer_by_mail"} & letter.params.keys():
        return safe
    opens = voice.gettext("The link opens after you sign in.")  # in an f-string none would find it
    return f"{safe} {opens}"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a digest: for which State, what, by when, and where it is done."""

    state: str
    task: str
    date: str
    remark: str
    is_late: bool
    link: str


def items(voice: Voice, letter: Letter, now: datetime) -> tuple[Item, ...]:
    """The lines of a digest; other mails have none. Each is a letter's parameters of its own."""
    return tuple(
        _item(voice, letter, params, now)
        for params in sorted(letter.params.get("items", ()), key=lambda one: one["due"] or "")
    )


def _item(voice: Voice, letter: Letter, params: Mapping[str, Any], now: datetime) -> Item:
    one = replace(letter, params=params, review_id=params["review_id"])
    words = facts.of(one, voice, now, "")
    due = words["due"]
    return Item(
        state=words["review"],
        task=words["step"] or _waited_for(voice, words),
        date=due.long,
        remark=due.distance,
        is_late=due.late > 0,
        link=words["page"],
    )


def _waited_for(voice: Voice, words: Mapping[str, Any]) -> str:
    """What others are late with, for those who look after a review."""
    return voice.gettext(
        "%(milestone)s, with %(owner)s", milestone=words["due"].milestone, owner=words["owner"]
    )
