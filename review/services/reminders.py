"""Reminders of what is owed: swept out of the dates, each written exactly once.

A due moment is a row, not a queued job: ``milestone.remind_at`` says when the next reminder of a
milestone falls due. A sweep takes the rows whose moment has passed, writes the mails and sets the
next moment, in one transaction. The unique key of each mail names review, milestone, due day,
place in the ladder and person, so that a sweep that crashes, runs twice or beside another one
changes nothing. A date that is changed gives new keys; a step that is taken clears ``remind_at``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import MilestoneDate, Person
from review.policy import ADMINISTRATOR
from review.services import holds, notices, planning, snapshot
from review.services.holds import Holds
from review.services.snapshot import Snapshot, Someone
from workflows import deadlines
from workflows.deadlines import Place, Reminder
from workflows.spec import Milestone, Party

BATCH: Final = 500

# The review is locked with its milestone, against a step that is being taken: such a step holds
# the review until it is written, and is passed over here. Sweeps do not wait for each other.
_DUE = sa.text("""
SELECT m.review_id, m.key, m.slot FROM milestone m JOIN review r ON r.id = m.review_id
WHERE m.remind_at <= :now ORDER BY m.remind_at LIMIT :batch
FOR UPDATE OF m SKIP LOCKED FOR KEY SHARE OF r SKIP LOCKED
""")
_WRITE = sa.text("""
WITH o AS (
  INSERT INTO outbox (key, notice, review_id, person_id, address, language, params, created_at,
    next_try_at, state)
  SELECT x.key, x.notice, x.review_id, x.person_id, x.address, x.language, x.params, :now, :now,
    x.state
  FROM json_to_recordset(:mails) AS x(key text, notice text, review_id bigint, person_id bigint,
    address text, language text, params jsonb, state text)
  ON CONFLICT (key) DO NOTHING
)
UPDATE milestone m SET remind_at = x.remind_at
FROM json_to_recordset(:next) AS x(review_id bigint, key text, slot int, remind_at timestamptz)
WHERE m.review_id = x.review_id AND m.key = x.key AND m.slot = x.slot
""")


@dataclass(frozen=True, slots=True)
class Owed:
    """A milestone whose moment has come: the review, which one, whose, the reminder to write."""

    seen: Snapshot
    item: Milestone
    slot: int
    reminder: Reminder

    @property
    def party(self) -> Party:
        """Who owes it."""
        return self.item.owner_of(0 if self.item.repeats else self.slot)

    @property
    def side(self) -> int:
        """The side that owes it: 0 for the State under review, 1 and 2 for the reviewing States."""
        return self.slot if self.party is Party.REVIEWING_STATE else 0

    @property
    def due_on(self) -> date | None:
        """The day that counts."""
        return self.seen.dates[self.item.key, self.slot].due_on

    @property
    def place(self) -> Place:
        """Where the days of whoever owes it begin and end."""
        return self.seen.place_of(self.party, self.slot)

    @property
    def key(self) -> str:
        """This reminder, and no other: review, milestone, due day, place in the ladder."""
        return f"{self.seen.id}:{self.item.key}:{self.slot}:{self.due_on}:{self.reminder.offset}"


@dataclass(frozen=True, slots=True)
class Office:
    """What a sweep knows besides the reviews."""

    administrators: tuple[Someone, ...] = ()
    digests: frozenset[int] = frozenset()
    """Who gets one message a day instead of single ones."""
    holds: Holds = field(default_factory=Holds)


@dataclass(frozen=True, slots=True)
class Telling:
    """One person who is told of something owed, or would be but for a pause."""

    notice: str
    owed: Owed
    to: Someone
    waits: bool = False
    """For the digest of its reader."""
    held: date | None = None
    """The last day of the pause that keeps it back."""
    instead: bool = False
    """An escalation because everybody who would be reminded has a pause."""

    @property
    def key(self) -> str:
        """Why the mail exists: the same reason never writes a second one."""
        return f"{_PREFIX[self.notice]}:{self.owed.key}:{notices.name_of(self.to)}"


class Look(NamedTuple):
    """What a sweep finds at a milestone: whom it tells, and when it looks again (None: never)."""

    tellings: tuple[Telling, ...] = ()
    again_at: datetime | None = None


_PREFIX: Final = {"reminder": "remind", "escalation": "escalate"}


def sweep(session: Session, now: datetime, *, simulated: bool = False, batch: int = BATCH) -> int:
    """Write the reminders of at most ``batch`` milestones whose moment has come.

    Of several reminders that an outage has left unwritten only the latest is. Returns how many
    milestones were looked at: fewer than ``batch`` when nothing is left to do. ``simulated`` keeps
    the mails from being sent (replay).
    """
    due = [tuple(row) for row in session.execute(_DUE, {"now": now, "batch": batch})]
    if not due:
        return 0
    reviews = {s.id: s for s in snapshot.load_many(session, {row[0] for row in due}, now)}
    knows = office(session, now)
    told, following = [], []
    for review_id, key, slot in due:
        found = look(reviews[review_id], (key, slot), knows, now)
        told += [one for one in found.tellings if one.held is None]
        at = found.again_at and found.again_at.isoformat()
        following.append({"review_id": review_id, "key": key, "slot": slot, "remind_at": at})
    mails = [_mail(one, simulated=simulated) for one in told]
    session.execute(_WRITE, {"mails": json.dumps(mails), "next": json.dumps(following), "now": now})
    return len(due)


def look(seen: Snapshot, key: tuple[str, int], knows: Office, at: datetime) -> Look:
    """What is to be done about a milestone at a moment. The sweep does it, the plan foretells it.

    On a day off, as after an outage, it is left for the next working morning. After a pause it is
    looked at again on the first: of what was kept back the latest reminder is then written, unless
    its reader has it already.
    """
    if not _is_open(seen, key):
        return Look()
    coming = planning.next_reminder_at(seen.process, key, seen, at)
    owed = owed_at(seen, key, at)
    if owed is None:
        return Look((), coming)
    place = owed.place
    today = deadlines.local_day(at, place.zone)
    if not place.calendar.works(today):
        return Look((), deadlines.working_morning(today, place))
    told = tuple(_tellings(owed, knows, today))
    ends = [one.held for one in told if one.held]
    if ends:
        resumes = deadlines.working_morning(min(ends) + timedelta(days=1), place)
        coming = min(coming, resumes) if coming else resumes
    return Look(told, coming)


def _is_open(seen: Snapshot, key: tuple[str, int]) -> bool:
    """Whether a milestone is still owed: looked at again under the lock."""
    dates = seen.dates[key]
    if dates.done_at or dates.due_on is None:
        return False
    return planning.is_ready(seen.process, seen.process.milestone(key[0]), seen.facts)


def owed_at(seen: Snapshot, key: tuple[str, int], at: datetime) -> Owed | None:
    """A milestone that is owed with its latest reminder; None before the first."""
    due = seen.dates[key].due_on
    if due is None or not _is_open(seen, key):
        return None
    item = seen.process.milestone(key[0])
    place = seen.place_of(item.owner_of(0 if item.repeats else key[1]), key[1])
    reminder = deadlines.reminder_due(item.reminders, due, place, at)
    return Owed(seen, item, key[1], reminder) if reminder else None


def _tellings(owed: Owed, knows: Office, day: date) -> Iterator[Telling]:
    """Those who owe it, with their pauses; when it is long past, or all of them rest, the office.

    Nothing falls silent: a pause of everybody is told to those who look after the review, and has
    no effect where nobody would hear that.
    """
    pauses, late = knows.holds, owed.reminder.escalates
    everybody = tuple(responsible(owed))
    resting = [to for to in everybody if pauses.person(to.person_id, day)]
    alone = bool(everybody) and len(resting) == len(everybody)
    alone = alone and not pauses.review(owed.seen.id, day)
    listeners = _listeners(owed, knows, day) if late or alone else ()
    for to in everybody:
        held = pauses.either(to.person_id, owed.seen.id, day)
        held = None if alone and not listeners else held
        yield Telling("reminder", owed, to, _waits(to, knows, day), held)
    for to in listeners:
        yield Telling("escalation", owed, to, _waits(to, knows, day), instead=alone)


def _waits(to: Someone, knows: Office, day: date) -> bool:
    """Whether a mail waits for a digest: not for that of somebody who has a pause."""
    return to.person_id in knows.digests and not knows.holds.person(to.person_id, day)


def _listeners(owed: Owed, knows: Office, day: date) -> Sequence[Someone]:
    """Who hears an escalation: of those without a pause; else all, since somebody has to."""
    own = tuple(watchers(owed, knows.administrators))
    taken = {to.person_id for to in responsible(owed)} | {to.person_id for to in own}
    others = [one for one in knows.administrators if one.person_id not in taken]
    for some in (own, others):
        awake = [to for to in some if not knows.holds.person(to.person_id, day)]
        if awake:
            return awake
    return own


def _mail(one: Telling, *, simulated: bool) -> dict[str, Any]:
    """The outbox row."""
    more = ({"digest": True} if one.waits else {}) | ({"instead": True} if one.instead else {})
    return {
        "key": one.key,
        "notice": one.notice,
        "review_id": one.owed.seen.id,
        "person_id": one.to.person_id or None,
        "address": one.to.email,
        "language": one.to.language,
        "params": params(one.owed, one.notice, one.to) | more,
        "state": "recorded" if simulated or one.waits else "waiting",
    }


def responsible(owed: Owed) -> Iterable[Someone]:
    """Those who are reminded: the people of the side that owes it, else its mission."""
    return notices.people(owed.seen, owed.party, owed.side)


def watchers(owed: Owed, administrators: Sequence[Someone]) -> Iterable[Someone]:
    """Who is told that something is long past: the officer; of the officer's own, the others."""
    if owed.party is not Party.SECRETARIAT:
        return owed.seen.secretariat
    own = {one.person_id for one in owed.seen.secretariat}
    return [one for one in administrators if one.person_id not in own]


def params(owed: Owed, notice: str, to: Someone) -> dict[str, Any]:
    """What the words of a reminder name: the review, the date, and the step to take."""
    seen, party = owed.seen, owed.party
    steps = [s for s in seen.process.steps_for(owed.item.key) if party.actor in s.by]
    due = owed.due_on
    side = seen.sides.get(owed.side) if party is not Party.SECRETARIAT else None
    coming = planning.next_reminder_at(seen.process, (owed.item.key, owed.slot), seen, seen.now)
    escalates = notice == "escalation"
    reader = Party.SECRETARIAT if escalates else party
    return notices.params(seen, reader, 0 if escalates else owed.side, to) | {
        "review_id": seen.id,
        "step": "" if escalates or not steps else steps[0].key,
        "opens": "review" if escalates or not steps else steps[0].page or "step",
        "milestone": owed.item.key,
        "milestone_slot": owed.slot,
        "due": due.isoformat() if due else None,
        "next_reminder": coming.isoformat() if coming else None,
        "due_zone": side.time_zone if side else snapshot.VIENNA,
        "due_place": side.capital if side else "Vienna",
        "owner_state": side.iso3 if side else None,
        "escalates": owed.reminder.escalates,
        "offset": owed.reminder.offset,
    }


def office(session: Session, now: datetime) -> Office:
    """Administrators, readers of digests and pauses, as they are."""
    people = session.scalars(
        sa.select(Person)
        .where(Person.active, sa.or_(Person.role == ADMINISTRATOR, Person.digest))
        .order_by(Person.id)
    ).all()
    return Office(
        tuple(
            Someone(one.id, one.role, 0, one.email, one.title, one.language, one.time_zone)
            for one in people
            if one.role == ADMINISTRATOR
        ),
        frozenset(one.id for one in people if one.digest),
        holds.in_force(session, now),
    )


def owed_now(seen: Snapshot, now: datetime) -> Iterator[Owed]:
    """Everything of a review that has a date and is somebody's turn, with its latest reminder."""
    for key, dates in sorted(seen.dates.items()):
        if dates.remind_at is not None and (owed := owed_at(seen, key, now)):
            yield owed


def resume(
    session: Session,
    review_ids: Iterable[int],
    person_id: int | None,
    *,
    since: datetime,
    now: datetime,
) -> None:
    """After a pause that ended early: look again, on the next working morning, at what it held.

    ``person_id``: whose pause it was, None for that of a review; ``since``: when it began.
    """
    for review_id in sorted(review_ids):
        seen = snapshot.load(session, review_id, now, lock=True)
        for owed in owed_now(seen, now):
            whose = {to.person_id for to in responsible(owed)}
            if owed.reminder.at < since or (person_id is not None and person_id not in whose):
                continue
            today = deadlines.local_day(now, owed.place.zone)
            morning = deadlines.working_morning(today, owed.place)
            if morning <= now:
                morning = deadlines.working_morning(today + timedelta(days=1), owed.place)
            session.execute(
                sa.update(MilestoneDate)
                .where(
                    MilestoneDate.review_id == review_id,
                    MilestoneDate.key == owed.item.key,
                    MilestoneDate.slot == owed.slot,
                    MilestoneDate.remind_at > morning,
                )
                .values(remind_at=morning)
            )
