"""The supervisor: a dead program comes back, a stubborn one is ended, a log stays small."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from review import supervisor
from review.embedded import EmbeddedServerError
from review.processes import Running, is_alive, wait_until
from review.supervisor import Supervisor, program

SLEEPER = "import time; time.sleep(60)"
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def start(code: str, log: Path) -> Running:
    return program([sys.executable, "-c", code], os.environ, log)


def test_a_program_that_dies_is_started_again_and_said_in_one_line(tmp_path: Path) -> None:
    said: list[str] = []
    watched, log = Supervisor(said.append), tmp_path / "sleeper.log"
    started: list[Running] = []

    def sleeper() -> Running:
        started.append(start(SLEEPER, log))
        return started[-1]

    try:
        first = watched.add("sleeper", sleeper, log)
        os.kill(first.pid, signal.SIGKILL)
        wait_until(lambda: not first.is_running(), 5)
        watched.watch()
        assert not watched.is_running("sleeper")
        assert wait_until(lambda: _look(watched) or "sleeper runs again" in said, 8)
        assert len(started) == 2
        assert watched.is_running("sleeper")
    finally:
        watched.stop()
    assert said == [
        f"sleeper is down and starts again in 1 s; see {log}",
        "sleeper runs again",
    ]
    assert not any(is_alive(one.pid) for one in started)


def _look(watched: Supervisor) -> bool:
    watched.watch()
    return False


def test_a_program_that_cannot_come_back_is_tried_more_and_more_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    watched, log = Supervisor(said.append), tmp_path / "server.log"
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    first = start("pass", log)
    attempts = iter([first])

    def server() -> Running:
        try:
            return next(attempts)
        except StopIteration:
            raise EmbeddedServerError("no room") from None

    watched.add("server", server, log)
    assert first.child is not None
    first.child.wait(timeout=10)
    for seconds in range(200):
        now[0] = float(seconds)
        watched.watch()
    pauses = [int(line.split()[7]) for line in said if "starts again" in line]
    assert pauses[:7] == [1, 2, 4, 8, 16, 30, 30]
    assert set(pauses[6:]) == {30}
    assert said.count("no room") == len(pauses) - 1


def test_stop_ends_a_stubborn_program_and_what_it_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, log = Supervisor(lambda line: None), tmp_path / "stubborn.log"
    running = watched.add("stubborn", lambda: start(STUBBORN, log), log)
    assert wait_until(lambda: log.read_text().endswith("\n"), 10)
    grandchild = int(log.read_text())
    began = time.monotonic()
    watched.stop()
    assert time.monotonic() - began < 9
    assert wait_until(lambda: not is_alive(running.pid) and not is_alive(grandchild), 2)


def test_servers_stop_after_the_programs_that_use_them(tmp_path: Path) -> None:
    ended: list[str] = []

    class Fake:
        def __init__(self, name: str) -> None:
            self.name, self.there = name, True

        def is_running(self) -> bool:
            return self.there

        def ask(self) -> None:
            self.there = False
            ended.append(self.name)

        def kill(self) -> None:
            self.there = False

    watched = Supervisor(lambda line: None)
    watched.add("database", lambda: Fake("database"), tmp_path / "a", is_server=True)
    watched.add("web", lambda: Fake("web"), tmp_path / "b")
    watched.stop()
    assert ended == ["web", "database"]


def test_a_log_that_has_grown_large_is_moved_aside_while_its_writer_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "LARGEST_LOG", 10)
    log = tmp_path / "web.log"
    with log.open("a") as writer:
        writer.write("a long first line\n")
        writer.flush()
        supervisor.keep_small(log)
        writer.write("next\n")
    assert log.read_text() == "next\n"
    assert log.with_suffix(".log.1").read_text() == "a long first line\n"
