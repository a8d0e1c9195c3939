"""What States ask about their lots, and what it would change: the repair assistant."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db
from review.policy import Action
from review.services.draws import requests
from review.services.draws.requests import RequestGiven
from review.services.errors import InvalidGiven, NotFound
from review.services.queries import cycle as cycle_query
from review.services.queries import draw_repair, lot_requests
from review.services.queries.draw_repair import Event, Question
from review.web import asked, present, reading
from review.web.access import needs, viewer
from review.web.draw_forms import RequestForm
from review.web.words import _

blueprint = Blueprint("draws_requests", __name__)

_PLACES = {"1": (1,), "2": (2,), "both": (1, 2)}


@blueprint.route("/cycles/<int(min=1, max=99):number>/draws/request", methods=["GET", "POST"])
@needs(Action.DRAW_LOTS)
def ask(number: int) -> ResponseReturnValue:
    """Record that a State asks for a repeat, or that a reviewing State withdraws."""
    cycle = cycle_query.find(reading.session(), number)
    rows = lot_requests.askable(reading.session(), cycle)
    form = RequestForm()
    form.offer(rows, lot_requests.usual_repeats(cycle))
    if request.method == "GET":
        form.received_on.data = present.today()
        return render_template("draws/request.html", cycle=cycle, form=form, rows=rows)
    if form.validate_on_submit():
        given = RequestGiven(
            form.places(),
            str(form.reason.data or ""),
            form.received_on.data,
            str(form.exceptional_reason.data or ""),
        )
        act = requests.ask_repeat if form.kind.data == "repeat" else requests.ask_replacement
        try:
            with db.transaction() as session:
                act(session, int(form.review.data), given, actor=viewer(), now=clock.now())
        except InvalidGiven as refused:
            form.show_errors(refused.errors)
        else:
            flash(_("The request is recorded. It waits for a draw."), "ok")
            return redirect(url_for("draws.index", number=number) + "#requests", 303)
    return render_template("draws/request.html", cycle=cycle, form=form, rows=rows), 422


@blueprint.post("/cycles/<int(min=1, max=99):number>/draws/requests/<int:request_id>/take-back")
@needs(Action.DRAW_LOTS)
def take_back(number: int, request_id: int) -> ResponseReturnValue:
    """Take a request back that waits."""
    cycle = cycle_query.find(reading.session(), number)
    if request_id not in {one.id for one in lot_requests.requests(reading.session(), cycle)}:
        raise NotFound(f"no request {request_id} in cycle {number}")
    try:
        with db.transaction() as session:
            requests.take_back(session, request_id, actor=viewer(), now=clock.now())
        flash(_("The request is taken back."), "ok")
    except InvalidGiven as refused:
        for text in refused.errors.values():
            flash(_(text), "warn")
    return redirect(url_for("draws.index", number=number) + "#requests", 303)


@blueprint.get("/cycles/<int(min=1, max=99):number>/draws/repair")
@needs(Action.DRAW_LOTS)
def repair(number: int) -> ResponseReturnValue:
    """How many pairs would change after a repeat, a withdrawal or a deferral, and which."""
    session, now = reading.session(), clock.now()
    cycle = cycle_query.find(session, number)
    states = draw_repair.states(session, cycle, now)
    reader = asked.Reader(request.args)
    event = reader.one_of("event", set(Event))
    state = reader.one_of("state", dict(states))
    place = reader.one_of("place", _PLACES, "both")
    found, refused = None, False
    if event and state:
        slots = _PLACES[place] if event == Event.PLACE else ()
        try:
            found = draw_repair.assist(session, cycle, Question(Event(event), state, slots), now)
        except NotFound:
            refused = True
    return render_template(
        "draws/repair.html",
        cycle=cycle,
        states=states,
        chosen={"event": event, "state": state, "place": place},
        name=dict(states).get(state, ""),
        found=found,
        refused=refused,
        ignored=reader.ignored,
    )
