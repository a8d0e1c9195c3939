"""The documents of a review as one person may see them, and who else does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    found = reversed(_visible(session, seen, person))
    return [_row(seen, person, item, frozen_in) for item, frozen_in in found]


def _visible(
    session: Session, seen: Snapshot, person: Person
) -> list[tuple[Document, frozenset[int]]]:
    """With the numbers of the frozen responses that list each."""
    listed = documents.listed_in(session, seen.id)
    found = [
        (item, listed.get(item.id, frozenset())) for item in documents.of_review(session, seen.id)
    ]
    return [each for each in found if documents.visible(person, seen, *each)]


def row(session: Session, seen: Snapshot, person: Person, document: Document) -> Row:
    """One document with what the list says of it."""
    listed = documents.listed_in(session, seen.id)
    return _row(seen, person, document, listed.get(document.id, frozenset()))


def _row(seen: Snapshot, person: Person, document: Document, frozen_in: frozenset[int]) -> Row:
    provision = None
    if document.provision in seen.provisions(0):
        provision = reference.provision(tuple(seen.process.chapters), document.provision)
    kept = documents.reason_to_keep(person, seen, document)
    heard = audience(seen, document.slot, document.provision, frozen_in)
    return Row(document, provision, heard, kept)


def of_provision(session: Session, seen: Snapshot, person: Person, ref: str) -> list[Document]:
    """What a person may see of the documents of one provision, oldest first."""
    return [item for item, _ in _visible(session, seen, person) if item.provision == ref]


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


def audience(
    seen: Snapshot, slot: int, provision: str, frozen_in: frozenset[int] = frozenset()
) -> tuple[int, ...]:
    """The sides that see a document of ``slot`` now: the policy is asked for one person of each."""
    return tuple(
        party
        for party, (person, subject) in _one_of_each(seen)
        if policy.can(person, policy.Action.READ_DOCUMENTS, subject)
        and policy.may_see_document(person, subject, slot, provision, frozen_in)
    )


@dataclass(frozen=True, slots=True)
class _Subject:
    """The review with a single, imagined member."""

    members: tuple[Someone, ...]
    done: frozenset[tuple[str, int]]
    stage: str
    responses: Mapping[int, frozenset[int]]


def _one_of_each(seen: Snapshot) -> Iterator[tuple[int, tuple[Person, _Subject]]]:
    for party in PARTIES:
        if party > 0 and party not in seen.sides:
            continue
        role = {SECRETARIAT: "secretariat_officer", 0: "focal_point"}.get(party, "expert")
        person = Person(id=0, role=role, active=True)
        members = () if party == SECRETARIAT else (Someone(0, role, party, "", "", "", ""),)
        yield party, (person, _Subject(members, seen.done, seen.stage, seen.responses))
