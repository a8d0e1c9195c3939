"""What is public of completed reviews: executive summaries, and what States chose to publish."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue

from review import clock
from review.services import papers, publication
from review.services.rendering.paper import Paper
from review.web import reading
from review.web.access import public
from review.web.security import limiter

blueprint = Blueprint("published", __name__)

_AGE = 3600


@blueprint.get("/published")
@public
def index() -> ResponseReturnValue:
    """Everything that is public, by State."""
    query = "".join(sign for sign in request.args.get("q", "") if sign.isprintable())
    query = query.strip()[:100]
    found = publication.listing(reading.session(), query)
    return render_template("published/index.html", found=found, query=query)


@blueprint.get("/published/<int:review_id>/<kind>")
@public
def show(review_id: int, kind: str) -> ResponseReturnValue:
    """A published text, to read and to print."""
    paper = _paper(review_id, kind)
    return render_template("published/show.html", paper=paper, review_id=review_id, kind=kind)


@blueprint.get("/published/<int:review_id>/<kind>.<form>")
@public
@limiter.limit("60 per minute")
def download(review_id: int, kind: str, form: str) -> ResponseReturnValue:
    """A published text as a file; it may be kept for an hour."""
    if form not in papers.FORMATS:
        abort(404)
    paper = _paper(review_id, kind)
    make, media_type = papers.FORMATS[form]
    content = make(paper)
    answer = Response(content, mimetype=media_type)
    name = papers.file_name(publication.KINDS[kind], paper.facts[0][1], form)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = f"private, max-age={_AGE}"
    answer.set_etag(hashlib.sha256(content).hexdigest()[:32])
    answer.make_conditional(request)
    return answer


def _paper(review_id: int, kind: str) -> Paper:
    if kind not in publication.KINDS:
        abort(404)
    return publication.paper(
        reading.session(),
        review_id,
        publication.KINDS[kind],
        now=clock.now(),
        specimen=bool(current_app.extensions["review"].demonstration),
    )
