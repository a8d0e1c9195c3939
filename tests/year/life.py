"""What people do in a year of 165 reviews: drawn by a generator, taken as real steps.

Each review is a sequence of acts with waits between them; many stop somewhere on the way, as in
life. An act that the process refuses for now is tried again some days later. States are those of
the first cycle, everything else is specimen: who reviews whom and when is drawn by the generator.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db, reference
from review.models import Cycle, Person, State
from review.services.errors import InvalidGiven, NotFound, Refused
from tests import world
from tests.year.course import DAY, Act, Course, Party, Wait
from tests.year.letters import Done

BEGIN = datetime(2011, 7, 4, 6, 0, tzinfo=UTC)


class Life:
    """A queue of acts. ``due()`` gives those whose hour has come; each is one transaction."""

    def __init__(self, seed: int, reviews: int = 165) -> None:
        self.random = Random(seed)
        self.taken = 0
        self.refused = 0
        self._queue: list[tuple[datetime, int, int, Act]] = []
        self._courses: dict[int, Iterator[Wait]] = {}
        self._parties: dict[int, Party] = {}
        with db.transaction() as session:
            self._found(session, reviews)

    def next_at(self) -> datetime | None:
        """When the next act is due."""
        return self._queue[0][0] if self._queue else None

    @property
    def reviews(self) -> list[int]:
        """All of them."""
        return list(self._parties)

    def hurry(self, review_id: int, now: datetime) -> None:
        """What comes next in the course of a review comes now."""
        for one in self._queue:
            _, number, of, act = one
            if of == review_id and number % 2 == 0:
                self._queue.remove(one)
                heapq.heapify(self._queue)
                self._put(number, of, act, now)
                return

    def act(self, now: datetime) -> Done | None:
        """Do what is due first; what it did, None where it was refused for now."""
        _, number, review_id, act = heapq.heappop(self._queue)
        party = self._parties[review_id]
        party.done = Done(review_id)
        try:
            with db.transaction() as session:
                act(session, now)
        except (Refused, InvalidGiven, NotFound):
            self.refused += 1
            wait = 5 + self.random.expovariate(1 / 10)
            self._put(number, review_id, act, now + wait * DAY)
            return None
        self.taken += 1
        self._follow(number, review_id, now)
        return party.done

    def _follow(self, number: int, review_id: int, now: datetime) -> None:
        coming = next(self._courses[number], None)
        if coming is not None:
            days, act = coming
            self._put(number, review_id, act, now + days * DAY)

    def _put(self, number: int, review_id: int, act: Act, at: datetime) -> None:
        heapq.heappush(self._queue, (at, number, review_id, act))

    def _found(self, session: Session, reviews: int) -> None:
        codes = sorted({one.iso3 for one in reference.first_cycle()})[:reviews]
        assert len(set(codes)) == reviews
        world.states(session, *codes)
        without = self.random.sample(codes, reviews // 6)
        session.execute(sa.update(State).where(State.iso3.in_(without)).values(mission_email=None))
        of = world.cycle(session)
        officers = [
            world.person(session, "secretariat_officer", None, f"officer_{n}", digest=n == 2)
            for n in range(4)
        ]
        for n in range(2):
            world.person(
                session, "secretariat_administrator", None, f"administrator_{n}", digest=n == 1
            )
        for number, iso3 in enumerate(codes):
            self._open(session, number, iso3, of, officers, codes)

    def _open(
        self,
        session: Session,
        number: int,
        iso3: str,
        of: Cycle,
        officers: list[Person],
        codes: list[str],
    ) -> None:
        officer = officers[number % len(officers)]
        made = world.review(session, of, iso3, officer_id=officer.id if number % 7 else None)
        first, second = self._reviewers(iso3, codes)
        party = self._parties[made.id] = Party(made.id, iso3, (first, second), officer.id)
        start = BEGIN + self.random.uniform(0, 40) * DAY
        course = Course(self.random, party)
        for side, acts in enumerate((course.main(), course.disturbances())):
            key = 2 * number + side
            self._courses[key] = acts
            self._follow(key, made.id, start)

    def _reviewers(self, iso3: str, codes: list[str]) -> tuple[str, str]:
        """The first of the same group, the second any other; both parties to the Convention."""
        able = {one.iso3 for one in reference.parties_at(BEGIN.date())} & set(codes) - {iso3}
        group = reference.party(iso3).regional_group
        own = sorted(one for one in able if reference.party(one).regional_group == group)
        first = self.random.choice(own)
        return first, self.random.choice(sorted(able - {first}))
