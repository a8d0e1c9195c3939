"""The whole draw: one sample from all completions by a walk over them (specification, section 6).

The walk is a Metropolis chain whose steps exchange two reviewing States or replace one. Its start
is a lot-by-lot draw, so every completion can be reached; how near to uniform it ends is measured,
not claimed (``docs/lots/bias.md``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from workflows.chance import Chance
from workflows.completion import Completion
from workflows.lots import Board

Slot = tuple[str, int]

_REPORTS: Final = 50


def sample(
    completion: Completion,
    first: Sequence[Slot],
    numbers: Chance,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[Slot, str]:
    """One completion of the cycle: who is in each open slot. ``first``: the slots of this draw."""
    board = completion.board
    slots = [*first, *(slot for slot in board.open_slots() if slot not in set(first))]
    walk = _Walk(board, slots, _start(completion, slots, numbers))
    length = len(slots) * board.rules.steps_per_slot
    for step in range(1, length + 1):
        walk.step(step, numbers)
        if step * _REPORTS // length > (step - 1) * _REPORTS // length:
            progress(100 * step // length)
    return {slot: walk.parties[held] for slot, held in zip(slots, walk.held, strict=True)}


def _start(completion: Completion, slots: Sequence[Slot], numbers: Chance) -> list[str]:
    board = completion.board
    drawn = []
    for number, (state, slot) in enumerate(slots, start=1):
        candidates = completion.bowl(state, slot).candidates
        tickets = [board.tickets(state, slot, code) for code in candidates]
        ticket = numbers.choose(f"start:{number}", sum(tickets))
        at = 0
        while ticket >= tickets[at]:
            ticket -= tickets[at]
            at += 1
        after = completion.draw(state, slot, candidates[at])
        if after is None:
            raise AssertionError(f"start {number}: a candidate after whom nothing can follow")
        completion = after
        drawn.append(candidates[at])
    return drawn


class _Walk:
    """The present completion of the walk, by numbers of slots and parties.

    ``weight[slot][party]`` is 0 where the rules never allow the pair, else its tickets; what
    depends on the other slots is counted along.
    """

    def __init__(self, board: Board, slots: Sequence[Slot], drawn: Sequence[str]) -> None:
        self.parties = list(board.parties)
        self._number = {code: number for number, code in enumerate(self.parties)}
        self._no_mutual = board.rules.no_mutual
        self.held = [self._number[code] for code in drawn]
        self._state = [self._number[state] for state, _ in slots]
        self._early = [board.reviews[state].year < board.rules.last_year for state, _ in slots]
        self._weight = [self._weights(board, state, slot) for state, slot in slots]
        self._limits(board)
        self._carried = [board.carried[code] for code in self.parties]
        self._carried_early = [board.carried_early[code] for code in self.parties]
        self._reviewers: dict[int, list[int]] = {
            self._number[review.code]: [self._number[code] for code in review.standing]
            for review in board.reviews.values()
        }
        for slot in range(len(slots)):
            self._enter(slot, self.held[slot])

    def _weights(self, board: Board, state: str, slot: int) -> list[int]:
        empty = [0] * len(self.parties)
        for number, code in enumerate(self.parties):
            if board.why_never(state, slot, code) is None:
                empty[number] = board.tickets(state, slot, code)
        return empty

    def _limits(self, board: Board) -> None:
        """What nobody may exceed or fall below; who stands above a limit already gets no more."""
        rules = board.rules
        self._most = [max(rules.most, board.carried[code]) for code in self.parties]
        self._most_early = [
            max(rules.working_most, board.carried_early[code]) for code in self.parties
        ]
        self._least = [rules.least if party.serves else 0 for party in board.parties.values()]

    def step(self, number: int, numbers: Chance) -> None:
        """One step of the walk."""
        slots = len(self.held)
        one = numbers.choose(f"walk:{number}:slot", slots)
        other = numbers.choose(f"walk:{number}:with", slots + len(self.parties))
        if other < slots:
            change = [(one, self.held[other]), (other, self.held[one])]
        else:
            change = [(one, other - slots)]
        if self.held[one] != change[0][1]:
            self._try(change, number, numbers)

    def _try(self, change: Sequence[tuple[int, int]], number: int, numbers: Chance) -> None:
        before, after = 1, 1
        for slot, party in change:
            before *= self._weight[slot][self.held[slot]]
            after *= self._weight[slot][party]
        if not after:
            return
        old = [(slot, self.held[slot]) for slot, _ in change]
        self._replace(old, change)
        if self._allowed(old, change) and (
            after >= before or numbers.choose(f"walk:{number}:accept", before) < after
        ):
            return
        self._replace(change, old)

    def _replace(self, old: Sequence[tuple[int, int]], new: Sequence[tuple[int, int]]) -> None:
        for slot, party in old:
            self._leave(slot, party)
        for slot, party in new:
            self._enter(slot, party)

    def _enter(self, slot: int, party: int) -> None:
        self.held[slot] = party
        self._carried[party] += 1
        self._carried_early[party] += self._early[slot]
        self._reviewers[self._state[slot]].append(party)

    def _leave(self, slot: int, party: int) -> None:
        self._carried[party] -= 1
        self._carried_early[party] -= self._early[slot]
        self._reviewers[self._state[slot]].remove(party)

    def _allowed(self, old: Sequence[tuple[int, int]], new: Sequence[tuple[int, int]]) -> bool:
        """Whether what the change touches keeps every rule."""
        for slot, party in new:
            state = self._state[slot]
            if self._reviewers[state].count(party) > 1:
                return False
            if self._no_mutual and state in self._reviewers.get(party, ()):
                return False
            if self._carried[party] > self._most[party]:
                return False
            if self._early[slot] and self._carried_early[party] > self._most_early[party]:
                return False
        return all(self._carried[party] >= self._least[party] for _, party in old)
