"""What both embedded servers share: how they run, how they fail, when they are ready."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from review.processes import Running, wait_until

_READY_SECONDS: Final = 30.0
_VARIABLES: Final = {"PostgreSQL": "DATABASE_URL", "Redis": "REDIS_URL"}


class EmbeddedServerError(Exception):
    """A server of this machine could not be started; the text is one line for people."""


@dataclass(slots=True, kw_only=True)
class Server(Running):
    """One running server, with its address for SQLAlchemy or redis."""

    url: str
    socket_dir: Path | None = None
    """A folder made for this server's socket alone, removed when it stops."""

    def kill(self) -> None:
        """End what is left of the server, and its socket's folder."""
        Running.kill(self)
        if self.socket_dir is not None:
            shutil.rmtree(self.socket_dir, ignore_errors=True)


def no_program(name: str) -> str:
    """What to say where the wheel of a server does not exist for this machine."""
    return f"There is no {name} for this machine among the packages; set {_VARIABLES[name]}."


def cannot_start(name: str, problem: object) -> str:
    """What to say when a server does not come up, with the way out."""
    return f"{name} could not be started: {problem}. Mend this or set {_VARIABLES[name]}."


def until_ready(server: Server, name: str, log: Path, answers: Callable[[str], bool]) -> None:
    """Wait for the first answer. Raises EmbeddedServerError with the last line of the log."""
    if wait_until(lambda: not server.is_running() or answers(server.url), _READY_SECONDS):
        if server.is_running():
            return
        lines = log.read_text(errors="replace").strip().splitlines() or ["it ended at once"]
        raise EmbeddedServerError(cannot_start(name, lines[-1].rstrip(".")))
    server.stop()
    raise EmbeddedServerError(cannot_start(name, f"no answer within {_READY_SECONDS:.0f} s"))
