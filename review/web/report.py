"""The country review report: read by part, edited by section, compared, approved, taken along."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from review import clock, db, reference
from review.policy import Action
from review.services import audit, papers, steps
from review.services import blueprint as outline
from review.services.errors import InvalidGiven, NotFound, Refused
from review.services.material import Overwritten
from review.services.queries import report
from review.services.queries.report import ReportPage
from review.services.rendering.paper import REPORT, SUMMARY, Paper
from review.web import reading, wording
from review.web.access import may, needs, seen, viewer
from review.web.report_view import FILTERS, View, part_of, view
from review.web.words import _

blueprint = Blueprint("report", __name__)


@blueprint.get("/reviews/<int:review_id>/report")
@needs(Action.READ_SENT_REPORT)
def show(review_id: int) -> ResponseReturnValue:
    """The report: its overview, one of its parts, or the sections that a search or filter finds."""
    page = _load(review_id)
    wanted = request.args
    if wanted.get("show", "") not in FILTERS or wanted.get("part", "") not in part_of(page):
        abort(404)
    return _page(page, view(page, wanted, edit=wanted.get("edit", "") if page.may_edit else ""))


@blueprint.post("/reviews/<int:review_id>/report/sections")
@needs(Action.READ_SENT_REPORT)
def save(review_id: int) -> ResponseReturnValue:
    """Save one section; whatever stands against it, the typed text comes back."""
    page = _load(review_id)
    key, text = request.form.get("section", ""), request.form.get("text", "")
    part = next((one for one in page.parts if key in one.keys), None)
    if part is None or key not in page.lines:
        abort(404)
    given = {"section": key, "text": text, "seen": request.form.get("seen", "")}
    back = url_for("report.show", review_id=review_id, part=part.slug, _anchor=f"s-{key}")
    if not given["seen"]:
        abort(400)
    try:
        with db.transaction() as work:
            done = steps.take(
                work, review_id, "edit_report", actor=viewer(), now=clock.now(), given=given
            )
    except Overwritten:
        note = _("Somebody changed this section while you wrote. Both texts are below.")
        return _again(review_id, key, text, note, conflict=True), 409
    except InvalidGiven as wrong:
        return _again(review_id, key, text, " ".join(_(one) for one in wrong.errors.values())), 422
    except Refused as refused:
        return _again(review_id, key, text, "", reasons=refused.reasons), 409
    if done.columns["report_sha256"] == done.snapshot.facts.draft_hash:
        flash(_("The text is as it was; nothing changed and every approval stands."), "ok")
    elif done.before.get("approvals_cleared"):
        flash(_("Saved. The approvals of the former text no longer count."), "warn")
    else:
        flash(_("Saved."), "ok")
    return redirect(back)


@blueprint.get("/reviews/<int:review_id>/report/print")
@needs(Action.READ_SENT_REPORT)
def print_view(review_id: int) -> ResponseReturnValue:
    """The whole report, or its executive summary, as one page to print."""
    page = _load(review_id)
    if not page.sha256:
        abort(404)
    paper = _paper(page, _what(request.args.get("what", REPORT)))
    return render_template("report/print.html", page=page, review=page.seen, paper=paper)


@blueprint.post("/reviews/<int:review_id>/report/docx", endpoint="docx")
@needs(Action.READ_SENT_REPORT)
def download_docx(review_id: int) -> ResponseReturnValue:
    """The report or its executive summary as DOCX; the download is recorded."""
    return _download(review_id, "docx")


@blueprint.post("/reviews/<int:review_id>/report/pdf", endpoint="pdf")
@needs(Action.READ_SENT_REPORT)
def download_pdf(review_id: int) -> ResponseReturnValue:
    """The report or its executive summary as PDF; the download is recorded."""
    return _download(review_id, "pdf")


def _load(review_id: int) -> ReportPage:
    compare = request.args.get("compare", "")
    try:
        page = report.load(reading.session(), review_id, viewer(), clock.now(), compare)
    except NotFound:
        abort(404)
    seen(page.seen, Action.READ_SENT_REPORT)
    return page


def _page(page: ReportPage, shown: View) -> str:
    parts = shown.part.headings if shown.part else ()
    refs = {heading.number for heading in parts if heading.kind is outline.Kind.PROVISION}
    provisions = reference.provisions(page.seen.process.chapters) if refs else ()
    return render_template(
        "report/show.html",
        page=page,
        review=page.seen,
        view=shown,
        compare=request.args.get("compare") or None,
        findings=may(Action.READ_FIRST_FINDINGS, page.seen)
        and may(Action.READ_SECOND_FINDINGS, page.seen),
        provisions={item.ref: item for item in provisions if item.ref in refs},
        obligation=lambda kind: _(reference.obligation_label(kind)),
        heading=lambda heading: outline.wording(heading, _),
        reasons=lambda option: [wording.reason(one, page.seen) for one in option.reasons],
    )


def _again(review_id: int, key: str, text: str, problem: str, **more: Any) -> str:
    """The part with the section open and what was typed in it, as the report stands now."""
    reading.release()
    page = _load(review_id)
    return _page(page, view(page, {}, edit=key, typed=text, problem=problem, **more))


def _what(wanted: str) -> str:
    if wanted not in {REPORT, SUMMARY}:
        abort(404)
    return wanted


def _paper(page: ReportPage, what: str) -> Paper:
    dated = page.last_change
    at = dated.at if dated and dated.at else (page.received.at if page.received else clock.now())
    return papers.of_report(
        reading.session(),
        page.seen,
        report.texts(reading.session(), page),
        sha256=page.sha256,
        at=at,
        what=what,
        specimen=bool(current_app.extensions["review"].demonstration),
    )


def _download(review_id: int, form: str) -> ResponseReturnValue:
    page = _load(review_id)
    if not page.sha256:
        abort(404)
    what = _what(request.form.get("what", REPORT))
    make, media_type = papers.FORMATS[form]
    content = make(_paper(page, what))
    with db.transaction() as work:
        audit.record(
            work,
            audit.Verb.REPORT_DOWNLOADED,
            now=clock.now(),
            actor=viewer(),
            review_id=review_id,
            after={"what": what, "format": form, "sha256": page.sha256},
        )
    name = papers.file_name(what, page.seen.sides[0].name, form)
    return Response(
        content,
        mimetype=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
