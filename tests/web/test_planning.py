"""The pages of the planning of a cycle: who opens them, what they show, what is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from review import clock, db
from review.models import Audit, Cycle, CycleParty, CycleYear, Draw, GroupSession, ListedExpert
from tests import world
from tests.web.office import NOW, Office, soup, token, words

PAGES = ("years", "parties", "experts", "sessions", "rules")
PLAN = {
    "process_key": "irm-2",
    "starts_on": "2016-06-20",
    "ends_on": "",
    **{f"year_{n}": f"{2015 + n}-06-20" for n in range(1, 6)},
    **{f"share_{n}": "1" if n < 5 else "0" for n in range(1, 6)},
}


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    made = Office(app)
    with db.transaction() as session:
        cycle = session.scalars(sa.select(Cycle)).one()
        for year in range(1, 6):
            session.add(
                CycleYear(
                    cycle_id=cycle.id,
                    year=year,
                    starts_on=date(2009 + year, 6, 28),
                    share=int(year < 5),
                )
            )
    with clock.frozen(NOW):
        yield made


def send(client: FlaskClient, path: str, code: int = 302, /, **fields: Any) -> Any:
    """Send a form with a good token."""
    sent = {"csrf_token": token(soup(client, "/account")), **fields}
    answer = client.post(path, data=sent)
    assert answer.status_code == code, answer.get_data(as_text=True)[:3000]
    return answer


def told(answer: Any) -> str:
    """The text of a page that was answered to a form."""
    return str(answer.get_data(as_text=True))


def count(model: type[Any]) -> int:
    with db.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


# Access ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["focal_point", "expert_1", "stranger"])
def test_planning_belongs_to_the_secretariat(office: Office, who: str) -> None:
    client = office.browser(who)
    for page in (*PAGES, "plan", "rules.json", "rules/change", "experts.csv", "experts/import",
                 "sessions/new", "parties/ITA", "parties/ITA/withdraw", "experts/ITA"):  # fmt: skip
        soup(client, f"/cycles/1/{page}", 403)
    soup(client, "/cycles/new", 403)
    for page in ("parties/ITA", "parties/ITA/withdraw", "years/late/ITA", "experts/take-in",
                 "experts/circulated", "experts/ITA"):  # fmt: skip
        send(client, f"/cycles/1/{page}", 403)


def test_an_officer_keeps_the_roster_but_does_not_set_the_rules(office: Office) -> None:
    client = office.browser("officer")
    for page in PAGES:
        soup(client, f"/cycles/1/{page}")
        soup(client, f"/cycles/9/{page}", 404)
    for path in ("/cycles/1/plan", "/cycles/1/rules/change", "/cycles/new"):
        soup(client, path, 403)
        send(client, path, 403, reason="Specimen.")
    rules = soup(client, "/cycles/1/rules")
    assert not rules.select("a[href$='rules/change']")
    assert "changed by an administrator" in rules.get_text()


def test_the_pages_of_a_cycle_lead_to_each_other(office: Office) -> None:
    client = office.browser("officer")
    for page in ("", *(f"/{one}" for one in PAGES)):
        found = soup(client, f"/cycles/1{page}")
        links = [str(one["href"]) for one in found.select(".tabs a")]
        assert {f"/cycles/1/{one}" for one in PAGES} <= set(links)
        assert [one["href"] for one in found.select(".tabs [aria-current]")] == [f"/cycles/1{page}"]
        assert words(found, ".top nav [aria-current]") == ["Cycle"]


# Plan and years ----------------------------------------------------------------------------------


def test_a_cycle_is_planned_and_its_quotas_stand(office: Office) -> None:
    client = office.browser("admin")
    assert soup(client, "/cycles/new").select_one("#number")["value"] == "2"  # type: ignore[index]

    answer = send(client, "/cycles/new", number="2", **PLAN)

    assert answer.location == "/cycles/2/years"
    page = soup(client, answer.location)
    assert "share 1 of 4" in page.get_text()
    assert words(page, "tfoot td")[-1] == "0 of 10", "the parties of today"
    assert "Cycle planned" in page.get_text()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"number": "1"}, "this number already"),
        ({"number": "x"}, "not a whole number"),
        ({"starts_on": ""}, "fill this in"),
        ({"starts_on": "20 June"}, "not a date"),
        ({"starts_on": "1016-06-20"}, "cannot be right"),
        ({"year_3": ""}, "in between is missing"),
        ({"year_3": "2016-06-20"}, "after the one before"),
        ({"share_2": "-1"}, "not a whole number"),
        ({f"share_{n}": "0" for n in range(1, 6)}, "At least one year"),
        ({"process_key": "irm-9"}, "Not a valid choice"),
        ({"ends_on": "2016-01-01"}, "before the first"),
    ],
)
def test_a_wrong_plan_is_told_and_not_kept(
    office: Office, wrong: dict[str, str], said: str
) -> None:
    answer = send(office.browser("admin"), "/cycles/new", 422, **({"number": "2"} | PLAN | wrong))

    assert said in told(answer)
    assert count(Cycle) == 1


def test_the_plan_of_a_cycle_is_changed_with_a_reason(office: Office) -> None:
    client = office.browser("admin")
    page = soup(client, "/cycles/1/plan")
    shown = {str(one["name"]): one.get("value", "") for one in page.select("form input[name]")}
    fields: dict[str, Any] = {**shown, "process_key": "irm-1", "ends_on": "2015-06-30"}
    del fields["csrf_token"]

    assert "fill this in" in told(send(client, "/cycles/1/plan", 422, **fields))
    send(client, "/cycles/1/plan", **fields, reason="Extended by the Conference.")

    page = soup(client, "/cycles/1/years")
    assert "Tue 30 Jun 2015" in page.get_text()
    assert "Extended by the Conference." in page.get_text()


def test_groups_and_years_show_what_stands_and_what_remains(office: Office) -> None:
    page = soup(office.browser("officer"), "/cycles/1/years")
    rows = {one.split("States")[0].strip(): one for one in words(page, "#quotas ~ div tbody tr")}
    assert rows["African"] == "African States 1 of 1 1 of 1 0 of 0 0 of 0 0 of 0 2 of 2"
    asia = next(one for text, one in rows.items() if text.startswith("Asia"))
    assert asia.startswith("Asia-Pacific States 1 of 0 1 more 0 of 0 0 of 1 1 remains")
    assert words(page, "section:has(#late) tbody tr") == []


def test_a_party_that_joined_late_is_recorded_for_the_last_year(office: Office) -> None:
    with db.transaction() as session:
        world.states(session, "IND")
    client = office.browser("officer")
    page = soup(client, "/cycles/1/years")
    assert words(page, "section:has(#late) tbody th") == ["India Asia-Pacific States"]

    send(client, "/cycles/1/years/late/IND")

    assert "Year 5" in words(soup(client, "/cycles/1/years"), "section:has(#late) tbody tr")[0]
    assert "already" in told(send(client, "/cycles/1/years/late/IND", 422))


# Rules -------------------------------------------------------------------------------------------


def rules_of(client: FlaskClient) -> dict[str, Any]:
    """The rules as a program reads them."""
    read: dict[str, Any] = json.loads(client.get("/cycles/1/rules.json").data)
    return read


def rules_form(client: FlaskClient) -> dict[str, str]:
    """The form of the rules as it is shown."""
    page = soup(client, "/cycles/1/rules/change")
    boxes = page.select("main input[name]:not([type=radio]), main input[checked]")
    shown = {str(one["name"]): str(one.get("value", "")) for one in boxes}
    del shown["csrf_token"]
    return shown


def test_rules_stand_in_words_and_as_data_with_their_source(office: Office) -> None:
    client = office.browser("admin")
    page = soup(client, "/cycles/1/rules")
    rows = words(page, "tbody tr")
    assert len(rows) == 11
    assert "Terms of reference, paragraph 20 Recalled" in rows[0]
    assert '"most": 3' in rows[0]
    assert rules_of(client)["rules"]["most"] == 3
    assert rules_of(client)["differs"] == {}


def test_rules_are_changed_with_a_reason(office: Office) -> None:
    client = office.browser("admin")
    fields = rules_form(client) | {"most": "4", "no_mutual": "false"}

    send(client, "/cycles/1/rules/change", 422, **fields, reason="")
    assert rules_of(client)["differs"] == {}
    send(client, "/cycles/1/rules/change", **fields, reason="Specimen reason.")

    assert rules_of(client)["differs"] == {"most": 4, "no_mutual": False}
    page = soup(client, "/cycles/1/rules").get_text()
    assert "usually: 3" in page
    assert "Specimen reason." in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"least": "4"}, "cannot be more than the most"),
        ({"most": "x"}, "not a whole number"),
        ({"most": ""}, "not a whole number"),
        ({"working_most": "0"}, "must lie between"),
        ({"last_year": "9"}, "within the bounds"),
        ({"expert_list": "forbid"}, "Not a valid choice"),
    ],
)
def test_contradictory_rules_are_told_at_their_field(
    office: Office, wrong: dict[str, str], said: str
) -> None:
    client = office.browser("admin")
    fields = rules_form(client) | wrong

    answer = send(client, "/cycles/1/rules/change", 422, **fields, reason="Specimen.")

    assert said in told(answer)
    assert rules_of(client)["differs"] == {}


def test_rules_cannot_be_changed_after_a_draw_is_published(office: Office) -> None:
    client = office.browser("admin")
    fields = rules_form(client) | {"most": "4", "reason": "Specimen."}
    with db.transaction() as session:
        cycle = session.scalars(sa.select(Cycle)).one()
        session.add(
            Draw(
                cycle_id=cycle.id,
                kind="reviewers",
                year=1,
                purpose="regular",
                announcement={},
                commitment="",
                secret="",
                state="published",
                prepared_at=NOW,
            )
        )
    assert "stay as they are" in told(send(client, "/cycles/1/rules/change", 422, **fields))
    page = soup(client, "/cycles/1/rules")
    assert "can no longer be changed" in page.get_text()
    assert not page.select("a[href$='rules/change']")


# Parties -----------------------------------------------------------------------------------------


def test_the_roster_says_who_is_not_drawn_and_why(office: Office) -> None:
    client = office.browser("officer")
    page = soup(client, "/cycles/1/parties")
    rows = {str(one.split()[0]): one for one in words(page, "tbody tr")}
    assert "can be drawn" in rows["Zambia"]
    assert "is not drawn has 3 reviews, the most of a cycle" in rows["Italy"]
    shown = soup(client, "/cycles/1/parties?show=excluded&group=Western+European+and+other+States")
    assert [one.split()[0] for one in words(shown, "tbody th")] == ["Italy"]
    assert "colour" in soup(client, "/cycles/1/parties?show=colour").get_text()
    nobody = soup(client, "/cycles/1/parties?q=Atlantis").get_text()
    assert "No party fits these filters" in nobody


def test_what_a_party_asked_for_is_recorded(office: Office) -> None:
    client = office.browser("officer")

    send(client, "/cycles/1/parties/BRA", volunteers_for="2", excused="y")

    page = soup(client, "/cycles/1/parties?show=volunteers")
    assert "review in year 2; release in its own year" in words(page, "tbody tr")[0]
    page = soup(client, "/cycles/1/parties/BRA")
    assert "Wishes of the party recorded" in page.get_text()
    for year in ("5", "9"):
        send(client, "/cycles/1/parties/BRA", 422, volunteers_for=year)
    assert "stands already" in told(send(client, "/cycles/1/parties/ZMB", 422, volunteers_for="2"))
    soup(client, "/cycles/1/parties/XXX", 404)
    send(client, "/cycles/1/parties/XXX", 404, volunteers_for="")


def test_a_withdrawal_is_confirmed_and_can_be_ended(office: Office) -> None:
    client = office.browser("officer")
    asked = soup(client, "/cycles/1/parties/IDN/withdraw")
    assert "The 1 review that it carries out stays with it" in asked.get_text()
    assert count(CycleParty) == 0, "asking writes nothing"
    send(client, "/cycles/1/parties/IDN/withdraw", 422, reason=" ")
    send(client, "/cycles/1/parties/IDN/withdraw", reason="Specimen: nobody is free.")
    page = soup(client, "/cycles/1/parties/IDN").get_text()
    assert "takes no further reviews since 18 Aug 2011" in page
    assert "Specimen: nobody is free." in page
    send(client, "/cycles/1/parties/IDN/withdraw", 422, reason="Once more.")
    send(client, "/cycles/1/parties/IDN/restore", reason="Specimen: somebody is.")
    assert "can be drawn" in soup(client, "/cycles/1/parties/IDN").get_text()


# Sessions ----------------------------------------------------------------------------------------

SESSION = {
    "title": "Second session",
    "kind": "session",
    "first_day": "2011-05-30",
    "last_day": "2011-06-03",
    "place": "",
    "document_symbol": "",
    "drawn_by": "Two representatives of each regional group",
}


def test_a_session_is_added_and_changed(office: Office) -> None:
    client = office.browser("officer")
    assert "No session yet" in soup(client, "/cycles/1/sessions").get_text()

    send(client, "/cycles/1/sessions/new", **SESSION)

    page = soup(client, "/cycles/1/sessions")
    assert "30 May – 3 Jun 2011" in words(page, "tbody tr")[0]
    assert "entered here" in words(page, "tbody tr")[0]
    path = str(page.select("tbody a")[0]["href"])
    assert soup(client, path).select_one("#title")["value"] == "Second session"  # type: ignore[index]
    send(client, path, **SESSION | {"kind": "resumed"})
    page = soup(client, "/cycles/1/sessions")
    assert "Resumed session" in words(page, "tbody tr")[0]
    assert "Session changed" in page.get_text()
    soup(client, "/cycles/1/sessions/999", 404)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "fill this in"),
        ({"kind": ""}, "choose one"),
        ({"first_day": "soon"}, "not a date"),
        ({"last_day": "2011-05-29"}, "before the first"),
        ({"title": "x" * 121}, "too long"),
    ],
)
def test_a_wrong_session_is_told(office: Office, wrong: dict[str, str], said: str) -> None:
    answer = send(office.browser("officer"), "/cycles/1/sessions/new", 422, **(SESSION | wrong))

    assert said in told(answer)
    assert count(GroupSession) == 0


# Experts -----------------------------------------------------------------------------------------


def test_a_focal_point_keeps_the_list_of_its_own_state(office: Office) -> None:
    client = office.browser("focal_point")
    page = soup(client, "/experts")
    assert "Nobody is on the list yet" in page.get_text()
    assert "Experts" in words(page, ".top nav a")

    send(client, "/cycles/1/experts/ZMB", name="Governmental expert 1 of Zambia", position="",
         background="", chapters="III", numbers="15, 16", languages=["en", "fr"])  # fmt: skip

    page = soup(client, "/experts")
    row = words(page, "tbody tr")[0]
    assert "chapter III, article 15, article 16 English, French" in row
    written = client.get("/cycles/1/experts/ZMB.csv")
    assert written.mimetype == "text/csv"
    assert "ZMB,Governmental expert 1 of Zambia,,,III 15 16,en fr" in told(written)
    assert client.get("/cycles/1/experts/ITA.csv").status_code == 403
    assert office.browser("officer").get("/cycles/1/experts/XXX.csv").status_code == 404
    path = str(page.select("tbody a")[0]["href"])
    assert "Take Governmental expert 1 of Zambia off" in soup(client, path).get_text()
    assert count(ListedExpert) == 1
    soup(office.browser("stranger"), path, 403)
    send(office.browser("stranger"), path, 403)
    send(client, path)
    assert "1 entry that has ended" in soup(client, "/experts").get_text()
    send(client, "/cycles/1/experts/ITA", 403, name="Somebody")
    soup(office.browser("officer"), "/experts", 403)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "fill this in"),
        ({"numbers": "99"}, "articles by number"),
        ({"numbers": "fifteen"}, "articles by number"),
        ({"chapters": "VI"}, "articles by number"),
        ({"languages": "de"}, "Please mend"),
    ],
)
def test_a_wrong_expert_is_told(office: Office, wrong: dict[str, str], said: str) -> None:
    fields = {"name": "Governmental expert 1 of Zambia"} | wrong
    answer = send(office.browser("officer"), "/cycles/1/experts/ZMB", 422, **fields)

    assert said in told(answer) or "Please mend" in told(answer)
    assert count(ListedExpert) == 0


def test_lists_are_taken_in_after_they_were_shown(office: Office) -> None:
    client = office.browser("officer")
    text = "state,name\nZMB,<b>Expert 1</b>\nXXX,Somebody\n"
    sent = {"file": (io.BytesIO(text.encode()), "experts.csv")}

    shown = send(client, "/cycles/1/experts/import", 200, **sent)

    assert "Add 1 expert" in told(shown)
    assert "three-letter code" in told(shown)
    assert "<b>Expert 1</b>" not in told(shown)
    assert count(ListedExpert) == 0
    send(client, "/cycles/1/experts/take-in", text=text)
    assert count(ListedExpert) == 1
    send(client, "/cycles/1/experts/take-in", 422, text=text)
    written = client.get("/cycles/1/experts.csv").get_data(as_text=True)
    assert "ZMB,<b>Expert 1</b>," in written
    assert "Lists taken in from a file" in soup(client, "/cycles/1/experts").get_text()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"colour\nred\n", b'state,name\n"'])
def test_a_file_that_is_none_is_told(office: Office, content: bytes) -> None:
    sent = {"file": (io.BytesIO(content), "experts.csv")}
    answer = send(office.browser("officer"), "/cycles/1/experts/import", 422, **sent)

    assert "Please mend" in told(answer)
    assert "Choose a file first" in told(
        send(office.browser("officer"), "/cycles/1/experts/import", 422)
    )


def test_circulation_of_the_lists_is_recorded(office: Office) -> None:
    client = office.browser("officer")
    send(client, "/cycles/1/experts/take-in", text="state,name\nZMB,A\nITA,B\n")
    path = "/cycles/1/experts/circulated"

    send(client, path, 422, day="2011-08-01")
    send(client, path, 422, day="2011-08-19", states="ZMB")
    send(client, path, 404, day="2011-08-01", states="XXX")
    send(client, path, day="2011-08-01", everything="y")

    page = soup(client, "/cycles/1/experts?show=circulated")
    assert [one.split()[0] for one in words(page, "tbody th")] == ["Italy", "Zambia"]
    with db.reading() as session:
        row = session.scalars(sa.select(Audit).order_by(Audit.id.desc())).first()
        assert row is not None
        assert row.after == {"cycle": 1, "states": ["ITA", "ZMB"], "day": "2011-08-01"}
