"""One pair of pages for every step of every process: ask what it needs, say what follows, take it.

What can be taken back with another step is taken from the form at once; what cannot is shown once
more for confirmation. Both show beforehand who is told and which dates follow.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db, policy
from review.policy import Action
from review.services import snapshot, steps
from review.services.errors import InvalidGiven, NotFound, Refused
from review.services.snapshot import Snapshot
from review.web import addresses, extensions, reading
from review.web.access import needs, seen, viewer
from review.web.step_forms import StepForm, form_for
from review.web.step_pages import Place, page
from review.web.words import _
from workflows import engine
from workflows.spec import FACT_GROUPS, Step, Who

blueprint = Blueprint("steps", __name__)

_AFTERWARDS = {
    "submit_self_assessment": "response.show",
    "ask_for_information": "questions.show",
    "answer_question": "questions.show",
    "edit_report": "report.show",
    "assemble_draft": "report.show",
    "approve_report": "report.show",
    "comment_on_draft": "report.show",
}
"""Where a step leads that is not best seen on the review's page."""


@blueprint.get("/reviews/<int:review_id>/steps/<step>")
@needs(Action.SEE_REVIEW)
def ask(review_id: int, step: str) -> ResponseReturnValue:
    """What a step asks for and what will follow; nothing changes."""
    review, definition, who = _find(review_id, step)
    suggested = prefilled(review, definition) | extensions.suggested(review, definition)
    form = form_for(reading.session(), review, definition, who, suggested)
    return _page(review, definition, who, form)


@blueprint.post("/reviews/<int:review_id>/steps/<step>/confirm")
@needs(Action.SEE_REVIEW)
def confirm(review_id: int, step: str) -> ResponseReturnValue:
    """Everything once more before a step that cannot be taken back; nothing changes."""
    review, definition, who = _find(review_id, step)
    form = form_for(reading.session(), review, definition, who, {})
    if _is_stale(form, review):
        raise steps.stale(reading.session(), review_id)
    reasons = engine.reasons_against(review.process, definition, review.facts, who)
    if reasons:
        return _page(review, definition, who, form), 409
    try:
        engine.take(review.process, step, review.facts, (who,), form.given())
    except InvalidGiven as wrong:
        form.show_errors(wrong.errors)
        return _page(review, definition, who, form), 422
    return _page(review, definition, who, form, confirming=True)


@blueprint.post("/reviews/<int:review_id>/steps/<step>")
@needs(Action.SEE_REVIEW)
def take(review_id: int, step: str) -> ResponseReturnValue:
    """Take the step."""
    review, definition, who = _find(review_id, step)
    form = form_for(reading.session(), review, definition, who, {})
    try:
        with db.transaction() as work:
            steps.take(
                work,
                review_id,
                step,
                actor=viewer(),
                now=clock.now(),
                given=form.given(),
                version=version_of(form),
            )
    except Refused as refused:
        return _refused(review_id, step, form, refused), 409
    except InvalidGiven as wrong:
        form.show_errors(wrong.errors)
        return _page(review, definition, who, form), 422
    flash(_("Done: %(what)s.", what=_(review.process.event(definition))), "ok")
    return redirect(_afterwards(review_id, step))


def _find(review_id: int, step: str) -> tuple[Snapshot, Step, Who]:
    """The review, the step and the capacity of the viewer; 404 where one of them is not there."""
    try:
        found: Snapshot | None = snapshot.load(
            reading.session(), review_id, clock.now(), FACT_GROUPS
        )
    except NotFound:
        found = None
    review = seen(found, Action.SEE_REVIEW)
    if not review.process.has_step(step):
        raise NotFound(step)
    definition = review.process.step(step)
    who = engine.capacity_for(definition, policy.capacities(viewer(), review.members))
    if who is None:
        raise NotFound(step)
    return review, definition, who


def prefilled(review: Snapshot, step: Step) -> dict[str, Any]:
    """Values that the page or the link suggests; the person can change them."""
    suggested: dict[str, Any] = {"version": review.version}
    state = review.sides[0]
    today = review.facts.today.isoformat() if review.facts.today else ""
    known = {"language": state.language, "held_on": today, "text_hash": review.facts.draft_hash}
    for item in step.asks:
        if item.key in request.args:
            suggested[item.key] = request.args[item.key]
        elif item.key in known and item.key != "text_hash":
            suggested[item.key] = known[item.key]
    return suggested


def version_of(form: StepForm) -> int | None:
    """The version of the page; a missing or broken one counts as out of date.

    An approval carries the fingerprint of the text instead, so that two States can approve the
    same text at the same moment.
    """
    if "text_hash" in form:
        return None
    text = str(form.version.data or "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def _is_stale(form: StepForm, review: Snapshot) -> bool:
    return version_of(form) not in {None, review.version}


def _place(review_id: int) -> Place:
    back = wanted_next() or url_for("reviews.show", review_id=review_id)
    return Place("steps", {"review_id": review_id}, back, next=wanted_next())


def _page(
    review: Snapshot, step: Step, who: Who, form: StepForm, *, confirming: bool = False
) -> str:
    return page(_place(review.id), review, step, who, form, confirming=confirming)


def _refused(review_id: int, step: str, form: StepForm, refused: Refused) -> str:
    """The page of a step that became impossible meanwhile, with what was typed."""
    reading.release()
    review, definition, who = _find(review_id, step)
    return page(_place(review_id), review, definition, who, form, reasons=refused.reasons)


def wanted_next() -> str:
    """Where the page was asked to lead afterwards; only addresses of our own, else empty."""
    wanted = request.values.get("next", "")
    return wanted if wanted and addresses.local(wanted, "/-") != "/-" else ""


def _afterwards(review_id: int, step: str) -> str:
    return wanted_next() or url_for(_AFTERWARDS.get(step, "reviews.show"), review_id=review_id)
