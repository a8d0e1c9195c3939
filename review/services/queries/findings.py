"""The findings of both reviewing States side by side, for those who may read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from review import policy, reference
from review.models import Finding, Person
from review.reference import Provision
from review.services import findings
from review.services.queries.workbench import READ_FINDINGS
from review.services.snapshot import Snapshot

SHOW: Final = ("all", "differ", "good_practice", "challenge", "assistance")
"""What can be picked out of the findings."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What the reviewing States found on one provision; only those that may be read."""

    provision: Provision
    found: dict[int, Finding]

    @property
    def differs(self) -> bool:
        """Whether both have found a level and not the same."""
        return len({item.level for item in self.found.values() if item.level}) > 1

    def matches(self, show: str) -> bool:
        """Whether this belongs to what a reader picked out."""
        if show == "all":
            return True
        if show == "differ":
            return self.differs
        if show == "assistance":
            return any(set(f.assistance) - {"none"} or f.assistance_note for f in self._each)
        return any(getattr(item, show).strip() for item in self._each)

    @property
    def _each(self) -> tuple[Finding, ...]:
        return tuple(self.found.values())


def readable(seen: Snapshot, person: Person) -> tuple[int, ...]:
    """The reviewing States whose submitted findings a person may read now."""
    return tuple(
        slot
        for slot, action in READ_FINDINGS.items()
        if seen.facts.is_done("desk_review", slot) and policy.can(person, action, seen)
    )


def pairs(
    session: Session, seen: Snapshot, slots: tuple[int, ...], chapter: str, show: str = "all"
) -> list[Pair]:
    """The findings of these States on one chapter. The caller has checked that they may be read."""
    found = {slot: findings.of_slot(session, seen.id, slot) for slot in slots}
    listed = (
        Pair(item, {slot: found[slot][item.ref] for slot in slots if item.ref in found[slot]})
        for item in reference.provisions((chapter,))
    )
    return [pair for pair in listed if pair.found and pair.matches(show)]
