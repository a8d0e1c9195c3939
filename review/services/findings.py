"""What a reviewing State finds, provision by provision, under the blueprint's headings (a)-(e)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import policy
from review.models import Finding, Person
from review.services import audit, material, snapshot
from review.services.errors import NotAllowed, NotFound, Refused
from review.services.material import Kind, check_provision
from workflows.spec import N_, Actor, Reason

KIND = Kind(
    Finding,
    "level",
    ("summary", "observation", "good_practice", "challenge", "assistance_note"),
    {
        "level": N_("Choose a level of implementation before you mark it as finished."),
        "observation": N_("Write an observation before you mark it as finished."),
    },
    audit.Verb.FINDING_SAVED,
)


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
    key = {"review_id": review_id, "slot": slot, "provision": provision}
    return material.save(session, KIND, seen, key, values, actor=actor, now=now, version=version)


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
    key = {"review_id": review_id, "slot": slot}
    return material.save_many(
        session, KIND, seen, key, entries, actor=actor, now=now, simulated=simulated
    )


def of_slot(session: Session, review_id: int, slot: int) -> dict[str, Finding]:
    """The findings of one reviewing State by provision. The caller has checked the policy."""
    found = session.scalars(
        sa.select(Finding).where(Finding.review_id == review_id, Finding.slot == slot)
    )
    return {item.provision: item for item in found}
