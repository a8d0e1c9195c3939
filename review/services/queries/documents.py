"""The documents of a review as one person may see them, and who else does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from review import policy, reference
from review.models import Document, Person
from review.reference import Provision
from review.services import documents
from review.services.documents import SECRETARIAT
from review.services.snapshot import Snapshot, Someone
from workflows.spec import Reason

PARTIES = (0, 1, 2, SECRETARIAT)
"""The sides in a review: State under review, two reviewing States, secretariat."""


@dataclass(frozen=True, slots=True)
class Row:
    """One document of the list."""

    document: Document
    provision: Provision | None
    audience: tuple[int, ...]
    kept: Reason | None
    """Why the reader cannot remove it; None if they can."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would happen to a document that a person adds now."""

    audience: tuple[int, ...]
    removable: bool


def listing(session: Session, seen: Snapshot, person: Person) -> list[Row]:
    """The documents that a person may see, newest first. The caller has checked READ_DOCUMENTS."""
    return [row(seen, person, item) for item in reversed(_visible(session, seen, person))]


def _visible(session: Session, seen: Snapshot, person: Person) -> list[Document]:
    found = documents.of_review(session, seen.id)
    return [item for item in found if documents.visible(person, seen, item)]


def row(seen: Snapshot, person: Person, document: Document) -> Row:
    """One document with what the list says of it."""
    provision = None
    if document.provision in seen.provisions(0):
        provision = reference.provision(tuple(seen.process.chapters), document.provision)
    kept = documents.reason_to_keep(person, seen, document)
    return Row(document, provision, audience(seen, document.slot, document.provision), kept)


def of_provision(session: Session, seen: Snapshot, person: Person, ref: str) -> list[Document]:
    """What a person may see of the documents of one provision, oldest first."""
    return [item for item in _visible(session, seen, person) if item.provision == ref]


def choices(seen: Snapshot) -> list[tuple[str, tuple[Provision, ...]]]:
    """The provisions to which a document may belong, by chapter."""
    return [(name, reference.provisions((name,))) for name in seen.process.chapters]


def outlook(seen: Snapshot, person: Person) -> Outlook:
    """Who would see a document that this person adds now, and whether it could be taken back."""
    slot = documents.slot_of(seen, person)
    imagined = Document(review_id=seen.id, slot=slot, provision="")
    return Outlook(
        audience(seen, slot, ""), documents.reason_to_keep(person, seen, imagined) is None
    )


def audience(seen: Snapshot, slot: int, provision: str) -> tuple[int, ...]:
    """The sides that see a document of ``slot`` now: the policy is asked for one person of each."""
    return tuple(
        party
        for party, (person, subject) in _one_of_each(seen)
        if policy.can(person, policy.Action.READ_DOCUMENTS, subject)
        and policy.may_see_document(person, subject, slot, provision)
    )


@dataclass(frozen=True, slots=True)
class _Subject:
    """The review with a single, imagined member."""

    members: tuple[Someone, ...]
    done: frozenset[tuple[str, int]]
    stage: str


def _one_of_each(seen: Snapshot) -> Iterator[tuple[int, tuple[Person, _Subject]]]:
    for party in PARTIES:
        if party > 0 and party not in seen.sides:
            continue
        role = {SECRETARIAT: "secretariat_officer", 0: "focal_point"}.get(party, "expert")
        person = Person(id=0, role=role, active=True)
        members = () if party == SECRETARIAT else (Someone(0, role, party, "", "", "", ""),)
        yield party, (person, _Subject(members, seen.done, seen.stage))
