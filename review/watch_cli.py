"""`uncac-review watch`: looks whether everything runs, where no worker is left to do it.

It needs the database, and the mail server to tell of what it finds; neither scheduler nor workers
nor broker.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from review.services.incidents import Watched
    from review.settings import Settings

_BROKEN: Final = 1
_EVERY: Final = 60


def register(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], connect: Callable[[], Settings]
) -> None:
    """Add the command ``watch``; ``connect`` connects the process to the database."""
    text = "Look every minute whether everything runs; tell the administrators once where not"
    watch = commands.add_parser(
        "watch",
        help=text,
        description=f"{text}. Where no worker is left to send that mail, it is sent from here.",
    )
    watch.add_argument(
        "--once",
        action="store_true",
        help="one look, for cron: 0 where everything runs, 1 where something does not",
    )
    watch.add_argument(
        "--from-now",
        action="store_true",
        help="no look: what was stopped on purpose until now is no incident",
    )
    watch.set_defaults(action=lambda given: _watch(given, connect()))


def _watch(given: argparse.Namespace, settings: Settings) -> int:
    from review import links, seals

    if given.from_now:
        return _from_now(settings)
    links.set_base(settings.base_url)
    seals.set_key(settings.secret_key)
    return _once(settings) if given.once else _on(settings)


def _from_now(settings: Settings) -> int:
    from review import clock, db, tasks
    from review.services import heartbeats

    with db.transaction() as session:
        heartbeats.expect_anew(session, tasks.jobs(settings), clock.now())
    return 0


def _once(settings: Settings) -> int:
    seen = _look(settings)
    for one in seen.broken:
        measured = one.measured
        print(" ".join(filter(None, ("BAD", one.rule.key, measured.subject))))
    if not seen.broken:
        print("Everything runs.")
    return _BROKEN if seen.broken else 0


def _on(settings: Settings) -> int:
    """Look until somebody ends it; first when whatever starts with this process has begun."""
    from sqlalchemy.exc import OperationalError

    time.sleep(settings.watch_scheduler_seconds)
    while True:
        try:
            seen = _look(settings)
        except OperationalError as problem:
            print(f"the database is away ({type(problem).__name__})", flush=True)
        else:
            for one in seen.broken if seen.opened else ():
                print(f"BAD {one.rule.key} {one.measured.subject}".strip(), flush=True)
            if seen.closed:
                print(f"over: {seen.closed}", flush=True)
        time.sleep(_EVERY)


def _look(settings: Settings) -> Watched:
    from review import clock, tasks
    from review.services import incidents

    tasks.use(settings)
    jobs = tasks.jobs(settings)
    seen = incidents.watch(settings, jobs, now=clock.now(), machine=clock.machine)
    tasks.tell_of_incidents(seen)
    return seen
