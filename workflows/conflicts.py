"""Why a cycle cannot be completed: a smallest set of rules and States that cannot hold together.

Lifting any one rule of the set for its State takes away this conflict (there may be another one).
That no smaller set exists is proved by what completions would break: every conflict shares an
element with each such correction, so a smallest set that meets all corrections found is no larger
than any conflict; if it is one itself, or as large as the one at hand, the search is over. Nothing
is ever lifted by this: it only says what stands in the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Final

from workflows.completion import Completion
from workflows.cuts import Outcome, outcome
from workflows.lots import Board, LotsError
from workflows.relaxed import Core, Element, Kind, Relaxed, all_but, only

_MOST_EFFORT: Final = 30_000
"""Questions times parties: what a search for a smaller conflict may cost."""
_MOST_BRANCHES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Conflict:
    """Elements that cannot hold together, though without any one of them the others can.

    ``smallest``: no conflict of this cycle has fewer elements; if not, the search for a smaller one
    ended at its bound. ``frees``: for each element whether the cycle could be completed if it alone
    were lifted; False where other conflicts remain. ``missing``: the slots that stay empty under
    these elements, or the reviews that parties stay short of their least; 0 if it takes mutual
    reviews to see the conflict. ``standing``: lots (State under review, slot) that stand and bear
    on it, facts that no rule can lift.
    """

    elements: tuple[Element, ...]
    smallest: bool
    frees: Mapping[Element, bool]
    missing: int
    standing: tuple[tuple[str, int], ...]

    def of(self, kind: Kind) -> tuple[Element, ...]:
        """Its elements of one kind."""
        return tuple(element for element in self.elements if element.kind is kind)


@dataclass(frozen=True, slots=True)
class Slack:
    """How much play a cycle has left: ``candidates`` of each open slot, by State and slot.

    ``spares``: for each party that serves, whether the cycle could still be completed if it dropped
    out.
    """

    candidates: Mapping[tuple[str, int], int]
    spares: Mapping[str, bool]


def conflict(board: Board) -> Conflict | None:
    """Why a board has no completion; None if it has one.

    Raises UndecidedError if the search for a completion was given up.
    """
    relaxed = Relaxed(board)
    core = outcome(relaxed, all_but(frozenset())).core
    if core is None:
        return None
    search = _Search(relaxed)
    found, smallest = search.smallest(search.irreducible(core))
    return Conflict(
        tuple(sorted(found)),
        smallest,
        {element: search.frees(element) for element in sorted(found)},
        outcome(relaxed, only(found)).missing,
        tuple(_bearing(board, found)),
    )


def why_no_completion(completion: Completion, state: str, slot: int, code: str) -> Conflict | None:
    """Why no completion exists after a party is drawn for an open slot; None if one does.

    Raises LotsError for a party that what stands closes already: that is the reason then.
    """
    if closed := completion.board.why_closed(state, slot, code):
        raise LotsError(f"{code} is closed for {state}: {closed}")
    return conflict(completion.board.put(state, slot, code))


def slack(completion: Completion, movable: Set[tuple[str, int]] = frozenset()) -> Slack:
    """The play before a session. ``movable``: standing lots open if their party drops out."""
    board = completion.board
    candidates = {
        (state, slot): len(completion.bowl(state, slot).candidates)
        for state, slot in board.open_slots()
    }
    leaves: dict[str, list[tuple[str, int]]] = {}
    for state, slot in movable:
        leaves.setdefault(board.reviews[state].reviewers[slot - 1] or "", []).append((state, slot))
    spares = {}
    for code, party in board.parties.items():
        if code in leaves:
            after = replace(board, parties={**board.parties, code: replace(party, serves=False)})
            for state, slot in leaves[code]:
                after = after.put(state, slot, None)
            spares[code] = Completion.find(after) is not None
        elif party.serves:
            spares[code] = completion.spares(code)
    return Slack(candidates, spares)


def _bearing(board: Board, elements: Core) -> list[tuple[str, int]]:
    limited = {e.state for e in elements if e.kind in (Kind.MOST, Kind.WORKING_MOST)}
    mutual = {
        pair
        for e in elements
        if e.kind is Kind.NO_MUTUAL
        for pair in ((e.state, e.other), (e.other, e.state))
    }
    return [
        (state, slot)
        for state, review in board.reviews.items()
        for slot in (1, 2)
        if (code := review.reviewers[slot - 1]) and (code in limited or (code, state) in mutual)
    ]


class _OutOfQuestionsError(Exception):
    """The bound of the search for a smaller conflict."""


class _Search:
    """The search for a smallest conflict of one board."""

    def __init__(self, relaxed: Relaxed) -> None:
        self._relaxed = relaxed
        self._effort = 0
        self._frees: dict[Element, bool] = {}

    def frees(self, element: Element) -> bool:
        """Whether there is a completion if this element alone is lifted."""
        if element not in self._frees:
            lifted = outcome(self._relaxed, all_but(frozenset({element})))
            self._frees[element] = lifted.core is None
        return self._frees[element]

    def irreducible(self, core: Core) -> Core:
        """A conflict within these elements from which none can be left out."""
        for element in sorted(core, reverse=True):
            if element in core:
                smaller = outcome(self._relaxed, only(core - {element})).core
                core = core if smaller is None else smaller
        return core

    def smallest(self, core: Core) -> tuple[Core, bool]:
        """A conflict of fewest elements, and whether that is proved."""
        corrections = [frozenset({element}) for element in sorted(core) if self.frees(element)]
        try:
            while True:
                met = fewest_meeting(corrections)
                if met is None:
                    return core, False
                if len(met) == len(core):
                    return core, True
                found, is_conflict = self._correction(met)
                if is_conflict:
                    return found, True
                corrections.append(found)
        except _OutOfQuestionsError:
            return core, False

    def _correction(self, met: Core) -> tuple[Core, bool]:
        """Elements outside ``met`` that a completion breaks; or a conflict within it, and True."""
        lifted: Core = frozenset()
        while True:
            found = self._ask(lifted)
            if found.core is None:
                break
            if found.core <= met:
                return found.core, True
            lifted |= found.core - met
        broken = found.broken
        for element in sorted(found.broken):
            if element in broken:
                found = self._ask(broken - {element})
                broken = broken if found.core is not None else found.broken
        return broken, False

    def _ask(self, lifted: Core) -> Outcome:
        self._effort += len(self._relaxed.codes)
        if self._effort > _MOST_EFFORT:
            raise _OutOfQuestionsError
        return outcome(self._relaxed, all_but(lifted))


def fewest_meeting(sets: list[Core]) -> Core | None:
    """A smallest set that shares an element with each of these; None if the search was given up."""
    best: Core = frozenset().union(*sets)
    stack: list[tuple[Core, Core]] = [(frozenset(), frozenset())]
    branches = 0
    while stack:
        taken, left_out = stack.pop()
        branches += 1
        if branches > _MOST_BRANCHES:
            return None
        unmet = sorted((s - left_out for s in sets if not s & taken), key=len)
        if not unmet:
            best = min(best, taken, key=len)
            continue
        if len(taken) + _apart(unmet) >= len(best):
            continue
        tried = left_out
        ways = []
        for element in sorted(unmet[0], key=lambda e: (-sum(e in s for s in unmet), e)):
            ways.append((taken | {element}, tried))
            tried |= {element}
        stack += reversed(ways)
    return best


def _apart(sets: list[Core]) -> int:
    """How many of these sets, smallest first, share nothing with one counted before."""
    seen: set[Element] = set()
    count = 0
    for one in sets:
        if not one & seen:
            seen |= one
            count += 1
    return count
