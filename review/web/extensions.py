"""Another date on its page: what would follow from it, in words, before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from flask import request

from review.services import conduct, extensions
from review.services.errors import InvalidGiven
from review.services.queries import date_changes
from review.services.queries.date_changes import Asked
from review.services.queries.turns import Due
from review.services.snapshot import Snapshot
from review.web import present, reading, wording
from review.web.step_forms import StepForm
from review.web.words import _
from workflows.given import read_day
from workflows.outlook import Clash, ClashKind, Proposal
from workflows.outlook import Outlook as Found
from workflows.spec import Actor, Effect, Step, Who
from workflows.stops import Stop

_SHOWN: Final = {Effect.EXTEND, Effect.ASK_EXTENSION}


@dataclass(frozen=True, slots=True)
class Line:
    """One date: whose, before, after, and whether it is set or only expected."""

    due: Due
    """With the date that follows."""
    was: Due
    """With the date until now."""
    after: date
    is_set: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What would follow, in words."""

    lines: list[Line]
    clashes: list[str]
    end: date | None
    days: int


@dataclass(frozen=True, slots=True)
class DateChange:
    """What the page of a date shows besides the form."""

    asked: Asked | None
    """The open request for the chosen milestone."""
    others: list[Asked]
    """Further open requests that the reader may see."""
    preview: Preview | None


def template(step: Step) -> str:
    """The page on which a step is taken."""
    return "steps/extension.html" if _is_about_dates(step) else "steps/ask.html"


def _is_about_dates(step: Step) -> bool:
    return bool(_SHOWN & set(step.effects))


def suggested(review: Snapshot, step: Step) -> dict[str, Any]:
    """What stands in the form of a date at first: what was asked for, and the box ticked."""
    if Effect.EXTEND not in step.effects:
        return {}
    found: dict[str, Any] = {"moves": "moves" in request.args or "new_date" not in request.args}
    chosen = request.args.get("milestone")
    for one in date_changes.open_requests(reading.session(), review):
        if one.value == chosen:
            asked = one.asked_date.isoformat()
            if "new_date" not in request.args:
                found["new_date"] = asked
            if request.args.get("new_date", asked) == asked:  # a shorter one has its own reason
                found["reason"] = _("As asked for by %(state)s.", state=wording.owner(one.due))
    return found


def change(review: Snapshot, step: Step, who: Who, form: StepForm) -> DateChange | None:
    """What follows from the date in a form; what is wrong with it stands on its fields."""
    if stop := _stop(review, step, form):
        outlook = date_changes.preview_of_stop(reading.session(), review, stop)
        return DateChange(None, [], _in_words(review, outlook))
    if not _is_about_dates(step):
        return None
    side = None if who.actor is Actor.SECRETARIAT else who
    requests = date_changes.open_requests(reading.session(), review, side)
    chosen = str(form["milestone"].data or "")
    wanted = _wanted(review, who, form)
    found = date_changes.preview(reading.session(), review, wanted) if wanted else None
    return DateChange(
        next((one for one in requests if one.value == chosen), None),
        [one for one in requests if one.value != chosen],
        _in_words(review, found) if found else None,
    )


def _stop(review: Snapshot, step: Step, form: StepForm) -> Stop | None:
    """For how long the clock will have stood still: if it runs now, or after the chosen day."""
    today = review.facts.today
    if Effect.RESUME in step.effects:
        days = conduct.days_stopped(review, review.now)
        return Stop(days, today) if days and today else None
    if not {Effect.SUSPEND, Effect.PROLONG_STOP} & set(step.effects):
        return None
    until, _wrong = read_day(str(form["until"].data or "").strip())
    if until is None or today is None or until < today:
        return None
    again = until + timedelta(days=1)
    return Stop(conduct.days_stopped(review, review.now) + (again - today).days, again)


def _wanted(review: Snapshot, who: Who, form: StepForm) -> Proposal | None:
    milestone, typed = str(form["milestone"].data or ""), str(form["new_date"].data or "").strip()
    if not milestone or not typed:
        if request.method == "GET" and "new_date" in request.args:
            missing = "new_date" if milestone else "milestone"
            form.show_errors({missing: "This is required."})
        return None
    secretariat = who.actor is Actor.SECRETARIAT
    day, wrong_day = read_day(typed)
    try:
        if day is None:
            raise InvalidGiven({"new_date": wrong_day})
        return extensions.proposal(
            review,
            milestone,
            day,
            moves=bool(form["moves"].data) if secretariat else True,
            asks=None if secretariat else who,
        )
    except InvalidGiven as wrong:
        if request.method == "GET":
            form.show_errors(wrong.errors)
        return None


def _in_words(review: Snapshot, found: Found) -> Preview:
    return Preview(
        [
            Line(
                date_changes.due_of(review, one.key, one.after),
                date_changes.due_of(review, one.key, one.before),
                one.after,
                one.is_set,
            )
            for one in found.lines
        ],
        [_clash(review, one) for one in found.clashes],
        found.end_after,
        found.days,
    )


def _clash(review: Snapshot, one: Clash) -> str:
    item = date_changes.due_of(review, one.key, one.day)
    said = {
        "what": _(item.milestone.label),
        "day": present.day(one.day),
        "who": wording.owner(item),
        "other": _(review.process.milestone(one.waits_for).label) if one.waits_for else "",
        "name": _(one.other.name) if one.other else "",
        "days": present.period(one.other.first, one.other.last) if one.other else "",
    }
    match one.kind:
        case ClashKind.WAITS:
            text = _("“%(what)s” on %(day)s would come before “%(other)s” can be expected.", **said)
        case ClashKind.APPOINTMENT:
            text = _(
                "“%(what)s” on %(day)s would not be done when the visit or meeting begins "
                "(%(days)s).",
                **said,
            )
        case ClashKind.SESSION:
            text = _("“%(what)s” on %(day)s falls into “%(name)s” (%(days)s).", **said)
        case ClashKind.NEAR_SESSION:
            text = _("“%(what)s” on %(day)s falls right before “%(name)s” (%(days)s).", **said)
        case ClashKind.DAY_OFF:
            text = _("%(day)s is a day off: %(who)s.", **said)
    return text
