"""Cycles to draw lots in: the parties of the reference data, or as many as asked, in like groups.

The years are drawn by quotas as the product draws them; what is drawn here is ours and concerns no
real review.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from random import Random
from typing import Final

from review.reference.lot_rules import lot_rules
from review.reference.states import parties_at
from workflows import review_years
from workflows.completion import Completion
from workflows.lots import Board, LotParty, LotReview, Rules
from workflows.whole_draw import Slot

DAY: Final = date(2025, 12, 31)
QUARTERS: Final = (1, 1, 1, 1)


def rules(*, tickets: int = 1) -> Rules:
    """The usual rules; ``tickets`` 1 where even chances are spoken of."""
    return Rules(**(lot_rules().announced() | {"similar_tickets": tickets}))


@cache
def reference_parties() -> tuple[LotParty, ...]:
    """The parties to the Convention, with their groups and legal traditions."""
    return tuple(
        LotParty(one.iso3, one.name, one.regional_group, one.legal_tradition)
        for one in parties_at(DAY)
    )


def made_up(count: int) -> tuple[LotParty, ...]:
    """As many parties in groups of the same shares, their names made up."""
    groups = Counter(one.group for one in reference_parties() if one.group)
    sizes = review_years.quotas({"all": count}, list(groups.values()))["all"]
    found = [group for group, size in zip(groups, sizes, strict=True) for _ in range(size)]
    return tuple(LotParty(_code(n), f"Specimen {n}", group) for n, group in enumerate(found))


def _code(number: int) -> str:
    return "".join(chr(65 + number // 26**place % 26) for place in (2, 1, 0))


def cycle(
    parties: Sequence[LotParty],
    shares: Sequence[int] = QUARTERS,
    *,
    seed: int = 1,
    tickets: int = 1,
) -> Board:
    """A cycle of which nothing is drawn yet but the years."""
    chance = Random(seed)
    sizes = Counter(one.group or "" for one in parties)
    quotas = review_years.quotas(sizes, shares)
    years = _years(parties, quotas, chance)
    return Board.of(rules(tickets=tickets), parties, [LotReview(c, y) for c, y in years.items()])


def _years(
    parties: Sequence[LotParty], quotas: Mapping[str, Sequence[int]], chance: Random
) -> dict[str, int]:
    found = {}
    for group, row in quotas.items():
        members = sorted(one.code for one in parties if (one.group or "") == group)
        chance.shuffle(members)
        years = [year for year, places in enumerate(row, start=1) for _ in range(places)]
        found |= dict(zip(members, years, strict=True))
    return found


def slots_of(board: Board, year: int) -> list[Slot]:
    """The open slots of a year, in the order of the lots."""
    return [slot for slot in board.open_slots() if board.reviews[slot[0]].year == year]


def drawn_until(board: Board, year: int, *, seed: int) -> Board:
    """The board after every year before this one was drawn lot by lot."""
    completion = found(board)
    chance = Random(seed)
    for before in range(1, year):
        for slot in slots_of(completion.board, before):
            completion = lot(completion, slot, chance)
    return completion.board


def lot(completion: Completion, slot: Slot, chance: Random) -> Completion:
    """One lot with its check."""
    board = completion.board
    candidates = completion.bowl(*slot).candidates
    tickets = [board.tickets(*slot, code) for code in candidates]
    after = completion.draw(*slot, chance.choices(candidates, tickets)[0])
    if after is None:
        raise RuntimeError(f"a candidate for {slot} after whom nothing can follow")
    return after


def found(board: Board) -> Completion:
    """A completion of a board that has one."""
    completion = Completion.find(board)
    if completion is None:
        raise RuntimeError("the cycle cannot be completed")
    return completion
