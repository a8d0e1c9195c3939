"""Questions to the State under review: who asked, until when, the answer."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from review.policy import Action
from review.services.queries import questions as pages
from review.web import opened, reading
from review.web.access import needs, viewer
from review.web.asking import answer_option, ask_option
from workflows.spec import FACT_GROUPS

blueprint = Blueprint("questions", __name__)


@blueprint.get("/reviews/<int:review_id>/questions")
@needs(Action.READ_QUESTIONS)
def show(review_id: int) -> ResponseReturnValue:
    """All questions; the State under review answers here, the others read and ask."""
    review = opened.review(review_id, Action.READ_QUESTIONS, FACT_GROUPS)
    return render_template(
        "questions/show.html",
        review=review,
        rows=pages.rows(reading.session(), review),
        answer=answer_option(review, viewer()),
        ask=ask_option(review, viewer()),
    )
