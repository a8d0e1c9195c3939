"""A review's page, for everybody who may know of it."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from review import clock
from review.policy import Action
from review.services import pauses
from review.services.errors import NotFound
from review.services.pauses import Whose
from review.services.queries import date_changes, findings, offices, reviews, task
from review.web import notice_names, reading
from review.web.access import may, needs, seen, viewer
from review.web.picture import picture

blueprint = Blueprint("reviews", __name__)

SHORT, LONG = 8, 500
MATERIAL = {
    "answers": Action.READ_DRAFT_ANSWERS,
    "response": Action.READ_RESPONSE,
    "workbench": Action.WRITE_FINDINGS,
    "questions": Action.READ_QUESTIONS,
    "report": Action.READ_SENT_REPORT,
    "documents": Action.READ_DOCUMENTS,
}


@blueprint.get("/reviews/<int:review_id>")
@needs(Action.SEE_REVIEW)
def show(review_id: int) -> ResponseReturnValue:
    """Where a review stands, whose turn it is, what happens next and what has happened."""
    page = _load(review_id)
    entries, total = reviews.timeline(reading.session(), page.seen, viewer(), limit=SHORT)
    return render_template(
        "reviews/show.html",
        page=page,
        review=page.seen,
        entries=entries,
        total=total,
        changes=date_changes.history(reading.session(), page.seen),
        stops=date_changes.stops(reading.session(), page.seen),
        material={name: may(action, page.seen) for name, action in MATERIAL.items()},
        findings=findings.readable(page.seen, viewer()),
        may_assign=may(Action.MANAGE_PEOPLE),
        notice_name=notice_names.name,
        successions=_successions(page),
        pause=pauses.in_force(reading.session(), Whose(review_id=review_id), clock.now()),
        receipts=task.open_receipts(reading.session(), page.seen, viewer()),
        resting=_resting(page) if viewer().is_secretariat else [],
    )


def _successions(page: reviews.ReviewPage) -> int:
    """How many offices may have to change hands, of those that concern the reader."""
    slots = {who.slot for who in page.capacities} if not viewer().is_secretariat else {0, 1, 2}
    found = offices.lines(reading.session(), clock.now(), open_ones=True, reviews=[page.seen.id])
    return sum(line.one.office.slot in slots for line in found)


def _resting(page: reviews.ReviewPage) -> list[tuple[str, date]]:
    """Who of the review is not reminded at present, and until when."""
    members = {one.person_id: one.title for one in page.seen.members}
    found = pauses.of_people(reading.session(), members, clock.now())
    return [(members[number], one.until) for number, one in found.items()]


@blueprint.get("/reviews/<int:review_id>/history")
@needs(Action.SEE_REVIEW)
def history(review_id: int) -> ResponseReturnValue:
    """Everything that happened in a review: steps, messages, or both."""
    page = _load(review_id)
    show = request.args.get("show", "all")
    if show not in {"all", "steps", "mails"}:
        abort(404)
    entries, total = reviews.timeline(reading.session(), page.seen, viewer(), show=show, limit=LONG)
    return render_template(
        "reviews/history.html",
        page=page,
        review=page.seen,
        entries=entries,
        total=total,
        show=show,
        notice_name=notice_names.name,
    )


@blueprint.get("/reviews/<int:review_id>/process")
@needs(Action.SEE_REVIEW)
def process(review_id: int) -> ResponseReturnValue:
    """The process as a picture, with the position of this review."""
    page = _load(review_id)
    return render_template(
        "reviews/process.html", page=page, review=page.seen, diagram=picture(page)
    )


def _load(review_id: int) -> reviews.ReviewPage:
    try:
        page = reviews.load(reading.session(), review_id, viewer(), clock.now())
    except NotFound:
        abort(404)
    seen(page.seen, Action.SEE_REVIEW)
    return page
