"""What a plan of reminders is made of: messages that are coming, and what cannot be planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from review.languages import N_
from review.services.recipients import ESCALATION, PASSED_ON, Owed, Telling
from review.services.setbacks import Place as About
from review.services.snapshot import Someone
from workflows.deadlines import Place, local_day
from workflows.registry import process
from workflows.spec import Milestone, Party, Trigger

MISSION: Final = "mission"


class Rule(StrEnum):
    """Because of which kind of rule somebody is told."""

    BEFORE = "before"
    AFTER = "after"
    PASSED_ON = "passed_on"
    ESCALATION = "escalation"
    STANDSTILL = "standstill"
    INSTEAD = "instead"


RULES: Final = {
    Rule.BEFORE: N_("Reminder before the due date"),
    Rule.AFTER: N_("Reminder after the due date"),
    Rule.PASSED_ON: N_("Passed on, the date has passed"),
    Rule.ESCALATION: N_("Escalation, long past the due date"),
    Rule.STANDSTILL: N_("No date, and nothing has moved for long"),
    Rule.INSTEAD: N_("Escalation, nobody else would be reminded"),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """One coming message, or one that a pause keeps back."""

    at: datetime
    """When it leaves; where a digest waits for it or a pause keeps it back, when it falls due. UTC.
    """
    telling: Telling
    digest_at: datetime | None = None
    """When the digest that it waits for is written, UTC; None for a message of its own."""
    waits: bool = False
    """It falls due on a day off of its reader, and leaves on their next working morning."""

    @property
    def owed(self) -> Owed:
        """What it is about."""
        return self.telling.owed

    @property
    def to(self) -> Someone:
        """Who is told: a person, or (number 0) a mission."""
        return self.telling.to

    @property
    def about(self) -> About:
        """Review, milestone and slot."""
        return self.owed.seen.id, self.owed.item.key, self.owed.slot

    @property
    def place(self) -> Place:
        """Whose morning it is: where the step is owed, or where a reader has had a day off."""
        return self.telling.place if self.waits else self.owed.place

    @property
    def day(self) -> date:
        """The day at that place."""
        return local_day(self.at, self.place.zone)

    @property
    def rule(self) -> Rule:
        """Because of which kind of rule."""
        if self.telling.instead:
            return Rule.INSTEAD
        if self.owed.reminder.rule.on is Trigger.TURN:
            return Rule.STANDSTILL
        if self.telling.notice == ESCALATION:
            return Rule.ESCALATION
        if self.telling.notice == PASSED_ON:
            return Rule.PASSED_ON
        return Rule.BEFORE if self.owed.reminder.offset <= 0 else Rule.AFTER

    @property
    def state(self) -> str:
        """The State for which somebody is told; empty for the secretariat."""
        if self.telling.notice == ESCALATION or self.owed.party is Party.SECRETARIAT:
            return ""
        return self.owed.seen.sides[self.owed.side].iso3

    @property
    def capital(self) -> str:
        """Where the day is counted."""
        sides, party = self.owed.seen.sides, self.owed.party
        office = party is Party.SECRETARIAT or (self.waits and self.telling.notice == ESCALATION)
        return "Vienna" if office else sides[self.owed.side].capital


@dataclass(frozen=True, slots=True)
class Unplanned:
    """A milestone of which no reminder can be planned, nor written: its data do not fit."""

    review_id: int
    iso3: str
    process_key: str
    key: str
    slot: int
    kind: str
    """The kind of the error, as the log of the sweep has it."""

    @property
    def label(self) -> str:
        """The milestone, to be translated; its key where the process does not know it."""
        item = self._milestone()
        return item.label if item else self.key

    @property
    def repeats(self) -> bool:
        """Whether there may be several, so that their numbers tell them apart."""
        item = self._milestone()
        return item is not None and item.repeats

    def _milestone(self) -> Milestone | None:
        try:
            return process(self.process_key).milestone(self.key)
        except KeyError:
            return None


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes out in order of time, and of what nothing can be said."""

    coming: tuple[Planned, ...]
    unplanned: tuple[Unplanned, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanFilters:
    """Which messages are shown. Empty: all. ``state``: under review, or told."""

    state: str = ""
    role: str = ""
    person: int | None = None
    language: str = ""
    rule: str = ""
    review: int | None = None

    def fits(self, one: Planned) -> bool:
        """Whether a message is among them."""
        return (
            (not self.state or self.state in {one.state, one.owed.seen.columns["iso3"]})
            and (not self.role or self.role == one.to.role)
            and (self.person is None or self.person == one.to.person_id)
            and (not self.language or self.language == one.to.language)
            and (not self.rule or self.rule == one.rule)
            and (self.review is None or self.review == one.owed.seen.id)
        )

    def chosen(self, found: Plan) -> Plan:
        """What fits of a plan; of what cannot be planned only review and State are known."""
        unplanned = (
            one
            for one in found.unplanned
            if self.state in {"", one.iso3} and self.review in {None, one.review_id}
        )
        return Plan(tuple(one for one in found.coming if self.fits(one)), tuple(unplanned))
