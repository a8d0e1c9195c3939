"""Real Celery workers, to be killed: as one, as their main process alone, as a child of a pool."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import settings
from review.processes import Running, wait_until
from review.settings import Settings
from review.supervisor import program
from tests.faults.sink import Sink

SECONDS: Final = 60.0
"""How long anything may take on a busy machine."""
KINDS: Final = ("pool child", "main process", "whole worker")
_COMMAND: Final = (sys.executable, "-m", "celery", "-A", "celery_worker")
_MORE: Final = """
INSERT INTO outbox (key, notice, review_id, person_id, address, language, params, created_at,
                    next_try_at)
SELECT key || ':' || held + n, notice, review_id, person_id, address, language, params, created_at,
       first
FROM outbox CROSS JOIN generate_series(1, :count) AS n
     CROSS JOIN (SELECT count(*) AS held, min(next_try_at) AS first FROM outbox) AS already
WHERE state = 'waiting' ORDER BY n, id
LIMIT :count - (SELECT count(*) FROM outbox)
"""


class NotInTime(Exception):
    """Something that should happen did not; the text has the ends of the logs."""


def multiply(session: Session, count: int) -> None:
    """Copy mails that wait until there are so many in all, each under a key of its own.

    All are due at once, so that the notices take turns.
    """
    session.execute(sa.text(_MORE), {"count": count})


@dataclass
class Workers:
    """One Celery worker at a time, with a pool of two processes or of two threads."""

    settings: Settings
    folder: Path
    server: Sink
    chance: random.Random
    pool: str = "prefork"
    worker: Running | None = None
    left: list[Running] = field(default_factory=list)
    """Groups of processes that may still have a child at work whose main process was killed."""
    _started: int = 0

    def start(self, name: str = "worker") -> Running:
        """Start a worker and wait until it is ready; or the scheduler."""
        self._started += 1
        log = self.folder / f"{name}-{self._started}.log"
        more = ["--loglevel", "INFO", "--pidfile", ""]
        if name == "worker":
            more = ["--loglevel", "INFO", "-P", self.pool, "-c", "2"]
            more += ["--without-gossip", "--without-mingle"]
        environment = {**os.environ, **settings.as_environment(self.settings)}
        made = program([*_COMMAND, name, *more], environment, log)
        self.left.append(made)
        if name == "worker":
            self.worker = made
            self.until(lambda: "ready." in log.read_text(), "a worker")
        return made

    def kill(self, kind: str) -> None:
        """Kill while mails are under way; what is still alive of the worker goes on."""
        assert self.worker is not None
        worker = self.worker
        goal = len(self.server.taken) + self.chance.randint(1, 12)
        self.until(lambda: len(self.server.taken) >= goal, "mails under way")
        time.sleep(self.chance.uniform(0, 0.03))
        if kind == "pool child":
            self.until(lambda: bool(self._children(worker.pid)), "a pool")
            os.kill(self.chance.choice(self._children(worker.pid)), signal.SIGKILL)
            return
        (os.killpg if kind == "whole worker" else os.kill)(worker.pid, signal.SIGKILL)
        self.until(lambda: not worker.is_running(), "its end")
        self.worker = None

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait for something. Raises NotInTime, with what the programs said last."""
        if not wait_until(happened, SECONDS):
            logs = (path.read_text()[-1500:] for path in sorted(self.folder.glob("*.log")))
            raise NotInTime("\n".join([f"waited for {what}", *logs]))

    @staticmethod
    def _children(of: int) -> list[int]:
        said = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
        ).stdout
        pairs = (line.split() for line in said.splitlines())
        return [int(pid) for pid, parent in pairs if int(parent) == of]

    def stop(self) -> None:
        """End everything that was started."""
        for one in self.left:
            one.kill()
