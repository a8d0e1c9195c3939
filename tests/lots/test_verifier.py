"""The published verifier against a reference that tries every completion of a small cycle.

Parties, groups and rules are made up here, drawn by a generator with a fixed start.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import importlib.util
import itertools
import json
import math
import random
import runpy
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "lots" / "verify_lots.py"
LIMIT = 200
"""Lines of the file, all of them."""
Json = dict[str, Any]
Slot = tuple[str, int]
SECRET = "5b" * 32


def load() -> Any:
    spec = importlib.util.spec_from_file_location("verify_lots", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERIFIER = load()


# The reference: no flow, no shortcut, every completion in a list.


def text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def mark(value: object) -> str:
    return hashlib.sha256(text(value).encode()).hexdigest()


def octets(value: object) -> bytes:
    return text(value).encode() + b"\n"


def chooser(seed: str) -> Callable[[str, int], int]:
    def choose(label: str, n: int) -> int:
        limit = 2**256 - (2**256 % n)
        for k in itertools.count():
            start = bytes.fromhex(seed) + label.encode() + b"\0" + k.to_bytes(4, "big")
            x = int.from_bytes(hashlib.sha256(start).digest(), "big")
            if x < limit:
                return x % n
        raise AssertionError

    return choose


class Small:
    """A cycle so small that all its completions can be listed."""

    def __init__(self, announcement: Json) -> None:
        self.a = announcement
        self.rules = announcement["rules"]
        self.party = {p["code"]: p for p in announcement["parties"]}
        self.year = {r["code"]: r["year"] for r in announcement["reviews"]}
        self.standing: dict[Slot, str] = {}
        null: list[tuple[int, str, int]] = []
        for review in announcement["reviews"]:
            for slot, held in enumerate(review["reviewers"], 1):
                if held is None:
                    null.append((review["year"], review["code"], slot))
                else:
                    self.standing[review["code"], slot] = held
        lots = [(lot["state"], lot["slot"]) for lot in announcement["lots"]]
        self.lots = lots
        self.slots = lots + [(c, k) for _, c, k in sorted(null) if (c, k) not in lots]
        self.without = {lot["state"]: lot["without"] for lot in announcement["lots"]}
        self.completions = list(self.extend({}))

    def early(self, state: str) -> bool:
        return bool(self.year[state] < self.rules["last_year"])

    def carried(self, stands: dict[Slot, str], party: str, early: bool = False) -> int:
        return sum(p == party and (not early or self.early(s)) for (s, _), p in stands.items())

    def closed(self, stands: dict[Slot, str], place: Slot, code: str) -> str | None:
        """The first reason of 4.6 but the last, read from top to bottom."""
        state, slot = place
        party, rules = self.party[code], self.rules
        group = self.party[state]["group"]
        table = [
            ("itself", code == state),
            ("already", stands.get((state, 3 - slot)) == code),
            ("other_group", slot == 1 and group is not None and party["group"] != group),
            ("not_serving", not party["serves"]),
            ("excused", self.year[state] in party["excused"]),
            ("repeated", code in self.without.get(state, [])),
            (
                "mutual",
                rules["no_mutual"] and state in (stands.get((code, 1)), stands.get((code, 2))),
            ),
            ("most", self.carried(stands, code) >= rules["most"]),
            (
                "working_most",
                self.early(state) and self.carried(stands, code, True) >= rules["working_most"],
            ),
        ]
        return next((reason for reason, holds in table if holds), None)

    def extend(self, drawn: dict[Slot, str]) -> Iterator[tuple[str, ...]]:
        stands = self.standing | drawn
        if len(drawn) == len(self.slots):
            if all(
                self.carried(stands, code) >= self.rules["least"]
                for code, party in self.party.items()
                if party["serves"]
            ):
                yield tuple(drawn[place] for place in self.slots)
            return
        place = self.slots[len(drawn)]
        for code in self.party:
            if self.closed(stands, place, code) is None:
                yield from self.extend(drawn | {place: code})

    def tickets(self, place: Slot, code: str) -> int:
        tradition = self.party[code]["tradition"]
        similar = tradition and tradition == self.party[place[0]]["tradition"]
        return int(self.rules["similar_tickets"]) if place[1] == 1 and similar else 1

    def lot_by_lot(
        self, choose: Callable[[str, int], int], label: str, lots: list[Slot]
    ) -> Iterator[Json]:
        left, stands = self.completions, dict(self.standing)
        for n, place in enumerate(lots):
            candidates = sorted({completion[n] for completion in left})
            closed: dict[str, list[str]] = {}
            for code in self.party:
                if code not in candidates:
                    reason = self.closed(stands, place, code) or "no_completion"
                    closed.setdefault(reason, []).append(code)
                else:
                    assert self.closed(stands, place, code) is None
            urn = [code for code in candidates for _ in range(self.tickets(place, code))]
            drawn = urn[choose(f"{label}:{n + 1}", len(urn))]
            left = [completion for completion in left if completion[n] == drawn]
            stands[place] = drawn
            yield {
                "state": place[0],
                "slot": place[1],
                "candidates": candidates,
                "closed": closed,
                "drawn": drawn,
            }

    def whole(self, choose: Callable[[str, int], int]) -> Iterator[Json]:
        held = [lot["drawn"] for lot in self.lot_by_lot(choose, "start", self.slots)]
        possible, codes, size = set(self.completions), list(self.party), len(self.slots)
        for n in range(1, size * self.rules["steps_per_slot"] + 1):
            i, j = choose(f"walk:{n}:slot", size), choose(f"walk:{n}:with", size + len(codes))
            new = list(held)
            if j < size:
                new[i], new[j] = held[j], held[i]
            else:
                new[i] = codes[j - size]
            if new == held or tuple(new) not in possible:
                continue
            changed = [s for s in range(size) if new[s] != held[s]]
            a = math.prod(self.tickets(self.slots[s], held[s]) for s in changed)
            b = math.prod(self.tickets(self.slots[s], new[s]) for s in changed)
            if b < a and choose(f"walk:{n}:accept", a) >= b:
                continue
            held = new
        for place, drawn in zip(self.lots, held, strict=False):
            yield {"state": place[0], "slot": place[1], "drawn": drawn}


def years(announcement: Json, choose: Callable[[str, int], int]) -> Iterator[Json]:
    placed: list[str] = []
    for n, lot in enumerate(announcement["lots"], 1):
        year, candidates = lot["year"], []
        closed: dict[str, list[str]] = {}
        members = [p for p in announcement["parties"] if p["group"] == lot["group"]]
        waiting = [p for p in members if p["code"] not in placed]
        here = [p for p in waiting if p["volunteers"] == year]
        rest = [p for p in waiting if p["volunteers"] <= year]
        for party in members:
            code = party["code"]
            if code in placed:
                closed.setdefault("placed", []).append(code)
            elif here and party not in here:
                closed.setdefault("volunteers_first", []).append(code)
            elif party["volunteers"] > year and rest:
                closed.setdefault("volunteers_later", []).append(code)
            else:
                candidates.append(code)
        drawn = candidates[choose(f"lot:{n}", len(candidates))]
        placed.append(drawn)
        yield lot | {"candidates": candidates, "closed": closed, "drawn": drawn}


def chained(announcement: Json, read_out: str, lots: Callable[..., Iterator[Json]]) -> Json:
    commitment = mark(announcement)
    seed = mark({"commitment": commitment, "read_out": read_out, "secret": SECRET})
    transcript = {
        "announcement": announcement,
        "commitment": commitment,
        "secret": SECRET,
        "read_out": read_out,
        "seed": seed,
        "lots": [{"number": n} | lot for n, lot in enumerate(lots(chooser(seed)), 1)],
    }
    return rechained(transcript)


def blank(announcement: Json) -> Json:
    """As many lots as announced, with nothing in them."""
    return chained(announcement, "1", lambda _: iter([{} for _ in announcement["lots"]]))


def rechained(transcript: Json) -> Json:
    """The chain over whatever the lots are, as somebody who cheats would write it."""
    chain = transcript["seed"]
    for lot in transcript["lots"]:
        lot.pop("chain", None)
        chain = lot["chain"] = mark({"lot": dict(lot), "previous": chain})
    return transcript | {"digest": chain}


# Small cycles.


def announced(**more: Any) -> Json:
    base = {
        "format": "uncac-lots/1",
        "kind": "reviewers",
        "cycle": 1,
        "year": 1,
        "title": "Čtení “a”",
        "secret_sha256": hashlib.sha256(bytes.fromhex(SECRET)).hexdigest(),
        "mode": "lot_by_lot",
    }
    return base | more


def small(seed: int, mode: str = "lot_by_lot") -> Small | None:
    """A random cycle, or None if it has no completion or too many."""
    dice = random.Random(seed)
    codes = [f"A{c}A" for c in "ABCDEFG"[: dice.randint(4, 7)]]
    groups: list[str | None] = dice.choice([["G", "H"], ["G"], ["G", "H", None], ["G", "G", "H"]])
    parties = [
        {
            "code": code,
            "name": f"State {code}",
            "group": dice.choice(groups),
            "tradition": dice.choice(["", "x", "y"]),
            "serves": dice.random() < 0.9,
            "excused": sorted(dice.sample([1, 2, 3, 4], dice.choice([0, 0, 0, 1, 2]))),
        }
        for code in codes
    ]
    most = dice.randint(1, 3)
    least = dice.randint(0, most)
    rules = {
        "most": most,
        "least": min(least, dice.randint(0, 2)),
        "working_most": dice.randint(least, most),
        "last_year": dice.randint(1, 4),
        "no_mutual": dice.random() < 0.7,
        "similar_tickets": dice.choice([1, 1, 3]),
        "steps_per_slot": dice.randint(1, 8),
    }
    reviews: list[Json] = [
        {
            "code": code,
            "year": dice.randint(1, 4),
            "reviewers": [
                other if dice.random() < 0.3 else None
                for other in dice.sample([other for other in codes if other != code], 2)
            ],
        }
        for code in codes
        if dice.random() < 0.85
    ]
    null = [(r["code"], k) for r in reviews for k in (1, 2) if r["reviewers"][k - 1] is None]
    while len(null) > 7:
        code, k = null.pop(dice.randrange(len(null)))
        row = next(r for r in reviews if r["code"] == code)["reviewers"]
        row[k - 1] = dice.choice([other for other in codes if other not in (code, *row)])
    dice.shuffle(null)
    without = {code: sorted(dice.sample(codes, dice.choice([0, 0, 0, 1]))) for code in codes}
    lots = [
        {"state": code, "slot": k, "without": without[code]}
        for code, k in null[: dice.randint(1, 8)]
    ]
    cycle = Small(
        announced(parties=parties, rules=rules, reviews=reviews, lots=lots, mode=mode, year=1)
    )
    return cycle if cycle.completions and cycle.lots else None


def transcript_of(cycle: Small) -> Json:
    def lots(choose: Callable[[str, int], int]) -> Iterator[Json]:
        if cycle.a["mode"] == "whole":
            return cycle.whole(choose)
        return cycle.lot_by_lot(choose, "lot", cycle.lots)

    return chained(cycle.a, "17 4 23", lots)


def said(transcript: object, *commitment: str) -> str:
    """What the verifier says."""
    try:
        return str(VERIFIER.verify(octets(transcript), *commitment))
    except ValueError as refusal:
        return f"refused: {refusal}"


def samples(number: int, mode: str = "lot_by_lot", least_lots: int = 1) -> list[Json]:
    found = (small(seed, mode) for seed in itertools.count())
    cycles = (cycle for cycle in found if cycle and len(cycle.lots) >= least_lots)
    return [transcript_of(cycle) for cycle in itertools.islice(cycles, number)]


RULES = {
    "most": 3,
    "least": 1,
    "working_most": 2,
    "last_year": 4,
    "no_mutual": True,
    "similar_tickets": 1,
    "steps_per_slot": 5,
}


def party(code: str, group: str | None = "G") -> Json:
    return {
        "code": code,
        "name": code,
        "group": group,
        "tradition": "",
        "serves": True,
        "excused": [],
    }


def plain() -> Json:
    """Two lots of one State, two slots that are drawn later."""
    return announced(
        parties=[party(code) for code in ("AAA", "ABA", "ACA", "ADA")],
        rules=RULES | {"least": 0},
        reviews=[{"code": code, "year": 1, "reviewers": [None, None]} for code in ("AAA", "ABA")],
        lots=[{"state": "AAA", "slot": slot, "without": ["ADA"]} for slot in (1, 2)],
    )


def years_transcript(seed: int) -> Json:
    dice = random.Random(seed)
    parties = [
        {
            "code": f"A{c}A",
            "name": "",
            "group": dice.choice(["G", "H", ""]),
            "volunteers": dice.choice([0, 0, 1, 2, 3, 9]),
        }
        for c in "ABCDEFGHIJ"
    ]
    quotas = {}
    for group in ("", "G", "H"):
        years_ = Counter(dice.randint(1, 3) for p in parties if p["group"] == group)
        quotas[group] = [years_[year] for year in (1, 2, 3)]
    lots = [
        {"group": group, "year": year}
        for group in sorted(quotas)
        for year in (1, 2, 3)
        for _ in range(quotas[group][year - 1])
    ]
    announcement = announced(
        kind="years", year=0, reviews=[], parties=parties, rules={"quotas": quotas}, lots=lots
    )
    return chained(announcement, "8 15", lambda choose: years(announcement, choose))


# What the verifier accepts.


@pytest.mark.parametrize("mode", ["lot_by_lot", "whole"])
def test_it_agrees_with_the_list_of_all_completions(mode: str) -> None:
    reasons: Counter[str] = Counter()
    for transcript in samples(150, mode):
        assert said(transcript).endswith(f"commitment {transcript['commitment']}")
        reasons.update(reason for lot in transcript["lots"] for reason in lot.get("closed", {}))
    assert mode == "whole" or len(reasons) == 10, "every reason of 4.6 occurs"


def test_it_agrees_where_only_mutual_reviews_leave_no_completion() -> None:
    """Three States, one group, one review each: only the two circles are left."""
    parties = [party(code) for code in ("AAA", "BBB", "CCC")]
    reviews = [{"code": p["code"], "year": 1, "reviewers": [None, "ZZZ"]} for p in parties]
    rules = RULES | {"most": 1, "least": 1, "working_most": 1}
    lots = [{"state": p["code"], "slot": 1, "without": []} for p in parties]
    others = party("ZZZ", group="H") | {"serves": False}
    cycle = Small(announced(parties=[*parties, others], rules=rules, reviews=reviews, lots=lots))
    assert set(cycle.completions) == {("BBB", "CCC", "AAA"), ("CCC", "AAA", "BBB")}
    transcript = transcript_of(cycle)
    assert [len(lot["candidates"]) for lot in transcript["lots"]] == [2, 1, 1]
    assert said(transcript).startswith("3 lots")


@pytest.mark.parametrize("seed", range(30))
def test_it_agrees_on_the_years_of_review(seed: int) -> None:
    assert said(years_transcript(seed)).startswith(tuple("0123456789"))


def test_all_reasons_occur_in_the_years_of_review() -> None:
    closed = [lot["closed"] for seed in range(30) for lot in years_transcript(seed)["lots"]]
    assert {reason for one in closed for reason in one} == {
        "placed",
        "volunteers_first",
        "volunteers_later",
    }


def test_a_draw_without_lots_ends_at_the_seed() -> None:
    cycle = announced(parties=[party("AAA")], rules=RULES | {"least": 0}, reviews=[], lots=[])
    transcript = transcript_of(Small(cycle))
    assert transcript["digest"] == transcript["seed"]
    assert said(transcript).startswith("0 lots")


def test_a_cycle_that_only_mutual_reviews_could_complete_is_refused() -> None:
    """Four States have six pairs, and eight slots."""
    codes = ("AAA", "ABA", "ACA", "ADA")
    announcement = announced(
        parties=[party(code) for code in codes],
        rules=RULES,
        reviews=[{"code": code, "year": 1, "reviewers": [None, None]} for code in codes],
        lots=[],
    )
    assert Small(announcement).completions == []
    assert "no completion" in said(blank(announcement))
    allowed = announcement | {"rules": RULES | {"no_mutual": False}}
    assert said(blank(allowed)).startswith("0 lots")


def test_a_draw_without_a_completion_is_refused() -> None:
    reviews = [{"code": "AAA", "year": 1, "reviewers": [None, None]}]
    cycle = announced(parties=[party("AAA")], rules=RULES, reviews=reviews, lots=[])
    assert "no completion" in said(blank(cycle))


# What it refuses.


@pytest.mark.parametrize("kind", ["lot_by_lot", "whole", "years"])
def test_every_changed_byte_is_refused(kind: str) -> None:
    transcript = years_transcript(3) if kind == "years" else samples(1, kind, 3)[0]
    right = octets(transcript)
    dice = random.Random(kind)
    for at in range(0, len(right), 3):
        other = dice.choice(sorted({*b'0123456789abcdefABC{}[]",: \n\\\xff'} - {right[at]}))
        with pytest.raises((ValueError, RecursionError)):
            VERIFIER.verify(right[:at] + bytes([other]) + right[at + 1 :], transcript["commitment"])


def test_every_cut_is_refused() -> None:
    right = octets(samples(1)[0])
    for end in range(0, len(right), 7):
        with pytest.raises(ValueError, match=r"."):
            VERIFIER.verify(right[:end])
    with pytest.raises(ValueError, match="its own canonical form"):
        VERIFIER.verify(right[:-1])


@pytest.mark.parametrize("transcript", samples(25, least_lots=3))
def test_a_changed_result_is_refused_at_its_lot(transcript: Json) -> None:
    """Also where everything after it is made to fit."""
    for n, lot in enumerate(transcript["lots"]):
        for party_ in transcript["announcement"]["parties"]:
            if party_["code"] != lot["drawn"]:
                forged = copy.deepcopy(transcript)
                forged["lots"][n]["drawn"] = party_["code"]
                line = said(rechained(forged))
                assert line.startswith(f"refused: lot {n + 1}: drawn is")


@pytest.mark.parametrize("key", ["candidates", "closed", "state", "slot", "number", "chain"])
def test_every_part_of_a_lot_is_compared(key: str) -> None:
    transcript = samples(1, least_lots=3)[0]
    changed = {
        "candidates": ["AAA"],
        "closed": {},
        "state": "ZZZ",
        "slot": 1.0 * transcript["lots"][1]["slot"],
        "number": 1,
        "chain": "0" * 64,
    }
    transcript["lots"][1][key] = changed[key]
    forged = transcript if key == "chain" else rechained(transcript)
    assert said(forged).startswith(f"refused: lot 2: {key} is")


def test_a_lot_less_or_more_is_refused() -> None:
    transcript = samples(1, least_lots=3)[0]
    number = len(transcript["lots"])
    less = rechained(transcript | {"lots": transcript["lots"][:-1]})
    assert said(less) == f"refused: {number} lots announced, {number - 1} written down"
    more = rechained(transcript | {"lots": [*transcript["lots"], dict(transcript["lots"][0])]})
    assert said(more) == f"refused: {number} lots announced, {number + 1} written down"


def test_another_commitment_is_refused() -> None:
    transcript = samples(1)[0]
    assert not said(transcript, transcript["commitment"]).startswith("refused")
    assert "not published" in said(transcript, "0" * 64)


def test_another_secret_and_other_numbers_are_refused() -> None:
    transcript = samples(1)[0]
    assert "secret" in said(transcript | {"secret": "00" * 32})
    assert said(transcript | {"secret": SECRET.upper()}).startswith("refused: transcript")
    assert "seed" in said(transcript | {"read_out": "17 4 24"})
    assert said(transcript | {"read_out": ""}).startswith("refused: transcript")


def test_it_does_not_trust_the_seed_digest_or_commitment() -> None:
    transcript = samples(1)[0]
    for key in ("seed", "digest", "commitment"):
        line = said(transcript | {key: "0" * 64})
        assert line.startswith("refused")
        assert key in line


CHANGES: list[tuple[str, Any]] = [
    ("format", "uncac-lots/2"),
    ("kind", "reviewer"),
    ("kind", "years"),
    ("kind", []),
    ("cycle", True),
    ("cycle", 1.0),
    ("cycle", 0),
    ("year", 0),
    ("year", "1"),
    ("title", None),
    ("secret_sha256", "0" * 63),
    ("mode", "both"),
    ("parties", {}),
    ("parties", ["AAA"]),
    ("parties", [[]]),
    ("reviews", None),
    ("lots", [7]),
    ("rules", []),
    ("more", 1),
]


@pytest.mark.parametrize(("key", "value"), CHANGES)
def test_a_value_of_another_kind_is_refused(key: str, value: object) -> None:
    announcement = samples(1)[0]["announcement"]
    line = said(blank(announcement | {key: value}))
    assert line.startswith("refused: announcement")


INSIDE: list[tuple[str, str, object]] = [
    ("parties", "code", "AaA"),
    ("parties", "code", "AFA"),
    ("parties", "group", ""),
    ("parties", "serves", 1),
    ("parties", "excused", [2, 1]),
    ("parties", "excused", [1, 1]),
    ("parties", "excused", [1.5]),
    ("parties", "excused", [[1]]),
    ("parties", "excused", [0]),
    ("parties", "tradition", None),
    ("reviews", "code", "ZZZ"),
    ("reviews", "year", 0),
    ("reviews", "reviewers", [None]),
    ("reviews", "reviewers", [None, "ZZZ"]),
    ("reviews", "reviewers", ["ABA", "ACA", "ADA"]),
    ("reviews", "reviewers", ["AAA", None]),
    ("reviews", "reviewers", ["ABA", "ABA"]),
    ("lots", "state", "ZZZ"),
    ("lots", "slot", 3),
    ("lots", "slot", True),
    ("lots", "without", ["ZZZ"]),
    ("lots", "without", ["ACA", "ABA"]),
    ("lots", "without", "ABA"),
    ("rules", "most", 0),
    ("rules", "least", 4),
    ("rules", "working_most", 4),
    ("rules", "no_mutual", 1),
    ("rules", "similar_tickets", 0),
    ("rules", "similar_tickets", 1001),
    ("rules", "steps_per_slot", 100_001),
    ("rules", "no_mutual", None),
    ("rules", "steps_per_slot", -1),
]


@pytest.mark.parametrize(("part", "key", "value"), INSIDE)
def test_rules_and_rows_that_contradict_are_refused(part: str, key: str, value: object) -> None:
    announcement = plain()
    right = transcript_of(Small(announcement))
    assert said(right).startswith("2 lots")
    rows = announcement[part]
    (rows if part == "rules" else rows[0])[key] = value
    assert said(chained(announcement, "1", lambda _: iter(right["lots"]))).startswith("refused")


def test_a_limit_without_end_ends() -> None:
    """More reviews than there are slots change nothing."""
    announcement = plain()
    announcement["rules"] |= {"most": 10**12, "working_most": 10**12}
    assert said(transcript_of(Small(announcement))).startswith("2 lots")
    announcement["rules"]["least"] = 10**12
    assert "no completion" in said(blank(announcement))


def test_a_lot_twice_or_of_a_slot_that_is_taken_is_refused() -> None:
    announcement = next(t["announcement"] for t in samples(20) if len(t["lots"]) > 1)
    lots = announcement["lots"]
    twice = blank(announcement | {"lots": [*lots, lots[0]]})
    assert f"announced lot {len(lots) + 1}" in said(twice)
    taken = copy.deepcopy(announcement)
    for review in taken["reviews"]:
        if review["code"] == lots[0]["state"]:
            others = [one["code"] for one in taken["parties"] if one["code"] != review["code"]]
            review["reviewers"] = others[:2]
    assert "announced lot 1" in said(blank(taken))


@pytest.mark.parametrize(
    "change",
    [
        {"quotas": {"": [2, 1], "G": [1, 2, 3]}},
        {"quotas": {}},
        {"quotas": {"": [True, 2], "G": [3]}},
        {"quotas": {"": 3, "G": [3]}},
        {"quotas": []},
        {"quotas": {"": [3], "G": [10**30]}},
    ],
)
def test_quotas_that_do_not_add_up_are_refused(change: Json) -> None:
    announcement = years_transcript(3)["announcement"] | {"rules": change}
    assert said(blank(announcement)).startswith("refused")


def test_places_that_are_not_those_of_the_quotas_are_refused() -> None:
    announcement = years_transcript(3)["announcement"]
    announcement["lots"].reverse()
    assert "places" in said(blank(announcement))


WRONG_FILES = {
    "empty": b"",
    "no JSON": b"[1,",
    "other white space": b'{"a": 1}\n',
    "keys in another order": b'{"b":1,"a":2}\n',
    "a key twice": b'{"a":1,"a":1}\n',
    "a needless escape": b'"\\u0041"\n',
    "half a character": b'"\\ud800"\n',
    "not UTF-8": b'"\xff"\n',
    "a byte order mark": b'\xef\xbb\xbf"a"\n',
    "two line feeds": b'"a"\n\n',
    "not a number": b"NaN\n",
    "too deep": b"[" * 100_000,
    "too long a number": b"9" * 5000 + b"\n",
    "no object": b"[]\n",
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_file_of_another_form_is_refused(name: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        VERIFIER.verify(WRONG_FILES[name])


# The file as everybody runs it.


def run(*arguments: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=60,
        env={"PYTHONIOENCODING": "ascii"},
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_the_file_says_one_line_and_its_status(tmp_path: Path) -> None:
    transcript = samples(1)[0]
    file = tmp_path / "transcript.json"
    file.write_bytes(octets(transcript))
    right = f"Right: {len(transcript['lots'])} lots, digest {transcript['digest']}, "
    right += f"commitment {transcript['commitment']}"
    assert run(str(file)) == (0, [right])
    assert run(str(file), "--commitment", transcript["commitment"]) == (0, [right])
    status, lines = run(str(file), "--commitment", "0" * 64)
    assert (status, len(lines)) == (1, 1)
    status, lines = run(str(tmp_path / "nothing č"))
    assert (status, len(lines)) == (1, 1)
    for octets_ in (WRONG_FILES["too deep"], octets(transcript)[:-9]):
        file.write_bytes(octets_)
        status, lines = run(str(file))
        assert (status, len(lines)) == (1, 1)
        assert lines[0].startswith("Refused: ")


def test_a_refusal_is_one_line_also_where_the_text_has_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    transcript = samples(1)[0]
    transcript["lots"][0]["drawn"] = "Č\u2028\x85\n\x1b[0m"
    file = tmp_path / "transcript.json"
    file.write_bytes(octets(transcript))
    monkeypatch.setattr(sys, "argv", ["verify_lots.py", str(file)])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert end.value.code == 1
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_it_is_short_and_needs_only_python() -> None:
    source = SCRIPT.read_text("utf-8")
    imported = [
        name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    ]
    assert {str(name).split(".")[0] for name in imported} <= sys.stdlib_module_names
    lines = source.splitlines()
    assert len(lines) <= LIMIT
    assert max(map(len, lines)) <= 100
