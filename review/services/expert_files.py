"""Lists of experts as CSV: reading with a remark on every faulty line, and taking in the others."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import policy
from review.languages import N_
from review.models import Cycle, ListedExpert, Person, State
from review.policy import Action
from review.services import audit, cycle_planning, expert_lists, parties
from review.services.audit import Verb
from review.services.errors import InvalidGiven, NotAllowed, NotFound
from review.services.expert_lists import ExpertGiven
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day

COLUMNS: Final = ("state", "name", "position", "background", "expertise", "languages")
NEEDED: Final = frozenset({"state", "name"})
LINES_LIMIT: Final = 5000
OCTETS_LIMIT: Final = 1024 * 1024
_BETWEEN: Final = re.compile(r"[\s;,/|]+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file: where it stands, the State as written, the expert, what is wrong."""

    number: int
    state: str
    expert: ExpertGiven
    faults: tuple[str, ...] = ()


@dataclass(slots=True)
class Preview:
    """What taking in a file would do: lines to add, lines that are on the list, faulty lines."""

    good: list[Line] = field(default_factory=list)
    known: list[Line] = field(default_factory=list)
    faulty: list[Line] = field(default_factory=list)

    def by_state(self) -> dict[str, int]:
        """How many experts each State would get."""
        return dict(sorted(Counter(line.state for line in self.good).items()))


def decoded(content: bytes) -> str:
    """The text of a file. Raises InvalidGiven for one that is too large or not in UTF-8."""
    if len(content) > OCTETS_LIMIT:
        raise InvalidGiven({"file": N_("This file is too large for a list of experts.")})
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        text = N_("This file is not in UTF-8. Save it as “CSV UTF-8” in your spreadsheet.")
        raise InvalidGiven({"file": text}) from wrong


def preview(session: Session, cycle_number: int, text: str, *, now: datetime) -> Preview:
    """Check every line of a file against itself and against the lists as they stand.

    Raises NotFound, or InvalidGiven for what is no such file at all.
    """
    cycle = session.scalars(sa.select(Cycle).where(Cycle.number == cycle_number)).one_or_none()
    if cycle is None:
        raise NotFound(f"no cycle {cycle_number}")
    today = local_day(now, VIENNA)
    joined = set(session.scalars(sa.select(State.iso3).where(State.ratified_on <= today)))
    names = _names(session, cycle)
    counts = Counter(iso3 for iso3, _name in names)
    most = cycle_planning.rules_of(cycle).experts
    found = Preview()
    for line in _lines(text):
        key = (line.state, line.expert.name.casefold())
        faults = list(line.faults)
        if line.state not in joined:
            faults.append(N_("The State is not the three-letter code of a State party."))
        elif key in names:
            found.known.append(line)
            continue
        elif not faults and counts[line.state] >= most:
            faults.append(expert_lists.FULL)
        if faults:
            found.faulty.append(Line(line.number, line.state, line.expert, tuple(faults)))
            continue
        counts[line.state] += 1
        names.add(key)
        found.good.append(line)
    return found


def take_in(
    session: Session, cycle_number: int, text: str, *, actor: Person, now: datetime
) -> Preview:
    """Add the good lines of a file to the lists; the others change nothing.

    Raises NotFound, NotAllowed, or InvalidGiven if there is nothing to add.
    """
    if not policy.can(actor, Action.KEEP_ROSTER):
        raise NotAllowed("only the secretariat takes in files")
    codes = sorted({line.state for line in preview(session, cycle_number, text, now=now).good})
    for iso3 in codes:
        parties.locked(session, cycle_number, iso3, now)
    found = preview(session, cycle_number, text, now=now)
    if not found.good:
        raise InvalidGiven({"file": N_("No line of this file can be added.")})
    cycle = session.scalars(sa.select(Cycle).where(Cycle.number == cycle_number)).one()
    session.add_all(expert_lists.listed(cycle, line.state, line.expert, now) for line in found.good)
    session.flush()
    after = {"cycle": cycle_number, "states": found.by_state(), "faulty": len(found.faulty)}
    audit.record(session, Verb.EXPERTS_IMPORTED, now=now, actor=actor, after=after)
    return found


def rows(session: Session, cycle: Cycle, iso3: str = "") -> Iterator[tuple[str, ...]]:
    """The lists as lines of a file with COLUMNS, by State and name; with ``iso3`` one list."""
    wanted = sa.select(ListedExpert).where(
        ListedExpert.cycle_id == cycle.id, ListedExpert.ended_on.is_(None)
    )
    if iso3:
        wanted = wanted.where(ListedExpert.iso3 == iso3)
    for one in session.scalars(wanted.order_by(ListedExpert.iso3, ListedExpert.name)):
        fields = (" ".join(one.expertise), " ".join(one.languages))
        yield (one.iso3, one.name, one.position, one.background, *fields)


def _names(session: Session, cycle: Cycle) -> set[tuple[str, str]]:
    wanted = sa.select(ListedExpert.iso3, ListedExpert.name).where(
        ListedExpert.cycle_id == cycle.id, ListedExpert.ended_on.is_(None)
    )
    return {(iso3, name.casefold()) for iso3, name in session.execute(wanted)}


def _lines(text: str) -> Iterator[Line]:
    """Every line with content, the faults of its own fields with it. Raises InvalidGiven."""
    head = text.split("\n", 1)[0]
    mark = ";" if head.count(";") > head.count(",") else ","
    reader: csv.DictReader[str] = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=mark, restkey="", strict=True
    )
    try:
        _check_head([name.strip().lower() for name in reader.fieldnames or ()])
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        for count, row in enumerate(reader, start=1):
            if count > LINES_LIMIT:
                raise InvalidGiven({"file": N_("This file has too many lines.")})
            if any(isinstance(value, str) and value.strip() for value in row.values()):
                yield _line(reader.line_num, row)
    except csv.Error as wrong:
        text = N_("This is not a CSV file: a quotation mark is missing or stands alone.")
        raise InvalidGiven({"file": text}) from wrong


def _check_head(names: list[str]) -> None:
    if not names or len(set(names)) != len(names) or not set(names) <= set(COLUMNS):
        text = N_(
            "The first line names the columns: state, name, position, background, expertise, "
            "languages."
        )
        raise InvalidGiven({"file": text})
    if not set(names) >= NEEDED:
        raise InvalidGiven({"file": N_("The columns “state” and “name” are needed.")})


def _line(number: int, row: dict[str, str | None]) -> Line:
    cells = {key: " ".join((row.get(key) or "").split()) for key in COLUMNS}
    expert = ExpertGiven(
        cells["name"],
        cells["position"],
        cells["background"],
        tuple(part.upper() for part in _BETWEEN.split(cells["expertise"]) if part),
        tuple(part.lower() for part in _BETWEEN.split(cells["languages"]) if part),
    )
    faults = tuple(expert_lists.faults(expert).values())
    if "" in row or None in row.values():  # more or fewer cells than the first line
        faults += (N_("This line has not as many cells as the first line."),)
    return Line(number, cells["state"].upper(), expert, faults)
