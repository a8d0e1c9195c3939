"""Drawing lots: the next one, all of them, and the transcript (specification, sections 4.7 to 7).

Every lot depends on the seed, its number and what was drawn before, on nothing else. So a draw can
stop after any lot and go on later, elsewhere, with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows import chance, review_years, whole_draw
from workflows.announcement import (
    Announcement,
    Mode,
    ReviewersAnnouncement,
    YearsAnnouncement,
    read,
)
from workflows.chance import Chance
from workflows.completion import Completion
from workflows.lots import Board, LotsError

Entry = dict[str, Any]
"""A lot as the transcript has it."""


class NoCompletionError(LotsError):
    """The cycle cannot be completed from what stands, so no lot is drawn (``conflicts.py``)."""


@dataclass(frozen=True, slots=True)
class NextLot:
    """The lot to be drawn next: the part of its entry that is known before, and the tickets."""

    number: int
    entry: Mapping[str, Any]
    tickets: tuple[int, ...]

    @property
    def candidates(self) -> Sequence[str]:
        """Who is in the bowl."""
        found: Sequence[str] = self.entry["candidates"]
        return found


def next_lot(announcement: Announcement, entries: Sequence[Entry]) -> NextLot | None:
    """The bowl of the lot after those drawn; None if all are drawn or the mode has no bowls.

    Raises NoCompletionError if the cycle cannot be completed.
    """
    if len(entries) == len(announcement.lots) or announcement.mode is Mode.WHOLE:
        return None
    if isinstance(announcement, YearsAnnouncement):
        return _next_place(announcement, entries)
    return _next_reviewer(announcement, _completion(_replayed(announcement, entries)), len(entries))


def draw_all(
    announcement: Announcement,
    seed: str,
    entries: Sequence[Entry] = (),
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Entry]:
    """Every lot that is not drawn yet, one by one.

    ``progress`` is told per cent done of a whole draw, which takes seconds before its first lot.
    Raises NoCompletionError if the cycle cannot be completed.
    """
    previous = entries[-1]["chain"] if entries else seed
    for entry in _unchained(announcement, Chance(seed), entries, progress):
        previous = entry["chain"] = chance.digest({"lot": entry, "previous": previous})
        yield entry


def transcript(
    announcement: Announcement, secret: str, read_out: str, entries: Sequence[Entry]
) -> dict[str, Any]:
    """The transcript of a draw of which every lot is drawn. Raises LotsError if one is missing."""
    if len(entries) != len(announcement.lots):
        raise LotsError(f"{len(announcement.lots) - len(entries)} lots are not drawn yet")
    seed = chance.seed(announcement.commitment, read_out, secret)
    return {
        "announcement": announcement.document(),
        "commitment": announcement.commitment,
        "secret": secret,
        "read_out": read_out,
        "seed": seed,
        "lots": list(entries),
        "digest": entries[-1]["chain"] if entries else seed,
    }


def drawn_anew(document: object) -> dict[str, Any]:
    """The transcript that the announcement, secret and numbers of a transcript give.

    Raises LotsError if the document is no transcript.
    """
    if not isinstance(document, dict):
        raise LotsError("a transcript is an object")
    secret, read_out = document.get("secret"), document.get("read_out")
    if not isinstance(secret, str) or not isinstance(read_out, str):
        raise LotsError("a transcript has the secret and what was read out as texts")
    announcement = read(document.get("announcement"))
    try:
        if chance.secret_hash(secret) != announcement.secret_sha256:
            raise LotsError("the secret is not the one whose hash was announced")
        seed = chance.seed(announcement.commitment, read_out, secret)
    except ValueError as fault:
        raise LotsError(str(fault)) from fault
    return transcript(announcement, secret, read_out, list(draw_all(announcement, seed)))


def _unchained(
    announcement: Announcement,
    numbers: Chance,
    entries: Sequence[Entry],
    progress: Callable[[int], None],
) -> Iterator[Entry]:
    if isinstance(announcement, YearsAnnouncement):
        yield from _draw_places(announcement, numbers, entries)
    elif announcement.mode is Mode.WHOLE:
        yield from _draw_whole(announcement, numbers, len(entries), progress)
    else:
        yield from _draw_reviewers(announcement, numbers, entries)


def _draw_reviewers(
    announcement: ReviewersAnnouncement, numbers: Chance, entries: Sequence[Entry]
) -> Iterator[Entry]:
    completion = _completion(_replayed(announcement, entries))
    for done in range(len(entries), len(announcement.lots)):
        lot = _next_reviewer(announcement, completion, done)
        entry = {**lot.entry, "drawn": _pick(numbers, f"lot:{lot.number}", lot)}
        after = completion.draw(entry["state"], entry["slot"], entry["drawn"])
        if after is None:
            raise AssertionError(f"lot {lot.number}: a candidate after whom nothing can follow")
        completion = after
        yield entry


def _pick(numbers: Chance, label: str, lot: NextLot) -> str:
    ticket = numbers.choose(label, sum(lot.tickets))
    for code, tickets in zip(lot.candidates, lot.tickets, strict=True):
        ticket -= tickets
        if ticket < 0:
            return code
    raise AssertionError("a ticket that nobody holds")


def _draw_whole(
    announcement: ReviewersAnnouncement,
    numbers: Chance,
    done: int,
    progress: Callable[[int], None],
) -> Iterator[Entry]:
    completion = _completion(announcement.board)
    slots = [(lot.state, lot.slot) for lot in announcement.lots]
    drawn = whole_draw.sample(completion, slots, numbers, progress=progress)
    for number, (state, slot) in enumerate(slots, start=1):
        if number > done:
            yield {"number": number, "state": state, "slot": slot, "drawn": drawn[state, slot]}


def _draw_places(
    announcement: YearsAnnouncement, numbers: Chance, entries: Sequence[Entry]
) -> Iterator[Entry]:
    drawn = list(entries)
    while len(drawn) < len(announcement.lots):
        lot = _next_place(announcement, drawn)
        ticket = numbers.choose(f"lot:{lot.number}", len(lot.candidates))
        entry = {**lot.entry, "drawn": lot.candidates[ticket]}
        drawn.append(entry)
        yield entry


def _next_reviewer(
    announcement: ReviewersAnnouncement, completion: Completion, done: int
) -> NextLot:
    order = announcement.lots[done]
    bowl = completion.bowl(order.state, order.slot)
    entry = {
        "number": done + 1,
        "state": order.state,
        "slot": order.slot,
        "candidates": list(bowl.candidates),
        "closed": {str(reason): list(codes) for reason, codes in bowl.closed.items()},
    }
    board = completion.board
    tickets = tuple(board.tickets(order.state, order.slot, code) for code in bowl.candidates)
    return NextLot(done + 1, entry, tickets)


def _next_place(announcement: YearsAnnouncement, entries: Sequence[Entry]) -> NextLot:
    place = announcement.lots[len(entries)]
    placed = {entry["drawn"] for entry in entries}
    bowl = review_years.bowl(announcement.parties, placed, place)
    entry = {
        "number": len(entries) + 1,
        "group": place.group,
        "year": place.year,
        "candidates": list(bowl.candidates),
        "closed": {str(reason): list(codes) for reason, codes in bowl.closed.items()},
    }
    return NextLot(len(entries) + 1, entry, (1,) * len(bowl.candidates))


def _replayed(announcement: ReviewersAnnouncement, entries: Sequence[Entry]) -> Board:
    board = announcement.board
    for entry in entries:
        board = board.put(entry["state"], entry["slot"], entry["drawn"])
    return board


def _completion(board: Board) -> Completion:
    completion = Completion.find(board)
    if completion is None:
        raise NoCompletionError("no completion of the cycle exists from what stands")
    return completion
