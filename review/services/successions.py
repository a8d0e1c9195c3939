"""Who follows in an office: asked for, proposed, and answered by the State (ToR 17, GL 12-13).

Two steps. Somebody says, or the sweep finds, that a person may no longer hold an office; the
Permanent Mission by its link, or the secretariat on a note verbale, then confirms a successor or
says that nothing has changed. Until then nothing moves: a person is reported, never removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Member, Outbox, Person, Review, Succession
from review.services import audit, steps, succession_mails
from review.services.audit import Verb
from review.services.change import Change, Mission
from review.services.errors import InvalidGiven, NotAllowed, NotFound
from review.services.proposals import Answered, Proposal
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day
from workflows.given import CONTROL

A_DAY: Final = 5
"""So often at most a mission is asked about one succession in 24 hours, whoever asks for it."""
REASON_LIMIT: Final = 1000


def find(session: Session, succession_id: int) -> Succession:
    """A succession. Raises NotFound."""
    found = session.get(Succession, succession_id)
    if found is None:
        raise NotFound(f"no succession {succession_id}")
    return found


def may_see(actor: Person, one: Succession) -> bool:
    """Whether somebody may follow a succession: the secretariat, and the holder while in office."""
    mine = one.predecessor.person_id == actor.id and one.predecessor.ended_at is None
    return actor.active and (actor.is_secretariat or mine)


# Begun ---------------------------------------------------------------------------------------


def begin(
    session: Session,
    member_id: int,
    why: str,
    *,
    actor: Person,
    now: datetime,
    reason: str = "",
    proposal: Proposal | None = None,
) -> Succession:
    """Say that somebody may no longer hold an office; what is open already takes the proposal.

    The mission is asked. Raises NotFound for who holds nothing, NotAllowed for anybody but the
    holder and the secretariat, InvalidGiven with a text per field.
    """
    member = _in_office(session, member_id)
    if not actor.is_secretariat and member.person_id != actor.id:
        raise NotAllowed("only the holder and the secretariat begin a succession")
    reason = reason.strip().replace("\r\n", "\n")
    if len(reason) > REASON_LIMIT or CONTROL.search(reason):
        raise InvalidGiven({"reason": N_("This is too long.")})
    wanted = proposal.tidy if proposal else None
    one = start(session, member, why, actor=actor, now=now, reason=reason, proposal=wanted)
    if one is not None:
        return one
    found = session.scalars(
        sa.select(Succession).where(
            Succession.office_id == member.office_id, Succession.answered_at.is_(None)
        )
    ).one()
    if wanted:
        _propose(session, found, wanted, actor, now)
    return found


def start(
    session: Session,
    member: Member,
    why: str,
    *,
    actor: Person | None,
    now: datetime,
    reason: str = "",
    proposal: Proposal | None = None,
) -> Succession | None:
    """Write a succession down and ask the mission; None where the office has an open one."""
    _check_other(member, proposal)
    number = session.scalar(
        insert(Succession)
        .values(
            office_id=member.office_id,
            predecessor_id=member.id,
            why=why,
            reason=reason,
            begun_at=now,
            begun_by=actor.id if actor else None,
            **(asdict(proposal) | _proposed(actor, now) if proposal else {}),
        )
        .on_conflict_do_nothing(
            index_elements=[Succession.office_id], index_where=Succession.answered_at.is_(None)
        )
        .returning(Succession.id)
    )
    if number is None:
        return None
    one = session.get_one(Succession, number)
    _record(session, Verb.SUCCESSION_BEGUN, one, actor, now, why=why)
    succession_mails.ask_mission(session, one, now=now)
    return one


def _proposed(actor: Person | None, now: datetime) -> dict[str, Any]:
    return {
        "state": "proposed",
        "proposed_at": now,
        "proposed_by": actor.id if actor else None,
    }


def _check_other(member: Member, proposal: Proposal | None) -> None:
    if proposal and proposal.email.lower() == member.person.email.lower():
        raise InvalidGiven({"email": N_("This is the address of the person who leaves.")})


def propose(
    session: Session, succession_id: int, proposal: Proposal, *, actor: Person, now: datetime
) -> Succession:
    """Name who is to follow, or somebody else than before. Raises NotFound, Answered, InvalidGiven.

    NotAllowed for anybody but the holder and the secretariat.
    """
    one = _open(session, succession_id)
    if not may_see(actor, one):
        raise NotAllowed("only the holder and the secretariat propose a successor")
    _propose(session, one, proposal.tidy, actor, now)
    return one


def _propose(
    session: Session, one: Succession, proposal: Proposal, actor: Person, now: datetime
) -> None:
    _check_other(one.predecessor, proposal)
    for name, value in (asdict(proposal) | _proposed(actor, now)).items():
        setattr(one, name, value)
    session.flush()
    _record(session, Verb.SUCCESSION_PROPOSED, one, actor, now)


def ask_again(session: Session, succession_id: int, *, now: datetime) -> bool:
    """Ask the mission once more, at its registered address; False where that is not possible.

    Raises NotFound, Answered.
    """
    one = _open(session, succession_id)
    key = succession_mails.key_of(one.id, succession_mails.ASKED)
    today = session.scalar(
        sa.select(sa.func.count()).where(
            Outbox.key.startswith(key), Outbox.created_at > now - timedelta(days=1)
        )
    )
    return (today or 0) < A_DAY and succession_mails.ask_mission(session, one, now=now)


# Answered ------------------------------------------------------------------------------------


def confirm(
    session: Session,
    succession_id: int,
    given: Mapping[str, Any],
    *,
    actor: Person | Mission,
    now: datetime,
    signed_by: str = "",
) -> Change:
    """Hand the office over: the step ``hand_over``, with what it asks besides who leaves.

    Raises NotFound, Answered, Refused, InvalidGiven with a text per field.
    """
    one = _open(session, succession_id)
    one.signed_by = signed_by
    return steps.take(
        session,
        one.office.review_id,
        "hand_over",
        actor=actor,
        now=now,
        given={**given, "member": str(one.predecessor_id)},
    )


def refuse(
    session: Session,
    succession_id: int,
    *,
    actor: Person | Mission,
    now: datetime,
    signed_by: str = "",
    note_verbale: str = "",
    until: date | None = None,
) -> Succession:
    """The State says that the holder is still in office; ``until``: the new end of the mandate.

    Raises NotFound, Answered, NotAllowed, InvalidGiven with a text per field.
    """
    one = _open(session, succession_id)
    by_mission = isinstance(actor, Mission)
    if isinstance(actor, Person) and not actor.is_secretariat:
        raise NotAllowed("only the mission and the secretariat answer")
    if until and until <= local_day(now, VIENNA):
        raise InvalidGiven({"until": N_("Choose a day after today.")})
    if until or one.why == "mandate_ended":
        one.predecessor.mandate_ends_on = until
    one.signed_by, one.note_verbale = signed_by, note_verbale[:200]
    _answer(session, one, "refused", "mission" if by_mission else "secretariat", actor, now)
    if by_mission:
        succession_mails.tell_refused(session, one, now=now)
    return one


def withdraw(session: Session, succession_id: int, *, actor: Person, now: datetime) -> Succession:
    """Take it back before it is answered: the secretariat, or the holder who began it.

    Raises NotFound, Answered, NotAllowed.
    """
    one = _open(session, succession_id)
    own = one.begun_by == actor.id and may_see(actor, one)
    if not (actor.is_secretariat or own):
        raise NotAllowed("only the secretariat and whoever began it withdraw a succession")
    capacity = "secretariat" if actor.is_secretariat else "predecessor"
    _answer(session, one, "withdrawn", capacity, actor, now)
    return one


def _answer(
    session: Session,
    one: Succession,
    state: str,
    capacity: str,
    actor: Person | Mission,
    now: datetime,
) -> None:
    one.state, one.answered_at, one.answered_as = state, now, capacity
    one.answered_by = actor.id
    session.flush()
    verb = Verb.SUCCESSION_REFUSED if state == "refused" else Verb.SUCCESSION_WITHDRAWN
    person = actor if isinstance(actor, Person) else None
    _record(session, verb, one, person, now, answered_as=capacity)


def set_mandate(
    session: Session, member_id: int, day: date | None, *, actor: Person, now: datetime
) -> Member:
    """Set or remove the last day of a mandate. Raises NotFound, InvalidGiven."""
    member = _in_office(session, member_id)
    if day and day <= local_day(now, VIENNA):
        raise InvalidGiven({"mandate_ends_on": N_("Choose a day after today.")})
    before, member.mandate_ends_on = member.mandate_ends_on, day
    session.flush()
    if before != day:
        audit.record(
            session,
            Verb.MANDATE_SET,
            now=now,
            actor=actor,
            review_id=member.review_id,
            before={"mandate_ends_on": before and before.isoformat()},
            after={"person": member.person_id, "mandate_ends_on": day and day.isoformat()},
        )
    return member


# Inner parts -----------------------------------------------------------------------------------


def lock_review(session: Session, review_id: int) -> None:
    """Let nobody take a step of this review until we are done."""
    wanted = sa.select(Review.id).where(Review.id == review_id)
    session.execute(wanted.with_for_update(of=Review))


def _in_office(session: Session, member_id: int) -> Member:
    """Who holds an office at this moment, their review locked. Raises NotFound."""
    member = session.get(Member, member_id)
    if member is None:
        raise NotFound(f"no member {member_id}")
    lock_review(session, member.review_id)
    session.refresh(member)
    if member.ended_at is not None:
        raise NotFound(f"no member {member_id}")
    return member


def _open(session: Session, succession_id: int) -> Succession:
    """A succession that nobody has answered, its review locked. Raises NotFound, Answered."""
    one = find(session, succession_id)
    lock_review(session, one.office.review_id)
    session.refresh(one)
    if not one.is_open:
        raise Answered(one)
    return one


def _record(
    session: Session,
    verb: Verb,
    one: Succession,
    actor: Person | None,
    now: datetime,
    **more: Any,
) -> None:
    about = {"succession": one.id, "person": one.predecessor.person_id}
    audit.record(
        session, verb, now=now, actor=actor, review_id=one.office.review_id, after=about | more
    )
