"""Every check of a definition: what would make a process load that nobody can carry out.

``transitions`` accepts a misspelt source, target or guard silently, so nothing here relies on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from workflows.facts import FACT_GROUPS
from workflows.ladders import reminder_faults
from workflows.words import Actor, Each, Effect, FieldKind

if TYPE_CHECKING:
    from workflows.spec import Milestone, Process, Step


class DefinitionError(ValueError):
    """A process definition is wrong; the message lists every fault found."""


def faults(process: Process) -> Iterator[str]:
    """Everything that is wrong with a definition, each as a sentence that names it."""
    yield from _doubles((s.key for s in process.stages), "stage")
    yield from _doubles((s.key for s in process.steps), "step")
    yield from _doubles((m.key for m in process.milestones), "milestone")
    for item in process.milestones:
        yield from _milestone_faults(process, item)
    for step in process.steps:
        yield from _step_faults(process, step)
    yield from reminder_faults(process)
    again = process.asking.again
    if list(again) != sorted(set(again)) or any(days < 1 for days in again):
        yield "the mission is not asked again on ascending days"
    yield from _circles(process)
    yield from _reach_faults(process)


def _doubles(names: Iterable[str], what: str) -> Iterator[str]:
    yield from (f"{what} {name!r} is defined twice" for name, n in Counter(names).items() if n > 1)


def _unknown(names: Iterable[str], known: Iterable[str], what: str) -> Iterator[str]:
    known = set(known)
    yield from (f"{what} {name!r}" for name in names if name and name not in known)


def _milestone_faults(process: Process, item: Milestone) -> Iterator[str]:
    name = f"milestone {item.key!r}"
    stages = {stage.key for stage in process.stages}
    milestones = {other.key for other in process.milestones}
    yield from _unknown([item.stage], stages, f"{name} is in an unknown stage")
    yield from _unknown(item.needs, milestones, f"{name} needs an unknown milestone")
    if item.due:
        anchor = [item.due.after]
        yield from _unknown(anchor, milestones, f"{name} is counted from an unknown milestone")
        if item.due.weeks < 0 or item.due.months < 0 or not (item.due.weeks or item.due.months):
            yield f"{name} has a deadline of no length"
    if not any(step.does == item.key for step in process.steps):
        yield f"no step reaches the milestone {item.key!r}"
    if not item.ref:
        yield f"{name} has no reference"


def _step_faults(process: Process, step: Step) -> Iterator[str]:
    name = f"step {step.key!r}"
    stages = {stage.key for stage in process.stages}
    milestones = {item.key for item in process.milestones}
    musts = {
        "has no actor": step.by,
        "can be taken nowhere": step.at,
        "has no reference": step.ref,
        "has no words on its button": step.button,
        "has no words for a history": step.happened or step.does,
    }
    yield from (f"{name} {fault}" for fault, value in musts.items() if not value)
    if step.to and step.to_any:
        yield f"{name} leads to one stage and to any stage"
    yield from _unknown((*step.at, step.to), stages, f"{name} names an unknown stage")
    named = (step.does, *step.undoes)
    yield from _unknown(named, milestones, f"{name} names an unknown milestone")
    yield from _asked_faults(process, step, name)
    yield from _link_faults(step, name)
    yield from _told_faults(step, milestones, name)
    for guard in step.only_if:
        yield from _unknown(
            sorted(guard.reads), FACT_GROUPS, f"{name}: guard {guard.name!r} reads unknown facts"
        )


def _asked_faults(process: Process, step: Step, name: str) -> Iterator[str]:
    keys = {asked.key for asked in step.asks}
    yield from _doubles((asked.key for asked in step.asks), f"{name}: field")
    for asked in step.asks:
        if asked.kind is FieldKind.CHOICE and not asked.choices:
            yield f"{name}: field {asked.key!r} offers no choice"
        if set(asked.only_for) - set(step.by):
            yield f"{name}: field {asked.key!r} is for somebody who cannot take the step"
    if step.to_any and "stage" not in keys:
        yield f"{name} leads to any stage and does not ask for it"
    repeats = any(m.key == step.does and m.each is Each.QUESTION for m in process.milestones)
    if repeats and "question" not in keys:
        yield f"{name} reaches one of many questions and does not ask which"


BY_LINK_EFFECTS = frozenset(
    {Effect.ASK_EXTENSION, Effect.TAKE_BACK_REQUEST, Effect.SCHEDULE_DIALOGUE}
)
"""What whoever holds the link of a mail may bring about: dates, and asking for them. Nothing that
submits, approves, publishes, gives access or writes a text of the review."""
BY_LINK_ASKS = frozenset(
    {
        FieldKind.LINE,
        FieldKind.TEXT,
        FieldKind.DATE,
        FieldKind.CHOICE,
        FieldKind.OWED,
        FieldKind.REQUEST,
    }
)
"""Fields whose choices show nothing that only parties may read."""


def _link_faults(step: Step, name: str) -> Iterator[str]:
    """What speaks against taking a step by the link of a mail, without signing in."""
    if not step.by_link:
        return
    if wrong := sorted(set(step.effects) - BY_LINK_EFFECTS):
        yield f"{name} can be taken by a link and has the effect {wrong[0].value!r}"
    if not step.effects:
        yield f"{name} can be taken by a link and has no effect that is known to be harmless"
    if step.to or step.to_any or step.undoes:
        yield f"{name} can be taken by a link and moves the review"
    if step.dangerous or step.page:
        yield f"{name} can be taken by a link and is more than a harmless form"
    if set(step.by) <= {Actor.SECRETARIAT}:
        yield f"{name} can be taken by a link and is the secretariat's"
    for asked in step.asks:
        if asked.kind not in BY_LINK_ASKS:
            yield f"{name} can be taken by a link and shows choices in {asked.key!r}"


def _told_faults(step: Step, milestones: set[str], name: str) -> Iterator[str]:
    for notice in step.tells:
        if not notice.to:
            yield f"{name} sends {notice.key!r} to nobody"
        about = f"{name}: the notice {notice.key!r} is about an unknown milestone"
        yield from _unknown([notice.about], milestones, about)


def _circles(process: Process) -> Iterator[str]:
    """Milestones that wait for, or are counted from, themselves: nobody could ever reach them."""
    waits = {
        item.key: {*item.needs, *([item.due.after] if item.due else [])}
        for item in process.milestones
    }
    for key, first in waits.items():
        seen: set[str] = set()
        ahead = first
        while ahead:
            seen |= ahead
            ahead = {more for name in ahead for more in waits.get(name, ())} - seen
        if key in seen:
            yield f"milestone {key!r} waits for itself"


def _reach_faults(process: Process) -> Iterator[str]:
    stages = {stage.key for stage in process.stages}
    yield from _unknown([process.start], stages, "the start is not a stage:")
    moves = [(at, step.to) for step in process.steps if step.to for at in step.at]
    reached, new = set[str](), {process.start}
    while new:
        reached |= new
        new = {to for at, to in moves if at in reached} - reached
    for stage in process.stages:
        if stage.key not in reached:
            yield f"stage {stage.key!r} cannot be reached"
        leaves = any(at == stage.key and to != stage.key for at, to in moves)
        if stage.final and leaves:
            yield f"final stage {stage.key!r} is left by a step"
        if not stage.final and not leaves:
            yield f"stage {stage.key!r} is a dead end"
    if not any(stage.final for stage in process.stages):
        yield "there is no final stage"
