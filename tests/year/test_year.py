"""A year on a virtual clock: reviews, outages of every part, each message exactly once.

Jobs are run by the tasks themselves at random hours; beat, worker, broker and mail server are away
at random times, jobs crash before their commit, and meanwhile people act. An independent model
(``model.py``) says what ought to arrive at the mail server; what arrived there is compared with it.
`make test` lives through some months of some reviews, `make year` through a year of 165.
What is not real here is the clock, and that a job runs in this process: the broker and the worker
are real in tests/faults.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest
import sqlalchemy as sa

from review import clock, db, links, settings, tasks
from review.models import Outbox
from review.services import delivery, put_off
from tests.post import SENDER, Office, office
from tests.year.life import BEGIN, Life
from tests.year.model import Model

REVIEWS, DAYS = (int(n) for n in os.environ.get("YEAR", "14x130").split("x"))
"""How much of it: `make year` lives through 165 reviews in 365 days."""
SEED = int(os.environ.get("YEAR_SEED", "1"))
HOUR = timedelta(hours=1)
PARTS = ("beat", "worker", "broker", "mail")
PLANNED = ("remind:", "escalate:", "digest:")
"""What the keys of mails begin with that come from the plan and not from a step."""


class Crash(Exception):
    """The worker dies before it can commit."""


@dataclass
class Weather:
    """When each part is away: drawn before the year begins."""

    away: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)

    @classmethod
    def drawn(cls, random: Random) -> Weather:
        """A dozen outages of each part, of hours or days; beat is once away for three weeks."""
        found: dict[str, list[tuple[datetime, datetime]]] = {}
        for part in PARTS:
            found[part] = []
            for _ in range(max(2, DAYS // 30)):
                begin = BEGIN + timedelta(days=random.uniform(0, DAYS))
                longest = 30 if part == "mail" else 90
                found[part].append((begin, begin + min(random.expovariate(1 / 14), longest) * HOUR))
        begin = BEGIN + timedelta(days=0.6 * DAYS)
        found["beat"].append((begin, begin + timedelta(days=21)))
        return cls(found)

    def works(self, part: str, now: datetime) -> bool:
        """Whether a part is there."""
        return not any(begin <= now < end for begin, end in self.away[part])


@dataclass
class Year:
    """The course of the year: acts and jobs in order of time."""

    random: Random
    weather: Weather
    post: Office
    life: Life
    model: Model
    now: datetime = BEGIN
    crashes: int = 0
    deferred: bool = False
    """Mails have been tried in vain, and wait to be tried again."""

    def live(self) -> None:
        """Tick by tick; acts between the ticks."""
        end = BEGIN + timedelta(days=DAYS)
        while self.now < end:
            self._act_until(self.now + self.random.uniform(0.3, 5) * HOUR)
            self._tick()
        self.weather.away = {part: [] for part in PARTS}
        for _ in range(24 * 12):  # until the last of them has left
            self.now += HOUR
            self._tick()

    def _act_until(self, until: datetime) -> None:
        while True:
            at = self.life.next_at()
            if at is None or at > until or self._mails_wait_again():
                break
            self.now = max(self.now, at)
            with clock.frozen(self.now):
                changed = self.life.act(self.now)
                if changed is not None:
                    with db.reading() as session:
                        self.model.observe(session, changed, self.now)
                    tasks.nudge()
        self.now = max(self.now, until)

    def _mails_wait_again(self) -> bool:
        """After an outage of the mail server nobody acts until it has taken what waited: when each
        is tried again is left to chance, so an act in between might or might not come first."""
        self.deferred = self.deferred and bool(self._busy())
        return self.deferred and self.weather.works("mail", self.now)

    def _tick(self) -> None:
        """What beat starts, in any order but delivery last."""
        up = all(self.weather.works(part, self.now) for part in ("beat", "worker", "broker"))
        if not up:
            return
        with clock.frozen(self.now):
            jobs = [self._remind, self._digest, self._prepare]
            self.random.shuffle(jobs)
            for job in jobs:
                job()
            self.deliver()

    def _remind(self) -> None:
        if self._crashes(tasks.remind):
            return
        self.model.remind(self.now)
        self._model_delivers()  # the job asks for it

    def _digest(self) -> None:
        if not self._crashes(tasks.write_digests):
            self.model.write_digests(self.now)

    def _prepare(self) -> None:
        """What is decided ahead changes nothing that the model knows."""
        self._crashes(tasks.prepare_reminders)

    def _crashes(self, job: object) -> bool:
        """Run a job; once in a while it dies with its work done and not committed."""
        dies = self.random.random() < 0.02
        with _dying() if dies else _living():
            try:
                job()  # type: ignore[operator]
            except Crash:
                self.crashes += 1
                return True
        assert not dies
        return False

    def publish(self, task: object) -> bool:
        """What the broker does with a nudge: a worker delivers at once, or nobody hears it."""
        if not self.weather.works("broker", self.now):
            return False
        if task is tasks.deliver and self.weather.works("worker", self.now):
            self.deliver()
        return True

    def deliver(self) -> None:
        """One round of delivery, and what the model says of it."""
        up = self.weather.works("mail", self.now)
        self.post.to_sender = "" if up else "421 away"
        self.deferred = self.deferred or not up
        tasks.deliver()
        self._model_delivers()

    def _model_delivers(self) -> None:
        self.model.deliver(self.now, self._busy())

    def _busy(self) -> set[str]:
        """What was tried in vain or not yet at all, and is not put off to a morning."""
        held = sa.and_(
            Outbox.next_try_at > self.now,
            sa.or_(Outbox.attempts == 0, Outbox.error == put_off.PUT_OFF),
        )
        with db.reading() as session:
            wanted = sa.select(Outbox.key).where(Outbox.state == "waiting", ~held)
            return set(session.scalars(wanted))


@contextmanager
def _dying() -> Iterator[None]:
    """Whatever opens a transaction now dies at its end."""
    whole = db.transaction

    @contextmanager
    def broken() -> Iterator[object]:
        with whole() as session:
            yield session
            raise Crash

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "transaction", broken)
        yield


@contextmanager
def _living() -> Iterator[None]:
    yield


@pytest.fixture
def year(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Year]:
    random = Random(SEED)
    with office() as post:
        tasks.use(
            settings.load(
                {
                    "DATABASE_URL": database,
                    "REDIS_URL": "redis://127.0.0.1:1/0",
                    "SMTP_URL": post.url,
                    "SECRET_KEY": "a key that is used in tests and nowhere else",
                    "BASE_URL": "https://reviews.example",
                    "MAIL_FROM": SENDER,
                    "DOMAIN_MAILS_A_MINUTE": "0",
                }
            )
        )
        links.set_base("https://reviews.example")
        made = Year(random, Weather.drawn(random), post, Life(SEED, REVIEWS), Model())
        monkeypatch.setattr(tasks, "_publish", made.publish)
        monkeypatch.setattr(tasks, "QUIET_SECONDS", 0.0)
        monkeypatch.setattr(delivery._log, "level", logging.CRITICAL)
        yield made


def test_what_arrives_is_exactly_what_the_plan_says(year: Year) -> None:
    year.live()

    assert year.life.taken > 3 * REVIEWS
    assert year.crashes
    numbers = [str(message["Message-ID"]) for message in year.post.arrived]
    assert len(numbers) == len(set(numbers)), "a message came twice"
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Outbox.state == "waiting")) == 0
        wanted = sa.select(Outbox.message_id, Outbox.key, Outbox.address, Outbox.sent_at)
        rows = {number: (key, address, at) for number, key, address, at in session.execute(wanted)}
    assert [rows[number][1] for number in numbers] == year.post.recipients
    sent = [(rows[number][0], rows[number][2]) for number in numbers]
    planned = Counter((key, at) for key, at in sent if key.startswith(PLANNED))
    expected: Counter[tuple[str, datetime | None]] = Counter(year.model.expected)
    assert planned - expected == Counter(), "sent, and not in the plan"
    assert expected - planned == Counter(), "in the plan, and not sent"
    assert len(planned) > REVIEWS
