"""The lists of governmental experts that States name for a cycle (ToR 21)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import policy
from review.languages import CODES, N_
from review.models import Cycle, CycleParty, ListedExpert, Person
from review.policy import Action
from review.reference import CHAPTERS_OF_CYCLE, articles
from review.services import audit, cycle_planning, parties
from review.services.audit import Verb
from review.services.errors import InvalidGiven, NotAllowed, NotFound
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day
from workflows.given import CONTROL

NAME_LIMIT: Final = 120
POSITION_LIMIT: Final = 200
BACKGROUND_LIMIT: Final = 2000
FIELDS_LIMIT: Final = 40
FULL: Final = N_("The list of this State is full; end an entry first.")


@dataclass(frozen=True, slots=True)
class ExpertGiven:
    """An expert as it is entered.

    ``expertise``: chapters in roman numerals and numbers of articles; ``languages``: codes of the
    six official ones.
    """

    name: str
    position: str = ""
    background: str = ""
    expertise: Sequence[str] = ()
    languages: Sequence[str] = ()


@cache
def fields_of_expertise() -> tuple[str, ...]:
    """What an expert may be versed in: the chapters under review, then their articles."""
    chapters = sorted((c for each in CHAPTERS_OF_CYCLE.values() for c in each), key=_roman)
    return (*chapters, *(str(one.number) for one in articles(tuple(chapters))))


def _roman(chapter: str) -> int:
    return ("I", "II", "III", "IV", "V", "VI", "VII", "VIII").index(chapter)


def may_keep(person: Person, iso3: str) -> bool:
    """Whether somebody may change the list of a State: the secretariat, or its focal point."""
    own = person.iso3 == iso3 and policy.can(person, Action.KEEP_OWN_EXPERTS)
    return own or policy.can(person, Action.KEEP_ROSTER)


def faults(given: ExpertGiven) -> dict[str, str]:
    """What is wrong with an entry, by field; nothing if it can be listed."""
    errors = {}
    limits = (("name", NAME_LIMIT), ("position", POSITION_LIMIT), ("background", BACKGROUND_LIMIT))
    for key, longest in limits:
        text = getattr(given, key)
        if len(text) > longest:
            errors[key] = N_("This is too long.")
        elif CONTROL.search(text):
            errors[key] = N_("This contains characters that cannot be stored.")
    if not given.name.strip():
        errors["name"] = N_("Please fill this in.")
    known = fields_of_expertise()
    if not set(given.expertise) <= set(known) or len(given.expertise) > FIELDS_LIMIT:
        errors["expertise"] = N_(
            "Give chapters in roman numerals (II to V) and articles by number (5 to 59)."
        )
    if not set(given.languages) <= set(CODES):
        errors["languages"] = N_("Give languages as ar, zh, en, fr, ru or es.")
    return errors


def add(
    session: Session,
    cycle_number: int,
    iso3: str,
    given: ExpertGiven,
    *,
    actor: Person,
    now: datetime,
) -> ListedExpert:
    """Put an expert on the list of a State.

    Raises NotFound, NotAllowed, or InvalidGiven for a full list, a name that is on it, and wrong
    fields.
    """
    cycle, _row = _opened(session, cycle_number, iso3, actor, now)
    errors = faults(given)
    active = of_state(session, cycle, iso3)
    if len(active) >= cycle_planning.rules_of(cycle).experts:
        errors["name"] = FULL
    elif given.name.casefold() in {one.name.casefold() for one in active}:
        errors["name"] = N_("This name is on the list already.")
    if errors:
        raise InvalidGiven(errors)
    made = listed(cycle, iso3, given, now)
    session.add(made)
    session.flush()
    after = {"cycle": cycle_number, "state": iso3, "expert": made.id}
    audit.record(session, Verb.EXPERT_LISTED, now=now, actor=actor, after=after)
    return made


def listed(cycle: Cycle, iso3: str, given: ExpertGiven, now: datetime) -> ListedExpert:
    """A new entry of a list, not yet written; the fields in the order of the Convention."""
    known = (*fields_of_expertise(), *CODES)
    values = asdict(given)
    for key in ("expertise", "languages"):
        values[key] = sorted(set(values[key]), key=known.index)
    return ListedExpert(cycle_id=cycle.id, iso3=iso3, since=local_day(now, VIENNA), **values)


def end(
    session: Session, cycle_number: int, expert_id: int, *, actor: Person, now: datetime
) -> ListedExpert:
    """Take somebody off a list; the entry is kept with its end.

    Raises NotFound, NotAllowed, or InvalidGiven for an entry that has ended.
    """
    found = find(session, cycle_number, expert_id)
    _opened(session, cycle_number, found.iso3, actor, now)
    session.refresh(found)
    if found.ended_on is not None:
        raise InvalidGiven({"expert": N_("This entry has ended already.")})
    found.ended_on = local_day(now, VIENNA)
    session.flush()
    after = {"cycle": cycle_number, "state": found.iso3, "expert": found.id}
    audit.record(session, Verb.EXPERT_ENDED, now=now, actor=actor, after=after)
    return found


def circulate(
    session: Session,
    cycle_number: int,
    codes: Iterable[str],
    day: date,
    *,
    actor: Person,
    now: datetime,
) -> list[str]:
    """Record on which day the lists of these States were circulated; gives those that changed.

    Raises NotFound, NotAllowed, or InvalidGiven for a day to come and for no State at all.
    """
    wanted = sorted(set(codes))
    if not policy.can(actor, Action.KEEP_ROSTER):
        raise NotAllowed("only the secretariat circulates the lists")
    if not wanted:
        raise InvalidGiven({"states": N_("Choose at least one State.")})
    if day > local_day(now, VIENNA):
        raise InvalidGiven({"day": N_("This day is still to come.")})
    changed = []
    for iso3 in wanted:
        _cycle, row = parties.locked(session, cycle_number, iso3, now)
        if row.experts_circulated_on != day:
            row.experts_circulated_on = day
            changed.append(iso3)
    session.flush()
    if changed:
        after = {"cycle": cycle_number, "states": changed, "day": day.isoformat()}
        audit.record(session, Verb.EXPERTS_CIRCULATED, now=now, actor=actor, after=after)
    return changed


def find(session: Session, cycle_number: int, expert_id: int) -> ListedExpert:
    """An entry of a list of a cycle. Raises NotFound."""
    wanted = (
        sa.select(ListedExpert)
        .join(Cycle, Cycle.id == ListedExpert.cycle_id)
        .where(Cycle.number == cycle_number, ListedExpert.id == expert_id)
    )
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound(f"no expert {expert_id} in cycle {cycle_number}")
    return found


def of_state(
    session: Session, cycle: Cycle, iso3: str, *, ended: bool = False
) -> list[ListedExpert]:
    """The list of a State, by name; with ``ended`` those that are no longer on it."""
    wanted = sa.select(ListedExpert).where(
        ListedExpert.cycle_id == cycle.id,
        ListedExpert.iso3 == iso3,
        ListedExpert.ended_on.is_not(None) if ended else ListedExpert.ended_on.is_(None),
    )
    return list(session.scalars(wanted.order_by(ListedExpert.name, ListedExpert.id)))


def _opened(
    session: Session, cycle_number: int, iso3: str, actor: Person, now: datetime
) -> tuple[Cycle, CycleParty]:
    """The list of a State, locked for somebody who may change it."""
    if not may_keep(actor, iso3):
        raise NotAllowed(f"not the list of {iso3}")
    return parties.locked(session, cycle_number, iso3, now)
