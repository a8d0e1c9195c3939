"""The rule checker: what stands in a cycle, judged by its rules, each finding in words.

It reads the database and nothing of the draws, so it finds the same whoever entered the pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Cycle
from review.services.draws.board import Standing, standing
from workflows.facts import Reason
from workflows.lots import LotReview


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
    """What the rules find in a cycle as it stands, by rule, then by State."""
    found = _Judge(stands)
    yield from found.parties()
    for review in stands.reviews:
        yield from found.review(review)
    if stands.rules.no_mutual:
        yield from found.mutual()
    yield from found.limits()


class _Judge:
    """A cycle with what is counted of it once."""

    def __init__(self, stands: Standing) -> None:
        self._stands = stands
        self._rules = stands.rules
        self._by_code = {one.code: one for one in stands.parties}
        self._reviews = {one.code: one for one in stands.reviews}
        self._carried = Counter(c for one in stands.reviews for c in one.standing)
        self._early = Counter(
            code
            for one in stands.reviews
            if one.year < stands.rules.last_year
            for code in one.standing
        )

    def parties(self) -> Iterator[Finding]:
        """Who stands in a review must be a party."""
        text = N_("%(state)s stands in a review and is not a party on this day.")
        for code in self._stands.outside:
            yield self._finding(Rule.PARTY, code, text)

    def review(self, review: LotReview) -> Iterator[Finding]:
        """What is to be said of one review by itself."""
        code, (first, second) = review.code, review.reviewers
        if code in review.standing:
            yield self._finding(Rule.ITSELF, code, N_("%(state)s stands as its own reviewer."))
        if first and first == second:
            text = N_("%(first)s stands in both places of the review of %(state)s.")
            yield self._finding(Rule.TWO_REVIEWERS, code, text, first=first)
        elif len(review.standing) == 1:
            text = N_("%(state)s has one reviewing State; the other is still to be drawn.")
            yield self._finding(Rule.TWO_REVIEWERS, code, text, violation=False)
        yield from self._group(review)
        for reviewer in sorted(set(review.standing)):
            if review.year in self._by_code[reviewer].excused:
                text = N_("%(first)s reviews %(state)s in the year for which it is excused.")
                yield self._finding(Rule.EXCUSED, code, text, first=reviewer)

    def _group(self, review: LotReview) -> Iterator[Finding]:
        group = self._by_code[review.code].group
        first, second = (
            code is not None and self._by_code[code].group == group for code in review.reviewers
        )
        if group is None or review.reviewers[0] is None or first:
            return
        if second:
            text = N_("The reviewing State of %(state)s's regional group stands in place 2, not 1.")
            yield self._finding(Rule.SAME_GROUP, review.code, text, violation=False)
        else:
            text = N_("No reviewing State of %(state)s is of its regional group.")
            yield self._finding(Rule.SAME_GROUP, review.code, text)

    def mutual(self) -> Iterator[Finding]:
        """No two States review each other (ToR 19); each two are named once."""
        for review in self._stands.reviews:
            for other in review.standing:
                back = self._reviews.get(other)
                if back and review.code in back.standing and review.code < other:
                    text = N_("%(state)s and %(first)s review each other.")
                    yield self._finding(Rule.MUTUAL, review.code, text, first=other)

    def limits(self) -> Iterator[Finding]:
        """How many reviews a State carries out in the cycle (ToR 20)."""
        rules = self._rules
        complete = not any(one.open_slots() for one in self._stands.reviews)
        for one in self._stands.parties:
            carried, early = self._carried[one.code], self._early[one.code]
            if carried > rules.most:
                text = N_("%(state)s carries out %(count)d reviews; the most are %(limit)d.")
                yield self._finding(Rule.MOST, one.code, text, count=carried, limit=rules.most)
            if early > rules.working_most:
                text = N_(
                    "Before the last year %(state)s has %(count)d reviews, the limit is %(limit)d."
                )
                limit = rules.working_most
                yield self._finding(Rule.WORKING_MOST, one.code, text, count=early, limit=limit)
            if one.serves and carried < rules.least:
                text = N_("%(state)s carries out %(count)d reviews; the fewest are %(limit)d.")
                yield self._finding(
                    Rule.LEAST,
                    one.code,
                    text,
                    violation=complete,
                    count=carried,
                    limit=rules.least,
                )

    def _finding(
        self, rule: Rule, code: str, text: str, *, violation: bool = True, **more: str | int
    ) -> Finding:
        """A finding whose text may name ``state`` and ``first`` by their names."""
        named = {"state": code, **{key: more[key] for key in more if key == "first"}}
        params: dict[str, str | int] = {
            **more,
            **{key: self._by_code[str(each)].name for key, each in named.items()},
        }
        return Finding(rule, code, violation, Reason(text, params))
