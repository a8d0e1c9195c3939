"""Who is told of a succession: the mission, the successor, the predecessor, the secretariat.

Names of offices, counts and dates go into these mails, never what anybody wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import (
    Answer,
    Document,
    ExtensionRequest,
    Finding,
    Member,
    Outbox,
    Question,
    Succession,
)
from review.services import dead_addresses, dialogue, extensions, notices, outbox, snapshot
from review.services.change import Change
from review.services.snapshot import Snapshot, Someone
from workflows import engine
from workflows.spec import Party, Who

ASKED: Final = "succession_asked"
RECEIPT: Final = "succession_receipt"
REFUSED: Final = "succession_refused"
TAKEN_OVER: Final = "office_taken_over"
ENDED: Final = "office_ended"


def party_of(slot: int) -> Party:
    """The party of a side of a review."""
    return Party.REVIEWING_STATE if slot else Party.STATE_UNDER_REVIEW


def key_of(succession_id: int, notice: str, number: object = "") -> str:
    """The key of a mail of a succession; with the numbers of all of a kind it begins the same."""
    return f"succession:{succession_id}:{notice}:{number}"


@dataclass(frozen=True, slots=True)
class _Post:
    """The mails of one succession at one moment."""

    session: Session
    seen: Snapshot
    succession: Succession
    now: datetime
    by: str
    """Who acted: secretariat or mission."""
    recorded: bool = False

    def send(self, notice: str, to: Someone, number: object = "", **more: Any) -> bool:
        """Write one mail, once; of several to different readers each with its number."""
        party = Party.SECRETARIAT if to.role.startswith("secretariat") else party_of(to.slot)
        return outbox.put_to_side(
            self.session,
            notice,
            key=key_of(self.succession.id, notice, number),
            to=to,
            now=self.now,
            params=notices.params(self.seen, party, to.slot, to) | self._about() | more,
            review_id=self.seen.id,
            recorded=self.recorded,
        )

    def _about(self) -> dict[str, Any]:
        office = self.succession.office
        return {
            "succession": self.succession.id,
            "why": self.succession.why,
            "office_role": office.role,
            "office_state": office.iso3,
            "holder": self.succession.predecessor.person.title,
            "successor": self.succession.title,
            "review_id": office.review_id,
            "opens": "review",
            "step": "",
            "at": self.now.isoformat(),
            "by": self.by,
            "by_state": office.iso3 if self.by == "mission" else None,
        }

    def mission(self) -> Someone | None:
        """The Permanent Mission of the State of the office, if it has an address that works."""
        office = self.succession.office
        side = self.seen.sides.get(office.slot)
        if side is None or side.iso3 != office.iso3 or not side.mission_email:
            return None
        if dead_addresses.are_dead(self.session, [side.mission_email]):
            return None
        return Someone(
            0, "mission", side.slot, side.mission_email, "", side.language, side.time_zone
        )


def ask_mission(
    session: Session, succession: Succession, *, now: datetime, number: str = ""
) -> bool:
    """Ask the Permanent Mission who follows; False where it has no address that works.

    ``number`` names a question that is written once; without it, it is the next one.
    """
    seen = snapshot.load(session, succession.office.review_id, now)
    post = _Post(session, seen, succession, now, "secretariat")
    to = post.mission()
    before = asked(session, succession.id)
    more = {"again": True} if before else {}
    return to is not None and post.send(ASKED, to, number or before + 1, **more)


def asked(session: Session, succession_id: int) -> int:
    """How often the mission was asked."""
    key = key_of(succession_id, ASKED)
    found = sa.select(sa.func.count()).select_from(Outbox).where(Outbox.key.startswith(key))
    return session.scalar(found) or 0


def address_of_mission(session: Session, succession: Succession) -> str:
    """Where the mission would be asked; empty without an address that works."""
    office = succession.office
    state = office.state.mission_email or ""
    return "" if not state or dead_addresses.are_dead(session, [state]) else state


def tell_refused(session: Session, succession: Succession, *, now: datetime) -> None:
    """Tell the secretariat that the mission leaves the office with its holder."""
    seen = snapshot.load(session, succession.office.review_id, now)
    post = _Post(session, seen, succession, now, "mission")
    for to in seen.secretariat:
        post.send(REFUSED, to, to.person_id)


def tell(change: Change, succession: Succession) -> None:
    """Tell the successor what they take over, the mission that it is done, the predecessor too."""
    if succession.successor is None:
        raise ValueError("a succession that is not confirmed")
    post = _Post(
        change.session,
        change.snapshot,
        succession,
        change.now,
        change.outcome.who.actor.value,
        change.simulated,
    )
    to = someone(succession.successor)
    more = _counts(change.session, change.snapshot, to) | _meeting(
        change.snapshot, to, "joins_dialogue"
    )
    post.send(TAKEN_OVER, to, items=list(_items(change.snapshot, to)), **more)
    if mission := post.mission():
        post.send(RECEIPT, mission)
    leaves = someone(succession.predecessor)
    closed = not succession.predecessor.person.active  # nothing goes to an account closed before
    if not closed and not dead_addresses.are_dead(change.session, [leaves.email]):
        post.send(
            ENDED, leaves, leaves=True, **_meeting(change.snapshot, leaves, "leaves_dialogue")
        )


def tell_released(change: Change, member: Member) -> None:
    """Tell somebody that their part in the review has ended and nobody has followed them yet."""
    seen, to = change.snapshot, someone(member)
    if not member.person.active or dead_addresses.are_dead(change.session, [to.email]):
        return
    about = {
        "review_id": seen.id,
        "opens": "review",
        "step": change.outcome.step.key,
        "at": change.now.isoformat(),
        "by": change.outcome.who.actor.value,
        "by_state": None,
        "leaves": True,
        "released": True,
    }
    outbox.put_to_side(
        change.session,
        ENDED,
        key=f"released:{member.id}:{ENDED}",
        to=to,
        now=change.now,
        params=notices.params(seen, party_of(to.slot), to.slot, to)
        | about
        | _meeting(seen, to, "leaves_dialogue"),
        review_id=seen.id,
        recorded=change.simulated,
    )


def _meeting(seen: Snapshot, to: Someone, name: str) -> dict[str, Any]:
    """The days to which this office is invited, or is not any more; nobody invites observers."""
    days = dialogue.coming(seen) if to.role != "observer" else None
    return {name: days} if days else {}


def someone(member: Member) -> Someone:
    """Who holds or held an office, with what a mail to them needs."""
    one = member.person
    return Someone(
        one.id,
        member.role,
        member.slot,
        one.email,
        one.title,
        one.language,
        one.time_zone,
        member.id,
        member.since,
    )


def _counts(session: Session, seen: Snapshot, to: Someone) -> dict[str, Any]:
    """How much there is to take over: of one's own side, and nothing for somebody who observes."""
    if to.role == "observer":
        return {"written": 0, "provisions": 0, "questions": 0, "requests": 0, "files": 0}
    of = (
        sa.select(sa.func.count()).select_from(Answer).where(Answer.review_id == seen.id)
        if to.slot == 0
        else sa.select(sa.func.count())
        .select_from(Finding)
        .where(Finding.review_id == seen.id, Finding.slot == to.slot)
    )
    questions = sa.select(sa.func.count()).where(
        Question.review_id == seen.id, Question.answered_at.is_(None), Question.slot == to.slot
    )
    if to.slot == 0:
        questions = sa.select(sa.func.count()).where(
            Question.review_id == seen.id, Question.answered_at.is_(None)
        )
    files = sa.select(sa.func.count()).where(
        Document.review_id == seen.id, Document.slot == to.slot, Document.removed_at.is_(None)
    )
    asked_for = session.execute(
        sa.select(ExtensionRequest.milestone, ExtensionRequest.slot).where(
            ExtensionRequest.review_id == seen.id, ExtensionRequest.answered_at.is_(None)
        )
    )
    mine = Who(party_of(to.slot).actor, to.slot)
    return {
        "written": session.scalar(of) or 0,
        "provisions": len(seen.provisions(to.slot)),
        "questions": session.scalar(questions) or 0,
        "requests": sum(extensions.side_of(seen, (key, slot)) == mine for key, slot in asked_for),
        "files": session.scalar(files) or 0,
    }


def _items(seen: Snapshot, to: Someone) -> Iterator[dict[str, Any]]:
    """What is the successor's turn, each as the parameters of a mail of its own."""
    party = party_of(to.slot)
    if to.role == "observer":
        return
    side = seen.sides[to.slot]
    for turn in engine.turns(seen.process, seen.facts):
        slot = turn.slot if party is Party.REVIEWING_STATE else 0
        if turn.party is not party or slot != to.slot:
            continue
        steps = engine.steps_of_turn(seen.process, turn)
        dates = seen.dates.get((turn.milestone.key, turn.slot))
        due = dates.due_on if dates else None
        yield notices.params(seen, party, to.slot, to) | {
            "review_id": seen.id,
            "step": steps[0].key if steps else "",
            "opens": (steps[0].page or "step") if steps else "review",
            "milestone": turn.milestone.key,
            "milestone_slot": turn.slot,
            "due": due.isoformat() if due else None,
            "next_reminder": None,
            "due_zone": side.time_zone,
            "due_place": side.capital,
            "owner_state": side.iso3,
        }
