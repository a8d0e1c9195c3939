"""Documents: taken in, seen by the right side, removed without a trace being lost."""

from __future__ import annotations

import hashlib

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Audit, Document, Person
from review.services import answers, documents, offices
from review.services.documents import FileTooLarge, Upload
from review.services.errors import InvalidGiven, NotAllowed, NotFound, Refused
from review.services.queries import documents as listed
from review.services.snapshot import Snapshot
from tests import files, world
from tests.world import World

LIMIT = 10_000


@pytest.fixture
def w(session: Session) -> World:
    return world.advance(world.world(session), "self_assessment")


def add(w: World, actor: Person, provision: str = "15(a)", **more: object) -> Document:
    values = {"name": "law.pdf", "content": files.PDF, "provision": provision, **more}
    upload = Upload(**values)  # type: ignore[arg-type]
    return documents.add(
        w.session, w.review_id, upload, actor=actor, now=w.now, limit=LIMIT
    ).document


def names(w: World, actor: Person) -> list[str]:
    return [row.document.name for row in listed.listing(w.session, w.seen(), actor)]


def errors_of(w: World, **more: object) -> dict[str, str]:
    with pytest.raises(InvalidGiven) as wrong:
        add(w, w.focal_point, **more)  # type: ignore[arg-type]
    return dict(wrong.value.errors)


def test_a_document_is_kept_with_its_hash(w: World) -> None:
    made = add(w, w.focal_point, pages=" 41–42 ")

    assert made.sha256 == hashlib.sha256(files.PDF).hexdigest()
    assert (made.slot, made.pages, made.media_type) == (0, "41–42", "application/pdf")
    assert made.size == len(files.PDF)
    assert documents.content(w.session, made) == files.PDF
    trail = w.session.scalars(sa.select(Audit).where(Audit.verb == "document_added")).one()
    assert trail.after["sha256"] == made.sha256
    assert "law" not in str(trail.after), "a name may be confidential"


def test_what_is_not_taken(w: World) -> None:
    assert errors_of(w, content=b"") == {"file": "This file is empty."}
    assert "file" in errors_of(w, content=files.EXE)
    assert "pages" in errors_of(w, pages="x" * 41)
    assert "pages" in errors_of(w, pages="4\x00")
    assert "provision" in errors_of(w, provision="99(z)")
    assert w.session.scalar(sa.select(sa.func.count(Document.id))) == 0


def test_size_is_limited(w: World) -> None:
    with pytest.raises(FileTooLarge):
        add(w, w.focal_point, content=files.PDF + b" " * LIMIT)
    add(w, w.focal_point, content=files.PDF.ljust(LIMIT))


def test_the_same_file_twice(w: World) -> None:
    add(w, w.focal_point)
    assert "file" in errors_of(w, name="another name.pdf")
    upload = Upload("again.pdf", files.PDF, "15(b)")
    added = documents.add(
        w.session, w.review_id, upload, actor=w.focal_point, now=w.now, limit=LIMIT
    )
    assert added.same_as == "law.pdf"


def test_that_another_side_has_the_same_file_is_not_said(w: World) -> None:
    add(w, w.focal_point)
    upload = Upload("law.pdf", files.PDF, "15(a)")
    added = documents.add(w.session, w.review_id, upload, actor=w.expert_1, now=w.now, limit=LIMIT)
    assert added.same_as == ""


def test_who_sees_what_the_state_brings(w: World) -> None:
    add(w, w.focal_point)
    assert names(w, w.focal_point) == ["law.pdf"]
    assert not any(names(w, one) for one in (w.officer, w.expert_1, w.expert_2))

    world.answer_all(w)
    w.take("submit_self_assessment", w.focal_point)
    assert names(w, w.officer) == ["law.pdf"]
    assert names(w, w.expert_1) == []

    w.take("circulate_response", w.officer)
    assert names(w, w.expert_1) == names(w, w.expert_2) == ["law.pdf"]


def test_who_sees_what_an_expert_brings(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    add(w, w.expert_1, name="notes.pdf")
    assert names(w, w.expert_1) == ["notes.pdf"]
    assert not any(names(w, one) for one in (w.officer, w.focal_point, w.expert_2))

    world.find_all(w, 1)
    w.take("submit_desk_review", w.expert_1)
    assert names(w, w.officer) == ["notes.pdf"]
    assert not any(names(w, one) for one in (w.focal_point, w.expert_2))

    world.find_all(w, 2)
    w.take("submit_desk_review", w.expert_2)
    assert names(w, w.expert_2) == ["notes.pdf"]
    assert names(w, w.focal_point) == []

    w.take("forward_outcome", w.officer)
    assert names(w, w.focal_point) == ["notes.pdf"]


def test_the_audience_named_is_the_audience_that_sees(session: Session) -> None:
    """What the list says of who sees a document, for every side at every stage."""
    w = world.world(session)
    for stage in ("self_assessment", "desk_review", "country_dialogue", "finalization"):
        world.advance(w, stage)
        people = {0: w.focal_point, 1: w.expert_1, 2: w.expert_2, -1: w.officer}
        for slot in people:
            probe = Document(review_id=w.review_id, slot=slot, provision="")
            seeing = {
                party for party, one in people.items() if documents.visible(one, w.seen(), probe)
            }
            assert set(listed.audience(w.seen(), slot, "")) == seeing, (stage, slot)


def test_what_the_secretariat_brings_is_for_all(w: World) -> None:
    add(w, w.officer)
    everybody = (w.officer, w.focal_point, w.expert_1, w.expert_2)
    assert all(names(w, one) == ["law.pdf"] for one in everybody)


def test_strangers_see_no_document(w: World) -> None:
    stranger = world.person(w.session, "focal_point", "PNG", "stranger")
    made = add(w, w.officer)
    with pytest.raises(NotFound):
        add(w, stranger)
    with pytest.raises(NotFound):
        documents.remove(w.session, made.id, actor=stranger, now=w.now)
    with pytest.raises(NotFound):
        documents.remove(w.session, 2**62, actor=w.officer, now=w.now)
    with pytest.raises(NotFound):
        documents.find(w.session, 2**64)


def test_an_observer_adds_nothing(w: World) -> None:
    watching = world.person(w.session, "observer", "ZMB", "observer")
    offices.fill(w.session, w.review_id, watching, "observer", 0, since=w.now)
    w.session.flush()
    with pytest.raises(NotAllowed):
        add(w, watching)


def test_a_returned_response_keeps_its_documents_with_those_who_had_it(w: World) -> None:
    law = add(w, w.focal_point)
    world.answer_all(w)
    w.take("submit_self_assessment", w.focal_point)
    w.take("return_for_completion", w.officer, reason="Specimen reason.")
    later = add(w, w.focal_point, name="later.pdf", content=files.PDF + b"\n")

    assert names(w, w.officer) == ["law.pdf"], "and nothing of what is in work"
    assert names(w, w.expert_1) == []
    assert documents.may_open(w.session, w.officer, w.seen(), law)
    assert not documents.may_open(w.session, w.officer, w.seen(), later)
    rows = {row.document.id: row.audience for row in listed.listing(*for_state(w))}
    assert rows == {law.id: (0, -1), later.id: (0,)}


def for_state(w: World) -> tuple[Session, Snapshot, Person]:
    return w.session, w.seen(), w.focal_point


def test_removal_is_for_the_own_side_before_submission(w: World) -> None:
    made = add(w, w.focal_point)
    with pytest.raises(NotFound):
        documents.remove(w.session, made.id, actor=w.expert_1, now=w.now)
    documents.remove(w.session, made.id, actor=w.focal_point, now=w.now)
    assert names(w, w.focal_point) == []
    assert not documents.may_open(w.session, w.focal_point, w.seen(), made)
    with pytest.raises(NotFound):
        documents.remove(w.session, made.id, actor=w.focal_point, now=w.now)

    kept = add(w, w.focal_point)
    world.answer_all(w)
    w.take("submit_self_assessment", w.focal_point)
    for actor in (w.focal_point, w.officer):
        with pytest.raises(Refused):
            documents.remove(w.session, kept.id, actor=actor, now=w.now)


def test_a_submission_keeps_what_was_attached(w: World) -> None:
    law = add(w, w.focal_point, pages="4–9")
    whole = add(w, w.focal_point, provision="", name="constitution.pdf")
    world.answer_all(w)
    w.take("submit_self_assessment", w.focal_point)
    w.take("return_for_completion", w.officer, reason="Specimen reason.")
    documents.remove(w.session, law.id, actor=w.focal_point, now=w.now)
    w.take("submit_self_assessment", w.focal_point)
    w.take("circulate_response", w.officer)

    newest = answers.latest_submission(w.session, w.review_id)
    assert newest is not None
    assert newest.number == 2
    assert newest.sha256 == answers.fingerprint(newest.content)
    by_provision = {entry["provision"]: entry for entry in newest.content}
    assert by_provision["15(a)"]["documents"] == []
    assert [one["id"] for one in by_provision[""]["documents"]] == [whole.id]
    assert names(w, w.expert_1) == ["constitution.pdf"]
    assert documents.may_open(w.session, w.officer, w.seen(), law), "listed in submission 1"
    assert not documents.may_open(w.session, w.expert_1, w.seen(), law), "which they never had"
    assert documents.content(w.session, law) == files.PDF
