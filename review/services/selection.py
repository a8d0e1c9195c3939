"""Reviewing States, deferral and the start of a review (ToR 14, 18-20)."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Cycle, Draw, Review, Reviewer, State
from review.reference import lot_rules
from review.services import nominations
from review.services.change import Change
from review.services.errors import InvalidGiven, Refused
from review.services.snapshot import VIENNA, Side
from workflows.deadlines import local_day
from workflows.facts import Reason
from workflows.spec import N_

_DRAWING: Final = 19
"""The first number of the advisory locks taken here; the second is that of the cycle."""


def queue(session: Session, review_id: int) -> None:
    """Wait until nobody else records reviewing States in this review's cycle.

    Two reviews are two rows: without this, each could pass the ban on mutual reviews by a look at
    what the other has not committed yet (ToR 19). The lock ends with the transaction.
    """
    session.execute(
        sa.select(
            sa.func.pg_advisory_xact_lock(_DRAWING, sa.cast(Review.cycle_id, sa.Integer))
        ).where(Review.id == review_id)
    )


def assign_reviewers(change: Change) -> None:
    """Record the two drawn States; an earlier draw of this review becomes void.

    Raises InvalidGiven if a State is not a party, is the State under review, is drawn twice, if
    the first is not of the regional group, or if the State under review reviews it (ToR 19).
    """
    session = change.session
    _not_during_a_draw(change)
    chosen = {
        slot: session.get(State, change.text(key)) for slot, key in ((1, "first"), (2, "second"))
    }
    errors = {}
    for slot, key in ((1, "first"), (2, "second")):
        if problem := _problem(change, chosen[slot], slot):
            errors[key] = problem
    if not errors and chosen[1] is chosen[2]:
        errors["second"] = N_("The two reviewing States must be different.")
    if errors:
        raise InvalidGiven(errors)
    before = {slot: side.iso3 for slot, side in change.snapshot.sides.items() if slot}
    void(change)
    for slot, state in chosen.items():
        assert state is not None  # noqa: S101 - _problem() refused it otherwise
        session.add(
            Reviewer(
                review_id=change.review_id,
                slot=slot,
                iso3=state.iso3,
                session=change.text("session"),
                drawn_on=change.given("drawn_on"),
            )
        )
        change.sides[slot] = Side(
            slot, state.iso3, state.name, state.language, state.capital, state.time_zone,
            state.mission_email,
        )  # fmt: skip
    session.flush()
    change.before["reviewers"] = before
    change.after["reviewers"] = {slot: side.iso3 for slot, side in change.sides.items()}
    change.params["reviewers"] = [change.sides[1].iso3, change.sides[2].iso3]
    nominations.dismiss(change, [s for s in (1, 2) if before.get(s) != change.sides[s].iso3])


def _problem(change: Change, state: State | None, slot: int) -> str:
    mine = change.snapshot.sides[0]
    if (
        state is None
        or state.ratified_on is None
        or state.ratified_on > local_day(change.now, VIENNA)
    ):
        return N_("This is not a State party.")
    if state.iso3 == mine.iso3:
        return N_("A State does not review itself.")
    group = change.session.get(State, mine.iso3)
    if (
        slot == 1
        and group
        and group.regional_group
        and state.regional_group != group.regional_group
    ):
        return N_("The first reviewing State must be of the same regional group.")
    if _bans_mutual(change) and _reviews(change, mine.iso3, state.iso3):
        return N_("The State under review reviews this State; mutual reviews are not allowed.")
    return ""


def _not_during_a_draw(change: Change) -> None:
    """A published draw holds for what stood then; it is finished or given up first.

    Raises Refused while a draw of the cycle is published and not recorded.
    """
    published = sa.select(Draw.id).where(
        Draw.cycle_id == change.snapshot.columns["cycle_id"],
        Draw.state.in_(("published", "open", "drawn")),
    )
    if change.session.scalar(published.limit(1)) is not None:
        text = N_("A draw of this cycle is published; finish or void it first.")
        raise Refused(change.outcome.step.key, (Reason(text),))


def _bans_mutual(change: Change) -> bool:
    """Whether the rules of the cycle forbid mutual reviews (ToR 19)."""
    cycle = change.session.get_one(Cycle, change.snapshot.columns["cycle_id"])
    return lot_rules(cycle.lot_rules).no_mutual


def _reviews(change: Change, reviewer: str, reviewed: str) -> bool:
    """Whether the one State reviews the other in this cycle."""
    return bool(
        change.session.scalar(
            sa.select(sa.literal(1))
            .select_from(Reviewer)
            .join(Review, Review.id == Reviewer.review_id)
            .where(
                Review.cycle_id == change.snapshot.columns["cycle_id"],
                Review.iso3 == reviewed,
                Reviewer.iso3 == reviewer,
                Reviewer.voided_at.is_(None),
            )
            .limit(1)
        )
    )


def void(change: Change) -> None:
    """Make the draw of both reviewing States void; the rows are kept."""
    change.session.execute(
        sa.update(Reviewer)
        .where(Reviewer.review_id == change.review_id, Reviewer.voided_at.is_(None))
        .values(voided_at=change.now)
    )


def defer(change: Change) -> None:
    """Move the review to the following year; its draw is repeated with that year (ToR 14)."""
    _not_during_a_draw(change)
    year = change.snapshot.columns["year"]
    change.put(year=year + 1, deferred_from=year)
    change.before["reviewers"] = {s: side.iso3 for s, side in change.snapshot.sides.items() if s}
    change.sides = {s: side for s, side in change.snapshot.sides.items() if s}
    change.params["year"] = year + 1
    void(change)
    nominations.dismiss(change, (1, 2))


def start(change: Change) -> None:
    """From now on the periods are counted."""
    change.put(started_at=change.now)
