"""The reminders of the coming days, before they happen; and pauses of them.

The secretariat sees everybody's, anybody else what comes to themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from types import ModuleType
from typing import Any, Final

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from review import clock, db, languages, reference
from review.policy import Action
from review.services import exports, pauses, reminder_plan
from review.services.errors import InvalidGiven, NotFound
from review.services.pauses import PauseGiven, Whose
from review.services.planned import MISSION, RULES, Plan, PlanFilters, Planned, Rule, Unplanned
from review.services.queries import people, reviews
from review.web import asked, csv_files, present, reading, rule_words, wording
from review.web.access import needs, signed_in, viewer
from review.web.planning_forms import DayField, PlanningForm
from review.web.words import _, lazy

blueprint = Blueprint("reminder_plan", __name__)

DAYS: Final = (7, 14, 30, 60, 90)
_USUAL: Final = 30
_SHOWN: Final = 400
"""Rows of one page; a file has all of them."""
_HIGHEST: Final = 2**62
_ROLES: Final = (MISSION, "focal_point", "expert", "secretariat_officer",
                 "secretariat_administrator")  # fmt: skip
_needed = InputRequired(lazy("Please fill this in."))


class PauseForm(PlanningForm):
    """Until when, and why, reminders rest."""

    until = DayField(lazy("No reminders until"), [_needed])
    reason = TextAreaField(
        lazy("Reason"),
        [_needed, Length(max=pauses.REASON_LIMIT)],
        description=lazy("Recorded in the audit trail."),
        render_kw={"rows": 2},
    )

    def given(self) -> PauseGiven:
        """What is entered; the fields have been validated."""
        if self.until.day is None:
            raise ValueError("the form was not validated")
        return PauseGiven(self.until.day, str(self.reason.data))


# The plan of all ---------------------------------------------------------------------------------


@blueprint.get("/reminders")
@needs(Action.PLAN_REMINDERS)
def show() -> ResponseReturnValue:
    """What falls due in the coming days, by day."""
    reader = asked.Reader(request.args)
    filters, days = _filters(reader)
    everything = reminder_plan.plan(reading.session(), clock.now(), days)
    plan = filters.chosen(everything)
    chosen, shown = plan.coming, plan.coming[:_SHOWN]
    return render_template(
        "reminder_plan/show.html",
        days=[(day, list(those)) for day, those in groupby(shown, key=lambda one: one.day)],
        found=len(chosen),
        shown=len(shown),
        unplanned=plan.unplanned,
        counts=_counts(chosen),
        filters=filters,
        ahead=days,
        spans=DAYS,
        states=_states(everything.coming, filters),
        people=_people(everything.coming, filters),
        roles=_ROLES,
        languages_of_mail=[one.code for one in languages.LANGUAGES],
        rules=RULES,
        ladders=rule_words.ladders(),
        asked_for=_address(filters, days),
        ignored=reader.ignored,
    )


@blueprint.post("/reminders.csv")
@needs(Action.PLAN_REMINDERS)
def export() -> ResponseReturnValue:
    """The same as a file; recorded."""
    filters, days = _filters(asked.Reader(request.form))
    now = clock.now()
    with db.transaction() as session:
        plan = exports.reminder_rows(session, days, filters, actor=viewer(), now=now)
        lines = [*map(_line, plan.coming), *map(_unplanned_line, plan.unplanned)]
    head = [
        _("Day"), _("Falls due (UTC)"), _("To"), _("Role"), _("State"), _("Address"),
        _("Language"), _("Review"), _("Milestone"), _("Due date"), _("Days from the due date"),
        _("Rule"), _("Rule in words"), _("Digest (UTC)"), _("Paused until"),
        _("New in office, no reminder up to"),
    ]  # fmt: skip
    return csv_files.file(f"reminders-{present.today().isoformat()}.csv", head, lines)


def _filters(reader: asked.Reader) -> tuple[PlanFilters, int]:
    days = reader.number("days", 1, reminder_plan.LONGEST) or _USUAL
    codes = {one.iso3 for one in reference.parties()}
    return PlanFilters(
        state=reader.one_of("state", codes),
        role=reader.one_of("role", _ROLES),
        person=reader.number("person", 1, _HIGHEST),
        language=reader.one_of("language", {one.code for one in languages.LANGUAGES}),
        rule=reader.one_of("rule", set(Rule)),
        review=reader.number("review", 1, _HIGHEST),
    ), days


def _address(filters: PlanFilters, days: int) -> dict[str, str]:
    """What an address asks for, to be carried on."""
    values = asdict(filters) | {"days": days if days != _USUAL else ""}
    return {name: str(value) for name, value in values.items() if value}


def _counts(chosen: Sequence[Planned]) -> dict[str, int]:
    going = [one for one in chosen if one.telling.held is None]
    settling = sum(1 for one in chosen if one.telling.settles)
    digests = {(one.to.person_id, one.digest_at) for one in going if one.digest_at}
    return {
        "single": sum(1 for one in going if one.digest_at is None),
        "digests": len(digests),
        "escalations": sum(1 for one in going if one.telling.notice == "escalation"),
        "held": len(chosen) - len(going) - settling,
        "settling": settling,
    }


def _states(everything: Sequence[Planned], filters: PlanFilters) -> list[tuple[str, str]]:
    codes = {one.state for one in everything} | {filters.state}
    codes |= {one.owed.seen.columns["iso3"] for one in everything}
    named = [(code, _(reference.party(code).name)) for code in codes if code]
    return sorted(named, key=lambda two: two[1])


def _people(everything: Sequence[Planned], filters: PlanFilters) -> list[tuple[int, str]]:
    named = {one.to.person_id: one.to.title for one in everything if one.to.person_id}
    if filters.person is not None and filters.person not in named:
        named[filters.person] = _("nobody in these days")
    return sorted(named.items(), key=lambda two: two[1])


def _line(one: Planned) -> list[object]:
    owed = one.owed
    return [
        one.day.isoformat(),
        one.at.isoformat(),
        one.to.title or _("Permanent Mission"),
        wording.role(one.to.role) if one.to.person_id else _("Permanent Mission"),
        one.state,
        one.to.email,
        one.to.language,
        owed.seen.columns["iso3"],
        about(one),
        owed.due_on.isoformat() if owed.due_on else "",
        owed.reminder.offset,
        _(RULES[one.rule]),
        rule_words.because(owed.reminder),
        one.digest_at.isoformat() if one.digest_at else "",
        "" if one.telling.settles else _held(one),
        _held(one) if one.telling.settles else "",
    ]


def _unplanned_line(one: Unplanned) -> list[object]:
    told: dict[int, object] = {
        7: one.iso3,
        8: unplanned_about(one),
        11: _("No reminder can be planned"),
    }
    return [told.get(column, "") for column in range(16)]


@blueprint.app_template_global("unplanned_about")
def unplanned_about(one: Unplanned) -> str:
    """Which milestone it is of which no reminder can be planned, in words."""
    label = _(one.label)
    return wording.numbered(label, one.slot) if one.repeats else label


def _held(one: Planned) -> str:
    return one.telling.held.isoformat() if one.telling.held else ""


@blueprint.app_template_global("planned_about")
def about(one: Planned) -> str:
    """What a message is about: the milestone, a question with its number."""
    label = _(one.owed.item.label)
    return wording.numbered(label, one.owed.slot) if one.owed.item.repeats else label


@blueprint.app_template_global("rule_words")
def words_of_rules() -> ModuleType:
    """The words of the rules, for templates."""
    return rule_words


@blueprint.app_template_global("present_state")
def state_name(iso3: str) -> str:
    """The name of a State, to be translated."""
    return reference.party(iso3).name


# Pauses ------------------------------------------------------------------------------------------


@blueprint.route("/account/reminders", methods=["GET", "POST"])
@signed_in
def own() -> ResponseReturnValue:
    """What comes to me, and a pause of it."""
    form, whose = PauseForm(), Whose(person_id=viewer().id)
    if form.validate_on_submit() and _begun(whose, form):
        return redirect(url_for("reminder_plan.own"))
    coming = reminder_plan.of_person(reading.session(), viewer(), clock.now(), _USUAL)
    return _page("own", form, whose, coming, title="", back=url_for("accounts.show"))


@blueprint.post("/account/reminders/resume")
@signed_in
def resume_own() -> ResponseReturnValue:
    """End my pause."""
    return _ended(Whose(person_id=viewer().id), url_for("reminder_plan.own"))


@blueprint.route("/people/<int:person_id>/reminders", methods=["GET", "POST"])
@needs(Action.PLAN_REMINDERS)
def of_person(person_id: int) -> ResponseReturnValue:
    """What comes to somebody, and a pause of it."""
    form, whose = PauseForm(), Whose(person_id=person_id)
    person = people.find(reading.session(), person_id, clock.now()).person
    here = url_for("reminder_plan.of_person", person_id=person_id)
    if form.validate_on_submit() and _begun(whose, form):
        return redirect(here)
    coming = reminder_plan.of_person(reading.session(), person, clock.now(), _USUAL)
    back = url_for("people.show", person_id=person_id)
    return _page("of_person", form, whose, coming, title=person.title, back=back)


@blueprint.post("/people/<int:person_id>/reminders/resume")
@needs(Action.PLAN_REMINDERS)
def resume_person(person_id: int) -> ResponseReturnValue:
    """End somebody's pause."""
    here = url_for("reminder_plan.of_person", person_id=person_id)
    return _ended(Whose(person_id=person_id), here)


@blueprint.route("/reviews/<int:review_id>/reminders", methods=["GET", "POST"])
@needs(Action.PLAN_REMINDERS)
def of_review(review_id: int) -> ResponseReturnValue:
    """What is sent about a review, and a pause of it."""
    form, whose = PauseForm(), Whose(review_id=review_id)
    found = reviews.load(reading.session(), review_id, viewer(), clock.now())
    if form.validate_on_submit() and _begun(whose, form):
        return redirect(url_for("reminder_plan.of_review", review_id=review_id))
    coming = reminder_plan.plan(reading.session(), clock.now(), _USUAL, [review_id])
    back = url_for("reviews.show", review_id=review_id)
    return _page("of_review", form, whose, coming, title=_(found.seen.sides[0].name), back=back)


@blueprint.post("/reviews/<int:review_id>/reminders/resume")
@needs(Action.PLAN_REMINDERS)
def resume_review(review_id: int) -> ResponseReturnValue:
    """End the pause of a review."""
    here = url_for("reminder_plan.of_review", review_id=review_id)
    return _ended(Whose(review_id=review_id), here)


def _begun(whose: Whose, form: PauseForm) -> bool:
    """Pause; False where the service refuses, with its texts on the form."""
    longest = current_app.extensions["review"].longest_pause_days
    try:
        with db.transaction() as session:
            pauses.begin(
                session, whose, form.given(), actor=viewer(), now=clock.now(), longest=longest
            )
    except InvalidGiven as refused:
        form.show_errors(refused.errors)
        return False
    flash(_("Reminders rest until %(day)s.", day=present.day(form.given().until)), "ok")
    return True


def _ended(whose: Whose, here: str) -> ResponseReturnValue:
    if not FlaskForm().validate_on_submit():
        abort(400)
    try:
        with db.transaction() as session:
            pauses.end(session, whose, actor=viewer(), now=clock.now())
    except NotFound:
        flash(_("There is no pause any more."), "warn")
    else:
        flash(_("The pause is over. The latest reminder comes on the next working morning."), "ok")
    return redirect(here)


def _page(kind: str, form: PauseForm, whose: Whose, plan: Plan, **more: Any) -> ResponseReturnValue:
    page = render_template(
        "reminder_plan/pause.html",
        kind=kind,
        form=form,
        coming=plan.coming,
        unplanned=plan.unplanned,
        rules=RULES,
        ahead=_USUAL,
        whose=whose,
        pause=pauses.in_force(reading.session(), whose, clock.now()),
        longest=current_app.extensions["review"].longest_pause_days,
        **more,
    )
    return page, 200 if request.method == "GET" else 422
