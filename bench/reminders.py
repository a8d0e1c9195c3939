"""10,000 reminders due among 1,000,000 open deadlines: find, claim and write the mails.

The floor is one statement in psycopg, in autocommit, with the same tables, keys and indexes: it
claims the due rows with SKIP LOCKED, sets their next moment and inserts a mail for each, which it
makes up in SQL; it decides nothing, reads nobody's address and writes shorter mails. Ours writes in
batches of 500 with a commit each, what was decided ahead (``services/preparing.py``, measured
apart), or deciding then. The variants take turns.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg
import sqlalchemy as sa

from bench import deadlines
from bench.deadlines import BEFORE, NOW
from review import db, embedded, schema
from review.models import MilestoneDate, Outbox
from review.services import preparing, reminders

OPEN: Final = 1_000_000
DUE: Final = 10_000
GROWTH: Final = (1_000, 10_000, 100_000, OPEN)
DUE_WHILE_GROWING: Final = 1_000
ROUNDS: Final = 7
SLOW_ROUNDS: Final = 3

_FLOOR: Final = """
WITH d AS MATERIALIZED (
  SELECT review_id, key, slot FROM milestone WHERE remind_at <= %(now)s
  ORDER BY remind_at LIMIT %(count)s FOR UPDATE SKIP LOCKED
), u AS (
  UPDATE milestone m SET remind_at = m.remind_at + interval '6 days' FROM d
  WHERE (m.review_id, m.key, m.slot) = (d.review_id, d.key, d.slot)
  RETURNING m.review_id, m.key, m.slot, m.agreed_on
), o AS (
  INSERT INTO outbox (key, notice, review_id, person_id, address, language, params, created_at,
    next_try_at, state)
  SELECT 'remind:' || review_id || ':' || key || ':' || slot || ':' || agreed_on, 'reminder',
    review_id, 3 + review_id %% 2000, 'focal.point.' || review_id %% 2000 || '@zmb.example', 'en',
    jsonb_build_object('milestone', key, 'due', agreed_on), %(now)s, %(now)s, 'waiting' FROM u
  ON CONFLICT (key) DO NOTHING RETURNING 1
)
SELECT count(*) FROM o
"""
Variant = Callable[[], int]


class Bench:
    """One database with open deadlines, and the ways to write what is due of them."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(_plain(url), autocommit=True)
        deadlines.people(self._connection)
        self._have = 0

    def grow(self, want: int, due: int) -> float:
        """So many open deadlines, so many due; gives the seconds that deciding ahead took."""
        deadlines.grow(self._connection, self._have, want)
        self._have = want
        deadlines.make_due(self._connection, due)
        self._connection.execute("TRUNCATE prepared_reminder, reminder_change")
        began = time.perf_counter()
        while self._prepare() == reminders.BATCH:
            pass
        seconds = time.perf_counter() - began
        self._connection.execute("DROP TABLE IF EXISTS decided")
        self._connection.execute("CREATE TABLE decided AS TABLE prepared_reminder")
        return seconds

    def _prepare(self) -> int:
        with db.transaction() as session:
            return preparing.prepare(session, BEFORE)

    def reset(self, *, decided: bool) -> None:
        """Everything due again, with decisions made ahead or without; not measured."""
        deadlines.put_back(self._connection)
        self._connection.execute("TRUNCATE prepared_reminder")
        if decided:
            self._connection.execute("INSERT INTO prepared_reminder SELECT * FROM decided")
            self._connection.execute("VACUUM ANALYZE prepared_reminder")

    def written(self) -> list[tuple[Any, ...]]:
        """The mails of a variant, to be compared."""
        return self._connection.execute(
            "SELECT key, address, language, params FROM outbox ORDER BY key"
        ).fetchall()

    def floor(self) -> int:
        """One statement."""
        row = self._connection.execute(_FLOOR, {"now": NOW, "count": DUE}).fetchone()
        return int(row[0]) if row else 0

    def ours(self) -> int:
        """The sweep, as the worker runs it."""
        done = 0
        while True:
            with db.transaction() as session:
                count = reminders.sweep(session, NOW)
            done += count
            if count < reminders.BATCH:
                return done

    def naive(self) -> int:
        """Load every open deadline into objects, and write what is due of them."""
        with db.transaction() as session:
            everything = session.scalars(sa.select(MilestoneDate))
            due = [one for one in everything if one.remind_at and one.remind_at <= NOW]
            return _by_object(session, due)

    def due_objects(self) -> int:
        """Load what is due into objects."""
        with db.transaction() as session:
            wanted = sa.select(MilestoneDate).where(MilestoneDate.remind_at <= NOW)
            return _by_object(session, list(session.scalars(wanted)))

    def title_changes(self, count: int) -> float:
        """Seconds for so many changes of a person's title, each committed."""
        began = time.perf_counter()
        for number in range(count):
            self._connection.execute(
                "UPDATE person SET title = %s WHERE id = %s", (f"Title {number}", 3 + number)
            )
        return time.perf_counter() - began

    def triggers(self, *, on: bool) -> None:
        """Whether changes of people are noted; not measured."""
        word = "ENABLE" if on else "DISABLE"
        self._connection.execute(f"ALTER TABLE person {word} TRIGGER USER")  # type: ignore[arg-type]
        self._connection.execute("TRUNCATE reminder_change")


def _by_object(session: Any, due: list[MilestoneDate]) -> int:
    for one in due:
        one.remind_at = (one.remind_at or NOW) + timedelta(days=6)
        key = f"remind:{one.review_id}:{one.key}:{one.slot}:{one.agreed_on}"
        person = 3 + one.review_id % 2000
        session.add(
            Outbox(
                key=key, notice="reminder", review_id=one.review_id, person_id=person,
                address=f"focal.point.{person}@zmb.example", language="en", state="waiting",
                params={"milestone": one.key, "due": str(one.agreed_on)}, created_at=NOW,
                next_try_at=NOW,
            )
        )  # fmt: skip
    return len(due)


def measure() -> list[dict[str, Any]]:
    """Reminders a second at a million deadlines, and how time grows up to there."""
    with _database() as url:
        bench = Bench(url)
        growing = {count: _at_size(bench, count) for count in GROWTH}
        seconds = bench.grow(OPEN, DUE)
        _check_same_mails(bench)
        times = _interleaved(bench)
        notes = _changes(bench)
    rates = {name: DUE / statistics.median(found) for name, found in times.items()}
    ours, floor = rates.pop("ours"), rates.pop("floor")
    pairs = zip(times["floor"], times["ours"], strict=True)
    return [
        {
            "name": "reminders",
            "unit": "reminders/s, 10,000 due of 1,000,000",
            "ours": round(ours),
            "floor": round(floor),
            "peers": {name: round(rate) for name, rate in rates.items()},
            "ratio_to_floor": round(statistics.median(a / b for a, b in pairs), 2),
        },
        {
            "name": "reminders_growth",
            "unit": f"ms for {DUE_WHILE_GROWING:,} due",
            "measured": {f"{n:,} open deadlines": row for n, row in growing.items()},
        },
        {
            "name": "reminders_ahead",
            "unit": "ms",
            "measured": {
                "deciding ahead, each of 10,000": round(seconds / DUE * 1000, 2),
                "change of a person's title, noted": notes[0],
                "change of a person's title, not noted": notes[1],
            },
        },
    ]


def _at_size(bench: Bench, count: int) -> str:
    """Medians of ours and the floor with the same number due, at a number of open deadlines."""
    bench.grow(count, DUE_WHILE_GROWING)
    found: dict[str, list[float]] = {"ours": [], "floor": []}
    for _ in range(ROUNDS):
        for name, variant in (("ours", bench.ours), ("floor", bench.floor)):
            found[name].append(_timed(bench, variant, decided=True, due=DUE_WHILE_GROWING))
    ours, floor = (statistics.median(found[name]) * 1000 for name in ("ours", "floor"))
    return f"{ours:.0f}, floor {floor:.0f}"


def _interleaved(bench: Bench) -> dict[str, list[float]]:
    """Seconds of each variant in each of its rounds, in alternating order."""
    variants: dict[str, tuple[Variant, bool, int]] = {
        "ours": (bench.ours, True, ROUNDS),
        "floor": (bench.floor, True, ROUNDS),
        "ORM, what is due": (bench.due_objects, False, ROUNDS),
        "ours, decided then": (bench.ours, False, SLOW_ROUNDS),
        "ORM, load all and loop": (bench.naive, False, SLOW_ROUNDS),
    }
    found: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(ROUNDS):
        order = list(variants.items())
        for name, (variant, decided, rounds) in order if number % 2 else reversed(order):
            if number < rounds:
                found[name].append(_timed(bench, variant, decided=decided, due=DUE))
    return found


def _timed(bench: Bench, variant: Variant, *, decided: bool, due: int) -> float:
    bench.reset(decided=decided)
    began = time.perf_counter()
    count = variant()
    seconds = time.perf_counter() - began
    if count != due:
        raise RuntimeError(f"{count} were written, not {due}")
    return seconds


def _check_same_mails(bench: Bench) -> None:
    """Decided ahead or then: the same mails, one for each; and none is decided twice."""
    found = []
    for decided in (True, False):
        bench.reset(decided=decided)
        bench.ours()
        found.append(json.dumps(bench.written()))
        if len(bench.written()) != DUE:
            raise RuntimeError(f"{len(bench.written())} mails for {DUE} reminders")
    if found[0] != found[1]:
        raise RuntimeError("what was decided ahead is not what the sweep decides")


def _changes(bench: Bench) -> tuple[float, float]:
    """Milliseconds of a change of a person: noted for the reminders, and not."""
    noted, not_noted = list[float](), list[float]()
    for _ in range(ROUNDS):
        for on, found in ((False, not_noted), (True, noted)):
            bench.triggers(on=on)
            found.append(bench.title_changes(200) / 200 * 1000)
    return round(statistics.median(noted), 3), round(statistics.median(not_noted), 3)


@contextmanager
def _database() -> Iterator[str]:
    with (
        TemporaryDirectory(prefix="bench-reminders-") as folder,
        embedded.postgres(Path(folder) / "postgres", durable=True) as url,
    ):
        schema.upgrade(url)
        db.connect(url)
        try:
            yield url
        finally:
            db.disconnect()


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")
