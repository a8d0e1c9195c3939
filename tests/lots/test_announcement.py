"""Announcements as documents and back, and every document that is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from tests.lots import small
from workflows import announcement, chance
from workflows.announcement import Mode, ReviewersAnnouncement, YearsAnnouncement
from workflows.lots import LotOrder, LotParty, LotReview, LotsError, Rules
from workflows.review_years import YearParty

SECRET_HASH = chance.secret_hash("5a" * 32)
RULES = Rules(
    most=3,
    least=1,
    working_most=2,
    last_year=4,
    no_mutual=True,
    similar_tickets=2,
    steps_per_slot=50,
)

Document = dict[str, Any]


def reviewers() -> ReviewersAnnouncement:
    return ReviewersAnnouncement(
        cycle=3,
        year=1,
        title="Reviewing States of the first year",
        secret_sha256=SECRET_HASH,
        mode=Mode.LOT_BY_LOT,
        rules=RULES,
        parties=(
            LotParty("CCC", "Specimen C", None, serves=False),
            LotParty("AAA", "Côte A", "North", "civil", excused=frozenset({4, 1})),
            LotParty("BBB", "Specimen B", "North", "civil"),
            LotParty("DDD", "Specimen D", "South"),
        ),
        reviews=(LotReview("DDD", 2, ("CCC", None)), LotReview("AAA", 1)),
        lots=(LotOrder("AAA", 2, ("DDD",)), LotOrder("AAA", 1, ("DDD",)), LotOrder("DDD", 2)),
    )


def years() -> YearsAnnouncement:
    return YearsAnnouncement(
        cycle=3,
        title="Years of review",
        secret_sha256=SECRET_HASH,
        quotas={"North": (1, 1), "": (0, 1)},
        parties=(
            YearParty("BBB", "Specimen B", "North", volunteers=2),
            YearParty("AAA", "Specimen A", "North"),
            YearParty("EEE", "Union E", ""),
        ),
    )


def sent(document: Document) -> Document:
    """A document as somebody else receives it."""
    received: Document = json.loads(chance.canonical(document))
    return received


def refused(document: object) -> str:
    with pytest.raises(LotsError) as fault:
        announcement.read(document)
    text = str(fault.value)
    assert text
    assert "\n" not in text
    assert len(text) < 200
    return text


@pytest.mark.parametrize("mode", Mode)
def test_what_is_published_reads_back_as_the_same(mode: Mode) -> None:
    document = sent(reviewers().document() | {"mode": str(mode)})

    found = announcement.read(document)

    assert isinstance(found, ReviewersAnnouncement)
    assert found.document() == document
    assert found.mode is mode
    assert found.board == reviewers().board
    assert found.lots == reviewers().lots
    assert found.commitment == chance.digest(document)


def test_the_draw_of_the_years_reads_back_as_the_same() -> None:
    document = sent(years().document())

    found = announcement.read(document)

    assert isinstance(found, YearsAnnouncement)
    assert found.document() == document
    assert found.commitment == years().commitment == chance.digest(document)
    assert found.lots == years().lots


def test_every_small_cycle_reads_back_as_the_same() -> None:
    numbers = Random(7)
    for _ in range(200):
        board = small.random_board(numbers, numbers.randint(3, 8))
        lots = tuple(
            LotOrder(state, slot, tuple(sorted(board.without.get(state, ()))))
            for state, slot in board.open_slots()
        )
        published = ReviewersAnnouncement(
            1, 1, "", SECRET_HASH, Mode.WHOLE, board.rules,
            tuple(board.parties.values()), tuple(board.reviews.values()), lots,
        )  # fmt: skip

        found = announcement.read(sent(published.document()))

        assert isinstance(found, ReviewersAnnouncement)
        assert found.board == board
        assert found.commitment == published.commitment


def test_the_document_has_the_fields_of_the_specification() -> None:
    document = reviewers().document()

    assert sorted(document) == [
        "cycle", "format", "kind", "lots", "mode", "parties", "reviews", "rules",
        "secret_sha256", "title", "year",
    ]  # fmt: skip
    assert [party["code"] for party in document["parties"]] == ["AAA", "BBB", "CCC", "DDD"]
    assert document["parties"][0]["excused"] == [1, 4]
    assert document["reviews"] == [
        {"code": "AAA", "year": 1, "reviewers": [None, None]},
        {"code": "DDD", "year": 2, "reviewers": ["CCC", None]},
    ]
    assert document["lots"][0] == {"state": "AAA", "slot": 2, "without": ["DDD"]}


def test_whoever_reads_it_gets_the_same_commitment_in_whatever_order_it_was_entered() -> None:
    one = reviewers()
    other = ReviewersAnnouncement(
        one.cycle, one.year, one.title, one.secret_sha256, one.mode, one.rules,
        one.parties[::-1], one.reviews[::-1], one.lots,
    )  # fmt: skip

    assert other.commitment == one.commitment


def test_any_change_changes_the_commitment() -> None:
    document = reviewers().document()
    changed = [
        document | {"title": "Reviewing States of the first year."},
        document | {"mode": "whole"},
        document | {"rules": {**document["rules"], "most": 4}},
        document | {"lots": document["lots"][::-1]},
    ]

    commitments = {announcement.read(sent(one)).commitment for one in [document, *changed]}

    assert len(commitments) == 5


# What is no announcement -------------------------------------------------------------------------

PARTS = ["", "rules", "parties", "reviews", "lots"]


def part(document: Document, name: str) -> Document:
    """The announcement itself, or an object inside it."""
    inner = document[name] if name else document
    first: Document = inner[0] if isinstance(inner, list) else inner
    return first


@pytest.mark.parametrize("make", [reviewers, years])
@pytest.mark.parametrize("name", PARTS)
def test_a_missing_or_an_unknown_key_is_named(
    make: Callable[[], ReviewersAnnouncement | YearsAnnouncement], name: str
) -> None:
    original = sent(make().document())
    if name and not original[name]:
        return
    for key in part(original, name):
        document = deepcopy(original)
        del part(document, name)[key]
        # The quotas and the places of a draw of years are compared as a whole.
        assert key in refused(document) or (make is years and name == "lots")
    document = deepcopy(original)
    part(document, name)["note"] = ""
    assert "note" in refused(document) or (make is years and name == "lots")


@pytest.mark.parametrize("make", [reviewers, years])
@pytest.mark.parametrize("name", PARTS)
def test_a_value_of_another_type_is_refused(
    make: Callable[[], ReviewersAnnouncement | YearsAnnouncement], name: str
) -> None:
    original = sent(make().document())
    if name and not original[name]:
        return
    for key, value in part(original, name).items():
        candidates: tuple[Any, ...] = (None, True, 1, "text", [], {}, [[]], [{}], [None], {"a": 1})
        for wrong in candidates:
            same = type(wrong) is type(value) and wrong not in ([[]], [{}], [None])
            if same or (key, wrong) == ("group", None):
                continue
            document = deepcopy(original)
            part(document, name)[key] = wrong
            refused(document)


@pytest.mark.parametrize(
    "path",
    [("cycle",), ("year",), ("rules", "most"), ("reviews", 0, "year"), ("lots", 0, "slot")],
)
@pytest.mark.parametrize("value", [True, 1.0, "1"])
def test_only_a_whole_number_is_a_number(path: tuple[Any, ...], value: object) -> None:
    document = sent(reviewers().document())
    at: Any = document
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value

    assert "wrong type" in refused(document)


@pytest.mark.parametrize("document", [None, [], "text", 1, True, {}, [{}]])
def test_what_is_no_object_is_refused(document: object) -> None:
    assert "announcement" in refused(document)


def changed(path: tuple[Any, ...], value: object) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        at: Any = document
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    return change


def twice(name: str) -> Callable[[Document], None]:
    return lambda document: document[name].append(deepcopy(document[name][0]))


def swapped(name: str) -> Callable[[Document], None]:
    return lambda document: document[name].reverse()


WRONG: dict[str, tuple[Callable[[Document], None], str]] = {
    "another format": (changed(("format",), "uncac-lots/2"), "uncac-lots/2"),
    "another kind": (changed(("kind",), "experts"), "experts"),
    "another mode": (changed(("mode",), "fast"), "fast"),
    "cycle 0": (changed(("cycle",), 0), "cycle"),
    "year 0": (changed(("year",), 0), "year"),
    "half a hash": (changed(("secret_sha256",), "ab"), "secret_sha256"),
    "a hash of other signs": (changed(("secret_sha256",), "Z" * 64), "secret_sha256"),
    "most below 1": (changed(("rules", "most"), 0), "most"),
    "least above most": (changed(("rules", "least"), 4), "least"),
    "least below 0": (changed(("rules", "least"), -1), "least"),
    "working_most above most": (changed(("rules", "working_most"), 4), "working_most"),
    "working_most below least": (changed(("rules", "working_most"), 0), "working_most"),
    "no tickets": (changed(("rules", "similar_tickets"), 0), "similar_tickets"),
    "no steps": (changed(("rules", "steps_per_slot"), 0), "steps_per_slot"),
    "too many tickets": (changed(("rules", "similar_tickets"), 1001), "similar_tickets"),
    "too many steps": (changed(("rules", "steps_per_slot"), 100_001), "steps_per_slot"),
    "a hash in capitals": (changed(("secret_sha256",), "A" * 64), "secret_sha256"),
    "no last year": (changed(("rules", "last_year"), 0), "last_year"),
    "a party twice": (twice("parties"), "AAA"),
    "a review twice": (twice("reviews"), "AAA"),
    "a lot twice": (twice("lots"), "AAA"),
    "parties out of order": (swapped("parties"), "order"),
    "reviews out of order": (swapped("reviews"), "order"),
    "a code of two letters": (changed(("parties", 1, "code"), "BB"), "BB"),
    "a code of small letters": (changed(("parties", 1, "code"), "Bbb"), "Bbb"),
    "a group without a name": (changed(("parties", 0, "group"), ""), "AAA"),
    "excused in year 0": (changed(("parties", 0, "excused"), [0]), "AAA"),
    "excused out of order": (changed(("parties", 0, "excused"), [4, 1]), "order"),
    "excused twice": (changed(("parties", 0, "excused"), [1, 1]), "order"),
    "excused in no year": (changed(("parties", 0, "excused"), ["1"]), "excused"),
    "without twice": (
        changed(("lots",), [{"state": "AAA", "slot": 1, "without": ["DDD", "DDD"]}]),
        "AAA",
    ),
    "without out of order": (
        changed(("lots",), [{"state": "AAA", "slot": 1, "without": ["DDD", "BBB"]}]),
        "order",
    ),
    "an unknown State under review": (changed(("reviews", 1, "code"), "XXX"), "XXX"),
    "an unknown reviewing State": (changed(("reviews", 1, "reviewers"), ["XXX", None]), "XXX"),
    "an unknown State in a lot": (changed(("lots", 0, "state"), "XXX"), "XXX"),
    "a lot for a State not under review": (changed(("lots", 0, "state"), "BBB"), "BBB"),
    "an unknown State excluded": (changed(("lots", 2, "without"), ["XXX"]), "XXX"),
    "slot 3": (changed(("lots", 0, "slot"), 3), "slot 3"),
    "a slot that is filled": (changed(("lots", 2, "slot"), 1), "slot 1 of DDD"),
    "lots of a State that exclude differently": (changed(("lots", 0, "without"), []), "AAA"),
    "one reviewer": (changed(("reviews", 0, "reviewers"), [None]), "AAA"),
    "three reviewers": (changed(("reviews", 0, "reviewers"), [None, None, None]), "AAA"),
    "a number as a reviewer": (changed(("reviews", 0, "reviewers"), [1, None]), "AAA"),
    "its own reviewer": (changed(("reviews", 0, "reviewers"), ["AAA", None]), "AAA"),
    "one reviewer in both slots": (changed(("reviews", 0, "reviewers"), ["BBB", "BBB"]), "AAA"),
    "a review in year 0": (changed(("reviews", 0, "year"), 0), "AAA"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_contradiction_is_refused_with_what_is_wrong(name: str) -> None:
    change, word = WRONG[name]
    document = sent(reviewers().document())
    change(document)

    assert word in refused(document)


WRONG_YEARS: dict[str, tuple[Callable[[Document], None], str]] = {
    "cycle 0": (changed(("cycle",), 0), "cycle"),
    "a year": (changed(("year",), 1), "form"),
    "whole": (changed(("mode",), "whole"), "form"),
    "reviews": (changed(("reviews",), [{}]), "form"),
    "places out of order": (swapped("lots"), "order"),
    "parties out of order": (swapped("parties"), "order"),
    "a party twice": (twice("parties"), "AAA"),
    "quotas that do not add up": (changed(("rules", "quotas", "North"), [1, 2]), "North"),
    "quotas of nobody": (changed(("rules", "quotas", "East"), [1]), "East"),
    "no quotas": (changed(("rules", "quotas"), {}), "quotas"),
    "a quota below 0": (changed(("rules", "quotas", "North"), [3, -1]), "quota"),
    "a quota that is no number": (changed(("rules", "quotas", "North"), ["2"]), "quotas"),
    "quotas that are no list": (changed(("rules", "quotas", "North"), 2), "quotas"),
    "a code with a digit": (changed(("parties", 1, "code"), "BB1"), "BB1"),
    "a volunteer for a year before the first": (changed(("parties", 0, "volunteers"), -1), "AAA"),
    "a volunteer who is none": (changed(("parties", 0, "volunteers"), False), "volunteers"),
    "a group that is null": (changed(("parties", 0, "group"), None), "group"),
}


@pytest.mark.parametrize("name", WRONG_YEARS)
def test_a_draw_of_years_that_contradicts_itself_is_refused(name: str) -> None:
    change, word = WRONG_YEARS[name]
    document = sent(years().document())
    change(document)

    assert word in refused(document)
