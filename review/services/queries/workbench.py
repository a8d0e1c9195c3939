"""What an expert works with: the provisions of the own State, the answer beside the finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from review import policy
from review.models import Document, Finding, Person, Question
from review.reference import Provision
from review.services import answers, findings, questions
from review.services.queries import answers as response
from review.services.queries import documents, provision_list
from review.services.queries.provision_list import Chapter, Work
from review.services.snapshot import Dates, Side, Snapshot

READ_FINDINGS = {1: policy.Action.READ_FIRST_FINDINGS, 2: policy.Action.READ_SECOND_FINDINGS}
"""What somebody must be allowed to read the findings of a reviewing State."""


@dataclass(frozen=True, slots=True)
class OtherState:
    """The other reviewing State: whether it has this provision, and its finding if it is open."""

    side: Side
    concerned: bool
    submitted_at: datetime | None
    open: bool
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class WorkbenchPage:
    """One provision: the State's answer, my finding, the other State's where it may be seen."""

    provision: Provision
    finding: Finding | None
    answer: Mapping[str, Any] | None
    later_documents: tuple[Document, ...]
    """Attached by the State after it submitted."""
    questions: tuple[Question, ...]
    other: OtherState | None
    chapters: tuple[Chapter, ...]
    chapter: Chapter


def chapters(session: Session, seen: Snapshot, slot: int) -> list[Chapter]:
    """The provisions in the division of labour of a reviewing State, with its findings."""
    works = {
        ref: Work(item.level, _text(item), item.complete, item.updated_at)
        for ref, item in findings.of_slot(session, seen.id, slot).items()
    }
    return provision_list.chapters(seen.provisions(slot), seen.process.chapters, works)


def _text(item: Finding) -> str:
    texts = (item.summary, item.observation, item.good_practice, item.challenge)
    return " ".join((*texts, item.assistance_note))


def submitted_answers(session: Session, seen: Snapshot) -> dict[str, Mapping[str, Any]]:
    """The answers as last submitted, by provision. The caller has checked READ_RESPONSE."""
    latest = answers.latest_submission(session, seen.id)
    return {entry["provision"]: entry for entry in latest.content} if latest else {}


def one(session: Session, seen: Snapshot, slug: str, slot: int, person: Person) -> WorkbenchPage:
    """The page of one provision for an expert. Raises NotFound outside their State's part.

    The caller has checked WRITE_FINDINGS, which includes READ_RESPONSE.
    """
    item = response.provision(seen, slug, slot)
    listed = chapters(session, seen, slot)
    answer = submitted_answers(session, seen).get(item.ref)
    known = {entry["id"] for entry in answer.get("documents", ())} if answer else set()
    attached = documents.of_provision(session, seen, person, item.ref)
    return WorkbenchPage(
        provision=item,
        finding=session.get(Finding, (seen.id, slot, item.ref)),
        answer=answer,
        later_documents=tuple(d for d in attached if d.slot == 0 and d.id not in known),
        questions=tuple(
            q for q in questions.of_review(session, seen.id) if q.provision == item.ref
        ),
        other=_other(session, seen, 3 - slot, item.ref, person),
        chapters=tuple(listed),
        chapter=next(chapter for chapter in listed if chapter.number == item.chapter),
    )


def _other(
    session: Session, seen: Snapshot, slot: int, ref: str, person: Person
) -> OtherState | None:
    side = seen.sides.get(slot)
    if side is None:
        return None
    may_read = policy.can(person, READ_FINDINGS[slot], seen)
    return OtherState(
        side=side,
        concerned=ref in seen.provisions(slot),
        submitted_at=seen.dates.get(("desk_review", slot), Dates()).done_at,
        open=may_read,
        finding=session.get(Finding, (seen.id, slot, ref)) if may_read else None,
    )
