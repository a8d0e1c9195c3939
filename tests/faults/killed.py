"""Workers that deliver and are killed: a program of its own, because it forks.

``python -m tests.faults.killed <orders>`` keeps two workers at the outbox. Each is a forked child
with connections of its own that runs ``delivery.drain`` and gets a SIGKILL: at a named point of a
mail, or at a moment that knows nothing of mails. At the end one that nobody kills sends the rest.
Printed is what became of each worker, as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import smtplib
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db, links, seals
from review.mail.return_path import ReturnPath
from review.mail.transport import Smtp
from review.models import Outbox
from review.processes import die_with_parent
from review.services import delivery
from tests.faults import workers
from tests.faults.sink import SECRET

SENDER: Final = "Country reviews <reviews@secretariat.example>"
POINTS: Final = (
    "claiming",
    "claimed",
    "half said",
    "all said",
    "answered",
    "stored",
    "committing",
    "committed",
)
"""Of one mail, in this order. "all said" and "committing": the word is out, nobody heard it."""
IN_WINDOW: Final = {"answered", "stored"}
"""Who is killed here has had the 250 and not committed: the mail must come again."""
UNSURE: Final = {"all said", "any"}
"""Who is killed here may have been in the window or not."""
AT_ONCE: Final = 2
LONGEST_LIFE: Final = 10
"""A worker that is killed at any moment is killed while it could send so many mails."""
ENOUGH: Final = 200
MORE: Final = 300
"""Where fewer mails wait, so many more are written."""
BOUND: Final = 60.0
"""Seconds after which a worker that should be over is killed, which is a failure."""


@dataclass(frozen=True)
class Orders:
    """What the program is told, as JSON."""

    database: str
    smtp: str
    now: str
    seed: int
    kills: int
    aimed: int
    """So many of the kills at a named point, all points alike."""

    def moment(self) -> datetime:
        """The hour at which the mails are sent."""
        return datetime.fromisoformat(self.now)


@dataclass
class Worker:
    """A child, and what is to become of it."""

    number: int
    point: str
    """Where it is killed; "any": at a moment; empty: nowhere."""
    turn: int
    """At which of its mails."""
    dies_at: float = 0.0
    pid: int = 0
    began: float = 0.0
    killed: bool = False

    @property
    def domain(self) -> str:
        """Of its return address, by which the mail server knows it."""
        return f"worker-{self.number}.example"


def main(orders: Orders) -> list[dict[str, Any]]:
    """Kill as often as told, then let the rest be sent; gives what became of each worker."""
    chance = random.Random(orders.seed)
    engine = db.connect(orders.database)
    longest = LONGEST_LIFE * _warm_up(orders)
    coming = _plan(orders, chance)
    running: list[Worker] = []
    over: list[Worker] = []
    while coming or running:
        while coming and len(running) < AT_ONCE:
            one = coming.pop()
            _refill()
            engine.dispose()  # no child shares a connection with us
            _start(one, orders, chance.uniform(0, longest))
            running.append(one)
        for one in running:
            _kill_in_time(one)
        for one in [one for one in running if _is_over(one)]:
            running.remove(one)
            over.append(one)
        time.sleep(0.001)
    last = Worker(len(over), "", 0)
    _start(last, orders, 0.0)
    while not _is_over(last):
        time.sleep(0.01)
    return [asdict(one) | {"domain": one.domain} for one in (*over, last)]


def _warm_up(orders: Orders) -> float:
    """Send some mails before forking, so that no child reads templates or compiles statements.

    Gives the seconds that a mail takes.
    """
    links.set_base("https://reviews.example")
    seals.set_key(SECRET)
    with Smtp(orders.smtp) as transport:
        for _ in range(2):
            began = time.monotonic()
            sent = delivery.drain(transport, sender=SENDER, limit=20, now=orders.moment).sent
            seconds = time.monotonic() - began
    return seconds / max(1, sent)


def _refill() -> None:
    """Write more mails where few are left: how many a worker sends in its life nobody knows."""
    with db.transaction() as session:
        rows = session.execute(sa.select(Outbox.state, sa.func.count()).group_by(Outbox.state))
        counted = dict(rows.tuples().all())
        if counted.get("waiting", 0) < ENOUGH:
            workers.multiply(session, sum(counted.values()) + MORE)


def _plan(orders: Orders, chance: random.Random) -> list[Worker]:
    points = [POINTS[n % len(POINTS)] for n in range(orders.aimed)]
    points += ["any"] * (orders.kills - orders.aimed)
    chance.shuffle(points)
    return [Worker(n, point, chance.randint(1, 3)) for n, point in enumerate(points)]


def _start(one: Worker, orders: Orders, life: float) -> None:
    one.began = time.monotonic()
    one.dies_at = one.began + life
    one.pid = os.fork()
    if one.pid == 0:
        try:
            _work(one, orders)
            os._exit(0)
        finally:
            os._exit(1)


def _kill_in_time(one: Worker) -> None:
    now = time.monotonic()
    if (one.point == "any" and now > one.dies_at) or now > one.began + BOUND:
        os.kill(one.pid, signal.SIGKILL)


def _is_over(one: Worker) -> bool:
    pid, status = os.waitpid(one.pid, os.WNOHANG)
    if not pid:
        if one.point and time.monotonic() > one.began + BOUND + 5:
            raise SystemExit(f"worker {one.number} ({one.point}) does not end")
        return False
    one.killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not one.killed and status:
        raise SystemExit(f"worker {one.number} ({one.point}) ended with {status}")
    return True


# In the child --------------------------------------------------------------------------------


def _work(one: Worker, orders: Orders) -> None:
    """Deliver until nothing is left, or until death."""
    if tie := die_with_parent(signal.SIGKILL):
        tie()
    if one.point in POINTS:
        _aim(one)
    path = ReturnPath(one.domain, SECRET)
    patience = time.monotonic() + BOUND - 10
    with _Watched(orders.smtp) as transport:
        while time.monotonic() < patience if one.point else _is_left():
            delivery.drain(transport, sender=SENDER, now=orders.moment, path=path)


def _is_left() -> bool:
    """Whether a mail waits; one whose worker has died may still be locked for a moment."""
    with db.reading() as session:
        return bool(session.scalar(sa.text("SELECT count(*) FROM outbox WHERE state = 'waiting'")))


_strike: dict[str, Callable[[], None]] = {}


def _at(point: str) -> None:
    if act := _strike.get(point):
        act()


class _Watched(Smtp):
    """The transport, with the points before and after it."""

    def send(
        self, message: EmailMessage, sender: str, recipient: str, envelope_id: str = ""
    ) -> str:
        _at("claimed")
        said = super().send(message, sender, recipient, envelope_id)
        _at("answered")
        return said


def _aim(one: Worker) -> None:
    """Let this process die at its point, at the turn it was given."""
    left = [one.turn]

    def die() -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    _strike[one.point] = die

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def _(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FOR UPDATE" in statement:
            _at("claiming")

    @sa.event.listens_for(sa.Engine, "commit")
    def _(connection: sa.Connection) -> None:
        _at("stored")
        if one.point == "committing" and left[0] == 1:
            driver: Any = connection.connection.driver_connection
            driver.pgconn.send_query(b"COMMIT")
        _at("committing")

    @sa.event.listens_for(Session, "after_commit")
    def _(_session: Session) -> None:
        _at("committed")

    whole = smtplib.SMTP.send

    def in_halves(self: smtplib.SMTP, s: Any) -> None:
        if len(s) < 1000:  # a command, not a message
            whole(self, s)
            return
        half = len(s) // 2
        whole(self, s[:half])
        _at("half said")
        whole(self, s[half:])
        _at("all said")

    smtplib.SMTP.send = in_halves  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Orders(**json.loads(sys.argv[1])))))
