"""Who reviews whom in a cycle: the list, what the rules find, and loading the official one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from review import clock, db
from review.policy import Action
from review.services.draws import pairings, pairings_lists
from review.services.draws.pairings_file import COLUMNS, OCTETS_LIMIT
from review.services.draws.rule_check import rule_check
from review.services.errors import InvalidGiven, Refused
from review.services.queries import cycle as cycle_query
from review.services.snapshot import VIENNA
from review.web import csv_files, present, reading, wording
from review.web.access import needs, viewer
from review.web.planning_forms import DayField, PlanningForm
from review.web.words import _, lazy, ngettext
from workflows import chance

if TYPE_CHECKING:
    from review.models import Cycle
    from review.services.draws.pairings import Report

blueprint = Blueprint("pairings", __name__)
_needed = InputRequired(lazy("Please fill this in."))


class PairingsForm(PlanningForm):
    """A list of pairings: first the file, then, with its report seen, where it is from."""

    file = FileField(lazy("File"))
    text = HiddenField()
    digest = HiddenField()
    source = StringField(
        lazy("Where the pairings are from"),
        [_needed, Length(max=pairings.SOURCE_LIMIT)],
        description=lazy("For example the session of the Group and its report."),
    )
    drawn_on = DayField(lazy("Day of the draw"), [_needed])


@blueprint.get("/cycles/<int(min=1, max=99):number>/pairings")
@needs(Action.SEE_BOARD)
def index(number: int) -> ResponseReturnValue:
    """Every review with its reviewing States, and what the rule checker says."""
    session = reading.session()
    cycle = cycle_query.find(session, number)
    return render_template(
        "pairings/index.html",
        cycle=cycle,
        rows=pairings_lists.pairings(session, cycle),
        checked=rule_check(session, cycle, present.today(VIENNA)),
    )


@blueprint.get("/cycles/<int(min=1, max=99):number>/pairings.<form>")
@needs(Action.SEE_BOARD)
def export(number: int, form: str) -> ResponseReturnValue:
    """The list as a table (csv) that can be loaded again, or for programs (json)."""
    session = reading.session()
    cycle = cycle_query.find(session, number)
    rows = pairings_lists.pairings(session, cycle)
    name = f"pairings-cycle-{number}.{form}"
    if form == "csv":
        return csv_files.file(name, pairings_lists.HEAD, pairings_lists.lines(rows))
    if form != "json":
        abort(404)
    answer = Response(chance.canonical(pairings_lists.as_json(cycle, rows)) + "\n")
    answer.mimetype = "application/json"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


@blueprint.route("/cycles/<int(min=1, max=99):number>/pairings/check-file", methods=["GET", "POST"])
@needs(Action.DRAW_LOTS)
def check_file(number: int) -> ResponseReturnValue:
    """Read a file and show what loading it would do; nothing is written."""
    session = reading.session()
    cycle = cycle_query.find(session, number)
    form = PairingsForm()
    if request.method == "GET" or not form.is_submitted():
        return _page(cycle, form)
    sent = request.files.get("file")
    content = sent.stream.read(OCTETS_LIMIT + 1) if sent and sent.filename else b""
    if not content:
        form.show_errors({"file": _("Choose a file first.")})
        return _page(cycle, form), 422
    return _judged(cycle, PairingsForm(formdata=None), _one_kind_of_line(content))


@blueprint.post("/cycles/<int(min=1, max=99):number>/pairings/load")
@needs(Action.DRAW_LOTS)
def load(number: int) -> ResponseReturnValue:
    """Load the file whose report was shown, wholly or not at all."""
    cycle = cycle_query.find(reading.session(), number)
    form = PairingsForm()
    content = _one_kind_of_line(str(form.text.data or "").encode())
    if not form.validate_on_submit() or not form.drawn_on.day:
        return _judged(cycle, form, content)[0], 422
    try:
        with db.transaction() as session:
            done = pairings.apply(
                session,
                number,
                content,
                str(form.digest.data or ""),
                source=str(form.source.data),
                drawn_on=form.drawn_on.day,
                actor=viewer(),
                now=clock.now(),
            )
    except InvalidGiven as wrong:
        form.show_errors(wrong.errors)
        return _judged(cycle, form, content)[0], 422
    except Refused as refused:
        form.form_errors += map(wording.reason, refused.reasons)
        return _judged(cycle, form, content)[0], 409
    changed = len(done.lines) - len(done.of(pairings.Effect.EQUAL))
    text = ngettext("%(num)s pair was loaded.", "%(num)s pairs were loaded.", changed)
    flash(text, "ok")
    return redirect(url_for("pairings.index", number=number))


def _one_kind_of_line(content: bytes) -> bytes:
    """The same file whatever a browser makes of its line breaks, so that its digest stays."""
    without_mark = content.removeprefix(b"\xef\xbb\xbf")
    return without_mark.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _judged(cycle: Cycle, form: PairingsForm, content: bytes) -> tuple[str, int]:
    found = pairings.report(reading.session(), cycle, content, clock.now())
    form.text.data = content.decode("utf-8-sig", "replace")
    form.digest.data = found.digest
    if not form.drawn_on.data:
        form.drawn_on.data = present.today(VIENNA).isoformat()
    return _page(cycle, form, found), 422 if found.faults else 200


def _page(cycle: Cycle, form: PairingsForm, found: Report | None = None) -> str:
    return render_template(
        "pairings/load.html",
        cycle=cycle,
        form=form,
        report=found,
        effects=list(pairings.Effect),
        columns=("year", *COLUMNS),
    )
