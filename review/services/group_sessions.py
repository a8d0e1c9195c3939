"""Sessions of the Implementation Review Group, at which lots are drawn."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Cycle, GroupSession, Person
from review.services import audit
from review.services.audit import Verb
from review.services.errors import InvalidGiven, NotFound

KINDS: Final = ("session", "resumed", "intersessional")
_LONGEST_DAYS: Final = 60
_LENGTHS: Final = {"title": 120, "place": 120, "document_symbol": 60, "drawn_by": 500}


@dataclass(frozen=True, slots=True)
class SessionGiven:
    """A session as it is entered; ``drawn_by`` says who drew the lots, by role and delegation."""

    title: str
    kind: str
    first_day: date
    last_day: date
    place: str = ""
    document_symbol: str = ""
    drawn_by: str = ""


def add(
    session: Session, cycle_number: int, given: SessionGiven, *, actor: Person, now: datetime
) -> GroupSession:
    """Add a session to a cycle. Raises NotFound, or InvalidGiven with a text for each field."""
    cycle = session.scalars(sa.select(Cycle).where(Cycle.number == cycle_number)).one_or_none()
    if cycle is None:
        raise NotFound(f"no cycle {cycle_number}")
    _check(session, given, None)
    made = GroupSession(cycle_id=cycle.id, **asdict(given))
    session.add(made)
    _flush(session)
    after = {"cycle": cycle_number, "session": made.id, **_plain(given)}
    audit.record(session, Verb.SESSION_ADDED, now=now, actor=actor, after=after)
    return made


def change(
    session: Session,
    cycle_number: int,
    session_id: int,
    given: SessionGiven,
    *,
    actor: Person,
    now: datetime,
) -> GroupSession:
    """Change a session; what is entered here is no longer known "by recollection".

    Raises NotFound, or InvalidGiven with a text for each field.
    """
    found = find(session, cycle_number, session_id, lock=True)
    _check(session, given, found.id)
    before = {key: getattr(found, key) for key in asdict(given)}
    changed = {key: value for key, value in asdict(given).items() if before[key] != value}
    if not changed:
        return found
    for key, value in changed.items():
        setattr(found, key, value)
    found.basis = ""
    _flush(session)
    audit.record(
        session,
        Verb.SESSION_CHANGED,
        now=now,
        actor=actor,
        before={key: _text(before[key]) for key in changed},
        after={
            "cycle": cycle_number,
            "session": found.id,
            **{key: _text(value) for key, value in changed.items()},
        },
    )
    return found


def find(
    session: Session, cycle_number: int, session_id: int, *, lock: bool = False
) -> GroupSession:
    """A session of a cycle. Raises NotFound."""
    wanted = (
        sa.select(GroupSession)
        .join(Cycle, Cycle.id == GroupSession.cycle_id)
        .where(Cycle.number == cycle_number, GroupSession.id == session_id)
    )
    if lock:
        wanted = wanted.with_for_update(of=GroupSession)
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound(f"no session {session_id} in cycle {cycle_number}")
    return found


def of_cycle(session: Session, cycle: Cycle) -> list[GroupSession]:
    """The sessions of a cycle, the first one first."""
    wanted = sa.select(GroupSession).where(GroupSession.cycle_id == cycle.id)
    return list(session.scalars(wanted.order_by(GroupSession.first_day, GroupSession.id)))


def _check(session: Session, given: SessionGiven, own: int | None) -> None:
    errors = {
        key: N_("This is too long.")
        for key, longest in _LENGTHS.items()
        if len(getattr(given, key)) > longest
    }
    if not given.title:
        errors["title"] = N_("Please fill this in.")
    elif _in_use(session, given.title, own):
        errors["title"] = N_("There is a session of this name already.")
    if given.kind not in KINDS:
        errors["kind"] = N_("Choose one of the list.")
    if given.last_day < given.first_day:
        errors["last_day"] = N_("The last day lies before the first.")
    elif (given.last_day - given.first_day).days > _LONGEST_DAYS:
        errors["last_day"] = N_("A session does not last this long; check the two days.")
    if errors:
        raise InvalidGiven(errors)


def _in_use(session: Session, title: str, own: int | None) -> bool:
    same = sa.select(GroupSession.id).where(sa.func.lower(GroupSession.title) == title.lower())
    return any(number != own for number in session.scalars(same))


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as twin:  # somebody else entered the same name a moment ago
        raise InvalidGiven({"title": N_("There is a session of this name already.")}) from twin


def _plain(given: SessionGiven) -> dict[str, Any]:
    return {key: _text(value) for key, value in asdict(given).items()}


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
