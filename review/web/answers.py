"""The self-assessment of the State under review: overview, one page a provision, autosave.

Everything works without script. With script the form saves itself; the same two rules hold: an
answer is saved only from the version that its author saw, and what was typed is never dropped.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db
from review.policy import Action
from review.services import answers
from review.services.errors import InvalidGiven, Refused
from review.services.material import Overwritten
from review.services.queries import answers as pages
from review.services.queries import provision_list
from review.services.queries.answers import AnswerPage
from review.services.snapshot import Snapshot
from review.web import (
    opened,
    provision_filter,
    provision_words,
    reading,
    submitting,
    uploads,
)
from review.web.access import may, needs, viewer
from review.web.entry_forms import EntryForm, answer_form
from review.web.words import _

blueprint = Blueprint("answers", __name__)
provision_words.install(blueprint)

STEP = "submit_self_assessment"
_FIELDS = (*answers.TEXTS, "adopted", "assistance")


@blueprint.get("/reviews/<int:review_id>/answers")
@needs(Action.SEE_REVIEW)
def overview(review_id: int) -> ResponseReturnValue:
    """The provisions with what is answered; for others the submitted response, or when it comes."""
    review = opened.review(review_id, Action.SEE_REVIEW, submitting.GROUPS)
    if not may(Action.READ_DRAFT_ANSWERS, review):
        if may(Action.READ_RESPONSE, review):
            return redirect(url_for("response.show", review_id=review_id))
        return render_template("answers/waiting.html", review=review, due=pages.due(review))
    chapters = pages.chapters(reading.session(), review)
    wanted = provision_filter.wanted_of_request()
    return render_template(
        "answers/overview.html",
        review=review,
        chapters=chapters,
        shown=provision_list.matching(chapters, wanted, _),
        wanted=wanted,
        levels=pages.levels(review),
        attached=pages.attachment_counts(reading.session(), review),
        submitting=submitting.of(review, STEP, viewer()),
    )


@blueprint.get("/reviews/<int:review_id>/answers/<slug>")
@needs(Action.READ_DRAFT_ANSWERS)
def show(review_id: int, slug: str) -> ResponseReturnValue:
    """One provision: the form while the response is open, else what was answered."""
    review = opened.review(review_id, Action.READ_DRAFT_ANSWERS, submitting.GROUPS)
    page = pages.one(reading.session(), review, slug)
    return _show(review, page, _stored(review, page), uploads.blank())


@blueprint.post("/reviews/<int:review_id>/answers/<slug>")
@needs(Action.WRITE_ANSWERS)
def save(review_id: int, slug: str) -> ResponseReturnValue:
    """Save; and mark as answered, open again, or attach a file, as the button says."""
    review = opened.review(review_id, Action.WRITE_ANSWERS, submitting.GROUPS)
    page = pages.one(reading.session(), review, slug)
    form = answer_form(pages.checklist(review), page.provision, {})
    do = request.form.get("do", "save")
    try:
        _save(review, page, form, do)
    except Overwritten:
        return _clash(review, slug, form)
    except Refused as refused:
        return submitting.too_late(review, refused, form)
    except InvalidGiven as wrong:
        form.show_errors(wrong.errors)
        return _show(review, page, form, uploads.blank()), 422
    if do == "attach":
        attachment = uploads.AttachmentForm()
        if not uploads.take(review_id, page.provision.ref, attachment):
            reading.refresh()
            page = pages.one(reading.session(), review, slug)
            return _show(review, page, _stored(review, page), attachment), attachment.status
    return redirect(_next(review, page, do))


@blueprint.post("/reviews/<int:review_id>/answers/<slug>/autosave")
@needs(Action.WRITE_ANSWERS)
def autosave(review_id: int, slug: str) -> ResponseReturnValue:
    """Save while somebody types; the answer is the line that says so."""
    review = opened.review(review_id, Action.WRITE_ANSWERS)
    page = pages.one(reading.session(), review, slug)
    form = answer_form(pages.checklist(review), page.provision, {})
    try:
        _save(review, page, form, "autosave")
    except Overwritten:
        reading.refresh()
        page = pages.one(reading.session(), review, slug)
        if not _same(form, page):
            by = pages.last_writer(reading.session(), page.answer)
            return render_template("entries/not_saved.html", theirs=page.answer, by=by), 409
    except Refused as refused:
        return render_template("entries/not_saved.html", review=review, refused=refused), 409
    except InvalidGiven as wrong:
        form.show_errors(wrong.errors)
        return render_template("entries/not_saved.html", form=form), 422
    reading.refresh()
    page = pages.one(reading.session(), review, slug)
    return render_template("answers/saved.html", entry=page.answer, checks=pages.checks(page))


def _save(review: Snapshot, page: AnswerPage, form: EntryForm, do: str) -> None:
    values = form.values()
    if do == "answered":
        values["complete"] = True
    elif do == "reopen" or not values["adopted"]:
        values["complete"] = False
    with db.transaction() as work:
        answers.save(
            work,
            review.id,
            page.provision.ref,
            values,
            actor=viewer(),
            now=clock.now(),
            version=form.seen_version(),
        )


def _stored(review: Snapshot, page: AnswerPage) -> EntryForm:
    """The form with what is saved."""
    held = page.answer
    values: dict[str, Any] = {name: getattr(held, name) for name in _FIELDS} if held else {}
    version = held.version if held else 0
    return answer_form(
        pages.checklist(review), page.provision, values | {"version": version}, sent=False
    )


def _same(form: EntryForm, page: AnswerPage) -> bool:
    """Whether what is stored is what was sent: then there is nothing to decide."""
    held = page.answer
    return held is not None and all(getattr(held, k) == v for k, v in form.values().items())


def _show(
    review: Snapshot, page: AnswerPage, form: EntryForm, attachment: uploads.AttachmentForm
) -> str:
    item = page.provision
    checklist = pages.checklist(review)
    return render_template(
        "answers/show.html",
        review=review,
        page=page,
        form=form,
        attachment=attachment,
        limit=uploads.limit(),
        levels=pages.levels(review),
        assessment=pages.assessment_question(checklist),
        received=checklist.question("ta_received").label,
        gap_only=bool(checklist.question("ta_needed").when),
        checks=pages.checks(page),
        window=provision_list.around(page.chapter, item.ref),
        before=provision_list.previous(page.chapters, item.ref),
        after=provision_list.following(page.chapters, item.ref),
        submitting=submitting.of(review, STEP, viewer()),
    )


def _clash(review: Snapshot, slug: str, form: EntryForm) -> ResponseReturnValue:
    """A colleague was faster: theirs beside mine; nothing is lost until somebody decides."""
    reading.refresh()
    page = pages.one(reading.session(), review, slug)
    if _same(form, page):
        return redirect(_next(review, page, request.form.get("do", "save")))
    shown = render_template(
        "entries/clash.html",
        review=review,
        provision=page.provision,
        theirs=page.answer,
        by=pages.last_writer(reading.session(), page.answer),
        form=form,
        back=url_for("answers.show", review_id=review.id, slug=slug),
    )
    return shown, 409


def _next(review: Snapshot, page: AnswerPage, do: str) -> str:
    """After "mark as answered" the next provision, or the overview after the last."""
    item = page.provision
    if do == "answered":
        after = provision_list.following(page.chapters, item.ref)
        if after is None:
            return url_for("answers.overview", review_id=review.id)
        item = after
    anchor = "evidence" if do == "attach" else None
    return url_for("answers.show", review_id=review.id, slug=item.slug, _anchor=anchor)
