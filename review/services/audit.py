"""The audit trail: who did what, when, in which capacity, before and after. Append-only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from review.models import Audit, Person
from review.services.change import Change, Clockwork, Mission
from workflows.spec import Actor

WORDS = ("reason", "justification", "note", "took_part")
"""What is written for others when a step is taken; kept in the trail and shown from there."""


class Verb(StrEnum):
    """Acts that are not steps of a process; steps are recorded under their own key."""

    INVITED = "person_invited"
    INVITED_AGAIN = "person_invited_again"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_OPENED = "account_opened"
    ACCOUNT_REOPENED = "account_reopened"
    PASSWORD_SET = "password_set"  # noqa: S105 - the name of an act
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    ANSWER_SAVED = "answer_saved"
    FINDING_SAVED = "finding_saved"
    DOCUMENT_ADDED = "document_added"
    DOCUMENT_REMOVED = "document_removed"
    REPORT_DOWNLOADED = "report_downloaded"
    BOARD_EXPORTED = "board_exported"
    OFFICER_ASSIGNED = "officer_assigned"
    CALENDAR_LINK_MADE = "calendar_link_made"
    CALENDAR_LINK_RENEWED = "calendar_link_renewed"
    CALENDAR_LINK_ENDED = "calendar_link_ended"
    MAIL_RESENT = "mail_resent"
    ADDRESS_DEAD = "address_dead"
    ADDRESS_CORRECTED = "address_corrected"
    REVIEW_CREATED = "review_created"
    CYCLE_PLANNED = "cycle_planned"
    CYCLE_CHANGED = "cycle_changed"
    LOT_RULES_CHANGED = "lot_rules_changed"
    PARTY_NOTED = "party_noted"
    REVIEWER_WITHDRAWN = "reviewer_withdrawn"
    REVIEWER_RETURNED = "reviewer_returned"
    SESSION_ADDED = "group_session_added"
    SESSION_CHANGED = "group_session_changed"
    EXPERT_LISTED = "expert_listed"
    EXPERT_ENDED = "expert_ended"
    EXPERTS_IMPORTED = "experts_imported"
    EXPERTS_CIRCULATED = "experts_circulated"
    DRAW_PREPARED = "draw_prepared"
    DRAW_PUBLISHED = "draw_published"
    DRAW_OPENED = "draw_opened"
    DRAW_COMPLETED = "draw_completed"
    DRAW_RECORDED = "draw_recorded"
    DRAW_VOIDED = "draw_voided"
    REPEAT_ASKED = "repeat_asked"
    REPLACEMENT_ASKED = "replacement_asked"
    REQUEST_TAKEN_BACK = "request_taken_back"
    PAIRINGS_LOADED = "pairings_loaded"
    CLOSURE_RECORDED = "closure_recorded"
    CLOSURE_TAKEN_BACK = "closure_taken_back"
    RECEIPT_CONFIRMED = "receipt_confirmed"
    REMINDERS_PAUSED = "reminders_paused"
    REMINDERS_RESUMED = "reminders_resumed"
    REMINDERS_EXPORTED = "reminders_exported"
    MANDATE_SET = "mandate_set"
    SUCCESSION_BEGUN = "succession_begun"
    SUCCESSION_PROPOSED = "succession_proposed"
    SUCCESSION_REFUSED = "succession_refused"
    SUCCESSION_WITHDRAWN = "succession_withdrawn"


def record(
    session: Session,
    verb: Verb | str,
    *,
    now: datetime,
    actor: Person | Mission | None,
    review_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    simulated: bool = False,
) -> None:
    """Add one row. ``before`` and ``after`` hold plain values and never confidential text.

    Raises ValueError for a verb that is not in the vocabulary.
    """
    session.add(
        Audit(
            at=now,
            verb=Verb(verb).value,
            person_id=actor.id if actor else None,
            acting_as=actor.role if actor else "system",
            iso3=actor.iso3 if actor else None,
            review_id=review_id,
            before=dict(before or {}),
            after=dict(after or {}),
            simulated=simulated,
        )
    )
    session.flush()


def values_of_step(change: Change, given: Mapping[str, Any]) -> dict[str, Any]:
    """The audit row of a step, as parameters of the statement that writes it."""
    outcome, process = change.outcome, change.snapshot.process
    who = outcome.who
    side = change.snapshot.sides.get(who.slot) if who.actor is not Actor.SECRETARIAT else None
    return {
        "verb": outcome.step.key,
        "person_id": change.actor.id,
        "acting_as": change.actor.role
        if isinstance(change.actor, Clockwork)
        else f"{who.actor.value}:{who.slot}",
        "acting_for": side.iso3 if side else None,
        "source": outcome.source,
        "target": outcome.target,
        "before": json.dumps(change.before),
        "after": json.dumps(change.after | {"given": given}),
        "definition": f"{process.key}@{process.version}",
    }
