"""What a reviewing State finds, provision by provision, under the blueprint's headings (a)-(e)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review import policy
from review.models import Finding, Person
from review.services import snapshot
from review.services.errors import InvalidGiven, NotAllowed, NotFound, Refused
from review.services.material import Overwritten, check_entry, check_provision
from workflows.spec import N_, Actor, Reason

TEXTS = ("summary", "observation", "good_practice", "challenge", "assistance_note")
FIELDS = ("level", *TEXTS, "assistance", "complete")


def save(
    session: Session,
    review_id: int,
    provision: str,
    values: Mapping[str, Any],
    *,
    actor: Person,
    now: datetime,
    version: int | None = None,
) -> Finding:
    """Save the finding of the actor's own reviewing State on one provision.

    ``version`` is that of the finding the author saw (0: none yet). Raises NotFound, NotAllowed,
    InvalidGiven, Refused once the desk review is submitted, Overwritten if a colleague saved since.
    """
    seen, slot = _writable(session, review_id, actor, now)
    check_provision(seen, provision, slot)
    if errors := check_entry(seen, values, "level", TEXTS):
        raise InvalidGiven(errors)
    held = session.get(Finding, (review_id, slot, provision), with_for_update=True)
    if version is not None and version != (held.version if held else 0):
        raise Overwritten(provision, held)
    _check_complete(held, values)
    if held is None:
        held = Finding(
            review_id=review_id, slot=slot, provision=provision, version=0, assistance=[]
        )
        session.add(held)
    for name in FIELDS:
        if name in values:
            setattr(held, name, values[name])
    held.version += 1
    held.updated_at, held.updated_by, held.simulated = now, actor.id, False
    session.flush()
    return held


def _check_complete(held: Finding | None, values: Mapping[str, Any]) -> None:
    after = {name: values.get(name, getattr(held, name, None)) for name in FIELDS}
    if not after["complete"]:
        return
    errors = {}
    if not after["level"]:
        errors["level"] = N_("Choose a level of implementation before you mark it as finished.")
    if not str(after["observation"] or "").strip():
        errors["observation"] = N_("Write an observation before you mark it as finished.")
    if errors:
        raise InvalidGiven(errors)


def _writable(
    session: Session, review_id: int, actor: Person, now: datetime
) -> tuple[snapshot.Snapshot, int]:
    seen = snapshot.load(session, review_id, now, lock=True)  # nobody submits meanwhile
    if not policy.can(actor, policy.Action.SEE_REVIEW, seen):
        raise NotFound(f"no review {review_id}")
    if not policy.can(actor, policy.Action.WRITE_FINDINGS, seen):
        raise NotAllowed("findings are written by the reviewing States once the response is there")
    slot = slot_of(seen, actor)
    if seen.facts.is_done("desk_review", slot):
        raise Refused("save_finding", (Reason(N_("Your State's desk review was submitted.")),))
    return seen, slot


def slot_of(seen: snapshot.Snapshot, actor: Person) -> int:
    """The reviewing State for which somebody acts in a review. Raises NotAllowed if for none."""
    for who in policy.capacities(actor, seen.members):
        if who.actor is Actor.EXPERT:
            return who.slot
    raise NotAllowed("not an expert of a reviewing State")


def save_many(
    session: Session,
    review_id: int,
    entries: Iterable[Mapping[str, Any]],
    *,
    actor: Person,
    now: datetime,
    simulated: bool = False,
) -> int:
    """Save many findings of the actor's State in one statement; entries name ``provision``.

    The same checks as for one. Returns how many were written.
    """
    seen, slot = _writable(session, review_id, actor, now)
    rows = []
    for entry in entries:
        check_provision(seen, entry["provision"], slot)
        if errors := check_entry(seen, entry, "level", TEXTS):
            raise InvalidGiven({f"{entry['provision']}: {k}": v for k, v in errors.items()})
        blank: dict[str, Any] = {"level": "", "assistance": [], "complete": False}
        rows.append(
            blank
            | dict.fromkeys(TEXTS, "")
            | {"provision": entry["provision"], "slot": slot, "version": 1}
            | {name: entry[name] for name in FIELDS if name in entry}
            | {"review_id": review_id, "updated_at": now, "updated_by": actor.id}
            | {"simulated": simulated}
        )
    if not rows:
        return 0
    statement = insert(Finding)
    changed = {name: statement.excluded[name] for name in (*FIELDS, "updated_at", "updated_by")}
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Finding.review_id, Finding.slot, Finding.provision],
            set_=changed | {"version": Finding.version + 1},
        ),
        rows,
    )
    return len(rows)


def of_slot(session: Session, review_id: int, slot: int) -> dict[str, Finding]:
    """The findings of one reviewing State by provision. The caller has checked the policy."""
    found = session.scalars(
        sa.select(Finding).where(Finding.review_id == review_id, Finding.slot == slot)
    )
    return {item.provision: item for item in found}
