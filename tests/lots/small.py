"""Small cycles, and every way to complete them, found by trying all: what the product must agree with."""

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
    rules = board.rules
    carried, early = Counter(board.carried), Counter(board.carried_early)
    reviewers = {code: list(review.reviewers) for code, review in board.reviews.items()}
    new = set()
    for (state, slot), code in filled.items():
        party, review = board.parties[code], board.reviews[state]
        own = board.parties[state].group
        if not party.serves or code == state or code in reviewers[state]:
            return False
        if slot == 1 and own is not None and party.group != own:
            return False
        if review.year in party.excused or code in board.without.get(state, ()):
            return False
        reviewers[state][slot - 1] = code
        new.add((code, state))
        carried[code] += 1
        early[code] += review.year < rules.last_year
    if any(carried[code] > rules.most and _gained(filled, code) for code in carried):
        return False
    for code in early:
        gained = any(
            who == code and board.reviews[state].year < rules.last_year
            for (state, _), who in filled.items()
        )
        if early[code] > rules.working_most and gained:
            return False
    if rules.no_mutual:
        for code, state in new:
            if code in reviewers and state in reviewers[code]:
                return False
    return all(carried[p.code] >= rules.least for p in board.parties.values() if p.serves)


def _gained(filled: dict[tuple[str, int], str], code: str) -> bool:
    return code in filled.values()
