"""Questions to the State under review and its answers (ToR 23-24)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Question
from review.services.change import Change
from review.services.errors import InvalidGiven
from review.services.material import check_provision
from workflows.spec import N_, Actor


def ask(change: Change) -> None:
    """Send a question; it becomes an obligation of the State, with its own date if one is named."""
    who = change.outcome.who
    check_provision(change.snapshot, change.text("provision"))
    wanted = change.given("answer_by")
    today = change.snapshot.facts.today
    if wanted and today and wanted <= today:
        raise InvalidGiven({"answer_by": N_("Choose a day after today.")})
    number = _next_number(change.session, change.review_id)
    change.session.add(
        Question(
            review_id=change.review_id,
            number=number,
            slot=who.slot if who.actor is Actor.EXPERT else 0,
            provision=change.text("provision"),
            text=change.text("text"),
            asked_at=change.now,
            asked_by=change.actor.id,
            answer_by=wanted,
            simulated=change.simulated,
        )
    )
    change.session.flush()
    change.set_dates(
        ("question_answered", number), agreed_on=wanted, done_at=None, simulated=change.simulated
    )
    change.after["question"] = number
    change.params |= {"question": number, "provision": change.text("provision")}
    side = change.snapshot.sides[0]
    change.params |= {
        "milestone": "question_answered",
        "due": wanted.isoformat() if wanted else None,
        "due_zone": side.time_zone,
        "due_place": side.capital,
    }


def _next_number(session: Session, review_id: int) -> int:
    """Numbers run within a review; its row is locked while a step is taken."""
    last = session.scalar(
        sa.select(sa.func.max(Question.number)).where(Question.review_id == review_id)
    )
    return (last or 0) + 1


def answer(change: Change) -> None:
    """Record the State's answer. Raises InvalidGiven if the question is not open."""
    question = change.session.scalars(
        sa.select(Question).where(
            Question.review_id == change.review_id,
            Question.number == change.given("question"),
            Question.answered_at.is_(None),
        )
    ).first()
    if question is None:
        raise InvalidGiven({"question": N_("This question is not open.")})
    question.answer = change.text("answer")
    question.answered_at, question.answered_by = change.now, change.actor.id
    change.session.flush()
    change.after["question"] = question.number
    change.params |= {"question": question.number, "provision": question.provision}


def of_review(session: Session, review_id: int) -> list[Question]:
    """All questions of a review in order. The caller has checked READ_QUESTIONS."""
    return list(
        session.scalars(
            sa.select(Question).where(Question.review_id == review_id).order_by(Question.number)
        )
    )
