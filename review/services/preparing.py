"""Deciding ahead what the sweeps of the coming days will write, with the function that they use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from review.services import prepared, recipients, reminders, snapshot
from review.services.planning import Key
from review.services.recipients import Office
from review.services.reminders import Look
from review.services.setbacks import ROW_FAULTS, Place, Setbacks
from review.services.snapshot import Snapshot
from workflows.deadlines import local_day

AHEAD: Final = timedelta(hours=48)
"""How far ahead reminders are decided."""


def prepare(
    session: Session,
    now: datetime,
    batch: int = reminders.BATCH,
    setbacks: Setbacks | None = None,
) -> int:
    """Decide at most ``batch`` of the reminders of the next two days; returns how many.

    Fewer than ``batch`` when nothing is left to decide, or somebody else is at it. Nothing depends
    on it: what is not decided ahead is decided by the sweep. What cannot be decided is noted in
    ``setbacks``, and passed over when it is given again.
    """
    setbacks = Setbacks() if setbacks is None else setbacks
    seen = prepared.begin(session)
    if seen is None:
        return 0
    prepared.tidy(session, now)
    coming = prepared.undecided(session, now, now + AHEAD, batch, setbacks.milestones)
    if not coming:
        return 0
    numbers = {row[0] for row in coming}
    reviews = {one.id: one for one in snapshot.load_many(session, numbers, now, setbacks)}
    knows = recipients.office(session, now)
    decided: dict[Place, str] = {}
    for review_id, key, slot, at in coming:
        with setbacks.milestone(review_id, key, slot):
            found = _decided(reviews[review_id], (key, slot), knows, at)
            decided[review_id, key, slot] = json.dumps(found)
    _store(session, seen, decided, setbacks)
    return len(coming)


def _store(session: Session, seen: str, decided: Mapping[Place, str], setbacks: Setbacks) -> None:
    """Keep what was decided; row by row where one does not fit."""
    try:
        with session.begin_nested():
            prepared.store(session, seen, list(decided.values()))
    except ROW_FAULTS:
        for place, text in decided.items():
            with setbacks.milestone(*place), session.begin_nested():
                prepared.store(session, seen, [text])


def _decided(seen: Snapshot, key: Key, knows: Office, at: datetime) -> dict[str, Any]:
    """What a sweep at this moment, or later on the same day at the place, would write."""
    then = replace(seen, now=at)
    found = reminders.look(then, key, knows, at, seen.dates[key].remind_rung)
    told = [one for one in found.tellings if one.held is None]
    return {
        "review_id": seen.id,
        "key": key[0],
        "slot": key[1],
        "at": at.isoformat(),
        "valid_until": _valid_until(then, key, at, found).isoformat(),
        "again_at": found.again_at.isoformat() if found.again_at else None,
        "again_rung": found.again_rung,
        "mails": [reminders.mail(one, at) for one in told],
        "version": seen.version,
    }


def _valid_until(seen: Snapshot, key: Key, at: datetime, found: Look) -> datetime:
    """The end of that day at the place: days off, pauses and rungs all change with the day.

    Also where its readers work: on which day a mail leaves depends on theirs.
    """
    item = seen.process.milestone(key[0])
    own = seen.place_of(item.owner_of(0 if item.repeats else key[1]), key[1])
    zones = {own.zone, *(one.place.zone for one in found.tellings)}
    ends = [_midnight_after(at, zone) for zone in zones]
    return min([*ends, found.again_at] if found.again_at else ends)


def _midnight_after(at: datetime, zone: str) -> datetime:
    tomorrow = local_day(at, zone) + timedelta(days=1)
    return datetime.combine(tomorrow, time(), ZoneInfo(zone))
