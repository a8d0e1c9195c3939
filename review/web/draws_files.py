"""What can be taken away of a draw: announcement, transcript, results, and how to check them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, current_app
from flask.typing import ResponseReturnValue

from review import clock
from review.policy import Action
from review.resources import LOTS
from review.services.draws import pairings_lists, pairings_paper
from review.services.queries import cycle as cycle_query
from review.services.queries import draw_room, draws
from review.services.queries.draw_room import SeenDraw
from review.web import csv_files, draw_outlook, frame, reading
from review.web.access import needs, public, viewer
from review.web.security import limiter
from review.web.words import _
from workflows import chance
from workflows.announcement import Kind

blueprint = Blueprint("draws_files", __name__)

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@blueprint.get("/draws/<int:draw_id>/announcement.json")
@needs(Action.SEE_DRAWS)
def announcement(draw_id: int) -> ResponseReturnValue:
    """The announcement, whose digest is the commitment."""
    draw = draw_room.find(reading.session(), draw_id, viewer())
    return _document(draw.announcement.document(), f"draw-{draw_id}-announcement.json")


@blueprint.get("/draws/<int:draw_id>/transcript.json")
@needs(Action.SEE_DRAWS)
def transcript(draw_id: int) -> ResponseReturnValue:
    """The transcript, once every lot is drawn; others than the secretariat: once it is recorded."""
    found = draws.transcript(reading.session(), draw_id, viewer())
    return _document(found, f"draw-{draw_id}-transcript.json")


@blueprint.get("/public/draws/<int:draw_id>.json")
@public
@limiter.limit("60 per minute")
def public_transcript(draw_id: int) -> ResponseReturnValue:
    """The transcript of a recorded draw, for everybody."""
    return _document(draws.public_transcript(reading.session(), draw_id), "")


@blueprint.get("/draws/<int:draw_id>/results.<form>")
@needs(Action.SEE_DRAWS)
def results(draw_id: int, form: str) -> ResponseReturnValue:
    """The results as a table (csv), for programs (json), or as a paper (docx) once recorded."""
    draw = draw_room.find(reading.session(), draw_id, viewer())
    if not draw.entries or form not in ("csv", "json", "docx"):
        abort(404)
    if form == "docx":
        return _paper(draw)
    groups = draw_outlook.by_group(draw)
    if form == "json":
        rows = [_plain(group, line) for group, lines in groups.items() for line in lines]
        return _document({"draw": draw_id, "results": rows}, f"draw-{draw_id}-results.json")
    years = draw.announcement.kind is Kind.YEARS
    places = [_("Year")] if years else [_("First reviewing State"), _("Second reviewing State")]
    lines = [
        [_(group), line.title, *(place.name if place else "" for place in line.places)]
        for group, lines in groups.items()
        for line in lines
    ]
    heads = [_("Regional group"), _("State under review"), *places]
    return csv_files.file(f"draw-{draw_id}-results.csv", heads, lines)


def _paper(draw: SeenDraw) -> Response:
    """The pairs of the draw as the office hands them out, in the reader's language and another."""
    if draw.state != "recorded" or draw.announcement.kind is Kind.YEARS:
        abort(404)
    session, year = reading.session(), draw.page.row.year
    cycle = cycle_query.find(session, draw.page.row.cycle)
    drawn = {entry["state"] for entry in draw.entries}
    rows = [one for one in pairings_lists.pairings(session, cycle, year=year) if one.state in drawn]
    content = pairings_paper.docx(
        cycle,
        rows,
        reader=frame.language_code(),
        at=clock.now(),
        specimen=bool(current_app.extensions["review"].demonstration),
    )
    answer = Response(content, mimetype=_DOCX)
    name = f"draw-{draw.id}-results.docx"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _plain(group: str, line: draw_outlook.Line) -> dict[str, Any]:
    """A line of the results for programs: codes, not names in the reader's language."""
    found: dict[str, Any] = {"group": group or None, "state": line.code, "name": line.title}
    if len(line.places) == 1 and line.places[0]:
        return {**found, "year": int(line.places[0].name), "lot": line.places[0].lot}
    first, second = (place and {"state": place.code, "lot": place.lot} for place in line.places)
    return {**found, "first": first, "second": second}


# How to check it ----------------------------------------------------------------------------------


@blueprint.get("/draws/verify_lots.py")
@public
def verifier() -> ResponseReturnValue:
    """The program that repeats a draw from its transcript."""
    return _text("verify_lots.py", attachment=True)


@blueprint.get("/draws/specification.md")
@public
def specification() -> ResponseReturnValue:
    """The text to which the program was written."""
    return _text("specification.md")


@blueprint.get("/draws/bias.md")
@public
def bias() -> ResponseReturnValue:
    """What was measured of the chances that the two ways of drawing give."""
    return _text("bias.md")


def _document(document: Mapping[str, Any], name: str) -> Response:
    answer = Response(chance.canonical(document) + "\n", mimetype="application/json")
    if name:
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _text(name: str, *, attachment: bool = False) -> Response:
    path = LOTS / name
    if not path.is_file():
        abort(404)
    answer = Response(path.read_bytes(), mimetype="text/plain")
    answer.headers["Content-Type"] = "text/plain; charset=utf-8"
    if attachment:
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
