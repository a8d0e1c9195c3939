"""How even the chances of both modes are: exactly in small cycles, by samples at full size.

What it finds is told in ``docs/lots/bias.md``.
"""

from __future__ import annotations

from typing import Any

from bench import lots_bias_full, lots_bias_small, lots_dead_ends


def measure() -> list[dict[str, Any]]:
    """Entries for ``bench/results.json``."""
    return [*lots_bias_small.measure(), *lots_bias_full.measure(), *lots_dead_ends.measure()]
