"""What the link of a mail about a task lets its reader do without signing in.

Opening it changes nothing. Confirming receipt, the steps that a definition marks ``by_link``, and
asking for a new link are recorded with the link, in the name of whoever holds it. A Permanent
Mission has no account: it confirms receipt, and answers the secretariat in writing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Capability, CapabilityUse, Outbox, Review
from review.services import audit, capabilities, notices, outbox, snapshot, steps
from review.services.account_links import A_DAY, AGAIN_AFTER
from review.services.audit import Verb
from review.services.capabilities import Purpose, Standing
from review.services.change import ByLink, Change, Mission
from review.services.errors import InvalidGiven, NotFound
from review.services.snapshot import Snapshot, Someone
from workflows.registry import process
from workflows.spec import N_, FieldKind, Milestone, Party, Process, Step

RECEIPT: Final = "receipt"
FRESH_LINK: Final = "fresh_link"
NOTICE: Final = "task_link"
_IN_ALL: Final = 3 * A_DAY
"""So many new links of all tasks together are written to one holder in 24 hours."""
_OF_THE_TASK: Final = {FieldKind.OWED, FieldKind.REQUEST}
"""Fields that name a date: by a link, that of its own task and no other."""


class NotOpen(Exception):
    """The link does not let anybody do anything now; its page says why."""


def party_of(definition: Process, one: Capability) -> Party:
    """The party that owes the task of a link."""
    item = definition.milestone(one.milestone)
    return item.owner_of(0 if item.repeats else one.milestone_slot)


def named(one: Capability) -> str:
    """The task of a link as forms and the audit trail name it: ``desk_review:2``."""
    return f"{one.milestone}:{one.milestone_slot}"


def steps_of(definition: Process, one: Capability) -> tuple[Step, ...]:
    """The steps that can be taken with a link: those that concern its task. A mission has none."""
    if one.person_id is None:
        return ()
    actor = party_of(definition, one).actor
    return tuple(
        step
        for step in definition.steps
        if step.by_link and actor in step.by and _concerns(step, definition, one)
    )


def _concerns(step: Step, definition: Process, one: Capability) -> bool:
    if _OF_THE_TASK & {item.kind for item in step.asks}:
        return True
    return step.does == one.milestone and not definition.milestone(one.milestone).repeats


def confirm_receipt(session: Session, token: str, *, now: datetime) -> None:
    """Record that a task has arrived; once for each link. Raises NotFound, NotOpen."""
    one = _open(session, token, now, lock=True)
    if receipt(session, one) is not None:
        return
    if _is_done(session, one, now):
        raise NotOpen(token)
    audit.record(
        session,
        Verb.RECEIPT_CONFIRMED,
        now=now,
        actor=one.person or Mission(one.iso3 or "", one.slot or 0),
        review_id=one.review_id,
        after={"milestone": named(one), "mail": one.outbox_id, "link": one.id},
    )
    capabilities.note_use(session, one, RECEIPT, now=now)


def receipt(session: Session, one: Capability) -> datetime | None:
    """When receipt was confirmed with a link."""
    wanted = sa.select(sa.func.min(CapabilityUse.at)).where(
        CapabilityUse.capability_id == one.id, CapabilityUse.act == RECEIPT
    )
    return session.scalar(wanted)


def take(
    session: Session,
    token: str,
    step: str,
    *,
    given: Mapping[str, Any],
    version: int | None,
    now: datetime,
) -> Change:
    """Take a step in the name of whoever holds a link.

    Raises NotFound for an unknown link and for a step that it does not open, NotOpen, and what
    ``steps.take`` raises.
    """
    one = _open(session, token, now)
    definition = _definition(session, one)
    wanted = next((each for each in steps_of(definition, one) if each.key == step), None)
    if wanted is None or one.person is None or one.review_id is None:
        raise NotFound(step)
    for item in wanted.asks:
        if item.kind in _OF_THE_TASK and given.get(item.key) != named(one):
            raise InvalidGiven({item.key: N_("Choose one of the list.")})
    change = steps.take(
        session,
        one.review_id,
        step,
        actor=ByLink(one.person, one.id),
        now=now,
        given=given,
        version=version,
    )
    capabilities.note_use(session, one, step, now=now)
    return change


def ask_for_new_link(session: Session, token: str, *, now: datetime) -> None:
    """Send a new link to the registered address of whoever holds this one, if it is not ended.

    Nothing is sent for an unknown link, a task that is done, or soon after the last one of this
    task.
    """
    found = capabilities.look_up(session, token, Purpose.TASK, now=now, lock=True)
    one = found.capability
    if one is None or found.standing not in {Standing.OPEN, Standing.EXPIRED}:
        return
    if _is_done(session, one, now) or _is_enough(session, one, now):
        return
    seen = snapshot.load(session, one.review_id or 0, now)
    to = _holder(seen, one)
    if to is None:
        return
    party = party_of(seen.process, one)
    written = outbox.put_to_side(
        session,
        NOTICE,
        key=f"{NOTICE}:{one.id}:{_times(session, one) + 1}",
        to=to,
        now=now,
        params=notices.params(seen, party, one.slot or 0, to) | _about(seen, one),
        review_id=seen.id,
    )
    if written:
        capabilities.note_use(session, one, FRESH_LINK, now=now)


def _open(session: Session, token: str, now: datetime, *, lock: bool = False) -> Capability:
    found = capabilities.look_up(session, token, Purpose.TASK, now=now, lock=lock)
    if found.capability is None:
        raise NotFound("no such link")
    if found.standing is not Standing.OPEN:
        raise NotOpen(found.standing)
    return found.capability


def _definition(session: Session, one: Capability) -> Process:
    return process(session.get_one(Review, one.review_id).process_key)


def _is_done(session: Session, one: Capability, now: datetime) -> bool:
    seen = snapshot.load(session, one.review_id or 0, now)
    return (one.milestone, one.milestone_slot) in seen.done


def _holder(seen: Snapshot, one: Capability) -> Someone | None:
    """Who holds a link, with the address that is registered now."""
    slot = one.slot or 0
    if one.person_id is not None:
        mine = (m for m in seen.members if m.person_id == one.person_id and m.slot == slot)
        return next(mine, None)
    side = seen.sides.get(slot)
    if side is None or not side.mission_email:
        return None
    return Someone(0, "mission", slot, side.mission_email, "", side.language, side.time_zone)


def _about(seen: Snapshot, one: Capability) -> dict[str, Any]:
    """The task of a link as the words of a mail name it."""
    item: Milestone = seen.process.milestone(one.milestone)
    party = party_of(seen.process, one)
    side = seen.sides[one.slot or 0]
    dates = seen.dates[one.milestone, one.milestone_slot]
    step = next((s for s in seen.process.steps_for(item.key) if party.actor in s.by), None)
    return {
        "step": step.key if step else "",
        "opens": (step.page or "step") if step else "review",
        "milestone": item.key,
        "milestone_slot": one.milestone_slot,
        "due": dates.due_on.isoformat() if dates.due_on else None,
        "next_reminder": dates.remind_at.isoformat() if dates.remind_at else None,
        "due_zone": side.time_zone,
        "due_place": side.capital,
    }


def _is_enough(session: Session, one: Capability, now: datetime) -> bool:
    """Whether its holder has just been sent a new link of this task, or too many today.

    Links of other tasks do not count for this one, only for what one holder gets in a day.
    """
    mine = (
        Outbox.person_id == one.person_id
        if one.person_id is not None
        else sa.and_(Outbox.person_id.is_(None), Outbox.params["for_state"].astext == one.iso3)
    )
    of_task = sa.and_(
        Outbox.review_id == one.review_id,
        Outbox.params["milestone"].astext == one.milestone,
        Outbox.params["milestone_slot"].astext == str(one.milestone_slot),
    )
    last, today, in_all = session.execute(
        sa.select(
            sa.func.max(Outbox.created_at).filter(of_task),
            sa.func.count().filter(of_task),
            sa.func.count(),
        ).where(Outbox.notice == NOTICE, Outbox.created_at > now - timedelta(days=1), mine)
    ).one()
    just_now = last is not None and now - last < AGAIN_AFTER
    return today >= A_DAY or in_all >= _IN_ALL or just_now


def _times(session: Session, one: Capability) -> int:
    """How often a new link was sent in place of this one; its row is locked meanwhile."""
    wanted = sa.select(sa.func.count()).where(
        CapabilityUse.capability_id == one.id, CapabilityUse.act == FRESH_LINK
    )
    return session.scalar(wanted) or 0
