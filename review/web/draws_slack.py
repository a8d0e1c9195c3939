"""The slack of every State before the session: how many candidates each of its places has."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from review import clock
from review.policy import Action
from review.services.queries import cycle as cycle_query
from review.services.queries import draw_slack as query
from review.web import asked, reading
from review.web.access import needs

blueprint = Blueprint("draws_slack", __name__)


@blueprint.get("/cycles/<int(min=1, max=99):number>/draws/slack")
@needs(Action.DRAW_LOTS)
def show(number: int) -> ResponseReturnValue:
    """Candidates for every open place, the tightest first, by regional group."""
    cycle = cycle_query.find(reading.session(), number)
    year = asked.Reader(request.args).number("year", 1, 5)
    found = query.slack(reading.session(), cycle, clock.now(), year)
    return render_template("draws/slack.html", cycle=cycle, found=found)
