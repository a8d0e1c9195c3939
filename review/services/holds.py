"""Who is not reminded at present: pauses and quiet days, as sweep, digest and plan ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Pause, Person
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day


@dataclass(frozen=True, slots=True)
class Holds:
    """The last day of every pause in force, by person and by review; and people's quiet days."""

    people: Mapping[int, date] = field(default_factory=dict)
    reviews: Mapping[int, date] = field(default_factory=dict)
    quiet: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """Weekdays on which nothing comes to a person, Monday is 0: it comes on the next other one."""

    def person(self, person_id: int, day: date) -> date | None:
        """The last day of a person's pause, if this day lies in it. A mission (0) has none."""
        return _covering(self.people.get(person_id), day)

    def review(self, review_id: int, day: date) -> date | None:
        """The last day of a review's pause, if this day lies in it."""
        return _covering(self.reviews.get(review_id), day)

    def either(self, person_id: int, review_id: int, day: date) -> date | None:
        """The last day on which this person is not reminded about this review."""
        found = (self.person(person_id, day), self.review(review_id, day))
        return max((until for until in found if until), default=None)


def _covering(until: date | None, day: date) -> date | None:
    return until if until is not None and day <= until else None


def in_force(session: Session, now: datetime) -> Holds:
    """The pauses that have not ended anywhere on earth."""
    yesterday = local_day(now, VIENNA) - timedelta(days=1)
    wanted = sa.select(Pause).where(Pause.ended_at.is_(None), Pause.until >= yesterday)
    people, reviews = {}, {}
    for one in session.scalars(wanted):
        if one.person_id is not None:
            people[one.person_id] = one.until
        elif one.review_id is not None:
            reviews[one.review_id] = one.until
    rest = sa.select(Person.id, Person.quiet_weekdays).where(Person.quiet_weekdays != [])
    quiet = {number: frozenset(days) for number, days in session.execute(rest)}
    return Holds(people, reviews, quiet)
