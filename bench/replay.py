"""How long the first cycle takes when it is replayed through the services.

The floor is what the database itself needs: the same rows, written by plain SQL in as many
transactions.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy.dialects.postgresql import JSONB

from review import db, embedded, schema
from review.db import Base
from review.services import replay
from review.services.replay.play import CYCLE_OPENS

UNTIL: Final = date(2013, 5, 24)


def measure() -> list[dict[str, Any]]:
    """One entry for `bench/results.json`: seconds for 165 reviews until 24 May 2013."""
    with _database() as (url, other_url):
        began = time.perf_counter()
        result = replay.play(until=UNTIL)
        ours = time.perf_counter() - began
        floor = _plain_sql(url, other_url)
    return [
        {
            "name": f"replay of the first cycle, {sum(result.years.values())} reviews",
            "unit": "s",
            "ours": round(ours, 2),
            "floor": round(floor, 2),
            "peers": {},
            "ratio_to_floor": round(floor / ours, 2),
        }
    ]


@contextmanager
def _database() -> Iterator[tuple[str, str]]:
    """Two migrated databases of one server; the first is connected."""
    with (
        TemporaryDirectory(prefix="bench-replay-") as folder,
        embedded.postgres(Path(folder) / "postgres", durable=True) as url,
    ):
        schema.upgrade(url)
        _administer(url, "CREATE DATABASE plain")
        other = sa.make_url(url).set(database="plain").render_as_string(hide_password=False)
        schema.upgrade(other)
        db.connect(url)
        try:
            yield url, other
        finally:
            db.disconnect()


def _plain_sql(url: str, other_url: str) -> float:
    """Seconds to write every row of the one database into the other, a transaction a day."""
    tables = _rows(url)
    days = (UNTIL - CYCLE_OPENS.date()).days
    with psycopg.connect(_plain(other_url), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        cursor = connection.cursor()
        began = time.perf_counter()
        for day in range(days):
            with connection.transaction():
                for statement, rows in tables:
                    if share := rows[len(rows) * day // days : len(rows) * (day + 1) // days]:
                        cursor.executemany(statement, share)
        return time.perf_counter() - began


def _rows(url: str) -> list[tuple[sql.Composed, list[list[Any]]]]:
    """Of every table: the statement that writes a row of it, and its rows."""
    found = []
    with psycopg.connect(_plain(url)) as connection:
        for table in Base.metadata.sorted_tables:
            if table.name == "reminder_change":  # its rows are written by triggers
                continue
            names = [column.name for column in table.columns]
            columns = sql.SQL(", ").join(map(sql.Identifier, names))
            marks = sql.SQL(", ").join([sql.Placeholder()] * len(names))
            name = sql.Identifier(table.name)
            rows = connection.execute(sql.SQL("SELECT {} FROM {}").format(columns, name)).fetchall()
            jsons = {i for i, c in enumerate(table.columns) if isinstance(c.type, JSONB)}
            found.append(
                (
                    sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(name, columns, marks),
                    [[Jsonb(v) if i in jsons else v for i, v in enumerate(row)] for row in rows],
                )
            )
    return found


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _administer(url: str, command: str) -> None:
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        connection.execute(command)
