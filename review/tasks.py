"""Work in the background: the Celery application, its hours, and tasks of a few lines.

What is to be done stands in the database; a task only says "look". A message that the broker loses
costs a minute, one that it delivers twice costs nothing. So nothing here has an eta or a result.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Collection
from datetime import timedelta
from functools import cache
from typing import Final

from celery import Celery, Task, signals
from kombu import Connection, pools
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from review import clock, db, links, schedule, seals, settings
from review.mail import returned
from review.mail.render import written_notices
from review.mail.return_path import ReturnPath
from review.mail.transport import Smtp
from review.services import (
    bounces,
    clock_ends,
    delivery,
    digest,
    heartbeats,
    incidents,
    invitations,
    preparing,
    reminders,
    succession_asking,
    succession_sweep,
)
from review.services.heartbeats import Job
from review.services.incidents import Watched
from review.services.setbacks import Incomplete, Setbacks
from review.settings import Settings, SettingsError
from workflows.registry import check_notices
from workflows.spec import DefinitionError

QUIET_SECONDS: Final = 30.0
"""After a failed nudge, no other is tried so long: the beat delivers meanwhile."""
_log = logging.getLogger(__name__)
app = Celery("uncac-review")


_chosen: Settings | None = None
_quiet_until = 0.0


def use(chosen: Settings) -> None:
    """Work with these settings from now on, instead of those of the environment."""
    global _chosen  # noqa: PLW0603 - a process has one broker
    _chosen = chosen
    app.conf.update(schedule.configuration(chosen))
    _wire.cache_clear()


def _settings() -> Settings:
    global _chosen  # noqa: PLW0603 - a process has one broker
    if _chosen is None:
        _chosen = settings.load(os.environ)
    return _chosen


app.add_defaults(lambda: schedule.configuration(_settings()))


def jobs(chosen: Settings) -> tuple[Job, ...]:
    """What the scheduler is to start again and again, and how often: whatever the beat table has.

    Each of these jobs is watched, also one that was added a moment ago.
    """
    return tuple(
        Job(_name(entry["task"]), timedelta(seconds=entry["schedule"]))
        for entry in schedule.configuration(chosen)["beat_schedule"].values()
    )


def _name(task: str) -> str:
    return task.rpartition(".")[2]


@signals.worker_init.connect
@signals.worker_process_init.connect
def start(sender: object = None, **_: object) -> None:
    """Make this process ready for its first task; also each child of a worker that forks.

    Ends the process where a setting is unusable or a notice has no words.
    """
    global _lanes  # noqa: PLW0603 - a process has its threads
    threads = getattr(sender, "concurrency", None)
    _lanes = threading.Semaphore(max(1, threads - 1 if isinstance(threads, int) else 1))
    try:
        chosen = _settings()
        check_notices(written_notices())
    except (SettingsError, DefinitionError) as problem:
        raise SystemExit(str(problem)) from problem
    clock.set_offset(chosen.clock_offset)
    links.set_base(chosen.base_url)
    seals.set_key(chosen.secret_key)
    db.connect(chosen.database_url)


@signals.beat_init.connect
def begin(**_: object) -> None:
    """Do everything once when the scheduler starts, instead of waiting for the first hour."""
    for entry in schedule.configuration(_settings())["beat_schedule"].values():
        _publish(app.tasks[entry["task"]])


_began: dict[str, float] = {}
"""When each run in this process began, by the number of its message."""


@signals.task_prerun.connect
def note_begin(task_id: str, task: Task[[], None], **_: object) -> None:
    """Note in the database that a job begins."""
    _began[task_id] = time.monotonic()
    try:
        with db.transaction() as session:
            heartbeats.begun(session, _name(task.name), clock.now())
    except SQLAlchemyError as problem:
        _log.warning("no sign of life of %s: %s", task.name, type(problem).__name__)


@signals.task_postrun.connect
def note_end(task_id: str, task: Task[[], None], retval: object = None, **_: object) -> None:
    """Note how long a job took and, where it failed, with what kind of error; never its text."""
    seconds = time.monotonic() - _began.pop(task_id, time.monotonic())
    failure = type(retval).__name__ if isinstance(retval, BaseException) else None
    if isinstance(retval, Incomplete):
        failure = str(retval)  # the kinds of errors that it went on after
    try:
        with db.transaction() as session:
            heartbeats.ended(session, _name(task.name), clock.now(), seconds, failure)
    except SQLAlchemyError as problem:
        _log.warning("no sign of life of %s: %s", task.name, type(problem).__name__)


def nudge() -> bool:
    """Ask a worker to send what has just been written; False if nobody was reached.

    Never fails, and takes half a second at most: without a broker the mails leave with the next
    beat, and for a while nobody else waits for it either.
    """
    global _quiet_until  # noqa: PLW0603 - about this process alone
    if time.monotonic() < _quiet_until:
        return False
    reached = _publish(deliver)
    if not reached:
        _quiet_until = time.monotonic() + QUIET_SECONDS
    return reached


def _publish(task: Task[[], None]) -> bool:
    try:
        with pools.producers[_wire()].acquire(block=True, timeout=0.5) as producer:
            task.apply_async(producer=producer, retry=False, expires=60)
    except (OperationalError, RedisError, OSError) as problem:
        _log.warning("the broker is away, this waits for the next beat: %s", problem)
        return False
    return True


@cache
def _wire() -> Connection:
    """A connection to the broker that gives up soon, for those who must not wait."""
    quick = {"max_retries": 0, "socket_connect_timeout": 0.25, "socket_timeout": 0.25}
    return app.connection_for_write(_settings().redis_url, transport_options=quick)


_lanes = threading.Semaphore(1)
"""So many threads of this process send at once. One is left for everything else: a mail server that
is slow, with many nudges in the queue, must not hold up the reminders."""
_asked_meanwhile = threading.Event()


@app.task
def deliver() -> None:
    """Send the mails that are due, unless as many threads as may do so are at it."""
    lanes = _lanes
    if not lanes.acquire(blocking=False):
        _asked_meanwhile.set()
        return
    try:
        _asked_meanwhile.clear()
        done = _drain()
    finally:
        lanes.release()
    if done.more or _asked_meanwhile.is_set():  # what was written meanwhile may be overlooked
        nudge()


def _drain(notices: Collection[str] = ()) -> delivery.Round:
    chosen = _settings()
    with Smtp(chosen.smtp_url) as transport:
        return delivery.drain(
            transport,
            sender=chosen.mail_from,
            path=_return_path(chosen),
            a_minute=chosen.domain_mails_a_minute,
            notices=notices,
        )


def tell_of_incidents(seen: Watched) -> int:
    """Get the mails about incidents away; how many this process has sent.

    The workers send them. Where what was seen says that they do not, it is done here: the lock of
    each row lets one of both send it.
    """
    if seen.opened or seen.closed:
        nudge()
    return _drain(incidents.NOTICES).sent if seen.nobody_sends else 0


def _return_path(chosen: Settings) -> ReturnPath:
    return ReturnPath(chosen.bounce_domain, chosen.secret_key)


@app.task(throws=(returned.MailboxAway,))
def read_reports() -> None:
    """Read what has come back to the mailbox of reports, if there is one; each in a transaction."""
    chosen = _settings()
    if not chosen.imap_url:
        return

    def take(raw: bytes) -> None:
        with db.transaction() as session:
            bounces.take(session, raw, path=_return_path(chosen), now=clock.now())

    if returned.each(chosen.imap_url, take):
        nudge()


@app.task(throws=(Incomplete,))
def remind() -> None:
    """Write the reminders whose moment has come, a batch a transaction."""
    found = Setbacks()
    while True:
        with db.transaction() as session:
            if reminders.sweep(session, clock.now(), setbacks=found) < reminders.BATCH:
                break
    nudge()
    found.end()


@app.task(throws=(Incomplete,))
def prepare_reminders() -> None:
    """Decide ahead what the sweeps of the next two days will write, a batch a transaction."""
    found = Setbacks()
    while True:
        with db.transaction() as session:
            if preparing.prepare(session, clock.now(), setbacks=found) < reminders.BATCH:
                break
    found.end()


@app.task(throws=(Incomplete,))
def write_digests() -> None:
    """Write the digests whose hour has come."""
    found = Setbacks()
    with db.transaction() as session:
        digest.write(session, clock.now(), found)
    found.end()


@app.task
def resume_reviews() -> None:
    """Let the clocks run again whose stop is over."""
    if clock_ends.resume_ended(clock.now):
        nudge()


@app.task(throws=(Incomplete,))
def look_for_successions() -> None:
    """Write down which offices may have to change hands, and ask their States, also once more."""
    found, now = Setbacks(), clock.now()
    with db.transaction() as session:
        begun = succession_sweep.look(session, now, found)
        asked = succession_asking.ask_again(session, now, found)
    if begun + asked:
        nudge()
    found.end()


@app.task(throws=(Incomplete,))
def look_for_expired_invitations() -> None:
    """Tell those who look after a review whose invitation has expired unused."""
    found = Setbacks()
    with db.transaction() as session:
        told = invitations.tell_of_expired(session, clock.now(), found)
    if told:
        nudge()
    found.end()


@app.task
def give_sign_of_life() -> None:
    """Show that beat, broker, worker and database work together: that it runs is the sign."""
    with db.reading() as session:
        session.connection()


@app.task
def keep_watch() -> None:
    """Look whether everything runs; open and close incidents. `uncac-review watch` does the same
    where no worker is left to do it."""
    chosen = _settings()
    seen = incidents.watch(chosen, jobs(chosen), now=clock.now(), machine=clock.machine)
    if seen.opened or seen.closed:
        nudge()
