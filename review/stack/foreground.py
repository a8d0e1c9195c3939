"""The foreground process: starts everything in order, watches it, and ends it."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Final, Never
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from review import embedded
from review.processes import free_port
from review.stack.composition import Plan, environment, plan, python
from review.stack.folder import Folder, StackError
from review.supervisor import Supervisor, last_line, program

_READY_SECONDS: Final = 60.0
_LOOK_EVERY_SECONDS: Final = 0.25
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked this process to end."""


def run(given: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Run everything until SIGINT, SIGTERM or SIGHUP, then end everything within 10 s.

    Raises SettingsError, StackError, EmbeddedServerError; nothing is left running then.
    """
    planned = plan(given)
    folder = Folder(planned.checked.data_dir)
    supervisor = Supervisor(say)
    with folder.held(), _signals_raise():
        try:
            _start(planned, folder, supervisor, say)
            while True:
                supervisor.watch()
                time.sleep(_LOOK_EVERY_SECONDS)
        except Stopped:
            say("Stopping …")
        finally:
            _signals_wait()
            supervisor.stop()
    say("Stopped. The data is kept; `make run` goes on with it, `make reset` throws it away.")


def _start(
    planned: Plan, folder: Folder, supervisor: Supervisor, say: Callable[[str], None]
) -> None:
    embedded.stop_left_over(folder.postgres, folder.redis)
    folder.forget_unfinished()
    composed = environment(planned, folder, _servers(planned, folder, supervisor, say))
    folder.keep_environment(composed)
    _complete("migrate", composed, folder)
    if planned.checked.demonstration:
        _complete("seed", composed, folder)
    _complete("watch --from-now", composed, folder)  # nobody missed the jobs until now
    for name in _COMMANDS:
        log = folder.log(name)
        command = python("-m", "review.cli", _COMMANDS[name])
        supervisor.add(name, partial(program, command, composed, log), log)
    _until_pages_answer(composed, folder, supervisor)
    _introduce(composed, folder, say)


_COMMANDS: Final = {"web": "serve", "worker": "worker", "scheduler": "beat", "watch": "watch"}


def _servers(
    planned: Plan, folder: Folder, supervisor: Supervisor, say: Callable[[str], None]
) -> dict[str, str]:
    """Start what the environment does not name; gives the addresses of what was started."""
    addresses: dict[str, str] = {}
    if not planned.is_given("DATABASE_URL"):
        say("Starting PostgreSQL")
        start = partial(embedded.start_postgres, folder.postgres)
        log = folder.postgres / "server.log"
        addresses["DATABASE_URL"] = supervisor.add("PostgreSQL", start, log, is_server=True).url
    if not planned.is_given("REDIS_URL"):
        say("Starting Redis")
        start = partial(embedded.start_redis, folder.redis)
        log = folder.redis / "server.log"
        addresses["REDIS_URL"] = supervisor.add("Redis", start, log, is_server=True).url
    if not planned.is_given("SMTP_URL"):
        say("Starting the mailbox")
        addresses |= _mailbox(planned, folder, supervisor)
    return addresses


def _mailbox(planned: Plan, folder: Folder, supervisor: Supervisor) -> dict[str, str]:
    smtp_port, log = free_port(), folder.log("mailbox")
    command = python("-m", "review.mailbox", "--folder", str(folder.mailbox))
    ports = ["--smtp-port", str(smtp_port), "--web-port", str(planned.mailbox_port)]
    home = ["--home", planned.checked.base_url]
    supervisor.add("mailbox", partial(program, [*command, *ports, *home], planned.given, log), log)
    return {
        "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        "MAILBOX_URL": f"http://127.0.0.1:{planned.mailbox_port}",
    }


def _complete(command: str, composed: Mapping[str, str], folder: Folder) -> None:
    """Run one command of ours to its end, in sight. Raises StackError when it fails."""
    running = program(python("-m", "review.cli", *command.split()), composed)
    try:
        while running.is_running():
            time.sleep(0.05)
    finally:
        running.stop()
    if running.child is not None and running.child.returncode:
        raise StackError(f"`uncac-review {command}` did not succeed; the data is in {folder.path}.")


def _until_pages_answer(
    composed: Mapping[str, str], folder: Folder, supervisor: Supervisor
) -> None:
    end = time.monotonic() + _READY_SECONDS
    while not _answers(f"{_local(composed)}/health"):
        if not supervisor.is_running("web") or time.monotonic() > end:
            log = folder.log("web")
            raise StackError(f"The pages do not come up: {last_line(log)} (see {log})")
        time.sleep(0.1)


def _local(composed: Mapping[str, str]) -> str:
    host = composed["HOST"]
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared only
    return f"http://{reached}:{composed['PORT']}"


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):  # noqa: S310 - an address of this machine, made above
            return True
    except HTTPError:
        return True  # it answers, though something behind it is not ready yet
    except (URLError, OSError):
        return False


def _introduce(composed: Mapping[str, str], folder: Folder, say: Callable[[str], None]) -> None:
    say("")
    say(f"Country reviews   {composed['BASE_URL']}")
    if composed["MAILBOX_URL"]:
        say(f"Local mailbox     {composed['MAILBOX_URL']}")
    if accounts := folder.accounts():
        title = max(len(account.title) for account in accounts)
        email = max(len(account.email) for account in accounts)
        say("")
        say("Accounts of the demonstration: whose, e-mail, password")
        for account in accounts:
            say(f"  {account.title:{title}}  {account.email:{email}}  {account.password}")
    say("")
    say(f"Ctrl-C stops everything. Data and logs: {folder.path}")


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Inside, the first signal raises Stopped wherever the process is; later ones are ignored."""

    def stop(number: int, frame: FrameType | None) -> Never:  # noqa: ARG001
        _signals_wait()
        raise Stopped

    earlier = {one: signal.signal(one, stop) for one in _SIGNALS}
    try:
        yield
    finally:
        for one, handler in earlier.items():
            signal.signal(one, handler)


def _signals_wait() -> None:
    for one in _SIGNALS:
        signal.signal(one, signal.SIG_IGN)
