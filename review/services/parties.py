"""The parties in a cycle: who can be drawn and why not, what each asked for (ToR 14, 20, 21)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import (
    Cycle,
    CycleParty,
    CycleYear,
    ListedExpert,
    Person,
    Review,
    Reviewer,
    State,
)
from review.reference import LotRules
from review.services import audit
from review.services.audit import Verb
from review.services.errors import InvalidGiven, NotFound
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day

REASON_LIMIT = 1000


class Excluded(StrEnum):
    """Why a party is not drawn as a reviewing State, in the order in which it is asked."""

    WITHDRAWN = "withdrawn"
    LIST_MISSING = "list_missing"
    MOST = "most"


@dataclass(frozen=True, slots=True)
class Party:
    """A party in a cycle: its own review, what it asked for, its experts, the reviews it carries.

    ``carried_early`` are those in years before the last; ``late``: it joined after the cycle began.
    """

    code: str
    name: str
    group: str | None
    tradition: str
    ratified_on: date
    late: bool
    review_id: int | None
    year: int | None
    volunteers_for: int | None
    excused: bool
    experts: int
    circulated_on: date | None
    withdrawn_on: date | None
    withdrawn_reason: str
    carried: int
    carried_early: int

    @property
    def has_list(self) -> bool:
        """Whether it has a list of experts: some are listed here, or its list was circulated."""
        return bool(self.experts or self.circulated_on)

    @property
    def excused_years(self) -> tuple[int, ...]:
        """Years in which it asked not to review: that of its own review (ToR 20)."""
        return (self.year,) if self.excused and self.year else ()

    def serves(self, rules: LotRules) -> bool:
        """Whether it takes further reviews in this cycle at all."""
        missing = rules.expert_list == "block" and not self.has_list
        return self.withdrawn_on is None and not missing

    def excluded(self, rules: LotRules) -> Excluded | None:
        """Why it cannot be drawn for any year; None if it can."""
        if self.withdrawn_on is not None:
            return Excluded.WITHDRAWN
        if not self.serves(rules):
            return Excluded.LIST_MISSING
        return Excluded.MOST if self.carried >= rules.most else None

    def only_late(self, rules: LotRules) -> bool:
        """Whether it has what it may carry before the last year: drawn from that year on only."""
        return self.carried_early >= rules.working_most and self.excluded(rules) is None


def parties(session: Session, cycle: Cycle, day: date, rules: LotRules) -> list[Party]:
    """Everybody who was a party on a day, by name."""
    carried, experts = _carried(cycle, rules), _experts(cycle)
    wanted = (
        sa.select(
            State.iso3,
            State.name,
            State.regional_group,
            State.legal_tradition,
            State.ratified_on,
            (State.ratified_on > cycle.starts_on).label("late"),
            Review.id,
            Review.year,
            CycleParty.volunteers_for,
            sa.func.coalesce(CycleParty.excused, sa.false()),
            sa.func.coalesce(experts.c.active, 0),
            CycleParty.experts_circulated_on,
            CycleParty.withdrawn_on,
            sa.func.coalesce(CycleParty.withdrawn_reason, ""),
            sa.func.coalesce(carried.c.reviews, 0),
            sa.func.coalesce(carried.c.early, 0),
        )
        .outerjoin(Review, sa.and_(Review.cycle_id == cycle.id, Review.iso3 == State.iso3))
        .outerjoin(
            CycleParty, sa.and_(CycleParty.cycle_id == cycle.id, CycleParty.iso3 == State.iso3)
        )
        .outerjoin(experts, experts.c.iso3 == State.iso3)
        .outerjoin(carried, carried.c.iso3 == State.iso3)
        .where(State.ratified_on <= day)
        .order_by(State.name)
    )
    found: Sequence[Sequence[Any]] = session.execute(wanted).all()
    return [Party(*row) for row in found]


def _carried(cycle: Cycle, rules: LotRules) -> sa.Subquery:
    early = sa.func.count().filter(Review.year < rules.last_year)
    return (
        sa.select(Reviewer.iso3, sa.func.count().label("reviews"), early.label("early"))
        .join(Review, Review.id == Reviewer.review_id)
        .where(Review.cycle_id == cycle.id, Reviewer.voided_at.is_(None))
        .group_by(Reviewer.iso3)
        .subquery()
    )


def _experts(cycle: Cycle) -> sa.Subquery:
    return (
        sa.select(ListedExpert.iso3, sa.func.count().label("active"))
        .where(ListedExpert.cycle_id == cycle.id, ListedExpert.ended_on.is_(None))
        .group_by(ListedExpert.iso3)
        .subquery()
    )


def division_day(cycle: Cycle, now: datetime) -> date:
    """The day whose parties are divided over the years: the cycle's first, or today before it."""
    return min(cycle.starts_on, local_day(now, VIENNA))


def divided(found: Sequence[Party]) -> list[Party]:
    """Of these parties, those that are divided over the years by quota; the others joined late."""
    return [one for one in found if not one.late]


# What a party asked for --------------------------------------------------------------------------


def note(
    session: Session,
    cycle_number: int,
    iso3: str,
    *,
    volunteers_for: int | None,
    excused: bool,
    actor: Person,
    now: datetime,
) -> CycleParty:
    """Record for which year a party volunteers, and whether it asks not to review in its own year.

    Raises NotFound for a State that is no party, InvalidGiven for a year that cannot be.
    """
    cycle, row = locked(session, cycle_number, iso3, now)
    if volunteers_for != row.volunteers_for and volunteers_for is not None:
        _check_year(session, cycle, iso3, volunteers_for)
    before = {"volunteers_for": row.volunteers_for, "excused": row.excused}
    after = {"volunteers_for": volunteers_for, "excused": excused}
    if before == after:
        return row
    row.volunteers_for, row.excused = volunteers_for, excused
    session.flush()
    _keep(session, Verb.PARTY_NOTED, cycle, iso3, before, after, actor=actor, now=now)
    return row


def _check_year(session: Session, cycle: Cycle, iso3: str, year: int) -> None:
    share = session.scalar(
        sa.select(CycleYear.share).where(CycleYear.cycle_id == cycle.id, CycleYear.year == year)
    )
    reviewed = sa.select(Review.year).where(Review.cycle_id == cycle.id, Review.iso3 == iso3)
    if not share:
        raise InvalidGiven({"volunteers_for": N_("Nobody is drawn for this year of the cycle.")})
    if session.scalar(reviewed) is not None:
        raise InvalidGiven({"volunteers_for": N_("The year of its review stands already.")})


def withdraw(
    session: Session, cycle_number: int, iso3: str, reason: str, *, actor: Person, now: datetime
) -> CycleParty:
    """Record that a party takes no further reviews in this cycle; those it has stay with it.

    Raises NotFound, or InvalidGiven without a reason or if it has withdrawn already.
    """
    cycle, row = locked(session, cycle_number, iso3, now)
    reason = _reason(reason)
    if row.withdrawn_on is not None:
        raise InvalidGiven({"reason": N_("Its withdrawal is recorded already.")})
    row.withdrawn_on, row.withdrawn_reason = local_day(now, VIENNA), reason
    session.flush()
    after = {"reason": reason}
    _keep(session, Verb.REVIEWER_WITHDRAWN, cycle, iso3, {}, after, actor=actor, now=now)
    return row


def restore(
    session: Session, cycle_number: int, iso3: str, reason: str, *, actor: Person, now: datetime
) -> CycleParty:
    """Record that a party that had withdrawn takes reviews again.

    Raises NotFound, or InvalidGiven without a reason or if it has not withdrawn.
    """
    cycle, row = locked(session, cycle_number, iso3, now)
    reason = _reason(reason)
    if row.withdrawn_on is None:
        raise InvalidGiven({"reason": N_("It has not withdrawn.")})
    before = {"withdrawn_on": row.withdrawn_on.isoformat(), "reason": row.withdrawn_reason}
    row.withdrawn_on, row.withdrawn_reason = None, ""
    session.flush()
    after = {"reason": reason}
    _keep(session, Verb.REVIEWER_RETURNED, cycle, iso3, before, after, actor=actor, now=now)
    return row


def _reason(text: str) -> str:
    text = text.strip()
    if not text:
        raise InvalidGiven({"reason": N_("Give the reason; it is kept with the change.")})
    if len(text) > REASON_LIMIT:
        raise InvalidGiven({"reason": N_("This is too long.")})
    return text


def locked(
    session: Session, cycle_number: int, iso3: str, now: datetime
) -> tuple[Cycle, CycleParty]:
    """The cycle and what it keeps of a party, locked; a row is made if there is none yet.

    Raises NotFound for an unknown cycle or a State that is not a party by now.
    """
    cycle = session.scalars(sa.select(Cycle).where(Cycle.number == cycle_number)).one_or_none()
    state = session.get(State, iso3)
    joined = state is not None and state.ratified_on
    if cycle is None or not joined or joined > local_day(now, VIENNA):
        raise NotFound(f"{iso3} is no party in cycle {cycle_number}")
    row = {"cycle_id": cycle.id, "iso3": iso3}
    session.execute(insert(CycleParty).values(row).on_conflict_do_nothing())
    wanted = sa.select(CycleParty).filter_by(**row).with_for_update(of=CycleParty)
    return cycle, session.scalars(wanted.execution_options(populate_existing=True)).one()


def _keep(
    session: Session,
    verb: Verb,
    cycle: Cycle,
    iso3: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    actor: Person,
    now: datetime,
) -> None:
    about = {"cycle": cycle.number, "state": iso3}
    audit.record(session, verb, now=now, actor=actor, before=before, after={**about, **after})
