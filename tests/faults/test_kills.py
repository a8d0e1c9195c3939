"""Workers are killed at every point: each mail arrives, and twice only from the stated window."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from typing import Any

from review import db
from tests import world
from tests.faults import workers
from tests.faults.killed import IN_WINDOW, POINTS, UNSURE, Orders
from tests.faults.sink import settle, sink

KILLS, AIMED = 200, 120
MAILS = 450
"""At first; more are written as they run out, so that every kill finds its mail."""


def _mails(count: int) -> str:
    """So many mails that wait, of several notices, to people and missions; gives the moment."""
    with db.transaction() as session:
        made = world.advance(world.world(session), "self_assessment")
        workers.multiply(session, count)
    return made.now.isoformat()


def _kill(orders: Orders) -> list[dict[str, Any]]:
    """Run the program that kills its workers; it ends them all, also when it is ended."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.faults.killed", json.dumps(asdict(orders))],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert said.returncode == 0, said.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(said.stdout)
    return found


def test_two_hundred_kills_lose_nothing_and_double_only_in_the_window(database: str) -> None:
    seed = int(os.environ.get("KILLS_SEED") or random.randrange(2**32))
    sys.stdout.write(f"KILLS_SEED={seed}\n")
    now = _mails(MAILS)
    with sink() as server:
        server.pause = 0.004
        deaths = _kill(Orders(database, server.url, now, seed, KILLS, AIMED))
    killed = {one["domain"]: one["point"] for one in deaths if one["killed"]}

    account = settle(server.taken, killed)
    assert account.faults == ()
    assert len(killed) == KILLS
    assert Counter(killed.values())["any"] == KILLS - AIMED
    assert account.mails >= MAILS
    assert account.missing == 0

    doubles = Counter(one.by for one in account.doubles)
    assert set(doubles.values()) == {1}, "a worker has one mail in its hands"
    for worker, point in killed.items():
        if point not in UNSURE:
            assert doubles[worker] == (point in IN_WINDOW), f"{worker} was killed: {point}"
    places = Counter(killed[worker] for worker in doubles)
    sys.stdout.write(f"{KILLS} kills, {account.mails} mails, doubles {dict(places)}\n")
    assert set(killed.values()) == {*POINTS, "any"}
