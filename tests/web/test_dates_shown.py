"""Due dates on pages: with the place where the day ends, and how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask

from review import clock, db
from review.models import MilestoneDate
from tests.web.scene import Scene
from tests.web.task_links import NOW, Links

FULL = "Wed 31 Aug 2011, end of day in Rome"
FAR = "in 18 working days"  # 15 August is a day off in Italy


@pytest.fixture
def desk(app: Flask) -> Iterator[Scene]:
    """Italy's desk review is due on 31 August 2011; Zimbabwe's is done."""
    made = Scene(app, "desk_review")
    with db.transaction() as session:
        for slot, done in ((1, NOW - timedelta(days=1)), (2, None)):
            row = session.get_one(MilestoneDate, (made.review_id, "desk_review", slot))
            row.agreed_on, row.done_at = date(2011, 8, 31), done
    with clock.frozen(NOW):
        yield made


def page(scene: Scene, who: str, path: str) -> Tag:
    """What stands on a page between its head and its foot."""
    answer = scene.browser(who).get(path)
    assert answer.status_code == 200
    main = BeautifulSoup(answer.data, "html.parser").select_one("main")
    assert main is not None
    return main


def words(found: Tag | None) -> str:
    assert found is not None
    return " ".join(found.get_text(" ").split())


def test_what_happens_next_has_its_full_date(desk: Scene) -> None:
    said = words(page(desk, "expert_2", "/my-turn").select_one("section:has(#next)"))
    assert FULL in said
    assert FAR in said


def test_what_others_have_to_do_has_its_full_date(desk: Scene) -> None:
    said = words(page(desk, "focal_point", "/my-turn").select_one("section:has(#others)"))
    assert f"{FULL} ({FAR}" in said


def test_the_milestones_name_the_place_of_the_date_that_counts(desk: Scene) -> None:
    main = page(desk, "officer", f"/reviews/{desk.review_id}")
    lines = [words(tr) for tr in main.select("table.dates tbody tr") if "Desk review" in words(tr)]
    zimbabwe, italy = sorted(lines, key=lambda line: "Italy" in line)
    assert f"31 Aug 2011 end of day in Rome; {FAR}" in italy
    assert italy.count("end of day") == 1
    assert "end of day" not in zimbabwe, "it is done"


def test_what_another_date_changes_has_its_full_date(desk: Scene) -> None:
    path = f"/reviews/{desk.review_id}/steps/ask_extension"
    query = "?milestone=desk_review:2&new_date=2011-09-14"
    main = page(desk, "expert_2", path + query)
    line = words(main.select_one("section:has(#outlook) tbody tr"))
    assert f"Wed 31 Aug 2011 {FAR} Wed 14 Sep" in line
    assert "Wed 14 Sep 2011, end of day in Rome" in line
    assert "working days" in line


def test_a_request_shows_both_dates_in_full(app: Flask) -> None:
    with clock.frozen(NOW):
        links = Links(app, "desk_review")
        with links.scene.work() as w:
            given = {"milestone": "desk_review:2", "new_date": "2011-10-12", "reason": "Specimen."}
            w.take("ask_extension", w.expert_2, **given)
        path = f"/reviews/{links.scene.review_id}/steps/grant_extension?milestone=desk_review:2"
        said = words(page(links.scene, "officer", path).select_one("section:has(#asked)"))
        assert said.count("end of day in Rome") == 2
        assert "Asked for Wed 12 Oct 2011, end of day in Rome" in said
        assert "Wed 12 Oct 2011, end of day in Rome" in links.text(links.of("expert_2"))


def test_a_report_that_is_not_there_yet_names_the_place_of_its_date(desk: Scene) -> None:
    with db.transaction() as session:
        row = session.get_one(MilestoneDate, (desk.review_id, "report_agreed", 0))
        row.agreed_on = date(2011, 8, 31)
    said = words(page(desk, "focal_point", f"/reviews/{desk.review_id}/report"))
    assert "Report agreed by all three: Wed 31 Aug 2011, end of day in Vienna" in said


def test_the_plan_of_reminders_names_the_place_of_each_date(desk: Scene) -> None:
    with desk.work() as w:
        w.take("suspend", w.officer, reason="Specimen.")
        w.take("resume", w.officer)
    said = words(page(desk, "officer", "/reminders"))
    assert "end of day in Rome; in" in said


def test_my_reviews_name_the_place_of_the_date(desk: Scene) -> None:
    said = words(page(desk, "expert_2", "/reviews"))
    assert "31 Aug 2011 end of day in Rome" in said
