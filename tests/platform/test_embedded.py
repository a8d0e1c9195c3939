"""The servers that come in wheels: they start, keep their data, end, and fail in one line."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from redis import Redis

from review import embedded
from review.embedded import EmbeddedServerError
from review.processes import is_alive, wait_until


def query(url: str, statement: str) -> object:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        result = connection.execute(sa.text(statement))
        value = result.scalar() if result.returns_rows else None
    engine.dispose()
    return value


def test_postgres_keeps_its_rows_over_a_restart_and_speaks_utc(tmp_path: Path) -> None:
    with embedded.postgres(tmp_path / "postgres") as url:
        query(url, "create table kept as select 'ÄЖ法' as word")
        assert query(url, "show timezone") == "UTC"
        assert query(url, "show fsync") == "on"
    with embedded.postgres(tmp_path / "postgres", durable=False) as url:
        assert query(url, "select word from kept") == "ÄЖ法"
        assert query(url, "show fsync") == "off"


def test_postgres_runs_in_a_folder_too_deep_for_a_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    server = embedded.start_postgres(deep, durable=False)
    try:
        assert query(server.url, "select 1") == 1
        assert server.socket_dir is not None
    finally:
        server.stop()
    assert not server.socket_dir.exists()


def test_redis_keeps_what_is_queued_and_its_address(tmp_path: Path) -> None:
    with embedded.redis(tmp_path / "redis") as first, Redis.from_url(first) as client:
        client.lpush("queue", "reminder")
    with embedded.redis(tmp_path / "redis") as second, Redis.from_url(second) as client:
        assert client.lrange("queue", 0, -1) == [b"reminder"]
    assert first == second


def test_redis_asks_for_its_password_and_no_process_list_shows_it(tmp_path: Path) -> None:
    with embedded.redis(tmp_path / "redis") as url:
        password = url.split("@")[0].rpartition(":")[2]
        shown = subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
        assert password not in shown
        with Redis.from_url(url.replace(password, "guess")) as client, pytest.raises(Exception):  # noqa: B017, PT011
            client.ping()


STARTER = """
import sys, time
from pathlib import Path
from review import embedded
folder = Path(sys.argv[1])
postgres = embedded.start_postgres(folder / "postgres", durable=False)
redis = embedded.start_redis(folder / "redis")
print(postgres.pid, redis.pid, flush=True)
time.sleep(60)
"""


NEWCOMER = """
import pwd, sys, time
from pathlib import Path
from review.embedded import postgresql
accounts = Path(sys.argv[1])
def getpwnam(name):
    if not (accounts.exists() and name in accounts.read_text()):
        raise KeyError(name)
    return name
def useradd(command):
    time.sleep(0.2)  # time enough for somebody else to look
    with accounts.open("a") as file:
        print(command[-1], file=file)
pwd.getpwnam, postgresql._run = getpwnam, useradd
postgresql._made_once()
"""


def test_servers_that_start_at_once_on_a_new_machine_make_one_user(tmp_path: Path) -> None:
    accounts = tmp_path / "passwd"
    command = [sys.executable, "-c", NEWCOMER, str(accounts)]
    starting = [subprocess.Popen(command) for _ in range(3)]
    assert [one.wait(timeout=60) for one in starting] == [0, 0, 0]
    assert len(accounts.read_text().splitlines()) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ties them together")
def test_servers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(is_alive(pid) for pid in pids)
        parent.kill()
    assert wait_until(lambda: not any(is_alive(pid) for pid in pids), 10)


def test_a_server_left_over_is_taken_over_or_stopped(tmp_path: Path) -> None:
    postgres = embedded.start_postgres(tmp_path / "postgres", durable=False)
    redis = embedded.start_redis(tmp_path / "redis")
    assert embedded.start_postgres(tmp_path / "postgres").pid == postgres.pid
    assert embedded.start_redis(tmp_path / "redis").pid == redis.pid
    embedded.stop_left_over(tmp_path / "postgres", tmp_path / "redis")
    # A process of several threads is gone for others a moment before its parent can wait for it.
    assert wait_until(lambda: not postgres.is_running(), 10)
    assert wait_until(lambda: not redis.is_running(), 10)


def test_a_record_of_a_process_that_is_somebody_else_does_not_block(tmp_path: Path) -> None:
    with embedded.postgres(tmp_path / "postgres", durable=False):
        record = (tmp_path / "postgres" / "postmaster.pid").read_text().splitlines()
    stale = "\n".join([str(os.getpid()), *record[1:]])
    (tmp_path / "postgres" / "postmaster.pid").write_text(stale + "\n")
    with embedded.postgres(tmp_path / "postgres", durable=False) as url:
        assert query(url, "select 1") == 1


def test_a_broken_database_folder_fails_in_one_line_that_names_the_way_out(tmp_path: Path) -> None:
    with embedded.postgres(tmp_path / "postgres", durable=False):
        pass
    (tmp_path / "postgres" / "postgresql.conf").write_text("nonsense = 1\n")
    began = time.monotonic()
    with pytest.raises(EmbeddedServerError) as caught:
        embedded.start_postgres(tmp_path / "postgres")
    assert time.monotonic() - began < 10
    assert "\n" not in str(caught.value)
    assert "DATABASE_URL" in str(caught.value)


def test_a_file_where_the_folder_should_be_fails_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    for start, variable in (
        (embedded.start_postgres, "DATABASE_URL"),
        (embedded.start_redis, "REDIS_URL"),
    ):
        with pytest.raises(EmbeddedServerError) as caught:
            start(tmp_path / "taken")
        assert variable in str(caught.value)
        assert "\n" not in str(caught.value)
