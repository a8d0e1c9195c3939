"""Draws for their pages: the list, one draw, the room, the results, and what anybody may have.

The secretariat sees every draw. Others see a draw from its publication on, that is its announcement
and commitment, and its lots once it is recorded. The secret leaves this module only with the
transcript of a recorded draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Cycle, Draw, Lot, Person
from review.services.draws import conduct
from review.services.draws.board import standing
from review.services.errors import NotFound
from workflows import announcement, drawing
from workflows.announcement import Announcement, ReviewersAnnouncement, YearsAnnouncement
from workflows.deadlines import DUTY_STATION_ZONE, local_day

PUBLISHED = ("published", "open", "drawn", "recorded")


@dataclass(frozen=True, slots=True)
class DrawRow:
    """One line of the list. ``lots`` are to be drawn, ``drawn`` of them are."""

    id: int
    cycle: int
    kind: str
    year: int
    purpose: str
    title: str
    mode: str
    state: str
    held_at: str
    """Title of the session of the Group; empty if none was named."""
    lots: int
    drawn: int
    commitment: str
    prepared_at: datetime
    published_at: datetime | None
    opened_at: datetime | None
    drawn_on: date | None
    drawn_by: str
    recorded_at: datetime | None
    void_reason: str


@dataclass(frozen=True, slots=True)
class Named:
    """A State with its name and regional group (None: it belongs to none)."""

    code: str
    name: str
    group: str | None


@dataclass(frozen=True, slots=True)
class LotLine:
    """A lot of a draw in words: for whom, which place, and who was drawn (None: not yet).

    In a draw of the years ``state`` is None, ``group`` and ``year`` say which place is filled.
    """

    number: int
    state: Named | None
    slot: int
    group: str
    year: int
    without: tuple[Named, ...]
    drawn: Named | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A party in the bowl with its tickets."""

    party: Named
    tickets: int


@dataclass(frozen=True, slots=True)
class Bowl:
    """The lot that is drawn next: who is in the bowl, and who is not, by reason."""

    line: LotLine
    candidates: tuple[Candidate, ...]
    closed: Mapping[str, tuple[Named, ...]]
    similar: int
    """How many candidates have the tickets of a similar legal system."""


@dataclass(frozen=True, slots=True)
class DrawPage:
    """One draw. ``rules``: those of its announcement; ``read_out`` is empty until it is open."""

    row: DrawRow
    rules: Mapping[str, Any]
    parties: tuple[Named, ...]
    not_serving: tuple[Named, ...]
    excused: Mapping[str, tuple[int, ...]]
    unlisted: tuple[Named, ...]
    """Parties whose list of experts is missing at present (ToR 21)."""
    lines: tuple[LotLine, ...]
    read_out: str
    digest: str


@dataclass(frozen=True, slots=True)
class Room:
    """What the projector shows: the next lot (None: all are drawn), the last ones, the progress."""

    row: DrawRow
    next: Bowl | None
    lines: tuple[LotLine, ...]

    @property
    def latest(self) -> LotLine | None:
        """The lot drawn last."""
        done = [line for line in self.lines if line.drawn]
        return done[-1] if done else None


@dataclass(frozen=True, slots=True)
class Result:
    """A State under review with the reviewing States after the draw; new ones were drawn in it."""

    state: Named
    first: Named | None
    second: Named | None
    new: frozenset[int]


def draws(session: Session, cycle: Cycle, person: Person) -> list[DrawRow]:
    """The draws of a cycle that a person may see, the latest first."""
    wanted = sa.select(Draw).where(Draw.cycle_id == cycle.id).order_by(Draw.id.desc())
    drawn = _drawn(session, cycle)
    return [
        _row(one, drawn.get(one.id, 0)) for one in session.scalars(wanted) if _sees(person, one)
    ]


def draw(session: Session, draw_id: int, person: Person) -> DrawPage:
    """One draw with everything its page shows. Raises NotFound."""
    found = _visible(session, draw_id, person)
    announced = announcement.read(found.announcement)
    done = _entries(session, found, person)
    names = _names(announced)
    reviewers = announced if isinstance(announced, ReviewersAnnouncement) else None
    parties = reviewers.parties if reviewers else ()
    unlisted = _unlisted(session, found) if reviewers else ()
    return DrawPage(
        row=_row(found, len(done)),
        rules=found.announcement["rules"],
        parties=tuple(names.values()),
        not_serving=tuple(names[one.code] for one in parties if not one.serves),
        excused={one.code: tuple(sorted(one.excused)) for one in parties if one.excused},
        unlisted=tuple(names[code] for code in unlisted if code in names),
        lines=_lines(announced, names, done),
        read_out=found.read_out,
        digest=found.transcript["digest"] if found.transcript and done else "",
    )


def room(session: Session, draw_id: int, person: Person) -> Room:
    """What the projector shows of a draw. Raises NotFound."""
    found = _visible(session, draw_id, person)
    announced = announcement.read(found.announcement)
    done = _entries(session, found, person)
    names = _names(announced)
    lines = _lines(announced, names, done)
    bowl = None
    if found.state in ("published", "open") and person.is_secretariat:
        upcoming = drawing.next_lot(announced, done)
        bowl = _bowl(upcoming, lines, names) if upcoming else None
    return Room(_row(found, len(done)), bowl, lines)


def results(session: Session, draw_id: int, person: Person) -> list[Result]:
    """The reviews of a draw of reviewing States with who stands after it, in the order drawn.

    Raises NotFound, also for a draw whose lots this person may not see yet, or one of the years.
    """
    found = _visible(session, draw_id, person)
    announced = announcement.read(found.announcement)
    done = _entries(session, found, person)
    if isinstance(announced, YearsAnnouncement) or (not done and found.state != "recorded"):
        raise NotFound(f"no results of draw {draw_id}")
    names = _names(announced)
    stands = {one.code: one.reviewers for one in announced.reviews}
    drawn: dict[str, dict[int, str]] = {}
    for entry in done:
        drawn.setdefault(entry["state"], {})[entry["slot"]] = entry["drawn"]
    found_results = []
    for state, places in drawn.items():
        first, second = (places.get(slot, stands[state][slot - 1]) for slot in (1, 2))
        pair = [names[code] if code else None for code in (first, second)]
        found_results.append(Result(names[state], pair[0], pair[1], frozenset(places)))
    return found_results


def public_announcement(session: Session, draw_id: int) -> dict[str, Any]:
    """The announcement of a draw that is published. Raises NotFound before."""
    found = session.get(Draw, draw_id)
    if found is None or found.published_at is None:
        raise NotFound(f"no draw {draw_id}")
    return dict(found.announcement)


def public_transcript(session: Session, draw_id: int) -> dict[str, Any]:
    """The transcript of a recorded draw. Raises NotFound before it is recorded."""
    found = session.get(Draw, draw_id)
    if found is None or found.state != "recorded" or found.transcript is None:
        raise NotFound(f"no draw {draw_id}")
    return found.transcript


def transcript(session: Session, draw_id: int, person: Person) -> dict[str, Any]:
    """The transcript for a person: the secretariat has it once the last lot is drawn.

    Raises NotFound.
    """
    found = _visible(session, draw_id, person)
    if found.transcript is None or not _sees_lots(person, found):
        raise NotFound(f"no transcript of draw {draw_id}")
    return found.transcript


def _sees(person: Person, draw: Draw) -> bool:
    return person.active and (person.is_secretariat or draw.published_at is not None)


def _sees_lots(person: Person, draw: Draw) -> bool:
    return person.active and (person.is_secretariat or draw.state == "recorded")


def _visible(session: Session, draw_id: int, person: Person) -> Draw:
    found = session.get(Draw, draw_id)
    if found is None or not _sees(person, found):
        raise NotFound(f"no draw {draw_id}")
    return found


def _entries(session: Session, draw: Draw, person: Person) -> list[drawing.Entry]:
    return conduct.entries(session, draw) if _sees_lots(person, draw) else []


def _drawn(session: Session, cycle: Cycle) -> dict[int, int]:
    wanted = (
        sa.select(Lot.draw_id, sa.func.count())
        .join(Draw, Draw.id == Lot.draw_id)
        .where(Draw.cycle_id == cycle.id)
        .group_by(Lot.draw_id)
    )
    return {row[0]: row[1] for row in session.execute(wanted)}


def _row(draw: Draw, drawn: int) -> DrawRow:
    return DrawRow(
        id=draw.id,
        cycle=draw.cycle.number,
        kind=draw.kind,
        year=draw.year,
        purpose=draw.purpose,
        title=draw.announcement["title"],
        mode=draw.announcement["mode"],
        state=draw.state,
        held_at=draw.session.title if draw.session else "",
        lots=len(draw.announcement["lots"]),
        drawn=drawn,
        commitment=draw.commitment,
        prepared_at=draw.prepared_at,
        published_at=draw.published_at,
        opened_at=draw.opened_at,
        drawn_on=draw.drawn_on,
        drawn_by=draw.drawn_by,
        recorded_at=draw.recorded_at,
        void_reason=draw.void_reason,
    )


def _names(announced: Announcement) -> dict[str, Named]:
    return {one.code: Named(one.code, one.name, one.group or None) for one in announced.parties}


def _lines(
    announced: Announcement, names: Mapping[str, Named], done: Sequence[drawing.Entry]
) -> tuple[LotLine, ...]:
    drawn = {entry["number"]: names[entry["drawn"]] for entry in done}
    if isinstance(announced, YearsAnnouncement):
        return tuple(
            LotLine(number, None, 0, place.group, place.year, (), drawn.get(number))
            for number, place in enumerate(announced.lots, start=1)
        )
    years = {one.code: one.year for one in announced.reviews}
    return tuple(
        LotLine(
            number,
            names[lot.state],
            lot.slot,
            names[lot.state].group or "",
            years[lot.state],
            tuple(names[code] for code in lot.without),
            drawn.get(number),
        )
        for number, lot in enumerate(announced.lots, start=1)
    )


def _bowl(upcoming: drawing.NextLot, lines: Sequence[LotLine], names: Mapping[str, Named]) -> Bowl:
    candidates = tuple(
        Candidate(names[code], tickets)
        for code, tickets in zip(upcoming.candidates, upcoming.tickets, strict=True)
    )
    return Bowl(
        line=lines[upcoming.number - 1],
        candidates=candidates,
        closed={
            reason: tuple(names[code] for code in codes)
            for reason, codes in upcoming.entry["closed"].items()
        },
        similar=sum(1 for one in candidates if one.tickets > 1),
    )


def _unlisted(session: Session, draw: Draw) -> tuple[str, ...]:
    day = draw.drawn_on or local_day(draw.prepared_at, DUTY_STATION_ZONE)
    return standing(session, draw.cycle, day).unlisted
