"""The rule checker: what stands in a cycle, judged by its rules, each finding in words.

It reads the database and nothing of the draws, so it finds the same whoever entered the pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Cycle
from review.services.draws.board import Standing, standing
from workflows.facts import Reason
from workflows.lots import Board, LotReview


class Rule(StrEnum):
    """The rules that are checked."""

    PARTY = "party"
    ITSELF = "itself"
    TWO_REVIEWERS = "two_reviewers"
    SAME_GROUP = "same_group"
    MUTUAL = "mutual"
    MOST = "most"
    WORKING_MOST = "working_most"
    LEAST = "least"
    EXCUSED = "excused"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a rule does not allow, or (``violation`` false) that is still to be reached.

    ``state``: the State under review, or the reviewing State for limits. ``reason`` is in words.
    """

    rule: Rule
    state: str
    violation: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class Checked:
    """A cycle as of a day, with what was found; ``complete``: every place of it is filled."""

    day: date
    reviews: int
    places: int
    filled: int
    findings: tuple[Finding, ...]

    @property
    def complete(self) -> bool:
        """Whether every place is filled."""
        return self.filled == self.places

    @property
    def violations(self) -> tuple[Finding, ...]:
        """The findings that break a rule."""
        return tuple(one for one in self.findings if one.violation)


def rule_check(session: Session, cycle: Cycle, day: date) -> Checked:
    """Judge what stands in a cycle by its rules, with the parties of a day."""
    stands = standing(session, cycle, day)
    findings = tuple(judge(stands))
    filled = sum(len(one.standing) for one in stands.reviews)
    return Checked(day, len(stands.reviews), 2 * len(stands.reviews), filled, findings)


def judge(stands: Standing) -> Iterator[Finding]:
    """What the rules find in a cycle as it stands."""
    raise NotImplementedError
