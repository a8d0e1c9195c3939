"""Several people put experts on a list at once: it is never overfilled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import sqlalchemy as sa

from review import db
from review.models import Audit, ListedExpert, Person
from review.services import expert_files, expert_lists
from review.services.errors import InvalidGiven
from review.services.expert_lists import ExpertGiven
from tests import world

NOW = datetime(2013, 5, 24, 8, 0, tzinfo=UTC)
AT_ONCE = 6


def test_the_last_places_of_a_list_are_given_once(database: str) -> None:
    with db.transaction() as session:
        world.cycle(session).lot_rules = {"experts": 4}
        world.states(session, "ZMB")
        officer = world.person(session, "secretariat_officer").id
    barrier = Barrier(AT_ONCE)

    def add(number: int) -> bool:
        barrier.wait(5)
        try:
            with db.transaction() as session:
                actor = session.get_one(Person, officer)
                if number % 2:
                    text = f"state,name\nZMB,Expert {number}\n"
                    expert_files.take_in(session, 1, text, actor=actor, now=NOW)
                else:
                    given = ExpertGiven(f"Expert {number}")
                    expert_lists.add(session, 1, "ZMB", given, actor=actor, now=NOW)
        except InvalidGiven:
            return False
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        added = list(pool.map(add, range(AT_ONCE)))

    with db.reading() as session:
        listed = session.scalar(sa.select(sa.func.count()).select_from(ListedExpert))
        kept = session.scalar(sa.select(sa.func.count()).select_from(Audit))
    assert sum(added) == listed == kept == 4
