"""Chapters, articles, assessment units, questions and headings."""

from __future__ import annotations

import re

import pytest

from review import reference

EVERY_CHAPTER = ("II", "III", "IV", "V")


@pytest.mark.parametrize(
    ("chapter", "articles", "units"), [("II", 10, 34), ("III", 28, 84), ("IV", 8, 69), ("V", 9, 34)]
)
def test_counts_by_chapter(chapter: str, articles: int, units: int) -> None:
    assert len(reference.articles((chapter,))) == articles
    assert len(reference.provisions((chapter,))) == units


def test_treaty_order_whatever_the_order_asked_for() -> None:
    numbers = [p.article for p in reference.provisions(("IV", "III"))]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(15, 51))


def test_references_are_unique_and_found_again() -> None:
    units = reference.provisions(EVERY_CHAPTER)
    assert len({u.ref for u in units}) == len(units) == 221
    for unit in units:
        assert reference.provision(EVERY_CHAPTER, unit.ref) is unit


def test_slugs_are_safe_in_addresses_unique_and_reversible() -> None:
    units = reference.provisions(EVERY_CHAPTER)
    assert len({u.slug for u in units}) == len(units)
    for unit in units:
        assert re.fullmatch(r"[a-z0-9-]+", unit.slug)
        assert reference.unslug(unit.slug) == unit.ref
    assert reference.slug("15(a)") == "15-a"
    assert reference.slug("46(3)(a)-(i)") == "46-3-a--i"


def test_every_paragraph_is_assessed_once() -> None:
    refs = [ref for unit in reference.provisions(EVERY_CHAPTER) for ref in unit.refs]
    assert len(set(refs)) == len(refs)


def test_each_unit_says_what_it_is_about() -> None:
    for unit in reference.provisions(EVERY_CHAPTER):
        assert 3 < len(unit.topic) <= 180, unit.ref
        assert unit.obligation in reference.OBLIGATION_KINDS
        assert unit.official_url.startswith("https://www.unodc.org/")


def test_a_unit_of_several_paragraphs_carries_the_strictest_obligation() -> None:
    unit = reference.provision(("III", "IV"), "46(15)-(16)")
    assert unit.refs == ("46(15)", "46(16)")
    assert unit.obligation == "mandatory"
    assert unit.topic == "Contents of a request; additional information may be requested"


def test_a_lettered_part_is_understood_without_its_paragraph() -> None:
    unit = reference.provision(("III",), "30(7)(a)")
    assert unit.topic == "Disqualification of convicted persons: from holding public office"


@pytest.mark.parametrize("cycle", [1, 2])
def test_summary_headings_cover_each_article_once(cycle: int) -> None:
    for chapter in reference.CHAPTERS_OF_CYCLE[cycle]:
        covered = [n for group in reference.summary_groups(chapter) for n in group.articles]
        assert sorted(covered) == [a.number for a in reference.articles((chapter,))]


def test_the_checklist_asks_for_reasons_where_implementation_is_partial() -> None:
    checklist = reference.checklist(1)
    assert [o.code for o in checklist.question("adopted").options] == ["yes", "in_part", "no"]
    assert checklist.question("challenges").options == checklist.reasons
    assert checklist.question("ta_needed").when == ("in_part", "no")
    assert "recalled" in checklist.confidence


def test_model_treaties_are_offered_for_chapter_iv_only() -> None:
    codes = {c: {o.code for o in reference.checklist(1).assistance_in(c)} for c in ("III", "IV")}
    assert codes["IV"] - codes["III"] == {"model_treaty", "technological_assistance"}


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: reference.provision(("III", "IV"), "99"), "99"),
        (lambda: reference.provisions(("X",)), "X"),
        (lambda: reference.chapter_title("I"), "I"),
        (lambda: reference.summary_groups("VI"), "VI"),
        (lambda: reference.checklist(3), "3"),
        (lambda: reference.checklist(1).question("colour"), "colour"),
        (lambda: reference.obligation_label("polite"), "polite"),
        (lambda: reference.obligation_legend("polite"), "polite"),
    ],
)
def test_a_bad_key_raises_a_clear_error(call, named) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(reference.UnknownReferenceError, match=named):
        call()


def test_labels_for_translation_are_listed_once() -> None:
    labels = reference.translatable_labels()
    assert len(set(labels)) == len(labels)
    assert {"African States", "Zambia", "Mutual legal assistance", "Asset recovery"} <= set(labels)
