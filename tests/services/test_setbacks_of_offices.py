"""A review that cannot be read keeps no other State from being asked who follows in an office."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Member, Outbox, Review, Succession
from review.services import invitations, steps, succession_asking, succession_sweep
from review.services.setbacks import Setbacks
from tests import world
from tests.services.test_setbacks import no_such_process, several
from tests.world import World

DAY = timedelta(days=1)
HEALTHY = {"MEX", "EGY", "ALB"}


@pytest.fixture
def w(session: Session) -> World:
    """Zambia and three others have a focal point who was invited; each mandate ends tomorrow."""
    made = several(world.advance(world.world(session), "initial_steps"))
    for review in session.scalars(sa.select(Review)):
        given = {"email": f"point@{review.iso3.lower()}.example", "title": "Point"}
        more: dict[str, Any] = {"actor": made.officer, "now": made.now}
        steps.take(
            session, review.id, "nominate_focal_point", given=given | {"language": "en"}, **more
        )
    session.execute(sa.update(Member).values(mandate_ends_on=made.now.date() + DAY))
    session.expire_all()
    return made


def of_states(session: Session, notice: str) -> set[str]:
    wanted = sa.select(Review.iso3).join(Outbox, Outbox.review_id == Review.id)
    return set(session.scalars(wanted.where(Outbox.notice == notice)))


def test_others_are_asked_who_follows_and_the_one_is_noted(w: World) -> None:
    no_such_process(w)
    found = Setbacks()
    assert succession_sweep.look(w.session, w.now + 3 * DAY, found) == len(HEALTHY)
    assert of_states(w.session, "succession_asked") == HEALTHY
    assert found.reviews == {w.review_id: "KeyError"}
    begun = sa.select(sa.func.count()).select_from(Succession)
    assert w.session.scalar(begun) == len(HEALTHY), "nothing half done of the one that failed"


def test_others_are_asked_again(w: World) -> None:
    assert succession_sweep.look(w.session, w.now + 3 * DAY) == len(HEALTHY) + 1
    w.session.execute(sa.delete(Outbox).where(Outbox.notice == "succession_asked"))
    no_such_process(w)
    found = Setbacks()
    monday = w.now + 26 * DAY + timedelta(hours=9)  # a working afternoon for all of them
    assert succession_asking.ask_again(w.session, monday, found) == len(HEALTHY)
    assert of_states(w.session, "succession_asked") == HEALTHY
    assert found.reviews == {w.review_id: "KeyError"}


def test_of_other_invitations_their_officers_are_told(w: World) -> None:
    no_such_process(w)
    found = Setbacks()
    assert invitations.tell_of_expired(w.session, w.now + 14 * DAY, found) == len(HEALTHY)
    assert of_states(w.session, invitations.NOTICE) == HEALTHY
    assert found.reviews == {w.review_id: "KeyError"}
