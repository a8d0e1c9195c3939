"""Offices change hands in the story: said by a mission, refused by one, entered by the office."""

from __future__ import annotations

from review.models import Person
from review.services import passwords, succession_mails, successions
from review.services.change import Mission
from review.services.proposals import Proposal
from tests.world import World

LINK = f"m1.{'0' * 32}"
"""What stands for the link of a mission in a letter that is not sent."""


def succeed(w: World, mark: str) -> None:
    """The mission leaves one person in office and replaces another; a third goes on paper."""
    proposal = Proposal("Proposed successor", "proposed@example.example", "en")
    one = successions.begin(
        w.session, _member(w, "focal_point"), "not_me", actor=w.focal_point, now=w.now,
        reason=mark, proposal=proposal,
    )  # fmt: skip
    successions.refuse(w.session, one.id, actor=Mission("ZMB", 0), now=w.now, signed_by=mark)
    other = successions.begin(
        w.session, _member(w, "expert_1"), "requested", actor=w.officer, now=w.now, reason=mark
    )
    given = {"title": "New expert", "email": "expert.1.new@example.example", "language": "en"}
    successions.confirm(
        w.session, other.id, given, actor=Mission("ZWE", 1), now=w.now, signed_by=mark
    )
    _take_place(w, "expert_1", given["email"])
    email = "focal.point.new@example.example"
    member = str(_member(w, "focal_point"))
    w.take(
        "hand_over", w.officer, member=member, title="New focal point", email=email, language="en",
        note_verbale=mark,
    )  # fmt: skip
    _take_place(w, "focal_point", email)


def _member(w: World, who: str) -> int:
    return next(m.member_id for m in w.seen().members if m.person_id == w.people[who].id)


def _take_place(w: World, who: str, email: str) -> None:
    found = next(m for m in w.seen().members if m.email == email)
    made = w.session.get_one(Person, found.person_id)
    made.activated_at, made.password_hash = w.now, passwords.hash_password("a specimen phrase")
    w.people[who] = made
    w.session.flush()


def secrets(notice: str) -> dict[str, str]:
    """What a letter is given while it is sent."""
    return {"succession_link": LINK} if notice == succession_mails.ASKED else {}
