"""The rules of the draw as data: complete, with their source, and refused where they contradict."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import pytest

from review import reference
from review.reference import LotRules, LotRulesError, lot_rules, lot_settings
from workflows.words import Basis


def test_the_file_has_every_rule_once_with_its_source() -> None:
    keys = [one.key for one in lot_settings()]

    assert sorted(keys) == sorted(field.name for field in fields(LotRules))
    for one in lot_settings():
        assert one.label
        assert one.sentence.endswith(".")
        assert one.reference or one.basis is Basis.DESIGN, one.key
        assert one.fault(one.value) == ""


def test_the_usual_rules() -> None:
    rules = lot_rules()

    assert (rules.most, rules.least, rules.working_most, rules.last_year) == (3, 1, 2, 4)
    assert rules.announced() == {
        "most": 3,
        "least": 1,
        "working_most": 2,
        "last_year": 4,
        "no_mutual": True,
        "similar_tickets": 2,
        "steps_per_slot": 200,
    }
    assert (rules.repeats, rules.experts, rules.expert_list) == (2, 15, "warn")


def test_a_cycle_sets_some_otherwise() -> None:
    usual, other = asdict(lot_rules()), asdict(lot_rules({"most": 4, "expert_list": "block"}))

    assert {key: other[key] for key in other if other[key] != usual[key]} == {
        "most": 4,
        "expert_list": "block",
    }


@pytest.mark.parametrize(
    ("other", "wrong"),
    [
        ({"least": 4}, "least"),
        ({"most": 1}, "working_most"),
        ({"working_most": 0}, "working_most"),
        ({"working_most": 4}, "working_most"),
        ({"mots": 3}, "mots"),
        ({"most": "3"}, "most"),
        ({"most": 3.0}, "most"),
        ({"most": True}, "most"),
        ({"most": 0}, "most"),
        ({"most": None}, "most"),
        ({"no_mutual": 1}, "no_mutual"),
        ({"expert_list": "forbid"}, "expert_list"),
        ({"expert_list": ["warn"]}, "expert_list"),
        ({"last_year": 6}, "last_year"),
        ({"similar_tickets": 0}, "similar_tickets"),
    ],
)
def test_what_contradicts_itself_is_named(other: dict[str, Any], wrong: str) -> None:
    with pytest.raises(LotRulesError) as refused:
        lot_rules(other)

    assert refused.value.errors.keys() == {wrong}


def test_the_words_of_the_rules_are_translated() -> None:
    labels = reference.translatable_labels()

    assert "Most reviews of a State" in labels
    assert "The State cannot be drawn until its list is there." in labels
