"""A process as a picture: a lane a party, a band a stage, a box a milestone, lines for what waits.

Server-made SVG without script or style attributes: the theme's classes colour it, so it follows
dark mode, prints, and works inside a page (``review/static/css/diagram.css``) and as a file. 400
units wide, so that it can be read on a phone without scrolling sideways.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal

from workflows.spec import N_, Each, Milestone, Party, Process, Stage

LANES = (Party.STATE_UNDER_REVIEW, Party.REVIEWING_STATE, Party.SECRETARIAT)
TITLES = {
    Party.STATE_UNDER_REVIEW: N_("State under review"),
    Party.REVIEWING_STATE: N_("Reviewing States"),
    Party.SECRETARIAT: N_("Secretariat"),
}
WIDTH, MARGIN, LANE, GAP, LINE, BAND = 400, 8, 128, 16, 14, 26
EM = 11.5
"""Size of the type; diagram.css sets the same."""

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Mark:
    """How a milestone stands in one review, and what to write below its name (a date).

    ``off``: the milestone does not apply to this review.
    """

    state: Literal["done", "now", "ahead", "off", ""] = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Box:
    item: Milestone
    mark: Mark
    lane: int
    lanes: int
    top: int
    lines: tuple[str, ...]

    @property
    def height(self) -> int:
        return LINE * (len(self.lines) + bool(self.mark.note)) + 10

    @property
    def left(self) -> int:
        return MARGIN + self.lane * LANE + 4

    @property
    def width(self) -> int:
        return self.lanes * LANE - 8

    @property
    def middle(self) -> int:
        return self.left + self.width // 2


def diagram(
    process: Process,
    *,
    stage: str | None = None,
    marks: Mapping[str, Mark] | None = None,
    labels: Translate = str,
    rtl: bool = False,
) -> str:
    """The SVG of a process; with ``stage`` and ``marks`` (by milestone) of one review's position.

    ``labels`` translates; ``rtl`` mirrors the lanes. The text is safe markup.
    """
    boxes, bands, height = _layout(process, marks or {}, labels)
    parts = [*_lanes(labels, height, rtl)]
    parts += [_edge(a, b, rtl) for a, b in _edges(process, boxes)]
    parts += [_band(process, item, top, stage, labels, rtl) for item, top in bands]
    parts += [_box(box, rtl) for box in boxes.values()]
    title = escape(labels(process.title))
    words = escape(_in_words(process, stage, boxes, labels))
    return (
        f'<svg class="diagram" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' aria-labelledby="process-title process-words" xmlns="http://www.w3.org/2000/svg">\n'
        f'<title id="process-title">{title}</title>\n<desc id="process-words">{words}</desc>\n'
        + "\n".join(parts)
        + "\n</svg>"
    )


def _layout(
    process: Process, marks: Mapping[str, Mark], labels: Translate
) -> tuple[dict[str, _Box], list[tuple[Stage, int]], int]:
    boxes: dict[str, _Box] = {}
    bands = []
    y = 34
    for stage in process.stages:
        bands.append((stage, y))
        y += BAND + GAP
        for row in _rows(process, stage.key):
            for item in row:
                boxes[item.key] = _place(item, marks.get(item.key, Mark()), y, labels)
            y += max(boxes[item.key].height for item in row) + GAP
    return boxes, bands, y - GAP + MARGIN


def _place(item: Milestone, mark: Mark, top: int, labels: Translate) -> _Box:
    lane, lanes = LANES.index(item.owner), 1
    if item.each is Each.THREE:  # both States' lanes stand side by side
        lane, lanes = 0, 2
    return _Box(item, mark, lane, lanes, top, _wrap(labels(item.label), lanes * LANE - 16))


def _rows(process: Process, stage: str) -> list[list[Milestone]]:
    """The milestones of a stage from top to bottom: after what they need, side by side if free."""
    here = {item.key: item for item in process.milestones if item.stage == stage}
    rows: list[list[Milestone]] = []
    row_of: dict[str, int] = {}

    def place(item: Milestone) -> None:
        for need in item.needs:
            if need in here and need not in row_of:
                place(here[need])
        row = 1 + max((row_of.get(need, -1) for need in item.needs), default=-1)
        while row < len(rows) and any(_overlap(item, other) for other in rows[row]):
            row += 1
        rows.extend([] for _ in range(row + 1 - len(rows)))
        rows[row].append(item)
        row_of[item.key] = row

    for item in sorted(here.values(), key=lambda each: each.repeats):
        if item.key not in row_of:
            place(item)
    return rows


def _overlap(one: Milestone, other: Milestone) -> bool:
    return one.owner is other.owner or Each.THREE in (one.each, other.each)


def _wrap(text: str, width: int) -> tuple[str, ...]:
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and _width(longer) > width:
            lines.append(line)
            longer = word
        line = longer
    return (*lines, line)


def _width(text: str) -> float:
    wide = sum(1 for letter in text if unicodedata.east_asian_width(letter) in "WF")
    return EM * (wide + 0.55 * (len(text) - wide))


def _edges(process: Process, boxes: Mapping[str, _Box]) -> Iterator[tuple[_Box, _Box]]:
    """What waits for what, without lines that a longer way says already."""
    needs = {item.key: set(item.needs) for item in process.milestones}

    def behind(key: str) -> set[str]:
        return needs[key].union(*(behind(need) for need in needs[key]))

    for key, direct in needs.items():
        said = set[str]().union(*(behind(need) for need in direct))
        yield from ((boxes[need], boxes[key]) for need in sorted(direct - said))


def _x(x: float, rtl: bool) -> float:
    return WIDTH - x if rtl else x


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    name = f' class="{kind}"' if kind else ""
    return f'<text{name} x="{x:g}" y="{y:g}" text-anchor="middle">{escape(text)}</text>'


def _rect(x: float, y: float, width: float, height: float, rtl: bool, more: str = "") -> str:
    left = WIDTH - x - width if rtl else x
    return f'<rect x="{left:g}" y="{y:g}" width="{width:g}" height="{height:g}"{more}/>'


def _lanes(labels: Translate, height: int, rtl: bool) -> Iterator[str]:
    for number, party in enumerate(LANES):
        left = MARGIN + number * LANE
        yield _rect(left, 4, LANE, height - 8, rtl, f' class="lane lane-{number % 2}"')
        lines = _wrap(labels(TITLES[party]), LANE - 8)
        first = 22 - 7 * (len(lines) - 1)
        for line, text in enumerate(lines):
            yield _text(_x(left + LANE / 2, rtl), first + 14 * line, text, "lane-title")


def _band(
    process: Process, stage: Stage, top: int, present: str | None, labels: Translate, rtl: bool
) -> str:
    number = process.position(stage.key)
    state = ""
    if present is not None:
        here = process.position(present)
        state = " past" if number < here else " now" if number == here else " ahead"
    shape = _rect(MARGIN, top, 3 * LANE, BAND, rtl, ' rx="3"')
    numbered = f"{number} · " if number and not stage.final else ""
    text = _text(WIDTH / 2, top + 17, numbered + labels(stage.label))
    return f'<g class="band s{number}{state}">{shape}{text}</g>'


def _box(box: _Box, rtl: bool) -> str:
    names = " ".join(filter(None, ("box", box.mark.state, "repeats" if box.item.repeats else "")))
    middle = _x(box.middle, rtl)
    parts = [_rect(box.left, box.top, box.width, box.height, rtl, ' rx="4"')]
    parts += [
        _text(middle, box.top + 4 + LINE * number, line)
        for number, line in enumerate(box.lines, start=1)
    ]
    if box.mark.note:
        parts.append(
            _text(middle, box.top + 4 + LINE * (len(box.lines) + 1), box.mark.note, "note")
        )
    return f'<g class="{names}">{"".join(parts)}</g>'


def _edge(source: _Box, target: _Box, rtl: bool) -> str:
    """Down from the one, across just above the other, down into it, with an arrow's head."""
    x1, y1 = _x(source.middle, rtl), source.top + source.height
    x2, y2 = _x(target.middle, rtl), target.top
    line = f"M{x1:g} {y1}V{y2 - GAP / 2:g}H{x2:g}V{y2 - 3}"
    head = f"M{x2 - 3.5:g} {y2 - 5}L{x2:g} {y2}L{x2 + 3.5:g} {y2 - 5}Z"
    return f'<path class="edge" d="{line}"/><path class="edge-head" d="{head}"/>'


def _in_words(
    process: Process, stage: str | None, boxes: Mapping[str, _Box], labels: Translate
) -> str:
    """The picture for those who do not see it: stages in order, then each milestone."""
    told = [", ".join(labels(item.label) for item in process.stages) + "."]
    if stage is not None:
        told.append(labels(process.stage(stage).label) + ".")
    for box in boxes.values():
        who = labels(TITLES[box.item.owner])
        note = f", {box.mark.note}" if box.mark.note else ""
        told.append(f"{labels(box.item.label)} ({who}){note}.")
    return " ".join(told)


def texts() -> tuple[str, ...]:
    """What the picture adds to the labels of the process."""
    return tuple(TITLES.values())
