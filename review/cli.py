"""`uncac-review`: the command line. Thin: each command calls what does the work.

Settings come from the environment. Beside a running `uncac-review run` of the same data folder a
command uses the settings of that run for what the environment does not name.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Never

from review import lots_cli, reminders_cli, watch_cli

if TYPE_CHECKING:
    from review.settings import Settings
    from review.stack import Folder

_FAILED: Final = 1
_UNUSABLE: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command. 0: done; 1: it failed; 2: a setting or an argument is unusable."""
    given = _parser().parse_args(arguments)
    action: Callable[[argparse.Namespace], int] = given.action
    try:
        return action(given)
    except KeyboardInterrupt:
        return 130
    except Exception as problem:
        status = _expected(problem)
        if status is None:
            raise
        print(f"uncac-review: {_sentence(problem)}", file=sys.stderr)
        return status


def _expected(problem: Exception) -> int | None:
    """The exit status of a problem that one line explains; None for a fault of the program."""
    from sqlalchemy.exc import OperationalError

    from review.embedded import EmbeddedServerError
    from review.settings import SettingsError
    from review.stack import StackError

    if isinstance(problem, SettingsError):
        return _UNUSABLE
    expected = (StackError, EmbeddedServerError, OperationalError, OSError)
    return _FAILED if isinstance(problem, expected) else None


def _sentence(problem: Exception) -> str:
    cause = getattr(problem, "orig", None)
    return str(cause).strip().splitlines()[0] if cause else str(problem)


def _run(given: argparse.Namespace) -> int:  # noqa: ARG001
    from review import stack

    stack.run(os.environ, lambda line: print(line, flush=True))
    return 0


def _reset(given: argparse.Namespace) -> int:  # noqa: ARG001
    folder = _folder()
    folder.reset()
    print(f"The data in {folder.path} is thrown away.")
    return 0


def _serve(given: argparse.Namespace) -> int:  # noqa: ARG001
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    settings = _settings()
    Granian(
        "review.app:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        workers=settings.web_workers,
        blocking_threads=4,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        log_level=LogLevels(settings.log_level.lower()),
    ).serve()
    return 0


def _worker(given: argparse.Namespace) -> int:
    quiet = ["--without-gossip", "--without-mingle"]
    _become_celery("worker", "-P", "threads", "-c", str(given.concurrency), *quiet)


def _beat(given: argparse.Namespace) -> int:  # noqa: ARG001
    schedule = _settings().data_dir / "beat-schedule"
    schedule.parent.mkdir(parents=True, exist_ok=True)
    _become_celery("beat", "--schedule", str(schedule), "--pidfile", "")


def _migrate(given: argparse.Namespace) -> int:  # noqa: ARG001
    from review import schema

    url = _settings().database_url
    before = schema.revision(url)
    schema.upgrade(url)
    after = schema.revision(url)
    if before == after:
        print(f"The tables are up to date ({after}).")
    else:
        print(f"The tables are now those of {after}.")
    return 0


def _seed(given: argparse.Namespace) -> int:
    settings = _connected()
    if given.administrator:
        return _begin(given.administrator)
    if not settings.demonstration:
        print(
            "uncac-review: say --administrator ADDRESS to begin a real installation,"
            " or set DEMONSTRATION=1 to load the demonstration",
            file=sys.stderr,
        )
        return _UNUSABLE
    return _demonstrate(settings)


def _begin(address: str) -> int:
    """States, cycles and an invitation for the first administrator."""
    from review import clock, db
    from review.services import bootstrap
    from review.services.accounts import AccountError

    try:
        with db.transaction() as session:
            invited = bootstrap.begin(session, address, now=clock.now())
    except AccountError as refused:
        print(f"uncac-review: {address}: {refused}", file=sys.stderr)
        return _UNUSABLE
    print("States and cycles are loaded.")
    if invited:
        print(f"The worker sends an invitation to {address}.")
    else:
        print("There is an administrator already; nobody was invited.")
    return 0


def _demonstrate(settings: "Settings") -> int:
    from review import stack
    from review.services import demonstration

    if demonstration.is_loaded():
        print("The demonstration is there already.")
        return 0
    folder = stack.Folder(settings.data_dir)
    with folder.loading():
        made = demonstration.load(lambda line: print(line, flush=True))
        accounts = [stack.Account(a.role, a.title, a.email, a.password) for a in made]
        folder.keep_accounts(accounts)
    return 0


def _replay(given: argparse.Namespace) -> int:
    from review.services import replay

    def progress(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    with _scratch_database():
        result = replay.play(until=given.until, seed=given.seed, progress=progress)
    print(result.as_json() if given.json else result.as_table())
    return 0


def _check(given: argparse.Namespace) -> int:  # noqa: ARG001
    from review import checks

    settings = _connected()
    print(f"{'ok':4}{'settings':12}complete")
    works = True
    for name, part in checks.run(settings):
        print(f"{'ok' if part.ok else 'BAD':4}{name:12}{part.state}")
        works = works and part.ok
    return 0 if works else _FAILED


def _docs(given: argparse.Namespace) -> int:
    from review import documentation

    folder = Path("docs")
    stale = documentation.stale(folder)
    if given.check:
        for name in stale:
            print(f"uncac-review: docs/{name} is not what the definition says", file=sys.stderr)
        return _FAILED if stale else 0
    documentation.write(folder)
    print("\n".join(f"docs/{name} written" for name in stale) or "docs/ is up to date.")
    return 0


def _folder() -> "Folder":
    from review.stack import Folder

    return Folder(Path(os.environ.get("DATA_DIR") or "var").absolute())


def _settings() -> "Settings":
    from review import settings

    return settings.load({**_folder().environment(), **os.environ})


def _connected() -> "Settings":
    """The settings, with this process connected to the database and set to the clock."""
    from review import clock, db

    settings = _settings()
    clock.set_offset(settings.clock_offset)
    db.connect(settings.database_url)
    return settings


@contextmanager
def _scratch_database() -> Iterator[None]:
    """Connected to an empty database with all tables, which is gone afterwards."""
    from review import db, embedded, schema

    with (
        TemporaryDirectory(prefix="uncac-replay-") as folder,
        embedded.postgres(Path(folder) / "postgres", durable=False) as url,
    ):
        schema.upgrade(url)
        db.connect(url)
        try:
            yield
        finally:
            db.disconnect()


def _become_celery(*arguments: str) -> Never:
    """Turn this process into Celery's own command, so that signals reach it unchanged."""
    from review.settings import as_environment

    settings = _settings()
    environment = {**os.environ, **as_environment(settings)}
    command = [sys.executable, "-m", "celery", "-A", "celery_worker", *arguments]
    command += ["--loglevel", settings.log_level]
    os.execve(sys.executable, command, environment)  # noqa: S606 - no shell is wanted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="uncac-review",
        description="Country reviews of the UN Convention against Corruption.",
        epilog="Settings come from the environment; `uncac-review check` says what is missing.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str, action: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=f"{text}.")
        one.set_defaults(action=action)
        return one

    command("run", _run, "Start everything on this machine, with what it lacks; Ctrl-C stops it")
    command("serve", _serve, "Serve the pages")
    worker = command("worker", _worker, "Send mail and do what else waits in the queue")
    worker.add_argument("--concurrency", type=int, default=2, help="threads (default: 2)")
    command("beat", _beat, "Give the hours: sweeps, reminders, digests; one is enough")
    command("migrate", _migrate, "Bring the tables to the state that this version needs")
    seed = command("seed", _seed, "Load the demonstration, or begin a real installation")
    seed.add_argument(
        "--administrator",
        metavar="ADDRESS",
        help="load States and cycles only, and invite this administrator by e-mail",
    )
    replay = command(
        "replay", _replay, "Play the first cycle on a virtual clock, in a database of its own"
    )
    replay.add_argument(
        "--until",
        type=_date,
        default=date(2013, 5, 24),
        metavar="YYYY-MM-DD",
        help="the last day (default: 2013-05-24)",
    )
    replay.add_argument(
        "--seed", type=int, default=1, help="of the simulated durations (default: 1)"
    )
    replay.add_argument("--json", action="store_true", help="for programs instead of for people")
    command("check", _check, "Say what of this system works, a line each")
    docs = command("docs", _docs, "Write docs/ from the definition of the process")
    docs.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale")
    lots_cli.register(commands, _connected)
    reminders_cli.register(commands, _connected)
    watch_cli.register(commands, _connected)
    command("reset", _reset, "Throw away the data folder of `run`")
    return parser


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it as 2013-05-24") from None


if __name__ == "__main__":
    sys.exit(main())
