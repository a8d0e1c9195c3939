"""An office goes to a successor in one transaction, and nothing is lost (ToR 17, GL 12-13).

What was begun belongs to the side of the review and stays where it is: answers, findings,
questions, files, requests. The holding of the office, links, waiting mails and the account of
whoever leaves are moved or ended here; whoever is told of it is told in ``succession_mails``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Member, Outbox, Person, Succession
from review.services import (
    accounts,
    capabilities,
    digest,
    nominations,
    offices,
    outbox,
    recipients,
    reminders,
    resuming,
    snapshot,
    succession_mails,
)
from review.services.change import Change, Clockwork, Mission
from review.services.errors import InvalidGiven
from review.services.snapshot import Someone
from workflows.deadlines import local_day, working_morning
from workflows.spec import N_

MOVED: Final = N_("Not sent: somebody else holds the office now. It went to them.")
COMES_LATER: Final = N_(
    "Not sent: somebody else holds the office now. They are reminded in some days."
)
CLOSED_BECAUSE: Final = "The office went to a successor; no other part in a review is left."
NOT_MOVED: Final = frozenset({"nominated", succession_mails.ENDED})
"""Mails about the person and not the office: they are dropped instead of passed on."""


def hand_over(change: Change) -> None:
    """Give an office to a successor: the access of the predecessor ends, everything else moves.

    Raises InvalidGiven with a text per field.
    """
    former = _leaving(change)
    person = _successor(change, former)
    former.ended_at = change.now
    change.session.flush()
    holder = offices.hold(
        change.session,
        former.office,
        person,
        since=change.now,
        note_verbale=change.text("note_verbale"),
        mandate_ends_on=nominations.mandate_given(change),
    )
    succession = _confirm(change, former, holder)
    capabilities.end(change.session, former.person_id, now=change.now, review_id=change.review_id)
    move_mails(change.session, former, holder, change.now)
    succession_mails.tell(change, succession)
    _close(change, former.person)
    change.before |= {"person": former.person_id, "role": former.role, "slot": former.slot}
    change.after |= {
        "person": person.id,
        "role": holder.role,
        "slot": holder.slot,
        "succession": succession.id,
    }
    change.params |= {"nominated_by": former.office.iso3, "review_id": change.review_id}


def _leaving(change: Change) -> Member:
    """The holder who leaves, locked with the review; of a mission, one of its own State."""
    found = change.session.get(Member, int(change.given("member")), populate_existing=True)
    wrong = found is None or found.review_id != change.review_id or found.ended_at is not None
    if found is None or wrong or not _is_of(change.actor, found):
        raise InvalidGiven({"member": N_("Choose one of the list.")})
    return found


def _is_of(actor: Person | Mission | Clockwork, member: Member) -> bool:
    if not isinstance(actor, Mission):
        return True
    return (member.office.iso3, member.slot) == (actor.iso3, actor.slot)


def _successor(change: Change, former: Member) -> Person:
    """Who follows: somebody of the same State and role, or somebody new, who is invited."""
    person = accounts.find_by_email(change.session, change.text("email"))
    if person is None:
        side = change.snapshot.sides[former.slot]
        return nominations.new_person(change, former.role, side)
    if person.id == former.person_id:
        raise InvalidGiven({"email": N_("This is the address of the person who leaves.")})
    if problem := nominations.unfit(change, person, former.role, former.office.iso3):
        raise InvalidGiven({"email": problem})
    if person.activated_at is None and not change.simulated:
        accounts.invite_again(change.session, person, actor=change.person, now=change.now)
    return person


def _confirm(change: Change, former: Member, holder: Member) -> Succession:
    """Close the open succession of the office; what nobody had begun is written down with it."""
    session, by_mission = change.session, isinstance(change.actor, Mission)
    found = session.scalars(
        sa.select(Succession).where(
            Succession.office_id == former.office_id, Succession.answered_at.is_(None)
        )
    ).one_or_none()
    if found is None:
        found = Succession(
            office_id=former.office_id,
            predecessor_id=former.id,
            why="requested",
            begun_at=change.now,
            begun_by=change.actor.id,
        )
        session.add(found)
    found.title, found.email = holder.person.title, holder.person.email
    found.language = holder.person.language
    found.state, found.successor_id = "confirmed", holder.id
    found.answered_at, found.answered_by = change.now, change.actor.id
    found.answered_as = "mission" if by_mission else "secretariat"
    found.note_verbale = change.text("note_verbale")
    session.flush()
    return found


def _close(change: Change, person: Person) -> None:
    """Close the account of somebody who has no other part in a review: their sessions end."""
    left = sa.exists().where(Member.person_id == person.id, Member.ended_at.is_(None))
    if person.active and not change.session.scalar(sa.select(left)):
        accounts.close_account(
            change.session,
            person.id,
            actor=change.person,
            now=change.now,
            reason=CLOSED_BECAUSE,
        )


def move_mails(session: Session, former: Member, holder: Member, now: datetime) -> None:
    """Write what waits for the predecessor about this review to the successor instead.

    A mail that is being sent at this moment is left alone: it is on its way, or ``outdated`` moves
    it when it is tried again.
    """
    waiting = sa.select(Outbox).where(
        Outbox.person_id == former.person_id,
        Outbox.review_id == former.review_id,
        Outbox.state == "waiting",
    )
    for row in session.scalars(waiting.order_by(Outbox.id).with_for_update(skip_locked=True)):
        row.state, row.error = "recorded", move(session, row, holder, now)
    for_digest = digest.waiting([former.person_id]).where(Outbox.review_id == former.review_id)
    for row in session.scalars(for_digest):
        _comes_later(session, row, succession_mails.someone(holder), now)
    session.flush()


def move(session: Session, row: Outbox, holder: Member, now: datetime) -> str:
    """Write one mail to the holder of its reader's office; returns what became of it."""
    to = succession_mails.someone(holder)
    if _comes_later(session, row, to, now):
        return COMES_LATER
    if row.notice not in NOT_MOVED:
        outbox.put_instead(session, row, to, now, follows=True)
    return MOVED


def _comes_later(session: Session, row: Outbox, to: Someone, now: datetime) -> bool:
    """Whether it is a reminder to somebody too new in office: it is looked at again afterwards."""
    if row.notice != recipients.REMINDER:
        return False
    seen = snapshot.load(session, row.review_id or 0, now)
    owed = reminders.owed_at(seen, (row.params["milestone"], row.params["milestone_slot"]), now)
    if owed is None or (owed.due_on and str(owed.due_on)) != row.params["due"]:
        return True  # of another date by now: its own reminders come
    until = recipients.settling(owed, to, local_day(now, owed.place.zone))
    if until is None:
        return False
    morning = working_morning(until + timedelta(days=1), owed.place)
    resuming.look_again(session, owed, morning)
    return True


_LAST: Final = (
    sa.select(Member)
    .where(Member.review_id == sa.bindparam("review"), Member.person_id == sa.bindparam("person"))
    .order_by(Member.id.desc())
    .limit(1)
)
"""Somebody's last part in a review."""


def holder_after(session: Session, person_id: int, review_id: int) -> Member | None:
    """Who holds the office that somebody handed over in a review; None if they did not."""
    mine = session.scalars(_LAST, {"review": review_id, "person": person_id}).one_or_none()
    if mine is None or mine.ended_at is None:
        return None
    handed = sa.exists().where(
        Succession.predecessor_id == mine.id, Succession.state == "confirmed"
    )
    if not session.scalar(sa.select(handed)):
        return None
    return session.scalars(
        sa.select(Member).where(Member.office_id == mine.office_id, Member.ended_at.is_(None))
    ).one_or_none()
