"""Introductory call and dialogue: what was agreed, when it takes place (GL 16, ToR 24-30)."""

from __future__ import annotations

from datetime import date

from review import db
from review.services.change import Change
from review.services.errors import InvalidGiven
from review.services.snapshot import Snapshot
from workflows.deadlines import DUTY_STATION_ZONE, local_day
from workflows.spec import N_


def agree_schedule(change: Change) -> None:
    """Record what the introductory call settled: language, division of labour, agreed dates."""
    today = _today(change)
    if change.given("held_on") > today:
        raise InvalidGiven({"held_on": N_("This day has not come yet.")})
    change.put(language=change.text("language"), division=change.text("division"))
    db.execute(
        change.session,
        "UPDATE reviewer SET chapters = CASE slot WHEN 1 THEN cast(%(first)s AS varchar[])"
        " ELSE cast(%(second)s AS varchar[]) END"
        " WHERE review_id = %(review_id)s AND voided_at IS NULL",
        {
            "review_id": change.review_id,
            "first": _chapters(change, 1),
            "second": _chapters(change, 2),
        },
    )
    for name, value in change.outcome.given.items():
        if name.startswith("agreed_"):
            if value <= today:
                raise InvalidGiven({name: N_("Choose a day after today.")})
            change.agree((name.removeprefix("agreed_"), 0), value)


def _chapters(change: Change, slot: int) -> list[str]:
    first, second = change.snapshot.process.chapters
    match change.text("division"):
        case "split":
            return [first if slot == 1 else second]
        case "swapped":
            return [second if slot == 1 else first]
    return [first, second]


def _today(change: Change) -> date:
    return change.snapshot.facts.today or local_day(change.now, DUTY_STATION_ZONE)


def agree_means(change: Change) -> None:
    """Record the means the State agrees to; dates set for other means are dropped."""
    call_off(change)
    change.put(
        means=change.text("means"),
        dialogue_first_day=None,
        dialogue_last_day=None,
        dialogue_place="",
    )
    change.params["means"] = change.text("means")


def call_off(change: Change) -> None:
    """Let the mails take back days that were set, where a step undoes them before they came."""
    held = ("dialogue_held", 0) in change.snapshot.done
    if ("dialogue_scheduled", 0) not in change.outcome.reopened or held:
        return
    first, last = (change.snapshot.columns[f"dialogue_{which}_day"] for which in ("first", "last"))
    if first and last:
        days = {"first_day": first.isoformat(), "last_day": last.isoformat()}
        change.params["called_off"] = days


def coming(seen: Snapshot) -> dict[str, str] | None:
    """The days of a visit or meeting to which people are invited and that is not over."""
    first, last = (seen.columns[f"dialogue_{which}_day"] for which in ("first", "last"))
    stands = ("dialogue_scheduled", 0) in seen.done and ("dialogue_held", 0) not in seen.done
    if not (stands and first and last) or last < local_day(seen.now, DUTY_STATION_ZONE):
        return None
    return {"first_day": first.isoformat(), "last_day": last.isoformat()}


def schedule(change: Change) -> None:
    """Set the dates of the visit or meeting."""
    first, last = _days(change)
    if first < _today(change):
        raise InvalidGiven({"first_day": N_("This day has passed.")})
    _put_days(change, first, last)
    change.put(dialogue_place=change.text("place"))
    change.params["place"] = change.text("place")


def record(change: Change) -> None:
    """Record the visit or meeting as held, on the days on which it was."""
    first, last = _days(change)
    if last > _today(change):
        raise InvalidGiven({"last_day": N_("This day has not come yet.")})
    _put_days(change, first, last)


def _days(change: Change) -> tuple[date, date]:
    first, last = change.given("first_day"), change.given("last_day")
    if last < first:
        raise InvalidGiven({"last_day": N_("The last day is before the first.")})
    if (last - first).days > 30:
        raise InvalidGiven({"last_day": N_("A visit or meeting takes a month at most.")})
    return first, last


def _put_days(change: Change, first: date, last: date) -> None:
    change.put(dialogue_first_day=first, dialogue_last_day=last)
    change.params |= {"first_day": first.isoformat(), "last_day": last.isoformat()}
