"""New links in the place of expired ones: one for each task, and not without end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db
from review.models import Capability, Outbox
from review.services import by_link
from tests.web.task_links import NOW, Links, words

WEEKS = timedelta(weeks=7)


@pytest.fixture
def desk(app: Flask) -> Iterator[Links]:
    """Both reviewing States were asked for their desk review."""
    with clock.frozen(NOW):
        yield Links(app, "desk_review")


@pytest.fixture
def begun(app: Flask) -> Iterator[Links]:
    """The review has begun; nobody is nominated, so the missions are told."""
    with clock.frozen(NOW):
        yield Links(app, "initial_steps")


def new_links() -> list[tuple[str, str]]:
    """To whom new links went, and for which task."""
    with db.reading() as session:
        rows = session.scalars(
            sa.select(Outbox).where(Outbox.notice == by_link.NOTICE).order_by(Outbox.id)
        )
        return [(row.address, row.params["milestone"]) for row in rows]


def test_links_of_two_tasks_are_renewed_within_a_minute(desk: Links) -> None:
    first, expert = desk.of("expert_2"), desk.scene.person("expert_2")
    with desk.scene.work() as w:
        one = w.session.scalars(
            sa.select(Capability).where(
                Capability.person_id == expert.id, Capability.milestone == "desk_review"
            )
        ).first()
        mail = w.session.get_one(Outbox, one and one.outbox_id)
        params = mail.params | {"milestone": "reviewer_comments"}
        other = Outbox(
            key="specimen", notice="draft_circulated", review_id=mail.review_id, language="en",
            person_id=expert.id, address=expert.email, params=params, created_at=NOW,
            next_try_at=NOW,
        )  # fmt: skip
        w.session.add(other)
    desk.deliver()
    second = desk.of("expert_2")
    assert second != first
    with clock.frozen(NOW + WEEKS):
        for path in (first, second, first, second):
            said = words(desk.press(path, f"{path}/again"))
            assert "or one for the same task was sent in the last two minutes" in said
    assert new_links() == [(expert.email, "desk_review"), (expert.email, "reviewer_comments")]


def test_new_links_of_all_tasks_together_have_a_bound(desk: Links) -> None:
    path, expert = desk.of("expert_2"), desk.scene.person("expert_2")
    with db.transaction() as session:
        for number in range(30):
            session.add(
                Outbox(
                    key=f"specimen {number}",
                    notice=by_link.NOTICE,
                    language="en",
                    person_id=expert.id,
                    address=expert.email,
                    params={"milestone": str(number)},
                    created_at=NOW + WEEKS - timedelta(hours=1),
                    next_try_at=NOW,
                    review_id=desk.scene.review_id,
                )
            )
    with clock.frozen(NOW + WEEKS):
        desk.press(path, f"{path}/again")
    assert len(new_links()) == 30
    with clock.frozen(NOW + WEEKS + timedelta(days=1)):
        desk.press(path, f"{path}/again")
    assert len(new_links()) == 31


def test_a_new_link_of_one_mission_holds_back_none_of_another(begun: Links) -> None:
    with clock.frozen(NOW + WEEKS):
        for state in ("zmb", "ita"):
            path = f"/task/{begun.token(f'mission@{state}.example')}"
            begun.press(path, f"{path}/again")
    assert [to for to, _ in new_links()] == ["mission@zmb.example", "mission@ita.example"]
