"""What a process says of time: how days off count, and how long a clock may stand still."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.words import Basis


@dataclass(frozen=True, slots=True)
class Counting:
    """How the days off of the responsible party count.

    ``shifts``: a period that ends on a day off ends on the next working day. ``rests``: nobody is
    reminded on a day off; what would remind before the due day does so on the working day before,
    what would remind after it on the next. ``ref`` and ``basis`` say where this comes from.
    """

    shifts: bool = False
    rests: bool = False
    ref: str = ""
    basis: Basis = Basis.DESIGN


@dataclass(frozen=True, slots=True)
class Stopping:
    """For how long the clock of a review may be stopped by one decision.

    ``longest_days``: so many, the first included; another decision may prolong it. 0: no limit.
    """

    longest_days: int = 0
    ref: str = ""
    basis: Basis = Basis.DESIGN

    @property
    def said(self) -> str:
        """The setting in a sentence; empty where there is no limit."""
        if not self.longest_days:
            return ""
        return (
            "The clock is stopped until a day that is decided beforehand, at most for"
            f" {self.longest_days} days by one decision; it then runs again by itself, and open"
            " dates have moved by the days for which it stood still."
        )
