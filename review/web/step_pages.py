"""The pages of one step, wherever they stand: for those who are signed in, or behind a link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import render_template, url_for

from review.services.queries.step_choices import consequences
from review.services.queries.turns import Due
from review.services.snapshot import Snapshot
from review.web import extensions
from review.web.step_forms import StepForm
from workflows import engine
from workflows.spec import Reason, Step, Who


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pages of a step stand, and where they lead back to."""

    family: str
    """The blueprint with the views ``ask`` and ``take``."""
    values: Mapping[str, Any]
    back: str
    next: str = ""
    """A page of ours that was asked for afterwards."""
    only: str = ""
    """Behind a link: the one date that it is about, as forms name it."""
    due: Due | None = None
    """The same with its day, and where that ends."""
    language: Mapping[str, str] = field(default_factory=dict)
    """Behind a link: the address of this page in each language."""

    @property
    def signed_in(self) -> bool:
        """Whether the reader is signed in, and may follow links to other pages."""
        return not self.only

    def ask(self, step: str, **query: Any) -> str:
        """The page that asks what a step needs."""
        return url_for(f"{self.family}.ask", step=step, **self.values, **query)

    def confirm(self, step: str) -> str:
        """Where a step is shown once more before it is taken."""
        return url_for(f"{self.family}.confirm", step=step, **self.values)

    def take(self, step: str) -> str:
        """Where a step is taken."""
        return url_for(f"{self.family}.take", step=step, **self.values)


def page(
    at: Place,
    review: Snapshot,
    step: Step,
    who: Who,
    form: StepForm,
    *,
    reasons: tuple[Reason, ...] | None = None,
    confirming: bool = False,
) -> str:
    """The page of a step with its form, what follows from it, and what speaks against it."""
    if reasons is None:
        reasons = engine.reasons_against(review.process, step, review.facts, who)
    return render_template(
        "steps/confirm.html" if confirming else extensions.template(step),
        at=at,
        review=review,
        step=step,
        who=who,
        form=form,
        reasons=reasons,
        follows=consequences(review, step, who),
        change=extensions.change(review, step, who, form),
        next=at.next,
        language_urls=at.language,
    )
