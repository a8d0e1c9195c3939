"""Asking the State under review a question, and answering it, from the pages where it comes up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from review import policy
from review.services.snapshot import Snapshot
from workflows import engine
from workflows.engine import Option

if TYPE_CHECKING:
    from review.models.people import Person


def ask_option(review: Snapshot, person: Person) -> Option | None:
    """Whether this person may ask now, with reasons if not; None where it is not theirs."""
    return _option(review, person, "ask_for_information")


def answer_option(review: Snapshot, person: Person) -> Option | None:
    """Whether this person may answer now, with reasons if not; None where it is not theirs."""
    return _option(review, person, "answer_question")


def _option(review: Snapshot, person: Person, key: str) -> Option | None:
    step = review.process.step(key)
    who = engine.capacity_for(step, policy.capacities(person, review.members))
    if who is None:
        return None
    return Option(step, who, engine.reasons_against(review.process, step, review.facts, who))
