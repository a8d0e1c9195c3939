"""`/metrics`: figures for a collector such as Prometheus, read from the database when asked.

Every process answers alike, whoever did what is counted: nothing is kept in memory between two
requests. No State, no person and no review stands in any label. Jobs stand under ``task``: a
collector has its own meaning for ``job``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, abort, current_app
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from review import clock, tasks
from review.services import health, watchdogs
from review.services.health import Report
from review.services.queries import figures
from review.services.queries.figures import Figures
from review.services.watch_picture import Picture
from review.web import bearer, reading
from review.web.access import by_secret

if TYPE_CHECKING:
    from review.models import Heartbeat

blueprint = Blueprint("metrics", __name__)

_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX: Final = "uncac_review_"


@blueprint.get("/metrics")
@by_secret
def show() -> ResponseReturnValue:
    """The figures. 404 without METRICS_TOKEN, 401 for who does not show it.

    While the database is away only the state of the parts is known, and told.
    """
    settings = current_app.extensions["review"]
    if not settings.metrics_token:
        abort(404)
    if not bearer.shows(settings.metrics_token):
        return bearer.refusal()
    report = health.report(settings, tasks.jobs(settings), now=clock.now(), machine=clock.machine)
    counted = figures.count(reading.session()) if report.picture else None
    registry = CollectorRegistry()
    registry.register(_Families(report, counted))
    return Response(generate_latest(registry), content_type=_CONTENT_TYPE)


class _Families(Collector):
    """The figures of one request."""

    def __init__(self, report: Report, counted: Figures | None) -> None:
        self.report, self.counted = report, counted

    def collect(self) -> Iterator[Metric]:
        """Every family of figures."""
        up = {name: float(part.ok) for name, part in self.report.parts.items()}
        yield _gauge("part_up", "Whether a part works: 1 or 0.", "part", up)
        if self.report.picture is not None:
            yield from _jobs(self.report.picture)
            yield from _waits(self.report.picture)
            yield _broken(self.report)
        if self.counted is not None:
            yield from _counted(self.counted)


def _gauge(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(_PREFIX + name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counter(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(_PREFIX + name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _jobs(picture: Picture) -> Iterator[Metric]:
    beats = {job.name: picture.beats[job.name] for job in picture.jobs if job.name in picture.beats}

    def each(of: Callable[[Heartbeat], float | None]) -> dict[str, float]:
        found = {name: of(beat) for name, beat in beats.items()}
        return {name: value for name, value in found.items() if value is not None}

    yield _gauge(
        "job_interval_seconds",
        "How often the scheduler is to start a job.",
        "task",
        {job.name: job.every.total_seconds() for job in picture.jobs},
    )
    for name, words, of in _MOMENTS:
        moments = each(lambda beat, of=of: _stamp(of(beat)))  # type: ignore[misc]
        yield _gauge(f"job_last_{name}_timestamp_seconds", words, "task", moments)
    took = each(lambda beat: beat.seconds)
    yield _gauge("job_last_run_seconds", "How long the last run of a job took.", "task", took)
    row = each(lambda beat: beat.failures)
    yield _gauge("job_failures_in_a_row", "Failures of a job since it last succeeded.", "task", row)
    yield _counter("job_runs", "Runs of a job that ended.", "task", each(lambda beat: beat.runs))
    failed = each(lambda beat: beat.failed_runs)
    yield _counter("job_failures", "Runs of a job that failed.", "task", failed)


_MOMENTS: Final[tuple[tuple[str, str, Callable[[Heartbeat], datetime | None]], ...]] = (
    ("begin", "When a job last began.", lambda beat: beat.begun_at),
    ("success", "When a job last ended without a failure.", lambda beat: beat.finished_at),
    ("failure", "When a job last failed.", lambda beat: beat.failed_at),
)


def _stamp(moment: datetime | None) -> float | None:
    """Seconds by the machine's clock, wherever this process lives in time."""
    return None if moment is None else (moment - clock.offset()).timestamp()


def _waits(picture: Picture) -> Iterator[Metric]:
    mails = picture.mails
    for name, words, value in (
        ("messages_waiting", "Messages that wait to be sent.", float(mails.waiting)),
        (
            "message_oldest_unsent_seconds",
            "Age of the oldest message that nothing but the mail server holds up.",
            _age(picture, mails.unsent),
        ),
        (
            "reminder_overdue_seconds",
            "For how long a reminder is due that is not written.",
            _age(picture, picture.reminder),
        ),
        (
            "clock_difference_seconds",
            "Between the clocks of the database and of this process.",
            picture.apart,
        ),
    ):
        yield GaugeMetricFamily(_PREFIX + name, words, value=value)


def _age(picture: Picture, since: datetime | None) -> float:
    return max(0.0, (picture.now - since).total_seconds()) if since else 0.0


def _broken(report: Report) -> Metric:
    """Each rule with 1 or 0; the jobs that it is about stand in figures of their own."""
    found = {one.rule.key for one in report.broken}
    values = {rule.key: float(rule.key in found) for rule in watchdogs.RULES}
    return _gauge("rule_broken", "Whether a rule of the watchdogs is broken now.", "rule", values)


def _counted(counted: Figures) -> Iterator[Metric]:
    still_open = {rule.key: counted.still_open.get(rule.key, 0) for rule in watchdogs.RULES}
    states = {state: counted.messages.get(state, 0) for state in ("waiting", "sent", "failed")}
    yield _gauge("messages", "Messages of the outbox by state.", "state", states)
    tries = {one: counted.tries.get(one, 0) for one in ("accepted", "later", "refused")}
    yield _counter("message_tries", "Tries to hand a message to the mail server.", "outcome", tries)
    fates = {one: counted.fates.get(one, 0) for one in ("delivered", "bounced", "complained")}
    yield _gauge("messages_reported", "What was reported of sent messages.", "fate", fates)
    yield _gauge("incidents_open", "Incidents that are open now.", "rule", still_open)
    opened = {rule.key: counted.incidents.get(rule.key, 0) for rule in watchdogs.RULES}
    yield _counter("incidents", "Incidents that were ever opened.", "rule", opened)
