"""Documents of a review: taken in, listed for those who may see them, removed by their own side.

A removed document keeps its bytes: a response that was submitted goes on to list what was attached
to it, and whoever may read that response may still open it. Confidentiality: ToR 31.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from review import policy
from review.models import Document, DocumentBytes, Person, Submission
from review.services import audit, file_types, snapshot
from review.services.errors import InvalidGiven, NotAllowed, NotFound, Refused
from review.services.material import check_provision
from review.services.snapshot import Snapshot
from workflows.given import CONTROL
from workflows.spec import N_, Actor, Reason

SECRETARIAT = -1
"""The slot of documents that the secretariat brings; they are for all parties."""
PAGES_LIMIT = 40


class FileTooLarge(InvalidGiven):
    """The file is larger than a review takes."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it arrived, with what its sender says of it."""

    name: str
    content: bytes
    provision: str = ""
    pages: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """A document taken in; ``same_as`` is an earlier one of the same side with the same content."""

    document: Document
    same_as: str = ""


def add(
    session: Session, review_id: int, upload: Upload, *, actor: Person, now: datetime, limit: int
) -> Added:
    """Take in a document of the actor's own side; ``limit`` is in octets.

    Raises NotFound, NotAllowed, FileTooLarge, or InvalidGiven with a text per field (``file``,
    ``pages``, ``provision``).
    """
    seen = snapshot.load(session, review_id, now, lock=True)
    if not policy.can(actor, policy.Action.SEE_REVIEW, seen):
        raise NotFound(f"no review {review_id}")
    if not policy.can(actor, policy.Action.ADD_DOCUMENTS, seen):
        raise NotAllowed("documents are added by those who act in the review")
    slot = slot_of(seen, actor)
    kind = _checked(seen, upload, limit)
    digest = hashlib.sha256(upload.content).hexdigest()
    twins = _same_content(session, review_id, slot, digest)
    if any(twin.provision == upload.provision for twin in twins):
        raise InvalidGiven({"file": N_("This very file is attached here already.")})
    made = Document(
        review_id=review_id,
        slot=slot,
        provision=upload.provision,
        name=file_types.safe_name(upload.name, kind),
        pages=upload.pages.strip(),
        media_type=kind.media_type,
        size=len(upload.content),
        sha256=digest,
        uploaded_at=now,
        uploaded_by=actor.id,
    )
    session.add(made)
    session.flush()
    session.add(DocumentBytes(document_id=made.id, content=upload.content))
    _record(session, audit.Verb.DOCUMENT_ADDED, made, actor, now)
    return Added(made, twins[0].name if twins else "")


def _checked(seen: Snapshot, upload: Upload, limit: int) -> file_types.FileType:
    if upload.provision:
        check_provision(seen, upload.provision)
    errors = {}
    if len(upload.pages.strip()) > PAGES_LIMIT:
        errors["pages"] = N_("This is too long.")
    elif CONTROL.search(upload.pages):
        errors["pages"] = N_("This contains characters that cannot be stored.")
    if len(upload.content) > limit:
        raise FileTooLarge(errors | {"file": N_("This file is larger than is taken here.")})
    if not upload.content:
        errors["file"] = N_("This file is empty.")
    else:
        try:
            kind = file_types.recognise(upload.content, upload.name)
        except file_types.UnusableFileError as refused:
            errors["file"] = str(refused)
    if errors:
        raise InvalidGiven(errors)
    return kind


def _same_content(session: Session, review_id: int, slot: int, digest: str) -> list[Document]:
    """Only of the same side: that another side has the file too is nobody's business."""
    return list(
        session.scalars(
            sa.select(Document)
            .where(Document.review_id == review_id, Document.slot == slot)
            .where(Document.sha256 == digest, Document.removed_at.is_(None))
            .order_by(Document.id)
        )
    )


def slot_of(seen: Snapshot, actor: Person) -> int:
    """The side for which somebody brings documents. Raises NotAllowed for those without a part."""
    for who in policy.capacities(actor, seen.members):
        return SECRETARIAT if who.actor is Actor.SECRETARIAT else who.slot
    raise NotAllowed("no part in this review")


def remove(session: Session, document_id: int, *, actor: Person, now: datetime) -> Document:
    """Take a document of one's own side back out of the lists; its bytes are kept.

    Raises NotFound if it is not there for the actor, Refused once the side's work was submitted.
    """
    found = session.get(Document, document_id)
    if found is None:
        raise NotFound(f"no document {document_id}")
    seen = snapshot.load(session, found.review_id, now, lock=True)
    session.refresh(found)
    if found.removed_at is not None or not visible(actor, seen, found):
        raise NotFound(f"no document {document_id}")
    if reason := reason_to_keep(actor, seen, found):
        raise Refused("remove_document", (reason,))
    found.removed_at = now
    session.flush()
    _record(session, audit.Verb.DOCUMENT_REMOVED, found, actor, now)
    return found


def reason_to_keep(actor: Person, seen: Snapshot, document: Document) -> Reason | None:
    """Why somebody cannot remove a document, or None if they can."""
    own = any(
        (SECRETARIAT if who.actor is Actor.SECRETARIAT else who.slot) == document.slot
        for who in policy.capacities(actor, seen.members)
    )
    if not own:
        return Reason(N_("Only the side that brought a document can remove it."))
    if document.slot == 0 and seen.facts.is_done("self_assessment_submitted"):
        return Reason(N_("The response was submitted; what the others have seen stays."))
    if document.slot > 0 and seen.facts.is_done("desk_review", document.slot):
        return Reason(N_("The desk review was submitted; what the others have seen stays."))
    return None


def _record(
    session: Session, verb: audit.Verb, document: Document, actor: Person, now: datetime
) -> None:
    """The trail names a document by number and hash; its name may itself be confidential."""
    audit.record(
        session,
        verb,
        now=now,
        actor=actor,
        review_id=document.review_id,
        after={
            "document": document.id,
            "side": document.slot,
            "provision": document.provision,
            "sha256": document.sha256,
            "size": document.size,
        },
    )


def find(session: Session, document_id: int) -> Document:
    """A document by its number, removed or not. Raises NotFound. The caller asks the policy."""
    found = session.get(Document, document_id) if document_id < 2**63 else None
    if found is None:
        raise NotFound(f"no document {document_id}")
    return found


def visible(
    person: Person, seen: Snapshot, document: Document, frozen_in: frozenset[int] = frozenset()
) -> bool:
    """Whether a person sees this document, which these frozen responses list, until removed."""
    return policy.can(person, policy.Action.READ_DOCUMENTS, seen) and policy.may_see_document(
        person, seen, document.slot, document.provision, frozen_in
    )


def may_open(session: Session, person: Person, seen: Snapshot, document: Document) -> bool:
    """Whether a person may download it: as above; a removed one only as part of a response."""
    frozen_in = listed_in(session, seen.id).get(document.id, frozenset())
    if not visible(person, seen, document, frozen_in):
        return False
    return document.removed_at is None or bool(frozen_in & policy.readable_responses(person, seen))


def listed_in(session: Session, review_id: int) -> dict[int, frozenset[int]]:
    """The numbers of the frozen responses that list a document, by the document's number."""
    one = sa.func.jsonb_path_query(
        Submission.content, sa.cast("$[*].documents[*].id", JSONPATH)
    ).cast(sa.BigInteger)
    found = session.execute(
        sa.select(one, Submission.number).where(Submission.review_id == review_id)
    )
    listed: dict[int, frozenset[int]] = {}
    for document_id, number in found:
        listed[document_id] = listed.get(document_id, frozenset()) | {number}
    return listed


def of_review(session: Session, review_id: int) -> list[Document]:
    """The documents of a review that are not removed, oldest first. The caller asks the policy."""
    return list(
        session.scalars(
            sa.select(Document)
            .where(Document.review_id == review_id, Document.removed_at.is_(None))
            .order_by(Document.id)
        )
    )


def content(session: Session, document: Document) -> bytes:
    """The bytes of a document. The caller has asked ``may_open``."""
    stored = session.scalar(
        sa.select(DocumentBytes.content).where(DocumentBytes.document_id == document.id)
    )
    if stored is None:
        raise NotFound(f"no content of document {document.id}")
    return stored


def attached(session: Session, review_id: int) -> dict[str, list[dict[str, Any]]]:
    """What the State under review has attached, by provision, as a frozen response lists it.

    Documents of the whole response are under the empty provision.
    """
    own = (item for item in of_review(session, review_id) if item.slot == 0)
    return _by_provision(own)


def _by_provision(found: Iterable[Document]) -> dict[str, list[dict[str, Any]]]:
    listed: dict[str, list[dict[str, Any]]] = {}
    for item in found:
        listed.setdefault(item.provision, []).append(
            {
                "id": item.id,
                "name": item.name,
                "pages": item.pages,
                "media_type": item.media_type,
                "size": item.size,
                "sha256": item.sha256,
            }
        )
    return listed
