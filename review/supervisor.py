"""Keeps several programs running under one foreground process, and ends them all together."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from review.processes import Running, die_with_parent, wait_until

LARGEST_LOG: Final = 5 * 1024 * 1024
_LONGEST_PAUSE: Final = 30.0
_SURE_SECONDS: Final = 2.0
"""A program that runs so long has come up; one that cannot ends sooner."""
_STEADY_SECONDS: Final = 60.0
"""A program that ran so long has recovered: its next failure is a first one again."""


class Stoppable(Protocol):
    """What a start function gives back: a process that can be asked to end."""

    def is_running(self) -> bool:
        """Whether it is there."""

    def ask(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it, and what it has started, by force."""


_Started = TypeVar("_Started", bound=Stoppable)


@dataclass(slots=True)
class Part:
    """One supervised program: how to start it, and what became of it."""

    name: str
    start: Callable[[], Stoppable]
    log: Path
    is_server: bool
    """Others use it: it stops after them."""
    running: Stoppable | None = None
    failures: int = 0
    is_awaited: bool = False
    """It was said to be down, and not yet that it is back."""
    started_at: float = 0.0
    start_again_at: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Starts parts in order, starts a dead one again, stops them in the opposite order."""

    say: Callable[[str], None]
    _parts: list[Part] = field(default_factory=list)

    def add(
        self, name: str, start: Callable[[], _Started], log: Path, *, is_server: bool = False
    ) -> _Started:
        """Start a program and watch it from now on. What `start` raises goes to the caller."""
        keep_small(log)
        running = start()
        self._parts.append(Part(name, start, log, is_server, running, started_at=time.monotonic()))
        return running

    def is_running(self, name: str) -> bool:
        """Whether the program of this name is there."""
        return any(
            p.running is not None and p.running.is_running() for p in self._parts if p.name == name
        )

    def watch(self) -> None:
        """One look at every part: start again what has died, and keep the logs small."""
        for part in self._parts:
            if part.running is None:
                self._revive(part)
            elif not part.running.is_running():
                self._mourn(part)
            elif part.is_awaited and time.monotonic() - part.started_at > _SURE_SECONDS:
                part.is_awaited = False
                self.say(f"{part.name} runs again")
            keep_small(part.log)

    def stop(self) -> None:
        """End everything within 10 s: programs first, all at once, then their servers."""
        for is_server, seconds in ((False, 5.0), (True, 3.0)):
            there = [p.running for p in self._parts if p.is_server is is_server and p.running]
            for running in there:
                running.ask()
            wait_until(partial(_all_gone, there), seconds)
            for running in there:
                running.kill()
        self._parts.clear()

    def _mourn(self, part: Part) -> None:
        if part.running is not None:
            part.running.kill()  # what it left behind in its group
            if time.monotonic() - part.started_at > _STEADY_SECONDS:
                part.failures = 0
        part.failures += 1
        pause = min(2.0 ** (part.failures - 1), _LONGEST_PAUSE)
        part.running, part.start_again_at = None, time.monotonic() + pause
        part.is_awaited = True
        self.say(f"{part.name} is down and starts again in {pause:.0f} s; see {part.log}")

    def _revive(self, part: Part) -> None:
        if time.monotonic() < part.start_again_at:
            return
        try:
            part.running, part.started_at = part.start(), time.monotonic()
        except Exception as problem:  # noqa: BLE001 - whatever it was, the others go on
            self.say(str(problem))
            self._mourn(part)


def _all_gone(processes: Sequence[Stoppable]) -> bool:
    return not any(process.is_running() for process in processes)


def program(
    command: Sequence[str], environment: Mapping[str, str], log: Path | None = None
) -> Running:
    """Start a program in a process group of its own.

    What it prints goes to its log, without one to where the output of this process goes.
    """
    with log.open("ab") if log is not None else nullcontext() as output:
        child = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - one call into libc
        )
    return Running(child.pid, child=child)


def keep_small(log: Path) -> None:
    """Move a log that has grown large aside, once; its writer goes on at the beginning."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)


def last_line(log: Path) -> str:
    """The last line of a log, for the message about why a program ended."""
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it left no word"
