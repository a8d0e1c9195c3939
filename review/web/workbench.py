"""The expert's workbench: the division of labour, and one provision in three panes.

The State's answer stands beside the finding. The other reviewing State's finding stays hidden until
the own desk review is in, so that both are made independently (policy.py).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db
from review.policy import Action
from review.services import challenge_words, findings
from review.services.errors import InvalidGiven, Refused
from review.services.material import Overwritten
from review.services.queries import answers as response
from review.services.queries import provision_list
from review.services.queries import workbench as pages
from review.services.queries.workbench import WorkbenchPage
from review.services.snapshot import Snapshot
from review.web import opened, provision_filter, reading, submitting
from review.web.access import needs, viewer
from review.web.asking import ask_option
from review.web.entry_forms import EntryForm, finding_form
from review.web.words import _

blueprint = Blueprint("workbench", __name__)

STEP = "submit_desk_review"
_FIELDS = (*findings.TEXTS, "level", "assistance")


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
    return _show(review, page, _stored(review, page))


@blueprint.post("/reviews/<int:review_id>/workbench/<slug>")
@needs(Action.WRITE_FINDINGS)
def save(review_id: int, slug: str) -> ResponseReturnValue:
    """Save; and mark as finished or open again, as the button says."""
    review = opened.review(review_id, Action.WRITE_FINDINGS, submitting.GROUPS)
    page = _page(review, slug)
    form = finding_form(response.checklist(review), page.provision, {})
    do = request.form.get("do", "save")
    try:
        _save(review, page, form, do)
    except Overwritten:
        return _clash(review, slug, form, do)
    except Refused as refused:
        return submitting.too_late(review, refused, form)
    except InvalidGiven as wrong:
        form.show_errors(wrong.errors)
        return _show(review, page, form), 422
    return redirect(_next(review, page, do))


@blueprint.post("/reviews/<int:review_id>/workbench/<slug>/autosave")
@needs(Action.WRITE_FINDINGS)
def autosave(review_id: int, slug: str) -> ResponseReturnValue:
    """Save while somebody types; the answer is the line that says so."""
    review = opened.review(review_id, Action.WRITE_FINDINGS)
    page = _page(review, slug)
    form = finding_form(response.checklist(review), page.provision, {})
    try:
        _save(review, page, form, "autosave")
    except Overwritten:
        reading.refresh()
        page = _page(review, slug)
        if not _same(form, page):
            by = response.last_writer(reading.session(), page.finding)
            return render_template("entries/not_saved.html", theirs=page.finding, by=by), 409
    except Refused as refused:
        return render_template("entries/not_saved.html", review=review, refused=refused), 409
    except InvalidGiven as wrong:
        form.show_errors(wrong.errors)
        return render_template("entries/not_saved.html", form=form), 422
    reading.refresh()
    page = _page(review, slug)
    return render_template("workbench/saved.html", entry=page.finding, page=page, hint=_hint(page))


def _page(review: Snapshot, slug: str) -> WorkbenchPage:
    person = viewer()
    return pages.one(reading.session(), review, slug, findings.slot_of(review, person), person)


def _save(review: Snapshot, page: WorkbenchPage, form: EntryForm, do: str) -> None:
    values = form.values()
    if do == "finish":
        values["complete"] = True
    elif do == "reopen" or not (values["level"] and values["observation"]):
        values["complete"] = False
    with db.transaction() as work:
        findings.save(
            work,
            review.id,
            page.provision.ref,
            values,
            actor=viewer(),
            now=clock.now(),
            version=form.seen_version(),
        )


def _stored(review: Snapshot, page: WorkbenchPage) -> EntryForm:
    held = page.finding
    values: dict[str, Any] = {name: getattr(held, name) for name in _FIELDS} if held else {}
    values["version"] = held.version if held else 0
    return finding_form(response.checklist(review), page.provision, values, sent=False)


def _same(form: EntryForm, page: WorkbenchPage) -> bool:
    """Whether what is stored is what was sent: then there is nothing to decide."""
    held = page.finding
    return held is not None and all(getattr(held, k) == v for k, v in form.values().items())


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


def _clash(review: Snapshot, slug: str, form: EntryForm, do: str) -> ResponseReturnValue:
    """A colleague was faster: theirs beside mine; nothing is lost until somebody decides."""
    reading.refresh()
    page = _page(review, slug)
    if _same(form, page):
        return redirect(_next(review, page, do))
    shown = render_template(
        "entries/clash.html",
        review=review,
        provision=page.provision,
        theirs=page.finding,
        by=response.last_writer(reading.session(), page.finding),
        form=form,
        back=url_for("workbench.show", review_id=review.id, slug=slug),
    )
    return shown, 409


def _next(review: Snapshot, page: WorkbenchPage, do: str) -> str:
    """After "mark as finished" the next provision, or the overview after the last."""
    item = page.provision
    if do == "finish":
        after = provision_list.following(page.chapters, item.ref)
        if after is None:
            return url_for("workbench.overview", review_id=review.id)
        item = after
    return url_for("workbench.show", review_id=review.id, slug=item.slug)
