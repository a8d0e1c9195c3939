"""Small cycles, and every way to complete them, found by trying all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from random import Random

from workflows.lots import Board, LotOrder, LotParty, LotReview, LotsError, Rules


def random_board(chance: Random, parties: int) -> Board:
    """A cycle with as many parties, anything else by chance: often tight, sometimes impossible."""
    rules = _rules(chance)
    codes = [f"{letter}{letter}{letter}" for letter in "ABCDEFGHIJ"[:parties]]
    groups = [None, "North", "South"][: chance.randint(2, 3)]
    members = [_party(chance, code, groups) for code in codes]
    under_review = [code for code in codes if chance.random() < 0.75]
    reviews = [LotReview(code, chance.randint(1, 3)) for code in under_review]
    reviews = [_with_standing(chance, review, codes) for review in reviews]
    lots = [
        LotOrder(review.code, slot, tuple(sorted(chance.sample(codes, chance.randint(1, 2)))))
        for review in reviews
        if len(review.open_slots()) == 1 and chance.random() < 0.2
        for slot in review.open_slots()
    ]
    try:
        return Board.of(rules, members, reviews, lots)
    except LotsError:
        return random_board(chance, parties)


def _rules(chance: Random) -> Rules:
    most = chance.randint(1, 3)
    least = chance.randint(0, min(1, most))
    return Rules(
        most=most,
        least=least,
        working_most=chance.randint(max(least, 1), most),
        last_year=chance.randint(1, 4),
        no_mutual=chance.random() < 0.8,
        similar_tickets=chance.randint(1, 3),
        steps_per_slot=50,
    )


def _party(chance: Random, code: str, groups: list[str | None]) -> LotParty:
    weights = [1, *[6] * (len(groups) - 1)]
    return LotParty(
        code,
        f"Specimen {code}",
        chance.choices(groups, weights)[0],
        tradition=chance.choice(["", "civil", "common"]),
        serves=chance.random() < 0.9,
        excused=frozenset(year for year in (1, 2, 3) if chance.random() < 0.1),
    )


def _with_standing(chance: Random, review: LotReview, codes: list[str]) -> LotReview:
    for slot in (1, 2):
        if chance.random() < 0.2:
            others = [c for c in codes if c != review.code and c not in review.standing]
            if others:
                review = review.with_reviewer(slot, chance.choice(others))
    return review


def completions(board: Board) -> Iterator[dict[tuple[str, int], str]]:
    """Every completion of a board, by trying everybody in every slot."""
    slots = board.open_slots()
    for choice in product(board.parties, repeat=len(slots)):
        filled = dict(zip(slots, choice, strict=True))
        if keeps_every_rule(board, filled):
            yield filled


def keeps_every_rule(board: Board, filled: dict[tuple[str, int], str]) -> bool:
    """Section 4.5 of the specification, read aloud."""
    reviewers = {code: list(review.reviewers) for code, review in board.reviews.items()}
    for (state, slot), code in filled.items():
        if code in reviewers[state] or not _may_serve(board, state, slot, code):
            return False
        reviewers[state][slot - 1] = code
    return _within_limits(board, filled) and not _mutual(board, filled, reviewers)


def _may_serve(board: Board, state: str, slot: int, code: str) -> bool:
    party, own = board.parties[code], board.parties[state].group
    return (
        party.serves
        and code != state
        and (slot == 2 or own is None or party.group == own)
        and board.reviews[state].year not in party.excused
        and code not in board.without.get(state, ())
    )


def _within_limits(board: Board, filled: dict[tuple[str, int], str]) -> bool:
    """Who is drawn stays within the limits, and everybody who serves has the least."""
    rules = board.rules
    early = [
        code for (state, _), code in filled.items() if board.reviews[state].year < rules.last_year
    ]
    new, new_early = Counter(filled.values()), Counter(early)
    return (
        all(board.carried[code] + new[code] <= rules.most for code in new)
        and all(
            board.carried_early[code] + new_early[code] <= rules.working_most for code in new_early
        )
        and all(
            board.carried[party.code] + new[party.code] >= rules.least
            for party in board.parties.values()
            if party.serves
        )
    )


def _mutual(
    board: Board, filled: dict[tuple[str, int], str], reviewers: dict[str, list[str | None]]
) -> bool:
    """Whether somebody who is drawn is reviewed by the State it reviews, against the rules."""
    return board.rules.no_mutual and any(
        state in reviewers.get(code, ()) for (state, _), code in filled.items()
    )
