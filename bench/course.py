"""Ten steps of a review from its start to the end of the dialogue, and the reviews to take them on.

None of them needs a bulk of answers or findings: what is measured is the step, not the typing. What
the parties hand in between (self-assessment, desk reviews) is put in place beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from workflows.country_review import IRM_1

START: Final = datetime(2011, 7, 11, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Press:
    """One step: which, by whom (a key of ``People``), with what."""

    step: str
    by: str
    given: dict[str, Any] = field(default_factory=dict)


def _days(first: str, last: str, **more: str) -> dict[str, str]:
    return {"first_day": first, "last_day": last, **more}


COURSE: Final = (
    Press("notify_start", "officer"),
    Press(
        "hold_introductory_call",
        "officer",
        {
            "held_on": "2011-07-11",
            "language": "en",
            "division": "split",
            "agreed_report_agreed": "2012-03-31",
        },
    ),
    Press("circulate_response", "officer"),
    Press("forward_outcome", "officer"),
    Press("agree_means", "focal_point", {"means": "country_visit"}),
    Press("schedule_dialogue", "focal_point", _days("2011-11-07", "2011-11-09", place="Lusaka")),
    Press("agree_means", "focal_point", {"means": "joint_meeting"}),
    Press("schedule_dialogue", "officer", _days("2011-11-14", "2011-11-15", place="Vienna")),
    Press("record_dialogue", "officer", _days("2011-07-11", "2011-07-12")),
    Press("close_dialogue", "officer"),
)
HANDED_IN: Final = (
    "reviewers_drawn/0",
    "self_assessment_submitted/0",
    "desk_review/1",
    "desk_review/2",
)


def moment(number: int) -> datetime:
    """When the step of this number is taken: a day after the one before."""
    return START + timedelta(days=number)


def prepare_parties(connection: sa.Connection) -> None:
    """The States and the people, the same for every review."""
    connection.execute(sa.text(_PARTIES))


def prepare_reviews(connection: sa.Connection, count: int, cycle: int) -> list[int]:
    """So many reviews in ``selected``, drawn, with their people and milestones; gives their ids."""
    instances = [f"{item.key}/{slot}" for item, slot in IRM_1.instances()]
    rows = connection.execute(
        sa.text(_REVIEWS),
        {
            "first": cycle * 100_000,
            "count": count,
            "start": START,
            "instances": instances,
            "handed_in": list(HANDED_IN),
        },
    )
    return sorted(row[0] for row in rows)


_PARTIES = """
INSERT INTO state (iso3, name, language, capital, time_zone, mission_email, basis) VALUES
  ('ZMB', 'Zambia', 'en', 'Lusaka', 'Africa/Lusaka', 'mission@zmb.example', 'bench'),
  ('ZWE', 'Zimbabwe', 'en', 'Harare', 'Africa/Harare', 'mission@zwe.example', 'bench'),
  ('ITA', 'Italy', 'en', 'Rome', 'Europe/Rome', 'mission@ita.example', 'bench');
INSERT INTO person (email, title, role, iso3, invited_at) VALUES
  ('officer@secretariat.example', 'Review officer', 'secretariat_officer', NULL, now()),
  ('focal.point@zmb.example', 'Focal point of Zambia', 'focal_point', 'ZMB', now()),
  ('expert@zwe.example', 'Expert of Zimbabwe', 'expert', 'ZWE', now()),
  ('expert@ita.example', 'Expert of Italy', 'expert', 'ITA', now());
"""

_REVIEWS = """
WITH c AS (
  INSERT INTO cycle (number, process_key, chapters, starts_on)
  SELECT n, 'irm-1', '{III,IV}', '2010-06-28'
  FROM generate_series(:first + 1, :first + :count) AS n RETURNING id
), r AS (
  INSERT INTO review (cycle_id, iso3, year, process_key, stage, stage_since, officer_id)
  SELECT c.id, 'ZMB', 2, 'irm-1', 'selected', :start, p.id
  FROM c, person p WHERE p.role = 'secretariat_officer' RETURNING id
), v AS (
  INSERT INTO reviewer (review_id, slot, iso3)
  SELECT r.id, x.slot, x.iso3 FROM r, (VALUES (1, 'ZWE'), (2, 'ITA')) AS x (slot, iso3)
), f AS (
  INSERT INTO office (review_id, role, slot, number, iso3)
  SELECT r.id, p.role, CASE p.iso3 WHEN 'ZMB' THEN 0 WHEN 'ZWE' THEN 1 ELSE 2 END, 1, p.iso3
  FROM r, person p WHERE p.iso3 IS NOT NULL RETURNING id, review_id, role, slot, iso3
), m AS (
  INSERT INTO member (review_id, person_id, role, slot, since, office_id)
  SELECT f.review_id, p.id, f.role, f.slot, :start, f.id
  FROM f JOIN person p ON p.iso3 = f.iso3 AND p.role = f.role
), d AS (
  INSERT INTO milestone (review_id, key, slot, done_at)
  SELECT r.id, split_part(i, '/', 1), cast(split_part(i, '/', 2) AS int),
    CASE WHEN i = ANY(cast(:handed_in AS text[])) THEN cast(:start AS timestamptz) END
  FROM r, unnest(cast(:instances AS text[])) AS i
)
SELECT id FROM r
"""
