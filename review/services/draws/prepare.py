"""Announcing a draw: what is to be drawn, the secret and the commitment; publishing, giving up."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Cycle, Draw, GroupSession, LotRequest, Person
from review.reference import LotRulesError
from review.services import audit, cycle_planning
from review.services.audit import Verb
from review.services.draws import feasibility, orders, years
from review.services.draws.board import Standing, standing
from review.services.draws.orders import Orders, Purpose
from review.services.errors import InvalidGiven, NotFound, Refused
from review.services.snapshot import VIENNA
from workflows import chance
from workflows.announcement import Announcement, Mode, ReviewersAnnouncement
from workflows.deadlines import local_day
from workflows.facts import Reason
from workflows.lots import LotsError

TITLE_LIMIT = 120
REASON_LIMIT = 1000
IN_PROGRESS = ("prepared", "published", "open", "drawn")
"""States of a draw of which a cycle has one at most."""


@dataclass(frozen=True, slots=True)
class DrawOrder:
    """A draw as it is ordered. ``year`` is 0 for a draw of the years of review (ToR 14)."""

    year: int
    title: str
    purpose: Purpose = Purpose.REGULAR
    session_id: int | None = None
    mode: Mode = Mode.LOT_BY_LOT


def prepare(
    session: Session, cycle_number: int, order: DrawOrder, *, actor: Person, now: datetime
) -> Draw:
    """Announce a draw of reviewing States, or of the years; nothing of it is public yet.

    Raises NotFound for an unknown cycle, InvalidGiven for an unusable title, session or year, and
    Refused with reasons if a draw is in progress, nothing is to be drawn, rules contradict each
    other, or the cycle could not be completed.
    """
    cycle = cycle_planning.locked(session, cycle_number)
    if in_progress(session, cycle):
        raise refused(
            "prepare", N_("A draw of this cycle is in progress; finish or void it first.")
        )
    secret = secrets.token_hex(32)
    announcement, answers = announced(session, cycle, order, secret, now)
    draw = Draw(
        cycle_id=cycle.id,
        kind=str(announcement.kind),
        year=order.year,
        purpose=str(order.purpose),
        session_id=order.session_id,
        announcement=announcement.document(),
        commitment=announcement.commitment,
        secret=secret,
        state="prepared",
        prepared_at=now,
        prepared_by=actor.id,
    )
    session.add(draw)
    session.flush()
    for request in answers.requests:
        request.draw_id = draw.id
    after = {"purpose": draw.purpose, "lots": len(announcement.lots)}
    keep(session, Verb.DRAW_PREPARED, draw, after, actor=actor, now=now)
    return draw


def announced(
    session: Session, cycle: Cycle, order: DrawOrder, secret: str, now: datetime
) -> tuple[Announcement, Orders]:
    """The announcement of a draw from what stands, with the requests that it would answer.

    Raises InvalidGiven for an unusable title, session or year; Refused with reasons if there is
    nothing to draw or the cycle could not be completed.
    """
    _check(session, cycle, order)
    hashed = chance.secret_hash(secret)
    try:
        if order.year == 0:
            return years.announcement(session, cycle, order.title.strip(), hashed, now), Orders(
                (), ()
            )
        stands = standing(session, cycle, local_day(now, VIENNA))
        found = orders.of(session, cycle, order.year, order.purpose, stands)
        if not found.lots:
            raise refused("prepare", N_("There is nothing to draw."))
        return _of_reviewers(cycle, order, hashed, stands, found), found
    except LotRulesError as wrong:
        raise refused("prepare", *wrong.errors.values()) from wrong
    except LotsError as wrong:
        raise refused("prepare", str(wrong)) from wrong


def _of_reviewers(
    cycle: Cycle, order: DrawOrder, hashed: str, stands: Standing, found: Orders
) -> ReviewersAnnouncement:
    made = ReviewersAnnouncement(
        cycle.number,
        order.year,
        order.title.strip(),
        hashed,
        order.mode,
        stands.rules,
        stands.parties,
        found.reviews,
        found.lots,
    )
    if reasons := feasibility.obstacles(made.board, stands):
        raise Refused("prepare", reasons)
    return made


def publish(session: Session, draw_id: int, *, actor: Person, now: datetime) -> Draw:
    """Make announcement and commitment public; from now on nothing of the draw changes.

    Raises NotFound; Refused if the draw is not prepared or what stands has changed since.
    """
    draw = locked(session, draw_id)
    expect(draw, "prepared", N_("This draw is published already or was given up."))
    feasibility.unchanged(session, draw)
    draw.state, draw.published_at = "published", now
    session.flush()
    keep(session, Verb.DRAW_PUBLISHED, draw, {}, actor=actor, now=now)
    return draw


def void(session: Session, draw_id: int, reason: str, *, actor: Person, now: datetime) -> Draw:
    """Give up a draw that is not recorded; its requests wait again.

    Raises NotFound; InvalidGiven without a reason once the draw is published; Refused if the draw
    is recorded or was given up already.
    """
    draw = locked(session, draw_id)
    reason = reason.strip()
    if draw.state not in IN_PROGRESS:
        raise refused("void", N_("This draw is recorded or was given up; it stays as it is."))
    if draw.state != "prepared" and not reason:
        raise InvalidGiven({"reason": N_("Give the reason; it is kept with the change.")})
    if len(reason) > REASON_LIMIT:
        raise InvalidGiven({"reason": N_("This is too long.")})
    before = {"state": draw.state}
    draw.state, draw.void_reason = "void", reason
    session.execute(sa.update(LotRequest).where(LotRequest.draw_id == draw.id).values(draw_id=None))
    session.flush()
    keep(session, Verb.DRAW_VOIDED, draw, {"reason": reason}, before=before, actor=actor, now=now)
    return draw


def in_progress(session: Session, cycle: Cycle) -> Draw | None:
    """The draw of a cycle that is neither recorded nor given up, if there is one."""
    wanted = sa.select(Draw).where(Draw.cycle_id == cycle.id, Draw.state.in_(IN_PROGRESS))
    return session.scalars(wanted).one_or_none()


def locked(session: Session, draw_id: int) -> Draw:
    """A draw that nobody else touches until the transaction ends. Raises NotFound."""
    wanted = sa.select(Draw).where(Draw.id == draw_id).with_for_update(of=Draw)
    found = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(f"no draw {draw_id}")
    return found


def expect(draw: Draw, state: str, otherwise: str) -> None:
    """Raises Refused with this text if a draw is not in a state."""
    if draw.state != state:
        raise refused(state, otherwise)


def refused(what: str, *texts: str) -> Refused:
    """A refusal with its reasons in words."""
    return Refused(what, tuple(Reason(text) for text in texts))


def keep(
    session: Session,
    verb: Verb,
    draw: Draw,
    after: Mapping[str, Any],
    *,
    actor: Person,
    now: datetime,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Record in the audit trail what was done with a draw; never its secret."""
    about = {
        "draw": draw.id,
        "cycle": draw.cycle.number,
        "year": draw.year,
        "commitment": draw.commitment,
    }
    audit.record(session, verb, now=now, actor=actor, before=before, after=about | dict(after))


def _check(session: Session, cycle: Cycle, order: DrawOrder) -> None:
    errors = {}
    if not order.title.strip():
        errors["title"] = N_("Give the draw a title.")
    elif len(order.title.strip()) > TITLE_LIMIT:
        errors["title"] = N_("This is too long.")
    held = session.get(GroupSession, order.session_id) if order.session_id else None
    if order.session_id and (held is None or held.cycle_id != cycle.id):
        errors["session"] = N_("Choose a session of this cycle.")
    if not 0 <= order.year <= cycle_planning.LAST_YEAR:
        errors["year"] = N_("A cycle has the years 1 to 5.")
    if errors:
        raise InvalidGiven(errors)
