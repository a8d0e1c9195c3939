"""Who wrote on a provision stands in the audit trail: once a person and day, without the text."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Audit, Person
from review.services import answers, findings, steps
from review.services.errors import InvalidGiven, Stale
from review.services.material import Overwritten
from tests import world
from tests.world import World

SECRET = "plantedconfidentialword"


@pytest.fixture
def w(session: Session) -> World:
    return world.advance(world.world(session), "self_assessment")


def save(w: World, actor: Person, **values: Any) -> None:
    w.now += timedelta(seconds=5)
    given = {"measures": f"{SECRET} {w.now}", "adopted": "yes", **values}
    answers.save(w.session, w.review_id, "15(a)", given, actor=actor, now=w.now)


def trail(w: World, verb: str = "answer_saved") -> list[Audit]:
    wanted = sa.select(Audit).where(Audit.verb == verb).order_by(Audit.id)
    return list(w.session.scalars(wanted))


def colleague(w: World) -> Person:
    world.nominate(w, "second", "nominate_focal_point")
    return w.second


def test_typing_for_an_hour_is_one_row(w: World) -> None:
    for _ in range(20):
        save(w, w.focal_point)

    (row,) = trail(w)
    assert row.person_id == w.focal_point.id
    assert (row.review_id, row.iso3) == (w.review_id, "ZMB")
    assert row.before == {}
    assert row.after == {"provision": "15(a)", "version": 1, "complete": False}


def test_another_day_another_person_and_a_mark_are_rows(w: World) -> None:
    other = colleague(w)
    save(w, w.focal_point)
    save(w, other)
    save(w, other, complete=True)
    save(w, other, complete=True)
    w.now += timedelta(days=1)
    save(w, other)

    rows = trail(w)
    assert [row.person_id for row in rows] == [w.focal_point.id, other.id, other.id, other.id]
    assert [row.after["complete"] for row in rows] == [False, False, True, True]
    assert rows[-1].before == {"version": 4, "complete": True}


def test_the_trail_holds_no_text_and_no_level(w: World) -> None:
    save(w, w.focal_point, adopted="in_part")

    (row,) = trail(w)
    assert SECRET not in str((row.before, row.after))
    assert "in_part" not in str((row.before, row.after))


def test_what_is_not_saved_is_not_recorded(w: World) -> None:
    with pytest.raises(InvalidGiven):
        save(w, w.focal_point, adopted="perhaps")
    with pytest.raises(Overwritten):
        answers.save(
            w.session, w.review_id, "15(a)", {}, actor=w.focal_point, now=w.now, version=7
        )  # fmt: skip

    assert trail(w) == []


def test_findings_are_recorded_with_the_side(w: World) -> None:
    world.advance(w, "desk_review")
    given = {"level": "yes", "observation": SECRET}
    findings.save(w.session, w.review_id, "15(a)", given, actor=w.expert_2, now=w.now)

    (row,) = trail(w, "finding_saved")
    assert row.after["slot"] == 2
    assert row.iso3 == "ITA"
    assert SECRET not in str(row.after)


def test_a_page_that_is_out_of_date_names_the_step_not_the_saving(w: World) -> None:
    opened = w.review.version
    w.take("suspend", w.officer, reason="Specimen reason.")
    w.take("resume", w.officer)
    save(w, w.focal_point)

    with pytest.raises(Stale) as refused:
        steps.take(
            w.session, w.review_id, "suspend", actor=w.officer, now=w.now, version=opened
        )  # fmt: skip
    assert refused.value.verb == "resume"
    assert refused.value.by == w.officer.title
