"""Taking a step: the only writer of a review's stage.

One transaction: the review is locked and read in one statement, the engine decides, effects touch
what belongs to them, and one statement writes position, dates, audit row and mails together. A
refusal or an exception leaves everything as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review import db, policy
from review.models import Audit, Person
from review.services import audit, constraints, notices, planning, selection, snapshot
from review.services.change import ByLink, Change, Clockwork, Mission
from review.services.effects import EFFECTS
from review.services.errors import NotFound, Refused, Stale
from workflows import engine
from workflows.spec import N_, Effect, FieldKind, Reason, Who

_TEXTS = {FieldKind.TEXT}


def take(
    session: Session,
    review_id: int,
    step: str,
    *,
    actor: Person | Mission | Clockwork | ByLink,
    now: datetime,
    given: Mapping[str, Any] | None = None,
    version: int | None = None,
    simulated: bool = False,
) -> Change:
    """Take a step of a review in the name of ``actor``.

    ``version`` is that of the page the person saw; None skips the check (commands, replay).
    ``simulated`` marks everything written as coming from a model and keeps its mails from being
    sent. By the link of a mail only those steps can be taken that the definition marks ``by_link``.

    Raises NotFound if there is no such review or the person may not know of it, Stale if somebody
    took a step since, Refused with all reasons, InvalidGiven with a text per field.
    """
    link, actor = (actor.link, actor.actor) if isinstance(actor, ByLink) else (None, actor)
    if step == Effect.ASSIGN_REVIEWERS:  # before the review's own lock: draws queue, never cross
        selection.queue(session, review_id)
    seen = snapshot.load(session, review_id, now, lock=True)
    who = _capacities(actor, seen)
    if version is not None and version != seen.version:
        raise stale(session, review_id)
    if seen.process.has_step(step):
        seen = snapshot.with_groups(session, seen, seen.process.step(step).reads)
        if link is not None and not seen.process.step(step).by_link:
            raise Refused(step, (Reason(N_("Sign in to do this.")),))
    outcome = engine.take(seen.process, step, seen.facts, who, given or {})
    change = Change(session, seen, outcome, actor, now, simulated)
    if link is not None:
        change.after["link"] = link
    try:
        _carry_out(change)
    except IntegrityError as clash:
        raise constraints.spoken(clash) or clash from clash
    return change


def _capacities(actor: Person | Mission | Clockwork, seen: snapshot.Snapshot) -> tuple[Who, ...]:
    """As what somebody acts. Raises NotFound where they may not know of the review."""
    if not isinstance(actor, Person):
        found = actor.capacities(seen)
        if not found:
            raise NotFound(f"no review {seen.id}")
        return found
    if not policy.can(actor, policy.Action.SEE_REVIEW, seen):
        raise NotFound(f"no review {seen.id}")
    return policy.capacities(actor, seen.members)


def _carry_out(change: Change) -> None:
    _move(change)
    for effect in change.outcome.step.effects:
        EFFECTS[effect](change)
    planning.plan_reminders(change)
    _write(change)


def stale(session: Session, review_id: int) -> Stale:
    """What to tell somebody whose page is out of date: the last step, by whom and when."""
    last = session.scalars(
        sa.select(Audit)
        .where(Audit.review_id == review_id, Audit.definition != "")
        .order_by(Audit.id.desc())
        .limit(1)
    ).first()
    if last is None:
        return Stale(review_id, "", "", None)
    person = session.get(Person, last.person_id) if last.person_id else None
    return Stale(review_id, last.verb, person.title if person else "", last.at)


def _move(change: Change) -> None:
    outcome, seen = change.outcome, change.snapshot
    if outcome.target != outcome.source:
        change.columns |= {"stage": outcome.target, "stage_since": change.now}
        if seen.process.stage(outcome.target).final:
            change.columns["completed_at"] = change.now
    for key in outcome.reopened:
        change.set_dates(key, done_at=None)
    for key, day in outcome.model_dates.items():
        change.set_dates(key, model_on=day)
    for key in outcome.reached:
        change.set_dates(key, done_at=change.now, remind_at=None, simulated=change.simulated)
    change.after["reached"] = [f"{key}:{slot}" for key, slot in outcome.reached]
    change.before["reopened"] = [f"{key}:{slot}" for key, slot in outcome.reopened]


def _recorded(change: Change) -> Iterator[tuple[str, Any]]:
    """What was given, for the audit trail; long texts are kept in their own tables."""
    kinds = {item.key: item.kind for item in change.outcome.step.asks}
    stored = bool(change.outcome.step.effects)
    for key, value in change.outcome.given.items():
        if not (stored and kinds[key] in _TEXTS and key not in audit.WORDS):
            yield key, value if isinstance(value, int | bool | str) else value.isoformat()


def _write(change: Change) -> None:
    seen, outcome = change.snapshot, change.outcome
    given = dict(_recorded(change))
    columns = {"stage": outcome.source} | change.columns
    dates = [
        {
            "key": key,
            "slot": slot,
            "model_on": item.model_on and item.model_on.isoformat(),
            "agreed_on": item.agreed_on and item.agreed_on.isoformat(),
            "done_at": item.done_at and item.done_at.isoformat(),
            "remind_at": item.remind_at and item.remind_at.isoformat(),
            "simulated": item.simulated,
            "remind_rung": item.remind_rung,
        }
        for (key, slot), item in change.dates.items()
    ]
    row = db.execute(
        change.session,
        _statement(tuple(columns)),
        columns
        | {
            "review_id": change.review_id,
            "version": seen.version,
            "dates": json.dumps(dates),
            "mails": json.dumps(notices.mails_of(change)),
            "reached": change.after["reached"],
            "now": change.now,
            "simulated": change.simulated,
            "mail_state": "recorded" if change.simulated else "waiting",
        }
        | audit.values_of_step(change, given),
    ).first()
    if row is None:
        raise stale(change.session, change.review_id)


@cache
def _statement(columns: tuple[str, ...]) -> str:
    """Position, dates, audit row and mails in one statement; nothing if the version moved on."""
    return _WRITE.replace("<set>", ", ".join(f"{name} = %({name})s" for name in columns))


_WRITE = """
WITH r AS (
  UPDATE review SET <set>, version = version + 1
  WHERE id = %(review_id)s AND version = %(version)s RETURNING id
), d AS (
  INSERT INTO milestone (review_id, key, slot, model_on, agreed_on, done_at, remind_at, simulated,
    remind_rung)
  SELECT r.id, x.key, x.slot, x.model_on, x.agreed_on, x.done_at, x.remind_at, x.simulated,
    x.remind_rung
  FROM r, json_to_recordset(%(dates)s) AS x(key text, slot int, model_on date, agreed_on date,
    done_at timestamptz, remind_at timestamptz, simulated bool, remind_rung int)
  ON CONFLICT (review_id, key, slot) DO UPDATE SET model_on = excluded.model_on,
    agreed_on = excluded.agreed_on, done_at = excluded.done_at, remind_at = excluded.remind_at,
    simulated = excluded.simulated, remind_rung = excluded.remind_rung
), q AS (
  UPDATE extension_request SET outcome = 'overtaken', answered_at = %(now)s FROM r
  WHERE review_id = r.id AND answered_at IS NULL
    AND milestone || ':' || slot = ANY(%(reached)s)
), a AS (
  INSERT INTO audit (at, verb, person_id, acting_as, iso3, review_id, source, target, before,
    after, definition, simulated)
  SELECT %(now)s, %(verb)s, %(person_id)s, %(acting_as)s, %(acting_for)s, r.id, %(source)s,
    %(target)s, cast(%(before)s AS jsonb), cast(%(after)s AS jsonb), %(definition)s, %(simulated)s
  FROM r
), o AS (
  INSERT INTO outbox (key, notice, review_id, person_id, address, language, params, created_at,
    next_try_at, state)
  SELECT x.key, x.notice, r.id, x.person_id, x.address, x.language, x.params, %(now)s, %(now)s,
    %(mail_state)s
  FROM r, json_to_recordset(%(mails)s) AS x(key text, notice text, person_id bigint, address text,
    language text, params jsonb)
  ON CONFLICT (key) DO NOTHING
)
SELECT id FROM r
"""
