"""The rules of the draws of a cycle: in words with their source, as data, and their change."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, SelectChoice

from review import clock, db
from review.policy import Action
from review.reference import LotSetting, lot_settings
from review.services import cycle_planning
from review.services.audit import Verb
from review.services.errors import InvalidGiven
from review.services.queries import cycle as cycle_query
from review.services.queries import planning as query
from review.web import reading
from review.web.access import may, needs, viewer
from review.web.planning_forms import NumberField, PlanningForm, reason_field
from review.web.words import _

blueprint = Blueprint("planning_rules", __name__)

_TRUTH: Final = {"true": True, "false": False}


@blueprint.get("/cycles/<int(min=1, max=99):number>/rules")
@needs(Action.SEE_BOARD)
def show(number: int) -> ResponseReturnValue:
    """Every rule of the draws with its value here, its paragraph and how sure it is."""
    session = reading.session()
    cycle = cycle_query.find(session, number)
    return render_template(
        "planning/rules.html",
        cycle=cycle,
        rules=cycle_planning.rules_of(cycle),
        settings=lot_settings(),
        bound=cycle_planning.published(session, cycle),
        prepared=query.draws_in_progress(session, cycle),
        changes=query.history(session, cycle, (Verb.LOT_RULES_CHANGED,)),
        may_plan=may(Action.PLAN_CYCLE),
    )


@blueprint.get("/cycles/<int(min=1, max=99):number>/rules.json")
@needs(Action.SEE_BOARD)
def data(number: int) -> ResponseReturnValue:
    """The same for programs."""
    cycle = cycle_query.find(reading.session(), number)
    response: Response = jsonify(
        cycle=number,
        rules=asdict(cycle_planning.rules_of(cycle)),
        differs=cycle.lot_rules,
        settings=[asdict(one) for one in lot_settings()],
    )
    return response


@blueprint.route("/cycles/<int(min=1, max=99):number>/rules/change", methods=["GET", "POST"])
@needs(Action.PLAN_CYCLE)
def change(number: int) -> ResponseReturnValue:
    """Set the rules of this cycle otherwise, with the reason."""
    cycle = cycle_query.find(reading.session(), number)
    values = asdict(cycle_planning.rules_of(cycle))
    form = _form(values)
    if form.validate_on_submit():
        given = {one.key: _value(one, form) for one in lot_settings()}
        try:
            with db.transaction() as session:
                cycle_planning.change_rules(
                    session,
                    number,
                    given,
                    str(form["reason"].data),
                    actor=viewer(),
                    now=clock.now(),
                )
        except InvalidGiven as refused:
            form.show_errors(refused.errors)
        else:
            flash(_("The rules of this cycle are changed."), "ok")
            return redirect(url_for("planning_rules.show", number=number))
    page = render_template(
        "planning/rules_change.html",
        cycle=cycle,
        form=form,
        settings=lot_settings(),
        bound=cycle_planning.published(reading.session(), cycle),
    )
    return page, 200 if request.method == "GET" else 422


def _form(values: dict[str, Any]) -> PlanningForm:
    """A field for each rule, as the data have it."""
    fields = {one.key: _field(one) for one in lot_settings()} | {"reason": reason_field()}
    shown = {
        key: str(value).lower() if isinstance(value, bool) else value
        for key, value in values.items()
    }
    form: PlanningForm = type("RulesForm", (PlanningForm,), fields)(data=shown)
    return form


def _field(one: LotSetting) -> Any:
    if one.choices is not None:
        offered = [SelectChoice(key, _(label)) for key, label in one.choices.items()]
        return RadioField(_(one.label), choices=offered)
    if isinstance(one.value, bool):
        offered = [SelectChoice("true", _("Yes")), SelectChoice("false", _("No"))]
        return RadioField(_(one.label), choices=offered)
    render = {"inputmode": "numeric", "maxlength": 6, "autocomplete": "off"}
    return NumberField(_(one.label), render_kw=render)


def _value(one: LotSetting, form: PlanningForm) -> Any:
    field = form[one.key]
    if isinstance(field, NumberField):
        return field.number
    return _TRUTH.get(field.data, field.data) if isinstance(one.value, bool) else field.data
