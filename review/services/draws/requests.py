"""What States ask about their lots: that a draw be repeated, or to be released as reviewer.

A State under review may ask for two repeats; more only in exceptional circumstances (ToR 19).
Requests wait until a draw answers them and can be taken back while they wait.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Draw, LotRequest, Person, Review, Reviewer
from review.services import audit, cycle_planning
from review.services.audit import Verb
from review.services.errors import InvalidGiven, NotFound
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day
from workflows.registry import process

TEXT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class RequestGiven:
    """A request as it is entered. ``slots``: the places to be drawn anew, 1, 2 or both."""

    slots: Collection[int]
    reason: str
    received_on: date
    exceptional_reason: str = ""


def ask_repeat(
    session: Session, review_id: int, given: RequestGiven, *, actor: Person, now: datetime
) -> LotRequest:
    """Record that the State under review asks that its draw be repeated; both places count once.

    Raises NotFound; InvalidGiven for a place where nobody stands, a review that has begun, a
    request that waits already, and without exceptional reasons beyond the usual number (ToR 19).
    """
    review = _locked(session, review_id)
    errors = _faults(session, review, given, now)
    usual = cycle_planning.rules_of(review.cycle).repeats
    if repeats(session, review) >= usual and not given.exceptional_reason.strip():
        errors["exceptional_reason"] = N_(
            "The usual number of repeats is used up; give the exceptional circumstances."
        )
    return _add(session, "repeat", review, given, errors, actor=actor, now=now)


def ask_replacement(
    session: Session, review_id: int, given: RequestGiven, *, actor: Person, now: datetime
) -> LotRequest:
    """Record that a reviewing State withdraws from a review, so that its place is drawn anew.

    Raises NotFound; InvalidGiven as a repeat does, and for more than one place or without a reason.
    """
    review = _locked(session, review_id)
    errors = _faults(session, review, given, now)
    if len(set(given.slots)) != 1:
        errors["slots"] = N_("Choose the reviewing State that withdraws.")
    if not given.reason.strip():
        errors["reason"] = N_("Give the reason; it is kept with the change.")
    return _add(session, "withdrawal", review, given, errors, actor=actor, now=now)


def take_back(session: Session, request_id: int, *, actor: Person, now: datetime) -> LotRequest:
    """Take back a request that waits; it then counts for nothing.

    Raises NotFound; InvalidGiven if a draw answers it or it was taken back already.
    """
    wanted = sa.select(LotRequest).where(LotRequest.id == request_id).with_for_update()
    found = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(f"no request {request_id}")
    if found.draw_id is not None:
        raise InvalidGiven({"request": N_("A draw is prepared or held for this request.")})
    if found.taken_back_at is not None:
        raise InvalidGiven({"request": N_("This request was taken back already.")})
    found.taken_back_at = now
    session.flush()
    _keep(session, Verb.REQUEST_TAKEN_BACK, found, actor=actor, now=now)
    return found


def repeats(session: Session, review: Review) -> int:
    """How many repeats of its draw a State asked for in the cycle, those taken back left out."""
    wanted = (
        sa.select(sa.func.count())
        .select_from(LotRequest)
        .where(
            LotRequest.review_id == review.id,
            LotRequest.kind == "repeat",
            LotRequest.taken_back_at.is_(None),
        )
    )
    return session.scalar(wanted) or 0


def _locked(session: Session, review_id: int) -> Review:
    wanted = sa.select(Review).where(Review.id == review_id).with_for_update(of=Review)
    found = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(f"no review {review_id}")
    return found


def _faults(session: Session, review: Review, given: RequestGiven, now: datetime) -> dict[str, str]:
    errors = {}
    filled = set(
        session.scalars(
            sa.select(Reviewer.slot).where(
                Reviewer.review_id == review.id, Reviewer.voided_at.is_(None)
            )
        )
    )
    if not given.slots or not set(given.slots) <= {1, 2}:
        errors["slots"] = N_("Choose the first place, the second, or both.")
    elif not set(given.slots) <= filled:
        errors["slots"] = N_("Nobody is drawn for this place yet.")
    if review.stage != process(review.process_key).start:
        errors["review"] = N_("The review has begun; its reviewing States stay.")
    elif _waits(session, review):
        errors["review"] = N_("A request for this review waits already.")
    if given.received_on > local_day(now, VIENNA):
        errors["received_on"] = N_("This day is in the future.")
    for name in ("reason", "exceptional_reason"):
        if len(getattr(given, name).strip()) > TEXT_LIMIT:
            errors[name] = N_("This is too long.")
    return errors


def _waits(session: Session, review: Review) -> bool:
    """Whether a request for a review has no draw, or one that is not recorded yet."""
    wanted = (
        sa.select(LotRequest.id)
        .outerjoin(Draw, Draw.id == LotRequest.draw_id)
        .where(
            LotRequest.review_id == review.id,
            LotRequest.taken_back_at.is_(None),
            sa.or_(Draw.id.is_(None), Draw.state != "recorded"),
        )
    )
    return session.scalar(wanted.limit(1)) is not None


def _add(
    session: Session,
    kind: str,
    review: Review,
    given: RequestGiven,
    errors: dict[str, str],
    *,
    actor: Person,
    now: datetime,
) -> LotRequest:
    if errors:
        raise InvalidGiven(errors)
    made = LotRequest(
        kind=kind,
        review_id=review.id,
        slots=sorted(set(given.slots)),
        reason=given.reason.strip(),
        exceptional_reason=given.exceptional_reason.strip(),
        received_on=given.received_on,
        recorded_by=actor.id,
        recorded_at=now,
    )
    session.add(made)
    session.flush()
    verb = Verb.REPEAT_ASKED if kind == "repeat" else Verb.REPLACEMENT_ASKED
    _keep(session, verb, made, actor=actor, now=now)
    return made


def _keep(
    session: Session, verb: Verb, request: LotRequest, *, actor: Person, now: datetime
) -> None:
    audit.record(
        session,
        verb,
        now=now,
        actor=actor,
        review_id=request.review_id,
        after={
            "request": request.id,
            "slots": list(request.slots),
            "reason": request.reason,
            "exceptional_reason": request.exceptional_reason,
        },
    )
