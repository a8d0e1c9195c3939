"""Papers about one review: the report, its executive summary, the self-assessment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from review import languages, reference
from review.models import Review
from review.services.rendering import docx, paper, pdf
from review.services.rendering.paper import REPORT, RESPONSE, SUMMARY, Cover, Paper
from review.services.snapshot import Snapshot
from workflows.spec import N_

FORMATS: Final[Mapping[str, tuple[Callable[[Paper], bytes], str]]] = {
    "docx": (docx.render, docx.MEDIA_TYPE),
    "pdf": (pdf.render, pdf.MEDIA_TYPE),
}
"""What a paper can be had as: how it is made, and its media type."""
_NAMES: Final = {
    REPORT: "country-review-report",
    SUMMARY: "executive-summary",
    RESPONSE: "self-assessment",
}
_LEVELS: Final = {"yes": N_("Yes"), "in_part": N_("Yes, in part"), "no": N_("No")}


def of_report(
    session: Session,
    seen: Snapshot,
    texts: Mapping[str, str],
    *,
    sha256: str,
    at: datetime,
    what: str = REPORT,
    public: bool = False,
    specimen: bool = False,
) -> Paper:
    """The report, or its executive summary alone, with these texts of its sections.

    ``sha256`` and ``at`` name the text of the whole report and when it took this form.
    """
    agreed = seen.dates.get(("report_agreed", 0))
    present = sha256 == seen.facts.draft_hash
    symbol = seen.columns["document_symbol"] if what == SUMMARY and present else None
    cover = _cover(
        session,
        seen,
        kind=what,
        language=seen.columns["language"] or languages.SOURCE,
        sha256=sha256,
        at=at,
        symbol=symbol or "",
        agreed_at=agreed.done_at if agreed and present else None,
        public=public,
        specimen=specimen or bool(seen.columns["simulated"]),
    )
    return paper.summary(cover, texts) if what == SUMMARY else paper.report(cover, texts)


def of_response(
    session: Session,
    seen: Snapshot,
    content: list[dict[str, object]],
    *,
    sha256: str,
    at: datetime,
    specimen: bool = False,
) -> Paper:
    """The self-assessment as it was submitted, for the public."""
    cover = _cover(
        session,
        seen,
        kind=RESPONSE,
        language=seen.columns["language"] or languages.SOURCE,
        sha256=sha256,
        at=at,
        public=True,
        specimen=specimen or bool(seen.columns["simulated"]),
    )
    cycle = cover.cycle if cover.cycle in reference.CHAPTERS_OF_CYCLE else 1
    return paper.response(cover, {str(e["provision"]): answered(e, cycle) for e in content})


def answered(entry: Mapping[str, object], cycle: int) -> tuple[tuple[str, str], ...]:
    """What was asked and answered on one provision; level and forms of assistance in words."""
    names = {option.code: option.label for option in reference.checklist(cycle).assistance}
    codes = entry.get("assistance") or ()
    forms = [names.get(code, code) for code in codes] if isinstance(codes, list | tuple) else []
    note = str(entry.get("assistance_note") or "")
    level = str(entry.get("adopted") or "")
    return (
        (N_("Adopted and implemented"), _LEVELS.get(level, "")),
        (N_("Measures"), str(entry.get("measures") or "")),
        (N_("Examples of implementation"), str(entry.get("examples") or "")),
        (N_("Reasons and challenges"), str(entry.get("reasons") or "")),
        (N_("Technical assistance"), "\n".join(filter(None, (*forms, note)))),
    )


def file_name(kind: str, state: str, form: str) -> str:
    """The name under which a paper is saved: plain letters only."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in state)
    return f"{_NAMES[kind]}-{'-'.join(filter(None, plain.lower().split('-')))}.{form}"


def _cover(session: Session, seen: Snapshot, **values: object) -> Cover:
    review = session.get_one(Review, seen.id)
    return Cover(
        state=seen.sides[0].name,
        reviewers=tuple(seen.sides[slot].name for slot in (1, 2) if slot in seen.sides),
        cycle=review.cycle.number,
        year=review.year,
        chapters=seen.process.chapters,
        **values,  # type: ignore[arg-type]
    )
