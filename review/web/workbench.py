"""The expert's workbench: the division of labour, and one provision in three panes.

The State's answer stands beside the finding. The other reviewing State's finding stays hidden until
the own desk review is in, so that both are made independently (policy.py).
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from review.policy import Action
from review.services import challenge_words, findings
from review.services.queries import answers as response
from review.services.queries import provision_list
from review.services.queries import workbench as pages
from review.services.queries.workbench import WorkbenchPage
from review.services.snapshot import Snapshot
from review.web import entries, opened, provision_filter, reading, submitting
from review.web.access import needs, viewer
from review.web.asking import ask_option
from review.web.entries import Desk
from review.web.entry_forms import EntryForm, finding_form
from review.web.words import _

blueprint = Blueprint("workbench", __name__)

STEP = "submit_desk_review"


@blueprint.get("/reviews/<int:review_id>/workbench")
@needs(Action.WRITE_FINDINGS)
def overview(review_id: int) -> ResponseReturnValue:
    """The provisions of the own State with what has been found on each."""
    review = opened.review(review_id, Action.WRITE_FINDINGS, submitting.GROUPS)
    slot = findings.slot_of(review, viewer())
    chapters = pages.chapters(reading.session(), review, slot)
    wanted = provision_filter.wanted_of_request()
    return render_template(
        "workbench/overview.html",
        review=review,
        slot=slot,
        chapters=chapters,
        shown=provision_list.matching(chapters, wanted, _),
        wanted=wanted,
        answers=pages.submitted_answers(reading.session(), review),
        levels=response.levels(review),
        submitting=submitting.of(review, STEP, viewer()),
    )


@blueprint.get("/reviews/<int:review_id>/workbench/<slug>")
@needs(Action.WRITE_FINDINGS)
def show(review_id: int, slug: str) -> ResponseReturnValue:
    """One provision: the list, the State's answer, the own finding."""
    review = opened.review(review_id, Action.WRITE_FINDINGS, submitting.GROUPS)
    page = _page(review, slug)
    return _show(review, page, entries.stored_form(DESK, review, page))


@blueprint.post("/reviews/<int:review_id>/workbench/<slug>")
@needs(Action.WRITE_FINDINGS)
def save(review_id: int, slug: str) -> ResponseReturnValue:
    """Save; and mark as finished or open again, as the button says."""
    review = opened.review(review_id, Action.WRITE_FINDINGS, submitting.GROUPS)
    do = request.form.get("do", "save")
    refused = entries.keep(DESK, review, slug, do)
    if refused is not None:
        return refused
    return redirect(entries.onward(DESK, review, _page(review, slug), do))


@blueprint.post("/reviews/<int:review_id>/workbench/<slug>/autosave")
@needs(Action.WRITE_FINDINGS)
def autosave(review_id: int, slug: str) -> ResponseReturnValue:
    """Save while somebody types; the answer is the line that says so."""
    return entries.autosave(DESK, opened.review(review_id, Action.WRITE_FINDINGS), slug)


def _page(review: Snapshot, slug: str) -> WorkbenchPage:
    person = viewer()
    return pages.one(reading.session(), review, slug, findings.slot_of(review, person), person)


def _saved(page: WorkbenchPage) -> str:
    return render_template("workbench/saved.html", entry=page.finding, page=page, hint=_hint(page))


def _hint(page: WorkbenchPage) -> str:
    held = page.finding
    return challenge_words.mismatch(held.challenge, page.provision.obligation) if held else ""


def _show(review: Snapshot, page: WorkbenchPage, form: EntryForm) -> str:
    item = page.provision
    return render_template(
        "workbench/show.html",
        review=review,
        slot=findings.slot_of(review, viewer()),
        page=page,
        form=form,
        hint=_hint(page),
        levels=response.levels(review),
        ask=ask_option(review, viewer()),
        window=provision_list.around(page.chapter, item.ref),
        before=provision_list.previous(page.chapters, item.ref),
        after=provision_list.following(page.chapters, item.ref),
        submitting=submitting.of(review, STEP, viewer()),
    )


DESK = Desk(
    name="workbench",
    done="finish",
    kind=findings.KIND,
    save=findings.save,
    read=_page,
    entry=lambda page: page.finding,
    form=finding_form,
    show=_show,
    saved=_saved,
)
