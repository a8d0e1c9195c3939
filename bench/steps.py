"""Durable steps per second: the real services, the raw SQL floor, and peers, in one run.

Everything is on one PostgreSQL with fsync, over one connection each, and every step is committed
by itself. The floor is one SELECT and one data-modifying statement in psycopg, in autocommit: it
reads what the rows are made of (position, parties, people, dates) and writes exactly the rows that
ours wrote, recorded from a course of ours, without deciding anything. ``psycopg, told what to
write`` does not even read that, only the position. The variants take turns, so that whatever else
the machine does falls on all of them.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

import psycopg
import sqlalchemy as sa

from bench.course import COURSE, moment, prepare_parties, prepare_reviews
from bench.peers import spiff, under_django
from bench.recorded import Recorded
from review import db, embedded, schema
from review.models import Person
from review.services import snapshot, steps

ROUNDS: Final = 9
PER_ROUND: Final = 12
"""Reviews that a variant leads through the course in one round."""


class Variant(Protocol):
    """One way to take the ten steps durably."""

    def prepare(self, count: int) -> list[int]:
        """Make so many instances, ready for the first step; not measured. Gives their numbers."""

    def run(self, number: int) -> None:
        """Lead one instance through all ten steps."""


class Ours:
    """``services.steps.take``, as the web calls it: one transaction a step, with the version."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._cycle = 0
        with db.transaction() as session:
            people = session.scalars(sa.select(Person)).all()
        self._people = {"officer": people[0]} | {person.role: person for person in people}

    def prepare(self, count: int) -> list[int]:
        self._cycle += 1
        with self._engine.begin() as connection:
            return prepare_reviews(connection, count, self._cycle)

    def run(self, number: int) -> None:
        for version, press in enumerate(COURSE):
            with db.transaction() as session:
                steps.take(
                    session,
                    number,
                    press.step,
                    actor=self._people[press.by],
                    now=moment(version),
                    given=press.given,
                    version=version,
                )


class Floor(Ours):
    """The same rows by one SELECT and one statement, without asking who may do what."""

    def __init__(
        self, engine: sa.Engine, url: str, recorded: list[Recorded], *, first_cycle: int, read: str
    ) -> None:
        super().__init__(engine)
        self._cycle, self._read, self._recorded = first_cycle, read, recorded
        self._connection = psycopg.connect(_plain(url), autocommit=True)
        self._connection.prepare_threshold = 1

    def run(self, number: int) -> None:
        cursor = self._connection.cursor()
        for one in self._recorded:
            cursor.execute(self._read, {"id": number})
            if cursor.fetchone() is None:
                raise LookupError(number)
            cursor.execute(one.statement, one.for_review(number))
            if cursor.fetchone() is None:
                raise RuntimeError(f"review {number} moved on")


def measure() -> list[dict[str, Any]]:
    """One entry for ``bench/results.json``: steps per second, medians of the rounds."""
    with _database() as (url, engine):
        ours = Ours(engine)
        recorded = _record(engine, ours)
        variants: dict[str, Variant] = {
            "ours": ours,
            "floor": Floor(engine, url, recorded, first_cycle=500, read=snapshot.READ),
            "psycopg, told what to write": Floor(
                engine,
                url,
                recorded,
                first_cycle=900,
                read="SELECT stage, version FROM review WHERE id = %(id)s",
            ),
            **under_django.variants(url, recorded),
            **spiff.variants(url, recorded),
        }
        rates = _interleaved(variants, lambda: _settle(url))
        _check_same_rows(url, len(recorded))
    speed = {name: statistics.median(found) for name, found in rates.items()}
    ours_speed, floor = speed.pop("ours"), speed.pop("floor")
    return [
        {
            "name": "steps",
            "unit": "durable steps/s",
            "ours": round(ours_speed, 1),
            "floor": round(floor, 1),
            "peers": {name: round(value, 1) for name, value in speed.items()},
            "ratio_to_floor": round(_median_ratio(rates), 2),
        }
    ]


def _interleaved(variants: dict[str, Variant], settle: Any) -> dict[str, list[float]]:
    """Steps per second of each variant in each round; the first round warms up and is dropped."""
    numbers = {name: iter(v.prepare((ROUNDS + 1) * PER_ROUND)) for name, v in variants.items()}
    settle()
    rates: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(ROUNDS + 1):
        order = list(variants.items())
        for name, variant in order if number % 2 else reversed(order):
            chosen = [next(numbers[name]) for _ in range(PER_ROUND)]
            began = time.perf_counter()
            for each in chosen:
                variant.run(each)
            if number:
                seconds = time.perf_counter() - began
                rates[name].append(PER_ROUND * len(COURSE) / seconds)
    return rates


def _median_ratio(rates: dict[str, list[float]]) -> float:
    """Ours to the floor, round by round: both met the same moment of the machine."""
    return statistics.median(a / b for a, b in zip(rates["ours"], rates["floor"], strict=True))


def _record(engine: sa.Engine, ours: Ours) -> list[Recorded]:
    """What ours writes on the course, statement by statement, for the others to write as well."""
    found: list[Recorded] = []
    number = ours.prepare(1)[0]

    @sa.event.listens_for(engine, "before_cursor_execute")
    def note(_c: Any, _cursor: Any, sql: str, given: Any, _context: Any, _many: bool) -> None:
        if sql.lstrip().startswith("WITH r AS"):
            found.append(Recorded(sql, dict(given), number, len(found)))

    ours.run(number)
    sa.event.remove(engine, "before_cursor_execute", note)
    if len(found) != len(COURSE):
        raise RuntimeError(f"{len(COURSE)} steps wrote {len(found)} times")
    return found


def _check_same_rows(url: str, steps_taken: int) -> None:
    """The floor has written what ours has: as many rows of each kind for each review."""
    asked = """
        SELECT count(DISTINCT (audits, mails, dates, stage, version, chapters)) FROM (
          SELECT r.stage, r.version,
            (SELECT count(*) FROM audit a WHERE a.review_id = r.id) AS audits,
            (SELECT count(*) FROM outbox o WHERE o.review_id = r.id) AS mails,
            (SELECT count(*) FROM milestone m WHERE m.review_id = r.id AND done_at IS NOT NULL)
              AS dates,
            (SELECT string_agg(v.chapters::text, ' ' ORDER BY slot) FROM reviewer v
              WHERE v.review_id = r.id) AS chapters
          FROM review r) AS rows WHERE version = %s
    """
    with psycopg.connect(_plain(url)) as connection:
        row = connection.execute(asked, (steps_taken,)).fetchone()
    if row != (1,):
        raise RuntimeError("the floor wrote other rows than ours")


@contextmanager
def _database() -> Iterator[tuple[str, sa.Engine]]:
    with (
        TemporaryDirectory(prefix="bench-steps-") as folder,
        embedded.postgres(Path(folder) / "postgres", durable=True) as url,
    ):
        schema.upgrade(url)
        engine = db.connect(url)
        with engine.begin() as connection:
            prepare_parties(connection)
        try:
            yield url, engine
        finally:
            db.disconnect()


def _settle(url: str) -> None:
    """Statistics are fresh and nothing written before waits for the disk."""
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")
