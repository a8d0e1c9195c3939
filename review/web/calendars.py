"""Days off: public holidays of each State and of the duty station, and what is recorded here."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length

from review import clock, db, reference
from review.policy import Action
from review.reference import UnknownReferenceError, days_off
from review.services import closures
from review.services.closures import ClosureGiven
from review.services.errors import InvalidGiven
from review.web import present, reading
from review.web.access import needs, viewer
from review.web.planning_forms import DayField, PlanningForm
from review.web.words import _, lazy

blueprint = Blueprint("calendars", __name__)
_DUTY_STATION = "duty-station"
_YEARS = range(2003, 2101)
_needed = InputRequired(lazy("Please fill this in."))


class ClosureForm(PlanningForm):
    """Days off, or days on which work is done after all."""

    name = StringField(lazy("Name"), [_needed, Length(max=closures.NAME_LIMIT)])
    first_day = DayField(lazy("First day"), [_needed])
    last_day = DayField(lazy("Last day"), [_needed])
    works = BooleanField(lazy("Work is done on these days although they would be days off"))

    def given(self) -> ClosureGiven:
        """What is entered; the fields have been validated."""
        first, last = self.first_day.day, self.last_day.day
        if first is None or last is None:
            raise ValueError("the form was not validated")
        return ClosureGiven(first, last, str(self.name.data).strip(), bool(self.works.data))


@blueprint.get("/calendars")
@needs(Action.KEEP_CALENDARS)
def index() -> ResponseReturnValue:
    """Choose a State and a year: an address of its own for each."""
    place = request.args.get("state") or _DUTY_STATION
    year = request.args.get("year", type=int) or present.today().year
    return redirect(url_for("calendars.show", place=place, year=year))


@blueprint.route("/calendars/<place>/<int:year>", methods=["GET", "POST"])
@needs(Action.KEEP_CALENDARS)
def show(place: str, year: int) -> ResponseReturnValue:
    """The days off of one place in one year; a form records more."""
    iso3 = _state(place)
    if year not in _YEARS:
        abort(404)
    form = ClosureForm()
    if form.validate_on_submit():
        try:
            with db.transaction() as session:
                closures.record(session, iso3, form.given(), actor=viewer(), now=clock.now())
        except InvalidGiven as refused:
            form.show_errors(refused.errors)
        else:
            flash(_("Recorded. It holds for what is counted and reminded of from now on."), "ok")
            recorded = form.given().first_day.year
            return redirect(url_for("calendars.show", place=place, year=recorded))
    page = render_template(
        "calendars/show.html",
        place=place,
        state=reference.party(iso3) if iso3 else None,
        states=reference.parties(),
        year=year,
        days=closures.of_year(reading.session(), iso3, year),
        weekend=closures.weekend_of(iso3),
        known=days_off.is_known(iso3 or days_off.DUTY_STATION),
        form=form,
    )
    return page, 200 if request.method == "GET" else 422


@blueprint.post("/calendars/days/<int:entry>/remove")
@needs(Action.KEEP_CALENDARS)
def take_back(entry: int) -> ResponseReturnValue:
    """Remove a recorded day."""
    if not FlaskForm().validate_on_submit():
        abort(400)
    year = request.form.get("year", type=int) or present.today().year
    try:
        with db.transaction() as session:
            iso3 = closures.take_back(session, entry, actor=viewer(), now=clock.now())
    except InvalidGiven as refused:
        flash(_(next(iter(refused.errors.values()))), "warn")
        iso3 = closures.place_of(reading.session(), entry)
    else:
        flash(_("The recorded day is removed."), "ok")
    return redirect(url_for("calendars.show", place=iso3 or _DUTY_STATION, year=year))


def _state(place: str) -> str | None:
    """The State of an address, None for the duty station; 404 for anything else."""
    if place == _DUTY_STATION:
        return None
    try:
        return reference.party(place).iso3
    except UnknownReferenceError:
        abort(404)
