"""Small things about processes, ports and private files, for those who start servers."""

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def die_with_parent(sign: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """What a child calls before it starts, so that it gets `sign` when its parent is gone.

    None where the system has no such thing (only Linux has it): a child there outlives a killed
    parent. The kernel ties the child's life to the thread that starts it: use the main one.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0)


def is_alive(pid: int) -> bool:
    """Whether a process of this number runs, whoever owns it; a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return not sys.platform.startswith("linux")


def wait_until(happened: Callable[[], bool], seconds: float) -> bool:
    """Ask `happened` again and again; whether it came true within so many seconds."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on this port now. Raises OSError for a host of elsewhere."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise
            return False
    return True


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; what stood there is replaced at once."""
    fresh = path.with_name(f".{path.name}.new")
    opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "w") as file:
        file.write(text)
    fresh.replace(path)


@dataclass(slots=True)
class Running:
    """A started process, ours or one that an earlier run left over, and how to end it."""

    pid: int
    stop_signal: signal.Signals = signal.SIGTERM
    child: subprocess.Popen[bytes] | None = None

    def is_running(self) -> bool:
        """Whether the process is there."""
        if self.child is not None:
            return self.child.poll() is None
        return is_alive(self.pid)

    def ask(self) -> None:
        """Ask the process to end."""
        if self.is_running():
            os.kill(self.pid, self.stop_signal)

    def kill(self) -> None:
        """End the process and what it has started; they lead a process group of their own."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        wait_until(lambda: not self.is_running(), 2)

    def stop(self, seconds: float = 5.0) -> None:
        """Ask, wait so long, then end by force."""
        self.ask()
        wait_until(lambda: not self.is_running(), seconds)
        self.kill()
