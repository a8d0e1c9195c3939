"""The sessions of the Implementation Review Group in a cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db
from review.policy import Action
from review.services import group_sessions
from review.services.audit import Verb
from review.services.errors import InvalidGiven
from review.services.queries import cycle as cycle_query
from review.services.queries import planning as query
from review.web import reading
from review.web.access import needs, viewer
from review.web.planning_forms import KIND_LABELS, SessionForm
from review.web.words import _

if TYPE_CHECKING:
    from review.models import Cycle

blueprint = Blueprint("planning_sessions", __name__)


@blueprint.get("/cycles/<int(min=1, max=99):number>/sessions")
@needs(Action.SEE_BOARD)
def index(number: int) -> ResponseReturnValue:
    """The sessions of a cycle, with the draws that belong to them."""
    session = reading.session()
    cycle = cycle_query.find(session, number)
    held = group_sessions.of_cycle(session, cycle)
    return render_template(
        "planning/sessions.html",
        cycle=cycle,
        held=held,
        kinds=KIND_LABELS,
        draws=query.sessions_with_draws(session, [one.id for one in held]),
        changes=query.history(session, cycle, (Verb.SESSION_ADDED, Verb.SESSION_CHANGED)),
    )


@blueprint.route("/cycles/<int(min=1, max=99):number>/sessions/new", methods=["GET", "POST"])
@needs(Action.KEEP_ROSTER)
def add(number: int) -> ResponseReturnValue:
    """Add a session."""
    cycle = cycle_query.find(reading.session(), number)
    form = SessionForm()
    form.offer()
    if form.validate_on_submit() and (given := form.given()):
        try:
            with db.transaction() as session:
                group_sessions.add(session, number, given, actor=viewer(), now=clock.now())
        except InvalidGiven as refused:
            form.show_errors(refused.errors)
        else:
            return _done(number, _("The session is added."))
    return _page(cycle, form, None)


@blueprint.route(
    "/cycles/<int(min=1, max=99):number>/sessions/<int:session_id>", methods=["GET", "POST"]
)
@needs(Action.KEEP_ROSTER)
def change(number: int, session_id: int) -> ResponseReturnValue:
    """Change a session."""
    cycle = cycle_query.find(reading.session(), number)
    found = group_sessions.find(reading.session(), number, session_id)
    form = SessionForm(obj=found)
    form.offer()
    if form.validate_on_submit() and (given := form.given()):
        try:
            with db.transaction() as session:
                group_sessions.change(
                    session, number, session_id, given, actor=viewer(), now=clock.now()
                )
        except InvalidGiven as refused:
            form.show_errors(refused.errors)
        else:
            return _done(number, _("The session is changed."))
    return _page(cycle, form, session_id)


def _done(number: int, text: str) -> ResponseReturnValue:
    flash(text, "ok")
    return redirect(url_for("planning_sessions.index", number=number))


def _page(cycle: Cycle, form: SessionForm, session_id: int | None) -> ResponseReturnValue:
    page = render_template("planning/session.html", cycle=cycle, form=form, session_id=session_id)
    return page, 200 if request.method == "GET" else 422
