"""The roster of a cycle: every party, whether it can be drawn and why not, what it asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db, reference
from review.languages import N_
from review.policy import Action
from review.services import cycle_planning, parties
from review.services.audit import Verb
from review.services.errors import InvalidGiven
from review.services.queries import cycle as cycle_query
from review.services.queries import planning as query
from review.services.queries import roster
from review.services.queries.roster import RosterFilters
from review.web import asked, reading
from review.web.access import needs, viewer
from review.web.planning_forms import NoteForm, ReasonForm
from review.web.words import _

if TYPE_CHECKING:
    from review.models import Cycle

blueprint = Blueprint("planning_parties", __name__)

SHOWN: Final = {
    "eligible": N_("Can be drawn"),
    "only_late": N_("Only in the last year"),
    "excluded": N_("Not drawn"),
    "no_list": N_("Without a list of experts"),
    "excused": N_("Asked for release in a year"),
    "volunteers": N_("Volunteers"),
    "late": N_("Joined late"),
}
_OF_A_PARTY: Final = (
    Verb.PARTY_NOTED,
    Verb.REVIEWER_WITHDRAWN,
    Verb.REVIEWER_RETURNED,
    Verb.EXPERT_LISTED,
    Verb.EXPERT_ENDED,
)


@blueprint.get("/cycles/<int(min=1, max=99):number>/parties")
@needs(Action.SEE_BOARD)
def index(number: int) -> ResponseReturnValue:
    """Everybody's eligibility, with filters."""
    cycle = cycle_query.find(reading.session(), number)
    reader = asked.Reader(request.args)
    filters = RosterFilters(
        q=reader.words("q"),
        group=reader.one_of("group", reference.REGIONAL_GROUPS),
        show=reader.one_of("show", SHOWN),
        page=reader.number("page", 1, 9999) or 1,
    )
    return render_template(
        "planning/roster.html",
        cycle=cycle,
        roster=roster.roster(reading.session(), cycle, filters, clock.now()),
        filters=filters,
        ignored=reader.ignored,
        shown=SHOWN,
        groups=reference.REGIONAL_GROUPS,
    )


@blueprint.get("/cycles/<int(min=1, max=99):number>/parties/<code:iso3>")
@needs(Action.KEEP_ROSTER)
def show(number: int, iso3: str) -> ResponseReturnValue:
    """One party: its review, what it asked for, its experts, what was recorded."""
    cycle = cycle_query.find(reading.session(), number)
    return _page(cycle, iso3, None)


@blueprint.post("/cycles/<int(min=1, max=99):number>/parties/<code:iso3>")
@needs(Action.KEEP_ROSTER)
def note(number: int, iso3: str) -> ResponseReturnValue:
    """Record what a party asked for."""
    cycle = cycle_query.find(reading.session(), number)
    form = NoteForm()
    form.offer(_years(cycle))
    if form.validate_on_submit():
        chosen = form.volunteers_for.data
        try:
            with db.transaction() as session:
                parties.note(
                    session,
                    number,
                    iso3,
                    volunteers_for=int(chosen) if chosen else None,
                    excused=bool(form.excused.data),
                    actor=viewer(),
                    now=clock.now(),
                )
        except InvalidGiven as refused:
            form.show_errors(refused.errors)
        else:
            flash(_("What the party asked for is recorded."), "ok")
            return redirect(url_for("planning_parties.show", number=number, iso3=iso3))
    return _page(cycle, iso3, form), 422


@blueprint.get("/cycles/<int(min=1, max=99):number>/parties/<code:iso3>/withdraw")
@needs(Action.KEEP_ROSTER)
def ask_to_withdraw(number: int, iso3: str) -> ResponseReturnValue:
    """Show what it means that a party takes no further reviews, and ask for the reason."""
    return _turn_page(number, iso3, ReasonForm(formdata=None), withdrawing=True)


@blueprint.post("/cycles/<int(min=1, max=99):number>/parties/<code:iso3>/withdraw")
@needs(Action.KEEP_ROSTER)
def withdraw(number: int, iso3: str) -> ResponseReturnValue:
    """Record that a party takes no further reviews."""
    return _turn(number, iso3, withdrawing=True)


@blueprint.get("/cycles/<int(min=1, max=99):number>/parties/<code:iso3>/restore")
@needs(Action.KEEP_ROSTER)
def ask_to_restore(number: int, iso3: str) -> ResponseReturnValue:
    """Ask why a party that had withdrawn takes reviews again."""
    return _turn_page(number, iso3, ReasonForm(formdata=None), withdrawing=False)


@blueprint.post("/cycles/<int(min=1, max=99):number>/parties/<code:iso3>/restore")
@needs(Action.KEEP_ROSTER)
def restore(number: int, iso3: str) -> ResponseReturnValue:
    """Record that a party that had withdrawn takes reviews again."""
    return _turn(number, iso3, withdrawing=False)


def _turn(number: int, iso3: str, *, withdrawing: bool) -> ResponseReturnValue:
    form = ReasonForm()
    turn = parties.withdraw if withdrawing else parties.restore
    if form.validate_on_submit():
        reason = str(form.reason.data)
        try:
            with db.transaction() as session:
                turn(session, number, iso3, reason, actor=viewer(), now=clock.now())
        except InvalidGiven as refused:
            form.show_errors(refused.errors)
        else:
            done = _("The withdrawal is recorded.")
            flash(done if withdrawing else _("The party takes reviews again."), "ok")
            return redirect(url_for("planning_parties.show", number=number, iso3=iso3))
    return _turn_page(number, iso3, form, withdrawing=withdrawing), 422


def _turn_page(number: int, iso3: str, form: ReasonForm, *, withdrawing: bool) -> str:
    cycle = cycle_query.find(reading.session(), number)
    return render_template(
        "planning/withdraw.html",
        cycle=cycle,
        party=roster.party(reading.session(), cycle, iso3, clock.now()),
        form=form,
        withdrawing=withdrawing,
    )


def _years(cycle: Cycle) -> list[int]:
    """The years for which States are drawn."""
    return [one.year for one in cycle_planning.years_of(reading.session(), cycle) if one.share]


def _page(cycle: Cycle, iso3: str, form: NoteForm | None) -> str:
    session = reading.session()
    party = roster.party(session, cycle, iso3, clock.now())
    if form is None:
        form = NoteForm(formdata=None)
        form.offer(_years(cycle))
        form.volunteers_for.data = str(party.volunteers_for or "")
        form.excused.data = party.excused
    return render_template(
        "planning/party.html",
        cycle=cycle,
        party=party,
        rules=cycle_planning.rules_of(cycle),
        form=form,
        changes=query.history(session, cycle, _OF_A_PARTY, iso3=iso3),
    )
