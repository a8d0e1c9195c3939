"""Two hundred kills of real Celery workers while they deliver: what arrived, what came twice.

Half of the workers are those of ``uncac-review worker`` (a pool of threads), half have a pool of
processes, of which a child, the main process or everything is killed. A scheduler runs along; at
the end nobody asks for anything and it has the rest delivered. Every message is noted by the mail
server at its 250 and compared with what the database holds (`tests/faults/sink.py`).
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db, embedded, links, schema, seals, settings, tasks
from review.models import Outbox
from tests import world
from tests.faults.sink import SECRET, settle, sink
from tests.faults.workers import KINDS, Workers, multiply

KILLS: Final = 200
MAILS: Final = 600
"""So many are written at first, and again whenever few are left."""
ENOUGH: Final = 300


def measure() -> list[dict[str, Any]]:
    """One entry for ``bench/results.json``: kills, mails, what is missing, what came twice."""
    seed = int(os.environ.get("KILLS_SEED") or random.randrange(2**32))
    print(f"KILLS_SEED={seed}", file=sys.stderr)
    with _workers(random.Random(seed)) as workers:
        killed = Counter(_kill(workers, number) for number in range(KILLS))
        if workers.worker is None:
            workers.start()
        left = _waiting()
        while (now := _waiting()) > 0:
            workers.until(lambda before=now: _waiting() < before, "the rest to be sent")
        account = settle(workers.server.taken)
    for one in account.faults:
        print(one, file=sys.stderr)
    explained = len(account.doubles) if not account.faults else "see the faults above"
    return [
        {
            "name": f"{KILLS} kills of Celery workers that deliver",
            "unit": "mails",
            "measured": {
                **{f"kills: {kind}": count for kind, count in sorted(killed.items())},
                "mails": account.mails,
                "arrived": account.arrived,
                "missing": account.missing,
                "left to the scheduler at the end": left,
                "came twice": len(account.doubles),
                "of these killed between the 250 and the commit": explained,
                "unexplained": len(account.faults),
            },
        }
    ]


def _kill(workers: Workers, number: int) -> str:
    """Kill once, in the midst of a round; says what was killed."""
    if number == KILLS // 2 and workers.worker is not None:
        workers.worker.kill()
        workers.worker = None
    workers.pool = "threads" if number < KILLS // 2 else "prefork"
    if workers.worker is None:
        workers.start()
    if _waiting() < ENOUGH:
        with db.transaction() as session:
            multiply(session, _written(session) + MAILS)
    tasks.nudge()
    tasks.nudge()
    kind = "whole worker" if workers.pool == "threads" else workers.chance.choice(KINDS)
    workers.kill(kind)
    return f"{kind}, {workers.pool}"


def _waiting() -> int:
    with db.reading() as session:
        asked = sa.select(sa.func.count()).where(Outbox.state == "waiting")
        return session.scalar(asked) or 0


def _written(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Outbox)) or 0


@contextmanager
def _workers(chance: random.Random) -> Iterator[Workers]:
    """Everything that sends mails, with mails that wait and a scheduler that runs."""
    seals.set_key(SECRET)
    with (
        TemporaryDirectory(prefix="bench-kills-") as name,
        embedded.postgres(Path(name) / "postgres", durable=True) as url,
        embedded.redis(Path(name) / "redis") as redis_url,
        sink() as server,
    ):
        schema.upgrade(url)
        db.connect(url)
        with db.transaction() as session:
            made = world.advance(world.world(session), "self_assessment")
            multiply(session, MAILS)
        late = int((made.now - datetime.now(UTC)).total_seconds())
        chosen = settings.load(
            {
                "DATABASE_URL": url,
                "REDIS_URL": redis_url,
                "SMTP_URL": server.url,
                "SECRET_KEY": SECRET,
                "BASE_URL": "https://reviews.example",
                "MAIL_FROM": "Country reviews <reviews@secretariat.example>",
                "CLOCK_OFFSET_SECONDS": str(late),
                "DOMAIN_MAILS_A_MINUTE": "0",
                "DATA_DIR": name,
            }
        )
        tasks.use(chosen)
        links.set_base(chosen.base_url)
        workers = Workers(chosen, Path(name), server, chance)
        try:
            workers.start("beat")
            yield workers
        finally:
            workers.stop()
            db.disconnect()
