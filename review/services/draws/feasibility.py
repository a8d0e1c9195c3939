"""Whether a draw can be held: the cycle can be completed, and nothing has changed since."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Draw, Review
from review.services.draws import shortages
from review.services.draws.board import Standing, reviews_of
from review.services.draws.orders import REQUESTED
from review.services.errors import Refused
from workflows import announcement, conflict_words, conflicts
from workflows.announcement import Announcement, YearsAnnouncement
from workflows.completion import Completion, UndecidedError
from workflows.cuts import outcome
from workflows.facts import Reason
from workflows.lots import Board
from workflows.registry import process
from workflows.relaxed import Relaxed, all_but

_SMALL = 30
"""Elements of a conflict of which a page can wait for a smallest one."""


def obstacles(board: Board, stands: Standing) -> tuple[Reason, ...]:
    """Why the cycle cannot be completed from here; nothing if it can."""
    try:
        if Completion.find(board) is not None:
            return ()
    except UndecidedError:
        return (Reason(N_("Whether the cycle can be completed could not be decided.")),)
    reasons = [Reason(N_("The cycle cannot be completed from what stands."))]
    reviewed = {one.code for one in stands.reviews}
    if without := [one.code for one in stands.parties if one.code not in reviewed]:
        text = N_("%(count)d parties have no year of review yet; the lots need the whole cycle.")
        reasons.append(Reason(text, {"count": len(without)}))
    if stands.all_rules.expert_list == "block" and stands.unlisted:
        text = N_("%(count)d parties cannot be drawn because their list of experts is missing.")
        reasons.append(Reason(text, {"count": len(stands.unlisted)}))
    counts = tuple(shortages.counted(shortages.slack(board)))
    return (*reasons, *(counts or _conflict(board)))


def _conflict(board: Board) -> tuple[Reason, ...]:
    """A smallest conflict in words, if it is small from the beginning.

    Of a whole cycle it can take minutes; the command line takes that time, pages do not.
    """
    try:
        core = outcome(Relaxed(board), all_but(frozenset())).core
        small = core is not None and len(core) <= _SMALL
        found = conflicts.conflict(board) if small else None
    except UndecidedError:
        return ()
    return tuple(conflict_words.say(found, board)) if found else ()


def unchanged(session: Session, draw: Draw) -> None:
    """Raises Refused if the reviews are no longer those of the announcement.

    A draw holds for what stood when it was announced: somebody deferred a review since, or
    recorded reviewing States otherwise.
    """
    if moved := changed(session, draw):
        text = N_("What stands has changed since the announcement: %(states)s. Void this draw.")
        raise Refused("lots", (Reason(text, {"states": ", ".join(moved)}),))


def changed(session: Session, draw: Draw) -> list[str]:
    """The States whose review is not as the draw announced it; codes, sorted."""
    announced = announcement.read(draw.announcement)
    if isinstance(announced, YearsAnnouncement):
        under_review = {one.code for one in reviews_of(session, draw.cycle)}
        return sorted(under_review & {one.code for one in announced.parties})
    standing = {one.code: one for one in reviews_of(session, draw.cycle)}
    anew = {(lot.state, lot.slot): lot.without for lot in announced.lots}
    moved = set(standing.keys() & _started(session, draw, announced))
    for review in announced.reviews:
        found = standing.get(review.code)
        if found is None or found.year != review.year:
            moved.add(review.code)
            continue
        for slot, now, then in zip((1, 2), found.reviewers, review.reviewers, strict=True):
            replaced = now in anew.get((review.code, slot), ()) or (
                draw.purpose in REQUESTED and (review.code, slot) in anew
            )
            if now != then and not replaced:
                moved.add(review.code)
    return sorted(moved)


def _started(session: Session, draw: Draw, announced: Announcement) -> set[str]:
    """The States to be drawn for whose review has begun."""
    wanted = sa.select(Review.iso3).where(
        Review.cycle_id == draw.cycle_id,
        Review.iso3.in_({lot.state for lot in announced.lots if hasattr(lot, "state")}),
        Review.stage != process(draw.cycle.process_key).start,
    )
    return set(session.scalars(wanted))
