"""What the link of a mission, or of a task, lets its reader say about an office without signing in.

Opening it changes nothing. A mission answers for its own State and for one succession, by the link
that went to the address that is registered for it now. Whoever holds the link of a task can say
that it is theirs no longer, and name who follows; the State decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Capability, Member, Outbox, State, Succession
from review.services import capabilities, successions
from review.services.capabilities import Purpose, Standing
from review.services.change import Mission
from review.services.errors import NotFound
from review.services.proposals import Answered, Proposal

CONFIRMED: Final = "succession_confirmed"
STILL_THERE: Final = "still_in_office"
NAMED: Final = "successor_named"


class LinkClosed(Exception):
    """The link lets nobody do anything now; its page says why."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The link of a mission: how it stands and which succession it is about."""

    standing: Standing
    link: Capability
    succession: Succession
    state: State

    @property
    def mission(self) -> Mission:
        """Who acts by it."""
        return Mission(self.state.iso3, self.succession.office.slot)


def of_mission(session: Session, token: str, *, now: datetime, lock: bool = False) -> Opened:
    """The succession behind the link of a mission. Raises NotFound for one nobody was given."""
    found = capabilities.look_up(session, token, Purpose.SUCCESSION, now=now, lock=lock)
    one = found.capability
    row = session.get(Outbox, one.outbox_id) if one and one.outbox_id else None
    if one is None or row is None or one.iso3 is None:
        raise NotFound("no such link")
    succession = successions.find(session, int(row.params["succession"]))
    state = session.get_one(State, one.iso3)
    standing = found.standing
    if standing is Standing.OPEN and one.address.lower() != (state.mission_email or "").lower():
        standing = Standing.ENDED  # the mission has another address now
    return Opened(standing, one, succession, state)


def confirm(
    session: Session, token: str, given: Mapping[str, Any], *, signed_by: str, now: datetime
) -> Succession:
    """The mission confirms a successor. Raises NotFound, LinkClosed, Answered, InvalidGiven."""
    opened = _locked(session, token, now)
    one = opened.succession
    successions.confirm(session, one.id, given, actor=opened.mission, now=now, signed_by=signed_by)
    capabilities.note_use(session, opened.link, CONFIRMED, now=now)
    return one


def still_in_office(session: Session, token: str, *, signed_by: str, now: datetime) -> Succession:
    """The mission says that nothing has changed. Raises NotFound, LinkClosed, Answered."""
    opened = _locked(session, token, now)
    one = successions.refuse(
        session, opened.succession.id, actor=opened.mission, now=now, signed_by=signed_by
    )
    capabilities.note_use(session, opened.link, STILL_THERE, now=now)
    return one


def _locked(session: Session, token: str, now: datetime) -> Opened:
    """The link, its review locked first: in this order nobody waits for each other."""
    review_id = of_mission(session, token, now=now).succession.office.review_id
    successions.lock_review(session, review_id)
    opened = of_mission(session, token, now=now, lock=True)
    if opened.standing is not Standing.OPEN:
        raise LinkClosed(opened.standing)
    return opened


def ask_for_new_link(session: Session, token: str, *, now: datetime) -> None:
    """Send a new link to the registered address of the mission; nothing for what is answered."""
    try:
        opened = of_mission(session, token, now=now)
        if opened.succession.is_open:
            successions.ask_again(session, opened.succession.id, now=now)
    except (NotFound, Answered):
        return


# By the link of a task ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holding:
    """The link of a task, and the office of whoever holds it (None: a mission, or left)."""

    standing: Standing
    link: Capability
    member: Member | None


def of_task(session: Session, token: str, *, now: datetime) -> Holding:
    """The office behind the link of a task. Raises NotFound for a link that nobody was given."""
    found = capabilities.look_up(session, token, Purpose.TASK, now=now)
    one = found.capability
    if one is None:
        raise NotFound("no such link")
    mine = sa.select(Member).where(
        Member.review_id == one.review_id,
        Member.person_id == one.person_id,
        Member.ended_at.is_(None),
    )
    return Holding(found.standing, one, session.scalars(mine).one_or_none())


def not_me(
    session: Session, token: str, *, reason: str, proposal: Proposal | None, now: datetime
) -> Succession:
    """Whoever holds the link says that the office is theirs no longer.

    Raises NotFound, LinkClosed, InvalidGiven with a text per field.
    """
    holding = of_task(session, token, now=now)
    member, person = holding.member, holding.link.person
    if holding.standing is not Standing.OPEN or member is None or person is None:
        raise LinkClosed(holding.standing)
    one = successions.begin(
        session, member.id, "not_me", actor=person, now=now, reason=reason, proposal=proposal
    )
    capabilities.note_use(session, holding.link, NAMED, now=now)
    return one
