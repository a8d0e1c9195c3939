"""Rules that tell whether the system does what it is there for, and what to do where it does not.

Everything is computed from the database at the moment of asking, so that pages, commands and jobs
answer alike and no process has to live for it. A rule measures numbers and is broken where one is
above its limit; limits are settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from review.languages import N_
from review.services import heartbeats, refusals
from review.services.heartbeats import SIGN_OF_LIFE
from review.services.watch_picture import LONGEST_RUN, Picture
from review.settings import Settings

USUAL_TIMES: Final = 3
"""Faults of mail count from so many times their number in a usual hour."""
FAULTS: Final = {
    "later": N_("Messages that were put off"),
    "refused": N_("Messages that were refused"),
    "bounced": N_("Messages that came back"),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One number of a rule, and what its words name."""

    value: float
    limit: float
    subject: str = ""
    since: datetime | None = None
    count: int = 0
    usual: float = 0
    kind: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether the number is above its limit."""
        return self.value > self.limit

    @property
    def facts(self) -> dict[str, Any]:
        """What the words name, as plain values."""
        since = self.since.isoformat() if self.since else None
        return {"since": since, "count": self.count, "usual": self.usual, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what is measured, what is wrong where it is broken, what to do then."""

    key: str
    part: str
    """The part of `/health` that it belongs to."""
    words: str
    """May name %(subject)s, %(since)s, %(count)s, %(usual)s and %(kind)s."""
    advice: str
    measure: Callable[[Picture, int], Iterable[Measured]]
    limit: str = ""
    """The setting that it is held against."""
    because_of: tuple[str, ...] = ()
    """Rules that explain it: while one of them is broken no incident is opened for this one."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that is broken now."""

    rule: Rule
    measured: Measured
    explained: bool = False
    """By another one that is broken too."""

    @property
    def key(self) -> tuple[str, str]:
        """Rule and subject."""
        return self.rule.key, self.measured.subject


def judge(picture: Picture, settings: Settings) -> tuple[Broken, ...]:
    """The rules that are broken, in their order."""
    found = [
        (rule, one)
        for rule in RULES
        for one in rule.measure(picture, getattr(settings, rule.limit, 0))
        if one.is_broken
    ]
    keys = {rule.key for rule, _ in found}
    return tuple(Broken(rule, one, bool(keys.intersection(rule.because_of))) for rule, one in found)


def about(subject: str) -> str:
    """What a rule is about, where it is about several: to be translated."""
    return FAULTS.get(subject) or (heartbeats.called(subject) if subject else "")


def find(key: str) -> Rule | None:
    """The rule of this key; None for one of another version."""
    return next((rule for rule in RULES if rule.key == key), None)


# What each rule measures -------------------------------------------------------------------------


def _broker(picture: Picture, most: int) -> Iterator[Measured]:
    yield Measured(float(not picture.broker), most, since=picture.now)


def _last_run(picture: Picture, job: str) -> datetime | None:
    """When a run of a job ended last; of one that never ran, since when it is expected.

    That is the first look at it or, where nobody has looked yet, the first account: before that
    there is nothing to remind anybody of.
    """
    beat = picture.beats.get(job)
    return picture.begun if beat is None else beat.ended_at or beat.since


def _scheduler(picture: Picture, most: int) -> Iterator[Measured]:
    since = _last_run(picture, SIGN_OF_LIFE)
    if since is not None:
        yield Measured((picture.now - since).total_seconds(), most, since=since)


def _silent(picture: Picture, most: int) -> Iterator[Measured]:
    for job in picture.jobs:
        since = _last_run(picture, job.name)
        if since is not None and job.name != SIGN_OF_LIFE:
            allowed = max(job.every * most, LONGEST_RUN)
            silence = (picture.now - since).total_seconds()
            yield Measured(silence, allowed.total_seconds(), job.name, since)


def _failing(picture: Picture, most: int) -> Iterator[Measured]:
    for job in picture.jobs:
        if beat := picture.beats.get(job.name):
            count = beat.failures
            yield Measured(
                count, most - 1, job.name, beat.failed_at, count=count, kind=beat.failure
            )


def _policy(picture: Picture, _most: int) -> Iterator[Measured]:
    seen = picture.mails.policy
    limit, count = refusals.SEVERAL - 1, seen.domains
    yield Measured(count, limit, since=seen.since, count=count, kind=seen.said)


def _unsent(picture: Picture, most: int) -> Iterator[Measured]:
    mails = picture.mails
    missed = _missed(picture, mails.unsent, "deliver")
    yield Measured(missed, most, since=mails.unsent, count=mails.waiting)


def _queue(picture: Picture, most: int) -> Iterator[Measured]:
    mails = picture.mails
    before = mails.stuck_before
    yield Measured(mails.stuck, max(most - 1, before), count=mails.stuck, usual=before)


def _faults(picture: Picture, most: int) -> Iterator[Measured]:
    for kind, (count, usual) in picture.mails.faults.items():
        limit = max(most - 1, usual * USUAL_TIMES)
        yield Measured(count, limit, kind, count=count, usual=round(usual, 1))


def _overdue(picture: Picture, most: int) -> Iterator[Measured]:
    missed = _missed(picture, picture.reminder, "remind")
    yield Measured(missed, most, since=picture.reminder)


def _clock(picture: Picture, most: int) -> Iterator[Measured]:
    yield Measured(picture.apart, most, since=picture.now, count=round(picture.apart))


def _missed(picture: Picture, since: datetime | None, job: str) -> float:
    """For how many seconds something has waited for a job, since the job is expected to run."""
    if since is None:
        return 0.0
    beat = picture.beats.get(job)
    return (picture.now - max(since, beat.since if beat else since)).total_seconds()


RULES: Final = (
    Rule(
        key="broker_away",
        part="broker",
        words=N_("The broker (Redis) does not answer: nothing can be given to the workers."),
        advice=N_(
            "Start it again, or correct REDIS_URL. Steps can be taken meanwhile; their messages "
            "wait and none is lost."
        ),
        measure=_broker,
    ),
    Rule(
        key="scheduler_silent",
        part="scheduler",
        words=N_(
            "No sign of life of the scheduler since %(since)s: no reminder is written, and "
            "messages may wait."
        ),
        advice=N_(
            "The scheduler or every worker is down. Start “uncac-review beat” and “uncac-review "
            "worker” again and look into their logs. What is due waits and none of it is lost."
        ),
        limit="watch_scheduler_seconds",
        measure=_scheduler,
        because_of=("broker_away",),
    ),
    Rule(
        key="job_silent",
        part="jobs",
        words=N_("%(subject)s: has not run since %(since)s."),
        advice=N_(
            "Other jobs run. Look into the logs of the workers: this one hangs, or a worker of an "
            "older version does not know it. Start the workers again."
        ),
        limit="watch_job_intervals",
        measure=_silent,
        because_of=("broker_away", "scheduler_silent"),
    ),
    Rule(
        key="job_failing",
        part="jobs",
        words=N_("%(subject)s: failed %(count)s times in a row, last at %(since)s (%(kind)s)."),
        advice=N_(
            "Look into the logs of the workers at that hour. The job is tried again by itself, and "
            "goes on where it stopped once the cause is gone."
        ),
        limit="watch_failures",
        measure=_failing,
    ),
    Rule(
        key="mail_refused",
        part="mail",
        words=N_(
            "The mail server has refused every message since %(since)s (domains: %(count)s). It "
            "says: %(kind)s"
        ),
        advice=N_(
            "Ask whoever runs the mail server why it refuses our messages, and see SMTP_URL. The "
            "messages wait; once it takes one, the others leave by themselves."
        ),
        measure=_policy,
    ),
    Rule(
        key="mail_unsent",
        part="mail",
        words=N_("A message has waited to be sent since %(since)s. Waiting in all: %(count)s."),
        advice=N_(
            "Ask the mail server with “uncac-review check”, and see SMTP_URL. Once it takes mail "
            "the messages leave by themselves."
        ),
        limit="watch_unsent_seconds",
        measure=_unsent,
        because_of=("broker_away", "scheduler_silent", "mail_refused"),
    ),
    Rule(
        key="queue_growing",
        part="mail",
        words=N_(
            "Messages that wait for more than ten minutes: %(count)s; an hour ago: %(usual)s."
        ),
        advice=N_(
            "Messages are written faster than they leave. Start further workers, or let the mail "
            "server take more at once (DOMAIN_MAILS_A_MINUTE)."
        ),
        limit="watch_queue",
        measure=_queue,
        because_of=("broker_away", "scheduler_silent", "mail_refused", "mail_unsent"),
    ),
    Rule(
        key="mail_faults",
        part="mail",
        words=N_("%(subject)s in the last hour: %(count)s; usual in an hour: %(usual)s."),
        advice=N_(
            "See on the page “Mail” what the mail servers say. If many domains are concerned, the "
            "own mail server or its reputation is the cause."
        ),
        limit="watch_mail_faults",
        measure=_faults,
        because_of=("mail_refused", "mail_unsent"),
    ),
    Rule(
        key="reminder_overdue",
        part="reminders",
        words=N_("A reminder has been due since %(since)s and is not written."),
        advice=N_(
            "The job that writes reminders does not come to it. See on the page “Operations” "
            "whether it runs and what it failed with; it takes up what is due by itself."
        ),
        limit="watch_reminder_seconds",
        measure=_overdue,
        because_of=("broker_away", "scheduler_silent"),
    ),
    Rule(
        key="clock_apart",
        part="clock",
        words=N_("The clocks of the database and of the application are %(count)s s apart."),
        advice=N_("Set the clocks of both machines by the same time servers (NTP)."),
        limit="watch_clock_seconds",
        measure=_clock,
    ),
)
"""Most pressing first."""
