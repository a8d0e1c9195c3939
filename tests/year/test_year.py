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
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, links, settings, tasks
from review.models import Outbox
from review.services import delivery, put_off, succession_asking
from tests.post import SENDER, Office, office
from tests.year.letters import ASKED, Done, Sent
from tests.year.life import BEGIN, Life
from tests.year.model import Model

REVIEWS, DAYS = (int(n) for n in os.environ.get("YEAR", "14x130").split("x"))
"""How much of it: `make year` lives through 165 reviews in 365 days."""
SEED = int(os.environ.get("YEAR_SEED", "1"))
HOUR = timedelta(hours=1)
PARTS = ("beat", "worker", "broker", "mail")


class Crash(Exception):
    """The worker dies before it can commit."""


@dataclass
class Weather:
    """When each part is away: drawn before the year begins."""

    away: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)

    @classmethod
    def drawn(cls, random: Random) -> Weather:
        """A dozen outages of each part, of hours or days; beat is once away for three weeks.

        The mail server is away more often, and never so long that a mail would be given up.
        """
        found: dict[str, list[tuple[datetime, datetime]]] = {}
        for part in PARTS:
            found[part] = []
            count = max(2, DAYS // (6 if part == "mail" else 30))
            for number in range(count):
                begin = BEGIN + timedelta(days=random.uniform(0, DAYS))
                hours = min(random.expovariate(1 / 14), 90)
                if part == "mail":  # one after the other
                    day = (number + random.uniform(0, 0.7)) * DAYS / count
                    begin, hours = BEGIN + timedelta(days=day), random.uniform(8, 36)
                found[part].append((begin, begin + hours * HOUR))
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
    resumed: int = 0
    """So many clocks ran again by themselves."""
    deferred: bool = False
    """Mails have been tried in vain, and wait to be tried again."""
    hurried: set[str] = field(default_factory=set)

    def live(self) -> None:
        """Tick by tick; acts between the ticks."""
        with db.reading() as session:
            for review_id in self.life.reviews:
                self.model.observe(session, review_id, self.now)
        end = BEGIN + timedelta(days=DAYS)
        while self.now < end:
            self._hurry()
            self._act_until(self.now + self.random.uniform(0.3, 5) * HOUR)
            self._tick()
        self.weather.away = {part: [] for part in PARTS}
        for _ in range(24 * 12):  # until all have left but what waits for another morning
            self.now += HOUR
            self._tick()

    def _hurry(self) -> None:
        """Of those whose reminder waits for the mail server some do meanwhile what it is about."""
        if self.weather.works("mail", self.now):
            return
        for told in self.model.waiting:
            if told.about and told.review_id and told.key not in self.hurried:
                self.hurried.add(told.key)
                if self.random.random() < 0.8:
                    self.life.hurry(told.review_id, self.now)

    def _act_until(self, until: datetime) -> None:
        while True:
            at = self.life.next_at()
            if at is None or at > until or self._mails_wait_again():
                break
            self.now = max(self.now, at)
            with clock.frozen(self.now):
                done = self.life.act(self.now)
                if done is not None:
                    with db.reading() as session:
                        self.model.follow(session, done, self.now)
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
            jobs = [self._remind, self._digest, self._prepare, self._resume, self._ask]
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

    def _resume(self) -> None:
        over = self.model.over(self.now)
        if not over:
            tasks.resume_reviews()  # opens no transaction: there is nothing in which it can die
        elif self._crashes(tasks.resume_reviews):
            return
        self.resumed += len(over)
        with db.reading() as session:
            for review_id in over:
                self.model.follow(session, Done(review_id, "resume"), self.now)
        self._model_delivers()

    def _ask(self) -> None:
        """Of what looks for successions the part that asks again; not who has fallen silent."""
        if not self._crashes(_ask_again):
            self.model.waiting += self.model.asked_again(self.now)

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

    def _busy(self) -> dict[str, bool]:
        """What waits and is not put off to a morning, and whether it was tried in vain."""
        plain = sa.func.coalesce(Outbox.error, "").in_(("", put_off.PUT_OFF))
        held = sa.and_(Outbox.next_try_at > self.now, plain)
        with db.reading() as session:
            wanted = sa.select(Outbox, ~plain).where(Outbox.state == "waiting", ~held)
            return {_why(session, row): tried for row, tried in session.execute(wanted)}


def _ask_again() -> None:
    with db.transaction() as session:
        succession_asking.ask_again(session, clock.now())


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


def _sent(post: Office) -> list[Sent]:
    """What arrived, in order: why and when as the outbox says, the rest as the message says."""
    found = []
    with db.reading() as session:
        of = {row.message_id: row for row in session.scalars(sa.select(Outbox))}
        for message, address in zip(post.arrived, post.recipients, strict=True):
            row, language = of[str(message["Message-ID"])], str(message["Content-Language"])
            found.append((_why(session, row), row.notice, address, language, row.sent_at))
    return found


def _waiting(now: datetime) -> set[str]:
    """What is put off to a morning that is still to come; at the end nothing waits otherwise."""
    with db.reading() as session:
        left = session.scalars(sa.select(Outbox).where(Outbox.state == "waiting")).all()
        for row in left:
            assert row.next_try_at > now, (row.key, row.next_try_at, row.error)
            assert row.error in {None, "", put_off.PUT_OFF}, (row.key, row.error)
        return {_why(session, row) for row in left}


def _why(session: Session, row: Outbox) -> str:
    """The key of a mail without numbers that only the database can know."""
    if row.instead_of:
        return f"instead of {_why(session, session.get_one(Outbox, row.instead_of))}"
    kind, _, rest = row.key.partition(":")
    if kind == "invitation":
        return f"invitation:{row.person_id}"
    if row.notice == ASKED:
        return f"succession:{row.review_id}:{ASKED}:{rest.rpartition(':')[2]}"
    if kind in {"succession", "released"}:
        return f"{kind}:{row.review_id}:{row.notice}:{row.person_id or 0}"
    return row.key


def test_what_arrives_is_exactly_what_the_plan_says(year: Year) -> None:
    year.live()

    assert year.life.taken > 3 * REVIEWS
    assert year.crashes
    numbers = [str(message["Message-ID"]) for message in year.post.arrived]
    assert len(numbers) == len(set(numbers)), "a message came twice"
    sent = Counter(_sent(year.post))
    expected = Counter(told.sent for told in year.model.expected)
    waits = _waiting(year.now)
    planned = {told.key for told in year.model.waiting}
    differ = {
        "sent alone": sorted(sent - expected),
        "planned alone": sorted(expected - sent),
        "waits alone": sorted(waits - planned),
        "planned to wait alone": sorted(planned - waits),
    }
    assert not any(differ.values()), differ

    kinds = Counter(told.key.partition(":")[0] for told in year.model.expected)
    sys.stdout.write(f"{kinds}, pointless {len(year.model.dropped)}, by itself {year.resumed}\n")
    assert kinds["remind"] > REVIEWS
    assert {"escalate", "digest", "step", "invitation", "succession"} <= kinds.keys()
    assert [told for told in year.model.dropped if told.about], "no reminder was in vain"
    assert year.model.checked, "no due date was counted"
    assert year.resumed, "no clock ran again by itself"
