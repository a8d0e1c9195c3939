"""Checks of the rules of reminders: a ladder that goes up, leaves no gap and has an end.

Whoever owes something is told first, the secretariat last and again and again, so that nothing
falls silent while it is owed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from workflows.words import Channel, Party, Recipient, Trigger

if TYPE_CHECKING:
    from workflows.spec import Milestone, Process, Rule

LONGEST_SILENCE: Final = 31
"""Days between two rungs after which people would have forgotten."""


def reminder_faults(process: Process) -> Iterator[str]:
    """What is wrong with the rules of a process, each as a sentence that names where."""
    yield from _ladder_faults("the process", process.reminders)
    for item in process.milestones:
        if item.reminders is not None:
            yield from _own_faults(item, item.reminders)


def _own_faults(item: Milestone, rules: Sequence[Rule]) -> Iterator[str]:
    name = f"milestone {item.key!r}"
    yield from _ladder_faults(name, rules)
    if item.due and not any(rule.on is Trigger.DUE for rule in rules):
        yield f"{name} has a deadline and nobody is reminded of it"
    if item.owner is Party.SECRETARIAT:
        absent = {Recipient.FOCAL_POINT, Recipient.MISSION}
        for to in sorted(absent & {to for rule in rules for to in rule.to}):
            yield f"{name} is the secretariat's own, which has no {to.value}"


def _ladder_faults(name: str, rules: Sequence[Rule]) -> Iterator[str]:
    for rule in rules:
        yield from (f"{name}: the rule of {rule.days} days {fault}" for fault in _odd(rule))
    for on in Trigger:
        mails = [rule for rule in rules if (rule.on, rule.channel) == (on, Channel.MAIL)]
        if mails:
            yield from (f"{name}: reminders of the {on.value} {fault}" for fault in _climb(mails))


def _odd(rule: Rule) -> Iterator[str]:
    """What cannot be carried out, whatever stands beside it."""
    if not rule.to or len(set(rule.to)) < len(rule.to):
        yield "tells nobody, or somebody twice"
    elif list(rule.to) != sorted(rule.to, key=lambda to: to.rung):
        yield "does not name its recipients from the lowest to the last"
    if not rule.ref:
        yield "has no reference"
    if rule.every < 0:
        yield "comes again before it comes"
    if rule.on is Trigger.TURN and rule.days <= 0:
        yield "counts from the turn and comes before it"
    if rule.channel is Channel.BOARD and (
        rule.to != (Recipient.SECRETARIAT,) or rule.every or rule.on is not Trigger.DUE
    ):
        yield "is for the board, which shows the secretariat, once, what is past its date"


def _climb(rules: Sequence[Rule]) -> Iterator[str]:
    """A ladder goes up in the order of its days, without a gap, and ends with the secretariat."""
    days = [rule.days for rule in rules]
    steps = [later - earlier for earlier, later in pairwise(days)]
    if any(step <= 0 for step in steps):
        yield "are not in the order of their days"
    highest = [max(to.rung for to in rule.to) for rule in rules if rule.to]
    if any(later < earlier for earlier, later in pairwise(highest)):
        yield "go down the ladder"
    if max([*steps, rules[-1].every]) > LONGEST_SILENCE:
        yield f"leave more than {LONGEST_SILENCE} days between two"
    if any(rule.every for rule in rules[:-1]):
        yield "repeat a rung that is not the last"
    if rules[-1].every < 1 or Recipient.SECRETARIAT not in rules[-1].to:
        yield "do not end with the secretariat, again and again"
    if rules[0].on is Trigger.DUE and rules[0].to != (Recipient.PERSON,):
        yield "do not begin with whoever owes it"
