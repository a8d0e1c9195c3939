"""Because of which rule a reminder comes, in words: "7 days after the date, to …"."""

from __future__ import annotations

from babel.lists import format_list
from flask_babel import get_locale

from review.languages import N_
from review.web import present
from review.web.words import _
from workflows.deadlines import Reminder
from workflows.registry import PROCESSES
from workflows.spec import Channel, Recipient, Rule, Trigger

_TO = {
    Recipient.PERSON: N_("whoever owes it"),
    Recipient.FOCAL_POINT: N_("the focal point of that State"),
    Recipient.MISSION: N_("the Permanent Mission of that State"),
    Recipient.SECRETARIAT: N_("the secretariat"),
}
_BY = {Channel.MAIL: N_("Mail"), Channel.BOARD: N_("Entry on the board")}


def when(rule: Rule, offset: int | None = None) -> str:
    """How many days from which day; ``offset``: this time, of a rule that comes again."""
    days = rule.days if offset is None else offset
    span = present.days(abs(days))
    if rule.on is Trigger.TURN:
        return _("%(days)s after it became somebody's turn, without a date", days=span)
    if days < 0:
        return _("%(days)s before the due date", days=span)
    return _("%(days)s after the due date", days=span)


def again(rule: Rule) -> str:
    """How often it comes again; empty for once."""
    if not rule.every:
        return ""
    return _("then every %(days)s", days=present.days(rule.every))


def to(rule: Rule) -> str:
    """Who is told by it."""
    return format_list([_(_TO[one]) for one in rule.to], locale=get_locale())


def by(rule: Rule) -> str:
    """How they are told."""
    return _(_BY[rule.channel])


def because(reminder: Reminder) -> str:
    """The rule that has written, or will write, a reminder."""
    rule = reminder.rule
    said = _("%(when)s: to %(who)s", when=when(rule, reminder.offset), who=to(rule))
    return f"{said}, {again(rule)}" if rule.every else said


def ladders() -> dict[tuple[Rule, ...], list[str]]:
    """The rules of the processes, each ladder once, with the milestones that it is for."""
    found: dict[tuple[Rule, ...], list[str]] = {}
    for process in PROCESSES.values():
        for item in process.milestones:
            rules = process.reminders if item.reminders is None else item.reminders
            labels = found.setdefault(rules, [])
            if rules and item.label not in labels:
                labels.append(item.label)
    return {rules: labels for rules, labels in found.items() if rules}
