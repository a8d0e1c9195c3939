"""The self-assessment of the State under review: overview, one page a provision with evidence."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review.policy import Action
from review.services import answers
from review.services.queries import answers as pages
from review.services.queries import provision_list
from review.services.queries.answers import AnswerPage
from review.services.snapshot import Snapshot
from review.web import (
    entries,
    opened,
    provision_filter,
    provision_words,
    reading,
    submitting,
    uploads,
)
from review.web.access import may, needs, viewer
from review.web.entries import Desk
from review.web.entry_forms import EntryForm, answer_form
from review.web.words import _

blueprint = Blueprint("answers", __name__)
provision_words.install(blueprint)

STEP = "submit_self_assessment"


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
    page = _page(review, slug)
    return _show(review, page, entries.stored_form(DESK, review, page))


@blueprint.post("/reviews/<int:review_id>/answers/<slug>")
@needs(Action.WRITE_ANSWERS)
def save(review_id: int, slug: str) -> ResponseReturnValue:
    """Save; and mark as answered, open again, or attach a file, as the button says."""
    review = opened.review(review_id, Action.WRITE_ANSWERS, submitting.GROUPS)
    do = request.form.get("do", "save")
    refused = entries.keep(DESK, review, slug, do)
    if refused is not None:
        return refused
    page = _page(review, slug)
    if do == "attach":
        attachment = uploads.AttachmentForm()
        if not uploads.take(review_id, page.provision.ref, attachment):
            reading.refresh()
            page = _page(review, slug)
            form = entries.stored_form(DESK, review, page)
            return _show(review, page, form, attachment), attachment.status
    anchor = "evidence" if do == "attach" else None
    return redirect(entries.onward(DESK, review, page, do, anchor))


@blueprint.post("/reviews/<int:review_id>/answers/<slug>/autosave")
@needs(Action.WRITE_ANSWERS)
def autosave(review_id: int, slug: str) -> ResponseReturnValue:
    """Save while somebody types; the answer is the line that says so."""
    return entries.autosave(DESK, opened.review(review_id, Action.WRITE_ANSWERS), slug)


def _page(review: Snapshot, slug: str) -> AnswerPage:
    return pages.one(reading.session(), review, slug)


def _saved(page: AnswerPage) -> str:
    return render_template("answers/saved.html", entry=page.answer, checks=pages.checks(page))


def _show(
    review: Snapshot,
    page: AnswerPage,
    form: EntryForm,
    attachment: uploads.AttachmentForm | None = None,
) -> str:
    item = page.provision
    checklist = pages.checklist(review)
    return render_template(
        "answers/show.html",
        review=review,
        page=page,
        form=form,
        attachment=attachment or uploads.blank(),
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


DESK = Desk(
    name="answers",
    done="answered",
    kind=answers.KIND,
    save=answers.save,
    read=_page,
    entry=lambda page: page.answer,
    form=answer_form,
    show=_show,
    saved=_saved,
)
