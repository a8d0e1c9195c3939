"""A cycle: chapters, process, how far each of its years has come, and States drawn for it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db
from review.languages import N_
from review.policy import Action
from review.reference import chapter_title
from review.services import cycles
from review.services.errors import InvalidGiven
from review.services.queries import board, burn_up
from review.services.queries import cycle as query
from review.services.queries.unread import unread
from review.services.setbacks import Setbacks
from review.web import charts, reading
from review.web.access import needs, viewer
from review.web.cycle_forms import SelectedForm
from review.web.words import _
from workflows.registry import process

if TYPE_CHECKING:
    from review.models import Cycle

blueprint = Blueprint("cycle", __name__)

_PAGES: Final = (
    ("cycle.show", N_("Reviews")),
    ("planning.years", N_("Years")),
    ("planning_parties.index", N_("Parties")),
    ("planning_experts.index", N_("Experts")),
    ("planning_sessions.index", N_("Sessions")),
    ("planning_rules.show", N_("Rules")),
    ("draws.index", N_("Draws")),
    ("pairings.index", N_("Pairings")),
)


@blueprint.app_template_global("cycle_pages")
def pages(number: int) -> list[tuple[str, str, str]]:
    """The pages of a cycle: address, name, and whether the reader is at it, for aria-current."""
    here = request.blueprint
    return [
        (url_for(endpoint, number=number), _(label), _at(endpoint, here))
        for endpoint, label in _PAGES
        if endpoint in current_app.view_functions
    ]


@blueprint.app_template_global("all_cycles")
def all_cycles() -> list[tuple[int, str]]:
    """Every cycle: its number, and the address of the page of it that the reader is at."""
    ends = [end for end, _label in _PAGES if end.partition(".")[0] == request.blueprint]
    numbers = [one.number for one in query.cycles(reading.session())]
    return [(one, url_for(ends[0] if ends else "cycle.show", number=one)) for one in numbers]


def _at(endpoint: str, here: str | None) -> str:
    if request.endpoint == endpoint:
        return "page"
    return "true" if here == endpoint.partition(".")[0] else ""


@blueprint.get("/cycle")
@blueprint.get("/cycles/<int(min=1, max=99):number>")
@needs(Action.SEE_BOARD)
def show(number: int | None = None) -> ResponseReturnValue:
    """One cycle; without a number the one that is running."""
    session = reading.session()
    cycle = query.find(session, number) if number else query.current(session, clock.now())
    return _page(cycle, _form(cycle, SelectedForm(formdata=None)))


@blueprint.post("/cycles/<int(min=1, max=99):number>/reviews")
@needs(Action.SEE_BOARD)
def select(number: int) -> ResponseReturnValue:
    """Record a State that was drawn for a year of this cycle; its review begins as selected."""
    cycle = query.find(reading.session(), number)
    form = _form(cycle, SelectedForm())
    if form.validate_on_submit():
        iso3, year = form.state.data, int(form.year.data)
        try:
            with db.transaction() as session:
                made = cycles.select_state(
                    session, number, iso3, year, actor=viewer(), now=clock.now()
                )
        except InvalidGiven as refused:
            form.state.errors = [_(text) for text in refused.errors.values()]
        else:
            flash(_("The review is recorded. Next, its reviewing States are drawn."), "ok")
            return redirect(url_for("reviews.show", review_id=made.id))
    return _page(cycle, form), 422


def _form(cycle: Cycle, form: SelectedForm) -> SelectedForm:
    form.offer(query.candidates(reading.session(), cycle, clock.now()))
    return form


def _page(cycle: Cycle, form: SelectedForm) -> str:
    session, now = reading.session(), clock.now()
    definition = process(cycle.process_key)
    setbacks = Setbacks()
    rows = board.rows(session, cycle, now, setbacks)
    years = query.years(query.year_begins(session, cycle), rows)
    pictures = {}
    for year in years:
        data = burn_up.burn_up(definition, [r for r in rows if r.year == year.number], now)
        if data is not None:
            pictures[year.number] = charts.burn_up(definition, data)
    return render_template(
        "cycle/show.html",
        cycle=cycle,
        cycles=query.cycles(session),
        process=definition,
        chapters=[(chapter, chapter_title(chapter)) for chapter in cycle.chapters],
        totals=Counter(row.seen.stage for row in rows),
        years=years,
        rows=rows,
        unread=unread(session, setbacks),
        pictures=pictures,
        form=form,
    )
