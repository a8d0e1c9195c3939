"""The pages of the drawing of lots: from the list to the record, who may what, bad input."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db
from review.models import Draw, Outbox, Reviewer
from review.resources import LOTS
from tests.services.drawing import NOW, READ_OUT
from tests.web.drawing import Stage, post
from tests.web.office import soup, words
from workflows.announcement import Mode


@pytest.fixture
def stage(app: Flask) -> Iterator[Stage]:
    with clock.frozen(NOW):
        yield Stage(app)


def test_the_list_says_what_can_be_drawn_and_what_is_missing(stage: Stage) -> None:
    page = soup(stage.browser("officer"), "/cycles/1/draws")
    assert words(page, ".next-draws li p")[0] == "Year 1: Reviewing States of the year"
    assert words(page, ".light-word") == ["The draw can be completed"]
    checks = words(page, ".checklist li")
    assert "in order: The usual rules hold." in checks
    assert any("18 of 18 parties take reviews" in text for text in checks)
    assert any(text.startswith("to note") and "list of experts" in text for text in checks)
    assert any("Specimen session" in text for text in checks)


def test_the_list_says_why_nothing_can_be_drawn(stage: Stage) -> None:
    with db.transaction() as session:
        session.execute(sa.text('UPDATE cycle SET lot_rules = \'{"most": 1, "working_most": 1}\''))
    page = soup(stage.browser("officer"), "/cycles/1/draws")
    assert words(page, ".light-word") == ["The draw cannot be completed"]
    assert words(page, ".light li")
    assert page.select("button[aria-disabled=true]")
    assert not page.select("a[href*='/draws/prepare']")


def test_slack_counts_the_candidates_of_every_open_place(stage: Stage) -> None:
    page = soup(stage.browser("officer"), "/cycles/1/draws/slack")
    rows = words(page, ".slack-table tbody tr")
    assert len(rows) == 5, "the States of the first year"
    for row in page.select(".slack-table tbody tr"):
        first, second = (int(one.get_text()) for one in row.select(".slack b"))
        assert first == 5, "six States a group, without the State under review"
        assert second == 17
    assert "Any one party could be spared" in page.get_text()
    stage.recorded()
    assert "year 2" in soup(stage.browser("officer"), "/cycles/1/draws/slack").get_text()
    other = soup(stage.browser("officer"), "/cycles/1/draws/slack?year=4")
    assert "year 4" in other.get_text()


def test_a_draw_is_prepared_published_opened_drawn_and_recorded(stage: Stage) -> None:
    client = stage.browser("officer")
    page = soup(client, "/cycles/1/draws/prepare?what=2:regular")
    assert page.select_one("input[name=what][checked]")["value"] == "2:regular"  # type: ignore[index]
    answer = post(
        client,
        "/cycles/1/draws/prepare",
        what="2:regular",
        title="Year two",
        session=str(stage.session_id),
        mode="whole",
    )
    assert answer.status_code == 302
    here = answer.location
    number = int(here.rpartition("/")[2])
    assert stage.draw(number).announcement["mode"] == "whole"
    commitment = stage.draw(number).commitment
    asked = soup(client, f"{here}/publish")
    assert "nothing can be changed" in asked.get_text()
    assert commitment in asked.get_text().replace(" ", "")
    assert stage.draw(number).state == "prepared", "looking changes nothing"
    assert post(client, f"{here}/publish").location == here
    fields = {"read_out": "4 17 9 33", "drawn_on": "2011-07-11", "drawn_by": "the Chair"}
    assert post(client, f"{here}/open", **fields).location == f"{here}/room"
    assert post(client, f"{here}/room/rest").status_code == 303
    assert stage.draw(number).state == "drawn"
    with db.reading() as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(Outbox))
        assert session.scalar(sa.select(sa.func.count()).select_from(Reviewer)) == 0
    told = soup(client, f"{here}/record").get_text()
    assert "cannot be taken back" in told
    assert post(client, f"{here}/record").location == here
    assert stage.draw(number).state == "recorded"
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Outbox)) != before
        lots = len(stage.draw(number).lots)
        assert session.scalar(sa.select(sa.func.count()).select_from(Reviewer)) == lots
    again = post(client, f"{here}/record")
    assert again.status_code == 303
    assert "recorded already" in client.get(again.location).text
    steps = words(soup(client, here), ".draw-steps li")
    assert steps[-1].startswith("Recorded Mon 11 Jul 2011")


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"what": "9:regular"},
        {"what": "1:repeat"},
        {"what": "nonsense"},
        {"title": " "},
        {"title": "x" * 121},
        {"session": "999"},
        {"mode": "other"},
    ],
)
def test_a_wrong_order_is_told_and_prepares_nothing(stage: Stage, sent: dict[str, str]) -> None:
    client = stage.browser("officer")
    good = {"what": "1:regular", "title": "A draw", "session": "", "mode": "lot_by_lot"}
    answer = post(client, "/cycles/1/draws/prepare", **({**good, **sent} if sent else {}))
    assert answer.status_code == 422
    assert "Please mend" in answer.text
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Draw)) == 0


def test_there_is_one_draw_at_a_time(stage: Stage) -> None:
    client = stage.browser("officer")
    number = stage.prepared()
    assert f"/draws/{number}" in client.get("/cycles/1/draws").text
    answer = post(
        client, "/cycles/1/draws/prepare", what="2:regular", title="B", session="", mode="whole"
    )
    assert answer.status_code == 409
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Draw)) == 1


@pytest.mark.parametrize(
    "sent",
    [
        {"read_out": ""},
        {"read_out": "   "},
        {"read_out": "1" * 1001},
        {"drawn_on": "yesterday"},
        {"drawn_on": ""},
        {"drawn_by": "x" * 501},
    ],
)
def test_wrong_numbers_are_told_and_open_nothing(stage: Stage, sent: dict[str, str]) -> None:
    client = stage.browser("officer")
    number = stage.published()
    good = {"read_out": "1 2 3", "drawn_on": "2011-07-11", "drawn_by": ""}
    answer = post(client, f"/draws/{number}/open", **{**good, **sent})
    assert answer.status_code == 422
    assert "Please mend" in answer.text
    assert stage.draw(number).state == "published"


@pytest.mark.parametrize("step", ["publish", "open", "record"])
def test_a_step_out_of_turn_is_refused_and_changes_nothing(stage: Stage, step: str) -> None:
    client = stage.browser("officer")
    number = stage.opened()
    page = soup(client, f"/draws/{number}/{step}")
    assert "not open now" in page.get_text()
    assert not page.select("main form")
    fields = {"read_out": "9 9 9", "drawn_on": "2011-07-11"} if step == "open" else {}
    answer = post(client, f"/draws/{number}/{step}", **fields)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert (stage.draw(number).state, stage.draw(number).read_out) == ("open", READ_OUT)


def test_a_published_draw_is_given_up_with_a_reason_only(stage: Stage) -> None:
    client = stage.browser("officer")
    number = stage.published()
    assert post(client, f"/draws/{number}/void").status_code == 422
    assert stage.draw(number).state == "published"
    assert post(client, f"/draws/{number}/void", reason="The roster was wrong.").status_code == 303
    page = soup(client, f"/draws/{number}").get_text()
    assert "The roster was wrong." in page
    assert not soup(client, f"/draws/{number}").select("a[href$='/open']")


def test_results_stand_by_group_and_leave_as_files(stage: Stage) -> None:
    client = stage.browser("officer")
    number = stage.recorded()
    page = soup(client, f"/draws/{number}/results")
    heads = words(page, ".result-groups h2")
    assert heads == ["African States", "Asia-Pacific States", "Western European and other States"]
    rows = words(page, ".result-groups tbody tr")
    assert len(rows) == 5
    assert all("lot " in row for row in rows)
    answer = client.get(f"/draws/{number}/results.csv")
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert lines[0] == [
        "Regional group",
        "State under review",
        "First reviewing State",
        "Second reviewing State",
    ]
    found = json.loads(client.get(f"/draws/{number}/results.json").data)["results"]
    assert [(one["group"], one["name"]) for one in found] == [(a, b) for a, b, *_ in lines[1:]]
    lots = stage.draw(number).lots
    pairs = {(lot.entry["state"], lot.entry["slot"]): lot.entry["drawn"] for lot in lots}
    for one in found:
        assert one["first"]["state"] == pairs[one["state"], 1]
        assert one["second"]["state"] == pairs[one["state"], 2]
    paper = client.get(f"/draws/{number}/results.docx")
    with zipfile.ZipFile(io.BytesIO(paper.data)) as parts:
        text = parts.read("word/document.xml").decode()
    assert all(one["name"] in text for one in found)
    assert client.get(f"/draws/{number}/results.pdf").status_code == 404


def test_the_transcript_that_leaves_is_right_for_a_stranger(stage: Stage, tmp_path: Path) -> None:
    number = stage.recorded()
    nobody = stage.app.test_client()
    answer = nobody.get(f"/public/draws/{number}.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    (tmp_path / "transcript.json").write_bytes(answer.data)
    program = nobody.get("/draws/verify_lots.py")
    (tmp_path / "verify.py").write_bytes(program.data)
    files = [str(tmp_path / "verify.py"), str(tmp_path / "transcript.json")]
    command = [sys.executable, "-I", *files]
    command += ["--commitment", stage.draw(number).commitment]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = json.loads(answer.data)
    lot = next(one for one in said["lots"] if len(one["candidates"]) > 1)
    lot["drawn"] = next(one for one in lot["candidates"] if one != lot["drawn"])
    (tmp_path / "transcript.json").write_text(
        json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    )
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    mine = stage.browser("officer").get(f"/draws/{number}/transcript.json")
    assert mine.data == answer.data
    assert "attachment" in mine.headers["Content-Disposition"]


@pytest.mark.parametrize("name", ["verify_lots.py", "specification.md"])
def test_how_to_check_is_given_to_everybody(stage: Stage, name: str) -> None:
    answer = stage.app.test_client().get(f"/draws/{name}")
    assert answer.data == (LOTS / name).read_bytes()
    assert answer.mimetype == "text/plain"


# Who may what ------------------------------------------------------------------------------------


def test_a_delegation_sees_what_is_published_and_no_lot_before_the_record(stage: Stage) -> None:
    delegate = stage.browser("delegate")
    number = stage.prepared()
    for path in ("", "/results", "/room", "/announcement.json", "/transcript.json"):
        soup(delegate, f"/draws/{number}{path}", 404)
    page = soup(delegate, "/cycles/1/draws")
    assert "No draw yet" in page.get_text()
    assert not page.select(".checklist")
    post(stage.browser("officer"), f"/draws/{number}/publish")
    page = soup(delegate, f"/draws/{number}")
    assert stage.draw(number).commitment in page.get_text().replace(" ", "")
    assert not page.select("a[href$='/publish'], a[href$='/open'], a[href$='/void']")
    announced = json.loads(delegate.get(f"/draws/{number}/announcement.json").data)
    assert announced == stage.draw(number).announcement


def test_lots_are_shown_to_others_once_recorded(stage: Stage) -> None:
    delegate, nobody = stage.browser("delegate"), stage.app.test_client()
    number = stage.drawn()
    drawn = {lot.entry["drawn"] for lot in stage.draw(number).lots}
    for path in ("/results", "/transcript.json", "/results.csv"):
        soup(delegate, f"/draws/{number}{path}", 404)
    assert nobody.get(f"/public/draws/{number}.json").status_code == 404
    assert not soup(delegate, f"/draws/{number}/room").select(".room-results tbody tr")
    assert "digest" not in soup(delegate, f"/draws/{number}").get_text().lower()
    post(stage.browser("officer"), f"/draws/{number}/record")
    assert drawn
    assert soup(delegate, f"/draws/{number}/results").select(".result-groups tbody tr")
    assert nobody.get(f"/public/draws/{number}.json").status_code == 200
    assert nobody.get("/public/draws/999.json").status_code == 404


def test_only_the_secretariat_draws(stage: Stage) -> None:
    delegate = stage.browser("delegate")
    number = stage.opened()
    for path in ("publish", "open", "record", "void"):
        soup(delegate, f"/draws/{number}/{path}", 403)
        assert post(delegate, f"/draws/{number}/{path}").status_code == 403
    for path in ("prepare", "request", "slack", "repair"):
        soup(delegate, f"/cycles/1/draws/{path}", 403)
    assert post(delegate, f"/draws/{number}/room", number="1").status_code == 403
    assert post(delegate, f"/draws/{number}/room/rest").status_code == 403
    assert not stage.draw(number).lots


def test_strangers_are_asked_to_sign_in(stage: Stage) -> None:
    number = stage.recorded()
    nobody = stage.app.test_client()
    for path in ("", "/room", "/results", "/transcript.json", "/announcement.json"):
        assert nobody.get(f"/draws/{number}{path}").status_code == 302
    assert nobody.get("/cycles/1/draws").status_code == 302


@pytest.mark.parametrize(
    "path", ["/draws/999", "/draws/999/room", "/draws/999/publish", "/cycles/9/draws"]
)
def test_there_is_no_such_draw(stage: Stage, path: str) -> None:
    soup(stage.browser("officer"), path, 404)


# The years ---------------------------------------------------------------------------------------


def test_a_draw_of_the_years_has_the_same_pages(app: Flask) -> None:
    with clock.frozen(NOW):
        stage = Stage(app, reviews=False)
        client = stage.browser("officer")
        assert words(soup(client, "/cycles/1/draws"), ".next-draws li p") == ["The years of review"]
        number = stage.opened(Mode.LOT_BY_LOT, year=0)
        page = soup(client, f"/draws/{number}/room")
        assert words(page, "h1") == ["Next: a State for year 1"]
        assert words(page, "#bowl")[0].startswith("6 States in the bowl")
        answer = post(client, f"/draws/{number}/room", number="1")
        page = soup(client, answer.location)
        name = words(page, ".room-drawn")[0]
        assert words(page, "h1")[0] == f"Under review in year 1: {name}"
        post(client, f"/draws/{number}/room/rest")
        page = soup(client, f"/draws/{number}/results")
        assert len(page.select(".result-groups tbody tr")) == 18
        assert name in page.get_text()
        assert "Reviews are begun for 18 States" in soup(client, f"/draws/{number}/record").text
        post(client, f"/draws/{number}/record")
        assert stage.draw(number).state == "recorded"
