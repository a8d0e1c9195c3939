"""One review as the engine needs it, read in one statement.

A snapshot holds the position, the dates, the parties and the people with the addresses that a step
may have to tell. Counts of answers, findings, questions and approvals are read only for the steps
whose guards ask for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db, reference
from review.models import Review
from review.services import blueprint, work_calendars
from review.services.errors import NotFound
from review.services.setbacks import Setbacks
from workflows import deadlines
from workflows.deadlines import DUTY_STATION_ZONE, local_day
from workflows.registry import process
from workflows.spec import FACT_GROUPS, Facts, Party, Process, Who
from workflows.working_days import EVERY_DAY

VIENNA = DUTY_STATION_ZONE
"""The secretariat's duty station: whoever is not signed in reads its hours."""


@dataclass(frozen=True, slots=True)
class Someone:
    """A person in a review with what a mail to them needs."""

    person_id: int
    role: str
    slot: int
    email: str
    title: str
    language: str
    time_zone: str
    member_id: int = 0
    since: datetime | None = None
    """When they took their office in the review; None for who holds none."""


@dataclass(frozen=True, slots=True)
class Side:
    """A State in a review: under review (slot 0) or reviewing (1, 2)."""

    slot: int
    iso3: str
    name: str
    language: str
    capital: str
    time_zone: str
    mission_email: str | None
    chapters: tuple[str, ...] = ()


class Dates(NamedTuple):
    """The dates of one milestone."""

    model_on: date | None = None
    agreed_on: date | None = None
    done_at: datetime | None = None
    remind_at: datetime | None = None
    simulated: bool = False
    remind_rung: int | None = None

    @property
    def due_on(self) -> date | None:
        """The day that counts."""
        return self.agreed_on or self.model_on


@dataclass(frozen=True)
class Snapshot:
    """One review at one moment."""

    id: int
    version: int
    process: Process
    columns: Mapping[str, Any]
    sides: Mapping[int, Side]
    members: tuple[Someone, ...]
    secretariat: tuple[Someone, ...]
    dates: Mapping[tuple[str, int], Dates]
    responses: Mapping[int, frozenset[int]]
    """The frozen responses by number, with the slots of the States to which each was circulated."""
    facts: Facts
    now: datetime = field(repr=False)

    @property
    def stage(self) -> str:
        """The present stage."""
        return self.facts.stage

    @property
    def done(self) -> frozenset[tuple[str, int]]:
        """The milestones reached."""
        return self.facts.done

    def zone_of(self, party: Party, slot: int) -> str:
        """Where the day of a party ends: its capital, or the duty station."""
        if party is Party.SECRETARIAT:
            return VIENNA
        side = self.sides.get(slot if party is Party.REVIEWING_STATE else 0)
        return side.time_zone if side else VIENNA

    def place_of(self, party: Party, slot: int) -> deadlines.Place:
        """Where the days of a party begin and end, and on which of them it is reminded."""
        rests = self.process.counting.rests
        calendar = self.facts.calendar(party, slot) if rests else EVERY_DAY
        return deadlines.Place(self.zone_of(party, slot), calendar)

    def provisions(self, slot: int) -> tuple[str, ...]:
        """The provisions in the division of labour of a reviewing State."""
        side = self.sides.get(slot)
        chapters = side.chapters if side and side.chapters else self.process.chapters
        return _refs(tuple(chapters))


@cache
def _refs(chapters: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item.ref for item in reference.provisions(chapters))


_READ = """
SELECT json_build_object(
  'review', row_to_json(r),
  'sides', (SELECT json_agg(json_build_array(x.slot, s.iso3, s.name, s.language, s.capital,
     s.time_zone, s.mission_email, x.chapters)) FROM (SELECT 0 AS slot, r.iso3 AS iso3,
     '{}'::varchar[] AS chapters UNION ALL SELECT v.slot, v.iso3, v.chapters FROM reviewer v
     WHERE v.review_id = r.id AND v.voided_at IS NULL) x JOIN state s ON s.iso3 = x.iso3),
  'members', (SELECT json_agg(json_build_array(m.person_id, m.role, m.slot, p.email, p.title,
     p.language, p.time_zone, m.id, m.since)) FROM member m JOIN person p ON p.id = m.person_id
     WHERE m.review_id = r.id AND m.ended_at IS NULL AND p.active),
  'office', COALESCE((SELECT json_agg(json_build_array(p.id, p.role, 0, p.email, p.title,
     p.language, p.time_zone)) FROM person p WHERE p.active AND p.id = r.officer_id),
     (SELECT json_agg(json_build_array(p.id, p.role, 0, p.email, p.title, p.language,
     p.time_zone)) FROM person p WHERE p.active AND p.role = 'secretariat_administrator')),
  'dates', (SELECT json_agg(json_build_array(d.key, d.slot, d.model_on, d.agreed_on, d.done_at,
     d.remind_at, d.simulated, d.remind_rung)) FROM milestone d WHERE d.review_id = r.id),
  'responses', (SELECT json_agg(json_build_array(b.number, b.circulated_to)) FROM submission b
     WHERE b.review_id = r.id),
  'asked', (SELECT json_agg(json_build_array(q.milestone, q.slot)) FROM extension_request q
     WHERE q.review_id = r.id AND q.answered_at IS NULL),
  'days_off', (SELECT json_agg(json_build_array(o.iso3, o.day, o.works)) FROM day_off o
     WHERE o.iso3 IS NULL OR o.iso3 = r.iso3 OR o.iso3 IN (SELECT v.iso3 FROM reviewer v
     WHERE v.review_id = r.id AND v.voided_at IS NULL)))
FROM review r WHERE r.id """
# One number and many are two statements: PostgreSQL plans an array anew each time.
READ = _READ + "= %(id)s"
_LOCKED = READ + " FOR UPDATE OF r"
_MANY = _READ + "= ANY(%(ids)s)"


def load(
    session: Session,
    review_id: int,
    now: datetime,
    groups: Iterable[str] = (),
    *,
    lock: bool = False,
) -> Snapshot:
    """The review at this moment; with ``lock`` nobody else can take a step until we are done.

    Raises NotFound if there is no such review.
    """
    row = db.execute(session, _LOCKED if lock else READ, {"id": review_id}).first()
    if row is None:
        raise NotFound(f"no review {review_id}")
    return with_groups(session, _snapshot(row[0], now), groups)


def load_many(
    session: Session, review_ids: Iterable[int], now: datetime, setbacks: Setbacks | None = None
) -> list[Snapshot]:
    """Many reviews in one statement, without the counted groups of facts, in order of id.
    One that cannot be read is noted in ``setbacks``, if these are given, and left out."""
    found: list[Snapshot] = []
    for (row,) in db.execute(session, _MANY, {"ids": list(review_ids)}):
        with setbacks.review(row["review"]["id"]) if setbacks else nullcontext():
            found.append(_snapshot(row, now))
    return sorted(found, key=lambda item: item.id)


def _columns(found: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the review, typed as the model has them."""
    columns = dict(found)
    for name, read in _TYPED.items():
        if columns[name] is not None:
            columns[name] = read(columns[name])
    return columns


_TYPED: dict[str, Callable[[str], date]] = {
    column.name: datetime.fromisoformat
    if isinstance(column.type, sa.DateTime)
    else date.fromisoformat
    for column in Review.__table__.columns
    if isinstance(column.type, sa.DateTime | sa.Date)
}
"""The columns that JSON carries as text, and what reads them."""


def _snapshot(found: Mapping[str, Any], now: datetime) -> Snapshot:
    columns = _columns(found["review"])
    definition = process(columns["process_key"])
    sides = {side.slot: side for side in map(_side, found["sides"])}
    members = tuple(map(_member, found["members"] or ()))
    dates = {(d[0], d[1]): _dates(d[2:]) for d in found["dates"] or ()}
    return Snapshot(
        id=columns["id"],
        version=columns["version"],
        process=definition,
        columns=columns,
        sides=sides,
        members=members,
        secretariat=tuple(Someone(*item) for item in found["office"] or ()),
        dates=dates,
        responses={
            number: frozenset(slot for slot, side in sides.items() if slot and side.iso3 in states)
            for number, states in found["responses"] or ()
        },
        facts=replace(
            _facts(definition, columns, sides, members, dates, now),
            calendars=work_calendars.of_parties(
                {slot: side.iso3 for slot, side in sides.items()}, found["days_off"] or ()
            ),
            owing=owners(definition, (key for key, one in dates.items() if _is_owed(one))),
            asking=owners(definition, found["asked"] or ()),
        ),
        now=now,
    )


def _member(item: list[Any]) -> Someone:
    return Someone(*(*item[:-1], datetime.fromisoformat(item[-1])))


def _is_owed(dates: Dates) -> bool:
    return dates.done_at is None and dates.due_on is not None


def owners(definition: Process, keys: Iterable[Sequence[Any]]) -> frozenset[Who]:
    """The States that owe these milestone instances, as capacities; the secretariat aside."""
    found = set()
    for key, slot in keys:
        item = definition.milestone(key)
        party = item.owner_of(0 if item.repeats else slot)
        if party is not Party.SECRETARIAT:
            found.add(Who(party.actor, slot if party is Party.REVIEWING_STATE else 0))
    return frozenset(found)


def _side(item: list[Any]) -> Side:
    return Side(*(*item[:7], tuple(item[7])))


def _dates(found: Sequence[Any]) -> Dates:
    days = [date.fromisoformat(one) if one else None for one in found[:2]]
    moments = [datetime.fromisoformat(one) if one else None for one in found[2:4]]
    return Dates(days[0], days[1], moments[0], moments[1], *found[4:])


def _facts(
    definition: Process,
    row: Mapping[str, Any],
    sides: Mapping[int, Side],
    members: tuple[Someone, ...],
    dates: Mapping[tuple[str, int], Dates],
    now: datetime,
) -> Facts:
    repeating = definition.repeating
    return Facts(
        stage=row["stage"],
        done=frozenset(key for key, item in dates.items() if item.done_at),
        open_repeats=frozenset(
            key for key, item in dates.items() if key[0] in repeating and not item.done_at
        ),
        reviewers=frozenset(sides) - {0},
        focal_points=sum(1 for m in members if m.role == "focal_point"),
        experts=frozenset(m.slot for m in members if m.role == "expert"),
        suspended=row["suspended_at"] is not None,
        deferred=row["deferred_from"] is not None,
        year=row["year"],
        means=row["means"],
        dialogue_scheduled=row["dialogue_first_day"] is not None,
        today=local_day(now, VIENNA),
        due={key: due for key, item in dates.items() if (due := item.due_on)},
        report_published=row["report_extent"] == "all",
        response_published=row["response_published_at"] is not None,
        draft_hash=row["report_sha256"],
    )


_COUNTS = {
    "answers": sa.text("SELECT count(*) FROM answer WHERE review_id = :id AND complete"),
    "questions": sa.text(
        "SELECT count(*) FROM question WHERE review_id = :id AND answered_at IS NULL"
    ),
    "findings": sa.text(
        "SELECT slot, count(*) FROM finding WHERE review_id = :id AND complete AND"
        " ((slot = 1 AND provision = ANY(:first)) OR (slot = 2 AND provision = ANY(:second)))"
        " GROUP BY slot"
    ),
    "summary": sa.text(
        "SELECT count(*) FROM report_section WHERE review_id = :id AND text <> ''"
        " AND key = ANY(:keys)"
    ),
    "report": sa.text(
        "SELECT slot FROM approval WHERE review_id = :id AND cleared_at IS NULL AND sha256 = :hash"
    ),
}


def with_groups(session: Session, snapshot: Snapshot, groups: Iterable[str]) -> Snapshot:
    """The same snapshot with these groups of facts counted."""
    wanted = set(groups)
    if unknown := wanted - FACT_GROUPS:
        raise ValueError(f"unknown groups of facts: {sorted(unknown)}")
    found: dict[str, Any] = {}
    if "answers" in wanted:
        found["provisions"] = len(_refs(snapshot.process.chapters))
        found["answered"] = session.scalar(_COUNTS["answers"], {"id": snapshot.id})
    if "questions" in wanted:
        found["open_questions"] = session.scalar(_COUNTS["questions"], {"id": snapshot.id})
    if "findings" in wanted:
        mine = {slot: list(snapshot.provisions(slot)) for slot in (1, 2)}
        given = {"id": snapshot.id, "first": mine[1], "second": mine[2]}
        found["assigned"] = {slot: len(refs) for slot, refs in mine.items()}
        found["assessed"] = {
            row.slot: row.count for row in session.execute(_COUNTS["findings"], given)
        }
    if "report" in wanted:
        given = {"id": snapshot.id, "hash": snapshot.facts.draft_hash}
        found["approved"] = frozenset(session.scalars(_COUNTS["report"], given))
        keys = blueprint.to_write(tuple(snapshot.process.chapters))
        written = session.scalar(_COUNTS["summary"], {"id": snapshot.id, "keys": list(keys)}) or 0
        found["summary_unwritten"] = len(keys) - written
    return replace(snapshot, facts=replace(snapshot.facts, **found)) if found else snapshot
