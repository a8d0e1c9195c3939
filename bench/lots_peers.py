"""Two other ways to the same answer: drawing with local rules only and going back, and a solver."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from random import Random

from ortools.sat.python import cp_model

from workflows.lots import Board
from workflows.whole_draw import Slot


class Backtracking:
    """Draws slot by slot from whom the rules allow at that lot; at a dead end the last lot falls.

    It looks ahead in one way only: it never draws so that fewer slots are left than reviews are
    lacking for everybody's fewest.
    """

    def __init__(self, board: Board, slots: Sequence[Slot], chance: Random) -> None:
        self._board, self._slots, self._chance = board, slots, chance
        self._never = [
            [code for code in board.parties if board.why_never(*slot, code) is None]
            for slot in slots
        ]
        self._early = [board.reviews[s].year < board.rules.last_year for s, _ in slots]
        self._carried, self._carried_early = Counter(board.carried), Counter(board.carried_early)
        self._reviewers = {code: set(one.standing) for code, one in board.reviews.items()}
        self.lots = 0

    def run(self, seconds: float) -> dict[Slot, str] | None:
        """Who is drawn for each slot; None if the time is over before."""
        until = time.perf_counter() + seconds
        left: list[list[str]] = [self._bowl(0)]
        drawn: list[str] = []
        while len(drawn) < len(self._slots):
            if not self.lots % 256 and time.perf_counter() > until:
                return None
            if left[-1]:
                self._put(len(drawn), left[-1].pop())
                drawn.append(self._last)
                left.append(self._bowl(len(drawn)) if len(drawn) < len(self._slots) else [])
            else:
                left.pop()
                if not drawn:
                    raise RuntimeError("nothing can be drawn")
                self._take_back(len(drawn) - 1, drawn.pop())
        return dict(zip(self._slots, drawn, strict=True))

    def _bowl(self, number: int) -> list[str]:
        """Who may be drawn now, in the order in which they will be tried."""
        rules, state = self._board.rules, self._slots[number][0]
        lacking = sum(
            max(0, rules.least - self._carried[p.code])
            for p in self._board.parties.values()
            if p.serves
        )
        tight = lacking >= len(self._slots) - number
        free = [
            code
            for code in self._never[number]
            if self._carried[code] < (rules.least if tight else rules.most)
            and not (self._early[number] and self._carried_early[code] >= rules.working_most)
            and code not in self._reviewers[state]
            and not (rules.no_mutual and state in self._reviewers.get(code, ()))
        ]
        self._chance.shuffle(free)
        return free

    def _put(self, number: int, code: str) -> None:
        self.lots += 1
        self._last = code
        self._carried[code] += 1
        self._carried_early[code] += self._early[number]
        self._reviewers[self._slots[number][0]].add(code)

    def _take_back(self, number: int, code: str) -> None:
        self._carried[code] -= 1
        self._carried_early[code] -= self._early[number]
        self._reviewers[self._slots[number][0]].discard(code)


class Solver:
    """OR-Tools CP-SAT, asked whether the cycle can be completed with a State in a slot.

    The model is built once for a board; only the questions are measured.
    """

    def __init__(self, board: Board) -> None:
        self._model = cp_model.CpModel()
        slots = board.open_slots()
        self._in: dict[tuple[str, int, str], cp_model.IntVar] = {
            (*slot, code): self._model.new_bool_var("")
            for slot in slots
            for code in board.parties
            if board.why_never(*slot, code) is None
        }
        of: dict[Slot, list[cp_model.IntVar]] = {slot: [] for slot in slots}
        for (state, slot, _), there in self._in.items():
            of[state, slot].append(there)
        for choices in of.values():
            self._model.add_exactly_one(choices)
        self._limit_parties(board)
        self._limit_pairs(board)
        self._solver = cp_model.CpSolver()
        settings = self._solver.parameters
        settings.num_workers = 1
        settings.max_time_in_seconds = 120
        # Without all linear constraints in its relaxation it did not decide where most are closed.
        settings.symmetry_level = 0
        settings.linearization_level = 2
        settings.cp_model_probing_level = 0

    def _limit_parties(self, board: Board) -> None:
        rules = board.rules
        of: dict[str, list[tuple[str, cp_model.IntVar]]] = {code: [] for code in board.parties}
        for (state, _, code), there in self._in.items():
            of[code].append((state, there))
        for code, own in of.items():
            carried, early = board.carried[code], board.carried_early[code]
            self._model.add(sum(v for _, v in own) <= max(0, rules.most - carried))
            if board.parties[code].serves:
                self._model.add(sum(v for _, v in own) >= max(0, rules.least - carried))
            before = [v for s, v in own if board.reviews[s].year < rules.last_year]
            self._model.add(sum(before) <= max(0, rules.working_most - early))

    def _limit_pairs(self, board: Board) -> None:
        """Nobody twice in a review; nobody reviews whoever reviews it, what stands included."""
        pairs: dict[tuple[str, str], list[cp_model.IntVar]] = {}
        for (state, _, code), there in self._in.items():
            pairs.setdefault((state, code), []).append(there)
        for (state, code), both in pairs.items():
            if len(both) > 1:
                self._model.add_at_most_one(both)
            if not board.rules.no_mutual:
                continue
            if code in board.reviews and state in board.reviews[code].standing:
                for one in both:
                    self._model.add(one == 0)
            elif state < code and (code, state) in pairs:
                self._model.add_at_most_one([*both, *pairs[code, state]])

    def possible(self, state: str, slot: int, code: str) -> bool:
        """Whether a completion exists with this State in the slot."""
        there = self._in.get((state, slot, code))
        if there is None:
            return False
        domain = self._model.proto.variables[there.index].domain
        domain[0] = 1
        status = self._solver.solve(self._model)
        domain[0] = 0
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.INFEASIBLE):
            raise RuntimeError("the solver did not decide")
        return status != cp_model.INFEASIBLE
