"""Celery workers are killed in the midst of a round; the scheduler has the rest delivered."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from review import db, tasks
from tests.faults.conftest import Plant
from tests.faults.sink import Sink, settle, sink
from tests.faults.workers import Workers, multiply

MAILS = 400


@pytest.fixture
def server() -> Iterator[Sink]:
    with sink() as made:
        made.pause = 0.004
        yield made


@pytest.fixture
def workers(plant: Plant, server: Sink) -> Iterator[Workers]:
    """Four hundred mails wait, for a worker that uses the sink."""
    with db.transaction() as session:
        multiply(session, MAILS)
    seed = int(os.environ.get("KILLS_SEED") or random.randrange(2**32))
    sys.stdout.write(f"KILLS_SEED={seed}\n")
    chosen = replace(plant.settings, smtp_url=server.url, domain_mails_a_minute=0)
    made = Workers(chosen, plant.folder, server, random.Random(seed))
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("pool", "kinds"),
    [
        ("prefork", ["pool child", "pool child", "pool child", "main process"]),
        ("threads", ["whole worker", "main process"]),
    ],
)
def test_killed_workers_lose_nothing_and_the_scheduler_has_the_rest_sent(
    workers: Workers, server: Sink, plant: Plant, pool: str, kinds: list[str]
) -> None:
    workers.pool = pool
    for kind in kinds:
        if workers.worker is None:
            workers.start()
        assert tasks.nudge()
        assert tasks.nudge()
        workers.kill(kind)
    workers.until(lambda: "waiting" in plant.states(), "mails that are left")

    if workers.worker is None:
        workers.start()
    workers.start("beat")
    workers.until(lambda: plant.states() == ["sent"] * MAILS, "everything to be sent")

    account = settle(server.taken)
    assert account.faults == ()
    assert (account.mails, account.missing) == (MAILS, 0)
    assert len(account.doubles) <= len(kinds) * 2, "a worker has two mails in its hands"
