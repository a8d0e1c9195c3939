"""Rows as they stood at each revision of the tables, in plain SQL: models change, these do not.

A migration that touches rows adds an entry: what to load at the revision before it, and what must
be true of those rows at the head.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa


@dataclass(frozen=True)
class OldData:
    """Rows of one revision and what is asked of them at the head."""

    name: str
    revision: str
    load: str
    check: Callable[[sa.Connection], None]


def _first_rows_are_still_there(connection: sa.Connection) -> None:
    asked: Mapping[str, object] = {
        "SELECT stage FROM review WHERE iso3 = 'ZMB'": "desk_review",
        "SELECT count(*) FROM milestone WHERE done_at IS NOT NULL": 1,
        "SELECT after ->> 'reached' FROM audit": "self_assessment_submitted",
        "SELECT params ->> 'state' FROM outbox": "ZMB",
        "SELECT content -> 0 ->> 'adopted' FROM submission": "yes",
        "SELECT chapters[1] FROM reviewer WHERE slot = 1": "III",
        "SELECT email FROM person WHERE role = 'focal_point'": "focal.point@zmb.example",
        "SELECT observation FROM finding": "Specimen text.",
        "SELECT sha256 FROM approval WHERE cleared_at IS NULL": "b" * 64,
    }
    for question, answer in asked.items():
        assert connection.scalar(sa.text(question)) == answer, question


FIRST: Final = """
INSERT INTO state (iso3, name, language, capital, time_zone, mission_email, basis) VALUES
  ('ZMB', 'Zambia', 'en', 'Lusaka', 'Africa/Lusaka', 'mission@zmb.example', 'documented'),
  ('ZWE', 'Zimbabwe', 'en', 'Harare', 'Africa/Harare', NULL, 'documented');
INSERT INTO cycle (number, process_key, chapters, starts_on)
  VALUES (1, 'irm-1', '{III,IV}', '2010-06-28');
INSERT INTO person (email, title, role, iso3, invited_at) VALUES
  ('officer@secretariat.example', 'Officer', 'secretariat_officer', NULL, '2010-07-01T08:00Z'),
  ('focal.point@zmb.example', 'Focal point', 'focal_point', 'ZMB', '2010-07-01T08:00Z');
INSERT INTO review (cycle_id, iso3, year, process_key, stage, stage_since, started_at)
  SELECT id, 'ZMB', 1, 'irm-1', 'desk_review', '2011-07-01T08:00Z', '2010-07-12T08:00Z' FROM cycle;
INSERT INTO reviewer (review_id, slot, iso3, chapters) SELECT id, 1, 'ZWE', '{III}' FROM review;
INSERT INTO member (review_id, person_id, role, slot, since)
  SELECT r.id, p.id, 'focal_point', 0, '2010-07-20T08:00Z' FROM review r, person p
  WHERE p.role = 'focal_point';
INSERT INTO milestone (review_id, key, slot, model_on, done_at)
  SELECT id, 'self_assessment_submitted', 0, '2010-09-12', '2010-11-08T08:00Z' FROM review;
INSERT INTO milestone (review_id, key, slot, model_on, remind_at)
  SELECT id, 'desk_review', 1, '2010-12-19', '2010-12-05T07:00Z' FROM review;
INSERT INTO answer (review_id, provision, adopted, complete, updated_at)
  SELECT id, '15', 'yes', true, '2010-11-08T08:00Z' FROM review;
INSERT INTO submission (review_id, number, content, sha256, submitted_at)
  SELECT id, 1, '[{"provision": "15", "adopted": "yes"}]', repeat('a', 64), '2010-11-08T08:00Z'
  FROM review;
INSERT INTO finding (review_id, slot, provision, level, observation, updated_at)
  SELECT id, 1, '15', 'in_part', 'Specimen text.', '2010-12-01T08:00Z' FROM review;
INSERT INTO approval (review_id, slot, sha256, approved_at)
  SELECT id, 0, repeat('b', 64), '2011-05-01T08:00Z' FROM review;
INSERT INTO audit (at, verb, person_id, review_id, after)
  SELECT '2010-11-08T08:00Z', 'submit_self_assessment', p.id, r.id,
    '{"reached": "self_assessment_submitted"}' FROM review r, person p WHERE p.role = 'focal_point';
INSERT INTO outbox (key, notice, review_id, address, language, params, created_at, next_try_at)
  SELECT 'step:1:1:self_assessment_received:1', 'self_assessment_received', id,
    'officer@secretariat.example', 'en', '{"state": "ZMB"}', '2010-11-08T08:00Z',
    '2010-11-08T08:00Z' FROM review;
"""

TWINS: Final = """
INSERT INTO state (iso3, name, language, capital, time_zone, basis)
  VALUES ('ITA', 'Italy', 'en', 'Rome', 'Europe/Rome', 'documented');
INSERT INTO review (cycle_id, iso3, year, process_key, stage, stage_since, started_at, completed_at,
  document_symbol)
SELECT c.id, x.iso3, 1, 'irm-1', 'completed', '2011-06-01T08:00Z', '2010-07-12T08:00Z', x.at,
  'CAC/COSP/IRG/I/1/1/Add.1'
FROM cycle c, (VALUES ('ITA', timestamptz '2011-06-02T08:00Z'), ('ZWE', '2011-06-01T08:00Z'))
  AS x (iso3, at);
"""
"""Two executive summaries with one symbol, which nothing refused at the first revision."""


def _twins_are_told_apart(connection: sa.Connection) -> None:
    _first_rows_are_still_there(connection)
    rows = connection.execute(
        sa.text("SELECT iso3, document_symbol FROM review WHERE stage = 'completed'")
    )
    assert {row.iso3: row.document_symbol for row in rows} == {
        "ZWE": "CAC/COSP/IRG/I/1/1/Add.1",
        "ITA": "CAC/COSP/IRG/I/1/1/Add.1 (2)",
    }


SHARED_SYMBOL: Final = """
INSERT INTO state (iso3, name, language, capital, time_zone, basis) VALUES
  ('ZMB', 'Zambia', 'en', 'Lusaka', 'Africa/Lusaka', 'documented'),
  ('ZWE', 'Zimbabwe', 'en', 'Harare', 'Africa/Harare', 'documented');
INSERT INTO cycle (number, process_key, chapters, starts_on)
  VALUES (1, 'irm-1', '{III,IV}', '2010-06-28');
INSERT INTO review (cycle_id, iso3, year, process_key, stage, stage_since, started_at,
    completed_at, document_symbol)
  SELECT c.id, x.iso3, 1, 'irm-1', 'completed', x.at, '2010-07-12T08:00Z', x.at,
    'CAC/COSP/IRG/I/1/1/Add.1'
  FROM cycle c, (VALUES ('ZWE', timestamptz '2012-01-02T08:00Z'), ('ZMB', '2012-01-01T08:00Z'))
    AS x (iso3, at);
"""


def _first_completed_keeps_its_symbol(connection: sa.Connection) -> None:
    rows = connection.execute(sa.text("SELECT iso3, document_symbol FROM review")).all()
    assert {row[0]: row[1] for row in rows} == {
        "ZMB": "CAC/COSP/IRG/I/1/1/Add.1",
        "ZWE": "CAC/COSP/IRG/I/1/1/Add.1 (2)",
    }


CIRCULATED: Final = (
    FIRST
    + """
INSERT INTO milestone (review_id, key, slot, done_at)
  SELECT id, 'response_circulated', 0, '2010-11-19T08:00Z' FROM review;
INSERT INTO submission (review_id, number, content, sha256, submitted_at)
  SELECT id, 2, '[]', repeat('c', 64), '2010-12-08T08:00Z' FROM review;
"""
)


def _who_had_the_response_keeps_it(connection: sa.Connection) -> None:
    rows = connection.execute(sa.text("SELECT number, circulated_to FROM submission")).all()
    assert {row[0]: row[1] for row in rows} == {1: ["ZWE"], 2: []}


HEARTBEATS: Final = """
INSERT INTO heartbeat (name, at) VALUES
  ('scheduler', '2013-05-24T08:00Z'), ('another', '2013-05-23T08:00Z');
"""


def _last_signs_of_life_are_those_of_jobs(connection: sa.Connection) -> None:
    rows = connection.execute(
        sa.text("SELECT name, to_char(finished_at, 'DD HH24'), failures, failure FROM heartbeat")
    )
    assert set(map(tuple, rows)) == {
        ("give_sign_of_life", "24 08", 0, ""),
        ("another", "23 08", 0, ""),
    }


FORMER_HOLDERS: Final = (
    FIRST
    + """
UPDATE member SET ended_at = '2010-09-01T08:00Z';
INSERT INTO person (email, title, role, iso3, invited_at) VALUES
  ('second@zmb.example', 'Second', 'focal_point', 'ZMB', '2010-09-01T08:00Z'),
  ('beside@zmb.example', 'Beside', 'focal_point', 'ZMB', '2010-10-01T08:00Z'),
  ('one@zwe.example', 'One', 'expert', 'ZWE', '2010-07-20T08:00Z');
INSERT INTO member (review_id, person_id, role, slot, since)
  SELECT r.id, p.id, p.role, CASE p.role WHEN 'expert' THEN 1 ELSE 0 END, p.invited_at
  FROM review r, person p WHERE p.email IN ('second@zmb.example', 'beside@zmb.example',
    'one@zwe.example');
"""
)
"""A focal point with a successor, another one beside, and an expert: members before offices."""


def _members_hold_offices(connection: sa.Connection) -> None:
    rows = connection.execute(
        sa.text(
            "SELECT p.email, o.role, o.slot, o.number, o.iso3, m.ended_at IS NULL"
            " FROM member m JOIN office o ON o.id = m.office_id JOIN person p ON p.id = m.person_id"
        )
    ).all()
    assert {row[0].partition("@")[0]: tuple(row[1:]) for row in rows} == {
        "focal.point": ("focal_point", 0, 1, "ZMB", False),
        "second": ("focal_point", 0, 1, "ZMB", True),
        "beside": ("focal_point", 0, 2, "ZMB", True),
        "one": ("expert", 1, 1, "ZWE", True),
    }
    assert connection.scalar(sa.text("SELECT count(*) FROM office")) == 3


WITHOUT_DATE: Final = (
    FIRST
    + """
INSERT INTO milestone (review_id, key, slot) SELECT id, 'outcome_forwarded', 0 FROM review;
"""
)


def _what_has_no_date_is_looked_at(connection: sa.Connection) -> None:
    rows = connection.execute(
        sa.text("SELECT key, to_char(remind_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM milestone")
    )
    assert {row[0]: row[1] for row in rows} == {
        "self_assessment_submitted": None,
        "desk_review": "2010-12-05",
        "outcome_forwarded": "2011-07-01",
    }


STOPPED: Final = (
    FIRST
    + """
UPDATE review SET suspended_at = '2011-07-05T08:00Z', suspended_reason = 'Specimen text.';
INSERT INTO clock_stop (review_id, stopped_at, reason)
  SELECT id, '2011-07-05T08:00Z', 'Specimen text.' FROM review;
"""
)


def _a_stop_without_an_end_has_none(connection: sa.Connection) -> None:
    row = connection.execute(
        sa.text(
            "SELECT r.suspended_reason, r.suspended_until, r.resumed_at, s.until, s.approved_by"
            " FROM review r JOIN clock_stop s ON s.review_id = r.id"
        )
    ).one()
    assert tuple(row) == ("Specimen text.", None, None, None, "")


OLD_DATA: Final = (
    OldData("one review", "0001", FIRST, _first_rows_are_still_there),
    OldData("a shared symbol", "0001", SHARED_SYMBOL, _first_completed_keeps_its_symbol),
    OldData("a circulated response", "0003", CIRCULATED, _who_had_the_response_keeps_it),
    OldData("a turn without a date", "0010", WITHOUT_DATE, _what_has_no_date_is_looked_at),
    OldData("signs of life", "0009", HEARTBEATS, _last_signs_of_life_are_those_of_jobs),
    OldData("a stopped clock", "0011", STOPPED, _a_stop_without_an_end_has_none),
    OldData("holders of offices", "0011", FORMER_HOLDERS, _members_hold_offices),
)
