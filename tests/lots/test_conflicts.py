"""Smallest conflicts, against what every single way to fill the slots breaks, on small cycles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from random import Random

import pytest

from tests.lots import small
from workflows.completion import Completion
from workflows.conflict_words import say
from workflows.conflicts import conflict, fewest_meeting, slack, why_no_completion
from workflows.lots import Board, Closed, LotParty, LotReview, LotsError, Rules
from workflows.relaxed import Element, Kind

SEEDS = range(30)
Filled = dict[tuple[str, int], str | None]


def every_breach(board: Board) -> list[frozenset[Element]]:
    """What each way to fill the open slots, or to leave them, breaks; the least sets only."""
    slots = board.open_slots()
    found = set()
    for choice in product([*board.parties, None], repeat=len(slots)):
        filled = dict(zip(slots, choice, strict=True))
        if makes_sense(board, filled):
            found.add(frozenset(breaches(board, filled)))
    least: list[frozenset[Element]] = []
    for one in sorted(found, key=len):
        if not any(other <= one for other in least):
            least.append(one)
    return least


def makes_sense(board: Board, filled: Filled) -> bool:
    for state, review in board.reviews.items():
        stand = [*review.standing, *(c for (s, _), c in filled.items() if s == state and c)]
        if state in stand or len(set(stand)) < len(stand):
            return False
    return True


def breaches(board: Board, filled: Filled) -> Iterator[Element]:
    """Section 4.5 of the specification, breach by breach."""
    rules = board.rules
    new = {(code, state) for (state, _), code in filled.items() if code}
    pairs = new | {(code, r.code) for r in board.reviews.values() for code in r.standing}
    for (state, slot), code in filled.items():
        if code is None:
            yield Element(Kind.REVIEW, state)
            continue
        party, own = board.parties[code], board.parties[state].group
        if slot == 1 and own is not None and party.group != own:
            yield Element(Kind.OWN_GROUP, state)
        if not party.serves:
            yield Element(Kind.NOT_SERVING, code)
        if board.reviews[state].year in party.excused:
            yield Element(Kind.EXCUSED, code, year=board.reviews[state].year)
        if code in board.without.get(state, ()):
            yield Element(Kind.REPEATED, state)
        if rules.no_mutual and (state, code) in pairs:
            yield Element(Kind.NO_MUTUAL, min(code, state), max(code, state))
    yield from limits(board, new)


def limits(board: Board, new: set[tuple[str, str]]) -> Iterator[Element]:
    rules = board.rules
    gained = Counter(code for code, _ in new)
    early = Counter(c for c, state in new if board.reviews[state].year < rules.last_year)
    for code, party in board.parties.items():
        if gained[code] and board.carried[code] + gained[code] > rules.most:
            yield Element(Kind.MOST, code)
        own_limit = rules.working_most < rules.most
        if (
            own_limit
            and early[code]
            and board.carried_early[code] + early[code] > rules.working_most
        ):
            yield Element(Kind.WORKING_MOST, code)
        if party.serves and board.carried[code] + gained[code] < rules.least:
            yield Element(Kind.LEAST, code)


def boards(seed: int, many: int, most_slots: int = 4) -> Iterator[Board]:
    chance = Random(seed)
    for _ in range(many):
        board = small.random_board(chance, chance.randint(3, 6))
        if len(board.open_slots()) <= most_slots:
            yield board


@pytest.mark.parametrize("seed", SEEDS)
def test_a_conflict_is_a_smallest_set_that_cannot_hold_together(seed: int) -> None:
    for board in boards(seed, 25):
        every = every_breach(board)
        found = conflict(board)
        if found is None:
            assert frozenset() in every
            continue
        together = frozenset(found.elements)
        assert all(together & breach for breach in every), "it cannot hold together"
        for element in together:
            left = together - {element}
            assert any(not left & breach for breach in every), "without one, the rest can"
        assert found.smallest
        universe = sorted(frozenset().union(*every))
        for fewer in combinations(universe, len(together) - 1):
            chosen = frozenset(fewer)
            assert any(not chosen & breach for breach in every), "there is no smaller one"
        assert found.frees == {e: frozenset({e}) in every for e in found.elements}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_candidate_that_is_closed_has_a_conflict(seed: int) -> None:
    for board in boards(100 + seed, 40, most_slots=6):
        completion = Completion.find(board)
        for state, slot in board.open_slots() if completion else ():
            assert completion
            bowl = completion.bowl(state, slot)
            for code in bowl.closed.get(Closed.NO_COMPLETION, ()):
                assert why_no_completion(completion, state, slot, code)
            for code in bowl.candidates:
                assert why_no_completion(completion, state, slot, code) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_slack_is_what_would_be_left(seed: int) -> None:
    chance = Random(seed)
    for board in boards(200 + seed, 40, most_slots=8):
        completion = Completion.find(board)
        if completion is None:
            continue
        standing = [
            (state, slot)
            for state, review in board.reviews.items()
            for slot in (1, 2)
            if review.reviewers[slot - 1]
        ]
        movable = frozenset(lot for lot in standing if chance.random() < 0.5)
        found = slack(completion, movable)
        assert set(found.candidates) == set(board.open_slots())
        for (state, slot), count in found.candidates.items():
            assert count == len(completion.bowl(state, slot).candidates) > 0
        for code, spare in found.spares.items():
            after = replace(
                board,
                parties={**board.parties, code: replace(board.parties[code], serves=False)},
            )
            for state, slot in movable:
                if board.reviews[state].reviewers[slot - 1] == code:
                    after = after.put(state, slot, None)
            assert spare == (Completion.find(after) is not None)


def test_a_smallest_set_that_meets_all_is_found() -> None:
    chance = Random(5)
    elements = [Element(Kind.MOST, letter) for letter in "ABCDEFG"]
    for _ in range(300):
        sets = [
            frozenset(chance.sample(elements, chance.randint(1, 4)))
            for _ in range(chance.randint(0, 8))
        ]
        fewest = next(
            many
            for many in range(8)
            if any(all(set(some) & one for one in sets) for some in combinations(elements, many))
        )
        found = fewest_meeting(sets)
        assert found is not None
        assert all(found & one for one in sets)
        assert len(found) == fewest


def pacific(**reviewers: tuple[str | None, str | None]) -> Board:
    """A group of three, whose States carry at most two reviews, and a large group besides."""
    rules = Rules(2, 0, 2, 4, no_mutual=True, similar_tickets=1, steps_per_slot=50)
    names = {"PAA": "Alpha", "PBB": "Beta", "PCC": "Gamma"}
    parties = [LotParty(code, name, "Pacific") for code, name in names.items()]
    parties += [LotParty(f"Q{x}{x}", f"Other {x}", "Quiet") for x in "ABCDEF"]
    reviews = [LotReview(code, 1, stand) for code, stand in reviewers.items()]
    return Board.of(rules, parties, reviews)


def said(board: Board) -> list[str]:
    found = conflict(board)
    assert found is not None
    return [str(reason) for reason in say(found, board)]


def test_a_shortage_is_said_in_words() -> None:
    board = pacific(PAA=(None, "QAA"), QBB=("QCC", "PBB"), QCC=("QDD", "PBB"), QDD=("QEE", None))
    gone = replace(board.parties["PCC"], serves=False)
    board = replace(board, parties={**board.parties, "PCC": gone})

    assert said(board) == [
        "Places to be filled for Alpha: 1. Under the rules below no more than 0 of them can be.",
        "Reviews with places still to be filled: Alpha (1).",
        "One reviewing State comes from the regional group of the State under review:"
        " Alpha (Pacific).",
        "Nobody carries out more than 2 reviews; so many stand already: Beta (2).",
        "Takes no further reviews: Gamma.",
        "Taken as given, the reviewing State in brackets: Other B (Beta), Other C (Beta).",
    ]


def test_lifting_any_one_rule_would_free_a_lone_conflict() -> None:
    board = pacific(PAA=(None, "QAA"), PBB=("PAA", "QAA"))
    gone = replace(board.parties["PCC"], excused=frozenset({1}))
    board = replace(board, parties={**board.parties, "PCC": gone})

    found = conflict(board)

    assert found is not None
    assert set(found.elements) == {
        Element(Kind.REVIEW, "PAA"),
        Element(Kind.OWN_GROUP, "PAA"),
        Element(Kind.EXCUSED, "PCC", year=1),
        Element(Kind.NO_MUTUAL, "PAA", "PBB"),
    }
    assert all(found.frees.values())
    assert "No two States review each other: Alpha – Beta." in said(board)
    assert "Excused from reviewing in year 1: Gamma." in said(board)


def test_more_owe_a_review_than_places_are_left() -> None:
    board = pacific(QAA=("QBB", None), QCC=("QDD", None))
    board = replace(board, rules=replace(board.rules, least=1, no_mutual=False))

    found = conflict(board)

    assert found is not None
    assert [element.kind for element in found.elements] == [Kind.LEAST] * 3
    assert "Under the rules below there are places for no more than 2 of them." in said(board)[0]


def test_a_closed_party_has_its_reason_already() -> None:
    completion = Completion.find(pacific(PAA=(None, "QAA")))
    assert completion is not None

    with pytest.raises(LotsError, match="PAA is closed for PAA: itself"):
        why_no_completion(completion, "PAA", 1, "PAA")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_conflict_can_be_said(seed: int) -> None:
    for board in boards(300 + seed, 30, most_slots=12):
        found = conflict(board)
        for reason in say(found, board) if found else ():
            assert "%(" not in str(reason)
            assert reason.params or "cannot all be kept" in reason.text
