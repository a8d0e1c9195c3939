"""The canonical form, the seed and the generator: the same for everybody, and even."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from itertools import pairwise
from math import sqrt
from typing import Any

import pytest

from workflows import chance
from workflows.chance import Chance

SEED = hashlib.sha256(b"a seed for tests").hexdigest()
DRAWS = 12_000
ONE_IN_A_MILLION = 4.7534
"""The quantile of the normal distribution for p = 1e-6; seeds are fixed, so nothing flickers."""


def most_of_chi_square(freedom: int) -> float:
    """What chi-square exceeds once in a million times (Wilson and Hilferty)."""
    part = 2 / (9 * freedom)
    return freedom * (1 - part + ONE_IN_A_MILLION * sqrt(part)) ** 3


def chi_square(counts: Counter[Any], expected: float, cells: int) -> float:
    seen = sum((count - expected) ** 2 / expected for count in counts.values())
    return seen + (cells - len(counts)) * expected


# The canonical form ------------------------------------------------------------------------------

VALUES = [
    {
        "b": 1,
        "a": [True, False, None, -3, 2**80],
        "é": "Côte d’Ivoire",
        "中": "\u2028\u007f\U0001f30d",
    },
    {"z": {"y": {"x": []}}, "": {}, "A": "a", "a": 'quote " backslash \\ line\nend\x00'},
    [],
    "text",
    None,
    0,
]


@pytest.mark.parametrize("value", VALUES)
def test_the_canonical_form_reads_back_and_is_that_of_the_specification(value: Any) -> None:
    text = chance.canonical(value)

    assert json.loads(text) == value
    assert text == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_the_canonical_form_letter_by_letter() -> None:
    document = {"b": [1, True, None], "a": "ä\n/", "B": {"é": "", "e": 0}}

    assert chance.canonical(document) == '{"B":{"e":0,"é":""},"a":"ä\\n/","b":[1,true,null]}'


def test_the_order_in_which_keys_were_written_does_not_matter() -> None:
    assert chance.canonical({"b": 1, "a": 2}) == chance.canonical({"a": 2, "b": 1})
    assert chance.digest({"b": 1, "a": 2}) == chance.digest({"a": 2, "b": 1})


@pytest.mark.parametrize(
    "value",
    [1.0, [0.5], {"a": {"b": float("nan")}}, {1: "a"}, {"a": {None: 1}}, {"a": {1, 2}}, b"bytes"],
)
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"canonical form|not a text"):
        chance.canonical(value)


def test_the_digest_is_that_of_the_bytes() -> None:
    assert chance.digest({"a": "é"}) == hashlib.sha256('{"a":"é"}'.encode()).hexdigest()


# Secret and seed ---------------------------------------------------------------------------------


def test_the_hash_of_a_secret_is_that_of_its_bytes() -> None:
    assert chance.secret_hash("00" * 32) == hashlib.sha256(bytes(32)).hexdigest()


@pytest.mark.parametrize("secret", ["", "00" * 31, "00" * 33, "AB" * 32, "0g" * 32, " " * 64])
def test_a_secret_of_another_form_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case"):
        chance.secret_hash(secret)


def test_whatever_goes_into_the_seed_changes_it() -> None:
    seeds = {
        chance.seed("c", "4 8 15", "s"),
        chance.seed("d", "4 8 15", "s"),
        chance.seed("c", "4 8 16", "s"),
        chance.seed("c", "4 8 15", "t"),
    }

    assert len(seeds) == 4
    assert chance.seed("c", "4 8 15", "s") == chance.digest(
        {"commitment": "c", "read_out": "4 8 15", "secret": "s"}
    )


def test_without_anything_read_out_there_is_no_seed() -> None:
    with pytest.raises(ValueError, match="nothing was read out"):
        chance.seed("c", "", "s")


# The generator -----------------------------------------------------------------------------------


def by_the_specification(seed: str, label: str, n: int) -> tuple[int, int]:
    """Section 3, written again; also how many numbers were thrown away."""
    limit = 2**256 - (2**256 % n)
    k = 0
    while True:
        data = bytes.fromhex(seed) + label.encode() + bytes([0, k >> 24, k >> 16 & 255])
        x = int(hashlib.sha256(data + bytes([k >> 8 & 255, k & 255])).hexdigest(), 16)
        if x < limit:
            return x % n, k
        k += 1


@pytest.mark.parametrize("n", [1, 2, 3, 7, 189, 2**64 + 1, 2**255 + 1, 2**256])
def test_the_numbers_are_those_of_the_specification(n: int) -> None:
    numbers = Chance(SEED)
    thrown_away = 0

    for lot in range(60):
        number, again = by_the_specification(SEED, f"lot:{lot} é", n)
        thrown_away += again
        assert numbers.choose(f"lot:{lot} é", n) == number
        assert 0 <= number < n
    assert (thrown_away > 0) == (n == 2**255 + 1), "half of all numbers are above that limit"


@pytest.mark.parametrize("n", [2, 3, 5, 17, 53, 94, 189, 1000])
@pytest.mark.parametrize("label", ["lot:{}", "walk:{}:slot"])
def test_every_number_is_equally_likely(n: int, label: str) -> None:
    numbers = Chance(SEED)

    counts = Counter(numbers.choose(label.format(k), n) for k in range(DRAWS))

    assert set(counts) <= set(range(n))
    assert chi_square(counts, DRAWS / n, n) < most_of_chi_square(n - 1)


def test_numbers_of_neighbouring_labels_do_not_hang_together() -> None:
    numbers = Chance(SEED)

    drawn = [numbers.choose(f"lot:{k}", 10) for k in range(DRAWS + 1)]

    pairs = Counter(pairwise(drawn))
    assert chi_square(pairs, DRAWS / 100, 100) < most_of_chi_square(99)


def test_a_generator_that_prefers_a_number_would_be_found() -> None:
    numbers = Chance(SEED)

    counts = Counter(numbers.choose(f"lot:{k}", 210) % 189 for k in range(DRAWS))

    assert chi_square(counts, DRAWS / 189, 189) > most_of_chi_square(188)


def test_a_number_depends_on_its_label_alone() -> None:
    labels = [f"lot:{number}" for number in range(1, 200)]
    forwards, backwards = Chance(SEED), Chance(SEED)

    in_order = {label: forwards.choose(label, 189) for label in labels}
    reversed_order = {label: backwards.choose(label, 189) for label in reversed(labels)}

    assert in_order == reversed_order
    assert Chance(SEED).choose("lot:77", 189) == in_order["lot:77"]


@pytest.mark.parametrize("n", [0, -1])
def test_there_is_nothing_to_choose_from_nobody(n: int) -> None:
    with pytest.raises(ValueError, match=r"nothing to choose from for lot:1"):
        Chance(SEED).choose("lot:1", n)
