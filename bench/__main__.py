"""``make bench``: run the benchmarks, or one of them; a table, and ``bench/results.json``."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

NAMES: Final = ("steps", "replay", "reminders", "lots", "lots_bias", "mails", "kills")
RESULTS: Final = Path(__file__).with_name("results.json")


def main(chosen: list[str]) -> int:
    """Run the chosen benchmarks, else all. 2 for a name that there is not."""
    if unknown := set(chosen) - set(NAMES):
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
        return 2
    entries = []
    for name in chosen or NAMES:
        print(f"{name} …", file=sys.stderr, flush=True)
        entries += import_module(f"bench.{name}").measure()
    _keep(entries)
    print(_table(entries))
    return 0


def _keep(entries: list[dict[str, Any]]) -> None:
    """Write the results; those of benchmarks that did not run now stay."""
    held = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    by_name = {entry["name"]: entry for entry in (*held, *entries)}
    RESULTS.write_text(json.dumps(list(by_name.values()), indent=2, ensure_ascii=False) + "\n")


def _table(entries: list[dict[str, Any]]) -> str:
    lines = []
    for entry in entries:
        lines.append(f"{entry['name']}, in {entry['unit']}")
        if "measured" in entry:
            lines += [f"  {name:<60}{value:>12}" for name, value in entry["measured"].items()]
            continue
        rows = {"ours": entry["ours"], "floor": entry["floor"], **entry["peers"]}
        for name, value in rows.items():
            times = "" if name == "ours" else f"  ours: {entry['ours'] / value:.2f} times"
            lines.append(f"  {name:<20}{value:>10.1f}{times}")
        lines.append(f"  of the floor        {entry['ratio_to_floor']:>9.0%}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
