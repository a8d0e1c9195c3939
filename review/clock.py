"""The only reader of time; a virtual clock replaces it for replay, demonstration and tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_offset = timedelta()
_frozen: ContextVar[datetime | None] = ContextVar("frozen clock", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    frozen_at = _frozen.get()
    return frozen_at if frozen_at is not None else datetime.now(UTC) + _offset


def machine() -> datetime:
    """What the machine's own clock says, wherever this process lives in time; aware, in UTC."""
    return datetime.now(UTC)


def set_offset(offset: timedelta) -> None:
    """Let this process live that much later (or earlier) than the machine's clock."""
    global _offset  # noqa: PLW0603 - a process has one clock
    _offset = offset


def offset() -> timedelta:
    """How far this process lives from the machine's clock."""
    return _offset


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Let the clock stand at an aware moment inside the block (replay, tests)."""
    if at.tzinfo is None:
        raise ValueError("a frozen clock needs a moment with a time zone")
    token = _frozen.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
