"""What the lots see of a cycle: its rules, its parties and the reviewing States that stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Cycle, Review, Reviewer, State
from review.reference import LotRules
from review.services import cycle_planning
from review.services import parties as roster
from workflows.lots import Board, LotOrder, LotParty, LotReview, Rules


@dataclass(frozen=True, slots=True)
class Standing:
    """A cycle as of a day.

    ``unlisted``: parties whose list of experts is missing (ToR 21). ``outside``: States that stand
    in a review and are no party on that day.
    """

    all_rules: LotRules
    parties: tuple[LotParty, ...]
    reviews: tuple[LotReview, ...]
    unlisted: tuple[str, ...]
    outside: tuple[str, ...]

    @property
    def rules(self) -> Rules:
        """The rules that an announcement carries."""
        return Rules(**self.all_rules.announced())

    @property
    def names(self) -> dict[str, str]:
        """The name of each party."""
        return {one.code: one.name for one in self.parties}

    def board(self, lots: Sequence[LotOrder] = ()) -> Board:
        """The board of the lots. Raises LotsError if what stands contradicts itself."""
        return Board.of(self.rules, self.parties, self.reviews, lots)


def standing(session: Session, cycle: Cycle, day: date) -> Standing:
    """Rules, parties of a day and reviews of a cycle, as they stand.

    Whoever stands in a review but is no party on that day is listed too and takes no further
    reviews. Raises LotRulesError if the rules of the cycle contradict each other.
    """
    rules = cycle_planning.rules_of(cycle)
    found = roster.parties(session, cycle, day, rules)
    reviews = reviews_of(session, cycle)
    known = {one.code for one in found}
    named = {code for one in reviews for code in (one.code, *one.standing)}
    parties = [
        LotParty(
            one.code,
            one.name,
            one.group,
            one.tradition,
            one.serves(rules),
            frozenset(one.excused_years),
        )
        for one in found
    ]
    parties += _not_parties(session, sorted(named - known))
    return Standing(
        rules,
        tuple(sorted(parties, key=lambda one: one.code)),
        reviews,
        tuple(one.code for one in found if not one.has_list),
        tuple(sorted(named - known)),
    )


def reviews_of(session: Session, cycle: Cycle) -> tuple[LotReview, ...]:
    """Every review of a cycle with the reviewing States that stand, by code."""
    reviewer = (
        sa.select(Reviewer.iso3)
        .where(Reviewer.review_id == Review.id, Reviewer.voided_at.is_(None))
        .correlate(Review)
    )
    slots = [reviewer.where(Reviewer.slot == slot).scalar_subquery() for slot in (1, 2)]
    wanted = (
        sa.select(Review.iso3, Review.year, *slots)
        .where(Review.cycle_id == cycle.id)
        .order_by(Review.iso3)
    )
    rows = session.execute(wanted)
    return tuple(LotReview(code, year, (first, second)) for code, year, first, second in rows)


def _not_parties(session: Session, codes: Sequence[str]) -> list[LotParty]:
    states = session.scalars(sa.select(State).where(State.iso3.in_(codes))) if codes else ()
    return [
        LotParty(one.iso3, one.name, one.regional_group, one.legal_tradition, serves=False)
        for one in states
    ]
