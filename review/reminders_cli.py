"""`uncac-review reminders plan`: the reminders of the coming days, before they happen.

Nothing here changes the database.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from review.command_line import OneLine

if TYPE_CHECKING:
    from review.services.planned import Plan, Planned, Unplanned

_USUAL: Final = 30


def register(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], connect: Callable[[], object]
) -> None:
    """Add the command ``reminders``; ``connect`` connects the process to the database."""
    text = "Tell the coming reminders; changes nothing"
    reminders = commands.add_parser("reminders", help=text, description=f"{text}.")
    actions = reminders.add_subparsers(metavar="ACTION", required=True, parser_class=OneLine)
    text = "To whom, when, about what and by which rule, if nobody acts meanwhile"
    plan = actions.add_parser("plan", help=text, description=f"{text}.")
    plan.add_argument("--days", type=_days, default=_USUAL, metavar="N", help="how far (30)")
    plan.add_argument("--state", type=_state, metavar="ISO3", help="of one State")
    plan.add_argument("--json", action="store_true", help="for programs instead of for people")
    plan.set_defaults(action=lambda given: _plan(given, connect))


def _days(text: str) -> int:
    from review.services.reminder_plan import LONGEST

    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0
    if not 1 <= number <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {LONGEST}")
    return number


def _state(text: str) -> str:
    from review import reference

    try:
        return reference.party(text.upper()).iso3
    except reference.UnknownReferenceError:
        message = f"{text!r} is no State party; write its code, as in ZMB"
        raise argparse.ArgumentTypeError(message) from None


def _plan(given: argparse.Namespace, connect: Callable[[], object]) -> int:
    from review import clock, db
    from review.services import reminder_plan
    from review.services.planned import PlanFilters

    connect()
    filters = PlanFilters(state=given.state or "")
    with db.reading() as session:
        found = reminder_plan.plan(session, clock.now(), given.days)
        chosen = filters.chosen(found)
        if given.json:
            told = [*map(_document, chosen.coming), *map(_gap, chosen.unplanned)]
            print(json.dumps(told, ensure_ascii=False))
        else:
            _show(chosen, given.days)
    return 0


def _document(one: Planned) -> dict[str, Any]:
    owed, digest_at = one.owed, one.digest_at
    held = one.telling.held.isoformat() if one.telling.held else None
    return {
        "day": one.day.isoformat(),
        "at": one.at.isoformat(),
        "notice": one.telling.notice,
        "rule": one.rule.value,
        "offset": owed.reminder.offset,
        "review": owed.seen.id,
        "state_under_review": owed.seen.columns["iso3"],
        "milestone": owed.item.key,
        "slot": owed.slot,
        "due": owed.due_on.isoformat() if owed.due_on else None,
        "counted_from": owed.day.isoformat(),
        "recipients": [to.value for to in owed.reminder.rule.to],
        "person": one.to.person_id or None,
        "to": one.to.title or None,
        "role": one.to.role,
        "state": one.state or None,
        "language": one.to.language,
        "address": one.to.email,
        "digest_at": digest_at.isoformat() if digest_at else None,
        "paused_until": None if one.telling.settles else held,
        "new_in_office_until": held if one.telling.settles else None,
        "problem": None,
    }


_NOTHING: Final = dict.fromkeys(
    ("day", "at", "notice", "rule", "offset", "review", "state_under_review", "milestone", "slot",
     "due", "counted_from", "recipients", "person", "to", "role", "state", "language", "address",
     "digest_at", "paused_until", "new_in_office_until", "problem")
)  # fmt: skip


def _gap(one: Unplanned) -> dict[str, Any]:
    """A milestone of which no reminder can be planned: no moment, but what is the matter."""
    return _NOTHING | {
        "review": one.review_id,
        "state_under_review": one.iso3,
        "milestone": one.key,
        "slot": one.slot,
        "problem": one.kind,
    }


def _show(plan: Plan, days: int) -> None:
    """A heading a day, a line a message, hours of the place whose morning it is."""
    from zoneinfo import ZoneInfo

    day = None
    for one in plan.coming:
        if one.day != day:
            day = one.day
            print(f"{day:%a} {day.isoformat()}")
        owed = one.owed
        hour = one.at.astimezone(ZoneInfo(one.place.zone))
        way = "digest" if one.digest_at else "single"
        if one.telling.held:
            why = "new in office" if one.telling.settles else "paused"
            way = f"{why} until {one.telling.held.isoformat()}"
        counted = f"due {owed.due_on}" if owed.due_on else f"waits since {owed.day}"
        print(
            f"  {hour:%H:%M} {one.capital}: {one.to.email} ({one.to.role}, {one.to.language})"
            f"  {owed.seen.columns['iso3']} {owed.item.key}:{owed.slot} {counted}"
            f"  {one.rule.value} {owed.reminder.offset:+d}  {way}"
        )
    for gap in plan.unplanned:
        print(
            f"Of this no reminder can be planned: {gap.iso3} {gap.key}:{gap.slot}"
            f" (review {gap.review_id}, {gap.kind})"
        )
    print(f"{len(plan.coming) or 'No'} messages in {days} days.")
