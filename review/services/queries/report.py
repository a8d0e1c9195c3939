"""The report's page: which text a person sees, its contents, approvals, comments and steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import policy
from review.models import Approval, Person, ReportComment, ReportSection
from review.services import blueprint, drafting, snapshot
from review.services.blueprint import Part
from review.services.queries import report_texts
from review.services.queries.report_texts import APPROVED, Frozen
from review.services.queries.turns import Task, tasks
from review.services.snapshot import Side, Snapshot
from workflows import engine
from workflows.engine import Option
from workflows.spec import Actor, Who

STEPS: Final = (
    "assemble_draft",
    "circulate_draft",
    "comment_on_draft",
    "send_report_to_state",
    "approve_report",
    "ask_for_consensus_dialogue",
    "agree_report",
    "issue_summary",
    "publish_report",
)
"""The steps that stand beside the text, in the order in which they usually come."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is to be known of one section without reading it."""

    key: str
    empty: bool
    edited: bool = False
    changed: bool = False
    """Differs from the text it is compared with."""
    differing: bool = False
    """Both reviewing States wrote, not the same, and nobody has reconciled it yet."""
    at: datetime | None = None
    by: str = ""

    @property
    def missing(self) -> bool:
        """Whether the report lacks something while this is empty."""
        return self.empty and blueprint.is_expected(self.key)


@dataclass(frozen=True, slots=True)
class SignOff:
    """Where one State stands: approved this text, approved an earlier one, or not yet."""

    slot: int
    side: Side
    at: datetime | None = None
    by: str = ""
    sha256: str = ""
    in_force: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """What a State said on the draft."""

    slot: int
    side: Side
    text: str
    at: datetime
    by: str


@dataclass(frozen=True)
class ReportPage:
    """One review's report as one person may see it."""

    seen: Snapshot
    capacities: tuple[Who, ...]
    options: tuple[Option, ...]
    tasks: tuple[Task, ...]
    """What this person's side owes in the review now."""
    sha256: str
    """Hash of the text shown; empty where there is none for this person."""
    live: bool
    """The working text itself; else a frozen copy that was sent to this person's State."""
    received: Frozen | None
    """When the text shown was last sent or approved, if it was."""
    versions: tuple[Frozen, ...]
    """Other texts that reached this person, the newest first: each once."""
    compared: Frozen | None
    lines: Mapping[str, Line]
    sign_offs: tuple[SignOff, ...]
    comments: tuple[Comment, ...]

    @property
    def may_edit(self) -> bool:
        """Whether this person can change the text now."""
        return self.live and any(o.step.key == "edit_report" and o.open for o in self.options)

    @property
    def has_to_approve(self) -> bool:
        """Whether this person's State has not approved the text shown."""
        mine = {who.slot for who in self.capacities if who.actor is not Actor.SECRETARIAT}
        return any(not off.in_force for off in self.sign_offs if off.slot in mine)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The report in the parts in which it is read."""
        return blueprint.parts(self.seen.process.chapters)

    @property
    def steps(self) -> tuple[Option, ...]:
        """The steps beside the text: what is owed, what else is open, what is not possible yet."""
        offered = [option for option in self.options if option.step.key in STEPS]
        return tuple(
            sorted(offered, key=lambda o: (not self.is_due(o), not o.open, STEPS.index(o.step.key)))
        )

    @property
    def turn(self) -> Task | None:
        """What this person's side owes on the report now, if anything."""
        for task in self.tasks:
            if any(option.step.key in STEPS for option in task.options):
                return task
        return None

    def is_due(self, option: Option) -> bool:
        """Whether a step is what this person's side owes now."""
        owed = (held.step.key for task in self.tasks for held in task.options)
        return option.open and option.step.key in owed

    def count(self, fact: str) -> int:
        """How many sections are changed, missing, differing, edited or open."""
        if fact == "open":
            return sum(self.is_open(key) for key in self.lines)
        return sum(bool(getattr(line, fact)) for line in self.lines.values())

    @property
    def last_change(self) -> Line | None:
        """The section that was changed last."""
        dated = [line for line in self.lines.values() if line.at is not None]
        return max(dated, key=lambda line: str(line.at), default=None)

    def is_open(self, key: str) -> bool:
        """Whether a section waits for this person.

        For a State: it is new since the last text that reached it, and not approved yet. For
        whoever may edit: it lacks text, or both reviewing States' views stand side by side.
        """
        line = self.lines[key]
        if line.changed and self.has_to_approve:
            return True
        return self.may_edit and (line.missing or line.differing)

    def open_in(self, part: Part) -> int:
        """How many sections of a part wait for this person."""
        return sum(1 for key in part.keys if key in self.lines and self.is_open(key))


def load(
    session: Session, review_id: int, person: Person, now: datetime, compare: str = ""
) -> ReportPage:
    """The page of a report. The caller asks READ_SENT_REPORT with the page's snapshot.

    ``compare`` is the beginning of the hash of an earlier text. Raises NotFound if there is no
    such review.
    """
    seen = snapshot.load(session, review_id, now, ("report", "answers", "findings", "questions"))
    capacities = policy.capacities(person, seen.members)
    slots = frozenset(who.slot for who in capacities)
    sent = report_texts.reached(
        report_texts.of_review(session, review_id), slots, secretariat=person.is_secretariat
    )
    live = policy.can(person, policy.Action.READ_REPORT, seen)
    shown = seen.facts.draft_hash if live else (sent[-1].sha256 if sent else "")
    versions = _distinct(sent, shown)
    compared = next((v for v in versions if compare and v.sha256.startswith(compare)), None)
    compared = compared or next(iter(versions), None)
    return ReportPage(
        seen=seen,
        capacities=capacities,
        options=engine.available(seen.process, seen.facts, capacities),
        tasks=tasks(seen, person),
        sha256=shown,
        live=live,
        received=_received(sent, shown),
        versions=versions,
        compared=compared,
        lines=_lines(session, seen, shown, compared, live=live) if shown else {},
        sign_offs=_sign_offs(session, seen),
        comments=_comments(session, seen, person, slots),
    )


def _received(sent: list[Frozen], shown: str) -> Frozen | None:
    """When the text shown was last sent; where it never was, when it was last approved."""
    times = [text for text in sent if text.sha256 == shown]
    return max(times, key=lambda one: (one.verb != APPROVED, one.at), default=None)


def _distinct(sent: Iterable[Frozen], shown: str) -> tuple[Frozen, ...]:
    """Each other text once, as it was last sent, the newest first."""
    latest = {
        text.sha256: text
        for text in sorted(sent, key=lambda one: (one.verb != APPROVED, one.at))
        if text.sha256 != shown
    }
    return tuple(sorted(latest.values(), key=lambda text: text.at, reverse=True))


_LINES = sa.text("""
SELECT s.key, s.text = '' AS empty, s.edited, s.updated_at AS at, coalesce(p.title, '') AS by,
  cast(:base AS text) <> '' AND x.text IS DISTINCT FROM s.text AS changed
FROM report_section s
LEFT JOIN person p ON p.id = s.updated_by
LEFT JOIN (
  SELECT e.key, e.text FROM report_text t, jsonb_to_recordset(t.content) AS e(key text, text text)
  WHERE t.review_id = :id AND t.sha256 = :base
) x ON x.key = s.key
WHERE s.review_id = :id ORDER BY s.position, s.key
""")


def _lines(
    session: Session, seen: Snapshot, shown: str, compared: Frozen | None, *, live: bool
) -> dict[str, Line]:
    base = compared.sha256 if compared else ""
    if not live:
        before = report_texts.content(session, seen.id, base) if base else None
        return {
            key: Line(key, not text, changed=before is not None and before.get(key, "") != text)
            for key, text in report_texts.content(session, seen.id, shown).items()
        }
    differing = drafting.differing(session, seen)
    return {
        row.key: Line(
            row.key,
            row.empty,
            row.edited,
            row.changed,
            row.key in differing and not row.edited,
            row.at,
            row.by,
        )
        for row in session.execute(_LINES, {"id": seen.id, "base": base})
    }


def texts(session: Session, page: ReportPage, keys: Iterable[str] | None = None) -> dict[str, str]:
    """The text shown of these sections (None: of all), by key in order."""
    if not page.live:
        held = report_texts.content(session, page.seen.id, page.sha256) if page.sha256 else {}
        return held if keys is None else {key: held[key] for key in keys if key in held}
    wanted = sa.select(ReportSection.key, ReportSection.text).where(
        ReportSection.review_id == page.seen.id
    )
    if keys is not None:
        wanted = wanted.where(ReportSection.key.in_(list(keys)))
    found = session.execute(wanted.order_by(ReportSection.position, ReportSection.key))
    return {row.key: row.text for row in found}


def earlier(session: Session, page: ReportPage) -> dict[str, str]:
    """The sections of the text with which the page compares, by key."""
    if page.compared is None:
        return {}
    return report_texts.content(session, page.seen.id, page.compared.sha256)


def _sign_offs(session: Session, seen: Snapshot) -> tuple[SignOff, ...]:
    rows = session.execute(
        sa.select(
            Approval.slot, Approval.sha256, Approval.approved_at, Approval.cleared_at, Person.title
        )
        .outerjoin(Person, Person.id == Approval.approved_by)
        .where(Approval.review_id == seen.id)
        .order_by(Approval.id)
    )
    last: dict[int, Any] = {row.slot: row for row in rows}
    return tuple(_sign_off(seen, slot, last.get(slot)) for slot in sorted(seen.sides))


def _sign_off(seen: Snapshot, slot: int, row: Any) -> SignOff:
    if row is None:
        return SignOff(slot, seen.sides[slot])
    in_force = row.cleared_at is None and row.sha256 == seen.facts.draft_hash
    by = row.title or ""
    return SignOff(slot, seen.sides[slot], row.approved_at, by, row.sha256, in_force)


def _comments(
    session: Session, seen: Snapshot, person: Person, slots: frozenset[int]
) -> tuple[Comment, ...]:
    """Comments, the newest first. What reviewing States say on the draft stays with them and the
    secretariat; what the State under review asks to change goes to all.
    """
    rows = session.execute(
        sa.select(ReportComment.slot, ReportComment.text, ReportComment.made_at, Person.title)
        .outerjoin(Person, Person.id == ReportComment.made_by)
        .where(ReportComment.review_id == seen.id)
        .order_by(ReportComment.id.desc())
    )
    everything = person.is_secretariat or bool(slots & {1, 2})
    if not everything and 0 not in slots:
        return ()
    return tuple(
        Comment(slot, seen.sides[slot], text, at, by or "")
        for slot, text, at, by in rows
        if slot in seen.sides and (everything or slot == 0)
    )
