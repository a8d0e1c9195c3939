"""Planning a cycle: its years and shares, and the rules of its draws (ToR 12-14, 18-21).

Limits are data (`review/data/lot_rules.json`); a cycle keeps only what it sets otherwise. Nothing
of this changes any more once a draw that rests on it is published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Cycle, CycleYear, Draw, Person, Review
from review.reference import LotRules, LotRulesError, lot_rules, lot_settings
from review.services import audit
from review.services.audit import Verb
from review.services.errors import InvalidGiven, NotFound
from workflows.registry import PROCESSES, process

LAST_YEAR: Final = 5
"""A cycle has at most five years (res. 3/1, op. 3)."""
MOST_SHARE: Final = 20
_BINDING: Final = ("published", "open", "drawn", "recorded")
_REASON_NEEDED: Final = N_("Give the reason; it is kept with the change.")


@dataclass(frozen=True, slots=True)
class YearPlan:
    """When the reviews of a year start, and its weight in the quotas (0: nobody is drawn)."""

    starts_on: date
    share: int


@dataclass(frozen=True, slots=True)
class CyclePlan:
    """A cycle as it is planned; ``years`` from year 1. Chapters come with the process."""

    process_key: str
    starts_on: date
    ends_on: date | None
    years: Sequence[YearPlan]


def create(
    session: Session, number: int, plan: CyclePlan, *, actor: Person, now: datetime
) -> Cycle:
    """Make a cycle with its years.

    Raises InvalidGiven for a number in use and for a plan that contradicts itself.
    """
    errors = _faults(plan)
    if not 1 <= number <= 99:
        errors["number"] = N_("A cycle has a number from 1 to 99.")
    elif session.scalar(sa.select(Cycle.id).where(Cycle.number == number)):
        errors["number"] = N_("There is a cycle with this number already.")
    if errors:
        raise InvalidGiven(errors)
    made = Cycle(
        number=number,
        process_key=plan.process_key,
        chapters=list(process(plan.process_key).chapters),
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
    )
    session.add(made)
    session.flush()
    _write_years(session, made.id, plan.years)
    after = {"cycle": number, **_values(plan)}
    audit.record(session, Verb.CYCLE_PLANNED, now=now, actor=actor, after=after)
    return made


def change(
    session: Session, number: int, plan: CyclePlan, reason: str, *, actor: Person, now: datetime
) -> Cycle:
    """Change the plan of a cycle.

    Raises NotFound, or InvalidGiven: for a plan that contradicts itself or leaves out a year that
    has reviews, another process once there are reviews, other shares once the years are drawn.
    """
    cycle = locked(session, number)
    before = plan_of(session, cycle)
    errors = _faults(plan) | _against_what_stands(session, cycle, before, plan)
    if not reason.strip():
        errors["reason"] = _REASON_NEEDED
    if errors:
        raise InvalidGiven(errors)
    cycle.process_key, cycle.chapters = plan.process_key, list(process(plan.process_key).chapters)
    cycle.starts_on, cycle.ends_on = plan.starts_on, plan.ends_on
    session.execute(sa.delete(CycleYear).where(CycleYear.cycle_id == cycle.id))
    _write_years(session, cycle.id, plan.years)
    old, new = _values(before), _values(plan)
    audit.record(
        session,
        Verb.CYCLE_CHANGED,
        now=now,
        actor=actor,
        before={key: old[key] for key in old if old[key] != new[key]},
        after={
            "cycle": number,
            "reason": reason.strip(),
            **{key: new[key] for key in new if old[key] != new[key]},
        },
    )
    return cycle


def locked(session: Session, number: int) -> Cycle:
    """A cycle that nobody else changes until the transaction ends. Raises NotFound."""
    wanted = sa.select(Cycle).where(Cycle.number == number).with_for_update()
    found = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(f"no cycle {number}")
    return found


def years_of(session: Session, cycle: Cycle) -> list[CycleYear]:
    """The planned years of a cycle, the first one first."""
    wanted = sa.select(CycleYear).where(CycleYear.cycle_id == cycle.id).order_by(CycleYear.year)
    return list(session.scalars(wanted))


def plan_of(session: Session, cycle: Cycle) -> CyclePlan:
    """The plan of a cycle as it stands."""
    years = tuple(YearPlan(one.starts_on, one.share) for one in years_of(session, cycle))
    return CyclePlan(cycle.process_key, cycle.starts_on, cycle.ends_on, years)


def _write_years(session: Session, cycle_id: int, years: Sequence[YearPlan]) -> None:
    session.add_all(
        CycleYear(cycle_id=cycle_id, year=year, starts_on=one.starts_on, share=one.share)
        for year, one in enumerate(years, start=1)
    )
    session.flush()


def _values(plan: CyclePlan) -> dict[str, Any]:
    """A plan in plain values, for the audit trail."""
    return {
        "process": plan.process_key,
        "starts_on": plan.starts_on.isoformat(),
        "ends_on": plan.ends_on.isoformat() if plan.ends_on else None,
        "years": [[one.starts_on.isoformat(), one.share] for one in plan.years],
    }


def _faults(plan: CyclePlan) -> dict[str, str]:
    errors = {}
    if plan.process_key not in PROCESSES:
        errors["process_key"] = N_("Choose a process.")
    if plan.ends_on and plan.ends_on <= plan.starts_on:
        errors["ends_on"] = N_("The last day lies before the first.")
    if not 1 <= len(plan.years) <= LAST_YEAR:
        errors["years"] = N_("A cycle has one to five years.")
        return errors
    if any(not 0 <= one.share <= MOST_SHARE for one in plan.years):
        errors["years"] = N_("A share is a number from 0 to 20.")
    elif not any(one.share for one in plan.years):
        errors["years"] = N_("At least one year needs a share, or nobody could be drawn.")
    elif plan.years[0].starts_on < plan.starts_on:
        errors["years"] = N_("Year 1 cannot start before the cycle.")
    elif any(one.starts_on >= other.starts_on for one, other in pairwise(plan.years)):
        errors["years"] = N_("Every year must start after the one before.")
    elif "ends_on" not in errors and plan.ends_on and plan.years[-1].starts_on > plan.ends_on:
        errors["years"] = N_("The last year would start after the cycle has ended.")
    return errors


def _against_what_stands(
    session: Session, cycle: Cycle, before: CyclePlan, plan: CyclePlan
) -> dict[str, str]:
    errors = {}
    latest = session.scalar(sa.select(sa.func.max(Review.year)).where(Review.cycle_id == cycle.id))
    if latest and plan.process_key != before.process_key:
        errors["process_key"] = N_("The cycle has reviews; they keep their process.")
    if latest and len(plan.years) < latest:
        errors["years"] = N_("A year that has reviews cannot be left out.")
    shares = [[one.share for one in each.years] for each in (before, plan)]
    if shares[0] != shares[1] and published(session, cycle, "years"):
        errors["years"] = N_("The draw of the years is published; their shares stay.")
    return errors


# Rules of the draw -------------------------------------------------------------------------------


def published(session: Session, cycle: Cycle, kind: str = "") -> bool:
    """Whether a draw of the cycle is published and not given up; with ``kind``, one of it."""
    wanted = sa.select(Draw.id).where(Draw.cycle_id == cycle.id, Draw.state.in_(_BINDING))
    if kind:
        wanted = wanted.where(Draw.kind == kind)
    return session.scalar(wanted.limit(1)) is not None


def rules_of(cycle: Cycle) -> LotRules:
    """The rules of the draws of a cycle. Raises LotRulesError if what it keeps is unusable."""
    return lot_rules(cycle.lot_rules)


def change_rules(
    session: Session,
    number: int,
    values: Mapping[str, Any],
    reason: str,
    *,
    actor: Person,
    now: datetime,
) -> LotRules:
    """Set the rules of a cycle; ``values`` are all that shall differ from the usual ones.

    Raises NotFound; InvalidGiven for contradictory or unknown rules, without a reason, if nothing
    changes, and once a draw of the cycle is published.
    """
    cycle = locked(session, number)
    try:
        rules = lot_rules(values)
        errors = {}
    except LotRulesError as wrong:
        rules, errors = None, wrong.errors
    if not reason.strip():
        errors["reason"] = _REASON_NEEDED
    if published(session, cycle):
        errors["rules"] = N_("A draw of this cycle is published; its rules stay as they are.")
    usual = {one.key: one.value for one in lot_settings()}
    kept = {key: value for key, value in values.items() if usual.get(key) != value}
    if not errors and kept == cycle.lot_rules:
        errors["rules"] = N_("Nothing was changed.")
    if errors or rules is None:
        raise InvalidGiven(errors)
    before, after = usual | cycle.lot_rules, usual | kept
    cycle.lot_rules = kept
    session.flush()
    changed = [key for key in usual if before[key] != after[key]]
    audit.record(
        session,
        Verb.LOT_RULES_CHANGED,
        now=now,
        actor=actor,
        before={key: before[key] for key in changed},
        after={
            "cycle": number,
            "reason": reason.strip(),
            **{key: after[key] for key in changed},
        },
    )
    return rules
