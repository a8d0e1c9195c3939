"""The reminders of the coming days, told before they happen.

The plan asks of every open milestone what the sweep will ask (``reminders.look``), at every moment
at which it will look, and puts what is for digests where ``digest.Reader`` will: so plan and
reality differ only by what people do meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import MilestoneDate, Outbox, Person
from review.services import digest, recipients, reminders, snapshot
from review.services.digest import Reader
from review.services.holds import Holds
from review.services.recipients import ESCALATION, PASSED_ON, Office, Owed, Telling
from review.services.snapshot import Snapshot, Someone
from workflows.deadlines import Reminder, local_day, rule_at
from workflows.spec import Party, Trigger

LONGEST: Final = 366
"""Days that a plan may reach ahead."""
MISSION: Final = "mission"


class Rule(StrEnum):
    """Because of which kind of rule somebody is told."""

    BEFORE = "before"
    AFTER = "after"
    PASSED_ON = "passed_on"
    ESCALATION = "escalation"
    STANDSTILL = "standstill"
    INSTEAD = "instead"


RULES: Final = {
    Rule.BEFORE: N_("Reminder before the due date"),
    Rule.AFTER: N_("Reminder after the due date"),
    Rule.PASSED_ON: N_("Passed on, the date has passed"),
    Rule.ESCALATION: N_("Escalation, long past the due date"),
    Rule.STANDSTILL: N_("No date, and nothing has moved for long"),
    Rule.INSTEAD: N_("Escalation, nobody else would be reminded"),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """One coming message, or one that a pause keeps back."""

    at: datetime
    """When it falls due, UTC."""
    telling: Telling
    digest_at: datetime | None = None
    """When the digest that it waits for is written, UTC; None for a message of its own."""

    @property
    def owed(self) -> Owed:
        """What it is about."""
        return self.telling.owed

    @property
    def to(self) -> Someone:
        """Who is told: a person, or (number 0) a mission."""
        return self.telling.to

    @property
    def day(self) -> date:
        """The day where the step is owed."""
        return local_day(self.at, self.owed.place.zone)

    @property
    def rule(self) -> Rule:
        """Because of which kind of rule."""
        if self.telling.instead:
            return Rule.INSTEAD
        if self.owed.reminder.rule.on is Trigger.TURN:
            return Rule.STANDSTILL
        if self.telling.notice == ESCALATION:
            return Rule.ESCALATION
        if self.telling.notice == PASSED_ON:
            return Rule.PASSED_ON
        return Rule.BEFORE if self.owed.reminder.offset <= 0 else Rule.AFTER

    @property
    def state(self) -> str:
        """The State for which somebody is told; empty for the secretariat."""
        if self.telling.notice == ESCALATION or self.owed.party is Party.SECRETARIAT:
            return ""
        return self.owed.seen.sides[self.owed.side].iso3

    @property
    def capital(self) -> str:
        """Where the day is counted."""
        sides, party = self.owed.seen.sides, self.owed.party
        return "Vienna" if party is Party.SECRETARIAT else sides[self.owed.side].capital


@dataclass(frozen=True, slots=True)
class PlanFilters:
    """Which messages are shown. Empty: all. ``state``: under review, or told."""

    state: str = ""
    role: str = ""
    person: int | None = None
    language: str = ""
    rule: str = ""
    review: int | None = None

    def fits(self, one: Planned) -> bool:
        """Whether a message is among them."""
        return (
            (not self.state or self.state in {one.state, one.owed.seen.columns["iso3"]})
            and (not self.role or self.role == one.to.role)
            and (self.person is None or self.person == one.to.person_id)
            and (not self.language or self.language == one.to.language)
            and (not self.rule or self.rule == one.rule)
            and (self.review is None or self.review == one.owed.seen.id)
        )


def plan(
    session: Session, now: datetime, days: int, review_ids: Iterable[int] | None = None
) -> list[Planned]:
    """What falls due in these days, in order of time; ``review_ids``: of these reviews alone.

    Of a reader's digests those are foretold whose reminders are all in these reviews.
    """
    wanted = sa.select(MilestoneDate.review_id).where(MilestoneDate.remind_at.is_not(None))
    if review_ids is not None:
        wanted = wanted.where(MilestoneDate.review_id.in_(list(review_ids)))
    seen = snapshot.load_many(session, set(session.scalars(wanted)), now)
    knows = recipients.office(session, now)
    coming = list(foretell(seen, knows, now, now + timedelta(days=days)))
    written = _written(session, {one.telling.key for one in coming})
    coming = [one for one in coming if one.telling.key not in written]
    coming += _waiting(session, seen, knows)
    return sorted(_with_digests(session, coming, knows.holds, now), key=_order)


def of_person(session: Session, person: Person, now: datetime, days: int) -> list[Planned]:
    """What comes to one person in these days, and nothing of others."""
    mine = None if person.is_secretariat else digest.reviews_of(session, person)
    return [one for one in plan(session, now, days, mine) if one.to.person_id == person.id]


def foretell(
    seen: Iterable[Snapshot], knows: Office, now: datetime, until: datetime
) -> Iterator[Planned]:
    """What the sweeps before ``until`` will tell if nobody does anything: each message once."""
    told: set[tuple[str, bool]] = set()
    for review in seen:
        for key, dates in sorted(review.dates.items()):
            at = dates.remind_at and max(dates.remind_at, now)
            while at is not None and at < until:
                found = reminders.look(review, key, knows, at)
                for one in found.tellings:
                    mark = (one.key, one.held is not None)
                    if mark not in told:
                        told.add(mark)
                        yield Planned(at, one)
                at = found.again_at


def _order(one: Planned) -> tuple[object, ...]:
    owed = one.owed
    return one.day, one.at, owed.seen.sides[0].name, owed.item.key, owed.slot, one.telling.key


def _written(session: Session, keys: set[str]) -> set[str]:
    """Of these messages those that were written before: their keys keep them from coming twice."""
    return set(session.scalars(sa.select(Outbox.key).where(Outbox.key.in_(keys))))


def _waiting(session: Session, seen: Sequence[Snapshot], knows: Office) -> Iterator[Planned]:
    """Reminders that have fallen due and wait for a digest."""
    reviews = {one.id: one for one in seen}
    people = {
        one.id: one
        for one in session.scalars(sa.select(Person).where(Person.id.in_(knows.digests)))
    }
    for row in session.scalars(digest.waiting(knows.digests)):
        review, person = reviews.get(row.review_id or 0), people.get(row.person_id or 0)
        key = (row.params["milestone"], row.params["milestone_slot"])
        if review is None or person is None:
            continue
        owed = reminders.owed_at(review, key, row.created_at) if key in review.dates else None
        if owed is None or (owed.due_on and str(owed.due_on)) != row.params["due"]:
            continue  # done, or of another date: no digest brings it
        rules = review.process.rules(owed.item, owed.reminder.rule.on)
        rule = rule_at(rules, row.params["offset"]) or owed.reminder.rule
        rung = Reminder(row.created_at, row.params["offset"], rule)
        to = Someone(
            person.id, row.params["role"], owed.side, person.email, person.title, person.language,
            person.time_zone,
        )  # fmt: skip
        instead = str(row.params.get("instead") or "")
        owed = replace(owed, reminder=rung)
        yield Planned(row.created_at, Telling(row.notice, owed, to, waits=True, instead=instead))


def _with_digests(
    session: Session, coming: Sequence[Planned], pauses: Holds, now: datetime
) -> Iterator[Planned]:
    """The same, each that waits with the moment of its digest."""
    waits: dict[int, list[Planned]] = {}
    for one in coming:
        if one.telling.waits and one.telling.held is None:
            waits.setdefault(one.to.person_id, []).append(one)
        else:
            yield one
    people = session.scalars(sa.select(Person).where(Person.id.in_(waits))).all()
    taken = _taken(session, waits, now)
    for person_id, reader in digest.readers(session, people).items():
        yield from _bundled(waits[person_id], reader, pauses, taken.get(person_id, set()), now)


def _taken(session: Session, people: Iterable[int], now: datetime) -> dict[int, set[date]]:
    """The days of which these people have their digest already."""
    wanted = sa.select(Outbox.person_id, Outbox.params["day"].astext).where(
        Outbox.notice == "digest",
        Outbox.person_id.in_(people),
        Outbox.created_at > now - timedelta(days=2),
    )
    found: dict[int, set[date]] = {}
    for person_id, day in session.execute(wanted):
        found.setdefault(person_id, set()).add(date.fromisoformat(day))
    return found


def _bundled(
    mine: Iterable[Planned], reader: Reader, pauses: Holds, taken: set[date], now: datetime
) -> Iterator[Planned]:
    """The reminders of one reader by digest: each takes up all that lies ready when it comes."""
    ready = sorted(
        ((_ready(one, reader, pauses, now), one) for one in mine), key=lambda two: two[0]
    )
    digest_at: datetime | None = None
    for since, one in ready:
        if digest_at is None or since > digest_at:
            digest_at = reader.chance(since, taken)
            taken.add(reader.day(digest_at))
        yield replace(one, digest_at=digest_at)


def _ready(one: Planned, reader: Reader, pauses: Holds, now: datetime) -> datetime:
    """From when on a digest takes it up: in a pause it waits, unless it is an escalation."""
    since = max(one.at, now)
    if one.telling.notice == ESCALATION:
        return since
    while until := pauses.either(one.to.person_id, one.owed.seen.id, reader.day(since)):
        since = datetime.combine(until + timedelta(days=1), time(), ZoneInfo(reader.zone))
    return since
