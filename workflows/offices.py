"""Settings of a process about those who hold its offices: in terms of days, never of persons."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.words import Basis


@dataclass(frozen=True, slots=True)
class Silence:
    """When the State is asked whether somebody still holds their office.

    ``days``: so long late, reminded meanwhile, and without any sign of life; 0: never.
    """

    days: int = 0
    ref: str = ""
    basis: Basis = Basis.DESIGN

    @property
    def said(self) -> str:
        """In words; empty where it is never asked."""
        if not self.days:
            return ""
        return (
            f"Who is {self.days} days late, was reminded and gave no sign of life since is"
            " not removed: their State is asked whether they still hold their office."
        )


@dataclass(frozen=True, slots=True)
class Settling:
    """How long a new holder of an office is not reminded.

    ``working_days``: so many of the State's, after the day on which they took office; 0: not at
    all. The latest reminder that fell into them comes on the next.
    """

    working_days: int = 0
    ref: str = ""
    basis: Basis = Basis.DESIGN

    @property
    def said(self) -> str:
        """In words; empty where a new holder is reminded at once."""
        if not self.working_days:
            return ""
        return (
            f"Who takes an office is not reminded before {self.working_days} working days of the"
            " State are over after that day; the latest reminder of these days comes on the next."
            " Others who are named by it are told at once."
        )


@dataclass(frozen=True, slots=True)
class Asking:
    """When the mission of a State is asked again who holds an office.

    ``again``: days after the succession was begun, in ascending order; each is a morning on which
    the State works. Afterwards the secretariat is told that no answer has come.
    """

    again: tuple[int, ...] = ()
    ref: str = ""
    basis: Basis = Basis.DESIGN

    @property
    def said(self) -> str:
        """In words; empty where nobody is asked again."""
        if not self.again:
            return ""
        return (
            "A Permanent Mission that was asked who holds an office and has not answered is asked"
            f" again after {' and '.join(map(str, self.again))} days, in the morning of a working"
            " day of its State; then the secretariat is told that it does not answer. These"
            " questions are no reminders and not in their plan."
        )
