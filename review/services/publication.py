"""What the public may read of completed reviews, and nothing else (ToR 36-38).

The executive summary is public once it is issued. The full report and the self-assessment are
public where the State consented. A State that consents to a part has not said here which one, so
only the fact is shown: nothing of the text is published on a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Cycle, MilestoneDate, Review, State, Submission
from review.services import papers, snapshot
from review.services.errors import NotFound
from review.services.queries import report_texts
from review.services.rendering.paper import REPORT, RESPONSE, SUMMARY, Paper
from review.services.snapshot import Snapshot

KINDS: Final = {"executive-summary": SUMMARY, "report": REPORT, "self-assessment": RESPONSE}
"""What is published, by its name in an address."""


def _reached(milestone: str) -> sa.ColumnElement[bool]:
    """Whether a milestone stands: a position that was corrected takes it back."""
    return sa.exists().where(
        MilestoneDate.review_id == Review.id,
        MilestoneDate.key == milestone,
        MilestoneDate.done_at.is_not(None),
    )


_ISSUED: Final = sa.and_(
    Review.document_symbol.is_not(None), _reached("report_agreed"), _reached("summary_issued")
)
_CONSENTED: Final = sa.and_(Review.report_published_at.is_not(None), _reached("report_agreed"))
_WHOLE: Final = sa.and_(_CONSENTED, Review.report_extent == "all")


@dataclass(frozen=True, slots=True)
class Published:
    """What one State has made public, and what is public by the rules."""

    review_id: int
    state: str
    cycle: int
    symbol: str
    issued_at: datetime | None
    report: bool
    part_of_report: bool
    response: bool
    simulated: bool


def listing(session: Session, query: str = "") -> list[Published]:
    """Every review of which something is public, by State; ``query`` is a part of its name."""
    wanted = (
        sa.select(
            Review.id,
            State.name,
            Cycle.number,
            Review.document_symbol,
            Review.completed_at,
            Review.response_published_at,
            _ISSUED.label("issued"),
            _CONSENTED.label("consented"),
            _WHOLE.label("whole"),
            Review.simulated,
        )
        .join(State, State.iso3 == Review.iso3)
        .join(Cycle, Cycle.id == Review.cycle_id)
        .where(sa.or_(_ISSUED, _CONSENTED, Review.response_published_at.is_not(None)))
        .order_by(State.name, Cycle.number)
    )
    if query:
        wanted = wanted.where(State.name.icontains(query, autoescape=True))
    return [_published(row) for row in session.execute(wanted)]


def _published(row: Any) -> Published:
    return Published(
        review_id=row.id,
        state=row.name,
        cycle=row.number,
        symbol=row.document_symbol if row.issued else "",
        issued_at=row.completed_at if row.issued else None,
        report=row.whole,
        part_of_report=row.consented and not row.whole,
        response=row.response_published_at is not None,
        simulated=row.simulated,
    )


def paper(
    session: Session, review_id: int, kind: str, *, now: datetime, specimen: bool = False
) -> Paper:
    """A published text as a paper. Raises NotFound for what is not public, whatever the reason."""
    seen = snapshot.load(session, review_id, now)
    if kind == RESPONSE:
        return _response(session, seen, specimen=specimen)
    if not _is_public(session, seen, kind):
        raise NotFound(f"{kind} of review {review_id}")
    sha256 = seen.facts.draft_hash
    texts = report_texts.content(session, review_id, sha256)
    at = report_texts.changed_at(session, review_id)
    if not texts or at is None:
        raise NotFound(f"no agreed text of review {review_id}")
    return papers.of_report(
        session, seen, texts, sha256=sha256, at=at, what=kind, public=True, specimen=specimen
    )


def _is_public(session: Session, seen: Snapshot, kind: str) -> bool:
    rule = {SUMMARY: _ISSUED, REPORT: _WHOLE}[kind]
    return bool(session.scalar(sa.select(rule).where(Review.id == seen.id)))


def _response(session: Session, seen: Snapshot, *, specimen: bool) -> Paper:
    held = _consented_submission(session, seen)
    if held is None:
        raise NotFound(f"no published response of review {seen.id}")
    return papers.of_response(
        session,
        seen,
        held.content,
        sha256=held.sha256,
        at=held.submitted_at,
        specimen=specimen or held.simulated,
    )


def _consented_submission(session: Session, seen: Snapshot) -> Submission | None:
    """The response as it stood when the State consented; a later one needs consent of its own."""
    consented = seen.columns["response_published_at"]
    if consented is None:
        return None
    return session.scalars(
        sa.select(Submission)
        .where(Submission.review_id == seen.id, Submission.submitted_at <= consented)
        .order_by(Submission.number.desc())
        .limit(1)
    ).first()
