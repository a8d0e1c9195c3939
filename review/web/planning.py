"""The plan of a cycle: making one, changing it, its years with their quotas and what stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db
from review.policy import Action
from review.services import cycle_planning, cycles
from review.services.audit import Verb
from review.services.errors import InvalidGiven
from review.services.queries import cycle as cycle_query
from review.services.queries import planning as query
from review.web import reading
from review.web.access import may, needs, viewer
from review.web.planning_forms import CycleForm
from review.web.words import _

if TYPE_CHECKING:
    from review.models import Cycle

blueprint = Blueprint("planning", __name__)

_OF_THE_PLAN = (Verb.CYCLE_PLANNED, Verb.CYCLE_CHANGED)


@blueprint.route("/cycles/new", methods=["GET", "POST"])
@needs(Action.PLAN_CYCLE)
def new() -> ResponseReturnValue:
    """Plan a cycle that does not exist yet."""
    form = CycleForm()
    form.offer()
    del form.reason
    if form.validate_on_submit() and (plan := form.given()) is not None:
        number = form.number.number or 0
        try:
            with db.transaction() as session:
                cycle_planning.create(session, number, plan, actor=viewer(), now=clock.now())
        except InvalidGiven as refused:
            form.show_errors(_at_the_years(refused))
        else:
            flash(_("The cycle is planned."), "ok")
            return redirect(url_for("planning.years", number=number))
    if request.method == "GET":
        form.number.data = query.next_number(cycle_query.cycles(reading.session()))
    page = render_template("planning/plan.html", form=form, cycle=None)
    return page, 200 if request.method == "GET" else 422


@blueprint.route("/cycles/<int(min=1, max=99):number>/plan", methods=["GET", "POST"])
@needs(Action.PLAN_CYCLE)
def change(number: int) -> ResponseReturnValue:
    """Change the plan of a cycle."""
    cycle = cycle_query.find(reading.session(), number)
    form = CycleForm()
    form.offer()
    del form.number
    if request.method == "GET":
        form.fill(cycle_planning.plan_of(reading.session(), cycle))
    elif form.validate_on_submit() and (plan := form.given()) is not None:
        reason = str(form.reason.data)
        try:
            with db.transaction() as session:
                cycle_planning.change(
                    session, number, plan, reason, actor=viewer(), now=clock.now()
                )
        except InvalidGiven as refused:
            form.show_errors(_at_the_years(refused))
        else:
            flash(_("The plan of the cycle is changed."), "ok")
            return redirect(url_for("planning.years", number=number))
    page = render_template("planning/plan.html", form=form, cycle=cycle)
    return page, 200 if request.method == "GET" else 422


def _at_the_years(refused: InvalidGiven) -> dict[str, str]:
    """What is wrong with the years together stands at the first of them."""
    return {{"years": "year_1"}.get(key, key): text for key, text in refused.errors.items()}


@blueprint.get("/cycles/<int(min=1, max=99):number>/years")
@needs(Action.SEE_BOARD)
def years(number: int) -> ResponseReturnValue:
    """Groups and years: quotas, what stands, what remains; and parties that joined late."""
    cycle = cycle_query.find(reading.session(), number)
    return _years_page(cycle)


@blueprint.post("/cycles/<int(min=1, max=99):number>/years/late/<code:iso3>")
@needs(Action.KEEP_ROSTER)
def take_late(number: int, iso3: str) -> ResponseReturnValue:
    """Record the review of a party that joined after the cycle began, in its last year."""
    cycle = cycle_query.find(reading.session(), number)
    planned = cycle_planning.years_of(reading.session(), cycle)
    year = planned[-1].year if planned else cycle_planning.LAST_YEAR
    try:
        with db.transaction() as session:
            cycles.select_state(session, number, iso3, year, actor=viewer(), now=clock.now())
    except InvalidGiven as refused:
        flash(" ".join(_(text) for text in refused.errors.values()), "warn")
        return _years_page(cycle), 422
    flash(_("The review is recorded for year %(number)s.", number=year), "ok")
    return redirect(url_for("planning.years", number=number, _anchor="late"))


def _years_page(cycle: Cycle) -> str:
    session = reading.session()
    return render_template(
        "planning/years.html",
        cycle=cycle,
        division=query.division(session, cycle, clock.now()),
        changes=query.history(session, cycle, _OF_THE_PLAN),
        may_plan=may(Action.PLAN_CYCLE),
    )
