"""Reminders that were decided ahead, written by one statement a batch when their moment comes.

``preparing.py`` decides, with the very function of the sweep. What it stored is valid on the one
day at the place for which it was decided, while the milestone is to be looked at then, the review
has seen no further step, and no transaction has changed whom reminders go to: the changes that the
decision cannot have known of are those whose transaction its snapshot did not see. Everything else
is decided by the sweep itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from sqlalchemy.orm import Session

from review import db
from review.services.setbacks import Place
from workflows.registry import PROCESSES

# Numbers of transactions mean something in one database server alone.
_MADE_BY: Final = (
    "%(rules)s::text || ':' || (SELECT system_identifier FROM pg_control_system())::text"
)

# For a milestone m, a review r and a decision p. A change that is not committed is not seen here,
# as it is not by a sweep that decides for itself.
_VALID: Final = """
  p.at = m.remind_at AND p.version = r.version AND p.made_by = <made by>
  AND NOT EXISTS (SELECT FROM reminder_change c
    WHERE (c.review_id IS NULL OR c.review_id = p.review_id)
      AND NOT pg_visible_in_snapshot(c.by::text::xid8, p.seen::pg_snapshot))
""".replace("<made by>", _MADE_BY)

# As in the sweep the review is locked with its milestone, against a step that is being taken.
_WRITE: Final = """
WITH due AS MATERIALIZED (
  SELECT p.review_id, p.key, p.slot, p.again_at, p.again_rung, p.mails
  FROM prepared_reminder p
  JOIN milestone m ON (m.review_id, m.key, m.slot) = (p.review_id, p.key, p.slot)
  JOIN review r ON r.id = p.review_id
  WHERE p.at <= %(now)s AND %(now)s < p.valid_until AND <valid>
  ORDER BY p.at LIMIT %(batch)s
  FOR UPDATE OF m SKIP LOCKED FOR KEY SHARE OF r SKIP LOCKED
), o AS (
  INSERT INTO outbox (key, notice, review_id, person_id, address, language, params, created_at,
    next_try_at, state)
  SELECT x.key, x.notice, due.review_id, x.person_id, x.address, x.language, x.params, %(now)s,
    coalesce(x.next_try_at, %(now)s), x.state
  FROM due, jsonb_to_recordset(due.mails) AS x(key text, notice text, person_id bigint,
    address text, language text, params jsonb, next_try_at timestamptz, state text)
  ON CONFLICT (key) DO NOTHING
), used AS (
  DELETE FROM prepared_reminder p USING due
  WHERE (p.review_id, p.key, p.slot) = (due.review_id, due.key, due.slot)
)
UPDATE milestone m SET remind_at = due.again_at, remind_rung = due.again_rung FROM due
WHERE (m.review_id, m.key, m.slot) = (due.review_id, due.key, due.slot)
""".replace("<valid>", _VALID)

_UNDECIDED: Final = """
SELECT m.review_id, m.key, m.slot, m.remind_at FROM milestone m JOIN review r ON r.id = m.review_id
WHERE m.remind_at > %(now)s AND m.remind_at <= %(until)s
  AND (m.review_id, m.key, m.slot) NOT IN (SELECT x.review_id, x.key, x.slot
    FROM json_to_recordset(%(passed)s) AS x(review_id bigint, key text, slot int))
  AND NOT EXISTS (SELECT FROM prepared_reminder p
    WHERE (p.review_id, p.key, p.slot) = (m.review_id, m.key, m.slot) AND <valid>)
ORDER BY m.remind_at LIMIT %(batch)s
""".replace("<valid>", _VALID)
_STORE: Final = """
INSERT INTO prepared_reminder (review_id, key, slot, at, valid_until, again_at, again_rung, mails,
  version, made_by, seen, oldest)
SELECT x.review_id, x.key, x.slot, x.at, x.valid_until, x.again_at, x.again_rung, x.mails,
  x.version, <made by>, %(seen)s::text, pg_snapshot_xmin(%(seen)s::pg_snapshot)::text::bigint
FROM json_to_recordset(%(decided)s) AS x(review_id bigint, key text, slot int, at timestamptz,
  valid_until timestamptz, again_at timestamptz, again_rung int, mails jsonb, version int)
ON CONFLICT (review_id, key, slot) DO UPDATE SET at = excluded.at,
  valid_until = excluded.valid_until, again_at = excluded.again_at,
  again_rung = excluded.again_rung, mails = excluded.mails,
  version = excluded.version, made_by = excluded.made_by, seen = excluded.seen,
  oldest = excluded.oldest
""".replace("<made by>", _MADE_BY)
_FORGET: Final = """
DELETE FROM prepared_reminder p
USING json_to_recordset(%(places)s) AS x(review_id bigint, key text, slot int)
WHERE (p.review_id, p.key, p.slot) = (x.review_id, x.key, x.slot)
"""
_TIDY: Final = (
    # what the sweep has decided itself, or will because its moment is over
    """
DELETE FROM prepared_reminder p USING milestone m
WHERE (m.review_id, m.key, m.slot) = (p.review_id, p.key, p.slot)
  AND (m.remind_at IS DISTINCT FROM p.at OR p.valid_until <= %(now)s)
""",
    # changes that every decision knows of; ours is the only transaction that makes any
    """
DELETE FROM reminder_change WHERE by < (SELECT min(one) FROM (
  SELECT min(oldest) FROM prepared_reminder
  UNION ALL SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS x(one))
""",
)
_PREPARING: Final = 0x52454D49
"""The number of the advisory lock: one at a time prepares."""


def write(session: Session, now: datetime, batch: int) -> int:
    """Write at most ``batch`` decisions that have come due and are still valid; returns how many.

    Once each, beside any number of sweeps: the milestone is locked, and its next moment is set in
    the statement that writes the mails.
    """
    given = {"now": now, "batch": batch, "rules": rules()}
    return db.execute(session, _WRITE, given).rowcount


def begin(session: Session) -> str | None:
    """Which transactions a decision of this one knows of; None where somebody else prepares."""
    row = db.execute(
        session,
        "SELECT pg_current_snapshot()::text WHERE pg_try_advisory_xact_lock(%(number)s)",
        {"number": _PREPARING},
    ).first()
    return str(row[0]) if row else None


def tidy(session: Session, now: datetime) -> None:
    """Remove decisions that will never be written and changes that none of them depends on.

    Only after ``begin()``.
    """
    for statement in _TIDY:
        db.execute(session, statement, {"now": now})


def undecided(
    session: Session, now: datetime, until: datetime, batch: int, passed: Collection[Place] = ()
) -> list[tuple[int, str, int, datetime]]:
    """Milestones that fall due until then and have no valid decision, the next ones first.

    ``passed``: those that are passed over.
    """
    given = {"now": now, "until": until, "batch": batch, "rules": rules(), "passed": places(passed)}
    return [tuple(row) for row in db.execute(session, _UNDECIDED, given)]


def store(session: Session, seen: str, decided: Sequence[str]) -> None:
    """Keep decisions, as texts of JSON, that were made on what ``begin()`` gave or on later."""
    given = {"seen": seen, "decided": f"[{','.join(decided)}]", "rules": rules()}
    db.execute(session, _STORE, given)


def forget(session: Session, wanted: Collection[Place]) -> None:
    """Remove what was decided about these: it cannot be written."""
    if wanted:
        db.execute(session, _FORGET, {"places": places(wanted)})


def places(wanted: Collection[Place]) -> str:
    """Milestones as JSON, for a statement that reads them as records."""
    return json.dumps([dict(zip(("review_id", "key", "slot"), one, strict=True)) for one in wanted])


@cache
def rules() -> str:
    """By which rules this release decides: the processes, the code, and the public holidays."""
    versions = sorted(process.version for process in PROCESSES.values())
    return sha256("|".join([*versions, *map(_release, _PARTS)]).encode()).hexdigest()[:16]


_PARTS: Final = ("uncac-review", "holidays")


def _release(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # from a checkout
        return ""
