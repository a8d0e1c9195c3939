"""Reminders of what is owed: swept out of the dates, each written exactly once.

A due moment is a row, not a queued job: ``milestone.remind_at`` says when the next reminder of a
milestone falls due. A sweep takes the rows whose moment has passed, writes the mails and sets the
next moment, in one transaction. The unique key of each mail names review, milestone, due day,
place in the ladder and person, so that a sweep that crashes, runs twice or beside another one
changes nothing. A date that is changed gives new keys; a step that is taken clears ``remind_at``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.services import notices, planning, prepared, recipients, snapshot
from review.services.planning import Key
from review.services.recipients import ESCALATION, PASSED_ON, Office, Owed, Telling
from review.services.setbacks import ROW_FAULTS, Setbacks
from review.services.setbacks import Place as About
from review.services.snapshot import Snapshot, Someone
from workflows import deadlines
from workflows.spec import Party, Recipient, Trigger

BATCH: Final = 500

# The review is locked with its milestone, against a step that is being taken: such a step holds
# the review until it is written, and is passed over here. Sweeps do not wait for each other.
_CLAIM: Final = """
SELECT m.review_id, m.key, m.slot FROM milestone m JOIN review r ON r.id = m.review_id
WHERE m.remind_at <= :now <but> ORDER BY m.remind_at LIMIT :batch
FOR UPDATE OF m SKIP LOCKED FOR KEY SHARE OF r SKIP LOCKED
"""
_DUE: Final = sa.text(_CLAIM.replace("<but>", ""))
_OTHERS_DUE: Final = sa.text(
    _CLAIM.replace(
        "<but>",
        """AND NOT EXISTS (
  SELECT FROM json_to_recordset(:passed) AS x(review_id bigint, key text, slot int)
  WHERE (x.review_id, x.key, x.slot) = (m.review_id, m.key, m.slot))""",
    )
)
_WRITE = sa.text("""
WITH o AS (
  INSERT INTO outbox (key, notice, review_id, person_id, address, language, params, created_at,
    next_try_at, state)
  SELECT x.key, x.notice, x.review_id, x.person_id, x.address, x.language, x.params, :now,
    coalesce(x.next_try_at, :now), x.state
  FROM json_to_recordset(:mails) AS x(key text, notice text, review_id bigint, person_id bigint,
    address text, language text, params jsonb, next_try_at timestamptz, state text)
  ON CONFLICT (key) DO NOTHING
)
UPDATE milestone m SET remind_at = x.remind_at, remind_rung = x.remind_rung
FROM json_to_recordset(:next) AS x(review_id bigint, key text, slot int, remind_at timestamptz,
  remind_rung int)
WHERE m.review_id = x.review_id AND m.key = x.key AND m.slot = x.slot
""")


class Look(NamedTuple):
    """What a sweep finds at a milestone: whom it tells, and when it looks again (None: never).

    ``again_rung``: the first place in the ladder that counts then; those before it are settled.
    """

    tellings: tuple[Telling, ...] = ()
    again_at: datetime | None = None
    again_rung: int | None = None


@dataclass(frozen=True, slots=True)
class _Sweep:
    """One sweep: its moment, how much it takes up, what its run has passed over."""

    session: Session
    now: datetime
    simulated: bool
    batch: int
    setbacks: Setbacks


class _Decided(NamedTuple):
    """What is written about a milestone, as texts of JSON."""

    about: About
    mails: tuple[str, ...]
    following: str


def sweep(
    session: Session,
    now: datetime,
    *,
    simulated: bool = False,
    batch: int = BATCH,
    setbacks: Setbacks | None = None,
) -> int:
    """Write the reminders of at most ``batch`` milestones whose moment has come.

    Of several reminders that an outage has left unwritten only the latest is. What was decided
    ahead goes first, unread. Returns how many milestones were looked at: fewer than ``batch`` when
    nothing is left to do. ``simulated`` keeps the mails from being sent (replay).

    A milestone of which nobody can be reminded is noted in ``setbacks``, stays due, and is passed
    over by further sweeps with the same ``setbacks``: it never keeps others from being reminded.
    """
    run = _Sweep(session, now, simulated, batch, Setbacks() if setbacks is None else setbacks)
    try:
        with session.begin_nested():
            return _together(run)
    except ROW_FAULTS:  # some row does not fit: which one is found out row by row
        return _one_by_one(run)


def _together(run: _Sweep) -> int:
    """Everything in one statement."""
    ready = 0 if run.simulated else prepared.write(run.session, run.now, run.batch)
    if ready == run.batch:
        return ready
    due = _due(run)
    if due:
        _write(run, _decide(run, due))
    return ready + len(due)


def _one_by_one(run: _Sweep) -> int:
    """Each row by itself; what was decided ahead is decided again."""
    due = _due(run)
    for one in _decide(run, due):
        with run.setbacks.milestone(*one.about), run.session.begin_nested():
            _write(run, [one])
    prepared.forget(run.session, run.setbacks.milestones)
    return len(due)


def _due(run: _Sweep) -> list[About]:
    given: dict[str, object] = {"now": run.now, "batch": run.batch}
    if not run.setbacks.milestones:
        return [(row[0], row[1], row[2]) for row in run.session.execute(_DUE, given)]
    given["passed"] = prepared.places(run.setbacks.milestones)
    return [(row[0], row[1], row[2]) for row in run.session.execute(_OTHERS_DUE, given)]


def _decide(run: _Sweep, due: Sequence[About]) -> list[_Decided]:
    seen = snapshot.load_many(run.session, {place[0] for place in due}, run.now, run.setbacks)
    reviews = {one.id: one for one in seen}
    knows = recipients.office(run.session, run.now)
    decided = []
    for place in due:
        review_id, key, slot = place
        with run.setbacks.milestone(*place):
            seen_now = reviews[review_id]
            rung = seen_now.dates[key, slot].remind_rung
            found = look(seen_now, (key, slot), knows, run.now, rung)
            told = [one for one in found.tellings if one.held is None]
            mails = [mail(one, run.now, simulated=run.simulated) for one in told]
            at = found.again_at and found.again_at.isoformat()
            following = {"review_id": review_id, "key": key, "slot": slot, "remind_at": at,
                         "remind_rung": found.again_rung}  # fmt: skip
            texts = tuple(json.dumps(one) for one in mails)
            decided.append(_Decided(place, texts, json.dumps(following)))
    return decided


def _write(run: _Sweep, decided: Sequence[_Decided]) -> None:
    mails = ",".join(text for one in decided for text in one.mails)
    following = ",".join(one.following for one in decided)
    given = {"mails": f"[{mails}]", "next": f"[{following}]", "now": run.now}
    run.session.execute(_WRITE, given)


def look(seen: Snapshot, key: Key, knows: Office, at: datetime, rung: int | None = None) -> Look:
    """What is to be done about a milestone at a moment. The sweep does it, the plan foretells it.

    On a day off, as after an outage, it is left for the next working morning. After a pause it is
    looked at again on the first: of what was kept back the latest reminder is then written, unless
    its reader has it already.

    ``rung``: the first place in the ladder that counts, None where all do. A moment that has turned
    out too early, because zone or days off have changed since it was planned, is planned anew: what
    had passed when the date was set was never due.
    """
    if not _is_owed(seen, key):
        return Look()
    coming = planning.coming(seen, key, at)
    owed = owed_at(seen, key, at)
    if owed is None or (rung is not None and owed.reminder.offset < rung):
        return Look((), *coming)
    place = owed.place
    today = deadlines.local_day(at, place.zone)
    if not place.calendar.works(today):
        return Look((), deadlines.working_morning(today, place), owed.reminder.offset)
    told = tuple(recipients.tellings(owed, knows, today))
    ends = [one.held for one in told if one.held]
    if ends:
        resumes = deadlines.working_morning(min(ends) + timedelta(days=1), place)
        again_at = min(coming.at, resumes) if coming.at else resumes
        return Look(told, again_at, owed.reminder.offset)
    return Look(told, *coming)


def _is_owed(seen: Snapshot, key: Key) -> bool:
    """Whether a milestone still waits for its owner: looked at again under the lock."""
    ready = planning.is_ready(seen.process, seen.process.milestone(key[0]), seen.facts)
    return ready and seen.dates[key].done_at is None


def owed_at(seen: Snapshot, key: Key, at: datetime) -> Owed | None:
    """A milestone that is owed with its latest reminder; None before the first."""
    found = planning.counted(seen, key) if _is_owed(seen, key) else None
    if found is None:
        return None
    reminder = deadlines.reminder_due(found.rules, found.day, found.place, at)
    item = seen.process.milestone(key[0])
    return Owed(seen, item, key[1], reminder, found.day, found.place) if reminder else None


def mail(one: Telling, at: datetime, *, simulated: bool = False) -> dict[str, Any]:
    """The row of the outbox for one person who is told at a moment.

    Without ``next_try_at`` it leaves at once: it waits where its reader has a day off.
    """
    more = {"digest": True} if one.waits else {}
    leaves_at = one.leaves_at(at)
    given = params(one.owed, one.notice, one.to, one.instead) | more
    if coming := given["next_reminder"]:  # on a day on which its reader works as well
        next_at = one.leaves_at(datetime.fromisoformat(coming))
        given["next_reminder"] = next_at.isoformat()
    return {
        "key": one.key,
        "notice": one.notice,
        "review_id": one.owed.seen.id,
        "person_id": one.to.person_id or None,
        "address": one.to.email,
        "language": one.to.language,
        "params": given,
        "next_try_at": leaves_at.isoformat() if leaves_at > at and not simulated else None,
        "state": "recorded" if simulated or one.waits else "waiting",
    }


def params(owed: Owed, notice: str, to: Someone, instead: str = "") -> dict[str, Any]:
    """What the words of a reminder name: the review, the date, and the step to take."""
    seen, party = owed.seen, owed.party
    steps = [s for s in seen.process.steps_for(owed.item.key) if party.actor in s.by]
    side = seen.sides.get(owed.side) if party is not Party.SECRETARIAT else None
    coming = planning.next_reminder_at(seen, (owed.item.key, owed.slot), seen.now)
    escalates = notice == ESCALATION
    reader = Party.SECRETARIAT if escalates else party
    step = "" if escalates or not steps else steps[0].key
    page = steps[0].page or "step" if step and notice != PASSED_ON else "review"
    return (
        notices.params(seen, reader, 0 if escalates else owed.side, to)
        | {
            "review_id": seen.id,
            "step": step,
            "opens": page,
            "milestone": owed.item.key,
            "milestone_slot": owed.slot,
            "due": owed.due_on.isoformat() if owed.due_on else None,
            # the next rung is not for those to whom this one passes it on
            "next_reminder": coming.isoformat() if coming and notice != PASSED_ON else None,
            "due_zone": side.time_zone if side else snapshot.VIENNA,
            "due_place": side.capital if side else "Vienna",
            "owner_state": side.iso3 if side else None,
            "escalates": owed.reminder.escalates,
            "offset": owed.reminder.offset,
        }
        | _special(owed, notice, to, instead)
    )


def _special(owed: Owed, notice: str, to: Someone, instead: str) -> dict[str, Any]:
    """What only some reminders name."""
    turn = owed.reminder.rule.on is Trigger.TURN
    return (
        ({"since": owed.day.isoformat()} if turn else {})
        | ({"instead": instead} if instead else {})
        # a focal point of the State has no part in this review: there is no page to open
        | ({"answer_by_mail": True} if notice == PASSED_ON and to.person_id else {})
    )


def owed_now(seen: Snapshot, now: datetime, setbacks: Setbacks) -> Iterator[Owed]:
    """Everything of a review of which its owner has been reminded, with the latest reminder.

    What cannot be told of is noted in ``setbacks`` and left out.
    """
    for key, dates in sorted(seen.dates.items()):
        owed = None
        with setbacks.milestone(seen.id, *key):
            owed = owed_at(seen, key, now) if dates.remind_at is not None else None
        if owed and Recipient.PERSON in owed.reminder.rule.to:
            yield owed
