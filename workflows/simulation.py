"""Whole cycles drawn year by year, to see how often a draw gets stuck; and a naive draw beside it.

The naive draw closes the bowl only to whom a rule closes it now, and looks one lot ahead: whoever
leaves another open slot of the year without any candidate is put back. It also keeps count: once as
many slots are left in the cycle as reviews are missing for the fewest, nobody else is drawn. That
is what a careful secretariat can do by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from workflows import review_years
from workflows.completion import Completion
from workflows.lots import Board, LotParty, LotReview, Rules
from workflows.review_years import NO_GROUP, YearParty


@dataclass(frozen=True, slots=True)
class Outcome:
    """One cycle drawn both ways.

    ``impossible``: no completion existed before the first lot, so nothing was drawn.
    ``stuck_in``, ``naive_stuck_in``: the year in which no lot could be drawn any more, 0 if the
    cycle was completed. ``broken``, ``naive_broken``: parties under the fewest or over the most
    reviews, and States that review each other, in a completed cycle.
    """

    impossible: bool = False
    stuck_in: int = 0
    broken: int = 0
    naive_stuck_in: int = 0
    naive_broken: int = 0

    @property
    def dead_end(self) -> bool:
        """Whether the cycle could not be completed by the rules."""
        return bool(self.stuck_in or self.broken)

    @property
    def naive_dead_end(self) -> bool:
        """Whether the naive draw could not complete the cycle by the rules."""
        return bool(self.naive_stuck_in or self.naive_broken)


@dataclass
class Summary:
    """How many of the cycles could not be completed; of the naive draw also how it failed.

    ``impossible`` ones are no dead ends: nobody could have completed them.
    """

    cycles: int = 0
    impossible: int = 0
    dead_ends: int = 0
    naive_dead_ends: int = 0
    naive_stuck_in_year: Counter[int] = field(default_factory=Counter)
    naive_below_or_above_limits: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one cycle more."""
        self.cycles += 1
        self.impossible += outcome.impossible
        self.dead_ends += outcome.dead_end
        self.naive_dead_ends += outcome.naive_dead_end
        if outcome.naive_stuck_in:
            self.naive_stuck_in_year[outcome.naive_stuck_in] += 1
        self.naive_below_or_above_limits += bool(outcome.naive_broken)

    def document(self) -> dict[str, object]:
        """The same in plain values."""
        stuck = {str(year): count for year, count in sorted(self.naive_stuck_in_year.items())}
        return {
            "cycles": self.cycles,
            "impossible": self.impossible,
            "dead_ends": self.dead_ends,
            "naive_dead_ends": self.naive_dead_ends,
            "naive_stuck_in_year": stuck,
            "naive_limits_broken": self.naive_below_or_above_limits,
        }


def sample(parties: Sequence[LotParty], count: int, chance: Random) -> tuple[LotParty, ...]:
    """So many parties of a roster; beyond its size, more with groups and systems like theirs.

    Raises ValueError if there is nobody to take.
    """
    if not parties or count < 1:
        raise ValueError("a cycle needs parties")
    taken = chance.sample(list(parties), min(count, len(parties)))
    for number in range(count - len(taken)):
        like = chance.choice(list(parties))
        code = f"{chr(65 + number // 26 % 26)}{chr(65 + number % 26)}{number // 676}"
        taken.append(replace(like, code=code, name=f"Specimen {code}"))
    return tuple(sorted(taken, key=lambda one: one.code))


def outcomes(
    rules: Rules, parties: Sequence[LotParty], shares: Sequence[int], seeds: Iterable[int]
) -> Iterator[Outcome]:
    """One cycle for each seed: years by quota and lot, then its lots, drawn both ways."""
    for seed in seeds:
        chance = Random(seed)  # noqa: S311 - a simulation, not a secret
        years = years_by_lot(parties, shares, chance)
        board = Board.of(rules, parties, [LotReview(code, year) for code, year in years.items()])
        completion = Completion.find(board)
        if completion is None:
            yield Outcome(impossible=True)
            continue
        end, stuck_in = by_lot(completion, chance)
        naive_end, naive_stuck_in = naively(board, chance)
        yield Outcome(
            stuck_in=stuck_in,
            broken=0 if stuck_in else broken(end),
            naive_stuck_in=naive_stuck_in,
            naive_broken=0 if naive_stuck_in else broken(naive_end),
        )


def years_by_lot(
    parties: Sequence[LotParty], shares: Sequence[int], chance: Random
) -> dict[str, int]:
    """The year of review of each party, by quota and lot (ToR 14)."""
    waiting = [YearParty(one.code, one.name, one.group or NO_GROUP) for one in parties]
    quota = review_years.quotas(Counter(one.group for one in waiting), shares)
    years: dict[str, int] = {}
    for place in review_years.places(quota):
        bowl = review_years.bowl(waiting, years, place)
        years[chance.choice(bowl.candidates)] = place.year
    return years


def by_lot(completion: Completion, chance: Random) -> tuple[Board, int]:
    """The board after every slot is drawn, and the year in which it got stuck (0: it did not).

    Whoever is drawn and is not in the bowl is put back, which gives every ticket in the bowl the
    same chance and asks for fewer completions than the whole bowl would.
    """
    for state, slot, year in in_order(completion.board):
        kept: Completion | None = None
        for code in _shuffled(completion.board, state, slot, chance):
            kept = completion.draw(state, slot, code)
            if kept is not None:
                break
        if kept is None:
            return completion.board, year
        completion = kept
    return completion.board, 0


def naively(board: Board, chance: Random) -> tuple[Board, int]:
    """The same by the naive draw."""
    order = list(in_order(board))
    for number, (state, slot, year) in enumerate(order):
        later = [(s, p) for s, p, other in order[number + 1 :] if other == year]
        missing = _missing(board)
        spare = len(order) - number - missing.total()
        for code in _shuffled(board, state, slot, chance):
            if board.why_closed(state, slot, code) or (spare <= 0 and not missing[code]):
                continue
            after = board.put(state, slot, code)
            if all(_has_candidate(after, s, p) for s, p in later):
                board = after
                break
        else:
            return board, year
    return board, 0


def in_order(board: Board) -> Iterator[tuple[str, int, int]]:
    """Every open slot with its year, as a year's draw has them: group, name, slot."""

    def place(review: LotReview) -> tuple[int, str, str]:
        party = board.parties[review.code]
        return review.year, party.group or "~", party.name

    for review in sorted(board.reviews.values(), key=place):
        for slot in review.open_slots():
            yield review.code, slot, review.year


def broken(board: Board) -> int:
    """How often a board that is all drawn breaks a limit or the ban on mutual reviews."""
    rules = board.rules
    limits = sum(
        board.carried[code] > rules.most
        or board.carried_early[code] > rules.working_most
        or (party.serves and board.carried[code] < rules.least)
        for code, party in board.parties.items()
    )
    mutual = sum(
        code in board.reviews and review.code in board.reviews[code].standing
        for review in board.reviews.values()
        for code in review.standing
    )
    return limits + (mutual // 2 if rules.no_mutual else 0)


def _shuffled(board: Board, state: str, slot: int, chance: Random) -> Iterator[str]:
    """The parties in the order in which their tickets come out of the bowl."""
    group = board.parties[state].group if slot == 1 else None
    bowl = [
        code
        for code, party in board.parties.items()
        if group is None or party.group == group
        for _ticket in range(board.tickets(state, slot, code))
    ]
    chance.shuffle(bowl)
    return iter(dict.fromkeys(bowl))


def _missing(board: Board) -> Counter[str]:
    """Reviews that each party still lacks for the fewest."""
    least = board.rules.least
    lacking = {
        code: least - board.carried[code]
        for code, party in board.parties.items()
        if party.serves and board.carried[code] < least
    }
    return Counter(lacking)


def _has_candidate(board: Board, state: str, slot: int) -> bool:
    return any(board.why_closed(state, slot, code) is None for code in board.parties)
