"""The response to the self-assessment checklist (ToR 15): drafts, frozen copies, receipts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import policy
from review.models import Answer, Person, Submission
from review.services import audit, documents, material, snapshot
from review.services.change import Change
from review.services.errors import NotAllowed, NotFound, Refused
from review.services.material import Kind, check_provision
from workflows.spec import N_, Party, Reason

KIND = Kind(
    Answer,
    "adopted",
    ("measures", "examples", "reasons", "assistance_note"),
    {"adopted": N_("Choose an answer before you mark it as answered.")},
    audit.Verb.ANSWER_SAVED,
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
) -> Answer:
    """Save the draft answer on one provision; fields that are not given stay as they are.

    ``version`` is that of the answer the author saw (0: none yet). Raises NotFound, NotAllowed,
    InvalidGiven, Refused once the response is submitted, Overwritten if a colleague saved since.
    """
    seen = _writable(session, review_id, actor, now)
    check_provision(seen, provision)
    key = {"review_id": review_id, "provision": provision}
    return material.save(session, KIND, seen, key, values, actor=actor, now=now, version=version)


def _writable(session: Session, review_id: int, actor: Person, now: datetime) -> snapshot.Snapshot:
    seen = snapshot.load(session, review_id, now, lock=True)  # nobody submits meanwhile
    if not policy.can(actor, policy.Action.SEE_REVIEW, seen):
        raise NotFound(f"no review {review_id}")
    if not policy.can(actor, policy.Action.WRITE_ANSWERS, seen):
        raise NotAllowed("answers are written by the State under review")
    if seen.facts.is_done("self_assessment_submitted"):
        text = N_("The response was submitted. The secretariat can return it for completion.")
        raise Refused("save_answer", (Reason(text, unblocked_by=Party.SECRETARIAT),))
    return seen


def save_many(
    session: Session,
    review_id: int,
    entries: Iterable[Mapping[str, Any]],
    *,
    actor: Person,
    now: datetime,
    simulated: bool = False,
) -> int:
    """Save many draft answers in one statement (imports, replay); entries name ``provision``.

    The same checks as for one. Returns how many were written.
    """
    seen = _writable(session, review_id, actor, now)
    key = {"review_id": review_id}
    return material.save_many(
        session, KIND, seen, key, entries, actor=actor, now=now, simulated=simulated
    )


def drafts(session: Session, review_id: int) -> dict[str, Answer]:
    """The draft answers of a review by provision. The caller has checked READ_DRAFT_ANSWERS."""
    found = session.scalars(sa.select(Answer).where(Answer.review_id == review_id))
    return {item.provision: item for item in found}


def latest_submission(session: Session, review_id: int) -> Submission | None:
    """The response as last submitted. The caller has checked READ_RESPONSE."""
    return session.scalars(
        sa.select(Submission)
        .where(Submission.review_id == review_id)
        .order_by(Submission.number.desc())
        .limit(1)
    ).first()


def canonical(content: object) -> bytes:
    """A value in canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def fingerprint(content: object) -> str:
    """SHA-256 of a value in canonical JSON."""
    return hashlib.sha256(canonical(content)).hexdigest()


def freeze(change: Change) -> None:
    """Keep a copy of every answer as submitted, with what is attached to it, and its hash.

    Documents of the whole response stand in a last entry whose provision is empty.
    """
    held = drafts(change.session, change.review_id)
    attached = documents.attached(change.session, change.review_id)
    content: list[dict[str, Any]] = [
        {"provision": ref}
        | {name: getattr(held[ref], name) for name in KIND.fields if name != "complete"}
        | {"documents": attached.get(ref, [])}
        for ref in change.snapshot.provisions(0)
        if ref in held
    ]
    if "" in attached:
        content.append({"provision": "", "documents": attached[""]})
    former = latest_submission(change.session, change.review_id)
    submission = Submission(
        review_id=change.review_id,
        number=(former.number if former else 0) + 1,
        content=content,
        sha256=fingerprint(content),
        submitted_at=change.now,
        submitted_by=change.actor.id,
        note=change.text("note"),
        simulated=change.simulated,
    )
    change.session.add(submission)
    change.session.flush()
    change.after |= {"submission": submission.number, "sha256": submission.sha256}
    change.params |= {"submission": submission.number, "sha256": submission.sha256}


def circulate(change: Change) -> None:
    """Note to which States the copy as last submitted goes; what they received stays theirs."""
    latest = latest_submission(change.session, change.review_id)
    if latest is not None:
        sides = change.snapshot.sides
        latest.circulated_to = [sides[slot].iso3 for slot in sorted(sides) if slot]
        change.session.flush()
        change.after["submission"] = latest.number
