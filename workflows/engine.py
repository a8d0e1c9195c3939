"""Two questions about a process: what may this person do now, and what follows when they do.

``transitions`` decides whether a step is legal from a stage. One shared machine per process, no
bound models and no callbacks: a trigger fires on a throw-away cursor and everything that follows
is returned as data. Guards run before it, because a condition of ``transitions`` can only say no,
never why; the definition is checked by :mod:`workflows.spec`, because ``transitions`` accepts a
misspelt source, target or guard silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from transitions import Machine, MachineError

from workflows import deadlines, guards
from workflows.given import asked_of, read
from workflows.registry import PROCESSES
from workflows.spec import N_, Actor, Facts, Milestone, Party, Process, Reason, Step, Who
from workflows.working_days import EVERY_DAY


class Refused(Exception):
    """The step cannot be taken; ``reasons`` says why, all of them."""

    def __init__(self, step: str, reasons: tuple[Reason, ...]) -> None:
        super().__init__(f"{step}: " + " ".join(str(reason) for reason in reasons))
        self.step = step
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Option:
    """A step offered to somebody, in a capacity, with the reasons that close it at present."""

    step: Step
    who: Who
    reasons: tuple[Reason, ...] = ()

    @property
    def open(self) -> bool:
        """Whether the step can be taken now."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's turn: which party (of which slot) owes which milestone."""

    milestone: Milestone
    slot: int
    party: Party


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from a step, as data. Nothing has happened yet."""

    step: Step
    who: Who
    source: str
    target: str
    reached: tuple[tuple[str, int], ...] = ()
    reopened: tuple[tuple[str, int], ...] = ()
    model_dates: Mapping[tuple[str, int], date] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)


class _Cursor:
    """A thing with a stage on which a trigger fires; it is thrown away afterwards."""

    __slots__ = ("state",)

    def __init__(self, stage: str) -> None:
        self.state = stage


@cache
def _machine(key: str) -> Machine:
    process = PROCESSES[key]
    machine = Machine(
        model=None,
        states=[stage.key for stage in process.stages],
        initial=process.start,
        auto_transitions=False,
    )
    for step in process.steps:
        if step.to_any:
            for stage in process.stages:
                if not stage.final:  # a review is completed by agreement only, never corrected to
                    machine.add_transition(_trigger(step, stage.key), list(step.at), stage.key)
        else:
            for at in step.at:
                machine.add_transition(step.key, at, step.to or at)
    return machine


def _trigger(step: Step, target: str) -> str:
    return f"{step.key}:{target}" if step.to_any else step.key


@cache
def _moved(process: str, trigger: str, stage: str) -> str | None:
    """Where a trigger leads from a stage, or None; without callbacks the answer never changes."""
    cursor = _Cursor(stage)
    try:
        _machine(process).events[trigger].trigger(cursor)
    except (MachineError, KeyError):
        return None
    return cursor.state


def target_of(process: Process, step: Step, stage: str, given: Mapping[str, Any]) -> str:
    """The stage after a step. Raises Refused if the step is not one of the present stage."""
    target = _moved(process.key, _trigger(step, str(given.get("stage", ""))), stage)
    if target is None:
        label = process.stage(stage).label
        text = N_("This step cannot be taken from the stage “%(stage)s”.")
        raise Refused(step.key, (Reason(text, {"stage": label}),))
    return target


def reasons_against(process: Process, step: Step, facts: Facts, who: Who) -> tuple[Reason, ...]:
    """Everything that speaks against a step now; empty if it can be taken."""
    if who.actor not in step.by:
        return (Reason(N_("This step is not yours to take."), unblocked_by=step.by[0].party),)
    if facts.stage not in step.at:
        label = process.stage(facts.stage).label
        return (
            Reason(N_("This step does not belong to the stage “%(stage)s”."), {"stage": label}),
        )
    found = [] if step.while_suspended else [guards.running(facts, who)]
    found += [guard(facts, who) for guard in step.only_if]
    return tuple(reason for reason in found if reason is not None)


def available(process: Process, facts: Facts, capacities: tuple[Who, ...]) -> tuple[Option, ...]:
    """Every step of the present stage for which the person has a capacity, open or with reasons."""
    options = []
    for step in process.steps:
        if facts.stage not in step.at:
            continue
        for who in capacities:
            if who.actor in step.by:
                options.append(Option(step, who, reasons_against(process, step, facts, who)))
                break
    return tuple(options)


def capacity_for(step: Step, capacities: tuple[Who, ...]) -> Who | None:
    """The capacity in which a person would take a step, if they have one."""
    return next((who for who in capacities if who.actor in step.by), None)


def take(
    process: Process, key: str, facts: Facts, capacities: tuple[Who, ...], given: Mapping[str, Any]
) -> Outcome:
    """What follows when somebody takes a step. Pure: nothing is written.

    Raises Refused with all reasons, or InvalidGiven with a text per field.
    """
    if not process.has_step(key):
        raise Refused(key, (Reason(N_("This process has no such step.")),))
    step = process.step(key)
    who = capacity_for(step, capacities)
    if who is None:
        raise Refused(
            key, (Reason(N_("This step is not yours to take."), unblocked_by=step.by[0].party),)
        )
    reasons = reasons_against(process, step, facts, who)
    if reasons:
        raise Refused(key, reasons)
    values = read(process, step, who.actor, given)
    target = target_of(process, step, facts.stage, values)
    reached = _reached(process, step, who, values)
    return Outcome(
        step=step,
        who=who,
        source=facts.stage,
        target=target,
        reached=reached,
        reopened=tuple(sorted(_reopened(process, step, facts, target) - set(reached))),
        model_dates=_model_dates(process, reached, facts),
        given=values,
    )


def _reached(
    process: Process, step: Step, who: Who, given: Mapping[str, Any]
) -> tuple[tuple[str, int], ...]:
    if not step.does:
        return ()
    milestone = process.milestone(step.does)
    if milestone.repeats:
        return ((milestone.key, int(given["question"])),)
    if len(milestone.slots) == 1:
        return ((milestone.key, milestone.slots[0]),)
    return ((milestone.key, int(given.get("side", who.slot))),)


def _reopened(process: Process, step: Step, facts: Facts, target: str) -> set[tuple[str, int]]:
    opened = {item for item in facts.done if item[0] in step.undoes}
    if step.to_any:
        there = process.position(target)
        leaving = {s.does for s in process.steps if s.to and target in s.at and s.does}
        for key, slot in facts.done:
            later = process.position(process.milestone(key).stage) > there
            if later or key in leaving:
                opened.add((key, slot))
    return opened


def _model_dates(
    process: Process, reached: tuple[tuple[str, int], ...], facts: Facts
) -> dict[tuple[str, int], date]:
    return {key: day for anchor, _ in reached for key, day in periods(process, anchor, facts)}


def periods(process: Process, anchor: str, facts: Facts) -> Iterator[tuple[tuple[str, int], date]]:
    """The dates that are counted from today when a milestone is reached, by whom they bind."""
    if facts.today is None:
        return
    for key, slot, deadline in deadlines.counted_from(process, anchor):
        owner = process.milestone(key).owner_of(slot)
        calendar = facts.calendar(owner, slot) if process.counting.shifts else EVERY_DAY
        yield (key, slot), deadlines.due_date(deadline, facts.today, calendar)


def turns(process: Process, facts: Facts) -> tuple[Turn, ...]:
    """Whose turn it is: open milestones of the present stage that wait for nothing else.

    A milestone that does not apply to this review counts as reached. Open questions are always
    somebody's turn; a stopped clock is nobody's.
    """
    if facts.suspended:
        return ()
    waiting = [
        Turn(process.milestone(key), slot, process.milestone(key).owner)
        for key, slot in sorted(facts.open_repeats)
    ]
    for item in process.milestones:
        if item.stage != facts.stage or not _ready(process, item, facts):
            continue
        waiting += [
            Turn(item, slot, item.owner_of(slot))
            for slot in item.slots
            if (item.key, slot) not in facts.done
        ]
    return tuple(waiting)


def _ready(process: Process, item: Milestone, facts: Facts) -> bool:
    return applies(item, facts) and all(
        _passed(process.milestone(need), facts) for need in item.needs
    )


def _passed(item: Milestone, facts: Facts) -> bool:
    return not applies(item, facts) or all((item.key, s) in facts.done for s in item.slots)


def applies(item: Milestone, facts: Facts) -> bool:
    """Whether a milestone counts for this review at all."""
    return item.applies is None or item.applies(facts, Who(Actor.SECRETARIAT)) is None


def steps_of_turn(process: Process, turn: Turn) -> tuple[Step, ...]:
    """The steps by which the party whose turn it is reaches the milestone."""
    return tuple(s for s in process.steps_for(turn.milestone.key) if turn.party.actor in s.by)


__all__ = [
    "Option",
    "Outcome",
    "Refused",
    "Turn",
    "applies",
    "asked_of",
    "available",
    "capacity_for",
    "reasons_against",
    "steps_of_turn",
    "take",
    "target_of",
    "turns",
]
