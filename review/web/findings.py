"""The findings of both reviewing States side by side, to read, once they may be read."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from review.policy import Action
from review.services.queries import findings as pages
from review.services.queries.workbench import READ_FINDINGS
from review.web import opened, reading
from review.web.access import needs, seen, viewer

blueprint = Blueprint("findings", __name__)


@blueprint.get("/reviews/<int:review_id>/findings")
@needs(Action.SEE_REVIEW)
def show(review_id: int) -> ResponseReturnValue:
    """One chapter of the findings that the reader may see; 404 while there are none."""
    review = opened.review(review_id, Action.SEE_REVIEW)
    slots = pages.readable(review, viewer())
    if not slots:
        abort(404)
    for slot in slots:
        seen(review, READ_FINDINGS[slot])
    chapter = request.args.get("chapter", review.process.chapters[0])
    picked = request.args.get("show", "all")
    if chapter not in review.process.chapters or picked not in pages.SHOW:
        abort(404)
    return render_template(
        "findings/show.html",
        review=review,
        slots=slots,
        chapter=chapter,
        picked=picked,
        pairs=pages.pairs(reading.session(), review, slots, chapter, picked),
    )
