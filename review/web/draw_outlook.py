"""What stands before and after a draw: what can be drawn and what is missing, and who got whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import current_app, url_for

from review import clock
from review.reference import LotRulesError
from review.services import group_sessions
from review.services.draws import board, feasibility
from review.services.queries import lot_requests
from review.services.queries.draws import DrawRow
from review.services.queries.lot_requests import Choice, RequestRow
from review.services.snapshot import VIENNA
from review.web import present, reading, wording
from review.web.words import _, ngettext
from workflows.announcement import ReviewersAnnouncement
from workflows.deadlines import local_day
from workflows.lots import LotsError

if TYPE_CHECKING:
    from review.models import Cycle
    from review.services.queries.draw_room import SeenDraw

_RUNNING = ("prepared", "published", "open", "drawn")


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the checklist: ``state`` is ok, note or missing; ``href`` leads to who mends it."""

    state: str
    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What can be drawn next in a cycle, and what is missing before."""

    running: DrawRow | None
    choices: Sequence[Choice]
    requests: Sequence[RequestRow]
    obstacles: Sequence[str]
    items: Sequence[Item]

    @property
    def waiting(self) -> list[RequestRow]:
        """The requests that wait for a draw."""
        return [one for one in self.requests if one.waiting]

    @property
    def possible(self) -> bool:
        """Whether the cycle can be completed from what stands."""
        return not self.obstacles


def outlook(cycle: Cycle, draws: Sequence[DrawRow]) -> Outlook:
    """The outlook of a cycle for the secretariat."""
    session, now = reading.session(), clock.now()
    day = local_day(now, VIENNA)
    try:
        stands = board.standing(session, cycle, day)
        reasons = feasibility.obstacles(stands.board(), stands)
        obstacles = [wording.reason(reason) for reason in reasons]
        choices = lot_requests.choices(session, cycle, now)
    except LotRulesError as wrong:
        return Outlook(None, (), (), [_(text) for text in wrong.errors.values()], ())
    except LotsError as wrong:
        return Outlook(None, (), (), [str(wrong)], ())
    requests = lot_requests.requests(session, cycle)
    running = next((row for row in draws if row.state in _RUNNING), None)
    items = [
        _rules(cycle),
        _roster(cycle, stands),
        _lists(cycle, stands),
        _session(cycle),
        _requests(requests),
    ]
    return Outlook(running, choices, requests, obstacles, items)


def _rules(cycle: Cycle) -> Item:
    text = (
        _("The rules are set, some of them for this cycle alone.")
        if cycle.lot_rules
        else _("The usual rules hold.")
    )
    return Item("ok", text, _href("planning_rules.show", cycle))


def _roster(cycle: Cycle, stands: board.Standing) -> Item:
    serving = sum(one.serves for one in stands.parties)
    text = _(
        "%(serving)s of %(all)s parties take reviews.", serving=serving, all=len(stands.parties)
    )
    return Item("ok" if serving else "missing", text, _href("planning_parties.index", cycle))


def _lists(cycle: Cycle, stands: board.Standing) -> Item:
    href = _href("planning_experts.index", cycle)
    missing = len(stands.unlisted)
    if not missing:
        return Item("ok", _("Every party has its list of experts."), href)
    if stands.all_rules.expert_list == "block":
        text = ngettext(
            "%(num)s party has no list of experts and cannot be drawn.",
            "%(num)s parties have no list of experts and cannot be drawn.",
            missing,
        )
        return Item("missing", text, href)
    text = ngettext(
        "%(num)s party has no list of experts; it can be drawn all the same.",
        "%(num)s parties have no list of experts; they can be drawn all the same.",
        missing,
    )
    return Item("note", text, href)


def _session(cycle: Cycle) -> Item:
    today = local_day(clock.now(), VIENNA)
    href = _href("planning_sessions.index", cycle)
    coming = [
        one for one in group_sessions.of_cycle(reading.session(), cycle) if one.last_day >= today
    ]
    if not coming:
        return Item("note", _("No coming session is entered."), href)
    text = _(
        "Next session: %(title)s, %(days)s.",
        title=coming[0].title,
        days=present.period(coming[0].first_day, coming[0].last_day),
    )
    return Item("ok", text, href)


def _requests(requests: Sequence[RequestRow]) -> Item:
    waiting = sum(one.waiting for one in requests)
    if not waiting:
        return Item("ok", _("No request waits."), "#requests")
    text = ngettext(
        "%(num)s request waits for a draw.", "%(num)s requests wait for a draw.", waiting
    )
    return Item("note", text, "#requests")


def _href(endpoint: str, cycle: Cycle) -> str:
    known = endpoint in current_app.view_functions
    return url_for(endpoint, number=cycle.number) if known else ""


# Results ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Who is in a place: its code and name, and the lot that drew it (0: it stood already)."""

    code: str
    name: str
    lot: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the results: a State, and its reviewing States or (of the years) its year."""

    code: str
    title: str
    places: tuple[Place | None, ...]


def by_group(draw: SeenDraw) -> dict[str, list[Line]]:
    """The results of a draw by regional group, names in order; the empty group comes last."""
    announced = draw.announcement
    if isinstance(announced, ReviewersAnnouncement):
        lines = _pairs(draw, announced)
    else:
        names = {one.code: one.name for one in announced.parties}
        lines = [
            (
                entry["group"],
                Line(
                    entry["drawn"],
                    names[entry["drawn"]],
                    (Place("", str(entry["year"]), entry["number"]),),
                ),
            )
            for entry in draw.entries
        ]
    found: dict[str, list[Line]] = {}
    for group, line in sorted(lines, key=lambda one: (not one[0], one[0], _order(one[1]))):
        found.setdefault(group, []).append(line)
    return found


def _order(line: Line) -> tuple[str, str]:
    """The order inside a group: by year where years were drawn, then by name."""
    only = line.places[0] if len(line.places) == 1 else None
    return (only.name if only else "", line.title)


def _pairs(draw: SeenDraw, announced: ReviewersAnnouncement) -> list[tuple[str, Line]]:
    parties, reviews = announced.board.parties, announced.board.reviews
    drawn: dict[str, dict[int, Place]] = {}
    for entry in draw.entries:
        place = Place(entry["drawn"], parties[entry["drawn"]].name, entry["number"])
        drawn.setdefault(entry["state"], {})[entry["slot"]] = place
    lines = []
    for state, places in drawn.items():
        pair = [
            places.get(slot) or (Place(code, parties[code].name, 0) if code else None)
            for slot, code in zip((1, 2), reviews[state].reviewers, strict=True)
        ]
        lines.append((parties[state].group or "", Line(state, parties[state].name, tuple(pair))))
    return lines


def told(draw: SeenDraw) -> Mapping[str, Sequence[str]]:
    """The names of the States that a record concerns: under review, and drawn."""
    names = {one.code: one.name for one in draw.announcement.parties}
    reviewed = sorted({names[one["state"]] for one in draw.entries if "state" in one})
    return {
        "reviewed": reviewed,
        "drawn": sorted({names[one["drawn"]] for one in draw.entries}),
    }
