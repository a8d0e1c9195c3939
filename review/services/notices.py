"""Who is told of a step, in which language, with which parameters frozen into the outbox.

A State without a nominated person is told through its Permanent Mission. Parameters are names,
dates and keys: nothing confidential ever goes into a mail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from review.services.change import Change
from review.services.snapshot import VIENNA, Side, Snapshot, Someone
from workflows.spec import Actor, Notice, Party, Who


def mails_of(change: Change) -> list[dict[str, Any]]:
    """The outbox rows of a step: one for each person and notice."""
    sides = {**change.snapshot.sides, **change.sides}
    return [
        _row(change, notice, party, slot, to, sides)
        for notice in change.outcome.step.tells
        for party in notice.to
        for slot in _slots(change, notice, party)
        if change.only_tell in {None, Who(party.actor, slot)}
        for to in people(change.snapshot, party, slot, sides)
    ]


def _slots(change: Change, notice: Notice, party: Party) -> tuple[int, ...]:
    if party is not Party.REVIEWING_STATE:
        return (0,)
    return (change.outcome.who.slot,) if notice.own else (1, 2)


def people(
    seen: Snapshot, party: Party, slot: int, sides: Mapping[int, Side] | None = None
) -> Iterator[Someone]:
    """Those who are told for a party: its people in the review, else its Permanent Mission."""
    if party is Party.SECRETARIAT:
        yield from seen.secretariat
        return
    side, former = (sides or seen.sides).get(slot), seen.sides.get(slot)
    named = [m for m in seen.members if m.slot == slot and m.role == party.actor.value]
    if named and side and former and side.iso3 == former.iso3:
        yield from named
    elif side and (mission_of := mission(side)):
        yield mission_of


def mission(side: Side) -> Someone | None:
    """The Permanent Mission of a side; None where its address is not known."""
    if not side.mission_email:
        return None
    return Someone(0, "mission", side.slot, side.mission_email, "", side.language, side.time_zone)


def name_of(to: Someone) -> str:
    """What stands for a recipient in the key of a mail: the person, or the side's mission."""
    return str(to.person_id or f"mission-{to.slot}")


def params(
    seen: Snapshot,
    party: Party,
    slot: int,
    to: Someone,
    sides: Mapping[int, Side] | None = None,
) -> dict[str, Any]:
    """What every mail about a review can name: States, the recipient's part, the officer."""
    sides = sides or seen.sides
    has_state = party is not Party.SECRETARIAT and slot in sides
    officer = seen.secretariat[0] if seen.columns["officer_id"] and seen.secretariat else None
    return {
        "state": seen.columns["iso3"],
        "for_state": sides[slot].iso3 if has_state else None,
        "reviewers": [sides[s].iso3 for s in (1, 2) if s in sides],
        "process": seen.process.key,
        "chapters": list(seen.process.chapters),
        "party": party.value,
        "slot": slot,
        "role": to.role,
        "title": to.title,
        "time_zone": to.time_zone,
        "officer": {"title": officer.title, "email": officer.email} if officer else None,
    }


def _row(
    change: Change,
    notice: Notice,
    party: Party,
    slot: int,
    to: Someone,
    sides: Mapping[int, Side],
) -> dict[str, Any]:
    seen, who = change.snapshot, change.outcome.who
    by = sides.get(who.slot) if who.actor is not Actor.SECRETARIAT else None
    given: dict[str, Any] = {
        "step": change.outcome.step.key,
        "opens": notice.opens,
        "by": who.actor.value,
        "by_state": by.iso3 if by else None,
        "at": change.now.isoformat(),
    }
    about = due_params(change, notice.about, slot) if notice.about else {}
    return {
        "key": f"step:{seen.id}:{seen.version + 1}:{notice.key}:{name_of(to)}",
        "notice": notice.key,
        "person_id": to.person_id or None,
        "address": to.email,
        "language": to.language,
        "params": params(seen, party, slot, to, sides) | given | change.params | about,
    }


def due_params(change: Change, milestone: str, slot: int) -> dict[str, Any]:
    """The milestone a mail is about: its key, date and where that day ends."""
    item = change.snapshot.process.milestone(milestone)
    slot = slot if slot in item.slots else item.slots[0]
    owner = item.owner_of(slot)
    dates = change.date_of((milestone, slot))
    due = dates.due_on
    side = change.snapshot.sides.get(slot) if owner is not Party.SECRETARIAT else None
    return {
        "milestone": milestone,
        "due": due.isoformat() if due else None,
        "next_reminder": dates.remind_at.isoformat() if dates.remind_at else None,
        "due_zone": side.time_zone if side else VIENNA,
        "due_place": side.capital if side else "Vienna",
    }
