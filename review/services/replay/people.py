"""In whose name each step of the replay is taken."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import reference
from review.models import Person
from review.services.durations import Plan, Planned
from review.services.replay import given
from review.services.seed import officer_email

_BY_STATE = frozenset(
    {
        "submit_self_assessment",
        "answer_question",
        "agree_means",
        "schedule_dialogue",
        "publish_report",
        "publish_response",
    }
)
_BY_EXPERT = frozenset({"submit_desk_review", "ask_for_information", "comment_on_draft"})


class People:
    """The persons of the replay by address; each is read once and kept."""

    def __init__(self) -> None:
        self._known: dict[str, Person] = {}

    def actor(self, session: Session, plan: Plan, planned: Planned) -> Person:
        """Who takes this step. Raises LookupError if a person was never nominated."""
        return self._find(session, _address(plan, planned))

    def officer(self, session: Session, iso3: str) -> Person:
        """The review officer for a State's regional group."""
        return self._find(session, officer_email(reference.party(iso3).regional_group or ""))

    def accept(self, session: Session, email: str, now: datetime) -> None:
        """Let a nominated person have accepted the invitation."""
        session.execute(
            sa.update(Person)
            .where(Person.email == email, Person.activated_at.is_(None))
            .values(activated_at=now)
        )

    def forget(self) -> None:
        """Read everybody anew: a transaction was undone."""
        self._known.clear()

    def _find(self, session: Session, email: str) -> Person:
        if email not in self._known:
            found = session.scalars(sa.select(Person).where(Person.email == email)).one_or_none()
            if found is None:
                raise LookupError(f"nobody has the address {email}")
            self._known[email] = found
        return self._known[email]


def _address(plan: Plan, planned: Planned) -> str:
    step, slot = planned.step, planned.slot
    if step in _BY_STATE or (step == "approve_report" and slot == 0):
        return given.focal_point(plan.entry.iso3)["email"]
    if step in _BY_EXPERT or step == "approve_report":
        return given.expert(plan.pair.first if slot == 1 else plan.pair.second)["email"]
    return officer_email(reference.party(plan.entry.iso3).regional_group or "")
