"""What the findings of both reviewing States put under the headings of the report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Final, NamedTuple

import sqlalchemy as sa
from babel.dates import format_date
from sqlalchemy.orm import Session

from review import languages, reference
from review.models import Finding, Review
from review.services import blueprint
from review.services.snapshot import Snapshot
from workflows.spec import N_

_FIELDS: Final = ("summary", "observation", "good_practice", "challenge")
_OF_PROVISION: Final = {part: field for part, _, field in blueprint.PROVISION_PARTS}
_OF_SUMMARY: Final = {part: field for part, _, field in blueprint.SUMMARY_PARTS}
_VISIT: Final = N_(
    "A country visit, agreed to by %(state)s, was conducted from %(first)s to %(last)s."
)
_MEETING: Final = N_(
    "A joint meeting was held at the United Nations Office at Vienna from %(first)s to %(last)s."
)
_VIRTUAL: Final = N_(
    "A virtual visit, agreed to by %(state)s, was conducted from %(first)s to %(last)s."
)
_INTRODUCTION: Final = N_(
    "The Conference of the States Parties to the United Nations Convention against Corruption"
    " established, by its resolution 3/1, the Mechanism for the Review of Implementation of the"
    " Convention."
)
_IN_A_CYCLE: Final = N_(
    "%(state)s was reviewed in year %(year)s of review cycle %(cycle)s, on chapters %(one)s and"
    " %(two)s."
)
_REVIEWED: Final = {
    1: N_(
        "%(state)s was reviewed in year %(year)s of the first review cycle, on chapters %(one)s"
        " and %(two)s."
    ),
    2: N_(
        "%(state)s was reviewed in year %(year)s of the second review cycle, on chapters %(one)s"
        " and %(two)s."
    ),
}
_PROCESS: Final = N_(
    "This review of the implementation of the Convention by %(state)s is based on the completed"
    " response to the self-assessment checklist received from %(state)s, on supplementary"
    " information provided in accordance with paragraph 27 of the terms of reference, and on the"
    " outcome of the constructive dialogue between the governmental experts from %(first)s,"
    " %(second)s and %(state)s, by means of telephone conferences and e-mail exchanges."
)
_SIGNED: Final = N_("%(state)s signed the Convention on %(day)s.")
_BOUND: Final = N_("Its instrument of ratification or accession is dated %(day)s.")


class _Text(NamedTuple):
    """What one State says on one provision, by the fields of the blueprint."""

    summary: str
    observation: str
    good_practice: str
    challenge: str
    assistance: str


_Found = Mapping[int, Mapping[str, _Text]]


def draft(session: Session, snapshot: Snapshot) -> list[tuple[str, str]]:
    """Key and text of every section in order, from the findings of both reviewing States."""
    found = _findings(session, snapshot.id)
    texts = _opening(session, snapshot)
    return [
        (key, texts[key] if key in texts else _assembled(snapshot, found, key))
        for key in blueprint.keys(snapshot.process.chapters)
    ]


def differing(session: Session, snapshot: Snapshot) -> frozenset[str]:
    """Sections of provisions on which both reviewing States wrote, and not the same."""
    found = _findings(session, snapshot.id)
    keys = set()
    for ref in found[1].keys() & found[2].keys():
        for part, field in _OF_PROVISION.items():
            texts = {getattr(found[slot][ref], field) for slot in (1, 2)}
            if len(texts) > 1 and "" not in texts:
                keys.add(f"provision:{ref}:{part}")
    return frozenset(keys)


def _findings(session: Session, review_id: int) -> dict[int, dict[str, _Text]]:
    found: dict[int, dict[str, _Text]] = {1: {}, 2: {}}
    rows = session.execute(
        sa.select(
            Finding.slot,
            Finding.provision,
            *(getattr(Finding, field) for field in _FIELDS),
            Finding.assistance,
            Finding.assistance_note,
        ).where(Finding.review_id == review_id)
    )
    for slot, ref, *texts, codes, note in rows:
        one, two, three, four = (text.strip() for text in texts)
        found[slot][ref] = _Text(one, two, three, four, _assistance(codes, note))
    return found


def _assistance(codes: list[str], note: str) -> str:
    names = _assistance_names()
    lines = [names.get(code, code) for code in codes if code != "none"]
    return "\n".join((*lines, *([note.strip()] if note.strip() else ())))


@cache
def _assistance_names() -> dict[str, str]:
    return {
        option.code: option.label
        for cycle in (1, 2)
        for option in reference.checklist(cycle).assistance
    }


def _opening(session: Session, snapshot: Snapshot) -> dict[str, str]:
    """Introduction, process and ratification from the record, in the language of the review."""
    review = session.get_one(Review, snapshot.id)
    code = review.language or languages.SOURCE
    say = languages.translations(code).gettext
    state, first, second = (say(snapshot.sides[slot].name) for slot in (0, 1, 2))
    one, two = snapshot.process.chapters
    names = {"state": state, "first": first, "second": second, "one": one, "two": two}
    process = say(_PROCESS) % names
    if dialogue := _dialogue(snapshot, review, code):
        process += " " + dialogue
    signed, bound = review.state.signed_on, review.state.ratified_on
    ratification = [
        say(text) % {"state": state, "day": _day(day, code)}
        for text, day in ((_SIGNED, signed), (_BOUND, bound))
        if day
    ]
    number = review.cycle.number
    values = names | {"year": review.year, "cycle": number}
    reviewed = say(_REVIEWED.get(number, _IN_A_CYCLE)) % values
    return {
        "introduction": f"{say(_INTRODUCTION)} {reviewed}",
        "process": process,
        "ratification": " ".join(ratification),
    }


def _dialogue(snapshot: Snapshot, review: Review, code: str) -> str:
    """The sentence on a visit or a meeting that was held; empty for a dialogue by calls only."""
    first, last = review.dialogue_first_day, review.dialogue_last_day
    means = {"country_visit": _VISIT, "joint_meeting": _MEETING, "virtual_visit": _VIRTUAL}
    text = means.get(snapshot.facts.means)
    if text is None or first is None or last is None or not snapshot.facts.is_done("dialogue_held"):
        return ""
    say = languages.translations(code).gettext
    state = say(snapshot.sides[0].name)
    return say(text) % {"state": state, "first": _day(first, code), "last": _day(last, code)}


def _day(day: date, code: str) -> str:
    return format_date(day, "d MMMM y" if code == "en" else "long", locale=code)


def _assembled(snapshot: Snapshot, found: _Found, key: str) -> str:
    kind, *rest = key.split(":")
    if kind == "provision":
        ref, part = rest
        return _joined(snapshot, found, ref, _OF_PROVISION[part])
    if kind == "summary" and len(rest) == 2:
        chapter, part = rest
        field = _OF_SUMMARY[part]
        return _summary(snapshot, found, chapter, field) if field else ""
    return ""


def _joined(snapshot: Snapshot, found: _Found, ref: str, field: str) -> str:
    """Both States' text on one provision; the States are named only where the two differ."""
    given = {
        slot: text
        for slot in (1, 2)
        if ref in found[slot] and (text := getattr(found[slot][ref], field))
    }
    if len(set(given.values())) <= 1:
        return next(iter(given.values()), "")
    return "\n\n".join(f"{snapshot.sides[slot].name}: {text}" for slot, text in given.items())


def _summary(snapshot: Snapshot, found: _Found, chapter: str, field: str) -> str:
    """The chapter's paragraphs of the executive summary under its fixed groups of articles."""
    by_article: dict[int, list[str]] = {}
    for item in reference.provisions((chapter,)):
        if text := _joined(snapshot, found, item.ref, field):
            line = text.replace("\n\n", "\n")
            by_article.setdefault(item.article, []).append(f"{item.ref}: {line}")
    blocks = []
    for group in reference.summary_groups(chapter):
        lines = [line for number in group.articles for line in by_article.pop(number, ())]
        if lines:
            blocks.append("\n\n".join((group.heading, *lines)))
    rest = [line for lines in by_article.values() for line in lines]
    return "\n\n".join((*rest, *blocks))
