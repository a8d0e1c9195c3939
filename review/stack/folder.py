"""The one folder in which a stack keeps its data, and what is where in it."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from review import embedded
from review.processes import write_private

NEEDED_BYTES: Final = 300 * 1024 * 1024


class StackError(Exception):
    """The stack cannot do what is asked; the text is one line for people."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the demonstration, with its password in clear: it is printed."""

    role: str
    title: str
    """Whose account it is, in words."""
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder. Files with a secret in them can be read by their owner only."""

    path: Path

    @property
    def postgres(self) -> Path:
        """The database's files."""
        return self.path / "postgres"

    @property
    def redis(self) -> Path:
        """The broker's files."""
        return self.path / "redis"

    @property
    def mailbox(self) -> Path:
        """The messages of the local mailbox."""
        return self.path / "mailbox"

    def log(self, name: str) -> Path:
        """The log of one program."""
        return self.path / "log" / f"{name}.log"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder and keep it for one stack at a time.

        Raises StackError when another stack holds it, when it cannot be written, or when the disk
        is too full for a database.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / "log").mkdir(mode=0o700, exist_ok=True)
            lock = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as problem:
            raise StackError(
                f"The data folder cannot be written ({problem.strerror}): {self.path}. "
                "Set DATA_DIR to another one."
            ) from problem
        try:
            _lock_or_say_who(lock, self.path)
            self._check_space()
            yield
        finally:
            os.close(lock)

    def is_held(self) -> bool:
        """Whether a stack runs over this folder now."""
        if not self._lock.exists():
            return False
        lock = os.open(self._lock, os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def secret_key(self) -> str:
        """The key of this folder, made at its first use: people stay signed in over a restart."""
        path = self.path / "secret-key"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(48))
        return path.read_text().strip()

    def clock_offset(self, first: int) -> int:
        """How far the demonstration lives from today, in seconds: `first` at the first use."""
        path = self.path / "clock-offset"
        if not path.exists():
            write_private(path, str(first))
        return int(path.read_text())

    def accounts(self) -> list[Account]:
        """The accounts of the demonstration; none where none were made here."""
        try:
            return [Account(**entry) for entry in json.loads(self._accounts.read_text())]
        except FileNotFoundError:
            return []

    def keep_accounts(self, accounts: list[Account]) -> None:
        """Keep the accounts, so that each run can print them."""
        write_private(self._accounts, json.dumps([asdict(a) for a in accounts], indent=1))

    def environment(self) -> dict[str, str]:
        """The settings of the stack that runs over this folder now; empty where none does."""
        if not self.is_held():
            return {}
        try:
            return dict(json.loads(self._environment.read_text()))
        except FileNotFoundError:
            return {}

    def keep_environment(self, environment: Mapping[str, str]) -> None:
        """Keep the settings for the commands that are called beside the running stack."""
        write_private(self._environment, json.dumps(dict(environment), indent=1))

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Mark the folder while the demonstration is loaded: an interrupted one is no use."""
        self.path.mkdir(parents=True, exist_ok=True)
        self._unfinished.touch()
        yield
        self._unfinished.unlink()

    def forget_unfinished(self) -> None:
        """Throw away a database whose demonstration was interrupted while it was loaded."""
        if self._unfinished.exists():
            self._empty(keep=("clock-offset", "secret-key", self._lock.name, "log"))

    def reset(self) -> None:
        """Throw away everything in the folder.

        Raises StackError when a stack runs over it, or when it is no folder of ours.
        """
        if not self.path.exists():
            return
        if not self._lock.exists():
            raise StackError(f"This is no data folder of the application: {self.path}")
        with self.held():
            embedded.stop_left_over(self.postgres, self.redis)
            self._empty(keep=(self._lock.name,))
            self._lock.unlink()

    def _empty(self, keep: tuple[str, ...]) -> None:
        for entry in self.path.iterdir():
            if entry.name in keep:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def _check_space(self) -> None:
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_BYTES:
            raise StackError(
                f"The disk is too full: {free >> 20} MB free in {self.path}, "
                f"{NEEDED_BYTES >> 20} MB are needed. Set DATA_DIR to a folder on another disk."
            )

    @property
    def _lock(self) -> Path:
        return self.path / "run.lock"

    @property
    def _unfinished(self) -> Path:
        return self.path / "loading"

    @property
    def _accounts(self) -> Path:
        return self.path / "accounts.json"

    @property
    def _environment(self) -> Path:
        return self.path / "environment.json"


def _lock_or_say_who(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(lock, 20).decode() or "?"
        raise StackError(
            f"It runs already, as process {owner}, with the data in {path}. "
            "Stop that one, or set DATA_DIR and PORT to run another."
        ) from None
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
