"""The drawing of lots: the draws of a cycle, and one draw from its announcement to its record."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db, reference
from review.policy import Action
from review.resources import LOTS
from review.services import group_sessions
from review.services.draws import conduct, prepare, record
from review.services.draws.orders import Purpose
from review.services.draws.prepare import DrawOrder
from review.services.errors import InvalidGiven, NotFound, Refused
from review.services.queries import cycle as cycle_query
from review.services.queries import draw_room, draws, lot_requests
from review.web import draw_outlook, present, reading, wording
from review.web.access import may, needs, viewer
from review.web.draw_forms import DrawForm, EmptyForm, OpenForm, PrepareForm, ReasonForm
from review.web.draw_words import MODE_HELP, MODES, PURPOSES, STATES, grouped
from review.web.draws_room import may_rehearse
from review.web.words import _
from workflows.announcement import Mode

if TYPE_CHECKING:
    from review.services.queries.draw_room import SeenDraw

blueprint = Blueprint("draws", __name__)

_STEPS = ("prepared", "published", "open", "drawn", "recorded")
_OPEN = {
    "publish": _STEPS[:1],
    "open": _STEPS[1:2],
    "record": _STEPS[3:4],
    "void": _STEPS[:4],
}
"""In which states of a draw each step can be asked for."""


@blueprint.app_context_processor
def _words() -> dict[str, object]:
    return {
        "draw_states": STATES,
        "draw_purposes": PURPOSES,
        "draw_modes": MODES,
        "draw_mode_help": MODE_HELP,
        "grouped": grouped,
        "bias_measured": (LOTS / "bias.md").is_file(),
    }


@blueprint.get("/cycles/<int(min=1, max=99):number>/draws")
@needs(Action.SEE_DRAWS)
def index(number: int) -> ResponseReturnValue:
    """The draws of a cycle; for the secretariat also what can be drawn and what is missing."""
    session = reading.session()
    cycle = cycle_query.find(session, number)
    found = draws.draws(session, cycle, viewer())
    return render_template(
        "draws/index.html",
        cycle=cycle,
        draws=found,
        outlook=draw_outlook.outlook(cycle, found) if may(Action.DRAW_LOTS) else None,
        may_see_cycle=may(Action.SEE_BOARD),
        allowed=may(Action.SEE_DRAWS),
    )


@blueprint.route("/cycles/<int(min=1, max=99):number>/draws/prepare", methods=["GET", "POST"])
@needs(Action.DRAW_LOTS)
def prepare_draw(number: int) -> ResponseReturnValue:
    """Announce a draw: its lots, rules and roster are fixed, its commitment is made."""
    session = reading.session()
    cycle = cycle_query.find(session, number)
    form = PrepareForm()
    choices = lot_requests.choices(session, cycle, clock.now())
    sessions = group_sessions.of_cycle(session, cycle)
    form.offer(choices, {one.id: one.title for one in sessions})
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            try:
                with db.transaction() as writing:
                    made = prepare.prepare(
                        writing, number, _order(form), actor=viewer(), now=clock.now()
                    )
            except (InvalidGiven, Refused) as refused:
                status = show_refusal(form, refused)
            else:
                flash(_("The draw is prepared. Nothing is public yet."), "ok")
                return redirect(url_for("draws.show", draw_id=made.id))
    else:
        coming = [one for one in sessions if one.last_day >= present.today()]
        form.suggest(choices, request.args.get("what", ""), coming[0] if coming else None)
    page = render_template("draws/prepare.html", cycle=cycle, form=form, choices=choices)
    return page, status


def _order(form: PrepareForm) -> DrawOrder:
    year, _colon, purpose = str(form.what.data).partition(":")
    return DrawOrder(
        year=int(year),
        purpose=Purpose(purpose),
        title=str(form.title.data),
        session_id=int(form.session.data) if form.session.data else None,
        mode=Mode(form.mode.data) if int(year) else Mode.LOT_BY_LOT,
    )


@blueprint.get("/draws/<int:draw_id>")
@needs(Action.SEE_DRAWS)
def show(draw_id: int) -> ResponseReturnValue:
    """One draw: how far it is, what is published, its rules, roster and lots."""
    draw = _seen(draw_id)
    settings = {one.key: one for one in reference.lot_settings()}
    return render_template(
        "draws/show.html",
        draw=draw,
        page=draw.page,
        row=draw.page.row,
        steps=_STEPS,
        settings=settings,
        may_draw=may(Action.DRAW_LOTS),
        may_rehearse=may_rehearse(draw),
    )


@blueprint.get("/draws/<int:draw_id>/results")
@needs(Action.SEE_DRAWS)
def results(draw_id: int) -> ResponseReturnValue:
    """What was drawn, by regional group; to read, to print, to take away."""
    draw = _seen(draw_id)
    if not draw.entries:
        raise NotFound(f"no results of draw {draw_id}")
    return render_template(
        "draws/results.html",
        draw=draw,
        row=draw.page.row,
        page=draw.page,
        groups=draw_outlook.by_group(draw),
        may_draw=may(Action.DRAW_LOTS),
    )


# Steps that are confirmed -------------------------------------------------------------------------


@blueprint.route("/draws/<int:draw_id>/publish", methods=["GET", "POST"])
@needs(Action.DRAW_LOTS)
def publish(draw_id: int) -> ResponseReturnValue:
    """Make the commitment public, after a look at what can no longer be changed."""
    form = EmptyForm()
    if not form.validate_on_submit():
        return _asked(draw_id, "publish", form)

    def act() -> str:
        with db.transaction() as session:
            prepare.publish(session, draw_id, actor=viewer(), now=clock.now())
        return _("The commitment is published. Nothing of the draw can be changed any more.")

    return _taken(draw_id, "publish", form, act)


@blueprint.route("/draws/<int:draw_id>/open", methods=["GET", "POST"])
@needs(Action.DRAW_LOTS)
def open_draw(draw_id: int) -> ResponseReturnValue:
    """Take down the numbers that were read out; the lots begin."""
    form = OpenForm()
    if request.method == "GET":
        form.drawn_on.data = present.today()
    if not form.validate_on_submit():
        return _asked(draw_id, "open", form)

    def act() -> str:
        with db.transaction() as session:
            conduct.open_draw(
                session,
                draw_id,
                str(form.read_out.data),
                drawn_on=form.drawn_on.data,
                drawn_by=str(form.drawn_by.data or ""),
                actor=viewer(),
                now=clock.now(),
            )
        return ""

    return _taken(draw_id, "open", form, act, to="draws_room.show")


@blueprint.route("/draws/<int:draw_id>/record", methods=["GET", "POST"])
@needs(Action.DRAW_LOTS)
def record_draw(draw_id: int) -> ResponseReturnValue:
    """Write the result into the reviews; the States are told by mail."""
    form = EmptyForm()
    if not form.validate_on_submit():
        return _asked(draw_id, "record", form)

    def act() -> str:
        with db.transaction() as session:
            done = record.record(session, draw_id, actor=viewer(), now=clock.now())
        if not done.states:
            return _("This draw was recorded already.")
        return _("The result is recorded. The States concerned are told by mail.")

    return _taken(draw_id, "record", form, act)


@blueprint.route("/draws/<int:draw_id>/void", methods=["GET", "POST"])
@needs(Action.DRAW_LOTS)
def void(draw_id: int) -> ResponseReturnValue:
    """Give a draw up, with the reason."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return _asked(draw_id, "void", form)

    def act() -> str:
        with db.transaction() as session:
            reason = str(form.reason.data or "")
            prepare.void(session, draw_id, reason, actor=viewer(), now=clock.now())
        return _("The draw is given up. Its lots count for nothing.")

    return _taken(draw_id, "void", form, act)


def _taken(
    draw_id: int, step: str, form: DrawForm, act: Callable[[], str], to: str = "draws.show"
) -> ResponseReturnValue:
    """What follows a step: the next page, or its own page again with what is wrong."""
    try:
        done = act()
    except (InvalidGiven, Refused) as refused:
        return _asked(draw_id, step, form, show_refusal(form, refused))
    if done:
        flash(done, "ok")
    return redirect(url_for(to, draw_id=draw_id), 303)


def _asked(draw_id: int, step: str, form: DrawForm, status: int = 0) -> ResponseReturnValue:
    """The page that asks for a step, where the draw stands at it."""
    draw = _seen(draw_id)
    page = render_template(
        f"draws/{step}.html",
        draw=draw,
        possible=draw.state in _OPEN[step],
        page=draw.page,
        row=draw.page.row,
        form=form,
        told=draw_outlook.told(draw),
    )
    return page, status or (200 if request.method == "GET" else 422)


def show_refusal(form: DrawForm, refused: InvalidGiven | Refused) -> int:
    """Put a refusal on its form; the status of the answer."""
    if isinstance(refused, InvalidGiven):
        form.show_errors(refused.errors)
        return 422
    form.form_errors.extend(wording.reason(reason) for reason in refused.reasons)
    return 409


def _seen(draw_id: int) -> SeenDraw:
    return draw_room.find(reading.session(), draw_id, viewer())
