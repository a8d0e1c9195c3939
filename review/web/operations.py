"""Operations: which jobs run, what is wrong, what waits; for the secretariat."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from review import clock, tasks
from review.languages import N_
from review.policy import Action
from review.services import health
from review.services.queries import operations
from review.services.queries.operations import Standing
from review.web import reading, trouble_words
from review.web.access import needs

blueprint = Blueprint("operations", __name__)

_STANDINGS: Final = {
    Standing.NEVER: N_("Has not run yet"),
    Standing.FAILING: N_("Fails again and again"),
    Standing.SILENT: N_("Does not run"),
    Standing.FAILED: N_("Failed, is tried again"),
    Standing.AT_WORK: N_("At work"),
    Standing.RUNS: N_("Runs"),
}

_FAULTS: Final = {
    "later": N_("Put off in the last hour"),
    "refused": N_("Refused in the last hour"),
    "bounced": N_("Came back in the last hour"),
}


@blueprint.get("/operations")
@needs(Action.SEE_OPERATIONS)
def show() -> ResponseReturnValue:
    """Everything as it is at this moment, whatever scheduler and workers do."""
    settings = current_app.extensions["review"]
    report = health.report(settings, tasks.jobs(settings), now=clock.now(), machine=clock.machine)
    if report.picture is None:
        abort(503)
    page = operations.load(reading.session(), report)
    return render_template(
        "operations/show.html",
        page=page,
        troubles=[trouble_words.told(one) for one in page.troubles],
        incidents=[(row, trouble_words.told(row.trouble)) for row in page.incidents],
        standings=_STANDINGS,
        faults=_FAULTS,
    )
