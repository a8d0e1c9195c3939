"""The questions of a review with who asked, until when, and who answered."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from review import reference
from review.models import Question
from review.reference import Provision
from review.services import questions
from review.services.queries import turns
from review.services.queries.answers import person_title
from review.services.queries.turns import Due
from review.services.snapshot import Dates, Snapshot


@dataclass(frozen=True, slots=True)
class Row:
    """One question."""

    question: Question
    provision: Provision | None
    asked_by: str
    """The reviewing State that asked; empty for the secretariat."""
    answered_by: str
    due: Due

    @property
    def open(self) -> bool:
        """Whether there is no answer yet."""
        return self.question.answered_at is None


def rows(session: Session, seen: Snapshot) -> list[Row]:
    """The open questions by date, then the answered ones, the latest first.

    The caller has checked READ_QUESTIONS.
    """
    found = [_row(session, seen, item) for item in questions.of_review(session, seen.id)]
    waiting = [row for row in found if row.open]
    waiting.sort(key=lambda row: (row.due.on is None, row.due.on, row.question.number))
    return waiting + [row for row in reversed(found) if not row.open]


def _row(session: Session, seen: Snapshot, item: Question) -> Row:
    dates = seen.dates.get(("question_answered", item.number), Dates())
    known = item.provision in seen.provisions(0)
    side = seen.sides.get(item.slot) if item.slot else None
    return Row(
        question=item,
        provision=reference.provision(seen.process.chapters, item.provision) if known else None,
        asked_by=side.name if side else "",
        answered_by=person_title(session, item.answered_by),
        due=turns.due(seen, seen.process.milestone("question_answered"), item.number, dates.due_on),
    )
