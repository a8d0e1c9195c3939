"""The provisions under review as a list: by chapter, with the state of each, filtered, in part.

The self-assessment and the workbench show the same list; what "done" means is theirs to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from review import reference
from review.reference import Provision

BEFORE, AFTER = 5, 7
"""How many neighbours of a provision are listed beside it."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is written on one provision: its level, its texts in one, when it was last saved."""

    level: str
    text: str
    complete: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One provision of the list."""

    provision: Provision
    work: Work | None = None

    @property
    def state(self) -> str:
        """``open`` (nothing written), ``draft`` or ``done``."""
        if self.work is None:
            return "open"
        return "done" if self.work.complete else "draft"

    @property
    def level(self) -> str:
        """The answer or level chosen, or nothing."""
        return self.work.level if self.work else ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """The provisions of one chapter, and how many are done."""

    number: str
    title: str
    entries: tuple[Entry, ...]
    total: int
    done: int

    @property
    def missing(self) -> int:
        """How many are not done."""
        return self.total - self.done


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader wants to see of the list; empty values ask for everything."""

    obligation: str = ""
    state: str = ""
    text: str = ""

    @property
    def everything(self) -> bool:
        """Whether nothing is filtered."""
        return not (self.obligation or self.state or self.text)


@dataclass(frozen=True, slots=True)
class Window:
    """The neighbours of a provision in its chapter, and how far the list goes on."""

    entries: tuple[Entry, ...]
    earlier: tuple[Entry, ...]
    later: tuple[Entry, ...]


def chapters(refs: Iterable[str], names: Sequence[str], works: Mapping[str, Work]) -> list[Chapter]:
    """The chapters of a process with those of their provisions that are in ``refs``."""
    listed = set(refs)
    made = []
    for name in names:
        entries = tuple(
            Entry(item, works.get(item.ref))
            for item in reference.provisions((name,))
            if item.ref in listed
        )
        if entries:
            done = sum(entry.state == "done" for entry in entries)
            title = reference.chapter_title(name)
            made.append(Chapter(name, title, entries, len(entries), done))
    return made


def matching(
    listed: Iterable[Chapter], wanted: Wanted, translate: Callable[[str], str] = str
) -> list[Chapter]:
    """The same chapters with only the wanted entries; their counts stay those of the whole.

    A text is looked for in number, title and topic as the reader sees them, and in what is written.
    """
    found = []
    for chapter in listed:
        entries = tuple(e for e in chapter.entries if _matches(e, wanted, translate))
        if entries:
            found.append(
                Chapter(chapter.number, chapter.title, entries, chapter.total, chapter.done)
            )
    return found


def _matches(entry: Entry, wanted: Wanted, translate: Callable[[str], str]) -> bool:
    item = entry.provision
    if wanted.obligation and item.obligation != wanted.obligation:
        return False
    if wanted.state == "missing" and entry.state == "done":
        return False
    if wanted.state not in ("", "missing", entry.state):
        return False
    if not wanted.text:
        return True
    written = entry.work.text if entry.work else ""
    shown = (item.ref, f"article {item.article}", item.title, item.topic)
    where = " ".join((*shown, translate(item.title), translate(item.topic), written)).casefold()
    return all(word in where for word in wanted.text.casefold().split())


def around(chapter: Chapter, ref: str) -> Window:
    """The part of a chapter's list round one provision."""
    at = next(i for i, entry in enumerate(chapter.entries) if entry.provision.ref == ref)
    first = max(0, min(at - BEFORE, len(chapter.entries) - BEFORE - AFTER - 1))
    last = max(at + AFTER + 1, BEFORE + AFTER + 1)
    return Window(chapter.entries[first:last], chapter.entries[:first], chapter.entries[last:])


def following(listed: Iterable[Chapter], ref: str) -> Provision | None:
    """The provision after this one, over the ends of chapters; None after the last."""
    every = [entry.provision for chapter in listed for entry in chapter.entries]
    at = next(i for i, item in enumerate(every) if item.ref == ref)
    return every[at + 1] if at + 1 < len(every) else None


def previous(listed: Iterable[Chapter], ref: str) -> Provision | None:
    """The provision before this one; None before the first."""
    every = [entry.provision for chapter in listed for entry in chapter.entries]
    at = next(i for i, item in enumerate(every) if item.ref == ref)
    return every[at - 1] if at else None
