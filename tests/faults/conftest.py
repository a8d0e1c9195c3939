"""Real parts to break: a broker, a mail server, a worker and a scheduler, each a test's own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from review import db, links, settings, tasks
from review.embedded.broker import start_redis
from review.embedded.common import Server
from review.models import Outbox
from review.processes import Running, wait_until
from review.settings import Settings
from review.supervisor import program
from tests import world
from tests.post import SENDER, Office, office
from tests.world import World

SECONDS = 60.0
"""How long anything may take on a busy machine."""


@dataclass
class Plant:
    """Everything that sends mails, and how to break it."""

    settings: Settings
    folder: Path
    post: Office
    world: World
    broker: Server
    running: list[Running] = field(default_factory=list)

    def start(self, *command: str) -> Running:
        """Start a Celery command; it is ended after the test."""
        quiet = ["--without-gossip", "--without-mingle", "-P", "threads", "-c", "2"]
        name = command[0]
        log = self.folder / f"{name}-{len(self.running)}.log"
        arguments = ["-m", "celery", "-A", "celery_worker", name, "--loglevel", "INFO"]
        more = quiet if name == "worker" else ["--pidfile", ""]
        environment = {**os.environ, **settings.as_environment(self.settings)}
        started = program([sys.executable, *arguments, *more], environment, log)
        self.running.append(started)
        if name == "worker":
            self.until(lambda: "ready." in log.read_text())
        return started

    def end(self, one: Running) -> None:
        """Kill a program at once, as the system does when memory runs out."""
        os.killpg(one.pid, signal.SIGKILL)
        assert wait_until(lambda: not one.is_running(), SECONDS)

    def stop_broker(self) -> None:
        """The broker goes away."""
        self.broker.stop()

    def start_broker(self) -> None:
        """The broker is there again, at the same address."""
        self.broker = start_redis(self.folder / "redis")
        assert self.broker.url == self.settings.redis_url

    def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something; fail with what the programs said if it does not come."""
        if not wait_until(happened, SECONDS):
            logs = (path.read_text()[-1500:] for path in sorted(self.folder.glob("*.log")))
            pytest.fail("\n".join(["it did not happen in time", *logs]))

    def states(self) -> list[str]:
        """How the mails stand, in order."""
        with db.reading() as session:
            return list(session.scalars(sa.select(Outbox.state).order_by(Outbox.id)))

    def identities(self) -> list[str]:
        """The Message-IDs of what arrived."""
        return [str(message["Message-ID"]) for message in self.post.arrived]


@pytest.fixture
def plant(database: str, tmp_path: Path) -> Iterator[Plant]:
    """Six mails that wait, and nobody who sends them yet."""
    with ExitStack() as stack:
        broker = start_redis(tmp_path / "redis")
        post = stack.enter_context(office())
        with db.transaction() as session:
            made = world.advance(world.world(session), "initial_steps")
            session.refresh(made.officer)
        late = int((made.now - datetime.now(UTC)).total_seconds())
        chosen = settings.load(
            {
                "DATABASE_URL": database,
                "REDIS_URL": broker.url,
                "SMTP_URL": post.url,
                "SECRET_KEY": "a key that is used in tests and nowhere else",
                "BASE_URL": "https://reviews.example",
                "MAIL_FROM": SENDER,
                "CLOCK_OFFSET_SECONDS": str(late),
                "DATA_DIR": str(tmp_path),
            }
        )
        tasks.use(chosen)
        links.set_base(chosen.base_url)
        made_plant = Plant(chosen, tmp_path, post, made, broker)
        yield made_plant
        for one in made_plant.running:
            one.kill()
        made_plant.broker.stop()
