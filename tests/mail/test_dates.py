"""Dates in mails are those of the pages: working days of whoever owes it, the reader's own hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from review import links
from review.mail.letter import DaysOff, Letter, states_of
from review.mail.render import write
from tests.post import SENDER

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
"""A Monday."""
DUE = date(2027, 3, 12)
PARAMS: dict[str, Any] = {
    "state": "PER",
    "for_state": "PER",
    "reviewers": ["ZWE", "ITA"],
    "process": "irm-1",
    "chapters": ["III", "IV"],
    "party": "state_under_review",
    "slot": 0,
    "role": "focal_point",
    "title": "Focal point of Peru",
    "time_zone": "Europe/Paris",
    "officer": None,
    "review_id": 1,
    "step": "submit_self_assessment",
    "opens": "answers",
    "by": "",
    "milestone": "self_assessment_submitted",
    "milestone_slot": 0,
    "due": DUE.isoformat(),
    "due_zone": "America/Lima",
    "due_place": "Lima",
    "next_reminder": None,
    "escalates": False,
}


@pytest.fixture(autouse=True)
def _base() -> Iterator[None]:
    links.set_base("https://reviews.example")
    yield
    links.set_base("")


def text_of(language: str = "en", recorded: DaysOff | None = None, **params: Any) -> str:
    letter = Letter(
        1, "remind:1", "reminder", language, "a@peru.example", PARAMS | params, 1, recorded or {}
    )
    return " ".join(write(letter, sender=SENDER, now=NOW).text.split())


def test_a_date_names_its_place_its_working_days_and_the_reader_s_own_hour() -> None:
    assert (
        "Fri 12 Mar 2027, end of day in Lima (in 9 working days; your time Sat 13 Mar, 06:00)"
        in text_of()
    )


def test_a_reader_at_that_place_sees_no_second_hour() -> None:
    assert "end of day in Lima (in 9 working days)" in text_of(time_zone="America/Lima")


def test_days_off_that_are_recorded_for_the_state_are_not_counted() -> None:
    closed: DaysOff = {"PER": {date(2027, 3, 3): False}, None: {date(2027, 3, 4): False}}
    assert "(in 8 working days; " in text_of(recorded=closed)


def test_the_lines_of_a_digest_say_the_same() -> None:
    digest = {
        "items": [PARAMS],
        "day": "2027-03-01",
        "role": "focal_point",
        "title": "Focal point of Peru",
        "for_state": "PER",
        "time_zone": "Europe/Paris",
    }
    letter = Letter(1, "digest:1", "digest", "en", "a@peru.example", digest)
    text = " ".join(write(letter, sender=SENDER, now=NOW).text.split())
    assert "(in 9 working days; your time Sat 13 Mar, 06:00)" in text
    assert states_of(digest) == {"PER", "ZWE", "ITA"}


def test_another_date_that_moves_along_has_its_own_place() -> None:
    moved = {
        "old_date": "2027-03-05",
        "new_date": "2027-03-12",
        "by": "secretariat",
        "by_state": None,
        "opens": "review",
        "moved_along": [
            {
                "milestone": "desk_review",
                "slot": 2,
                "old_date": "2027-04-05",
                "new_date": "2027-04-12",
            }
        ],
        "party": "reviewing_state",
        "slot": 2,
        "for_state": "ITA",
        "due_zone": "",
    }
    letter = Letter(1, "step:1", "date_changed", "en", "a@italy.example", PARAMS | moved, 1)
    text = " ".join(write(letter, sender=SENDER, now=NOW).text.split())
    assert "which you owe: until Mon 12 Apr 2027, end of day in Rome" in text
