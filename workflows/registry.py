"""Every process by its key. A review stores its key, so a running review keeps its rules."""

from __future__ import annotations

from collections.abc import Container

from workflows.country_review import IRM_1, IRM_2
from workflows.spec import DefinitionError, Process

PROCESSES: dict[str, Process] = {process.key: process for process in (IRM_1, IRM_2)}


def process(key: str) -> Process:
    """The process of that key. Raises KeyError with the known keys if there is none."""
    try:
        return PROCESSES[key]
    except KeyError:
        raise KeyError(f"no process {key!r}; known: {', '.join(PROCESSES)}") from None


def check_notices(written: Container[str]) -> None:
    """Refuse definitions that send mails nobody has written. Raises DefinitionError."""
    missing = sorted(
        {key for item in PROCESSES.values() for key in item.notices() if key not in written}
    )
    if missing:
        raise DefinitionError(f"notices without a template: {', '.join(missing)}")
