"""The response as submitted: the frozen copy, its hash, the receipt, earlier submissions."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from review.policy import Action
from review.services import answers
from review.services.errors import NotFound
from review.services.queries import answers as pages
from review.web import opened, reading
from review.web.access import may, needs, viewer

blueprint = Blueprint("response", __name__)


@blueprint.get("/reviews/<int:review_id>/response")
@needs(Action.READ_RESPONSE)
def show(review_id: int) -> ResponseReturnValue:
    """The frozen copy with its receipt; the last one, or that of a number."""
    review = opened.review(review_id, Action.READ_RESPONSE)
    number = _number()
    try:
        page = pages.response(reading.session(), review, viewer(), number)
    except NotFound:
        if number is not None:
            abort(404)
        return render_template("response/none.html", review=review, due=pages.due(review))
    return render_template(
        "response/show.html",
        review=review,
        page=page,
        levels=pages.levels(review),
        own=may(Action.READ_DRAFT_ANSWERS, review),
    )


@blueprint.get("/reviews/<int:review_id>/response/<int:number>.json")
@needs(Action.READ_RESPONSE)
def as_hashed(review_id: int, number: int) -> ResponseReturnValue:
    """The very octets whose SHA-256 the receipt names."""
    review = opened.review(review_id, Action.READ_RESPONSE)
    page = pages.response(reading.session(), review, viewer(), number)
    return Response(
        answers.canonical(page.submission.content),
        mimetype="application/json",
        headers={
            "Content-Disposition": f"attachment; filename=response-{review_id}-{number}.json",
        },
    )


def _number() -> int | None:
    text = request.args.get("number", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        abort(404)
    return int(text)
