"""What watchdogs look at: jobs, mails, reminders and clocks, seen at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Heartbeat
from review.services import heartbeats, put_off, refusals
from review.services.heartbeats import Job
from review.services.refusals import Streak

LONGEST_RUN: Final = timedelta(minutes=10)
"""A job that is silent for less may still be at work: a task is ended after five minutes."""


@dataclass(frozen=True, slots=True)
class Mails:
    """How the outbox stands."""

    waiting: int = 0
    oldest: datetime | None = None
    """Since when the message waits that has waited longest."""
    unsent: datetime | None = None
    """The same, of those that no server has put off while it took others."""
    stuck: int = 0
    """Messages that have waited for ten minutes."""
    stuck_before: int = 0
    """As many as had an hour ago."""
    faults: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    """Of each kind: messages in the last hour, and in an hour of the day before."""
    policy: Streak = field(default_factory=Streak)
    """What is refused for reasons of policy since a message was last accepted, and waits."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a look sees."""

    now: datetime
    jobs: tuple[Job, ...] = ()
    beats: Mapping[str, Heartbeat] = field(default_factory=dict)
    mails: Mails = Mails()
    begun: datetime | None = None
    """When the first account was made; None where there is none yet."""
    reminder: datetime | None = None
    """Since when the reminder is due that is not written and has waited longest."""
    apart: float = 0.0
    """Seconds between the clocks of the database and of this process."""
    broker: bool = True
    """Whether the broker answers."""


def look(
    session: Session,
    jobs: Iterable[Job],
    *,
    now: datetime,
    machine: Callable[[], datetime],
    broker: bool = True,
) -> Picture:
    """See how everything stands. ``machine`` reads this machine's own clock."""
    before = machine()
    row = session.execute(_SEEN, _moments(now) | {"put_off": put_off.PUT_OFF}).one()
    return Picture(
        now=now,
        jobs=tuple(jobs),
        beats=heartbeats.all_of_them(session),
        mails=Mails(
            row.waiting,
            row.oldest,
            row.unsent,
            row.stuck,
            row.stuck_before,
            {
                "later": (row.later, row.later_before / 24),
                "refused": (row.refused, row.refused_before / 24),
                "bounced": (row.bounced, row.bounced_before / 24),
            },
            refusals.streak(session),
        ),
        begun=row.begun,
        reminder=row.reminder,
        apart=_apart(row.clock, before, machine()),
        broker=broker,
    )


def _apart(there: datetime, before: datetime, after: datetime) -> float:
    """Seconds by which a clock differs that was read between two readings of our own."""
    if before <= there <= after:
        return 0.0
    return min(abs((there - one).total_seconds()) for one in (before, after))


def _moments(now: datetime) -> dict[str, datetime]:
    hour = now - timedelta(hours=1)
    return {
        "now": now,
        "hour": hour,
        "day": hour - timedelta(days=1),
        "ten": now - LONGEST_RUN,
        "ten_before": hour - LONGEST_RUN,
    }


_SEEN: Final = sa.text("""
WITH tries AS (
  SELECT outcome, count(DISTINCT outbox_id) FILTER (WHERE at > :hour) AS new,
    count(DISTINCT outbox_id) FILTER (WHERE at <= :hour) AS old
  FROM mail_attempt WHERE at > :day AND at <= :now GROUP BY outcome
), back AS (
  SELECT count(*) FILTER (WHERE fate_at > :hour) AS new,
    count(*) FILTER (WHERE fate_at <= :hour) AS old
  FROM outbox WHERE fate_at > :day AND fate_at <= :now AND fate IN ('bounced', 'complained')
), waits AS (
  -- what is not to leave yet (its reader has a day off or a pause) does not wait for us
  SELECT CASE WHEN untried THEN greatest(created_at, next_try_at) ELSE created_at END AS created_at,
    untried
  FROM (SELECT *, attempts = 0 AND error = '' OR error = :put_off AS untried FROM outbox
    WHERE state = 'waiting') AS o
  WHERE created_at <= :now AND NOT (untried AND next_try_at > :now)
), taken AS (SELECT max(at) AS at FROM mail_attempt WHERE outcome = 'accepted')
SELECT
  (SELECT count(*) FROM waits) AS waiting,
  (SELECT min(created_at) FROM waits) AS oldest,
  (SELECT min(created_at) FROM waits, taken
    WHERE untried OR taken.at IS NULL OR created_at > taken.at) AS unsent,
  (SELECT count(*) FROM waits WHERE created_at <= :ten) AS stuck,
  (SELECT count(*) FROM waits WHERE created_at <= :ten_before)
    + (SELECT count(*) FROM mail_attempt a JOIN outbox o ON o.id = a.outbox_id
       WHERE a.at > :hour AND a.outcome = 'accepted' AND o.created_at <= :ten_before)
    AS stuck_before,
  coalesce((SELECT new FROM tries WHERE outcome = 'later'), 0) AS later,
  coalesce((SELECT old FROM tries WHERE outcome = 'later'), 0) AS later_before,
  coalesce((SELECT new FROM tries WHERE outcome = 'refused'), 0) AS refused,
  coalesce((SELECT old FROM tries WHERE outcome = 'refused'), 0) AS refused_before,
  (SELECT new FROM back) AS bounced, (SELECT old FROM back) AS bounced_before,
  (SELECT min(invited_at) FROM person) AS begun,
  (SELECT min(remind_at) FROM milestone WHERE remind_at <= :now) AS reminder,
  clock_timestamp() AS clock
""")
