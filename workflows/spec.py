"""The vocabulary in which a process is written, in one import.

A :class:`Process` is one frozen value. Building a wrong one raises :class:`DefinitionError`, so a
wrong definition never loads: what :mod:`workflows.checks` finds is found when the module is
imported, not when a State clicks.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from typing import Any

from workflows.checks import DefinitionError, faults
from workflows.facts import FACT_GROUPS, Facts, Guard, GuardFunction, Reason, Who
from workflows.offices import Asking, Settling, Silence
from workflows.terms import Counting, Stopping
from workflows.words import (
    N_,
    Actor,
    Basis,
    Channel,
    Each,
    Effect,
    FieldKind,
    Party,
    Recipient,
    Trigger,
)

__all__ = [
    "FACT_GROUPS",
    "N_",
    "Actor",
    "Asking",
    "Basis",
    "Channel",
    "Counting",
    "Deadline",
    "DefinitionError",
    "Each",
    "Effect",
    "Facts",
    "Field",
    "FieldKind",
    "Guard",
    "GuardFunction",
    "Milestone",
    "Notice",
    "Party",
    "Process",
    "Reason",
    "Recipient",
    "Rule",
    "Settling",
    "Silence",
    "Stage",
    "Step",
    "Stopping",
    "Trigger",
    "Who",
]


@dataclass(frozen=True, slots=True)
class Field:
    """One value that a step asks for."""

    key: str
    label: str
    kind: FieldKind = FieldKind.LINE
    required: bool = True
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    max_length: int = 4000
    only_for: tuple[Actor, ...] = ()
    """Actors who are asked; empty: everybody who may take the step."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rung of a ladder of reminders: when, to whom, how, and how often again.

    ``days`` are counted from the due date (negative: before it) or, ``on`` the turn, from the day
    on which the milestone became its owner's turn. ``every``: days after which the rung comes
    again, without end; 0: once. Recipients of one rung are told on the same day.
    """

    days: int
    to: tuple[Recipient, ...] = (Recipient.PERSON,)
    every: int = 0
    channel: Channel = Channel.MAIL
    on: Trigger = Trigger.DUE
    ref: str = N_("setting of the process")
    basis: Basis = Basis.DESIGN


@dataclass(frozen=True, slots=True)
class Deadline:
    """A period counted from the day another milestone was reached (calendar arithmetic)."""

    after: str
    weeks: int = 0
    months: int = 0


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something a party brings about inside a stage, with its own dates.

    ``each`` says for whom it is recorded; ``needs`` names what must be reached before it is
    anybody's turn; ``applies`` says for which reviews it counts at all. Questions are opened while
    the review runs and are recorded under their number instead of a slot.
    """

    key: str
    label: str
    stage: str
    owner: Party
    ref: str
    basis: Basis
    due: Deadline | None = None
    each: Each = Each.ONCE
    needs: tuple[str, ...] = ()
    applies: Guard | None = None
    reminders: tuple[Rule, ...] | None = None
    """Rules of its own instead of those of the process; empty: nobody is reminded of it."""

    @property
    def repeats(self) -> bool:
        """Whether instances are opened while the review runs."""
        return self.each is Each.QUESTION

    @property
    def slots(self) -> tuple[int, ...]:
        """The slots under which this milestone is recorded from the beginning."""
        return {
            Each.ONCE: (0,),
            Each.REVIEWERS: (1, 2),
            Each.THREE: (0, 1, 2),
            Each.QUESTION: (),
        }[self.each]

    def owner_of(self, slot: int) -> Party:
        """Who owes this instance: of three, number 0 is the State under review."""
        if self.each is Each.THREE and slot == 0:
            return Party.STATE_UNDER_REVIEW
        return self.owner


@dataclass(frozen=True, slots=True)
class Stage:
    """A position of a review. The order in the process is the order of the stepper."""

    key: str
    label: str
    ref: str
    basis: Basis
    meaning: str = ""
    final: bool = False
    norm_months: int = 0
    """How long the stage takes in the model schedule of the guidelines; 0: no period is known."""

    @property
    def norm_days(self) -> int:
        """The same in days, for comparison with the days a review has spent there."""
        return round(self.norm_months * 30.44)


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail that a step sends, and to whom. Its words are in ``templates/email/<key>``."""

    key: str
    to: tuple[Party, ...]
    about: str = ""
    """The milestone whose date the mail names, if any."""
    opens: str = "review"
    """The page behind the link: review, answers, response, workbench, questions or report."""
    own: bool = False
    """Only to the actor's own side, as a receipt."""


@dataclass(frozen=True, slots=True)
class Step:
    """An act of one of the parties.

    ``at`` lists the stages in which it can be taken, ``to`` the stage it leads to (empty: stays),
    ``does`` the milestone it reaches (of the actor's own State, where there is one for each),
    ``undoes`` the milestones it opens again.
    """

    key: str
    label: str
    button: str
    by: tuple[Actor, ...]
    at: tuple[str, ...]
    ref: str
    basis: Basis
    to: str = ""
    does: str = ""
    undoes: tuple[str, ...] = ()
    only_if: tuple[Guard, ...] = ()
    asks: tuple[Field, ...] = ()
    tells: tuple[Notice, ...] = ()
    effects: tuple[Effect, ...] = ()
    explains: str = ""
    to_any: bool = False
    while_suspended: bool = False
    dangerous: bool = False
    by_link: bool = False
    """Whether the link of a mail is enough for it, without signing in."""
    page: str = ""
    """The page on which the work for this step is done, when a form is not enough."""
    happened: str = ""
    """The step as an event, for histories; empty: the label of the milestone it reaches."""

    @property
    def reads(self) -> frozenset[str]:
        """The groups of facts that the guards of this step need."""
        return frozenset().union(*(guard.reads for guard in self.only_if))


def _canonical(value: Any) -> Any:
    """A form of a definition that is equal exactly if the definitions mean the same."""
    if isinstance(value, Guard):
        return value.name
    if is_dataclass(value) and not isinstance(value, type):
        return tuple((f.name, _canonical(getattr(value, f.name))) for f in fields(value))
    if isinstance(value, tuple):
        return tuple(_canonical(item) for item in value)
    return str(value)


@dataclass(frozen=True)
class Process:
    """A whole process. Nothing else in the project knows the order of stages."""

    key: str
    title: str
    start: str
    chapters: tuple[str, ...]
    stages: tuple[Stage, ...]
    milestones: tuple[Milestone, ...]
    steps: tuple[Step, ...]
    counting: Counting = field(default_factory=Counting)
    reminders: tuple[Rule, ...] = ()
    silence: Silence = field(default_factory=Silence)
    stopping: Stopping = field(default_factory=Stopping)
    asking: Asking = field(default_factory=Asking)
    settling: Settling = field(default_factory=Settling)

    def __post_init__(self) -> None:
        if found := list(faults(self)):
            raise DefinitionError(f"process {self.key!r}: " + "; ".join(found))
        put = object.__setattr__  # the value stays frozen; these are indexes over it
        put(self, "_stages", {stage.key: stage for stage in self.stages})
        put(self, "_steps", {step.key: step for step in self.steps})
        put(self, "_milestones", {item.key: item for item in self.milestones})
        put(self, "version", hashlib.sha256(repr(_canonical(self)).encode()).hexdigest()[:12])

    version: str = field(init=False, default="")

    def __repr__(self) -> str:
        return f"Process({self.key}@{self.version})"

    def stage(self, key: str) -> Stage:
        """The stage of that key. Raises KeyError if there is none."""
        return self._stages[key]  # type: ignore[attr-defined,no-any-return]

    def step(self, key: str) -> Step:
        """The step of that key. Raises KeyError if there is none."""
        return self._steps[key]  # type: ignore[attr-defined,no-any-return]

    def milestone(self, key: str) -> Milestone:
        """The milestone of that key. Raises KeyError if there is none."""
        return self._milestones[key]  # type: ignore[attr-defined,no-any-return]

    def has_step(self, key: str) -> bool:
        """Whether the process knows this step."""
        return key in self._steps  # type: ignore[attr-defined]

    def position(self, stage: str) -> int:
        """The place of a stage in the order of the stepper, from 0."""
        return next(i for i, item in enumerate(self.stages) if item.key == stage)

    @cached_property
    def repeating(self) -> frozenset[str]:
        """The milestones whose instances are opened while the review runs."""
        return frozenset(item.key for item in self.milestones if item.repeats)

    @cached_property
    def _instances(self) -> tuple[tuple[Milestone, int], ...]:
        return tuple((item, slot) for item in self.milestones for slot in item.slots)

    def instances(self) -> tuple[tuple[Milestone, int], ...]:
        """Every milestone with each slot under which a review records it."""
        return self._instances

    def steps_for(self, milestone: str) -> tuple[Step, ...]:
        """The steps that reach a milestone."""
        return tuple(step for step in self.steps if step.does == milestone)

    def rules(
        self, item: Milestone, on: Trigger = Trigger.DUE, channel: Channel = Channel.MAIL
    ) -> tuple[Rule, ...]:
        """The rules by which a milestone is reminded of, in the order of their days."""
        return self._ladders.get((item.key, on, channel), ())

    @cached_property
    def _ladders(self) -> dict[tuple[str, Trigger, Channel], tuple[Rule, ...]]:
        found: dict[tuple[str, Trigger, Channel], tuple[Rule, ...]] = {}
        for item in self.milestones:
            rules = self.reminders if item.reminders is None else item.reminders
            for rule in sorted(rules, key=lambda one: one.days):
                place = item.key, rule.on, rule.channel
                found[place] = (*found.get(place, ()), rule)
        return found

    def event(self, step: Step) -> str:
        """What a history says once the step is taken: "Focal point nominated"."""
        return step.happened or self.milestone(step.does).label

    def notices(self) -> frozenset[str]:
        """Every mail this process can send."""
        return frozenset(notice.key for step in self.steps for notice in step.tells)
