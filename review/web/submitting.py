"""Handing in what a State has written: until when, whether it can be done now, and what if not.

Used by the self-assessment and by the workbench; the step itself has its own page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from flask import render_template
from flask.typing import ResponseReturnValue

from review import policy
from review.services.errors import Refused
from review.services.queries import turns
from review.services.queries.turns import Due
from review.services.snapshot import Dates, Snapshot
from review.web import wording
from review.web.words import _
from workflows import engine
from workflows.spec import FACT_GROUPS, Reason, Step

if TYPE_CHECKING:
    from review.models.people import Person
    from review.web.entry_forms import EntryForm

GROUPS: Final = FACT_GROUPS
"""What must be counted in a review before it can be asked whether something can be handed in."""


@dataclass(frozen=True, slots=True)
class Submitting:
    """The step that hands in a side's work, its date, and every reason against taking it now."""

    step: Step
    due: Due
    agreed: bool
    done_at: datetime | None
    reasons: tuple[Reason, ...]


def of(review: Snapshot, key: str, person: Person) -> Submitting:
    """How the work of this person's side stands. The person acts in the review."""
    step = review.process.step(key)
    who = engine.capacity_for(step, policy.capacities(person, review.members))
    if who is None:
        raise LookupError(f"{key} is not a step of person {person.id}")
    dates = review.dates.get((step.does, who.slot), Dates())
    return Submitting(
        step,
        turns.due(review, review.process.milestone(step.does), who.slot, dates.due_on),
        dates.agreed_on is not None,
        dates.done_at,
        engine.reasons_against(review.process, step, review.facts, who),
    )


def too_late(review: Snapshot, refused: Refused, form: EntryForm) -> ResponseReturnValue:
    """What was typed can no longer be saved: say why, and give it back to copy."""
    typed = [(f.name, str(f.data)) for f in form.written() if isinstance(f.data, str) and f.data]
    text = " ".join(wording.reason(reason, review) for reason in refused.reasons)
    page = render_template(
        "errors/page.html", code=409, title=_("This was not saved"), text=text, typed=typed
    )
    return page, 409
