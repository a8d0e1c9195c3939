"""How much choice the next draws leave: candidates for every open place, exactly counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from review.models import Cycle
from review.services.draws import feasibility
from review.services.draws.board import standing
from review.services.queries import lot_requests
from review.services.snapshot import VIENNA
from workflows import conflicts
from workflows.completion import Completion
from workflows.deadlines import local_day
from workflows.facts import Reason
from workflows.lots import Board


@dataclass(frozen=True, slots=True)
class Slack:
    """A State under review with the number of candidates for its open places (None: it stands).

    ``held``: candidates that would be allowed by what stands, but after whom the cycle could not be
    completed; over both places.
    """

    name: str
    year: int
    candidates: tuple[int | None, int | None]
    held: int

    @property
    def fewest(self) -> int:
        """The candidates of its tightest place."""
        return min(count for count in self.candidates if count is not None)


@dataclass(frozen=True, slots=True)
class Slacks:
    """The open places of a year, by group; or why there is no outlook. ``years`` have some.

    ``needed``: parties without which the cycle could not be completed, of ``serving`` in all.
    """

    year: int
    years: Sequence[int]
    groups: Mapping[str, Sequence[Slack]]
    obstacles: Sequence[Reason]
    needed: Sequence[str] = ()
    serving: int = 0

    @property
    def most(self) -> int:
        """The highest count of candidates, for the scale of the bars."""
        counts = [
            count
            for group in self.groups.values()
            for one in group
            for count in one.candidates
            if count is not None
        ]
        return max(counts, default=1)


def slack(session: Session, cycle: Cycle, now: datetime, year: int | None = None) -> Slacks:
    """The slack of a cycle today, in this year or the earliest with an open place.

    Raises LotsError if what stands contradicts itself.
    """
    stands = standing(session, cycle, local_day(now, VIENNA))
    board = stands.board()
    if reasons := feasibility.obstacles(board, stands):
        return Slacks(0, (), {}, reasons)
    completion = Completion.find(board)
    waiting = [one for one in stands.reviews if one.open_slots()]
    if completion is None or not waiting:
        return Slacks(0, (), {}, ())
    movable = {
        (one.state, slot)
        for one in lot_requests.askable(session, cycle)
        for slot, _code, _name in one.reviewers
    }
    play = conflicts.slack(completion, movable)
    years = sorted({one.year for one in waiting})
    year = year if year in years else years[0]
    found: dict[str, list[Slack]] = {}
    for review in waiting:
        if review.year != year:
            continue
        counts: list[int | None] = [None, None]
        held = 0
        for slot in review.open_slots():
            bowl = completion.bowl(review.code, slot)
            counts[slot - 1] = play.candidates[review.code, slot]
            held += sum(len(codes) for why, codes in bowl.closed.items() if why == "no_completion")
        party = board.parties[review.code]
        one = Slack(party.name, review.year, (counts[0], counts[1]), held)
        found.setdefault(party.group or "", []).append(one)
    groups = {
        group: sorted(rows, key=lambda one: (one.fewest, one.name))
        for group, rows in sorted(
            found.items(), key=lambda item: (min(one.fewest for one in item[1]), item[0])
        )
    }
    return Slacks(year, years, groups, (), _needed(board, play), len(play.spares))


def _needed(board: Board, play: conflicts.Slack) -> list[str]:
    return sorted(board.parties[code].name for code, spared in play.spares.items() if not spared)
