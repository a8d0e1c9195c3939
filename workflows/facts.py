"""What guards may know about one review, and how they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from workflows.words import Actor, Party
from workflows.working_days import EVERY_DAY, WorkCalendar


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is not possible now, in words, and who can change that."""

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    unblocked_by: Party | None = None

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text


@dataclass(frozen=True, slots=True)
class Who:
    """One capacity in which a person acts in one review.

    ``slot`` is 0 for the State under review and the secretariat, 1 for the first reviewing State
    (own regional group), 2 for the second.
    """

    actor: Actor
    slot: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What guards may know about one review. Plain values; counts are of provisions."""

    stage: str
    done: frozenset[tuple[str, int]] = frozenset()
    open_repeats: frozenset[tuple[str, int]] = frozenset()
    reviewers: frozenset[int] = frozenset()
    focal_points: int = 0
    experts: frozenset[int] = frozenset()
    suspended: bool = False
    deferred: bool = False
    year: int = 1
    means: str = ""
    dialogue_scheduled: bool = False
    today: date | None = None
    due: Mapping[tuple[str, int], date] = field(default_factory=dict)
    calendars: Mapping[tuple[Party, int], WorkCalendar] = field(default_factory=dict, repr=False)
    """The working days of each party: of a reviewing State under its slot, else under 0."""
    owing: frozenset[Who] = frozenset()
    """Who owes something for which a date is set; the secretariat aside."""
    asking: frozenset[Who] = frozenset()
    """Who has asked for another date and waits for an answer."""
    report_published: bool = False
    response_published: bool = False
    # Loaded only for steps whose guards read them (see Guard.reads).
    provisions: int = 0
    answered: int = 0
    assigned: Mapping[int, int] = field(default_factory=dict)
    assessed: Mapping[int, int] = field(default_factory=dict)
    open_questions: int = 0
    draft_hash: str = ""
    approved: frozenset[int] = frozenset()
    summary_unwritten: int = 0

    def is_done(self, milestone: str, slot: int = 0) -> bool:
        """Whether the milestone (of that reviewing State) has been reached."""
        return (milestone, slot) in self.done

    def calendar(self, party: Party, slot: int) -> WorkCalendar:
        """The working days of a party; every day where they are not known."""
        own = slot if party is Party.REVIEWING_STATE else 0
        return self.calendars.get((party, own), EVERY_DAY)


GuardFunction = Callable[[Facts, Who], Reason | None]


@dataclass(frozen=True, slots=True)
class Guard:
    """A named condition: nothing, or the reason to show. ``reads`` names fact groups to load."""

    name: str
    check: GuardFunction = field(compare=False, repr=False)
    says: str = ""
    reads: frozenset[str] = frozenset()

    def __call__(self, facts: Facts, who: Who) -> Reason | None:
        return self.check(facts, who)


FACT_GROUPS = frozenset({"answers", "findings", "questions", "report"})
