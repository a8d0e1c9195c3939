"""Who speaks for a State in a review: nominated, replaced, released (ToR 17, GL 12-13)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from review.models import Member, Person
from review.services import accounts, notices, offices, outbox, succession_mails
from review.services.change import Change
from review.services.errors import InvalidGiven
from review.services.snapshot import Side, Someone
from workflows.spec import N_, Party

MILESTONES = {"focal_point": "focal_point_nominated", "expert": "experts_nominated"}
"""What a nomination in a role reaches."""


def nominate_focal_point(change: Change) -> None:
    """Give a person access as focal point of the State under review and invite them."""
    _nominate(change, role="focal_point", slot=0)


def nominate_expert(change: Change) -> None:
    """Give a person access as governmental expert of a reviewing State and invite them."""
    slot = int(change.given("side") or change.outcome.who.slot)
    _nominate(change, role="expert", slot=slot)


def admit_observer(change: Change) -> None:
    """Let somebody of a State, often of its Permanent Mission, follow the review."""
    _nominate(change, role="observer", slot=int(change.given("side")))


def _nominate(change: Change, role: str, slot: int) -> None:
    side = change.snapshot.sides[slot]
    person = accounts.find_by_email(change.session, change.text("email"))
    if person is None:
        person = new_person(change, role, side)
    elif problem := unfit(change, person, role, side.iso3):
        raise InvalidGiven({"email": problem})
    else:
        _tell(change, person, role, slot)
    join(change, person, role, slot)
    change.after |= {"person": person.id, "role": role, "slot": slot}
    change.params["nominated_by"] = side.iso3


def _tell(change: Change, person: Person, role: str, slot: int) -> None:
    """Tell somebody who has an account already; a new one is told by the invitation."""
    party = Party.STATE_UNDER_REVIEW if slot == 0 else Party.REVIEWING_STATE
    to = Someone(
        person.id, role, slot, person.email, person.title, person.language, person.time_zone
    )
    more = {"step": change.outcome.step.key, "opens": "review", "by": "secretariat"}
    outbox.put(
        change.session,
        "nominated",
        key=f"nominated:{change.review_id}:{change.snapshot.version + 1}:{person.id}",
        to=person,
        now=change.now,
        params=notices.params(change.snapshot, party, slot, to) | more | {"by_state": None},
        review_id=change.review_id,
        recorded=change.simulated,
    )


def new_person(change: Change, role: str, side: Side) -> Person:
    """An invited account; in a replay the account is made without a message."""
    preferences = accounts.Preferences(
        language=change.text("language"), time_zone=side.time_zone, digest=False
    )
    if not change.simulated:
        return accounts.invite(
            change.session,
            email=change.text("email"),
            title=change.text("title"),
            role=role,
            iso3=side.iso3,
            preferences=preferences,
            actor=change.person,
            now=change.now,
        )
    person = Person(
        email=change.text("email"),
        title=change.text("title"),
        role=role,
        iso3=side.iso3,
        language=preferences.language,
        time_zone=preferences.time_zone,
        invited_at=change.now,
    )
    change.session.add(person)
    change.session.flush()
    return person


def join(change: Change, person: Person, role: str, slot: int) -> None:
    """Make a person a member of the review. Raises InvalidGiven for a mandate that is over."""
    offices.fill(
        change.session,
        change.review_id,
        person,
        role,
        slot,
        since=change.now,
        note_verbale=change.text("note_verbale"),
        mandate_ends_on=mandate_given(change),
    )


def mandate_given(change: Change) -> date | None:
    """The last day of the mandate that is given with a step. Raises InvalidGiven for a past one."""
    day: date | None = change.given("mandate_ends_on")
    today = change.snapshot.facts.today
    if day and today and day <= today:
        raise InvalidGiven({"mandate_ends_on": N_("Choose a day after today.")})
    return day


def unfit(change: Change, person: Person, role: str, iso3: str) -> str:
    """Why somebody with an account cannot hold an office in a review; empty if they can."""
    if person.role != role or person.iso3 != iso3:
        return N_("This address belongs to an account of another State or role.")
    if not person.active:
        return N_("This account is closed. An administrator can open it again.")
    if any(m.person_id == person.id for m in change.snapshot.members):
        return N_("This person takes part in the review already.")
    return ""


def release_person(change: Change) -> None:
    """End somebody's access to this review at once; what they wrote stays with their State."""
    member = change.session.get(Member, int(change.given("member")))
    if member is None or member.review_id != change.review_id or member.ended_at:
        raise InvalidGiven({"member": N_("Choose one of the list.")})
    member.ended_at = change.now
    change.session.flush()
    offices.close_open(change.session, [member.office_id], change.now)
    succession_mails.tell_released(change, member)
    change.before |= {"person": member.person_id, "role": member.role, "slot": member.slot}
    _reopen_if_last(change, member)


def _reopen_if_last(change: Change, gone: Member) -> None:
    """Without anybody left, the nomination is owed again."""
    left = [
        m
        for m in change.snapshot.members
        if m.role == gone.role and m.slot == gone.slot and m.person_id != gone.person_id
    ]
    if gone.role in MILESTONES and not left:
        _owe(change, gone.role, gone.slot)


def _owe(change: Change, role: str, slot: int) -> None:
    if change.date_of((MILESTONES[role], slot)).done_at:
        change.set_dates((MILESTONES[role], slot), done_at=None)


def dismiss(change: Change, slots: Iterable[int]) -> None:
    """End the access of everybody of a reviewing State that is no longer drawn."""
    for slot in slots:
        left = change.session.scalars(
            sa.update(Member)
            .where(
                Member.review_id == change.review_id,
                Member.slot == slot,
                Member.ended_at.is_(None),
            )
            .values(ended_at=change.now)
            .returning(Member.office_id)
        )
        offices.close_open(change.session, left, change.now)
        _owe(change, "expert", slot)


def keep(change: Change) -> None:
    """Nominations stand while their people do, also where the position is corrected backwards."""
    there = {(MILESTONES[m.role], m.slot) for m in change.snapshot.members if m.role in MILESTONES}
    for key in there & change.snapshot.facts.done:
        change.dates[key] = change.snapshot.dates[key]
    reopened = change.outcome.reopened
    change.before["reopened"] = [f"{k}:{s}" for k, s in reopened if (k, s) not in there]
