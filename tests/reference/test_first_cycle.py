"""The 165 reviews of the first cycle and what is documented of them."""

from __future__ import annotations

from collections import Counter
from datetime import date

from review import reference


def test_published_counts_by_year() -> None:
    years = Counter(entry.year for entry in reference.first_cycle())
    assert years == {1: 27, 2: 41, 3: 35, 4: 62}


def test_each_state_is_reviewed_once() -> None:
    codes = [entry.iso3 for entry in reference.first_cycle()]
    assert len(set(codes)) == 165
    for code in codes:
        assert reference.party(code).ratification_date


def test_pairs_keep_the_rules_of_the_draw() -> None:
    """Two parties, distinct, not the State itself, one from its regional group (ToR 18-19).

    Where only one of the two is known, nothing can be said about the group.
    """
    for entry in reference.first_cycle():
        known = [code for code in (entry.reviewer1, entry.reviewer2) if code]
        if entry.pair_basis == "unknown":
            assert not known
        assert len({entry.iso3, *known}) == 1 + len(known)
        groups = {reference.party(code).regional_group for code in known}
        if len(known) == 2:
            assert reference.party(entry.iso3).regional_group in groups


def test_no_mutual_reviews_and_at_most_three_each() -> None:
    pairs = {
        (entry.iso3, reviewer)
        for entry in reference.first_cycle()
        for reviewer in (entry.reviewer1, entry.reviewer2)
        if reviewer
    }
    assert not [pair for pair in pairs if pair[::-1] in pairs]
    assert max(Counter(reviewer for _, reviewer in pairs).values()) <= 3


def test_milestones_are_of_known_parties_and_ordered() -> None:
    for milestone in reference.documented_milestones():
        assert reference.party(milestone.iso3)
        assert milestone.precision in {"day", "month", "year", "unknown"}
        if milestone.date_from and milestone.date_to:
            assert milestone.date_from <= milestone.date_to
        else:
            assert milestone.precision == "unknown"


def test_a_date_known_to_the_month_spans_the_month() -> None:
    (finalised,) = [
        m
        for m in reference.documented_milestones()
        if m.iso3 == "IRQ" and m.stage == "review_finalised"
    ]
    assert (finalised.date_from, finalised.date_to) == (date(2012, 12, 1), date(2012, 12, 31))
