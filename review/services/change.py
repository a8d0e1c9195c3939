"""What a step changes, collected while its effects run and written in one statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from review.models import Person
from review.services.snapshot import Dates, Side, Snapshot
from workflows.engine import Outcome
from workflows.spec import Actor, Who


@dataclass(frozen=True, slots=True)
class Mission:
    """The Permanent Mission of a State that acts by a link: no account, and so nobody's number."""

    iso3: str
    slot: int
    id: None = None

    @property
    def role(self) -> str:
        """As what it stands in the audit trail."""
        return f"mission:{self.slot}"

    def capacities(self, seen: Snapshot) -> tuple[Who, ...]:
        """As what it acts in a review: for its own State while that takes part."""
        side = seen.sides.get(self.slot)
        return (Who(Actor.MISSION, self.slot),) if side and side.iso3 == self.iso3 else ()


@dataclass(frozen=True, slots=True)
class Clockwork:
    """The engine itself, where a step follows from a decision whose day has come."""

    id: None = None
    iso3: None = None
    role: str = "system"

    def capacities(self, _seen: Snapshot) -> tuple[Who, ...]:
        """It carries out what the secretariat has decided."""
        return (Who(Actor.SECRETARIAT, 0),)


@dataclass(frozen=True, slots=True)
class ByLink:
    """Somebody who acts by the link of a mail, of this number, without having signed in."""

    actor: Person | Mission
    link: int


@dataclass
class Change:
    """A step on its way: effects add columns, dates and details for the audit trail."""

    session: Session
    snapshot: Snapshot
    outcome: Outcome
    actor: Person | Mission | Clockwork
    now: datetime
    simulated: bool = False
    columns: dict[str, Any] = field(default_factory=dict)
    dates: dict[tuple[str, int], Dates] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    """For the words of the mails: never confidential text."""
    sides: dict[int, Side] = field(default_factory=dict)
    """Reviewing States as they are after the step."""
    leaves_dates: bool = False
    reminders_after: datetime | None = None
    """Reminders that fell due since are planned as well; None: only those to come."""
    only_tell: Who | None = None
    """The one side that is told, where a step concerns no other."""

    @property
    def review_id(self) -> int:
        """The review concerned."""
        return self.snapshot.id

    @property
    def person(self) -> Person | None:
        """Who acts, where it is somebody with an account."""
        return self.actor if isinstance(self.actor, Person) else None

    def given(self, key: str) -> Any:
        """A value given with the step, or None."""
        return self.outcome.given.get(key)

    def text(self, key: str) -> str:
        """A text given with the step, or an empty one."""
        return str(self.outcome.given.get(key) or "")

    def date_of(self, key: tuple[str, int]) -> Dates:
        """The dates of a milestone as they stand in this change."""
        return self.dates.get(key) or self.snapshot.dates.get(key) or Dates()

    def set_dates(self, key: tuple[str, int], **values: Any) -> None:
        """Change some of the dates of a milestone."""
        self.dates[key] = self.date_of(key)._replace(**values)

    def agree(self, key: tuple[str, int], day: date) -> None:
        """Record the date agreed for a milestone, with the former one in the audit trail."""
        former = self.date_of(key).due_on
        self.before.setdefault("dates", {})[f"{key[0]}:{key[1]}"] = former and former.isoformat()
        self.after.setdefault("dates", {})[f"{key[0]}:{key[1]}"] = day.isoformat()
        self.set_dates(key, agreed_on=day)

    def put(self, **columns: Any) -> None:
        """Change columns of the review, with the former values in the audit trail."""
        for name, value in columns.items():
            self.before[name] = _plain(self.snapshot.columns.get(name))
            self.after[name] = _plain(value)
            self.columns[name] = value


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
