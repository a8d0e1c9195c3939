"""What the template of a notice may say, in one language: names, dates, who acted, the link.

A template sees nothing else, and a name that is not here is an error, not an empty place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, Final

from review import links, reference
from review.languages import N_
from review.mail import due
from review.mail.letter import Letter
from review.mail.voice import Voice
from workflows.registry import process
from workflows.spec import Actor, FieldKind, Process

CYCLES: Final = {
    1: N_("%(state)s, first cycle, chapters %(chapters)s"),
    2: N_("%(state)s, second cycle, chapters %(chapters)s"),
}
ACTED: Final = {
    Actor.SECRETARIAT: N_("the secretariat"),
    Actor.FOCAL_POINT: N_("the focal point of %(state)s"),
    Actor.EXPERT: N_("the governmental experts of %(state)s"),
    Actor.MISSION: N_("the Permanent Mission of %(state)s"),
}
OFFICE_ROLES: Final = {"secretariat_officer", "secretariat_administrator"}


def of(letter: Letter, voice: Voice, now: datetime, sender: str) -> dict[str, Any]:
    """What the template of this letter may say. ``sender`` is the address replies go to."""
    p = letter.params
    reply_to = (p.get("officer") or {}).get("email") or sender
    words: dict[str, Any] = {
        "_": voice.gettext,
        "ngettext": voice.ngettext,
        "p": SimpleNamespace(**p),  # a dict's own names, such as items, would be in the way
        "day": lambda text: voice.day(date.fromisoformat(text)),
        "moment": lambda text: voice.moment(datetime.fromisoformat(text), p["time_zone"]),
        "role": p.get("role", ""),
        "title": " ".join(str(p.get("title", "")).split()),
        "mine": _state(voice, p.get("for_state")),
        "address": letter.address,
        "reply_to": reply_to,
        "url": links.absolute,
        "has_task": "task" in p,
        "is_mission": p.get("role") == "mission",
    }
    if letter.review_id is None:
        return words | {"review": "", "due": due.Due(), "page": ""}
    return words | _of_review(letter, voice, now) | {"page": _page(letter)}


def _of_review(letter: Letter, voice: Voice, now: datetime) -> dict[str, Any]:
    p = letter.params
    definition = process(p["process"])
    reviewers = [_state(voice, iso3) for iso3 in p["reviewers"]]
    party = p["party"]
    return {
        "state": _state(voice, p["state"]),
        "reviewers": voice.listed(reviewers),
        "review": _title(voice, p),
        "to_state": party == "state_under_review",
        "to_reviewer": party == "reviewing_state",
        "to_office": party == "secretariat",
        "by": _acted(voice, p),
        "by_state": _state(voice, p.get("by_state")),
        "owner": _state(voice, p.get("owner_state")) or voice.gettext(ACTED[Actor.SECRETARIAT]),
        "step": _step(voice, definition, p),
        "due": due.of(p, voice, now, letter.days_off),
        "along": due.along(p, voice, now, letter.days_off),
        "stage": lambda key: voice.gettext(definition.stage(key).label),
        "chosen": lambda field: _chosen(voice, definition, p, field),
        "state_of": lambda iso3: _state(voice, iso3),
    }


def _state(voice: Voice, iso3: str | None) -> str:
    return voice.name(reference.party(iso3).name) if iso3 else ""


def _title(voice: Voice, p: Mapping[str, Any]) -> str:
    """The review: "Zambia, first cycle, chapters III and IV"."""
    chapters = tuple(p["chapters"])
    number = next(n for n, those in reference.CHAPTERS_OF_CYCLE.items() if those == chapters)
    return voice.gettext(
        CYCLES[number], state=_state(voice, p["state"]), chapters=voice.listed(list(chapters))
    )


def _acted(voice: Voice, p: Mapping[str, Any]) -> str:
    if not p.get("by"):
        return ""
    return voice.gettext(ACTED[Actor(p["by"])], state=_state(voice, p["by_state"]))


def _step(voice: Voice, definition: Process, p: Mapping[str, Any]) -> str:
    """The step that was taken or, in a reminder, is to be taken; a question by its number."""
    if not p.get("step"):
        return ""
    if p.get("milestone_slot") and definition.milestone(p["milestone"]).repeats:
        return voice.gettext("Answer question %(number)s", number=p["milestone_slot"])
    return voice.gettext(definition.step(p["step"]).label)


def _chosen(voice: Voice, definition: Process, p: Mapping[str, Any], field: str) -> str:
    """The label of a choice that the step asked for."""
    asked = next(f for f in definition.step(p["step"]).asks if f.key == field)
    if asked.kind is not FieldKind.CHOICE:
        raise ValueError(f"{field} is not a choice of {p['step']}")
    return voice.gettext(dict(asked.choices)[p[field]])


def _page(letter: Letter) -> str:
    """The address behind the one button, of a page that the recipient may open."""
    p = letter.params
    if "task" in p:
        return links.absolute("task", token=p["task"])
    if p["opens"] == "step":
        return links.absolute("step", review_id=letter.review_id, step=p["step"])
    own = {"answers": "state_under_review", "workbench": "reviewing_state"}
    opens = p["opens"] if own.get(p["opens"], p["party"]) == p["party"] else "review"
    return links.absolute(opens, review_id=letter.review_id)
