"""`uncac-review run`, once for real: up with everything, and down without a trace."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from review.processes import free_port, wait_until

LAST_LINE = "Ctrl-C stops everything."


class Stack:
    """A running `uncac-review run` with its output."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder.with_suffix(".txt")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_URL")},
            "DATA_DIR": str(folder),
            "PORT": str(free_port()),
        }
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "review.cli", "run"],
                env=self.environment,
                stdout=output,
                stderr=output,
            )

    def said(self) -> str:
        return self.output.read_text()

    def until_up(self) -> None:
        def up_or_dead() -> bool:
            return LAST_LINE in self.said() or self.process.poll() is not None

        assert wait_until(up_or_dead, 240), self.said()
        assert self.process.poll() is None, self.said()

    def stop(self) -> float:
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)
        return time.monotonic() - began

    def left(self) -> list[str]:
        """The processes of this stack that are there."""
        mark = f"DATA_DIR={self.folder}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in path.read_bytes():
                    found.append((path.parent / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return found


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("run") / "data")
    try:
        running.until_up()
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def get(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as problem:
        with problem:
            return problem.code, problem.read().decode()


@pytest.mark.slow
def test_it_prints_address_mailbox_and_an_account_for_every_role(stack: Stack) -> None:
    said = stack.said()
    assert f"Country reviews   http://127.0.0.1:{stack.environment['PORT']}\n" in said
    mailbox = re.search(r"Local mailbox     (http://\S+)\n", said)
    assert mailbox
    assert "Nothing leaves this machine" in get(mailbox[1])[1]
    for role in (
        "Secretariat administrator",
        "Review officer",
        "Focal point",
        "expert",
        "Observer",
    ):
        assert role in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_health_answers_with_the_state_of_the_four_parts(stack: Stack) -> None:
    status, text = get(f"http://127.0.0.1:{stack.environment['PORT']}/health")
    report = json.loads(text)
    assert {"database", "broker", "scheduler", "mail"} <= set(report)
    assert report["database"]["ok"]
    assert report["broker"]["ok"]
    assert status in (200, 503)


@pytest.mark.slow
def test_commands_beside_it_use_its_settings(stack: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "review.cli", "check"],
        env=stack.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "ok  tables" in done.stdout
    assert "ok  mail server" in done.stdout


@pytest.mark.slow
def test_a_program_that_is_killed_comes_back(stack: Stack) -> None:
    record = stack.folder / "postgres" / "postmaster.pid"
    before = int(record.read_text().split()[0])
    os.kill(before, signal.SIGKILL)
    assert wait_until(lambda: "PostgreSQL runs again" in stack.said(), 30), stack.said()
    address = f"http://127.0.0.1:{stack.environment['PORT']}/health"
    assert wait_until(lambda: bool(json.loads(get(address)[1])["database"]["ok"]), 30)


@pytest.mark.slow
def test_secrets_in_its_folder_are_private(stack: Stack) -> None:
    for name in ("accounts.json", "secret-key", "environment.json"):
        assert (stack.folder / name).stat().st_mode & 0o077 == 0
    assert (stack.folder / "mailbox").stat().st_mode & 0o077 == 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads the list of processes")
def test_it_stops_within_ten_seconds_without_a_trace_and_goes_on_with_its_data(
    stack: Stack,
) -> None:
    accounts = (stack.folder / "accounts.json").read_text()
    assert stack.left()
    assert stack.stop() < 10
    assert stack.process.returncode == 0
    assert stack.left() == []
    again = Stack(stack.folder)
    try:
        again.until_up()
        assert "The demonstration is there already." in again.said()
        assert (stack.folder / "accounts.json").read_text() == accounts
        again.process.kill()  # the hard way: nothing is left then either
        again.process.wait(timeout=10)
        assert wait_until(lambda: again.left() == [], 15), again.left()
    finally:
        if again.process.poll() is None:
            again.stop()
