"""What stands in the database before anybody acts: States, cycles, reviews, officers, draws."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review import reference
from review.models import (
    Cycle,
    CycleYear,
    GroupSession,
    MilestoneDate,
    Person,
    Review,
    Reviewer,
    State,
)
from review.services import cycles, documented, pairs, steps
from review.services.documented import drawn_at
from review.services.pairs import SIMULATED, Pair
from review.services.snapshot import VIENNA
from workflows.deadlines import add_months
from workflows.registry import process

ADMINISTRATOR_EMAIL: Final = "administrator@secretariat.example"
ADMINISTRATOR_TITLE: Final = "Secretariat administrator"
DRAW_RECORDED_AT: Final = time(17, tzinfo=ZoneInfo(VIENNA))

_CYCLES: Final = (
    (1, "irm-1", date(2010, 7, 1), date(2015, 6, 30), (1, 1, 1, 1, 0)),
    (2, "irm-2", date(2015, 11, 6), None, (1, 1, 1, 1, 1)),
)
"""Number, process, first and last day, and the share of each year in the quotas (ToR 14)."""
_OFFICER_ADDRESSES: Final = {
    "African States": "africa",
    "Asia-Pacific States": "asia-pacific",
    "Eastern European States": "eastern-europe",
    "Latin American and Caribbean States": "latin-america",
    "Western European and other States": "western-europe",
}


def load(session: Session, *, now: datetime, drawn_until: date | None = None) -> None:
    """Load what the reference data hold; what is there already stays as it is.

    Reviews of the first cycle start as selected. The draws of the sessions of the Group up to
    `drawn_until` are recorded where the pair is known (None: up to `now`).
    """
    cycle_id = load_reference(session, missions=True)
    officers = _add_secretariat(session, now)
    _add_reviews(session, cycle_id, officers, now)
    until = now.date() if drawn_until is None else drawn_until
    for entry in reference.first_cycle():
        pair = pairs.known_pair(entry)
        recorded_at = draw_recorded_at(entry.year, pair)
        if recorded_at <= now and recorded_at.date() <= until:
            record_draw(session, entry.iso3, pair)


def load_reference(session: Session, *, missions: bool = False) -> int:
    """Load States and cycles; what is there already stays. Gives the identity of the first cycle.

    ``missions`` adds an invented address for each Permanent Mission (demonstration only).
    """
    _add_states(session, missions=missions)
    return _add_cycles(session)


def officer_email(group: str) -> str:
    """The address of the review officer for a regional group."""
    return f"officer.{_OFFICER_ADDRESSES[group]}@secretariat.example"


def mission_email(iso3: str) -> str:
    """The address of a Permanent Mission in the demonstration."""
    return f"mission@{iso3.lower()}.example"


def draw_recorded_at(year: int, pair: Pair) -> datetime:
    """When the draw of a pair for a review of a year of the first cycle is recorded."""
    held = drawn_at(year, (pair.first, pair.second))
    return datetime.combine(held.first_day, DRAW_RECORDED_AT).astimezone(UTC)


def record_draw(session: Session, iso3: str, pair: Pair) -> None:
    """Record the draw of the reviewing States of a first-cycle review, if it has none yet.

    Where only one State is known it is kept, and the review goes on waiting for the draw.
    """
    review = session.execute(
        sa.select(Review.id, Review.officer_id, Review.year)
        .join(Cycle, Cycle.id == Review.cycle_id)
        .where(Cycle.number == 1, Review.iso3 == iso3)
    ).one()
    drawn = sa.select(Reviewer.id).where(Reviewer.review_id == review.id)
    if not (pair.first or pair.second) or session.execute(drawn.limit(1)).first():
        return
    held = drawn_at(review.year, (pair.first, pair.second))
    if not pair.complete:
        _keep_single(session, review.id, pair, held.name, held.first_day)
        return
    steps.take(
        session,
        review.id,
        "assign_reviewers",
        actor=session.get_one(Person, review.officer_id),
        now=draw_recorded_at(review.year, pair),
        given={
            "first": pair.first,
            "second": pair.second,
            "session": held.name,
            "drawn_on": held.first_day,
        },
        simulated=True,
    )
    _mark_basis(session, review.id, pair)


def _keep_single(session: Session, review_id: int, pair: Pair, held: str, drawn_on: date) -> None:
    slot, iso3 = (1, pair.first) if pair.first else (2, pair.second)
    values = {"review_id": review_id, "slot": slot, "iso3": iso3}
    session.execute(
        sa.insert(Reviewer).values(**values, session=held, drawn_on=drawn_on, basis=pair.basis)
    )


def _mark_basis(session: Session, review_id: int, pair: Pair) -> None:
    drawn_here = Reviewer.slot.in_(pair.drawn)
    session.execute(
        sa.update(Reviewer)
        .where(Reviewer.review_id == review_id)
        .values(basis=sa.case((drawn_here, SIMULATED), else_=pair.basis))
    )
    mark_milestone(session, review_id, "reviewers_drawn", simulated=bool(pair.drawn))


def mark_milestone(session: Session, review_id: int, key: str, *, simulated: bool) -> None:
    """Say of a milestone whether its date comes from the model or from the record."""
    session.execute(
        sa.update(MilestoneDate)
        .where(MilestoneDate.review_id == review_id, MilestoneDate.key == key)
        .values(simulated=simulated)
    )


def _add_states(session: Session, *, missions: bool) -> None:
    rows = [
        {
            "iso3": one.iso3,
            "name": one.name,
            "regional_group": one.regional_group,
            "ratified_on": one.ratification_date,
            "signed_on": one.signature_date,
            "language": one.language,
            "capital": one.place,
            "time_zone": one.time_zone,
            "mission_email": mission_email(one.iso3) if missions else None,
            "basis": one.dates_basis,
            "legal_tradition": one.legal_tradition,
        }
        for one in reference.parties()
    ]
    new = insert(State)
    unknown = {"legal_tradition": new.excluded.legal_tradition}
    session.execute(
        new.on_conflict_do_update(
            index_elements=["iso3"], set_=unknown, where=State.legal_tradition == ""
        ),
        rows,
    )


def _add_cycles(session: Session) -> int:
    """Both cycles; the identity of the first."""
    rows = [
        {
            "number": number,
            "process_key": key,
            "chapters": list(process(key).chapters),
            "starts_on": starts_on,
            "ends_on": ends_on,
        }
        for number, key, starts_on, ends_on, _shares in _CYCLES
    ]
    session.execute(insert(Cycle).on_conflict_do_nothing(), rows)
    found = {one.number: one for one in session.scalars(sa.select(Cycle))}
    for number, _key, _starts_on, _ends_on, shares in _CYCLES:
        _add_years(session, found[number], shares)
    _add_sessions(session, found[1].id)
    return found[1].id


def _add_years(session: Session, cycle: Cycle, shares: tuple[int, ...]) -> None:
    """The years of a cycle, each a year after the one before; a cycle that is planned stays."""
    if session.scalar(sa.select(CycleYear.year).where(CycleYear.cycle_id == cycle.id).limit(1)):
        return
    rows = [
        {
            "cycle_id": cycle.id,
            "year": year,
            "starts_on": add_months(cycle.starts_on, 12 * (year - 1)),
            "share": share,
        }
        for year, share in enumerate(shares, start=1)
    ]
    session.execute(insert(CycleYear), rows)


def _add_sessions(session: Session, cycle_id: int) -> None:
    """The sessions of the first cycle; a cycle that has sessions keeps them as they are."""
    mine = sa.select(GroupSession.id).where(GroupSession.cycle_id == cycle_id)
    if session.scalar(mine.limit(1)):
        return
    rows = [
        {
            "cycle_id": cycle_id,
            "title": held.name,
            "kind": held.kind,
            "first_day": held.first_day,
            "last_day": held.last_day,
            "basis": held.basis,
        }
        for held in documented.sessions()
    ]
    session.execute(insert(GroupSession).on_conflict_do_nothing(), rows)


def _add_secretariat(session: Session, now: datetime) -> dict[str, int]:
    """The administrator and one officer per regional group; the officers by group."""
    staff = [(ADMINISTRATOR_EMAIL, ADMINISTRATOR_TITLE, "secretariat_administrator")]
    staff += [
        (officer_email(group), f"Review officer, {group}", "secretariat_officer")
        for group in reference.REGIONAL_GROUPS
    ]
    rows = [
        {"email": email, "title": title, "role": role, "invited_at": now, "activated_at": now}
        for email, title, role in staff
    ]
    session.execute(insert(Person).on_conflict_do_nothing(), rows)
    found = session.execute(
        sa.select(Person.email, Person.id).where(Person.role == "secretariat_officer")
    )
    ids: dict[str, int] = dict(found.all())
    return {group: ids[officer_email(group)] for group in reference.REGIONAL_GROUPS}


def _add_reviews(session: Session, cycle_id: int, officers: dict[str, int], now: datetime) -> None:
    key = "irm-1"
    rows = [
        {
            "cycle_id": cycle_id,
            "iso3": entry.iso3,
            "year": entry.year,
            "process_key": key,
            "stage": process(key).start,
            "stage_since": now,
            "officer_id": officers[reference.party(entry.iso3).regional_group or ""],
            "year_basis": entry.year_basis,
        }
        for entry in reference.first_cycle()
    ]
    new = insert(Review).on_conflict_do_nothing().returning(Review.id)
    cycles.created(session, list(session.scalars(new, rows)), key, actor=None, now=now)
