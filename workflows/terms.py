"""What a process says besides its steps: how days off count, what silence and stops come to."""

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
class Silence:
    """When the State is asked whether somebody still holds their office.

    ``days``: so long late, reminded meanwhile, and without any sign of life; 0: never.
    """

    days: int = 0
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


@dataclass(frozen=True, slots=True)
class Settling:
    """How long a new holder of an office is not reminded.

    ``working_days``: so many of the State's, after the day on which they took office; 0: not at
    all. The latest reminder that fell into them comes on the next.
    """

    working_days: int = 0
    ref: str = ""
    basis: Basis = Basis.DESIGN
