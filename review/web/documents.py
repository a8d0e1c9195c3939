"""Documents of a review: list, upload, download, removal after a question.

A file is only ever sent as an attachment that no browser runs. Opening one writes nothing: a GET
has a read-only transaction.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue

from review import clock, db
from review.policy import Action
from review.services import documents
from review.services.documents import SECRETARIAT
from review.services.errors import NotFound, Refused
from review.services.queries import documents as pages
from review.services.queries.documents import Row
from review.services.snapshot import Snapshot
from review.web import opened, reading, uploads, wording
from review.web.access import may, needs, viewer
from review.web.words import _

if TYPE_CHECKING:
    from review.models.material import Document

blueprint = Blueprint("documents", __name__)

_SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


@blueprint.get("/reviews/<int:review_id>/documents")
@needs(Action.READ_DOCUMENTS)
def index(review_id: int) -> ResponseReturnValue:
    """What the reader may see, with who else sees it; and the form to add a file."""
    review = opened.review(review_id, Action.READ_DOCUMENTS)
    return _index(review, uploads.blank())


@blueprint.post("/reviews/<int:review_id>/documents")
@needs(Action.ADD_DOCUMENTS)
def add(review_id: int) -> ResponseReturnValue:
    """Take in a file, for one provision or for the whole review."""
    review = opened.review(review_id, Action.ADD_DOCUMENTS)
    form = uploads.AttachmentForm()
    provision = request.form.get("provision", "")
    if provision and provision not in review.provisions(0):
        abort(422)
    if not uploads.take(review_id, provision, form):
        return _index(review, form, provision), form.status
    return redirect(url_for("documents.index", review_id=review_id))


@blueprint.get("/documents/<int:document_id>")
@needs(Action.READ_DOCUMENTS)
def download(document_id: int) -> ResponseReturnValue:
    """The file itself, for those who may see it."""
    found, review = _find(document_id)
    if not documents.may_open(reading.session(), viewer(), review, found):
        abort(404)
    content = documents.content(reading.session(), found)
    answer: Response = send_file(
        io.BytesIO(content),
        mimetype=found.media_type,
        as_attachment=True,
        download_name=found.name,
        etag=False,
    )
    answer.headers["Content-Security-Policy"] = _SANDBOX
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/documents/<int:document_id>/remove")
@needs(Action.READ_DOCUMENTS)
def ask_to_remove(document_id: int) -> ResponseReturnValue:
    """Ask before a document is removed; or say why it stays."""
    found, review = _find(document_id)
    if found.removed_at or not documents.visible(viewer(), review, found):
        abort(404)
    return _remove_page(review, pages.row(reading.session(), review, viewer(), found))


@blueprint.post("/documents/<int:document_id>/remove")
@needs(Action.READ_DOCUMENTS)
def remove(document_id: int) -> ResponseReturnValue:
    """Take a document out of the lists."""
    _found, review = _find(document_id)
    try:
        with db.transaction() as work:
            gone = documents.remove(work, document_id, actor=viewer(), now=clock.now())
            name, review_id = gone.name, gone.review_id
    except Refused as refused:
        text = " ".join(wording.reason(reason, review) for reason in refused.reasons)
        page = render_template(
            "errors/page.html", code=409, title=_("This document stays"), text=text
        )
        return page, 409
    flash(_("“%(name)s” is removed.", name=name), "ok")
    return redirect(url_for("documents.index", review_id=review_id))


def side_name(review: Snapshot, slot: int) -> str:
    """Who brought a document: the name of the State, or the secretariat."""
    return _("Secretariat") if slot == SECRETARIAT else _(review.sides[slot].name)


def _find(document_id: int) -> tuple[Document, Snapshot]:
    """The document and its review; 404 where the reader has no part in the review."""
    try:
        found = documents.find(reading.session(), document_id)
    except NotFound:
        abort(404)
    return found, opened.review(found.review_id, Action.READ_DOCUMENTS)


def _index(review: Snapshot, form: uploads.AttachmentForm, provision: str = "") -> str:
    return render_template(
        "documents/index.html",
        review=review,
        rows=pages.listing(reading.session(), review, viewer()),
        form=form,
        chosen=provision,
        choices=pages.choices(review),
        limit=uploads.limit(),
        outlook=pages.outlook(review, viewer()),
        may_add=may(Action.ADD_DOCUMENTS, review),
        side_name=side_name,
    )


def _remove_page(review: Snapshot, row: Row) -> str:
    return render_template("documents/remove.html", review=review, row=row, side_name=side_name)
