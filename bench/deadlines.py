"""Open deadlines by the million, some of which are due, for the benchmark of reminders.

Each review has ten questions that wait for an answer by a date; its focal point is reminded. All
due reminders fall due at nine in the morning in Lusaka, on a day on which people work there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

DUE_AT: Final = datetime(2011, 10, 12, 7, tzinfo=UTC)
NOW: Final = DUE_AT + timedelta(seconds=30)
"""When the sweep comes."""
BEFORE: Final = DUE_AT - timedelta(hours=1)
"""When it is decided ahead."""
OF_EACH: Final = 10
"""Questions of a review."""

_PEOPLE = """
INSERT INTO state (iso3, name, language, capital, time_zone, mission_email, basis) VALUES
  ('ZMB', 'Zambia', 'en', 'Lusaka', 'Africa/Lusaka', 'mission@zmb.example', 'bench');
INSERT INTO person (email, title, role, iso3, invited_at) VALUES
  ('administrator@secretariat.example', 'Administrator', 'secretariat_administrator', NULL, now()),
  ('officer@secretariat.example', 'Review officer', 'secretariat_officer', NULL, now());
INSERT INTO person (email, title, role, iso3, invited_at)
  SELECT 'focal.point.' || n || '@zmb.example', 'Focal point ' || n, 'focal_point', 'ZMB', now()
  FROM generate_series(1, 2000) AS n;
"""
_REVIEWS = """
WITH c AS (
  INSERT INTO cycle (number, process_key, chapters, starts_on)
  SELECT n, 'irm-1', '{III,IV}', '2010-06-28'
  FROM generate_series(%(first)s::int, %(last)s::int) AS n
  RETURNING id, number
), r AS (
  INSERT INTO review (cycle_id, iso3, year, process_key, stage, stage_since, started_at, officer_id)
  SELECT c.id, 'ZMB', 2, 'irm-1', 'country_dialogue', %(since)s, %(since)s, p.id
  FROM c, person p WHERE p.role = 'secretariat_officer' RETURNING id
), f AS (
  INSERT INTO office (review_id, role, slot, number, iso3)
  SELECT id, 'focal_point', 0, 1, 'ZMB' FROM r RETURNING id, review_id
), m AS (
  INSERT INTO member (review_id, person_id, role, slot, since, office_id)
  SELECT f.review_id, 3 + f.review_id %% 2000, 'focal_point', 0, %(since)s, f.id FROM f
)
INSERT INTO milestone (review_id, key, slot, agreed_on, remind_at)
SELECT r.id, 'question_answered', n, (x.at AT TIME ZONE 'Africa/Lusaka')::date + 7, x.at
FROM r, generate_series(1, %(each)s::int) AS n,
  LATERAL (SELECT %(due)s::timestamptz
    + interval '1 day' * (3 + (r.id * 7919 + n * 104729) %% 300) AS at) AS x
"""
_FALL_DUE = """
UPDATE milestone m SET remind_at = %(due)s, agreed_on = %(day)s
FROM (SELECT review_id, key, slot FROM milestone ORDER BY slot, review_id * 7919 %% 1000003
      LIMIT %(count)s) AS x
WHERE (m.review_id, m.key, m.slot) = (x.review_id, x.key, x.slot)
"""
_NOT_DUE = """
UPDATE milestone SET remind_at = %(due)s::timestamptz + interval '9 days',
  agreed_on = %(day)s::date + 9
WHERE remind_at <= %(due)s
"""
_KEPT = """
DROP TABLE IF EXISTS due_then;
CREATE TABLE due_then AS SELECT review_id, key, slot FROM milestone WHERE remind_at = '<due>';
""".replace("<due>", DUE_AT.isoformat())
_BACK = """
UPDATE milestone m SET remind_at = %(due)s, remind_rung = NULL FROM due_then x
WHERE (m.review_id, m.key, m.slot) = (x.review_id, x.key, x.slot)
"""


def people(connection: psycopg.Connection) -> None:
    """The State, the secretariat and 2,000 focal points."""
    connection.execute(_PEOPLE)  # type: ignore[arg-type]


def grow(connection: psycopg.Connection, have: int, want: int) -> None:
    """Add reviews until there are so many open deadlines; not measured."""
    connection.execute("SET session_replication_role = replica")  # loads without its triggers
    given = {
        "first": have // OF_EACH + 1,
        "last": want // OF_EACH,
        "since": DUE_AT - timedelta(days=30),
        "due": DUE_AT,
        "each": OF_EACH,
    }
    connection.execute(_REVIEWS, given)
    connection.execute("SET session_replication_role = origin")


def make_due(connection: psycopg.Connection, count: int) -> None:
    """Let so many of them, spread over the reviews, fall due, and no others."""
    given = {"due": DUE_AT, "day": DUE_AT.date() + timedelta(days=7), "count": count}
    connection.execute(_NOT_DUE, given)
    connection.execute(_FALL_DUE, given)
    connection.execute(_KEPT)  # type: ignore[arg-type]
    connection.execute("VACUUM ANALYZE")


def put_back(connection: psycopg.Connection) -> None:
    """Everything that was due is due again, and nothing is written."""
    connection.execute(_BACK, {"due": DUE_AT})
    connection.execute("TRUNCATE outbox CASCADE")
    connection.execute("VACUUM milestone")
    connection.execute("CHECKPOINT")
