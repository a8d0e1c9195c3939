"""The reminders of the coming days, told before they happen.

The plan asks of every open milestone what the sweep will ask (``reminders.look``), at every moment
at which it will look, and puts what is for digests where ``digest.Reader`` will: so plan and
reality differ only by what people do meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import MilestoneDate, Outbox, Person, Review
from review.services import digest, put_off, recipients, reminders, snapshot
from review.services.digest import Reader
from review.services.holds import Holds
from review.services.planned import Plan, Planned, Unplanned
from review.services.planning import Key
from review.services.recipients import ESCALATION, Office, Telling
from review.services.setbacks import Setbacks
from review.services.snapshot import Snapshot, Someone
from workflows.deadlines import Reminder, rule_at

LONGEST: Final = 366
"""Days that a plan may reach ahead."""
_Open = sa.Row[int, str, str, str, int]
"""A milestone that is reminded of: review, State, process, key and slot."""


def plan(
    session: Session, now: datetime, days: int, review_ids: Iterable[int] | None = None
) -> Plan:
    """What falls due in these days; ``review_ids``: of these reviews alone.

    Of a reader's digests those are foretold whose reminders are all in these reviews.
    """
    rows = _open(session, review_ids)
    setbacks = Setbacks(quiet=True)
    seen = snapshot.load_many(session, {row.review_id for row in rows}, now, setbacks)
    knows = recipients.office(session, now)
    coming = list(foretell(seen, knows, now, now + timedelta(days=days), setbacks))
    written = _written(session, {one.telling.key for one in coming})
    coming = [one for one in coming if one.telling.key not in written]
    coming += _waiting(session, seen, knows, now, setbacks)
    coming = sorted(_with_digests(session, coming, knows.holds, now, setbacks), key=_order)
    return Plan(tuple(coming), tuple(_unplanned(rows, setbacks)))


def of_person(session: Session, person: Person, now: datetime, days: int) -> Plan:
    """What comes to one person in these days, and nothing of others."""
    mine = None if person.is_secretariat else digest.reviews_of(session, person)
    found = plan(session, now, days, mine)
    return replace(
        found, coming=tuple(one for one in found.coming if one.to.person_id == person.id)
    )


def _open(session: Session, review_ids: Iterable[int] | None) -> Sequence[_Open]:
    """The milestones that are reminded of, with State and process."""
    wanted = (
        sa.select(
            MilestoneDate.review_id, Review.iso3, Review.process_key, MilestoneDate.key,
            MilestoneDate.slot,
        )
        .join(Review, Review.id == MilestoneDate.review_id)
        .where(MilestoneDate.remind_at.is_not(None))
        .order_by(Review.iso3, MilestoneDate.review_id, MilestoneDate.key, MilestoneDate.slot)
    )  # fmt: skip
    if review_ids is not None:
        wanted = wanted.where(MilestoneDate.review_id.in_(list(review_ids)))
    return session.execute(wanted).all()


def _unplanned(rows: Iterable[_Open], setbacks: Setbacks) -> Iterator[Unplanned]:
    for row in rows:
        kind = setbacks.milestones.get((row.review_id, row.key, row.slot))
        kind = kind or setbacks.reviews.get(row.review_id)
        if kind:
            yield Unplanned(row.review_id, row.iso3, row.process_key, row.key, row.slot, kind)


def foretell(
    seen: Iterable[Snapshot], knows: Office, now: datetime, until: datetime, setbacks: Setbacks
) -> Iterator[Planned]:
    """What the sweeps before ``until`` will tell if nobody does anything: each message once."""
    told: set[tuple[str, bool]] = set()
    for review in seen:
        for key, dates in sorted(review.dates.items()):
            at = dates.remind_at and max(dates.remind_at, now)
            found: list[Planned] = []
            with setbacks.milestone(review.id, *key):
                found += _climb(review, key, knows, at, until)
            for one in found:
                mark = (one.telling.key, one.telling.held is not None)
                if mark not in told:
                    told.add(mark)
                    yield one


def _climb(
    review: Snapshot, key: Key, knows: Office, at: datetime | None, until: datetime
) -> Iterator[Planned]:
    """What is told about one milestone, look by look."""
    rung = review.dates[key].remind_rung
    while at is not None and at < until:
        look = reminders.look(review, key, knows, at, rung)
        for one in look.tellings:
            leaves_at = one.leaves_at(at) if one.held is None else at
            yield Planned(leaves_at, one, waits=leaves_at > at)
        at, rung = look.again_at, look.again_rung


def _order(one: Planned) -> tuple[object, ...]:
    owed = one.owed
    return one.day, one.at, owed.seen.sides[0].name, owed.item.key, owed.slot, one.telling.key


def _written(session: Session, keys: set[str]) -> set[str]:
    """Of these messages those that were written before: their keys keep them from coming twice."""
    return set(session.scalars(sa.select(Outbox.key).where(Outbox.key.in_(keys))))


def _waiting(
    session: Session,
    seen: Sequence[Snapshot],
    knows: Office,
    now: datetime,
    setbacks: Setbacks,
) -> Iterator[Planned]:
    """Reminders that have fallen due and wait for a digest or for a working morning."""
    reviews = {one.id: one for one in seen}
    rows = [*session.scalars(digest.waiting(knows.digests)), *session.scalars(put_off.waiting(now))]
    for row in rows:
        review = reviews.get(row.review_id or 0)
        key = (row.params["milestone"], row.params["milestone_slot"])
        if review is None or key not in review.dates:
            continue
        found: list[Planned] = []
        with setbacks.milestone(review.id, *key):
            found += _still_owed(row, review, key)
        yield from found


def _still_owed(row: Outbox, review: Snapshot, key: Key) -> Iterator[Planned]:
    """A message that waits; nothing if what it is about is done or of another date."""
    owed = reminders.owed_at(review, key, row.created_at)
    if owed is None or (owed.due_on and str(owed.due_on)) != row.params["due"]:
        return
    rules = review.process.rules(owed.item, owed.reminder.rule.on)
    rule = rule_at(rules, row.params["offset"]) or owed.reminder.rule
    rung = Reminder(row.created_at, row.params["offset"], rule)
    given = row.params
    to = Someone(
        row.person_id or 0, given["role"], owed.side, row.address, given["title"], row.language,
        given["time_zone"],
    )  # fmt: skip
    bundled = row.state == "recorded"
    told = Telling(
        row.notice, replace(owed, reminder=rung), to, bundled, instead=given.get("instead") or ""
    )
    yield Planned(row.created_at if bundled else row.next_try_at, told, waits=not bundled)


def _with_digests(
    session: Session,
    coming: Sequence[Planned],
    pauses: Holds,
    now: datetime,
    setbacks: Setbacks,
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
        found: list[Planned] = []
        with setbacks.all_of(one.about for one in waits[person_id]):
            found += _bundled(waits[person_id], reader, pauses, taken.get(person_id, set()), now)
        yield from found


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
