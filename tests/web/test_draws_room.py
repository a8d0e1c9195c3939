"""The projector: the next lot, its result, two officers at once, reload and back, the trial run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from review import clock, db
from review.models import Lot
from tests.services.drawing import NOW, READ_OUT
from tests.web.drawing import Stage, post
from tests.web.office import soup, words
from workflows.announcement import Mode


@pytest.fixture
def stage(app: Flask) -> Iterator[Stage]:
    with clock.frozen(NOW):
        yield Stage(app)


def lots() -> int:
    with db.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Lot)) or 0


def test_the_room_sees_the_next_lot_and_looking_draws_nothing(stage: Stage) -> None:
    client = stage.browser("officer")
    number = stage.opened()
    announced = stage.draw(number).announcement
    page = soup(client, f"/draws/{number}/room")
    first = announced["lots"][0]["state"]
    name = next(one["name"] for one in announced["parties"] if one["code"] == first)
    assert words(page, "h1") == [f"Next: a reviewer for {name}"]
    assert words(page, ".room-about")[0].startswith(
        "Lot 1 of 10 / Tirage 1 sur 10 · African States"
    )
    assert words(page, "#bowl")[0].startswith("5 States in the bowl")
    assert len(page.select(".room-bowl li")) == 5
    outside = dict(zip(words(page, ".room-out dt"), words(page, ".room-out dd"), strict=True))
    assert outside[name].startswith("under review")
    assert "same group" in outside["12 States"]
    assert words(page, ".light-word")[0].startswith("The draw can be completed")
    assert announced["title"] in page.get_text()
    proof = words(page, ".room-proof")[0]
    assert stage.draw(number).commitment in proof.replace(" ", "")
    assert READ_OUT in proof
    key = page.select(".room-go button[autofocus]")
    assert [one.get_text() for one in key] == ["Draw lot 1"]
    assert lots() == 0


def test_a_lot_is_drawn_shown_large_and_the_next_one_follows(stage: Stage) -> None:
    client = stage.browser("officer")
    number = stage.opened()
    answer = post(client, f"/draws/{number}/room", number="1", second="es")
    assert answer.status_code == 303
    assert answer.location == f"/draws/{number}/room?lot=1&second=es"
    page = soup(client, answer.location)
    entry = stage.draw(number).lots[0].entry
    parties = stage.draw(number).announcement["parties"]
    names = {one["code"]: one["name"] for one in parties}
    assert words(page, ".room-drawn") == [names[entry["drawn"]]]
    assert words(page, ".room-bowl .is-drawn") == [names[entry["drawn"]]]
    assert len(page.select(".room-bowl li")) == len(entry["candidates"]), "the bowl as it was"
    assert words(page, ".room-go button[autofocus]") == ["On to lot 2"]
    assert words(page, ".room-results tbody tr")[0].endswith(f"{names[entry['drawn']]} –")
    page = soup(client, f"/draws/{number}/room")
    assert words(page, "h1") == [f"Next: a reviewer for {names[entry['state']]}"]
    reasons = dict(zip(words(page, ".room-out dt"), words(page, ".room-out dd"), strict=True))
    assert reasons[names[entry["drawn"]]].startswith("reviews this State already")


def test_a_second_press_shows_the_same_lot_and_says_so(stage: Stage) -> None:
    client, colleague = stage.browser("officer"), stage.browser("colleague")
    number = stage.opened()
    first = post(client, f"/draws/{number}/room", number="1")
    result = words(soup(client, first.location), ".room-drawn")
    again = post(client, f"/draws/{number}/room", number="1")
    page = soup(client, again.location)
    assert "drawn already" in words(page, "#messages")[0]
    assert words(page, ".room-drawn") == result
    other = post(colleague, f"/draws/{number}/room", number="1")
    page = soup(colleague, other.location)
    assert "was drawn by Secretariat officer a moment before" in words(page, "#messages")[0]
    assert words(page, ".room-drawn") == result
    assert lots() == 1


@pytest.mark.parametrize("sent", ["", "0", "11", "-1", "x", "9" * 30])
def test_a_number_that_no_lot_has_is_refused(stage: Stage, sent: str) -> None:
    number = stage.opened()
    answer = post(stage.browser("officer"), f"/draws/{number}/room", number=sent)
    assert answer.status_code == 400
    assert lots() == 0


def test_a_lot_that_is_not_next_draws_nothing(stage: Stage) -> None:
    client = stage.browser("officer")
    number = stage.opened()
    answer = post(client, f"/draws/{number}/room", number="3")
    page = soup(client, answer.location)
    assert "not come to this number" in words(page, "#messages")[0]
    assert words(page, ".room-go button[autofocus]") == ["Draw lot 1"]
    assert lots() == 0


def test_nothing_is_drawn_before_the_numbers_and_after_the_end(stage: Stage) -> None:
    client = stage.browser("officer")
    number = stage.published()
    page = soup(client, f"/draws/{number}/room")
    assert "The numbers are read out next" in words(page, "h1")[0]
    answer = post(client, f"/draws/{number}/room", number="1")
    assert "not open" in words(soup(client, answer.location), "#messages")[0]
    assert lots() == 0
    assert post(client, f"/draws/{number}/void", reason="Specimen.").status_code == 303
    done = stage.drawn()
    page = soup(client, f"/draws/{done}/room")
    assert words(page, "h1") == ["All lots are drawn."]
    assert words(page, ".room-go button") == ["Show them one by one", "All results"]
    answer = post(client, f"/draws/{done}/room/rest")
    assert "drawn already" in words(soup(client, answer.location), "#messages")[0]


def test_a_whole_draw_has_one_button_and_is_shown_pair_by_pair(stage: Stage) -> None:
    client = stage.browser("officer")
    number = stage.opened(Mode.WHOLE)
    page = soup(client, f"/draws/{number}/room")
    assert words(page, ".room-go button") == ["Draw all 10 lots"]
    answer = post(client, f"/draws/{number}/room", number="1")
    assert "as a whole" in words(soup(client, answer.location), "#messages")[0]
    assert lots() == 0
    assert post(client, f"/draws/{number}/room/rest").status_code == 303
    assert lots() == 10
    page = soup(client, f"/draws/{number}/room?lot=1")
    assert len(page.select(".room-results tbody tr")) == 1, "what comes later is not shown yet"
    assert not page.select(".room-bowl")
    assert words(page, ".room-go button") == ["Show lot 2", "All results"]
    page = soup(client, f"/draws/{number}/room?lot=10")
    assert words(page, ".room-go button") == ["All results"]


def test_the_room_speaks_two_languages(stage: Stage) -> None:
    client = stage.browser("officer")
    number = stage.opened()
    page = soup(client, f"/draws/{number}/room?second=ar")
    heads = page.select(".room-results th .second")
    assert heads
    assert {(one["lang"], one["dir"]) for one in heads} == {("ar", "rtl")}
    assert page.select_one("#second option[selected]")["value"] == "ar"  # type: ignore[index]
    page = soup(client, f"/draws/{number}/room?second=xx")
    assert page.select_one("#second option[selected]")["value"] == "fr"  # type: ignore[index]


def test_a_rehearsal_records_nothing_and_says_nothing_of_the_real_lots(stage: Stage) -> None:
    client = stage.browser("officer")
    number = stage.published()
    page = soup(client, f"/draws/{number}/room?rehearsal=0&next=1")
    assert "Rehearsal: nothing is recorded" in words(page, ".room-trial")[0]
    assert words(page, ".room-go button") == ["Draw lot 1"]
    assert not page.select(".room-go form[method=post]")
    shown = [
        words(soup(client, f"/draws/{number}/room?rehearsal={lot}"), ".room-drawn")[0]
        for lot in range(1, 11)
    ]
    assert (lots(), stage.draw(number).state) == (0, "published")
    fields = {"read_out": "rehearsal", "drawn_on": "2011-07-11"}
    post(client, f"/draws/{number}/open", **fields)
    post(client, f"/draws/{number}/room/rest")
    names = {one["code"]: one["name"] for one in stage.draw(number).announcement["parties"]}
    assert [names[lot.entry["drawn"]] for lot in stage.draw(number).lots] != shown
    page = soup(client, f"/draws/{number}/room?rehearsal=3")
    assert not page.select(".room-trial"), "no trial run beside a real result"


def test_a_delegation_may_watch_and_has_nothing_to_press(stage: Stage) -> None:
    delegate = stage.browser("delegate")
    number = stage.opened()
    page = soup(delegate, f"/draws/{number}/room")
    assert not page.select(".room-go form")
