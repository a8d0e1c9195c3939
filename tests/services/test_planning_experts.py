"""Lists of governmental experts: who keeps them, how long they get, files with faulty lines."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from review.models import Audit, Cycle, ListedExpert, Person
from review.services import cycle_planning, expert_files, expert_lists
from review.services.errors import InvalidGiven, NotAllowed, NotFound
from review.services.expert_lists import ExpertGiven
from tests import world

NOW = datetime(2013, 5, 24, 8, 0, tzinfo=UTC)
HEAD = "state,name,position,background,expertise,languages\n"


@pytest.fixture
def officer(session: Session) -> Person:
    world.cycle(session)
    world.states(session, "ZMB", "ITA")
    return world.person(session, "secretariat_officer")


@pytest.fixture
def cycle(session: Session, officer: Person) -> Cycle:
    return session.scalars(sa.select(Cycle)).one()


def add(session: Session, who: Person, name: str, iso3: str = "ZMB", **more: Any) -> ListedExpert:
    return expert_lists.add(session, 1, iso3, ExpertGiven(name, **more), actor=who, now=NOW)


def names(session: Session, cycle: Cycle, iso3: str = "ZMB") -> list[str]:
    return [one.name for one in expert_lists.of_state(session, cycle, iso3)]


def test_an_entry_is_listed_in_the_order_of_the_convention(
    session: Session, officer: Person, cycle: Cycle
) -> None:
    made = add(session, officer, "Expert 1", expertise=["46", "15", "IV", "II"], languages=["fr"])

    assert made.expertise == ["II", "IV", "15", "46"]
    assert (made.languages, made.since) == (["fr"], date(2013, 5, 24))
    row = session.scalars(sa.select(Audit).order_by(Audit.id.desc())).first()
    assert row is not None
    assert row.after == {"cycle": 1, "state": "ZMB", "expert": made.id}, "no name in the trail"


def test_a_list_has_an_end(session: Session, officer: Person, cycle: Cycle) -> None:
    cycle.lot_rules = {"experts": 2}
    first = add(session, officer, "Expert 1")
    add(session, officer, "Expert 2")
    with pytest.raises(InvalidGiven, match="full"):
        add(session, officer, "Expert 3")
    expert_lists.end(session, 1, first.id, actor=officer, now=NOW)
    add(session, officer, "Expert 3")
    add(session, officer, "Expert 3", "ITA")
    assert names(session, cycle) == ["Expert 2", "Expert 3"]
    ended = expert_lists.of_state(session, cycle, "ZMB", ended=True)
    assert [one.ended_on for one in ended] == [date(2013, 5, 24)]
    with pytest.raises(InvalidGiven, match="ended already"):
        expert_lists.end(session, 1, first.id, actor=officer, now=NOW)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (ExpertGiven(" "), "name"),
        (ExpertGiven("x" * 121), "name"),
        (ExpertGiven("EXPERT 1"), "name"),
        (ExpertGiven("A\x00b"), "name"),
        (ExpertGiven("A", position="x" * 201), "position"),
        (ExpertGiven("A", background="x" * 2001), "background"),
        (ExpertGiven("A", expertise=["VI"]), "expertise"),
        (ExpertGiven("A", expertise=["60"]), "expertise"),
        (ExpertGiven("A", languages=["de"]), "languages"),
    ],
)
def test_a_wrong_entry_changes_nothing(
    session: Session, officer: Person, cycle: Cycle, given: ExpertGiven, field: str
) -> None:
    add(session, officer, "Expert 1")

    with pytest.raises(InvalidGiven) as refused:
        expert_lists.add(session, 1, "ZMB", given, actor=officer, now=NOW)

    assert refused.value.errors.keys() == {field}
    assert names(session, cycle) == ["Expert 1"]


def test_only_the_secretariat_and_the_own_focal_point_keep_a_list(
    session: Session, officer: Person, cycle: Cycle
) -> None:
    own = world.person(session, "focal_point", "ZMB", "own")
    entry = add(session, own, "Expert 1")
    strangers = [
        world.person(session, "focal_point", "ITA", "other"),
        world.person(session, "expert", "ZMB", "expert"),
        world.person(session, "observer", "ZMB", "observer"),
    ]
    for stranger in strangers:
        with pytest.raises(NotAllowed):
            add(session, stranger, "Expert 2")
        with pytest.raises(NotAllowed):
            expert_lists.end(session, 1, entry.id, actor=stranger, now=NOW)
    for who in (own, *strangers):
        with pytest.raises(NotAllowed):
            expert_lists.circulate(session, 1, ["ZMB"], NOW.date(), actor=who, now=NOW)
        with pytest.raises(NotAllowed):
            expert_files.take_in(session, 1, HEAD + "ZMB,A,,,,", actor=who, now=NOW)
    own.active = False
    with pytest.raises(NotAllowed):
        add(session, own, "Expert 2")
    assert names(session, cycle) == ["Expert 1"]


def test_circulation_is_recorded_once_for_each_change(
    session: Session, officer: Person, cycle: Cycle
) -> None:
    def circulate(day: date, *codes: str) -> list[str]:
        return expert_lists.circulate(session, 1, codes, day, actor=officer, now=NOW)

    assert circulate(date(2013, 5, 20), "ZMB", "ITA") == ["ITA", "ZMB"]
    assert circulate(date(2013, 5, 20), "ZMB") == []
    with pytest.raises(InvalidGiven, match="still to come"):
        circulate(date(2013, 5, 25), "ZMB")
    with pytest.raises(InvalidGiven, match="at least one"):
        circulate(date(2013, 5, 20))
    with pytest.raises(NotFound):
        circulate(date(2013, 5, 20), "ZMB", "XXX")


# Files -------------------------------------------------------------------------------------------

FILE = HEAD + (
    "ZMB,Expert 2,Judge,,III 15,en fr\n"
    "\n"
    "XXX,Somebody,,,,\n"
    'ITA,"",,,III,en\n'
    "ita,Expert 1 of Italy,,,VI 99,de\n"
    "ZMB,Expert 1,,,,\n"
    "ZMB,Expert 2,,,,\n"
    "ZMB,Expert 3\n"
    "ZMB,Expert 4,,,,,more\n"
    'ITA,"Expert, second",,"Two\nlines",ii; iv|46,AR\n'
)


def test_every_faulty_line_is_named_and_the_others_are_taken_in(
    session: Session, officer: Person, cycle: Cycle
) -> None:
    add(session, officer, "Expert 1")

    found = expert_files.preview(session, 1, FILE, now=NOW)

    assert [(line.number, line.state) for line in found.faulty] == [
        (4, "XXX"), (5, "ITA"), (6, "ITA"), (9, "ZMB"), (10, "ZMB"),
    ]  # fmt: skip
    assert len(found.faulty[2].faults) == 2
    assert [line.number for line in found.known] == [7, 8]
    assert names(session, cycle) == ["Expert 1"], "a preview writes nothing"
    expert_files.take_in(session, 1, FILE, actor=officer, now=NOW)
    assert names(session, cycle) == ["Expert 1", "Expert 2"]
    italian = expert_lists.of_state(session, cycle, "ITA")[0]
    assert (italian.name, italian.background) == ("Expert, second", "Two lines")
    assert (italian.expertise, italian.languages) == (["II", "IV", "46"], ["ar"])
    with pytest.raises(InvalidGiven, match="No line"):
        expert_files.take_in(session, 1, FILE, actor=officer, now=NOW)


def test_a_file_cannot_overfill_a_list(session: Session, officer: Person, cycle: Cycle) -> None:
    cycle.lot_rules = {"experts": 3}
    add(session, officer, "Expert 0")
    text = HEAD + "".join(f"ZMB,Expert {number},,,,\n" for number in range(1, 6))

    found = expert_files.take_in(session, 1, text, actor=officer, now=NOW)

    assert [line.number for line in found.good] == [2, 3]
    assert [line.number for line in found.faulty] == [4, 5, 6]
    assert len(names(session, cycle)) == 3


def test_what_is_written_out_can_be_taken_in_again(
    session: Session, officer: Person, cycle: Cycle
) -> None:
    expert_files.take_in(session, 1, FILE, actor=officer, now=NOW)
    lines = [";".join(f'"{cell}"' for cell in row) for row in expert_files.rows(session, cycle)]
    for one in session.scalars(sa.select(ListedExpert)):
        expert_lists.end(session, 1, one.id, actor=officer, now=NOW)

    again = "\n".join([";".join(expert_files.COLUMNS), *lines])
    found = expert_files.take_in(session, 1, again, actor=officer, now=NOW)

    assert not found.faulty
    assert len(found.good) == len(lines) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "UTF-8"),
        (b"a" * (1024 * 1024 + 1), "too large"),
        (b"", "first line"),
        (b"name\nExpert 1\n", "needed"),
        (b"state,name,colour\n", "first line"),
        (b"state,name,name\n", "first line"),
        (b'state,name\nZMB,"Expert\n', "quotation mark"),
        (b"\x89PNG\r\n\x1a\n", "UTF-8"),
        (b"state,name\n" + b"ZMB,E\n" * 5001, "too many"),
    ],
)
def test_what_is_no_such_file_is_refused(
    session: Session, officer: Person, content: bytes, words: str
) -> None:
    with pytest.raises(InvalidGiven, match=words):
        expert_files.preview(session, 1, expert_files.decoded(content), now=NOW)


def test_a_mark_of_byte_order_and_capital_columns_do_no_harm(
    session: Session, officer: Person
) -> None:
    text = expert_files.decoded("\ufeffState;Name\nzmb;Expert 1\n".encode())

    assert len(expert_files.preview(session, 1, text, now=NOW).good) == 1


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=200))
def test_no_text_breaks_the_reading_of_a_file(session: Session, officer: Person, text: str) -> None:
    for whole in (text, HEAD + text):
        with suppress(InvalidGiven):
            found = expert_files.preview(session, 1, whole, now=NOW)
            assert all(line.faults for line in found.faulty)


def test_the_rules_of_the_cycle_limit_the_list(session: Session, cycle: Cycle) -> None:
    assert cycle_planning.rules_of(cycle).experts == 15
