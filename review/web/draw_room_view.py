"""What the projector shows of a draw: one lot with its bowl, the results so far, what comes next.

Made from the announcement and the lots drawn alone, so the room sees what anybody can repeat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from review.web.draw_words import Both, Room, Tongue, group_name, why_closed
from workflows.announcement import Announcement, ReviewersAnnouncement
from workflows.drawing import Entry, NextLot
from workflows.lots import Board, Closed

_SIZES: Final = (("few", 24), ("some", 40), ("many", 64))
"""Up to how many candidates each size of letters is for; more are a crowd."""
_UNNAMED: Final = {str(Closed.OTHER_GROUP)}
"""Reasons that hold for whole regional groups: they are counted, not listed."""
_LONG: Final = 45
"""From so many States on a reason's names are counted, too."""
_ROWS: Final = 9
"""Rows of results that stand beside the bowl; the others are on the page of results."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A State in the bowl: the reviews that it carries, its tickets, and whether it was drawn."""

    name: str
    carries: int
    tickets: int
    drawn: bool


@dataclass(frozen=True, slots=True)
class Outside:
    """States that are not in the bowl for one reason; ``names`` is empty where they are many."""

    names: tuple[str, ...]
    count: int
    reason: str
    why: Both


@dataclass(frozen=True, slots=True)
class Result:
    """A line of the results: a State under review and its reviewing States, or a year's States.

    ``cells`` has a text for each column, empty where nothing is drawn. ``now``: the column of the
    lot that is shown, from 0; None for another line.
    """

    title: str
    cells: tuple[str, ...]
    now: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One lot as the room sees it. ``drawn`` is the name of the State, empty before."""

    number: int
    total: int
    about: Both
    title: Both
    drawn: str
    candidates: tuple[Candidate, ...]
    outside: tuple[Outside, ...]

    @property
    def size(self) -> str:
        """How large the names of the candidates can stand."""
        count = len(self.candidates)
        return next((size for size, most in _SIZES if count <= most), "crowd")

    @property
    def weighted(self) -> bool:
        """Whether some State has more tickets than another."""
        return len({one.tickets for one in self.candidates}) > 1


@dataclass(frozen=True)
class RoomView:
    """A draw with the lots that are drawn, seen in the languages of a room."""

    announcement: Announcement
    entries: Sequence[Entry]
    room: Room

    @property
    def names(self) -> Mapping[str, str]:
        """The name of each party by its code."""
        return {one.code: one.name for one in self.announcement.parties}

    def drawn(self, number: int) -> Shown:
        """A lot that is drawn, with the bowl as it was. Raises IndexError if it is not drawn."""
        entry = self.entries[number - 1]
        return self._shown(entry, number, ())

    def next(self, lot: NextLot) -> Shown:
        """The lot that is drawn next."""
        return self._shown(lot.entry, lot.number, lot.tickets)

    def _shown(self, entry: Mapping[str, Any], number: int, tickets: Sequence[int]) -> Shown:
        board = self._board(number - 1)
        drawn = str(entry.get("drawn", ""))
        return Shown(
            number=number,
            total=len(self.announcement.lots),
            about=self.room.both(lambda tongue: self._about(tongue, entry)),
            title=self.room.both(lambda tongue: self._title(tongue, entry)),
            drawn=self.names.get(drawn, ""),
            candidates=tuple(self._candidates(entry, board, tickets)),
            outside=tuple(self._outside(entry, board)),
        )

    def _board(self, lots: int) -> Board | None:
        """What stood after so many lots; None for a draw of the years."""
        if not isinstance(self.announcement, ReviewersAnnouncement):
            return None
        board = self.announcement.board
        for entry in self.entries[:lots]:
            board = board.put(entry["state"], entry["slot"], entry["drawn"])
        return board

    def _candidates(
        self, entry: Mapping[str, Any], board: Board | None, tickets: Sequence[int]
    ) -> Iterator[Candidate]:
        names, drawn = self.names, entry.get("drawn")
        codes = entry.get("candidates", ())
        if not tickets:
            tickets = [
                board.tickets(entry["state"], entry["slot"], code) if board else 1 for code in codes
            ]
        found = [
            Candidate(names[code], board.carried[code] if board else 0, own, code == drawn)
            for code, own in zip(codes, tickets, strict=True)
        ]
        yield from sorted(found, key=lambda one: one.name)

    def _outside(self, entry: Mapping[str, Any], board: Board | None) -> Iterator[Outside]:
        names = self.names
        state = str(entry.get("state", ""))
        order = [str(reason) for reason in Closed if str(reason) != Closed.NO_COMPLETION]
        reasons = dict(entry.get("closed", {}))
        for reason in sorted(reasons, key=lambda one: order.index(one) if one in order else -1):
            codes = reasons[reason]
            listed = reason not in _UNNAMED and len(codes) <= _LONG
            yield Outside(
                tuple(sorted(names[code] for code in codes)) if listed else (),
                len(codes),
                reason,
                self.room.both(
                    lambda tongue, reason=reason: why_closed(  # type: ignore[misc]
                        tongue, reason, self.announcement, board, state
                    )
                ),
            )

    # Words --------------------------------------------------------------------------------------

    def _about(self, tongue: Tongue, entry: Mapping[str, Any]) -> str:
        if not isinstance(self.announcement, ReviewersAnnouncement):
            return group_name(tongue, entry["group"])
        group = self.announcement.board.parties[entry["state"]].group
        if entry["slot"] == 1 and group:
            return tongue.gettext(
                "%(group)s · reviewer from the same regional group", group=tongue.gettext(group)
            )
        if entry["slot"] == 1:
            return tongue.gettext("no regional group · reviewer from all States parties")
        return tongue.gettext("reviewer from all States parties")

    def _title(self, tongue: Tongue, entry: Mapping[str, Any]) -> str:
        if not isinstance(self.announcement, ReviewersAnnouncement):
            if entry.get("drawn"):
                return tongue.gettext("Under review in year %(year)s:", year=entry["year"])
            return tongue.gettext("Next: a State for year %(year)s", year=entry["year"])
        state = self.names[entry["state"]]
        if entry.get("drawn"):
            return tongue.gettext("%(state)s is reviewed by", state=state)
        return tongue.gettext("Next: a reviewer for %(state)s", state=state)

    # Results ------------------------------------------------------------------------------------

    def results(self, shown: int, now: Mapping[str, Any] | None) -> tuple[tuple[Result, ...], int]:
        """The lines of results after so many lots, the last ones, and how many are left out.

        ``now`` is the lot that is drawn next or was drawn last: its line is always there.
        """
        made = self._years(shown) if self._board(0) is None else self._pairs(shown, now)
        return tuple(made[-_ROWS:]), max(0, len(made) - _ROWS)

    def _pairs(self, shown: int, now: Mapping[str, Any] | None) -> list[Result]:
        board = self._board(shown)
        if board is None:
            return []
        states = [entry["state"] for entry in (*self.entries[:shown], *([now] if now else []))]
        names = self.names
        return [
            Result(
                names[state],
                tuple(names[code] if code else "" for code in board.reviews[state].reviewers),
                now["slot"] - 1 if now and now["state"] == state else None,
            )
            for state in _last_mention(states)
        ]

    def _years(self, shown: int) -> list[Result]:
        names = self.names
        return [
            Result(
                names[entry["drawn"]],
                (str(entry["year"]),),
                0 if entry["number"] == shown else None,
            )
            for entry in self.entries[:shown]
        ]


def _last_mention(states: Sequence[str]) -> list[str]:
    """Each State once, in the order in which it was drawn for last."""
    return list(reversed(dict.fromkeys(reversed(states))))
