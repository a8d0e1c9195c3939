"""The generated pages of `docs/`: the process, its picture, and who may do and see what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from review import policy
from review.models import Person
from review.policy import Action
from review.resources import STATIC
from workflows import describe
from workflows.diagram import Mark, diagram
from workflows.registry import PROCESSES
from workflows.spec import Process

READERS = (
    ("Secretariat", "secretariat_officer", -1),
    ("Focal point", "focal_point", 0),
    ("Expert of the first reviewing State", "expert", 1),
    ("Expert of the second reviewing State", "expert", 2),
    ("Observer", "observer", 0),
)


def render() -> dict[str, str]:
    """Every generated page by its name in `docs/`."""
    first = next(iter(PROCESSES.values()))
    return {
        "process.md": describe.process_page(PROCESSES.values()),
        "process.svg": _picture(first),
        "permissions.md": _permissions(first),
    }


def stale(folder: Path) -> list[str]:
    """The pages that are missing or not what the definition says."""
    return [
        name
        for name, text in render().items()
        if not (folder / name).is_file() or (folder / name).read_text() != text
    ]


def write(folder: Path) -> None:
    """Write every page."""
    folder.mkdir(exist_ok=True)
    for name, text in render().items():
        (folder / name).write_text(text)


def _picture(process: Process) -> str:
    """The picture as a file of its own, with the colours of the theme in it, light and dark."""
    periods = {
        item.key: Mark(note=describe.period(item.due)) for item in process.milestones if item.due
    }
    head, rest = diagram(process, marks=periods).split("\n", 1)
    return f"{head}\n<style>\n{_style()}</style>\n{rest}\n"


def _style() -> str:
    rules = (STATIC / "css" / "diagram.css").read_text().split("*/", 1)[1].strip()
    tokens = (STATIC / "css" / "tokens.css").read_text()
    light, dark = tokens.split("prefers-color-scheme: dark", 1)
    classes = re.findall(r"^\.s\d .*$", tokens, re.MULTILINE)
    names = {*re.findall(r"var\((--[\w-]+)\)", rules + "".join(classes))} - {"--s", "--on"}
    return (
        f":root {{ {_values(light + dark, names)} background: var(--paper); }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_values(dark, names)} }} }}\n"
        + "\n".join((*classes, rules))
        + "\n"
    )


def _values(sheet: str, names: set[str]) -> str:
    found: dict[str, str] = {}
    for name, value in re.findall(r"(--[\w-]+):\s*([^;]+);", sheet):
        if name in names:
            found.setdefault(name, " ".join(value.split()))
    return " ".join(f"{name}: {value};" for name, value in sorted(found.items()))


@dataclass(frozen=True)
class _Subject:
    """A review at one moment of its course."""

    stage: str
    members: tuple[SimpleNamespace, ...]
    done: frozenset[tuple[str, int]]

    @property
    def responses(self) -> dict[int, frozenset[int]]:
        """One response, submitted and circulated once."""
        if ("self_assessment_submitted", 0) not in self.done:
            return {}
        circulated = ("response_circulated", 0) in self.done
        return {1: frozenset({1, 2} if circulated else ())}


def _permissions(process: Process) -> str:
    parts = [
        "# Who may do and see what",
        "",
        (
            "Written by `uncac-review docs` from `workflows/country_review.py` and"
            " `review/policy.py`; change those files, not this one."
        ),
        "",
        (
            "Everything that is not allowed here is refused. A review is seen by the secretariat"
            " and by the people nominated in it; to everybody else it does not exist."
        ),
        "",
        "## Steps",
        "",
        describe.permissions_table(process),
        "",
        (
            "*By link*: whoever holds the link of a mail about the task, without signing in"
            " (decision 9)."
        ),
        "",
        "## What is seen and written",
        "",
        (
            "In a review that runs from draw to end without going back. An expert sees the other"
            " team's findings once both desk reviews are in."
        ),
        "",
        *_readers_table(process),
        "",
    ]
    return "\n".join(parts)


def _readers_table(process: Process) -> Iterator[str]:
    yield "| | " + " | ".join(name for name, _, _ in READERS) + " |"
    yield "|" + " --- |" * (len(READERS) + 1)
    for action in policy.RULES:
        cells = [_since(process, action, role, slot) for _, role, slot in READERS]
        yield f"| {action.value.replace('_', ' ').capitalize()} | " + " | ".join(cells) + " |"


def _since(process: Process, action: Action, role: str, slot: int) -> str:
    """From when on somebody of this role may: always, never, from a stage or a milestone on."""
    person = Person(id=1, role=role, active=True)
    member = SimpleNamespace(person_id=1, role=role, slot=slot)
    members = () if person.is_secretariat else (member,)
    moments = list(_course(process))
    may = [policy.can(person, action, _Subject(s, members, d)) for s, d, _ in moments]
    if not any(may):
        return "never"
    first = may.index(True)
    return "always" if first == 0 else moments[first][2]


def _course(process: Process) -> Iterator[tuple[str, frozenset[tuple[str, int]], str]]:
    """A review from draw to end: each stage begun, then each of its milestones reached."""
    done: frozenset[tuple[str, int]] = frozenset()
    for stage in process.stages:
        yield stage.key, done, f"from the stage “{stage.label}”"
        for item, slot in process.instances():
            if item.stage == stage.key:
                done |= {(item.key, slot)}
                yield stage.key, done, f"after “{item.label}”"
