"""Holding a draw: the numbers that were read out, then lot after lot.

Every lot is a row with the number of the lot in its key, drawn under a lock of the draw: two
officers who press at once draw one lot. A lot depends on the seed, its number and the lots before,
so a draw that was interrupted goes on at the same lot with the same result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Draw, Lot, Person
from review.services.audit import Verb
from review.services.draws import feasibility
from review.services.draws.prepare import expect, keep, locked, refused
from review.services.errors import Conflict, InvalidGiven
from workflows import announcement, chance, drawing
from workflows.announcement import Mode
from workflows.drawing import Entry

READ_OUT_LIMIT = 1000
DRAWN_BY_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Drawn:
    """A lot that is drawn.

    ``new`` is false if an earlier request of the same person drew it. ``last``: all are drawn.
    """

    number: int
    entry: Entry
    new: bool
    last: bool


def open_draw(
    session: Session,
    draw_id: int,
    read_out: str,
    *,
    drawn_on: date,
    drawn_by: str,
    actor: Person,
    now: datetime,
) -> Draw:
    """Take down what was read out; with it the seed stands, and lots can be drawn.

    ``read_out`` is kept without the white space around it. ``drawn_by`` says who drew, by role and
    delegation. Raises NotFound; InvalidGiven; Refused if the draw is not published or what stands
    has changed since it was announced.
    """
    draw = locked(session, draw_id)
    expect(draw, "published", N_("Lots can be drawn once the draw is published, and once only."))
    read_out, drawn_by = read_out.strip(), drawn_by.strip()
    errors = {}
    if not read_out:
        errors["read_out"] = N_("Enter what was read out; without it there is no draw.")
    elif len(read_out) > READ_OUT_LIMIT:
        errors["read_out"] = N_("This is too long.")
    if len(drawn_by) > DRAWN_BY_LIMIT:
        errors["drawn_by"] = N_("This is too long.")
    if errors:
        raise InvalidGiven(errors)
    feasibility.unchanged(session, draw)
    draw.read_out, draw.drawn_by, draw.drawn_on = read_out, drawn_by, drawn_on
    draw.seed = chance.seed(draw.commitment, read_out, draw.secret)
    draw.state, draw.opened_at = "open", now
    session.flush()
    keep(session, Verb.DRAW_OPENED, draw, {"read_out": read_out}, actor=actor, now=now)
    return draw


def draw_next(
    session: Session, draw_id: int, expected: int, *, actor: Person, now: datetime
) -> Drawn:
    """Draw the lot with the number that the person saw as the next one, from 1.

    The same person's request again gives the lot that it drew, and draws nothing. Raises NotFound;
    Conflict if somebody else drew this lot; InvalidGiven for a number beyond the next lot; Refused
    if the draw is not open or is drawn as a whole.
    """
    draw = locked(session, draw_id)
    done = entries(session, draw)
    if 1 <= expected <= len(done):
        return _again(session, draw, expected, actor)
    expect(draw, "open", N_("This draw is not open."))
    announced = announcement.read(draw.announcement)
    if announced.mode is Mode.WHOLE:
        raise refused("draw", N_("This draw is drawn as a whole, not lot by lot."))
    if expected != len(done) + 1:
        raise InvalidGiven({"expected": N_("This is not the number of the next lot.")})
    made = _draw(session, draw, done, 1, actor=actor, now=now)
    return made[0]


def draw_rest(
    session: Session,
    draw_id: int,
    *,
    actor: Person,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Drawn]:
    """Draw every lot that is left; none if all are drawn already.

    ``progress`` is told per cent done of a draw as a whole. Raises NotFound; Refused if the draw is
    not open.
    """
    draw = locked(session, draw_id)
    if draw.state in ("drawn", "recorded"):
        return []
    expect(draw, "open", N_("This draw is not open."))
    done = entries(session, draw)
    return _draw(session, draw, done, None, actor=actor, now=now, progress=progress)


def entries(session: Session, draw: Draw) -> list[Entry]:
    """The lots of a draw that are drawn, as the transcript has them."""
    wanted = sa.select(Lot.entry).where(Lot.draw_id == draw.id).order_by(Lot.number)
    return list(session.scalars(wanted))


def _again(session: Session, draw: Draw, number: int, actor: Person) -> Drawn:
    lot = session.get_one(Lot, (draw.id, number))
    if lot.drawn_by == actor.id:
        last = number == len(draw.announcement["lots"])
        return Drawn(number, lot.entry, new=False, last=last)
    drawn_by = session.get(Person, lot.drawn_by) if lot.drawn_by else None
    text = f"lot {number} is drawn already"
    raise Conflict(text, lot.entry, drawn_by.title if drawn_by else "", lot.drawn_at)


def _draw(
    session: Session,
    draw: Draw,
    done: list[Entry],
    most: int | None,
    *,
    actor: Person,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Drawn]:
    """Draw up to this many lots, all if None, and close the draw with the last one."""
    announced = announcement.read(draw.announcement)
    found = drawing.draw_all(announced, draw.seed, done, progress=progress)
    new = list(islice(found, most))
    session.add_all(
        Lot(draw_id=draw.id, number=one["number"], entry=one, drawn_at=now, drawn_by=actor.id)
        for one in new
    )
    complete = len(done) + len(new) == len(announced.lots)
    if complete:
        everything = [*done, *new]
        draw.transcript = drawing.transcript(announced, draw.secret, draw.read_out, everything)
        draw.state = "drawn"
    session.flush()
    if complete:
        after = {"lots": len(announced.lots), "digest": everything[-1]["chain"]}
        keep(session, Verb.DRAW_COMPLETED, draw, after, actor=actor, now=now)
    return [Drawn(one["number"], one, True, one["number"] == len(announced.lots)) for one in new]
