"""A thousand whole cycles: how often a draw by the rules of the moment gets stuck, and ours."""

from __future__ import annotations

from typing import Any, Final

from bench.lots_boards import QUARTERS, reference_parties, rules
from workflows import simulation

CYCLES: Final = 1000


def measure(cycles: int = CYCLES) -> list[dict[str, Any]]:
    """The entry for ``bench/results.json``."""
    parties = reference_parties()
    summary = simulation.Summary()
    for outcome in simulation.outcomes(rules(tickets=2), parties, QUARTERS, range(cycles)):
        summary.add(outcome)
    return [
        {
            "name": f"lots: dead ends in whole cycles, {len(parties)} parties",
            "unit": "cycles",
            "measured": summary.document(),
        }
    ]
