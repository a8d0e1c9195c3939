"""A file that comes with a form: its fields, its size, the words about what was wrong with it."""

from __future__ import annotations

from flask import current_app, flash
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import StringField

from review import clock, db
from review.services import documents
from review.services.documents import FileTooLarge, Upload
from review.services.errors import InvalidGiven
from review.services.file_types import ACCEPT, NAME_LIMIT
from review.web import present
from review.web.access import viewer
from review.web.words import _, lazy

_PAGES = {"maxlength": documents.PAGES_LIMIT, "dir": "auto"}


class AttachmentForm(FlaskForm):
    """A file, and the pages in it that matter."""

    file = FileField(lazy("File"), render_kw={"accept": ACCEPT})
    pages = StringField(lazy("Pages that matter"), render_kw=_PAGES)
    status = 422


def blank() -> AttachmentForm:
    """The fields, empty."""
    return AttachmentForm(formdata=None)


def limit() -> int:
    """How many octets a file may have."""
    octets: int = current_app.extensions["review"].upload_limit_bytes
    return octets


def take(review_id: int, provision: str, form: AttachmentForm) -> bool:
    """Add the file of this request; else the form has the errors, with ``status`` to answer.

    Raises NotFound and NotAllowed as the service does.
    """
    sent = form.file.data
    if not sent or not sent.filename:
        form.file.errors = [_("Choose a file first.")]
        return False
    upload = Upload(
        name=str(sent.filename)[: 4 * NAME_LIMIT],
        content=sent.stream.read(limit() + 1),
        provision=provision,
        pages=str(form.pages.data or ""),
    )
    try:
        with db.transaction() as work:
            added = documents.add(
                work, review_id, upload, actor=viewer(), now=clock.now(), limit=limit()
            )
            name, twin = added.document.name, added.same_as
    except InvalidGiven as wrong:
        _show(form, wrong)
        return False
    flash(_("“%(name)s” is attached.", name=name), "ok")
    if twin:
        flash(_("The same file is in this review already, as “%(name)s”.", name=twin), "warn")
    return True


def _show(form: AttachmentForm, wrong: InvalidGiven) -> None:
    form.status = 413 if isinstance(wrong, FileTooLarge) else 422
    for name, text in wrong.errors.items():
        words = _(text)
        if name == "file" and isinstance(wrong, FileTooLarge):
            words += " " + _("The largest is %(size)s.", size=present.size(limit()))
        field = form.pages if name == "pages" else form.file
        field.errors = [words]
