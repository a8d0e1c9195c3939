"""`uncac-review lots`: a draw from what stands, simulated cycles, the rule checker, explanations.

Nothing here changes the database: what counts is drawn on the record, with its pages.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from random import Random
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Final

from review.command_line import UNUSABLE, OneLine

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from review.models import Cycle
    from workflows.simulation import Outcome

_FAILED: Final = 1
_SEEDS_APART: Final = 1_000_003
_FEWEST_PARTIES: Final = 4
_MOST: Final = 1_000_000
_SHARES: Final = (1, 1, 1, 1)
"""The first cycle: four years, as many States in each."""


def register(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], connect: Callable[[], object]
) -> None:
    """Add the command ``lots``; ``connect`` connects the process to the database."""
    text = "Draw, simulate, check and explain lots; changes nothing"
    lots = commands.add_parser("lots", help=text, description=f"{text}.")
    actions = lots.add_subparsers(metavar="ACTION", required=True, parser_class=OneLine)

    def action(
        name: str, does: Callable[[argparse.Namespace], int], text: str, *, stored: bool
    ) -> argparse.ArgumentParser:
        one = actions.add_parser(name, help=text, description=f"{text}.")
        one.set_defaults(action=lambda given: _spoken(does, given, connect if stored else None))
        if stored:
            one.add_argument("--cycle", type=_whole(1, 99), required=True, metavar="N")
        return one

    draw = action("draw", _draw, "Draw from what stands, without recording it", stored=True)
    _draw_arguments(draw)
    simulate = action("simulate", _simulate, "Draw whole cycles, and count dead ends", stored=False)
    simulate.add_argument("--cycles", type=_whole(1, _MOST), required=True, metavar="N")
    simulate.add_argument("--parties", type=_whole(_FEWEST_PARTIES, 1000), default=190, metavar="N")
    simulate.add_argument("--seed", type=_whole(0, _MOST), default=1, metavar="N")
    simulate.add_argument(
        "--processes", type=_whole(1, 64), default=os.cpu_count() or 1, metavar="N"
    )
    check = action("check", _check, "Judge what stands by the rules", stored=True)
    explain = action("explain", _explain, "Say whether a cycle can be completed", stored=True)
    explain.add_argument("--year", type=_whole(1, 5), metavar="Y", help="places of this year only")
    for one in (simulate, check, explain):
        one.add_argument("--json", action="store_true", help="for programs instead of for people")


def _draw_arguments(draw: argparse.ArgumentParser) -> None:
    draw.add_argument(
        "--year", type=_whole(0, 5), required=True, metavar="Y", help="0: the years of review"
    )
    draw.add_argument("--seed", required=True, metavar="TEXT", help="what was read out")
    purposes = ("regular", "repeat", "replacement", "deferred", "late", "completion")
    draw.add_argument("--purpose", choices=purposes, default="regular")
    draw.add_argument("--mode", choices=("lot_by_lot", "whole"), default="lot_by_lot")
    draw.add_argument("--title", default="", help="of the announcement")
    draw.add_argument("--secret", metavar="HEX", help="64 hexadecimal digits; else a fresh one")
    draw.add_argument("--out", type=Path, required=True, metavar="FILE", help="the transcript")


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = lowest - 1
        if not lowest <= value <= highest:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {lowest} to {highest}"
            )
        return value

    return read


def _spoken(
    does: Callable[[argparse.Namespace], int],
    given: argparse.Namespace,
    connect: Callable[[], object] | None,
) -> int:
    """Carry out an action; what cannot be done is one line."""
    from review.reference import LotRulesError
    from review.services.errors import InvalidGiven, NotFound, Refused
    from workflows.lots import LotsError

    if connect is not None:
        connect()
    try:
        return does(given)
    except Refused as refused:
        problem = " ".join(str(reason) for reason in refused.reasons)
    except (InvalidGiven, LotRulesError) as wrong:
        problem = " ".join(wrong.errors.values())
    except (NotFound, LotsError) as wrong:
        problem = str(wrong)
    print(f"uncac-review lots: {problem}", file=sys.stderr)
    return UNUSABLE


def _draw(given: argparse.Namespace) -> int:
    from review import clock
    from review.services.draws import prepare
    from review.services.draws.orders import Purpose
    from review.services.draws.prepare import DrawOrder
    from workflows import chance, drawing
    from workflows.announcement import Mode
    from workflows.lots import LotsError

    read_out = given.seed.strip()
    secret = secrets.token_hex(32) if given.secret is None else given.secret
    title = given.title or f"Cycle {given.cycle}, year {given.year}"
    order = DrawOrder(given.year, title, purpose=Purpose(given.purpose), mode=Mode(given.mode))
    try:
        chance.secret_hash(secret)
        chance.seed("", read_out, secret)
    except ValueError as wrong:
        raise LotsError(str(wrong)) from wrong
    with _cycle(given.cycle) as (session, cycle):
        announced, _answers = prepare.announced(session, cycle, order, secret, clock.now())
    seed = chance.seed(announced.commitment, read_out, secret)
    entries = list(drawing.draw_all(announced, seed))
    transcript = drawing.transcript(announced, secret, read_out, entries)
    try:
        _write(given.out, chance.canonical(transcript) + "\n")
    except OSError as wrong:
        raise LotsError(f"{given.out} cannot be written: {wrong.strerror}") from wrong
    print(f"lots        {len(entries)}")
    print(f"commitment  {announced.commitment}")
    print(f"digest      {transcript['digest']}")
    return 0


def _write(path: Path, text: str) -> None:
    """Write a file wholly or not at all."""
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as made:
        try:
            made.write(text)
            made.flush()
            os.fsync(made.fileno())
            Path(made.name).chmod(0o644)
            Path(made.name).replace(path)
        except BaseException:
            Path(made.name).unlink()
            raise


@contextmanager
def _cycle(number: int) -> Iterator[tuple[Session, Cycle]]:
    """A cycle, in a transaction that only reads. Raises NotFound."""
    from review import db
    from review.services.queries import cycle

    with db.reading() as session:
        yield session, cycle.find(session, number)


def _simulate(given: argparse.Namespace) -> int:
    from review.reference import lot_rules
    from workflows.simulation import Summary

    summary = Summary()
    seeds = [given.seed * _SEEDS_APART + number for number in range(given.cycles)]
    for outcome in _outcomes(seeds, given):
        summary.add(outcome)
    document = summary.document() | {
        "parties": given.parties,
        "seed": given.seed,
        "rules": lot_rules().announced(),
    }
    _show(document, given)
    return _FAILED if summary.dead_ends else 0


def _outcomes(seeds: list[int], given: argparse.Namespace) -> Iterable[Outcome]:
    if given.processes == 1 or len(seeds) == 1:
        yield from _outcomes_of(given.parties, given.seed, seeds)
        return
    at_once = max(1, min(25, len(seeds) // given.processes))
    parts = [seeds[start : start + at_once] for start in range(0, len(seeds), at_once)]
    with ProcessPoolExecutor(given.processes) as pool:
        todo = [pool.submit(_outcomes_of, given.parties, given.seed, part) for part in parts]
        for one in todo:
            yield from one.result()


def _outcomes_of(parties: int, seed: int, seeds: list[int]) -> list[Outcome]:
    """Cycles of the States parties, drawn by the usual rules."""
    from review import reference
    from workflows import simulation
    from workflows.lots import LotParty, Rules

    roster = [
        LotParty(one.iso3, one.name, one.regional_group, one.legal_tradition)
        for one in reference.parties()
        if one.ratification_date
    ]
    some = simulation.sample(roster, parties, Random(seed))  # noqa: S311 - a simulation
    rules = Rules(**reference.lot_rules().announced())
    return list(simulation.outcomes(rules, some, _SHARES, seeds))


def _check(given: argparse.Namespace) -> int:
    from review import clock
    from review.services.draws import rule_check
    from review.services.snapshot import VIENNA
    from workflows.deadlines import local_day

    with _cycle(given.cycle) as (session, cycle):
        found = rule_check.rule_check(session, cycle, local_day(clock.now(), VIENNA))
    findings = [
        {
            "rule": str(one.rule),
            "state": one.state,
            "violation": one.violation,
            "text": str(one.reason),
        }
        for one in found.findings
    ]
    if given.json:
        document = {
            "cycle": given.cycle,
            "day": found.day.isoformat(),
            "reviews": found.reviews,
            "places": found.places,
            "filled": found.filled,
            "violations": len(found.violations),
            "findings": findings,
        }
        print(json.dumps(document, ensure_ascii=False))
    else:
        for one in findings:
            print(f"{'BAD' if one['violation'] else 'note':5}{one['text']}")
        print(
            f"{found.filled} of {found.places} places filled, {len(found.violations)} violations."
        )
    return _FAILED if found.violations else 0


def _explain(given: argparse.Namespace) -> int:
    from review import clock
    from review.services.draws import board, feasibility, shortages
    from review.services.snapshot import VIENNA
    from workflows import conflict_words, conflicts
    from workflows.deadlines import local_day

    with _cycle(given.cycle) as (session, cycle):
        stands = board.standing(session, cycle, local_day(clock.now(), VIENNA))
    found = stands.board()
    reasons = feasibility.obstacles(found, stands)
    slack = shortages.slack(found)
    conflict = conflicts.conflict(found) if reasons else None
    if conflict:
        told = [*reasons[:1], *shortages.counted(slack)]
        reasons = (*told, *conflict_words.say(conflict, found))
    document: dict[str, Any] = {
        "cycle": given.cycle,
        "feasible": not reasons,
        "reasons": [str(reason) for reason in reasons],
        "conflict": [asdict(one) for one in conflict.elements] if conflict else [],
        "smallest": conflict.smallest if conflict else True,
        "places": slack.places,
        "room": slack.room,
        "early_places": slack.early_places,
        "early_room": slack.early_room,
        "owed": slack.owed,
        "own_group": {
            group or "no group": {"places": places, "room": room}
            for group, (places, room) in slack.own_group.items()
        },
    }
    if given.year:
        open_places = [len(r.open_slots()) for r in stands.reviews if r.year == given.year]
        document["year"] = {"year": given.year, "places": sum(open_places)}
    _show(document, given)
    return _FAILED if reasons else 0


def _show(document: Mapping[str, Any], given: argparse.Namespace) -> None:
    if given.json:
        print(json.dumps(document, ensure_ascii=False))
        return
    for key, value in document.items():
        label = key.replace("_", " ")
        if isinstance(value, Mapping):
            print(label)
            for inner, each in value.items():
                print(f"  {inner}: {_plain(each)}")
        elif isinstance(value, list):
            print("".join(f"{label}: {_plain(each)}\n" for each in value), end="")
        else:
            print(f"{label}: {_plain(value)}")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return str(value)
