"""What a job could not do about one review, milestone or reader while it did everything else.

Data that do not fit (a calendar without working days, a milestone that no process has) must not
keep anybody else from being reminded. The place is noted and logged, its moment stays due, and the
job ends as failed once everything else is committed: so watchdogs count it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

ROW_FAULTS: Final = (DataError, IntegrityError)
"""What the database says where one row does not fit; the others may."""
FAULTS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    *ROW_FAULTS,
)
"""What data that do not fit end in. Anything else concerns everybody and ends the job."""
Place = tuple[int, str, int]
"""Review, milestone and slot."""
_log = logging.getLogger(__name__)


class Incomplete(Exception):
    """A job has done what it could and passed something over. Its text has kinds of errors only."""


@dataclass(slots=True)
class Setbacks:
    """What was passed over, each with the kind of the error; never its text, which may quote rows.

    ``quiet``: not logged, for those who only look.
    """

    quiet: bool = False
    reviews: dict[int, str] = field(default_factory=dict)
    milestones: dict[Place, str] = field(default_factory=dict)
    readers: dict[int, str] = field(default_factory=dict)

    @contextmanager
    def review(self, number: int) -> Iterator[None]:
        """Pass over a review that cannot be read."""
        try:
            yield
        except FAULTS as problem:
            if number not in self.reviews:
                self._tell("review %s: %s", number, _kind(problem))
            self.reviews[number] = _kind(problem)

    def milestone(self, review_id: int, key: str, slot: int) -> AbstractContextManager[None]:
        """Pass over a milestone of which nobody can be reminded."""
        return self.all_of([(review_id, key, slot)])

    @contextmanager
    def all_of(self, places: Iterable[Place]) -> Iterator[None]:
        """Pass over these milestones."""
        try:
            yield
        except FAULTS as problem:
            for place in places:
                kind = self.reviews.get(place[0]) or _kind(problem)
                if place not in self.milestones:
                    self._tell("review %s, milestone %s:%s: %s", *place, kind)
                self.milestones[place] = kind

    @contextmanager
    def reader(self, person_id: int) -> Iterator[None]:
        """Pass over somebody whose digest cannot be written."""
        try:
            yield
        except FAULTS as problem:
            self.readers[person_id] = _kind(problem)
            self._tell("digest of person %s: %s", person_id, _kind(problem))

    def _tell(self, text: str, *values: object) -> None:
        if not self.quiet:
            _log.error(f"passed over, {text}", *values)

    def end(self) -> None:
        """Raise Incomplete if anything was passed over: after everything else is committed."""
        found = [*self.reviews.values(), *self.milestones.values(), *self.readers.values()]
        if found:
            raise Incomplete(", ".join(sorted(set(found))))


def _kind(problem: BaseException) -> str:
    cause = problem.orig if isinstance(problem, DBAPIError) else None
    return type(cause or problem).__name__
