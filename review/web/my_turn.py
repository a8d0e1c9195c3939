"""My turn: what I have to do, for which State, by when, and who has the others meanwhile."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from review import clock
from review.policy import Action
from review.services.queries.my_turn import my_turn
from review.services.queries.turns import Task, coming, waiting_for
from review.web import present, reading
from review.web.access import needs, viewer
from review.web.words import _

blueprint = Blueprint("my_turn", __name__)

PAGES = {
    "answers": "answers.overview",
    "workbench": "workbench.overview",
    "questions": "questions.show",
    "report": "report.show",
}
"""Where the work for a step is done, when it is more than a form."""


@blueprint.get("/my-turn")
@needs(Action.SEE_OWN_WORK)
def show() -> ResponseReturnValue:
    """The first page after signing in."""
    page = my_turn(reading.session(), viewer(), clock.now())
    return render_template(
        "my_turn/show.html", page=page, pages=PAGES, coming=_coming, waits=_waits
    )


def _coming(task: Task) -> object:
    return coming(task.review, task.due)


def _waits(task: Task) -> str:
    """Who waits for the viewer, as a list in a sentence; empty for nobody."""
    names = [name or _("the secretariat") for name in waiting_for(task.review, task.due)]
    return present.listed(names) if names else ""
