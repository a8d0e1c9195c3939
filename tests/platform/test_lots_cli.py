"""`uncac-review lots`: transcripts that strangers can check, and one line for every bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from review import cli, db
from review.models import Cycle, Draw, Lot, Person, Review
from review.services.draws import assignment
from review.services.draws.assignment import Assignment
from tests.services import drawing
from tests.services.drawing import NOW
from workflows import chance
from workflows.drawing import drawn_anew

SECRET = "5a" * 32
VERIFIER = Path(__file__).parents[2] / "docs" / "lots" / "verify_lots.py"


@pytest.fixture
def stored(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A cycle with reviews and nobody drawn, committed; commands use this database."""
    with db.transaction() as session:
        drawing.setting(session)
    monkeypatch.setattr(cli, "_connected", lambda: None)
    return database


def lots(*arguments: str) -> int:
    try:
        return cli.main(["lots", *arguments])
    except SystemExit as left:
        return int(left.code or 0)


def draw_into(out: Path, *more: str) -> int:
    return lots(
        "draw", "--cycle", "1", "--year", "1", "--seed", "07 12 31", "--out", str(out), *more
    )


@pytest.mark.parametrize("mode", ["lot_by_lot", "whole"])
def test_draw_writes_a_transcript_and_changes_nothing(
    stored: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    out = tmp_path / "transcript.json"

    assert draw_into(out, "--mode", mode) == 0

    text = out.read_text(encoding="utf-8")
    transcript = json.loads(text)
    assert text == chance.canonical(transcript) + "\n"
    assert drawn_anew(transcript) == transcript
    printed = capsys.readouterr().out
    assert transcript["commitment"] in printed
    assert transcript["digest"] in printed
    assert transcript["secret"] not in printed
    assert list(tmp_path.iterdir()) == [out]
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Draw)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(Lot)) == 0


def test_stranger_checks_the_transcript(stored: str, tmp_path: Path) -> None:
    out = tmp_path / "transcript.json"
    assert draw_into(out) == 0

    checked = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(out)], capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_secret_and_numbers_give_the_same_file(stored: str, tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in ("1.json", "2.json", "3.json"))
    assert draw_into(first, "--secret", SECRET) == 0
    assert draw_into(second, "--secret", SECRET) == 0
    assert draw_into(other) == 0

    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes() != other.read_bytes()


def test_years_are_drawn_as_year_zero(stored: str, tmp_path: Path) -> None:
    with db.transaction() as session:
        session.execute(sa.text("DELETE FROM milestone"))
        session.execute(sa.delete(Review))
    out = tmp_path / "years.json"

    assert lots("draw", "--cycle", "1", "--year", "0", "--seed", "1", "--out", str(out)) == 0

    transcript = json.loads(out.read_text(encoding="utf-8"))
    assert {lot["drawn"] for lot in transcript["lots"]} == set(drawing.codes())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("draw", "--year", "1"), "required"),
        (("draw", "--cycle", "x"), "'x' is not a whole number from 1 to 99"),
        (("draw", "--cycle", "1", "--year", "7"), "whole number from 0 to 5"),
        (("check",), "--cycle"),
        (("check", "--cycle", "8"), "no cycle 8"),
        (("explain", "--cycle", "8"), "no cycle 8"),
        (("simulate", "--cycles", "0"), "'0' is not a whole number"),
        (("simulate", "--cycles", "1", "--parties", "3"), "'3' is not a whole number"),
        (("simulate", "--cycles", "1", "--speed", "9"), "unrecognized"),
    ],
)
def test_bad_input_is_one_line(
    stored: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert lots(*arguments) == 2

    (line,) = capsys.readouterr().err.strip().splitlines()
    assert words in line


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--secret", "5A" * 32), "64 lower-case hexadecimal digits"),
        (("--secret", ""), "64 lower-case"),
        (("--seed", "  "), "nothing was read out"),
        (("--purpose", "repeat"), "nothing to draw"),
        (("--title", "x" * 200), "too long"),
        (("--mode", "slowly"), "invalid choice"),
    ],
)
def test_draw_that_cannot_be_is_one_line_and_writes_nothing(
    stored: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    words: str,
) -> None:
    assert draw_into(tmp_path / "transcript.json", *more) == 2

    (line,) = capsys.readouterr().err.strip().splitlines()
    assert words in line
    assert list(tmp_path.iterdir()) == []


def test_file_that_cannot_be_written_is_one_line(
    stored: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert draw_into(tmp_path / "nowhere" / "transcript.json") == 2

    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "cannot be written" in line


def test_check_finds_what_breaks_a_rule(stored: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lots("check", "--cycle", "1") == 0
    capsys.readouterr()
    first, second, *_ = drawing.codes()
    with db.transaction() as session:
        cycle = session.scalars(sa.select(Cycle)).one()
        cycle.lot_rules = {"no_mutual": False}
        officer = session.scalars(sa.select(Person)).first()
        assert officer is not None
        pairs = {first: second, second: first}
        assignment.assign(
            session,
            cycle,
            [Assignment(s, {1: other, 2: drawing.codes()[9]}) for s, other in pairs.items()],
            held="Specimen session",
            drawn_on=NOW.date(),
            actor=officer,
            now=NOW,
        )
        cycle.lot_rules = {}

    assert lots("check", "--cycle", "1", "--json") == 1

    found = json.loads(capsys.readouterr().out)
    broken = [one["rule"] for one in found["findings"] if one["violation"]]
    assert (broken, found["violations"], found["filled"]) == (["mutual"], 1, 4)


def test_explain_says_whether_a_cycle_can_be_completed(
    stored: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lots("explain", "--cycle", "1", "--year", "2", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["feasible"], found["places"], found["year"]["places"]) == (True, 36, 10)
    assert found["own_group"]["African States"] == {"places": 6, "room": 18}
    with db.transaction() as session:
        session.scalars(sa.select(Cycle)).one().lot_rules = {"most": 1, "working_most": 1}

    assert lots("explain", "--cycle", "1", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["feasible"] is False
    assert found["reasons"]
    assert lots("explain", "--cycle", "1") == 1
    assert "feasible: no" in capsys.readouterr().out


def test_simulated_cycles_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    given = ("simulate", "--cycles", "3", "--parties", "60", "--json", "--processes")
    assert lots(*given, "1") == 0
    alone = json.loads(capsys.readouterr().out)
    assert lots(*given, "2") == 0

    assert json.loads(capsys.readouterr().out) == alone
    assert (alone["cycles"], alone["dead_ends"]) == (3, 0)
