"""The country review report: assembled from findings, edited by section, approved as one text.

Approvals hang on the hash of the exact text; any edit clears them (a design decision that follows
from ToR 25 and 34: the report is final only when all three States agree on it). A text that leaves
the secretariat or is approved is frozen under its hash, so that whoever received it keeps it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Approval, Audit, Person, ReportComment, ReportSection, Review
from review.services import drafting
from review.services.answers import fingerprint
from review.services.change import Change
from review.services.errors import InvalidGiven, Stale
from review.services.material import Overwritten
from workflows.spec import N_

CHANGES = ("assemble_draft", "edit_report")
"""The steps that change the text."""


def content(session: Session, review_id: int) -> list[dict[str, Any]]:
    """The present text of the report as plain values, in order."""
    found = session.execute(
        sa.select(ReportSection.key, ReportSection.text)
        .where(ReportSection.review_id == review_id)
        .order_by(ReportSection.position, ReportSection.key)
    )
    return [{"key": key, "text": text} for key, text in found]


def mark(text: str) -> str:
    """The fingerprint of one section: who edits it sends back that of the text they opened."""
    return hashlib.sha256(text.encode()).hexdigest()


_ASSEMBLE = sa.text("""
INSERT INTO report_section (review_id, key, position, text, updated_at, updated_by)
SELECT :review_id, x.key, x.position, x.text, :now, :person_id
FROM json_to_recordset(cast(:made AS json)) AS x(key text, position int, text text)
ON CONFLICT (review_id, key) DO UPDATE SET position = excluded.position, text = excluded.text,
  updated_at = excluded.updated_at, updated_by = excluded.updated_by
WHERE NOT report_section.edited
  AND (report_section.text, report_section.position) <> (excluded.text, excluded.position)
""")


def assemble(change: Change) -> None:
    """Fill the headings of the blueprint from the findings; sections edited by hand stay."""
    made = [
        {"key": key, "position": position, "text": text}
        for position, (key, text) in enumerate(drafting.draft(change.session, change.snapshot))
    ]
    change.session.execute(
        _ASSEMBLE,
        {
            "review_id": change.review_id,
            "made": json.dumps(made),
            "now": change.now,
            "person_id": change.actor.id,
        },
    )
    _rehash(change)


def edit(change: Change) -> None:
    """Replace the text of one section.

    Raises InvalidGiven for a section that is not there, Overwritten if somebody else changed it
    since the editor opened it.
    """
    key = change.text("section")
    held = change.session.get(ReportSection, (change.review_id, key), populate_existing=True)
    if held is None:
        raise InvalidGiven({"section": N_("The report has no such section.")})
    if change.given("seen") and change.text("seen") != mark(held.text):
        raise Overwritten(key, held)
    text = tidy(change.text("text"))
    if text != held.text:
        held.text, held.edited = text, True
        held.updated_at, held.updated_by = change.now, change.actor.id
        change.session.flush()
    change.after["section"] = key
    _rehash(change)


def tidy(text: str) -> str:
    """A text as it is kept: line ends alike, nothing around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _rehash(change: Change) -> None:
    """Record the hash of the text; a step that left it as it was opens no milestone again."""
    present = fingerprint(content(change.session, change.review_id))
    if present == change.snapshot.facts.draft_hash:
        for key in change.outcome.reopened:
            change.dates.pop(key, None)
        change.before["reopened"] = []
    change.put(report_sha256=present)


_FREEZE = sa.text("""
INSERT INTO report_text (review_id, sha256, content, created_at)
SELECT review_id, :sha256,
  jsonb_agg(jsonb_build_object('key', key, 'text', text) ORDER BY position, key), :now
FROM report_section WHERE review_id = :review_id GROUP BY review_id
ON CONFLICT (review_id, sha256) DO NOTHING
""")


def freeze(change: Change) -> None:
    """Keep the text as it stands, under its hash: it is what the States receive or approve."""
    present = change.snapshot.facts.draft_hash
    given = {"review_id": change.review_id, "sha256": present, "now": change.now}
    change.session.execute(_FREEZE, given)
    change.after["sha256"] = present


def comment(change: Change) -> None:
    """Keep what a State says on the draft; a reviewing State may have no comments."""
    if text := change.text("comment"):
        change.session.add(
            ReportComment(
                review_id=change.review_id,
                slot=change.outcome.who.slot,
                text=text,
                made_at=change.now,
                made_by=change.actor.id,
            )
        )
        change.session.flush()
    change.after["has_comment"] = bool(text)


def approve(change: Change) -> None:
    """Record the approval of exactly the text the person read.

    Raises Stale, naming the last change, if the text is no longer the one they read.
    """
    present = change.snapshot.facts.draft_hash
    if change.text("text_hash") != present:
        raise _changed(change.session, change.review_id)
    freeze(change)
    slot = change.outcome.who.slot
    clear_slots(change.session, change.review_id, (slot,), change.now)
    change.session.add(
        Approval(
            review_id=change.review_id,
            slot=slot,
            sha256=present,
            approved_at=change.now,
            approved_by=change.actor.id,
        )
    )
    change.session.flush()


def _changed(session: Session, review_id: int) -> Stale:
    """What to tell somebody who approves a text that has changed: the last change of it."""
    last = session.execute(
        sa.select(Audit.verb, Audit.at, Person.title)
        .outerjoin(Person, Person.id == Audit.person_id)
        .where(Audit.review_id == review_id, Audit.verb.in_(CHANGES))
        .order_by(Audit.id.desc())
        .limit(1)
    ).first()
    return (
        Stale(review_id, last.verb, last.title or "", last.at)
        if last
        else Stale(review_id, "", "", None)
    )


def clear_approvals(change: Change) -> None:
    """Approvals of a former text no longer count; they are kept as cleared.

    A step that left the text as it was clears nothing.
    """
    if change.columns.get("report_sha256") == change.snapshot.facts.draft_hash:
        return
    cleared = clear_slots(change.session, change.review_id, (0, 1, 2), change.now)
    if cleared:
        change.before["approvals_cleared"] = cleared


def clear_slots(session: Session, review_id: int, slots: Iterable[int], now: datetime) -> list[int]:
    """Clear the approvals in force of these sides; returns whose were cleared."""
    return sorted(
        session.scalars(
            sa.update(Approval)
            .where(
                Approval.review_id == review_id,
                Approval.slot.in_(list(slots)),
                Approval.cleared_at.is_(None),
            )
            .values(cleared_at=now)
            .returning(Approval.slot)
        )
    )


def issue_summary(change: Change) -> None:
    """Give the executive summary its document symbol (ToR 36). A symbol is used once."""
    symbol = change.text("symbol")
    used = change.session.scalar(
        sa.select(sa.literal(1)).where(
            Review.document_symbol == symbol, Review.id != change.review_id
        )
    )
    if used:
        raise InvalidGiven({"symbol": N_("Another executive summary has this symbol.")})
    change.put(document_symbol=symbol)
    change.params["symbol"] = symbol


def publish_report(change: Change) -> None:
    """Record the State's consent to publish its report, whole or in part (ToR 38)."""
    change.put(report_published_at=change.now, report_extent=change.text("extent"))


def withdraw(change: Change) -> None:
    """A report that is no longer agreed is not public; a new text needs a new consent (ToR 38)."""
    if change.snapshot.columns["report_published_at"] is not None:
        change.put(report_published_at=None, report_extent="")


def publish_response(change: Change) -> None:
    """Record the State's consent to publish its self-assessment."""
    change.put(response_published_at=change.now)
