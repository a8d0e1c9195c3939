"""Another date for something that is owed: asked for, granted, refused, taken back (ToR 25).

What is granted takes along, where the secretariat wants it, the dates of whatever waits for it:
``workflows/outlook.py`` says which, and the page shows the same beforehand. Requests that a step
has overtaken are closed by the statement that writes the step (``steps.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Extension, ExtensionRequest
from review.services.change import Change
from review.services.errors import InvalidGiven
from review.services.snapshot import Snapshot, owners
from workflows import outlook, stops
from workflows.outlook import Key, Proposal
from workflows.spec import N_, Who

_NOT_OFFERED = {"milestone": N_("Choose one of the list.")}


def parse_milestone(value: str) -> Key:
    """A milestone as forms name it, such as ``desk_review:2``. Raises ValueError."""
    key, _, slot = value.partition(":")
    return key, int(slot)


def named(key: Key) -> str:
    """The same the other way round."""
    return f"{key[0]}:{key[1]}"


def side_of(seen: Snapshot, key: Key) -> Who | None:
    """The State that owes a milestone, as a capacity; None for the secretariat."""
    return next(iter(owners(seen.process, [key])), None)


def proposal(
    seen: Snapshot, milestone: str, day: date, *, moves: bool, asks: Who | None = None
) -> Proposal:
    """Another date of an open milestone, if it can be one; ``asks``: the side that must owe it.

    Days are those of the duty station. Raises InvalidGiven with a text per field.
    """
    try:
        key = parse_milestone(milestone)
    except ValueError:
        raise InvalidGiven(_NOT_OFFERED) from None
    dates = seen.dates.get(key)
    if dates is None or dates.done_at:
        raise InvalidGiven(_NOT_OFFERED)
    if asks and (side_of(seen, key) != asks or dates.due_on is None):
        raise InvalidGiven(_NOT_OFFERED)
    today = seen.facts.today
    if today and day <= today:
        raise InvalidGiven({"new_date": N_("Choose a day after today.")})
    if day == dates.due_on:
        raise InvalidGiven({"new_date": N_("This is the date already.")})
    if asks and dates.due_on and day < dates.due_on:
        raise InvalidGiven({"new_date": N_("Choose a day after the present date.")})
    return Proposal(key, day, moves)


def extend(change: Change) -> None:
    """Set a new agreed date, and those that move along; an open request for it is answered."""
    seen = change.snapshot
    wanted = proposal(
        seen, change.text("milestone"), change.given("new_date"), moves=bool(change.given("moves"))
    )
    dates = outlook.dates_set(seen.process, seen.facts, wanted)
    request = _open(change.session, seen.id, wanted.key)
    if request:
        _answer(change, request, "granted")
    meant = _record(change, wanted.key, wanted.day, request.id if request else None, None)
    for key, day in dates.items():
        if key != wanted.key:
            _record(change, key, day, None, meant.id)
            _overtake(change, key, day)
        change.agree(key, day)
    change.params |= _told(seen, wanted.key, dates)


def _record(
    change: Change, key: Key, day: date, request_id: int | None, moved_with: int | None
) -> Extension:
    made = Extension(
        review_id=change.review_id,
        milestone=key[0],
        slot=key[1],
        old_date=change.date_of(key).due_on,
        new_date=day,
        reason=change.text("reason"),
        granted_by=change.actor.id,
        granted_at=change.now,
        request_id=request_id,
        moved_with=moved_with,
    )
    change.session.add(made)
    change.session.flush()
    return made


def _told(seen: Snapshot, key: Key, dates: Mapping[Key, date]) -> dict[str, Any]:
    """For the mail: the date that was meant, and those that moved along."""
    along = [
        {
            "milestone": other[0],
            "slot": other[1],
            "old_date": seen.facts.due[other].isoformat(),
            "new_date": day.isoformat(),
        }
        for other, day in dates.items()
        if other != key
    ]
    former = seen.facts.due.get(key)
    return {
        "milestone": key[0],
        "slot_of_milestone": key[1],
        "old_date": former.isoformat() if former else None,
        "new_date": dates[key].isoformat(),
        "moved_along": along,
    }


def ask(change: Change) -> None:
    """Ask for a later date of something that one's own side owes; one open request for each.

    Raises InvalidGiven with a text per field.
    """
    seen, day = change.snapshot, change.given("new_date")
    wanted = proposal(seen, change.text("milestone"), day, moves=True, asks=change.outcome.who)
    if _open(change.session, seen.id, wanted.key):
        text = N_("Your side has asked already. Take that request back to ask for another date.")
        raise InvalidGiven({"milestone": text})
    former = seen.facts.due[wanted.key]
    change.session.add(
        ExtensionRequest(
            review_id=seen.id,
            milestone=wanted.key[0],
            slot=wanted.key[1],
            old_date=former,
            asked_date=day,
            reason=change.text("reason"),
            asked_by=change.actor.id,
            asked_at=change.now,
        )
    )
    change.session.flush()
    change.params |= {
        "milestone": wanted.key[0],
        "slot_of_milestone": wanted.key[1],
        "due": former.isoformat(),
        "asked_date": day.isoformat(),
        "review_id": seen.id,
    }


def take_back(change: Change) -> None:
    """Take back an open request of one's own side. Raises InvalidGiven if there is none."""
    request = _chosen(change)
    if side_of(change.snapshot, (request.milestone, request.slot)) != change.outcome.who:
        raise InvalidGiven(_NOT_OFFERED)
    _answer(change, request, "taken_back")


def refuse(change: Change) -> None:
    """Refuse an open request: the date stands, and the side that asked is told.

    Raises InvalidGiven if there is none.
    """
    request = _chosen(change)
    key = request.milestone, request.slot
    _answer(change, request, "refused")
    due = change.date_of(key).due_on
    change.only_tell = side_of(change.snapshot, key)
    change.params |= {
        "milestone": key[0],
        "slot_of_milestone": key[1],
        "due": due.isoformat() if due else None,
        "asked_date": request.asked_date.isoformat(),
    }


def _chosen(change: Change) -> ExtensionRequest:
    try:
        key = parse_milestone(change.text("milestone"))
    except ValueError:
        raise InvalidGiven(_NOT_OFFERED) from None
    found = _open(change.session, change.review_id, key)
    if found is None:
        raise InvalidGiven(_NOT_OFFERED)
    return found


def _open(session: Session, review_id: int, key: Key) -> ExtensionRequest | None:
    return session.scalars(
        sa.select(ExtensionRequest).where(
            ExtensionRequest.review_id == review_id,
            ExtensionRequest.milestone == key[0],
            ExtensionRequest.slot == key[1],
            ExtensionRequest.answered_at.is_(None),
        )
    ).one_or_none()


def _answer(change: Change, request: ExtensionRequest, outcome: str) -> None:
    request.outcome, request.answer = outcome, change.text("reason")
    request.answered_by, request.answered_at = change.actor.id, change.now
    change.session.flush()
    change.before["asked_for"] = request.asked_date.isoformat()
    change.after["request"] = outcome


def move_requests(change: Change, days: int) -> None:
    """Open requests once the clock has stood still: as much time as was asked for, from then on."""
    seen = change.snapshot
    requests = sa.select(ExtensionRequest).where(
        ExtensionRequest.review_id == seen.id, ExtensionRequest.answered_at.is_(None)
    )
    moved = {}
    for one in change.session.scalars(requests.order_by(ExtensionRequest.id)):
        key = one.milestone, one.slot
        asked = stops.day_after(seen.process, seen.facts, key, one.asked_date, days)
        moved[named(key)] = [one.asked_date.isoformat(), asked.isoformat()]
        one.old_date, one.asked_date = change.date_of(key).due_on or one.old_date, asked
    change.session.flush()
    if moved:
        change.after["requests_moved"] = moved


def _overtake(change: Change, key: Key, day: date) -> None:
    """A date that moves along as far as somebody asked leaves nothing to ask."""
    request = _open(change.session, change.review_id, key)
    if request and day >= request.asked_date:
        request.outcome, request.answered_at = "overtaken", change.now
        change.session.flush()
