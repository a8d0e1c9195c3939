"""What the pages of the self-assessment and of the submitted response show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import policy, reference
from review.models import Answer, Document, Finding, Person, Submission
from review.reference import Checklist, Provision
from review.services import answers, documents
from review.services.errors import NotFound
from review.services.queries import provision_list, turns
from review.services.queries.provision_list import Chapter, Work
from review.services.queries.turns import Due
from review.services.snapshot import Dates, Snapshot
from workflows.spec import N_

QUESTIONS = {
    1: {"adopted": "adopted", "reasons": "challenges", "assessment": "self_assessment_steps"},
    2: {"adopted": "compliance", "reasons": "actions_and_challenges", "assessment": ""},
}
"""Under which code the checklist of a cycle asks what a field of an answer holds."""


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """One provision of the self-assessment with its surroundings."""

    provision: Provision
    answer: Answer | None
    documents: tuple[Document, ...]
    chapters: tuple[Chapter, ...]
    chapter: Chapter


@dataclass(frozen=True, slots=True)
class FrozenAnswer:
    """What was submitted on one provision."""

    provision: Provision
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FrozenChapter:
    """The submitted answers of one chapter."""

    number: str
    title: str
    answers: tuple[FrozenAnswer, ...]


@dataclass(frozen=True, slots=True)
class Response:
    """A frozen copy of the response as a page shows it."""

    submission: Submission
    by: str
    chapters: tuple[FrozenChapter, ...]
    documents: tuple[Mapping[str, Any], ...]
    all_numbers: tuple[Submission, ...]


def cycle_of(seen: Snapshot) -> int:
    """The number of the review cycle whose checklist is answered."""
    return reference.provisions(tuple(seen.process.chapters))[0].cycle


def checklist(seen: Snapshot) -> Checklist:
    """The questions put for every provision of this review."""
    return reference.checklist(cycle_of(seen))


def provision(seen: Snapshot, slug: str, slot: int = 0) -> Provision:
    """The provision of this address under review (by that reviewing State). Raises NotFound."""
    ref = reference.unslug(slug)
    if ref not in seen.provisions(slot):
        raise NotFound(slug)
    return reference.provision(tuple(seen.process.chapters), ref)


def chapters(session: Session, seen: Snapshot) -> list[Chapter]:
    """The list of provisions with the draft answers. The caller has checked READ_DRAFT_ANSWERS."""
    works = {
        ref: Work(item.adopted, _text(item), item.complete, item.updated_at)
        for ref, item in answers.drafts(session, seen.id).items()
    }
    return provision_list.chapters(seen.provisions(0), seen.process.chapters, works)


def _text(item: Answer) -> str:
    return " ".join((item.measures, item.examples, item.reasons, item.assistance_note))


def one(session: Session, seen: Snapshot, slug: str) -> AnswerPage:
    """The page of one provision. Raises NotFound. The caller has checked READ_DRAFT_ANSWERS."""
    item = provision(seen, slug)
    listed = chapters(session, seen)
    return AnswerPage(
        provision=item,
        answer=session.get(Answer, (seen.id, item.ref)),
        documents=tuple(own_documents(session, seen, item.ref)),
        chapters=tuple(listed),
        chapter=next(chapter for chapter in listed if chapter.number == item.chapter),
    )


def own_documents(session: Session, seen: Snapshot, ref: str) -> list[Document]:
    """What the State under review has attached to one provision."""
    found = documents.of_review(session, seen.id)
    return [item for item in found if item.slot == 0 and item.provision == ref]


def attachment_counts(session: Session, seen: Snapshot) -> Counter[str]:
    """How many documents of the State under review there are for each provision."""
    return Counter(
        item.provision for item in documents.of_review(session, seen.id) if item.slot == 0
    )


def levels(seen: Snapshot) -> dict[str, str]:
    """The answers that may be chosen, by code; to be translated."""
    codes = QUESTIONS[cycle_of(seen)]
    return {item.code: item.label for item in checklist(seen).question(codes["adopted"]).options}


def assessment_question(asked: Checklist) -> str:
    """How the checklist asks for the effect of the measures; empty where it does not."""
    code = QUESTIONS[asked.cycle]["assessment"]
    return asked.question(code).label if code else ""


def due(seen: Snapshot) -> Due:
    """When the response is due."""
    dates = seen.dates.get(("self_assessment_submitted", 0), Dates())
    milestone = seen.process.milestone("self_assessment_submitted")
    return turns.due(seen, milestone, 0, dates.due_on)


def last_writer(session: Session, held: Answer | Finding | None) -> str:
    """The name or function of whoever saved last, empty where it is not known."""
    return person_title(session, held.updated_by if held else None)


def person_title(session: Session, person_id: int | None) -> str:
    """The name or function of a person, empty where it is not known."""
    found = session.get(Person, person_id) if person_id else None
    return found.title if found else ""


@dataclass(frozen=True, slots=True)
class Check:
    """Something worth knowing before an answer is marked as done: ``ok``, ``todo`` or ``look``."""

    kind: str
    text: str


def checks(page: AnswerPage) -> list[Check]:
    """What is there and what a reviewing State would miss. Nothing but a missing answer blocks."""
    held = page.answer
    adopted = held.adopted if held else ""
    found = [
        _check(bool(adopted), N_("An answer is chosen"), N_("choose yes, in part or no."), "todo")
    ]
    if held is None or not adopted:
        return found
    if adopted != "no":
        there = bool(held.measures.strip())
        ask = N_("describe the measures: law, section and date.")
        found.append(_check(there, N_("The measures are described"), ask, "todo"))
        ask = N_("cases or figures would show how the measures work.")
        found.append(_check(bool(held.examples.strip()), N_("Examples are given"), ask))
    if adopted != "yes":
        ask = N_("say which element is missing, and why.")
        found.append(_check(bool(held.reasons.strip()), N_("The reasons are given"), ask))
    ask = N_("the text of the law is not attached.")
    found.append(_check(bool(page.documents), N_("A document is attached"), ask))
    return found


def _check(there: bool, good: str, ask: str, kind: str = "look") -> Check:
    return Check("ok", good) if there else Check(kind, ask)


def response(
    session: Session, seen: Snapshot, person: Person, number: int | None = None
) -> Response:
    """A frozen response that a person may read, the last one if no number is named.

    Raises NotFound. The caller has checked READ_RESPONSE.
    """
    readable = policy.readable_responses(person, seen)
    every = tuple(
        session.scalars(
            sa.select(Submission)
            .where(Submission.review_id == seen.id, Submission.number.in_(readable))
            .order_by(Submission.number.desc())
        )
    )
    chosen = [item for item in every if number in (None, item.number)]
    if not chosen:
        raise NotFound(f"no submission {number} of review {seen.id}")
    content = {entry["provision"]: entry for entry in chosen[0].content}
    return Response(
        submission=chosen[0],
        by=person_title(session, chosen[0].submitted_by),
        chapters=tuple(_frozen(name, content) for name in seen.process.chapters),
        documents=tuple(content.get("", {}).get("documents", ())),
        all_numbers=every,
    )


def _frozen(name: str, content: Mapping[str, Mapping[str, Any]]) -> FrozenChapter:
    return FrozenChapter(
        name,
        reference.chapter_title(name),
        tuple(
            FrozenAnswer(item, content[item.ref])
            for item in reference.provisions((name,))
            if item.ref in content
        ),
    )
