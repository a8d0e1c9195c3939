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
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Person
from review.services import notices, planning, snapshot
from review.services.snapshot import Snapshot, Someone
from workflows import deadlines
from workflows.deadlines import Reminder
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
    def key(self) -> str:
        """This reminder, and no other: review, milestone, due day, place in the ladder."""
        due = self.seen.dates[self.item.key, self.slot].due_on
        return f"{self.seen.id}:{self.item.key}:{self.slot}:{due}:{self.reminder.offset}"


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
    ready, following = [], []
    for review_id, key, slot in due:
        seen = reviews[review_id]
        owed = _owed(seen, (key, slot), now)
        if owed is not None:
            ready.append(owed)
        at = planning.next_reminder_at(seen.process, (key, slot), seen, now) if owed else None
        following.append(
            {"review_id": review_id, "key": key, "slot": slot, "remind_at": at and at.isoformat()}
        )
    mails = list(_mails(session, ready, simulated=simulated))
    session.execute(_WRITE, {"mails": json.dumps(mails), "next": json.dumps(following), "now": now})
    return len(due)


def _owed(seen: Snapshot, key: tuple[str, int], now: datetime) -> Owed | None:
    """The reminder to write, if the milestone is still owed: looked at again under the lock."""
    item, dates = seen.process.milestone(key[0]), seen.dates[key]
    due = dates.due_on
    if dates.done_at or due is None or not planning.is_ready(seen.process, item, seen.facts):
        return None
    party = item.owner_of(0 if item.repeats else key[1])
    reminder = deadlines.reminder_due(item.reminders, due, seen.place_of(party, key[1]), now)
    return Owed(seen, item, key[1], reminder) if reminder else None


def _mails(session: Session, ready: Sequence[Owed], *, simulated: bool) -> Iterator[dict[str, Any]]:
    """The outbox rows: for those who owe it and, when it is long past, for the secretariat."""
    late = [owed for owed in ready if owed.reminder.escalates]
    administrators = _administrators(session) if late else ()
    told = [("reminder", owed, to) for owed in ready for to in responsible(owed)]
    told += [("escalation", owed, to) for owed in late for to in watchers(owed, administrators)]
    digests = _with_digest(session, {to.person_id for _, _, to in told})
    for notice, owed, to in told:
        waits = to.person_id in digests
        yield {
            "key": f"{_PREFIX[notice]}:{owed.key}:{notices.name_of(to)}",
            "notice": notice,
            "review_id": owed.seen.id,
            "person_id": to.person_id or None,
            "address": to.email,
            "language": to.language,
            "params": params(owed, notice, to) | ({"digest": True} if waits else {}),
            "state": "recorded" if simulated or waits else "waiting",
        }


_PREFIX: Final = {"reminder": "remind", "escalation": "escalate"}


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
    due = seen.dates[owed.item.key, owed.slot].due_on
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


def _with_digest(session: Session, people: Iterable[int]) -> frozenset[int]:
    """Those of these people who get one message a day instead of single ones."""
    wanted = sa.select(Person.id).where(Person.id.in_(people), Person.digest)
    return frozenset(session.scalars(wanted))


def _administrators(session: Session) -> tuple[Someone, ...]:
    found = session.scalars(
        sa.select(Person).where(Person.role == "secretariat_administrator", Person.active)
    )
    return tuple(
        Someone(one.id, one.role, 0, one.email, one.title, one.language, one.time_zone)
        for one in found
    )


def owed_now(seen: Snapshot, now: datetime) -> Iterator[Owed]:
    """Everything of a review that has a date and is somebody's turn, with its latest reminder."""
    for key, dates in sorted(seen.dates.items()):
        if dates.remind_at is not None and (owed := _owed(seen, key, now)):
            yield owed
