"""What the commands of `uncac-review` share: wrong arguments are one line and status 2."""

from __future__ import annotations

import argparse
from typing import Any, Final, Never

UNUSABLE: Final = 2
"""The status of a command that was asked for something that cannot be done."""


class OneLine(argparse.ArgumentParser):
    """A parser that says in one line what is wrong with the arguments."""

    def error(self, message: str) -> Never:
        self.exit(UNUSABLE, f"{self.prog}: {message}\n")

    def parse_known_args(  # type: ignore[override]
        self, args: Any = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return found, rest
