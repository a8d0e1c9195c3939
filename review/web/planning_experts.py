"""The lists of governmental experts: overview, one State's list, files, circulation (ToR 21)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db, reference
from review.policy import Action
from review.services import cycle_planning, expert_files, expert_lists
from review.services.audit import Verb
from review.services.errors import InvalidGiven
from review.services.expert_files import Preview
from review.services.queries import cycle as cycle_query
from review.services.queries import planning as query
from review.services.queries import roster
from review.web import asked, csv_files, reading
from review.web.access import may, needs, signed_in, viewer
from review.web.planning_forms import CirculateForm, ExpertForm, FileForm, TextForm
from review.web.words import _, ngettext

if TYPE_CHECKING:
    from review.models import Cycle, ListedExpert

blueprint = Blueprint("planning_experts", __name__)

_SHOWN = ("listed", "missing", "circulated", "waiting")


# All lists ---------------------------------------------------------------------------------------


@blueprint.get("/cycles/<int(min=1, max=99):number>/experts")
@needs(Action.SEE_BOARD)
def index(number: int) -> ResponseReturnValue:
    """Every State with how many experts it listed and when its list was circulated."""
    cycle = cycle_query.find(reading.session(), number)
    return _index(cycle, CirculateForm(formdata=None))


@blueprint.post("/cycles/<int(min=1, max=99):number>/experts/circulated")
@needs(Action.KEEP_ROSTER)
def circulate(number: int) -> ResponseReturnValue:
    """Record that the lists of the ticked States were circulated."""
    cycle = cycle_query.find(reading.session(), number)
    form = CirculateForm()
    if form.validate_on_submit() and form.day.day:
        codes = request.form.getlist("states")
        try:
            with db.transaction() as session:
                if form.everything.data:
                    codes = [*codes, *roster.waiting(session, cycle, clock.now())]
                changed = expert_lists.circulate(
                    session, number, codes, form.day.day, actor=viewer(), now=clock.now()
                )
        except InvalidGiven as refused:
            form.show_errors(refused.errors)
        else:
            text = ngettext(
                "The circulation of %(num)s list is recorded.",
                "The circulation of %(num)s lists is recorded.",
                len(changed),
            )
            flash(text, "ok")
            return redirect(url_for("planning_experts.index", number=number))
    return _index(cycle, form), 422


def _index(cycle: Cycle, form: CirculateForm) -> str:
    reader = asked.Reader(request.args)
    group = reader.one_of("group", reference.REGIONAL_GROUPS)
    show = reader.one_of("show", _SHOWN)
    session = reading.session()
    return render_template(
        "planning/experts.html",
        cycle=cycle,
        lists=roster.lists(
            session,
            cycle,
            clock.now(),
            group=group,
            show=show,
            page=reader.number("page", 1, 9999) or 1,
        ),
        form=form,
        ticked=set(request.form.getlist("states")),
        group=group,
        show=show,
        groups=reference.REGIONAL_GROUPS,
        ignored=reader.ignored,
        most=cycle_planning.rules_of(cycle).experts,
        changes=query.history(session, cycle, (Verb.EXPERTS_IMPORTED, Verb.EXPERTS_CIRCULATED)),
    )


@blueprint.get("/cycles/<int(min=1, max=99):number>/experts.csv")
@needs(Action.SEE_BOARD)
def export(number: int) -> ResponseReturnValue:
    """All lists as a file that can be taken in again."""
    cycle = cycle_query.find(reading.session(), number)
    lines = expert_files.rows(reading.session(), cycle)
    return csv_files.file(f"experts-cycle-{number}.csv", expert_files.COLUMNS, lines)


# Files -------------------------------------------------------------------------------------------


@blueprint.route("/cycles/<int(min=1, max=99):number>/experts/import", methods=["GET", "POST"])
@needs(Action.KEEP_ROSTER)
def take_file(number: int) -> ResponseReturnValue:
    """Read a file and show line by line what taking it in would do; nothing is written."""
    cycle = cycle_query.find(reading.session(), number)
    form = FileForm()
    if not form.validate_on_submit():
        return _file_page(cycle, form), 200 if request.method == "GET" else 422
    sent = form.file.data
    try:
        if not sent or not sent.filename:
            raise InvalidGiven({"file": _("Choose a file first.")})
        text = expert_files.decoded(sent.stream.read(expert_files.OCTETS_LIMIT + 1))
        found = expert_files.preview(reading.session(), number, text, now=clock.now())
    except InvalidGiven as refused:
        form.show_errors(refused.errors)
        return _file_page(cycle, form), 422
    return _file_page(cycle, form, found, text)


@blueprint.post("/cycles/<int(min=1, max=99):number>/experts/take-in")
@needs(Action.KEEP_ROSTER)
def take_in(number: int) -> ResponseReturnValue:
    """Add the good lines of the file that was shown."""
    cycle = cycle_query.find(reading.session(), number)
    form, text = FileForm(formdata=None), str(TextForm().text.data or "")
    try:
        with db.transaction() as session:
            found = expert_files.take_in(session, number, text, actor=viewer(), now=clock.now())
    except InvalidGiven as refused:
        form.show_errors(refused.errors)
        return _file_page(cycle, form), 422
    added = ngettext("%(num)s expert is added.", "%(num)s experts are added.", len(found.good))
    flash(added, "ok")
    return redirect(url_for("planning_experts.index", number=number))


def _file_page(cycle: Cycle, form: FileForm, found: Preview | None = None, text: str = "") -> str:
    return render_template(
        "planning/import.html",
        cycle=cycle,
        form=form,
        preview=found,
        text=text,
        columns=expert_files.COLUMNS,
    )


# One State's list --------------------------------------------------------------------------------


@blueprint.get("/experts")
@needs(Action.KEEP_OWN_EXPERTS)
def own() -> ResponseReturnValue:
    """The list of one's own State in the cycle that is running."""
    cycle = cycle_query.current(reading.session(), clock.now())
    return _list_page(cycle, str(viewer().iso3), _blank())


@blueprint.get("/cycles/<int(min=1, max=99):number>/experts/<code:iso3>")
@signed_in
def show(number: int, iso3: str) -> ResponseReturnValue:
    """The list of a State, for the secretariat and for its focal point."""
    return _list_page(_kept(number, iso3), iso3, _blank())


@blueprint.post("/cycles/<int(min=1, max=99):number>/experts/<code:iso3>")
@signed_in
def add(number: int, iso3: str) -> ResponseReturnValue:
    """Put an expert on the list."""
    cycle = _kept(number, iso3)
    form = ExpertForm()
    form.offer()
    if form.validate_on_submit():
        try:
            with db.transaction() as session:
                expert_lists.add(
                    session, number, iso3, form.given(), actor=viewer(), now=clock.now()
                )
        except InvalidGiven as refused:
            form.show_errors(refused.errors)
        else:
            flash(_("The expert is on the list."), "ok")
            return redirect(url_for("planning_experts.show", number=number, iso3=iso3))
    return _list_page(cycle, iso3, form), 422


@blueprint.get("/cycles/<int(min=1, max=99):number>/experts/<code:iso3>.csv")
@signed_in
def export_one(number: int, iso3: str) -> ResponseReturnValue:
    """The list of a State as a file."""
    cycle = _kept(number, iso3)
    roster.party(reading.session(), cycle, iso3, clock.now())
    lines = expert_files.rows(reading.session(), cycle, iso3)
    name = f"experts-cycle-{number}-{iso3.lower()}.csv"
    return csv_files.file(name, expert_files.COLUMNS, lines)


@blueprint.route(
    "/cycles/<int(min=1, max=99):number>/experts/entry/<int:expert_id>/end",
    methods=["GET", "POST"],
)
@signed_in
def end(number: int, expert_id: int) -> ResponseReturnValue:
    """Take somebody off the list, after a question."""
    expert = expert_lists.find(reading.session(), number, expert_id)
    cycle = _kept(number, expert.iso3)
    back = url_for("planning_experts.show", number=number, iso3=expert.iso3)
    if request.method == "GET":
        return _end_page(cycle, expert)
    try:
        with db.transaction() as session:
            expert_lists.end(session, number, expert_id, actor=viewer(), now=clock.now())
    except InvalidGiven as refused:
        flash(" ".join(_(text) for text in refused.errors.values()), "warn")
    else:
        flash(_("The entry has ended; it is kept with its dates."), "ok")
    return redirect(back)


def _kept(number: int, iso3: str) -> Cycle:
    """The cycle, for somebody who keeps the list of this State; else 403."""
    if not expert_lists.may_keep(viewer(), iso3):
        abort(403)
    return cycle_query.find(reading.session(), number)


def _blank() -> ExpertForm:
    form = ExpertForm(formdata=None)
    form.offer()
    return form


def _list_page(cycle: Cycle, iso3: str, form: ExpertForm) -> str:
    session = reading.session()
    return render_template(
        "planning/list.html",
        cycle=cycle,
        party=roster.party(session, cycle, iso3, clock.now()),
        experts=expert_lists.of_state(session, cycle, iso3),
        ended=expert_lists.of_state(session, cycle, iso3, ended=True),
        form=form,
        most=cycle_planning.rules_of(cycle).experts,
        of_the_house=may(Action.KEEP_ROSTER),
    )


def _end_page(cycle: Cycle, expert: ListedExpert) -> str:
    party = roster.party(reading.session(), cycle, expert.iso3, clock.now())
    return render_template("planning/end.html", cycle=cycle, party=party, expert=expert)
