"""The date of a mail when it leaves: the one that stands then, not that when it was thought of.

A mail keeps the words that were sent. One that has waited for its server, is sent once more, or to
the next address, says what is true when it is written: a date that was put off meanwhile has its
new day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from review.languages import N_
from review.mail import owed
from review.models import MilestoneDate, Outbox
from review.services.recipients import ESCALATION, NOTICES, PASSED_ON
from workflows.deadlines import DUTY_STATION_ZONE, local_day

SETTLED: Final = N_(
    "What it asks for is done, or nobody has to do it now. There is nothing to send again."
)
UNTRUE: Final = N_(
    "The date that it tells of has changed since. Later messages name the one that stands."
)
_TELLS_OF_DATES: Final = {"new_date", "asked_date"}
"""Parameters of mails that tell what was decided about a date: they are never written anew."""
_OF_LATENESS: Final = {ESCALATION, PASSED_ON}


def params(session: Session, row: Outbox, now: datetime) -> dict[str, Any]:
    """The parameters of a mail with the dates that stand now, in each of its items as well.

    Of a mail that would not be true with another date they stay as they are.
    """
    found = dict(row.params)
    if "items" in found:
        items = [(one, _task(session, one.get("review_id"), one)) for one in found["items"]]
        found["items"] = [
            _renewed(one, task, row.notice)
            for one, task in items
            if task is None or task.done_at is None
        ]
    task = _task(session, row.review_id, found)
    if task is None or _is_of_the_past(row, task, now):
        return found
    return _renewed(found, task, row.notice)


def when_it_leaves(session: Session, row: Outbox, now: datetime) -> dict[str, Any]:
    """The parameters of a mail that leaves for the first time: as they were written, unless a date
    in it has changed while it waited."""
    found = params(session, row, now)
    return found if _days(found) != _days(row.params) else dict(row.params)


def _days(given: Mapping[str, Any]) -> list[str | None]:
    return [one.get("due") for one in (given, *given.get("items", ()))]


def objection(session: Session, row: Outbox, now: datetime) -> str:
    """Why a mail is not to be sent once more, to be translated; empty if it may be."""
    if row.notice == "digest":
        return "" if params(session, row, now)["items"] else SETTLED
    task = _task(session, row.review_id, row.params)
    if task is None:
        return ""
    if _is_of_the_past(row, task, now):
        return UNTRUE
    asks = row.notice in NOTICES or owed.by_reader(row.params)
    nobodys = row.notice in NOTICES and task.remind_at is None
    decided = bool(_TELLS_OF_DATES & row.params.keys())
    return SETTLED if asks and not decided and (task.done_at or nobodys) else ""


def _task(
    session: Session, review_id: int | None, given: Mapping[str, Any]
) -> MilestoneDate | None:
    """What these parameters are about; None for a mail about no date."""
    dated = "due" in given or "new_date" in given
    if review_id is None or not dated or not given.get("milestone"):
        return None
    try:
        number = owed.number_of(given)
    except LookupError:  # parameters that say nothing: it could not be written the first time
        return None
    return session.get(MilestoneDate, (review_id, given["milestone"], number))


def _is_of_the_past(row: Outbox, task: MilestoneDate, now: datetime) -> bool:
    """Whether a mail tells of a date that has changed, so that with another it would not be true.

    That is what was decided about a date, and that a date is over which is ahead again.
    """
    told = row.params.get("new_date") or row.params.get("due")
    if told == (task.due_on and task.due_on.isoformat()):
        return False
    if _TELLS_OF_DATES & row.params.keys():
        return True
    return row.notice in _OF_LATENESS and not _is_over(row, task.due_on, now)


def _is_over(row: Outbox, day: date | None, now: datetime) -> bool:
    zone = row.params.get("due_zone") or DUTY_STATION_ZONE
    return day is not None and day < local_day(now, zone)


def _renewed(given: Mapping[str, Any], task: MilestoneDate | None, notice: str) -> dict[str, Any]:
    if task is None:
        return dict(given)
    own: dict[str, Any] = {"due": task.due_on.isoformat() if task.due_on else None}
    if "next_reminder" in given and notice != PASSED_ON:
        own["next_reminder"] = task.remind_at.isoformat() if task.remind_at else None
    dropped = {"since"} if task.due_on else set()  # it has waited for a date, and has one
    return {name: value for name, value in given.items() if name not in dropped} | own
