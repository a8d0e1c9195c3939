"""A mail is written once more, as a new mail: to the present address, in the present language.

What it asks is asked by the date that stands now; the first mail keeps the words that were sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Outbox, Person, State
from review.services import accounts, audit, standing_dates
from review.services.account_links import Purpose
from review.services.audit import Verb
from review.services.errors import NotAllowed, NotFound

_ENOUGH = N_("An invitation was written a moment ago, or many of them today. Please wait.")


def resend(session: Session, outbox_id: int, actor: Person, now: datetime) -> int:
    """Write a mail once more, to its reader's present address and in their present language.

    An invitation is sent with a new link; the one before it ends. Returns the number of the new
    mail. Raises NotFound; NotAllowed, with a reason to show, for one that still waits, was never to
    be sent, is an invitation to an account in use, held a link for a new password, asks for what is
    done, or tells of a date that has changed.
    """
    former = session.scalars(
        sa.select(Outbox).where(Outbox.id == outbox_id).with_for_update()
    ).one_or_none()
    if former is None:
        raise NotFound(f"no mail {outbox_id}")
    if former.state not in {"sent", "failed"}:
        raise NotAllowed(N_("Only a mail that was sent, or given up, can be sent again."))
    person = session.get(Person, former.person_id) if former.person_id else None
    if former.notice == Purpose.PASSWORD_RESET:
        raise NotAllowed(N_("Its reader can ask for a new link on the page to sign in."))
    if former.notice == Purpose.INVITATION and person is not None:
        return _invite_again(session, former, person, actor, now)
    if reason := standing_dates.objection(session, former, now):
        raise NotAllowed(reason)
    again = _copy(session, former, person or _mission(session, former), now)
    audit.record(
        session,
        Verb.MAIL_RESENT,
        now=now,
        actor=actor,
        review_id=former.review_id,
        after={"mail": former.id, "again": again.id, "notice": former.notice},
    )
    return again.id


def _invite_again(
    session: Session, former: Outbox, person: Person, actor: Person, now: datetime
) -> int:
    newest = sa.select(sa.func.max(Outbox.id)).where(
        Outbox.person_id == person.id, Outbox.notice == Purpose.INVITATION
    )
    before = session.scalar(newest)
    try:
        accounts.invite_again(session, person, actor=actor, now=now)
    except accounts.AccountError as problem:
        raise NotAllowed(str(problem)) from problem
    written = session.scalar(newest)
    if written is None or written == before:
        raise NotAllowed(_ENOUGH)
    session.get_one(Outbox, written).resent_from = former.id
    session.flush()
    return written


@dataclass(frozen=True, slots=True)
class _Mission:
    """A Permanent Mission as it is reached now."""

    email: str
    language: str


def _mission(session: Session, former: Outbox) -> _Mission:
    """The mission that a mail to no person went to, which the State in its parameters tells."""
    state = session.get(State, former.params.get("for_state") or "")
    if state is None or not state.mission_email:
        return _Mission(former.address, former.language)
    return _Mission(state.mission_email, state.language)


def _copy(session: Session, former: Outbox, to: Person | _Mission, now: datetime) -> Outbox:
    again = Outbox(
        key=_next_key(session, former),
        notice=former.notice,
        review_id=former.review_id,
        person_id=former.person_id,
        address=to.email,
        language=to.language,
        params=standing_dates.params(session, former, now),
        created_at=now,
        next_try_at=now,
        resent_from=former.id,
    )
    session.add(again)
    session.flush()
    return again


def _next_key(session: Session, former: Outbox) -> str:
    """A key of its own for every repetition; the former row is locked meanwhile."""
    times = session.scalar(
        sa.select(sa.func.count()).select_from(Outbox).where(Outbox.resent_from == former.id)
    )
    return f"resend:{former.id}:{(times or 0) + 1}"
