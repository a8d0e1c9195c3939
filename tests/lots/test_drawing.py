"""Drawing lots: the same for everybody, from any lot on, and a transcript that tells a change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

import pytest

from tests.lots import small
from workflows import chance, drawing
from workflows.announcement import Announcement, Mode, ReviewersAnnouncement, YearsAnnouncement
from workflows.completion import Completion
from workflows.lots import Board, LotOrder, LotParty, LotReview, LotsError, Rules
from workflows.review_years import YearParty

SECRET = "5a" * 32
READ_OUT = "17 4 33"


def announced(board: Board, mode: Mode) -> ReviewersAnnouncement:
    """A draw of every slot that is open on a board."""
    lots = tuple(
        LotOrder(state, slot, tuple(sorted(board.without.get(state, ()))))
        for state, slot in board.open_slots()
    )
    return ReviewersAnnouncement(
        cycle=1,
        year=1,
        title="Specimen",
        secret_sha256=chance.secret_hash(SECRET),
        mode=mode,
        rules=board.rules,
        parties=tuple(board.parties.values()),
        reviews=tuple(board.reviews.values()),
        lots=lots,
    )


def boards(count: int, parties: tuple[int, int] = (4, 8)) -> Iterator[Board]:
    """Small cycles with something to draw that can be completed."""
    numbers = Random(31)
    while count:
        board = small.random_board(numbers, numbers.randint(*parties))
        if board.open_slots() and Completion.find(board):
            count -= 1
            yield board


def years() -> YearsAnnouncement:
    members = {"North": "ABCDEFG", "South": "HIJK", "": "L"}
    return YearsAnnouncement(
        cycle=1,
        title="Specimen years",
        secret_sha256=chance.secret_hash(SECRET),
        quotas={"North": (3, 2, 2), "South": (1, 2, 1), "": (0, 0, 1)},
        parties=tuple(
            YearParty(letter * 3, f"Specimen {letter}", group, {"B": 2, "C": 3}.get(letter, 0))
            for group, letters in members.items()
            for letter in letters
        ),
    )


def seed_of(announcement: Announcement) -> str:
    return chance.seed(announcement.commitment, READ_OUT, SECRET)


def drawn(announcement: Announcement) -> list[drawing.Entry]:
    return list(drawing.draw_all(announcement, seed_of(announcement)))


def received(announcement: Announcement) -> Any:
    """The transcript as a stranger reads it from a file."""
    document = drawing.transcript(announcement, SECRET, READ_OUT, drawn(announcement))
    return json.loads(chance.canonical(document))


@cache
def announcements() -> tuple[Announcement, ...]:
    reviewers = [announced(board, mode) for board in boards(12) for mode in Mode]
    return (*reviewers, years())


# Lots --------------------------------------------------------------------------------------------


def test_a_draw_that_stopped_anywhere_goes_on_with_the_same_result() -> None:
    for announcement in announcements():
        whole = drawn(announcement)
        for stop in range(len(whole) + 1):
            before = json.loads(chance.canonical(whole[:stop]))
            rest = list(drawing.draw_all(announcement, seed_of(announcement), before))
            assert before + rest == whole


def test_lots_taken_one_at_a_time_are_those_of_the_whole_list() -> None:
    for announcement in announcements():
        entries: list[drawing.Entry] = []
        while len(entries) < len(announcement.lots):
            entries.append(next(drawing.draw_all(announcement, seed_of(announcement), entries)))

        assert entries == drawn(announcement)


def test_the_bowl_shown_before_a_lot_is_that_of_its_entry() -> None:
    for announcement in announcements():
        entries = drawn(announcement)
        for done, entry in enumerate(entries):
            shown = drawing.next_lot(announcement, entries[:done])
            if announcement.mode is Mode.WHOLE:
                assert shown is None
                continue
            assert shown is not None
            assert shown.number == entry["number"] == done + 1
            assert {**shown.entry, "drawn": entry["drawn"], "chain": entry["chain"]} == entry
            assert entry["drawn"] in shown.candidates
            assert len(shown.tickets) == len(shown.candidates)
        assert drawing.next_lot(announcement, entries) is None


def test_every_lot_names_every_party_once() -> None:
    for announcement in announcements():
        if announcement.mode is Mode.WHOLE or isinstance(announcement, YearsAnnouncement):
            continue
        for entry in drawn(announcement):
            closed = [code for codes in entry["closed"].values() for code in codes]
            assert sorted([*entry["candidates"], *closed]) == sorted(announcement.board.parties)
            assert all(entry["closed"].values()), "a reason that nobody has is not listed"


def test_lots_leave_every_rule_kept() -> None:
    for board in boards(60):
        entries = drawn(announced(board, Mode.LOT_BY_LOT))

        filled = {(entry["state"], entry["slot"]): entry["drawn"] for entry in entries}
        assert small.keeps_every_rule(board, filled)


def test_the_ticket_drawn_is_that_of_the_generator() -> None:
    for announcement in announcements():
        if announcement.mode is Mode.WHOLE:
            continue
        numbers = chance.Chance(seed_of(announcement))
        entries = drawn(announcement)
        for done, entry in enumerate(entries):
            lot = drawing.next_lot(announcement, entries[:done])
            assert lot is not None
            tickets = [
                code
                for code, held in zip(lot.candidates, lot.tickets, strict=True)
                for _ in range(held)
            ]
            ticket = numbers.choose(f"lot:{entry['number']}", len(tickets))
            assert tickets[ticket] == entry["drawn"]


def test_other_numbers_read_out_give_another_draw() -> None:
    announcement = years()

    results = set()
    for read_out in ("1", "2", "3", "4", "5", "6"):
        seed = chance.seed(announcement.commitment, read_out, SECRET)
        results.add(tuple(entry["drawn"] for entry in drawing.draw_all(announcement, seed)))

    assert len(results) == 6


def test_a_cycle_that_cannot_be_completed_draws_nothing() -> None:
    rules = Rules(1, 0, 1, 1, no_mutual=True, similar_tickets=1, steps_per_slot=5)
    members = [LotParty(code, code, "North") for code in ("AAA", "BBB")]
    board = Board.of(rules, members, [LotReview("AAA", 1)])

    for mode in Mode:
        announcement = announced(board, mode)
        with pytest.raises(drawing.NoCompletionError, match="no completion of the cycle"):
            drawn(announcement)
    with pytest.raises(drawing.NoCompletionError):
        drawing.next_lot(announced(board, Mode.LOT_BY_LOT), [])


def test_progress_of_a_whole_draw_rises_to_the_end() -> None:
    announcement = announced(next(boards(1)), Mode.WHOLE)
    told: list[int] = []

    list(drawing.draw_all(announcement, seed_of(announcement), progress=told.append))

    assert told == sorted(told)
    assert told[-1] == 100


# Years -------------------------------------------------------------------------------------------


def test_the_years_fill_every_quota_and_place_everybody_once() -> None:
    announcement = years()

    entries = drawn(announcement)

    assert sorted(entry["drawn"] for entry in entries) == sorted(
        party.code for party in announcement.parties
    )
    for group, row in announcement.quotas.items():
        for year, places in enumerate(row, start=1):
            assert sum((e["group"], e["year"]) == (group, year) for e in entries) == places


def test_volunteers_have_the_year_for_which_they_volunteered() -> None:
    for read_out in range(40):
        announcement = years()
        seed = chance.seed(announcement.commitment, str(read_out), SECRET)
        year = {e["drawn"]: e["year"] for e in drawing.draw_all(announcement, seed)}

        assert year["BBB"] == 2
        assert year["CCC"] == 3


# Transcripts -------------------------------------------------------------------------------------


def test_a_transcript_is_what_its_announcement_secret_and_numbers_give() -> None:
    for announcement in announcements():
        document = received(announcement)

        assert drawing.drawn_anew(document) == document
        assert document["commitment"] == chance.digest(document["announcement"])
        assert document["digest"] == document["lots"][-1]["chain"]


def test_the_chain_binds_every_lot_to_those_before() -> None:
    for announcement in announcements():
        document = received(announcement)
        previous = document["seed"]
        for entry in document["lots"]:
            lot = {key: value for key, value in entry.items() if key != "chain"}
            assert entry["chain"] == chance.digest({"lot": lot, "previous": previous})
            previous = entry["chain"]


def leaves(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every single value of a document."""
    items: Any = ()
    if isinstance(document, dict):
        items = document.items()
    elif isinstance(document, list):
        items = enumerate(document)
    for key, value in items:
        yield from leaves(value, (*path, key))
    if not items:
        yield path


def other(value: Any) -> Any:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return value[:-1] + ("0" if value[-1:] != "0" else "1")
        case None:
            return "AAA"
        case _:
            return ["AAA"]


def anew(document: Any) -> Any:
    """What the announcement of a transcript gives, or the words with which it is refused."""
    try:
        return drawing.drawn_anew(document)
    except LotsError as fault:
        return str(fault)


@pytest.mark.parametrize("number", [0, 1, -1])
def test_any_value_that_was_changed_is_found(number: int) -> None:
    document = received(announcements()[number])
    assert drawing.drawn_anew(document) == document

    for path in leaves(document):
        changed = deepcopy(document)
        at = changed
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = other(at[path[-1]])
        assert anew(changed) != changed, path


def test_a_lot_left_out_or_exchanged_is_found() -> None:
    document = received(announced(next(boards(1, (8, 8))), Mode.LOT_BY_LOT))
    lots = document["lots"]

    for changed in (lots[:-1], lots[1:], [lots[1], lots[0], *lots[2:]], [*lots, lots[-1]]):
        assert drawing.drawn_anew(document | {"lots": changed}) != document | {"lots": changed}


def test_a_transcript_needs_every_lot() -> None:
    announcement = years()

    with pytest.raises(LotsError, match="2 lots are not drawn yet"):
        drawing.transcript(announcement, SECRET, READ_OUT, drawn(announcement)[:-2])


BROKEN: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no object": (lambda _: [], "a transcript is an object"),
    "no secret": (lambda d: {k: v for k, v in d.items() if k != "secret"}, "secret"),
    "a number as secret": (lambda d: d | {"secret": 5}, "secret"),
    "another secret": (lambda d: d | {"secret": "5b" * 32}, "hash was announced"),
    "no hexadecimal secret": (lambda d: d | {"secret": "Z" * 64}, "64 lower-case"),
    "nothing read out": (lambda d: d | {"read_out": ""}, "nothing was read out"),
    "read out as a number": (lambda d: d | {"read_out": 17}, "read out"),
    "no announcement": (lambda d: d | {"announcement": None}, "announcement"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_transcript_is_refused_in_words(name: str) -> None:
    change, words = BROKEN[name]

    with pytest.raises(LotsError, match=words):
        drawing.drawn_anew(change(received(years())))
