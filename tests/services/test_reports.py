"""The report through the services: assembled, edited, sent, compared, approved, published."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import (
    Approval,
    Audit,
    Finding,
    MilestoneDate,
    ReportSection,
    ReportText,
    Review,
    Submission,
)
from review.services import blueprint, drafting, publication, reports
from review.services.answers import fingerprint
from review.services.errors import InvalidGiven, NotFound, Refused, Stale
from review.services.material import Overwritten
from review.services.queries import report, report_texts
from review.services.rendering.paper import REPORT, RESPONSE, SUMMARY
from tests import world
from tests.world import World

OBSERVED = "provision:15(a):b"


@pytest.fixture
def w(session: Session) -> World:
    """A review in finalization, nothing assembled yet."""
    return world.advance(world.world(session), "finalization")


@pytest.fixture
def sent(w: World) -> World:
    """A report that is with the State under review."""
    w.take("assemble_draft", w.officer)
    world.write_summary(w)
    w.take("circulate_draft", w.officer)
    w.take("comment_on_draft", w.expert_1)
    w.take("comment_on_draft", w.expert_2, comment="Specimen comment.")
    w.take("send_report_to_state", w.officer)
    return w


def text(w: World, key: str) -> str:
    return w.session.get_one(ReportSection, (w.review_id, key)).text


def edit(w: World, key: str, words: str, by: str = "officer", **more: Any) -> None:
    actor = w.officer if by == "officer" else w.people[by]
    w.take("edit_report", actor, section=key, text=words, **more)


def page(w: World, who: str = "officer", compare: str = "") -> report.ReportPage:
    person = w.officer if who == "officer" else w.people[who]
    return report.load(w.session, w.review_id, person, w.now, compare)


def in_force(w: World) -> set[int]:
    wanted = sa.select(Approval.slot).where(Approval.cleared_at.is_(None))
    return set(w.session.scalars(wanted))


# Assembling --------------------------------------------------------------------------------------


def test_every_heading_of_the_blueprint_has_its_section(w: World) -> None:
    w.take("assemble_draft", w.officer)

    held = [row["key"] for row in reports.content(w.session, w.review_id)]
    assert held == list(blueprint.keys(("III", "IV")))
    assert len(held) == len(set(held))
    assert text(w, OBSERVED) == "Specimen text."
    assert "Zambia signed the Convention on 11 December 2003." in text(w, "ratification")
    assert "Zimbabwe, Italy and Zambia" in text(w, "process")
    assert text(w, "summary:III:3").startswith(
        "Bribery and trading in influence\n\n15(a): Specimen"
    )


def test_states_are_named_only_where_their_findings_differ(w: World) -> None:
    w.session.execute(
        sa.update(Finding)
        .where(Finding.slot == 2, Finding.provision == "15(a)")
        .values(observation="Another specimen text.")
    )
    w.take("assemble_draft", w.officer)

    assert text(w, OBSERVED) == "Zimbabwe: Specimen text.\n\nItaly: Another specimen text."
    assert text(w, "provision:15(b):b") == "Specimen text."
    assert drafting.differing(w.session, w.seen()) == {OBSERVED}
    assert page(w).lines[OBSERVED].differing
    edit(w, OBSERVED, "One specimen text for both.")
    assert not page(w).lines[OBSERVED].differing, "an edit reconciles them"


def test_assembling_again_keeps_what_was_edited_and_takes_new_findings(w: World) -> None:
    w.take("assemble_draft", w.officer)
    edit(w, OBSERVED, "Edited by hand.")
    w.session.execute(sa.update(Finding).values(observation="A later specimen text."))
    w.take("assemble_draft", w.officer)

    assert text(w, OBSERVED) == "Edited by hand."
    assert text(w, "provision:15(b):b") == "A later specimen text."


def test_hash_is_that_of_the_content(w: World) -> None:
    w.take("assemble_draft", w.officer)
    assert w.review.report_sha256 == fingerprint(reports.content(w.session, w.review_id))
    before = w.review.report_sha256
    edit(w, OBSERVED, "Other words.")
    assert w.review.report_sha256 == fingerprint(reports.content(w.session, w.review_id)) != before


def test_drafting_a_whole_report_takes_far_less_than_a_fifth_of_a_second(w: World) -> None:
    seen = w.seen()
    drafting.draft(w.session, seen)
    started = time.perf_counter()
    drafting.draft(w.session, seen)
    assert time.perf_counter() - started < 0.2


# What the secretariat writes ---------------------------------------------------------------------


def test_observations_of_findings_are_not_copied_into_the_summary(w: World) -> None:
    planted = "Specimen observation that is confidential."
    practice = "Specimen text on a good practice."
    w.session.execute(sa.update(Finding).values(observation=planted, good_practice=practice))
    w.take("assemble_draft", w.officer)

    summary = {key: text(w, key) for key in blueprint.keys(("III", "IV")) if "summary" in key}
    assert planted not in " ".join(summary.values())
    assert text(w, OBSERVED) == planted
    assert f"15(a): {practice}" in summary["summary:III:2"]
    assert "15(a): Specimen text on a challenge." in summary["summary:III:3"]
    empty = {key for key, words in summary.items() if not words}
    assert empty == {*blueprint.to_write(("III", "IV")), "summary:III:4", "summary:IV:4"}
    assert page(w).count("missing") == 3


@pytest.mark.parametrize("left", blueprint.to_write(("III", "IV")))
def test_a_summary_is_sent_and_issued_only_when_it_is_written(w: World, left: str) -> None:
    w.take("assemble_draft", w.officer)
    world.write_summary(w)
    edit(w, left, " ")
    w.take("circulate_draft", w.officer)
    w.take("comment_on_draft", w.expert_1)
    w.take("comment_on_draft", w.expert_2)
    with pytest.raises(Refused, match="still to be written: 1"):
        w.take("send_report_to_state", w.officer)
    with pytest.raises(Refused, match="still to be written: 1"):
        w.take("issue_summary", w.officer, symbol="CAC/COSP/IRG/I/1/1")
    edit(w, left, "Specimen text.")
    w.take("send_report_to_state", w.officer)


# Editing -----------------------------------------------------------------------------------------


def test_an_edit_clears_approvals_and_keeps_them_as_cleared(sent: World) -> None:
    world.approve_all(sent)
    assert in_force(sent) == {0, 1, 2}
    edit(sent, OBSERVED, "Other words.")

    assert in_force(sent) == set()
    assert sent.session.scalar(sa.select(sa.func.count()).select_from(Approval)) == 3
    assert not any(key == "report_approved" for key, _ in sent.seen().done)
    with pytest.raises(Refused, match="3 of 3 approvals"):
        sent.take("agree_report", sent.officer)


def test_an_edit_that_changes_nothing_clears_nothing(sent: World) -> None:
    world.approve_all(sent)
    edit(sent, OBSERVED, "Specimen text.\r\n")
    sent.take("assemble_draft", sent.officer)

    assert in_force(sent) == {0, 1, 2}
    assert {slot for key, slot in sent.seen().done if key == "report_approved"} == {0, 1, 2}
    sent.take("agree_report", sent.officer)


def test_an_edit_of_a_section_that_somebody_changed_is_refused(sent: World) -> None:
    opened = reports.mark(text(sent, OBSERVED))
    edit(sent, OBSERVED, "First.", "expert_1", seen=opened)
    with pytest.raises(Overwritten):
        edit(sent, OBSERVED, "Second.", "expert_2", seen=opened)
    edit(sent, "provision:15(b):b", "Elsewhere.", "expert_2", seen=opened)
    assert text(sent, OBSERVED) == "First."


def test_there_is_no_other_section(sent: World) -> None:
    for key in ("provision:99:b", "", "summary:II:1"):
        with pytest.raises(InvalidGiven):
            edit(sent, key, "Words.")


def test_experts_edit_only_what_they_may_read(w: World) -> None:
    w.take("assemble_draft", w.officer)
    with pytest.raises(Refused, match="not been circulated"):
        edit(w, OBSERVED, "Words.", "expert_1")
    with pytest.raises(Refused):
        edit(w, OBSERVED, "Words.", "focal_point")


# Sending and comparing ---------------------------------------------------------------------------


def test_what_is_sent_is_frozen_under_its_hash(sent: World) -> None:
    frozen = sent.session.scalars(sa.select(ReportText)).one()
    assert frozen.sha256 == sent.review.report_sha256 == fingerprint(frozen.content)
    texts = report_texts.of_review(sent.session, sent.review_id)
    assert [one.verb for one in texts] == ["circulate_draft", "send_report_to_state"]


def test_a_state_keeps_the_text_it_was_sent(sent: World) -> None:
    received = sent.review.report_sha256
    sent.take("ask_for_consensus_dialogue", sent.focal_point, comment="Specimen wish.")
    edit(sent, OBSERVED, "Not for the State yet.")

    held = page(sent, "focal_point")
    assert not held.live
    assert held.sha256 == received
    assert report.texts(sent.session, held)[OBSERVED] == "Specimen text."
    assert not held.may_edit
    assert page(sent).live
    assert report.texts(sent.session, page(sent))[OBSERVED] == "Not for the State yet."

    sent.take("send_report_to_state", sent.officer)
    again = page(sent, "focal_point")
    assert again.live
    assert again.compared is not None
    assert again.compared.sha256 == received
    assert [key for key, line in again.lines.items() if line.changed] == [OBSERVED]
    assert [key for key in again.lines if again.is_open(key)] == [OBSERVED]


def test_a_text_that_was_only_circulated_never_reaches_the_state(w: World) -> None:
    w.take("assemble_draft", w.officer)
    world.write_summary(w)
    w.take("circulate_draft", w.officer)
    w.take("comment_on_draft", w.expert_1, comment="Between us.")
    w.take("comment_on_draft", w.expert_2)
    edit(w, OBSERVED, "After the comments.")

    hidden = page(w, "focal_point")
    assert (hidden.sha256, hidden.lines, hidden.comments) == ("", {}, ())
    w.take("send_report_to_state", w.officer)
    shown = page(w, "focal_point")
    assert shown.versions == (), "the circulated text is not among those to compare with"
    assert shown.comments == ()
    assert [one.text for one in page(w, "expert_2").comments] == ["Between us."]


def test_approving_closes_what_was_open(sent: World) -> None:
    sent.take("ask_for_consensus_dialogue", sent.focal_point, comment="Specimen wish.")
    edit(sent, OBSERVED, "Changed.")
    sent.take("send_report_to_state", sent.officer)
    assert page(sent, "focal_point").count("open") == 1
    sent.take("approve_report", sent.focal_point, text_hash=sent.review.report_sha256)
    assert page(sent, "focal_point").count("open") == 0


# Agreement ---------------------------------------------------------------------------------------


def test_approval_of_a_text_that_changed_is_refused_and_says_by_whom(sent: World) -> None:
    read = sent.review.report_sha256
    edit(sent, OBSERVED, "Meanwhile.")
    with pytest.raises(Refused, match="has not been sent to the State"):
        sent.take("approve_report", sent.expert_1, text_hash=sent.review.report_sha256)
    sent.take("send_report_to_state", sent.officer)
    with pytest.raises(Stale) as refused:
        sent.take("approve_report", sent.expert_1, text_hash=read)
    assert refused.value.verb == "edit_report"
    assert refused.value.by == sent.officer.title
    assert in_force(sent) == set()


@pytest.mark.parametrize("missing", ["focal_point", "expert_1", "expert_2"])
def test_agreement_needs_all_three(sent: World, missing: str) -> None:
    present = sent.review.report_sha256
    for who in {"focal_point", "expert_1", "expert_2"} - {missing}:
        sent.take("approve_report", sent.people[who], text_hash=present)
    with pytest.raises(Refused, match="1 of 3 approvals"):
        sent.take("agree_report", sent.officer)
    sent.take("approve_report", sent.people[missing], text_hash=present)
    sent.take("agree_report", sent.officer)
    with pytest.raises(Refused, match="can no longer change"):
        edit(sent, OBSERVED, "Too late.")


def test_consensus_dialogue_clears_and_reopens(sent: World) -> None:
    sent.take("approve_report", sent.expert_1, text_hash=sent.review.report_sha256)
    sent.take("ask_for_consensus_dialogue", sent.focal_point, comment="Specimen wish.")
    assert in_force(sent) == set()
    with pytest.raises(Refused, match="not been sent"):
        sent.take("approve_report", sent.expert_1, text_hash=sent.review.report_sha256)
    sent.take("send_report_to_state", sent.officer)
    world.approve_all(sent)
    sent.take("agree_report", sent.officer)
    assert sent.session.get_one(MilestoneDate, (sent.review_id, "report_agreed", 0)).done_at


def test_a_word_that_goes_with_a_text_is_recorded(w: World) -> None:
    w.take("assemble_draft", w.officer)
    w.take("circulate_draft", w.officer, note="Specimen note.")
    given = w.session.scalar(
        sa.select(Audit.after["given"]["note"].astext).where(Audit.verb == "circulate_draft")
    )
    assert given == "Specimen note."


# Publication -------------------------------------------------------------------------------------


def published(w: World, kind: str) -> str:
    made = publication.paper(w.session, w.review_id, kind, now=w.now)
    return "\n".join(block.text for block in made.blocks)


def test_nothing_is_public_before_the_summary_is_issued(sent: World) -> None:
    world.approve_all(sent)
    sent.take("agree_report", sent.officer)
    assert publication.listing(sent.session) == []
    for kind in (REPORT, SUMMARY, RESPONSE):
        with pytest.raises(NotFound):
            published(sent, kind)


def test_the_summary_is_public_and_holds_nothing_else(sent: World) -> None:
    edit(sent, "legal_system", "Only in the report.")
    sent.take("send_report_to_state", sent.officer)
    world.approve_all(sent)
    sent.take("agree_report", sent.officer)
    sent.take("issue_summary", sent.officer, symbol="CAC/COSP/IRG/I/1/1")

    (one,) = publication.listing(sent.session)
    assert (one.state, one.symbol) == ("Zambia", "CAC/COSP/IRG/I/1/1")
    assert {one.report, one.part_of_report, one.response} == {False}
    said = published(sent, SUMMARY)
    assert "Bribery and trading in influence" in said
    assert "Only in the report." not in said
    assert "No text yet." not in said
    assert "Technical assistance needs identified" not in said, "nothing stands under it"
    for kind in (REPORT, RESPONSE):
        with pytest.raises(NotFound):
            published(sent, kind)


def test_consent_to_the_whole_report_publishes_it(session: Session) -> None:
    done = world.advance(world.world(session), "completed")
    done.take("publish_report", done.focal_point, extent="all", consent=True)
    assert publication.listing(session)[0].report
    assert "Article 15. Bribery of national public officials" in published(done, REPORT)
    with pytest.raises(NotFound):
        published(done, RESPONSE)


def test_consent_to_a_part_publishes_only_the_fact(session: Session) -> None:
    done = world.advance(world.world(session), "completed")
    done.take("publish_report", done.focal_point, extent="part", consent=True)
    (one,) = publication.listing(session)
    assert (one.report, one.part_of_report) == (False, True)
    with pytest.raises(NotFound):
        published(done, REPORT)


def test_consent_publishes_the_response_as_it_was_submitted(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    w.take("publish_response", w.focal_point, consent=True)
    (one,) = publication.listing(session, "zam")
    assert one.response
    assert not one.symbol
    assert "Specimen text." in published(w, RESPONSE)
    assert publication.listing(session, "%") == []
    with pytest.raises(NotFound):
        published(w, SUMMARY)


def test_a_symbol_is_used_once(sent: World) -> None:
    other = world.review(sent.session, sent.review.cycle, "PNG")
    taken = sa.update(Review).where(Review.id == other.id)
    sent.session.execute(taken.values(document_symbol="CAC/COSP/IRG/I/1/1"))
    world.approve_all(sent)
    sent.take("agree_report", sent.officer)
    with pytest.raises(InvalidGiven, match="Another executive summary"):
        sent.take("issue_summary", sent.officer, symbol="CAC/COSP/IRG/I/1/1")


# Publication and corrections ---------------------------------------------------------------------


def test_a_state_that_published_a_part_may_publish_the_whole(session: Session) -> None:
    done = world.advance(world.world(session), "completed")
    done.take("publish_report", done.focal_point, extent="part", consent=True)
    done.take("publish_report", done.focal_point, extent="all", consent=True)
    assert publication.listing(session)[0].report
    with pytest.raises(Refused):
        done.take("publish_report", done.focal_point, extent="all", consent=True)


def test_what_was_issued_by_mistake_is_not_listed_as_public(session: Session) -> None:
    done = world.advance(world.world(session), "completed")
    done.take("publish_report", done.focal_point, extent="all", consent=True)
    done.take("correct_position", done.officer, stage="finalization", reason="Specimen reason.")
    (one,) = publication.listing(session)
    assert (one.symbol, one.report) == ("", True)
    done.take("correct_position", done.officer, stage="desk_review", reason="Specimen reason.")
    assert publication.listing(session) == []
    assert done.review.report_published_at is None, "a new text needs a new consent"


def test_a_response_submitted_after_the_consent_is_not_public(session: Session) -> None:
    w = world.advance(world.world(session), "desk_review")
    w.take("publish_response", w.focal_point, consent=True)
    before = published(w, RESPONSE)
    held = session.scalars(sa.select(Submission)).one()
    session.add(
        Submission(
            review_id=w.review_id, number=held.number + 1, content=[], sha256="0" * 64,
            submitted_at=w.now + timedelta(days=1), submitted_by=w.focal_point.id, note="",
        )
    )  # fmt: skip
    session.flush()
    assert published(w, RESPONSE) == before
