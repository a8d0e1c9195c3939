"""What stands after a replay: the counts, what went in, what is simulated."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Cycle, MilestoneDate, Outbox, Review, Reviewer, State
from review.services import documented
from review.services.pairs import SIMULATED
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day
from workflows.registry import process

_STAGES: Final = tuple(process("irm-1").stages)


@dataclass(frozen=True, slots=True)
class Result:
    """The first cycle as it stands at a moment of the virtual clock."""

    day: date
    seed: int
    parties: int
    signatories: int
    by_year_and_stage: Mapping[int, Mapping[str, int]]
    without_reviewers: int
    inputs: tuple[str, ...]
    simulated: tuple[str, ...]
    mails_recorded: int
    left_alone: int
    """Reviews that people took over since; the replay does not touch them."""

    @property
    def years(self) -> dict[int, int]:
        """Reviews by year of the cycle."""
        return {year: sum(row.values()) for year, row in self.by_year_and_stage.items()}

    @property
    def by_stage(self) -> dict[str, int]:
        """Reviews by stage, in the order of the process."""
        rows = self.by_year_and_stage.values()
        return {stage.key: sum(row.get(stage.key, 0) for row in rows) for stage in _STAGES}

    @property
    def finalised(self) -> int:
        """Reviews with an agreed report and an issued executive summary."""
        return self.by_stage["completed"]

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "until": self.day.isoformat(),
            "seed": self.seed,
            "parties": self.parties,
            "signatories": self.signatories,
            "reviews": sum(self.years.values()),
            "years": {str(year): count for year, count in self.years.items()},
            "finalised": self.finalised,
            "by_stage": self.by_stage,
            "by_year_and_stage": {
                str(year): dict(row) for year, row in self.by_year_and_stage.items()
            },
            "reviewers_not_drawn": self.without_reviewers,
            "mails_recorded": self.mails_recorded,
            "left_to_people": self.left_alone,
            "inputs": list(self.inputs),
            "simulated": list(self.simulated),
        }

    def as_json(self) -> str:
        """The same as one JSON document."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False)

    def as_table(self) -> str:
        """Year by stage, with totals, for people."""
        heads = ["Year", *(stage.label for stage in _STAGES), "All"]
        rows = [
            [str(year), *(str(row.get(stage.key, 0)) for stage in _STAGES), str(self.years[year])]
            for year, row in self.by_year_and_stage.items()
        ]
        total = ["All", *map(str, self.by_stage.values()), str(sum(self.years.values()))]
        widths = [max(map(len, column)) for column in zip(heads, *rows, total, strict=True)]
        lines = [_line(row, widths) for row in (heads, *rows, total)]
        rule = "-" * len(lines[0])
        return "\n".join(
            [
                self._headline(),
                "",
                lines[0],
                rule,
                *lines[1:-1],
                rule,
                lines[-1],
                "",
                f"Reviewing States not drawn: {self.without_reviewers} reviews.",
                f"Mails recorded, none sent: {self.mails_recorded}.",
                *([f"Left to people: {self.left_alone} reviews."] if self.left_alone else []),
                "",
                "Put in:",
                *(f"  - {text}" for text in self.inputs),
                "Simulated:",
                *(f"  - {text}" for text in self.simulated),
            ]
        )

    def _headline(self) -> str:
        return (
            f"First cycle, {self.day:%d %B %Y}: {self.parties} parties, "
            f"{self.signatories} signatories, {self.finalised} reviews finalised"
        )


def _line(cells: list[str], widths: list[int]) -> str:
    first, *others = cells
    padded = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
    return "  ".join([first.ljust(widths[0]), *padded])


def summarize(session: Session, moment: datetime, seed: int, left_alone: int) -> Result:
    """Count what stands at a moment; the counts come from the tables, not from the plan."""
    day = local_day(moment, VIENNA)
    return Result(
        day=day,
        seed=seed,
        parties=_count(session, State.ratified_on <= day),
        signatories=_count(session, State.signed_on <= day),
        by_year_and_stage=_by_year_and_stage(session),
        without_reviewers=_without_reviewers(session),
        inputs=_inputs(seed),
        simulated=tuple(_simulated(session)),
        mails_recorded=session.scalar(sa.select(sa.func.count()).where(Outbox.state == "recorded"))
        or 0,
        left_alone=left_alone,
    )


def _count(session: Session, condition: sa.ColumnElement[bool]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(State).where(condition)) or 0


def _by_year_and_stage(session: Session) -> dict[int, dict[str, int]]:
    found = session.execute(
        sa.select(Review.year, Review.stage, sa.func.count())
        .join(Cycle)
        .where(Cycle.number == 1)
        .group_by(Review.year, Review.stage)
    )
    counts = Counter({(year, stage): number for year, stage, number in found})
    years = sorted({year for year, _ in counts})
    return {year: {stage.key: counts[year, stage.key] for stage in _STAGES} for year in years}


def _without_reviewers(session: Session) -> int:
    """Reviews of the first cycle that wait for the draw of one or both reviewing States."""
    in_force = (
        sa.select(sa.func.count())
        .where(Reviewer.review_id == Review.id, Reviewer.voided_at.is_(None))
        .scalar_subquery()
    )
    query = (
        sa.select(sa.func.count())
        .select_from(Review)
        .join(Cycle)
        .where(Cycle.number == 1, in_force < 2)
    )
    return session.scalar(query) or 0


def _inputs(seed: int) -> tuple[str, ...]:
    day = f"{documented.PUBLISHED_DAY:%d %B %Y}"
    total = (
        f"published total of {documented.PUBLISHED_FINALISED} reviews finalised at {day}: "
        "the pace of reviews without documented dates is set to meet it"
    )
    return (
        total,
        "published number of reviews by year: 27, 41, 35, 62",
        "pairs of reviewing States and dates of single reviews as far as public sources give them",
        f"seed {seed} of the model of durations",
    )


def _simulated(session: Session) -> list[str]:
    reached = sa.select(sa.func.count()).where(MilestoneDate.done_at.is_not(None))
    drawn = session.scalars(
        sa.select(Review.iso3)
        .join(Reviewer, Reviewer.review_id == Review.id)
        .where(Reviewer.basis == SIMULATED, Reviewer.voided_at.is_(None))
        .distinct()
        .order_by(Review.iso3)
    ).all()
    dates = session.scalar(reached.where(MilestoneDate.simulated)) or 0
    return [
        f"dates of {dates} of {session.scalar(reached)} milestones reached",
        f"reviewing States of {len(drawn)} reviews that are known to have run: "
        + (", ".join(drawn) or "none"),
        "people, answers, questions, findings, reports and comments: specimens that say so",
        "document symbols of executive summaries where no source gives them",
    ]
