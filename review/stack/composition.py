"""Which settings a stack runs with: those of the environment, and its own for what is missing."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from review import clock, settings
from review.processes import is_free
from review.settings import Settings
from review.stack.folder import Folder, StackError

MAIL_FROM: Final = "Country reviews <reviews@secretariat.example>"
_LATER: Final = {
    "DATABASE_URL": "postgresql://later/later",
    "REDIS_URL": "redis://later",
    "SMTP_URL": "smtp://later",
    "SECRET_KEY": "x" * 32,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for, checked before anything is started."""

    given: Mapping[str, str]
    """The environment as it was found."""
    checked: Settings
    """The same with stand-ins for what is still to be started."""
    mailbox_port: int

    def is_given(self, name: str) -> bool:
        """Whether the environment names this part, so that none is started here."""
        return bool(self.given.get(name, "").strip())


def plan(given: Mapping[str, str]) -> Plan:
    """Check the environment and the ports.

    Raises SettingsError for an unusable setting, StackError for a busy port.
    """
    port = given.get("PORT", "").strip() or "8000"
    own = {"MAIL_FROM": MAIL_FROM, "BASE_URL": f"http://127.0.0.1:{port}", "DEMONSTRATION": "1"}
    checked = settings.load({**_LATER, **own, **_named(given)})
    if not _can_listen(checked.host, checked.port):
        raise StackError(
            f"Port {checked.port} is in use by another program. "
            f"Choose another one: PORT={checked.port + 10}"
        )
    following = range(checked.port + 1, min(checked.port + 100, 65536))
    mailbox_port = next((number for number in following if is_free(number)), 0)
    return Plan(given, checked, mailbox_port)


def environment(plan: Plan, folder: Folder, addresses: Mapping[str, str]) -> dict[str, str]:
    """The complete environment of every program, once the addresses of the servers are known."""
    own = {"SECRET_KEY": folder.secret_key(), "DATA_DIR": str(folder.path), **addresses}
    if plan.checked.demonstration:
        from review.services.demonstration import OPENS

        since = int((OPENS - clock.now()).total_seconds())
        own["CLOCK_OFFSET_SECONDS"] = str(folder.clock_offset(first=since))
    composed = settings.load({**settings.as_environment(plan.checked), **own, **_named(plan.given)})
    return {**plan.given, **settings.as_environment(composed), "PYTHONUNBUFFERED": "1"}


def python(*arguments: str) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]


def _named(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if value.strip()}


def _can_listen(host: str, port: int) -> bool:
    try:
        return is_free(port, host)
    except OSError as problem:
        raise StackError(
            f"Nothing can listen at HOST={host}, PORT={port}: {problem.strerror}."
        ) from problem
