"""The process in words and as a picture: complete, well-formed, in every language's direction."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import workflows
from workflows import describe
from workflows.country_review import IRM_1
from workflows.diagram import Mark, diagram
from workflows.registry import PROCESSES
from workflows.spec import Milestone, Process, Stage, Step

SVG = "{http://www.w3.org/2000/svg}"
both = pytest.mark.parametrize("process", PROCESSES.values(), ids=lambda process: process.key)


def texts(picture: str) -> list[str]:
    """The words of a picture, a group (band or box) in one piece."""
    root = ET.fromstring(picture)
    return [
        " ".join(text.text or "" for text in group.findall(f"{SVG}text"))
        for group in root.findall(f"{SVG}g")
    ]


def rectangles(picture: str, kind: str) -> list[tuple[float, float, float, float]]:
    root = ET.fromstring(picture)
    return [
        (
            float(r.attrib["x"]),
            float(r.attrib["y"]),
            float(r.attrib["width"]),
            float(r.attrib["height"]),
        )
        for group in root.findall(f"{SVG}g")
        if kind in group.attrib["class"].split()
        for r in group.findall(f"{SVG}rect")
    ]


@both
def test_picture_shows_each_stage_and_milestone(process: Process) -> None:
    shown = texts(diagram(process))

    for item in process.milestones:
        assert item.label in shown
    for stage in process.stages:
        assert any(text.endswith(stage.label) for text in shown)


@both
@pytest.mark.parametrize("rtl", [False, True])
def test_boxes_stand_apart_and_inside(process: Process, rtl: bool) -> None:
    boxes = rectangles(diagram(process, rtl=rtl), "box")

    assert len(boxes) == len(process.milestones)
    for x, y, width, height in boxes:
        assert x >= 0
        assert x + width <= 400
        for other in boxes:
            apart = (
                other == (x, y, width, height)
                or x + width <= other[0]
                or other[0] + other[2] <= x
                or y + height <= other[1]
                or other[1] + other[3] <= y
            )
            assert apart


@both
def test_lines_go_down_and_around_the_boxes(process: Process) -> None:
    picture = diagram(process)
    boxes = rectangles(picture, "box")
    edges = [e for e in ET.fromstring(picture).iter(f"{SVG}path") if e.attrib["class"] == "edge"]

    assert len(edges) >= len(process.milestones) - 3
    for edge in edges:
        points = _points(edge.attrib["d"])
        assert points[0][1] < points[-1][1]
        for (x1, y1), (x2, y2) in pairwise(points):
            for x, y, width, height in boxes:
                touches = (
                    max(x1, x2) > x
                    and min(x1, x2) < x + width
                    and max(y1, y2) > y
                    and min(y1, y2) < y + height
                )
                assert not touches, edge.attrib["d"]


def _points(d: str) -> list[tuple[float, float]]:
    start, _, rest = d.removeprefix("M").partition("V")
    x, y = map(float, start.split())
    middle, _, rest = rest.partition("H")
    across, _, bottom = rest.partition("V")
    return [
        (x, y),
        (x, float(middle)),
        (float(across), float(middle)),
        (float(across), float(bottom)),
    ]


def test_right_to_left_mirrors_the_lanes() -> None:
    plain, mirrored = (rectangles(diagram(IRM_1, rtl=rtl), "box") for rtl in (False, True))

    assert [400 - x - width for x, _, width, _ in plain] == [x for x, _, _, _ in mirrored]


def test_position_of_a_review_is_seen_and_told() -> None:
    marks = {
        "start_notified": Mark("done", "✓ 11 Jul 2011"),
        "desk_review": Mark("now", "by 11 Oct 2011"),
        "dialogue_held": Mark("off"),
    }

    root = ET.fromstring(diagram(IRM_1, stage="desk_review", marks=marks))

    classes = [group.attrib["class"] for group in root.findall(f"{SVG}g")]
    assert "band s2 past" in classes
    assert "band s3 now" in classes
    assert "band s4 ahead" in classes
    assert {"box done", "box now", "box off"} <= set(classes)
    told = root.findtext(f"{SVG}desc") or ""
    assert "State informed of the start (Secretariat), ✓ 11 Jul 2011." in told
    assert root.attrib["role"] == "img"
    for reference in root.attrib["aria-labelledby"].split():
        assert root.find(f"*[@id='{reference}']") is not None


def test_picture_carries_no_script_style_or_raw_text() -> None:
    picture = diagram(
        IRM_1, marks={"desk_review": Mark("now", "<b>&")}, labels=lambda text: f"<i>{text}"
    )

    assert "<i>" not in picture
    assert "<b>" not in picture
    assert "style=" not in picture
    assert "<script" not in picture
    ET.fromstring(picture)


def test_words_of_wide_letters_are_broken_sooner() -> None:
    narrow = diagram(IRM_1)
    wide = diagram(IRM_1, labels=lambda text: "政府 " * len(text.split()) if " " in text else text)

    assert wide != narrow
    ET.fromstring(wide)


@both
def test_page_names_everything(process: Process) -> None:
    page = describe.process_page([process])

    entries: list[Stage | Milestone | Step] = [
        *process.stages,
        *process.milestones,
        *process.steps,
    ]
    for entry in entries:
        assert entry.label in page
        assert entry.ref in page
    for notice in process.notices():
        assert f"`{notice}`" in page
    for step in process.steps:
        assert f"`{step.key}`" in page
        for guard in step.only_if:
            assert guard.says in page


def test_page_tells_what_differs_in_the_second_cycle() -> None:
    _, _, differences = describe.process_page(PROCESSES.values()).partition("## What differs")

    assert "`agree_means` offers under “Means of dialogue” also: Virtual visit" in differences
    assert differences.count("\n- ") == 1


def test_permissions_have_a_row_a_step() -> None:
    table = describe.permissions_table(IRM_1).splitlines()

    assert len(table) == 2 + len(IRM_1.steps)
    assert "| Submit the desk review |  |  | yes |  | Desk review |" in table
    assert (
        "| Take back a request for an extension |  | yes, also by link | yes, also by link |  | "
        in [row.rpartition("Initial")[0] for row in table]
    )


@pytest.mark.parametrize("name", ["country_review.py", "diagram.py"])
def test_every_marked_text_of_a_process_is_among_its_labels(name: str) -> None:
    source = Path(workflows.__path__[0], name).read_text()
    marked = {
        call.args[0].value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "N_"
        and isinstance(call.args[0], ast.Constant)
    }

    found = {label for process in PROCESSES.values() for label in describe.labels(process)}

    assert marked <= found
