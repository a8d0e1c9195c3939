"""The projector of a drawing of lots: the next lot, its result, and the trial run before.

One key draws; what it posts is the number of the lot that the room sees as the next one, so a
second press, a reload or a page that was left open never draws another lot.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db, languages
from review.languages import N_
from review.policy import Action
from review.services.draws import conduct
from review.services.errors import Conflict, InvalidGiven, Refused
from review.services.queries import draw_room as query
from review.services.queries.draw_room import SeenDraw
from review.web import asked, frame, reading, wording
from review.web.access import may, needs, viewer
from review.web.draw_room_page import NOTHING, Go, RoomPage, label, light, words
from review.web.draw_room_view import RoomView
from review.web.draw_words import Room, grouped
from review.web.words import _
from workflows import chance, drawing
from workflows.announcement import Mode
from workflows.drawing import Entry, NoCompletionError

blueprint = Blueprint("draws_room", __name__)


@blueprint.get("/draws/<int:draw_id>/room")
@needs(Action.SEE_DRAWS)
def show(draw_id: int) -> ResponseReturnValue:
    """The next lot; with ``lot`` one that is drawn; with ``rehearsal`` a trial run."""
    draw = query.find(reading.session(), draw_id, viewer())
    reader = asked.Reader(request.args)
    room = Room.of(frame.language_code(), reader.one_of("second", languages.CODES) or "")
    rehearsed = reader.number("rehearsal", 0, len(draw.announcement.lots))
    if rehearsed is not None and may_rehearse(draw):
        page = _rehearsal(draw, room, rehearsed, following=bool(reader.number("next", 1, 1)))
    else:
        number = reader.number("lot", 1, max(1, len(draw.entries)))
        page = _page(draw, room, number if number and draw.entries else None)
    return _shown(page, room)


@blueprint.post("/draws/<int:draw_id>/room")
@needs(Action.DRAW_LOTS)
def draw_lot(draw_id: int) -> ResponseReturnValue:
    """Draw the lot with this number, or show it if it is drawn already."""
    draw = query.find(reading.session(), draw_id, viewer())
    number = asked.Reader(request.form).number("number", 1, len(draw.announcement.lots))
    if number is None:
        abort(400)
    try:
        with db.transaction() as session:
            drawn = conduct.draw_next(session, draw_id, number, actor=viewer(), now=clock.now())
        if not drawn.new:
            flash(_("Lot %(number)s was drawn already. This is its result.", number=number), "ok")
    except Conflict as before:
        flash(
            _(
                "Lot %(number)s was drawn by %(who)s a moment before. This is its result.",
                number=number,
                who=before.by or _("somebody else"),
            ),
            "ok",
        )
    except (InvalidGiven, Refused) as refused:
        return _refused(draw_id, refused)
    return redirect(_room(draw_id, lot=number), 303)


@blueprint.post("/draws/<int:draw_id>/room/rest")
@needs(Action.DRAW_LOTS)
def draw_rest(draw_id: int) -> ResponseReturnValue:
    """Draw every lot that is left: the whole draw behind one button."""
    query.find(reading.session(), draw_id, viewer())
    try:
        with db.transaction() as session:
            drawn = conduct.draw_rest(session, draw_id, actor=viewer(), now=clock.now())
    except Refused as refused:
        return _refused(draw_id, refused)
    if not drawn:
        flash(_("Every lot was drawn already."), "ok")
    return redirect(_room(draw_id), 303)


def may_rehearse(draw: SeenDraw) -> bool:
    """Whether a trial run makes sense: before the draw, where lots are drawn one by one."""
    before = draw.state in ("prepared", "published")
    return before and draw.announcement.mode is Mode.LOT_BY_LOT


def _refused(draw_id: int, refused: InvalidGiven | Refused) -> ResponseReturnValue:
    if isinstance(refused, InvalidGiven):
        texts = [_("The lots have not come to this number yet. This is the next one.")]
    else:
        texts = [wording.reason(reason) for reason in refused.reasons]
    for text in texts:
        flash(text, "warn")
    return redirect(_room(draw_id), 303)


def _room(draw_id: int, lot: int | None = None) -> str:
    second = request.form.get("second", "")
    kept = second if second in languages.CODES else None
    return url_for("draws_room.show", draw_id=draw_id, lot=lot, second=kept)


def _shown(page: RoomPage, room: Room) -> str:
    return render_template(
        "draws/room.html",
        page=page,
        shown=page.shown,
        words=words(room, page.view.announcement, page.shown, running=page.done < page.total),
        second=room.second.language,
        grouped=grouped,
    )


# What the room sees ------------------------------------------------------------------------------


def _page(draw: SeenDraw, room: Room, number: int | None) -> RoomPage:
    view = RoomView(draw.announcement, draw.entries, room)
    if number is not None:
        return _drawn(draw, view, number)
    if draw.state == "open" and draw.announcement.mode is Mode.LOT_BY_LOT:
        return _next(draw, view)
    return _between(draw, view)


def _next(draw: SeenDraw, view: RoomView) -> RoomPage:
    try:
        lot = drawing.next_lot(draw.announcement, draw.entries)
    except NoCompletionError:
        lot = None
    if lot is None:
        return _between(draw, view, possible=False)
    done = len(draw.entries)
    results, left_out = view.results(done, lot.entry)
    go = NOTHING
    if may(Action.DRAW_LOTS):
        href = url_for("draws_room.draw_lot", draw_id=draw.id)
        go = Go("draw", label(lot.number), href, lot.number)
    return RoomPage(
        **_about(draw, view),
        shown=view.next(lot),
        done=done,
        light=light(view.room, draw.announcement),
        go=go,
        results=results,
        left_out=left_out,
    )


def _drawn(draw: SeenDraw, view: RoomView, number: int) -> RoomPage:
    results, left_out = view.results(number, draw.entries[number - 1])
    second = {"second": view.room.second.language.code}
    here = url_for("draws_room.show", draw_id=draw.id)
    everything = url_for("draws.results", draw_id=draw.id)
    also: tuple[Go, ...] = ()
    if number < len(draw.entries):
        go = Go("follow", _("Show lot %(number)s", number=number + 1), here)
        go = Go("follow", go.label, here, query={"lot": number + 1, **second})
        also = (Go("follow", _("All results"), everything),)
    elif draw.state == "open":
        go = Go("follow", _("On to lot %(number)s", number=number + 1), here, query=second)
    else:
        go = Go("follow", _("All results"), everything)
    return RoomPage(
        **_about(draw, view),
        shown=view.drawn(number),
        done=number,
        light=light(view.room, draw.announcement) if draw.state == "open" else None,
        go=go,
        also=also,
        results=results,
        left_out=left_out,
        kept={"lot": number},
    )


def _between(draw: SeenDraw, view: RoomView, *, possible: bool = True) -> RoomPage:
    """Before the first lot and after the last one."""
    go, also = _offers(draw, view.room) if possible else (NOTHING, ())
    done = len(draw.entries)
    results, left_out = view.results(done, None)
    running = draw.state in ("prepared", "published", "open")
    return RoomPage(
        **_about(draw, view),
        stands=view.room.say(_STANDS[draw.state]),
        done=done,
        light=light(view.room, draw.announcement, possible=possible) if running else None,
        go=go,
        also=also,
        results=results,
        left_out=left_out,
    )


_STANDS = {
    "prepared": N_("The draw is prepared. Its commitment is not published yet."),
    "published": N_("The commitment is published. The numbers are read out next."),
    "open": N_("Everything is ready to draw all lots at once."),
    "drawn": N_("All lots are drawn."),
    "recorded": N_("All lots are drawn and recorded."),
    "void": N_("This draw was given up. Its lots count for nothing."),
}


def _offers(draw: SeenDraw, room: Room) -> tuple[Go, tuple[Go, ...]]:
    second = {"second": room.second.language.code}
    here = url_for("draws_room.show", draw_id=draw.id)
    trial = Go("follow", _("Rehearse"), here, query={"rehearsal": 0, "next": 1, **second})
    also = (trial,) if may_rehearse(draw) else ()
    if draw.state == "published" and may(Action.DRAW_LOTS):
        go = Go("follow", _("Enter the numbers"), url_for("draws.open_draw", draw_id=draw.id))
        return go, also
    if draw.state == "open" and may(Action.DRAW_LOTS):
        total = len(draw.announcement.lots)
        href = url_for("draws_room.draw_rest", draw_id=draw.id)
        return Go("draw", _("Draw all %(total)s lots", total=total), href), ()
    if draw.entries and draw.state != "void":
        everything = Go("follow", _("All results"), url_for("draws.results", draw_id=draw.id))
        return Go("follow", _("Show them one by one"), here, query={"lot": 1, **second}), (
            everything,
        )
    return NOTHING, also


def _about(draw: SeenDraw, view: RoomView) -> dict[str, Any]:
    return {
        "draw_id": draw.id,
        "view": view,
        "title": draw.page.row.title,
        "commitment": draw.page.row.commitment,
        "read_out": draw.page.read_out,
        "session": draw.page.row.held_at,
    }


# The trial run -----------------------------------------------------------------------------------


def _rehearsal(draw: SeenDraw, room: Room, done: int, *, following: bool) -> RoomPage:
    """A run with a seed that everybody can know: it says nothing about the real lots."""
    seed = chance.digest({"rehearsal": draw.page.row.commitment})
    entries: list[Entry] = list(islice(drawing.draw_all(draw.announcement, seed), done))
    view = RoomView(draw.announcement, entries, room)
    here = url_for("draws_room.show", draw_id=draw.id)
    kept: dict[str, Any] = {"rehearsal": done, "second": room.second.language.code}
    lot = drawing.next_lot(draw.announcement, entries) if following or not done else None
    if lot is not None:
        go = Go("follow", label(lot.number), here, query={**kept, "rehearsal": lot.number})
        shown, now = view.next(lot), lot.entry
    elif done < len(draw.announcement.lots):
        text = _("On to lot %(number)s", number=done + 1)
        go = Go("follow", text, here, query={**kept, "next": 1})
        shown, now = view.drawn(done), entries[-1]
    else:
        go = Go("follow", _("End of the rehearsal"), url_for("draws.show", draw_id=draw.id))
        shown, now = view.drawn(done), entries[-1]
    results, left_out = view.results(done, now)
    about = {**_about(draw, view), "read_out": _("rehearsal")}
    return RoomPage(
        **about,
        shown=shown,
        done=done,
        rehearsal=True,
        light=light(room, draw.announcement),
        go=go,
        results=results,
        left_out=left_out,
        kept={"rehearsal": done, **({"next": 1} if lot else {})},
    )
