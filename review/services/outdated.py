"""Whether a mail that has waited still makes sense when its turn comes.

A mail server may be away for a day. A reminder that was written before and would leave after the
step was taken, the date changed or the clock stopped does not leave; nor does any mail to an
account that was closed meanwhile, or about a review to whoever has left it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Member, MilestoneDate, Outbox, Person
from review.services import capabilities, handover, put_off, succession_mails
from review.services.claims import Claimed
from review.services.recipients import NOTICES, PASSED_ON

CLOSED: Final = "Not sent: the account was closed."
NOTHING_OPEN: Final = "Not sent: nothing was open any more."
REPLACED: Final = "Not sent: a later reminder takes its place."
LEFT: Final = "Not sent: its reader has left the review."
_LAST_WORDS: Final = {
    succession_mails.ENDED,
    "person_released",
    "reviewer_released",
    "review_deferred",
}
"""That somebody has left: these go to whoever has."""


def reason(session: Session, mail: Claimed, now: datetime) -> str:
    """Why a mail is not to be sent any more; empty if it is. A digest loses what was done.

    What is about an office that its reader has handed over is written to the holder instead.
    """
    row = mail.row
    if row.notice == succession_mails.ENDED:  # the last word to somebody who has left
        return ""
    if mail.left and row.person_id is not None and row.review_id is not None:
        holder = handover.holder_after(session, row.person_id, row.review_id)
        if holder is not None:
            return handover.move(session, row, holder, now)
    if gone := _gone(session, mail):
        return gone
    if row.notice in NOTICES:
        return _of_reminder(session, row, now)
    return _of_digest(session, row) if row.notice == "digest" else ""


def _of_reminder(session: Session, row: Outbox, now: datetime) -> str:
    # who hears it for a State besides its people has no part in the review
    reader = None if row.notice == PASSED_ON else row.person_id
    if not _is_open(session, reader, row.review_id, row.params):
        return NOTHING_OPEN
    return REPLACED if put_off.is_replaced(session, row, now) else ""


def _of_digest(session: Session, row: Outbox) -> str:
    items = [
        item
        for item in row.params["items"]
        if _is_open(session, row.person_id, item["review_id"], item)
    ]
    if len(items) != len(row.params["items"]):
        row.params = {**row.params, "items": items}
    return "" if items else NOTHING_OPEN


def _gone(session: Session, mail: Claimed) -> str:
    """Why a mail does not reach somebody any more who was to read it."""
    if mail.closed:
        return CLOSED
    left = mail.left or _is_of_former_state(session, mail.row)
    return LEFT if left and mail.row.notice not in _LAST_WORDS else ""


def _is_of_former_state(session: Session, row: Outbox) -> bool:
    """Whether a mail is for the mission of a State in whose place there is another, or none."""
    state, slot = row.params.get("for_state"), row.params.get("slot")
    if row.person_id is not None or row.review_id is None or not state or slot is None:
        return False
    return not capabilities.is_state_of(session, row.review_id, slot, state)


def _is_open(
    session: Session, person_id: int | None, review_id: int | None, params: Mapping[str, Any]
) -> bool:
    """Whether what a reminder is about is still owed, by the same day, and by this person's side.

    A milestone that is reached, suspended or not anybody's turn has no next reminder.
    """
    milestone = session.get(
        MilestoneDate, (review_id, params["milestone"], params["milestone_slot"])
    )
    if milestone is None or milestone.done_at or milestone.remind_at is None:
        return False
    due = milestone.due_on
    if (due and due.isoformat()) != params["due"]:
        return False
    return person_id is None or _takes_part(session, person_id, review_id)


def _takes_part(session: Session, person_id: int, review_id: int | None) -> bool:
    member = sa.exists().where(
        Member.review_id == review_id, Member.person_id == person_id, Member.ended_at.is_(None)
    )
    query = sa.select(sa.or_(Person.role.like("secretariat%"), member))
    return bool(session.scalar(query.where(Person.id == person_id)))
