"""What runs in the background and how: for those who run the system. Read only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from review.models import Heartbeat, Incident, Outbox
from review.services import incidents
from review.services.health import Report
from review.services.heartbeats import Job
from review.services.incidents import Trouble
from review.services.watch_picture import Mails


class Standing(StrEnum):
    """How a job stands."""

    NEVER = "never"
    FAILING = "failing"
    SILENT = "silent"
    FAILED = "failed"
    AT_WORK = "at_work"
    RUNS = "runs"


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job with what is known of it."""

    job: Job
    beat: Heartbeat | None
    standing: Standing

    @property
    def last(self) -> datetime | None:
        """When a run of it ended last."""
        return self.beat.ended_at if self.beat else None


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident in words, and the mails that were written about it."""

    incident: Incident
    trouble: Trouble
    mails: tuple[Outbox, ...]


@dataclass(frozen=True, slots=True)
class Operations:
    """The page of operations."""

    jobs: tuple[JobRow, ...]
    troubles: tuple[Trouble, ...]
    """What is wrong now, noted as an incident or not."""
    incidents: tuple[IncidentRow, ...]
    mails: Mails
    reminder: datetime | None
    apart: float
    broker: bool


def load(session: Session, report: Report) -> Operations:
    """The page for what was just found. Raises ValueError for a report without a database."""
    picture = report.picture
    if picture is None:
        raise ValueError("the database was away")
    found = incidents.recent(session)
    told = incidents.told(session, found)
    return Operations(
        tuple(_jobs(report)),
        tuple(incidents.troubles(session, report.broken)),
        tuple(IncidentRow(one, incidents.trouble(one), tuple(told[one.id])) for one in found),
        picture.mails,
        picture.reminder,
        picture.apart,
        picture.broker,
    )


def _jobs(report: Report) -> Iterator[JobRow]:
    assert report.picture is not None  # noqa: S101 - asked by the caller
    broken = {one.key for one in report.broken}
    for job in report.picture.jobs:
        beat = report.picture.beats.get(job.name)
        yield JobRow(job, beat, _standing(job, beat, broken))


def _standing(job: Job, beat: Heartbeat | None, broken: set[tuple[str, str]]) -> Standing:
    if beat is None or beat.begun_at is None:
        return Standing.NEVER
    if ("job_failing", job.name) in broken:
        return Standing.FAILING
    if ("job_silent", job.name) in broken or ("scheduler_silent", "") in broken:
        return Standing.SILENT
    if beat.failures:
        return Standing.FAILED
    if beat.ended_at is None or beat.ended_at < beat.begun_at:
        return Standing.AT_WORK
    return Standing.RUNS
