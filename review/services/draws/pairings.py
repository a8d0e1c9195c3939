"""The official pairings: loaded over what stands, after a report of what that would do.

Nothing is applied while a line is wrong, and nothing by halves. A pair that breaks a limit of the
draws is reported and can be loaded, because the official list is what counts; what the official act
itself refuses (ToR 18-19) cannot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Cycle, Person, Review, Reviewer
from review.services import audit, cycle_planning
from review.services.audit import Verb
from review.services.draws import assignment, pairings_file, rule_check
from review.services.draws.assignment import Assignment
from review.services.draws.board import Standing, standing
from review.services.draws.pairings_file import BASES, Fault, Written
from review.services.draws.prepare import in_progress
from review.services.draws.rule_check import Finding, Rule
from review.services.errors import InvalidGiven, Refused
from review.services.snapshot import VIENNA
from workflows import chance
from workflows.deadlines import local_day
from workflows.facts import Reason
from workflows.registry import process

SOURCE_LIMIT = 120
_REFUSED_BY_THE_STEP = (Rule.ITSELF, Rule.TWO_REVIEWERS, Rule.SAME_GROUP, Rule.MUTUAL)


class Effect(StrEnum):
    """What a line would do; ``basis``: the pair stands, only how it is known changes."""

    ADDED = "added"
    CHANGED = "changed"
    BASIS = "basis"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True)
class Line:
    """A usable line: its number in the file from 1, what stands and what it would put there."""

    number: int
    state: str
    name: str
    year: int
    before: tuple[str | None, str | None]
    after: tuple[str, str]
    basis: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Report:
    """What loading a file would do. It can be applied if there are no ``faults``.

    ``warnings`` are rules that would be broken, with the number of the line (0: of none).
    ``digest`` stands for the file and for what stood when it was judged; applying needs the same.
    """

    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    digest: str

    def of(self, effect: Effect) -> tuple[Line, ...]:
        """The lines with an effect."""
        return tuple(line for line in self.lines if line.effect is effect)


def report(session: Session, cycle: Cycle, content: bytes, now: datetime) -> Report:
    """What loading this file would do; changes nothing."""
    stands = standing(session, cycle, local_day(now, VIENNA))
    written, faults = pairings_file.read(content)
    judged = _Judge(session, cycle, stands)
    lines = []
    for one in written:
        wrong = [Fault(one.number, reason) for reason in judged.wrong(one)]
        faults += wrong
        if not wrong:
            lines.append(judged.line(one))
    after, numbers = _after(stands, lines), {line.state: line.number for line in lines}
    warnings = []
    for finding, new in _violations(stands, after):
        spoken = Fault(numbers.get(finding.state, 0), finding.reason)
        if new and finding.rule in _REFUSED_BY_THE_STEP:
            faults.append(spoken)
        elif new or finding.state in numbers:
            warnings.append(spoken)
    draw = in_progress(session, cycle)
    if draw is not None and draw.state != "prepared":
        text = N_("A draw of this cycle is published; finish or void it first.")
        faults.append(Fault(0, Reason(text)))
    return Report(
        tuple(lines),
        tuple(sorted(faults, key=lambda fault: fault.number)),
        tuple(sorted(warnings, key=lambda fault: fault.number)),
        _digest(content, judged),
    )


def apply(
    session: Session,
    cycle_number: int,
    content: bytes,
    digest: str,
    *,
    source: str,
    drawn_on: date,
    actor: Person,
    now: datetime,
) -> Report:
    """Load a file of which the person saw the report with this digest, wholly or not at all.

    ``source`` says where the pairings are from (the session of the Group) and is kept with each new
    pair, ``drawn_on`` is its day. Raises NotFound; InvalidGiven without a source or for a day in
    the future; Refused with all faults, or if something changed since the report.
    """
    cycle = cycle_planning.locked(session, cycle_number)
    errors = {}
    if not source.strip() or len(source.strip()) > SOURCE_LIMIT:
        errors["source"] = N_("Say where the pairings are from, in up to 120 characters.")
    if drawn_on > local_day(now, VIENNA):
        errors["drawn_on"] = N_("This day is in the future.")
    if errors:
        raise InvalidGiven(errors)
    found = report(session, cycle, content, now)
    if found.faults:
        raise Refused("load", tuple(fault.reason for fault in found.faults))
    if found.digest != digest:
        raise Refused(
            "load", (Reason(N_("What stands has changed since the report; look again.")),)
        )
    moved = [*found.of(Effect.ADDED), *found.of(Effect.CHANGED)]
    assignment.assign(
        session,
        cycle,
        [Assignment(line.state, _new_places(line), line.basis) for line in moved],
        held=source.strip(),
        drawn_on=drawn_on,
        actor=actor,
        now=now,
    )
    _set_bases(session, cycle, [*moved, *found.of(Effect.BASIS)])
    _keep(session, cycle, found, content, source.strip(), actor=actor, now=now)
    return found


def _keep(
    session: Session,
    cycle: Cycle,
    done: Report,
    content: bytes,
    source: str,
    *,
    actor: Person,
    now: datetime,
) -> None:
    """Record what was loaded: where it is from, the file by its hash, the pairs that changed."""
    changed = [line for line in done.lines if line.effect is not Effect.EQUAL]
    before = {"pairs": {line.state: list(line.before) for line in changed}}
    after = {
        "cycle": cycle.number,
        "source": source,
        "sha256": hashlib.sha256(content).hexdigest(),
        "pairs": {line.state: [*line.after, line.basis] for line in changed},
    }
    audit.record(session, Verb.PAIRINGS_LOADED, now=now, actor=actor, before=before, after=after)


def _new_places(line: Line) -> Mapping[int, str]:
    return {
        slot: new
        for slot, old, new in zip((1, 2), line.before, line.after, strict=True)
        if old != new
    }


def _set_bases(session: Session, cycle: Cycle, lines: Sequence[Line]) -> None:
    for line in lines:
        mine = sa.select(Review.id).where(Review.cycle_id == cycle.id, Review.iso3 == line.state)
        session.execute(
            sa.update(Reviewer)
            .where(Reviewer.review_id == mine.scalar_subquery(), Reviewer.voided_at.is_(None))
            .values(basis=line.basis)
        )


def _after(stands: Standing, lines: Sequence[Line]) -> Standing:
    new = {line.state: line.after for line in lines}
    reviews = tuple(
        replace(one, reviewers=new.get(one.code, one.reviewers)) for one in stands.reviews
    )
    return replace(stands, reviews=reviews)


def _violations(before: Standing, after: Standing) -> Iterator[tuple[Finding, bool]]:
    """What the rules find afterwards, and whether that is new.

    A State of the regional group in place 2 counts: the official act refuses it.
    """
    known = {(one.rule, one.state, str(one.reason)) for one in rule_check.judge(before)}
    for one in rule_check.judge(after):
        if one.violation or one.rule is Rule.SAME_GROUP:
            yield one, (one.rule, one.state, str(one.reason)) not in known


class _Judge:
    """What a line is judged by: parties, reviews with their stage, and the lines before it."""

    def __init__(self, session: Session, cycle: Cycle, stands: Standing) -> None:
        self._parties = {one.code: one for one in stands.parties}
        self._outside = set(stands.outside)
        self._reviews = {one.code: one for one in stands.reviews}
        self._seen: dict[str, int] = {}
        start = process(cycle.process_key).start
        begun = sa.select(Review.iso3).where(Review.cycle_id == cycle.id, Review.stage != start)
        self._begun = set(session.scalars(begun))
        self._bases = _bases(session, cycle)

    @property
    def standing(self) -> list[list[str | None]]:
        """What stands, in plain values."""
        return [
            [one.code, *one.reviewers, ",".join(self._bases.get(one.code, ()))]
            for one in self._reviews.values()
        ]

    def wrong(self, one: Written) -> Iterator[Reason]:
        """What is wrong with a line by itself."""
        if one.state not in self._parties:
            yield Reason(N_("%(code)s is not a State party."), {"code": one.state or "–"})
            return
        if one.state not in self._reviews:
            text = N_("%(code)s is not under review in this cycle.")
            yield Reason(text, {"code": one.state})
            return
        if earlier := self._seen.setdefault(one.state, one.number) - one.number:
            text = N_("%(code)s stands in line %(line)d already.")
            yield Reason(text, {"code": one.state, "line": one.number + earlier})
        yield from self._wrong_reviewers(one)
        year = self._reviews[one.state].year
        if one.year and one.year != str(year):
            text = N_("%(code)s is reviewed in year %(year)d, not in %(given)s.")
            yield Reason(text, {"code": one.state, "year": year, "given": one.year})
        if one.basis not in BASES:
            text = N_("The basis is one of %(bases)s.")
            yield Reason(text, {"bases": ", ".join(BASES)})

    def _wrong_reviewers(self, one: Written) -> Iterator[Reason]:
        for code in (one.first, one.second):
            if not code:
                yield Reason(N_("Both reviewing States are needed."))
            elif code not in self._parties or code in self._outside:
                yield Reason(N_("%(code)s is not a State party."), {"code": code})
        changed = self._reviews[one.state].reviewers != (one.first, one.second)
        if one.state in self._begun and changed:
            text = N_("The review of %(code)s has begun; its reviewing States stay.")
            yield Reason(text, {"code": one.state})

    def line(self, one: Written) -> Line:
        """A line that is not wrong, with what it would do."""
        review = self._reviews[one.state]
        after = (one.first, one.second)
        if review.reviewers == after:
            same = self._bases.get(one.state) == (one.basis, one.basis)
            effect = Effect.EQUAL if same else Effect.BASIS
        else:
            effect = Effect.CHANGED if review.standing else Effect.ADDED
        name = self._parties[one.state].name
        return Line(
            one.number, one.state, name, review.year, review.reviewers, after, one.basis, effect
        )


def _bases(session: Session, cycle: Cycle) -> dict[str, tuple[str, ...]]:
    wanted = (
        sa.select(Review.iso3, Reviewer.basis)
        .join(Reviewer, Reviewer.review_id == Review.id)
        .where(Review.cycle_id == cycle.id, Reviewer.voided_at.is_(None))
        .order_by(Review.iso3, Reviewer.slot)
    )
    found: dict[str, tuple[str, ...]] = {}
    for code, basis in session.execute(wanted):
        found[code] = (*found.get(code, ()), basis)
    return found


def _digest(content: bytes, judged: _Judge) -> str:
    return chance.digest({"file": hashlib.sha256(content).hexdigest(), "stands": judged.standing})
