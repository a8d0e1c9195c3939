"""A whole running system for browser tests: pages, worker, scheduler and mailbox, as `make run`."""

from __future__ import annotations

import email.parser
import email.policy
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

from review import clock
from review.processes import free_port
from review.stack import Folder

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds after which waiting for the system to do something has failed."""


class Running:
    """The running system: its address, its mails, its database."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = Folder(folder)
        self.url = f"http://127.0.0.1:{port}"

    @property
    def settings(self) -> dict[str, str]:
        """The settings with which its programs run."""
        return self.folder.environment()

    def mails(self) -> list[EmailMessage]:
        """Every mail that has arrived, oldest first."""
        files = sorted(self.folder.mailbox.glob("*.eml"))
        parser = email.parser.BytesParser(policy=email.policy.default)
        return [parser.parsebytes(one.read_bytes()) for one in files]

    def mail(self, to: str, containing: str) -> EmailMessage:
        """The latest mail to somebody whose text contains something; waits for it."""

        def found() -> EmailMessage | None:
            for one in self.mails()[::-1]:
                if to in str(one["To"]) and containing in body(one) + str(one["Subject"]):
                    return one
            return None

        mail: EmailMessage = until(found, f"a mail to {to} with {containing!r}")
        return mail


def body(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part else ""


def until(look: Callable[[], T | None], what: str) -> T:
    """Wait until something is there; fails after PATIENCE seconds."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (found := look()) is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE:.0f} s for {what}")


def until_noon() -> timedelta:
    """From now to noon of this day (UTC), when it is the same day nearly everywhere."""
    now = datetime.now(UTC)
    return now.replace(hour=12, minute=0, second=0, microsecond=0) - now


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Start everything with an empty database, and end it. There and here it is noon at first."""
    port, ahead = free_port(), int(until_noon().total_seconds())
    kept = {k: v for k, v in os.environ.items() if not k.endswith("_URL")}
    own = {"DATA_DIR": str(folder), "PORT": str(port), "CLOCK_OFFSET_SECONDS": str(ahead)}
    environment = {**kept, **own, "DEMONSTRATION": "0"}
    clock.set_offset(timedelta(seconds=ahead))
    output = folder.with_suffix(".txt")
    with output.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "review.cli", "run"], env=environment, stdout=said, stderr=said
        )
    try:
        until(
            lambda: True if "Ctrl-C" in output.read_text() or process.poll() is not None else None,
            "the system to come up",
        )
        assert process.poll() is None, output.read_text()
        yield Running(folder, port)
    finally:
        clock.set_offset(timedelta())
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
