"""Whether a mail that has waited still makes sense when its turn comes.

A mail server may be away for a day. A reminder that was written before and would leave after the
step was taken, the date changed or the clock stopped does not leave; nor does any mail to an
account that was closed meanwhile, or about a review to whoever has left it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Outbox
from review.services import capabilities, handover, put_off, still_open, succession_mails
from review.services.claims import Claimed
from review.services.recipients import NOTICES, PASSED_ON

CLOSED: Final = N_("Not sent: the account was closed.")
NOTHING_OPEN: Final = still_open.NOTHING_OPEN
REPLACED: Final = N_("Not sent: a later reminder takes its place.")
LEFT: Final = N_("Not sent: its reader has left the review.")
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
    if not still_open.is_open(session, reader, row.review_id, row.params):
        return NOTHING_OPEN
    return REPLACED if put_off.is_replaced(session, row, now) else ""


def _of_digest(session: Session, row: Outbox) -> str:
    items = [
        item
        for item in row.params["items"]
        if still_open.is_open(session, row.person_id, item["review_id"], item)
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
