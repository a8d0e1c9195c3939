"""What rows in use depend on: the names of a definition, and where each step leads.

A stage, milestone or step that goes or is renamed needs a migration; the days of a rung are part of
the keys of reminders that running reviews have sent. Where a change is meant, write the files anew
with ``python -m tests.workflows.snapshots`` and add that migration.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workflows.registry import PROCESSES
from workflows.spec import Process

FOLDER = Path(__file__).parent


def snapshot(process: Process) -> dict[str, Any]:
    """The parts of a definition that stored rows name."""
    return {
        "start": process.start,
        "chapters": list(process.chapters),
        "stages": [stage.key for stage in process.stages],
        "milestones": {
            item.key: {"stage": item.stage, "slots": list(item.slots) or item.each.value}
            for item in process.milestones
        },
        "reminders": {
            item.key: [
                f"{rule.on.value} {rule.days:+d} every {rule.every}: {rule.channel.value} to "
                + ", ".join(to.value for to in rule.to)
                for rule in (process.reminders if item.reminders is None else item.reminders)
            ]
            for item in process.milestones
        },
        "steps": {
            step.key: {
                "by": [actor.value for actor in step.by],
                "at": list(step.at),
                "to": "*" if step.to_any else step.to,
                "does": step.does,
                "asks": [field.key for field in step.asks],
                "tells": [notice.key for notice in step.tells],
            }
            for step in process.steps
        },
    }


def file_of(process: Process) -> Path:
    """Where the snapshot of a process is kept."""
    return FOLDER / f"{process.key}.json"


if __name__ == "__main__":
    for definition in PROCESSES.values():
        file_of(definition).write_text(json.dumps(snapshot(definition), indent=1) + "\n")
