"""The report's page: who reads which text, editing without loss, differences, approval, files."""

from __future__ import annotations

import io
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from docx import Document
from flask import Flask

from review import db
from review.models import Approval, Audit, ReportSection, Review
from review.services import reports
from tests import world
from tests.web.scene import Scene

OBSERVED = "provision:15(a):b"
PARTIES = ("focal_point", "expert_1", "expert_2", "officer", "administrator")


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app, "finalization")


@pytest.fixture
def drafted(scene: Scene) -> Scene:
    with scene.work() as w:
        w.take("assemble_draft", w.officer)
    return scene


@pytest.fixture
def circulated(drafted: Scene) -> Scene:
    with drafted.work() as w:
        world.write_summary(w)
        w.take("circulate_draft", w.officer)
        w.take("comment_on_draft", w.expert_1, comment="Between the reviewing States.")
        w.take("comment_on_draft", w.expert_2)
    return drafted


@pytest.fixture
def sent(circulated: Scene) -> Scene:
    with circulated.work() as w:
        w.take("send_report_to_state", w.officer)
    return circulated


def section(scene: Scene, key: str = OBSERVED) -> str:
    with db.reading() as session:
        return session.get_one(ReportSection, (scene.review_id, key)).text


def present(scene: Scene) -> str:
    with db.reading() as session:
        return session.get_one(Review, scene.review_id).report_sha256


def approvals() -> int:
    with db.reading() as session:
        wanted = sa.select(sa.func.count()).where(Approval.cleared_at.is_(None))
        return session.scalar(wanted) or 0


def edit(scene: Scene, who: str, words: str, **more: str) -> Any:
    data = {"section": OBSERVED, "text": words, "seen": reports.mark(section(scene)), **more}
    return scene.post(who, "report/sections", data)


def soup(text: str) -> BeautifulSoup:
    return BeautifulSoup(text, "html.parser")


# Who sees what -----------------------------------------------------------------------------------


def test_the_page_is_for_the_parties(drafted: Scene) -> None:
    for page in ("report", "report?part=article-15", "report/print"):
        assert drafted.get("nobody", page).status_code == 302
        for who in ("stranger", "observer"):
            assert drafted.get(who, page).status_code == 404
    assert drafted.get("officer", "report").status_code == 200


def test_a_draft_is_with_the_secretariat_until_it_is_circulated(drafted: Scene) -> None:
    for who in ("focal_point", "expert_1"):
        shown = drafted.text(who, "report?part=article-15")
        assert "Specimen text." not in shown
        assert "yet</h3>" in shown, "it says what will appear here, and when"
        assert drafted.get(who, "report/print").status_code == 404
        assert drafted.post(who, "report/pdf", {}).status_code == 404
    assert "Specimen text." in drafted.text("officer", "report?part=article-15")


def test_a_circulated_draft_is_hidden_from_the_state(circulated: Scene) -> None:
    assert "Specimen text." in circulated.text("expert_2", "report?part=article-15")
    assert "Between the reviewing States." in circulated.text("expert_2", "report")
    hidden = circulated.text("focal_point", "report")
    assert "Between the reviewing States." not in hidden
    assert present(circulated)[:12] not in hidden


def test_the_state_keeps_what_it_was_sent(sent: Scene) -> None:
    assert "Specimen text." in sent.text("focal_point", "report?part=article-15")
    with sent.work() as w:
        w.take("ask_for_consensus_dialogue", w.focal_point, comment="Please name the law.")
        w.take("edit_report", w.officer, section=OBSERVED, text="Being worked on.")
    kept = sent.text("focal_point", "report?part=article-15")
    assert "Specimen text." in kept
    assert "Being worked on." not in kept
    assert "being worked on again" in sent.text("focal_point", "report")
    for page in ("report?q=worked", "report/print", "report?show=changed"):
        assert "Being worked on." not in sent.text("focal_point", page)
    file = sent.post("focal_point", "report/docx", {})
    assert file.data[:2] == b"PK"
    said = "\n".join(p.text for p in Document(io.BytesIO(file.data)).paragraphs)
    assert "Being worked on." not in said


# Reading -----------------------------------------------------------------------------------------


def test_the_page_shows_one_part_at_a_time(drafted: Scene) -> None:
    page = soup(drafted.text("officer", "report?part=article-15"))
    assert len(page.select(".report-section")) == 10, "two provisions, five parts each"
    assert len(page.select(".entry-list .arts a")) == 41
    overview = soup(drafted.text("officer", "report"))
    assert overview.select(".report-section") == []


def test_search_finds_words_and_articles(drafted: Scene) -> None:
    with drafted.work() as w:
        w.take("edit_report", w.officer, section=OBSERVED, text="An UNUSUAL word & <sign>.")
    found = soup(drafted.text("officer", "report?q=unusual"))
    assert "1 section" in found.get_text()
    assert "An UNUSUAL word & <sign>." in found.get_text()
    assert "10 sections" in drafted.text("officer", "report?q=article+15")
    assert "No section matches." in drafted.text("officer", "report?q=%25")


def test_long_lists_come_in_pages(drafted: Scene) -> None:
    first = soup(drafted.text("officer", "report?q=specimen"))
    assert len(first.select(".report-section")) == 25
    assert first.select_one("a[rel=next]") is not None
    assert soup(drafted.text("officer", "report?q=specimen&page=2")).select_one("a[rel=prev]")


@pytest.mark.parametrize(
    "query",
    ["part=nowhere", "show=everything", "part=article-15&edit=x", "page=-1&q=a", "compare='%00"],
)
def test_odd_addresses_are_answered(drafted: Scene, query: str) -> None:
    assert drafted.get("officer", f"report?{query}").status_code in {200, 404}


def test_changes_since_the_last_text_are_marked_word_by_word(sent: Scene) -> None:
    with sent.work() as w:
        w.take("edit_report", w.officer, section=OBSERVED, text="Specimen words.")
        w.take("send_report_to_state", w.officer)
    page = soup(sent.text("focal_point", "report?show=open"))
    shown = page.select_one("details.diff")
    assert shown is not None
    assert shown.has_attr("open")
    assert [one.get_text() for one in shown.select("del")] == ["removed: text"]
    assert [one.get_text() for one in shown.select("ins")] == ["added: words"]
    assert len(page.select(".report-section")) == 1


# Editing -----------------------------------------------------------------------------------------


def test_a_section_is_edited_in_its_place(circulated: Scene) -> None:
    page = soup(circulated.text("expert_1", f"report?part=article-15&edit={OBSERVED}"))
    form = page.select_one("form.report-edit")
    assert form is not None
    data = {str(one["name"]): str(one["value"]) for one in form.select("input")}
    answer = circulated.browser("expert_1").post(
        str(form["action"]), data=data | {"text": "Two lines\r\nof <b>text</b> & more.  "}
    )
    assert answer.status_code == 302
    assert answer.location.endswith("part=article-15#s-provision:15(a):b")
    assert section(circulated) == "Two lines\nof <b>text</b> & more."
    assert "of &lt;b&gt;text&lt;/b&gt;" in circulated.text("officer", "report?part=article-15")


def test_two_people_never_overwrite_each_other(circulated: Scene) -> None:
    opened = reports.mark(section(circulated))
    assert edit(circulated, "expert_1", "The first to save.").status_code == 302
    answer = edit(circulated, "expert_2", "The second, typed with care.", seen=opened)
    assert answer.status_code == 409
    page = soup(answer.get_data(as_text=True))
    assert section(circulated) == "The first to save."
    field = page.select_one("textarea[name=text]")
    assert field is not None
    assert field.get_text().strip() == "The second, typed with care."
    assert page.select(".report-edit ins")
    seen = page.select_one("input[name=seen]")
    assert seen is not None
    again = edit(circulated, "expert_2", "Both, in one.", seen=str(seen["value"]))
    assert again.status_code == 302
    assert section(circulated) == "Both, in one."


def test_nothing_typed_is_lost_when_it_cannot_be_saved(sent: Scene) -> None:
    long = "x" * 60_001
    answer = edit(sent, "officer", long)
    assert answer.status_code == 422
    assert long in answer.get_data(as_text=True)
    control = edit(sent, "officer", "bell \x07 rings")
    assert control.status_code == 422
    with sent.work() as w:
        world.approve_all(w)
        w.take("agree_report", w.officer)
    late = edit(sent, "officer", "Typed while it was agreed.")
    assert late.status_code == 409
    said = late.get_data(as_text=True)
    assert "Typed while it was agreed." in said
    assert "can no longer change" in said


def test_an_expired_session_keeps_the_text(circulated: Scene) -> None:
    client = circulated.browser("expert_1")
    data = {
        "csrf_token": circulated.token("expert_1"),
        "section": OBSERVED,
        "text": "Typed before the session ended.",
        "seen": reports.mark(section(circulated)),
    }
    client.delete_cookie("session")
    answer = client.post(circulated.path("report/sections"), data=data)
    assert answer.status_code == 401
    assert "kept" in answer.get_data(as_text=True)
    assert section(circulated) == "Specimen text."


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"section": "provision:99:b"}, 404),
        ({"section": ""}, 404),
        ({"seen": ""}, 400),
        ({"seen": "0" * 64}, 409),
        ({"seen": "x" * 65}, 422),
    ],
)
def test_bad_forms_change_nothing(circulated: Scene, data: dict[str, str], code: int) -> None:
    assert edit(circulated, "officer", "Other words.", **data).status_code == code
    assert section(circulated) == "Specimen text."


def test_only_those_who_may_edit(sent: Scene) -> None:
    assert edit(sent, "focal_point", "Not mine.").status_code == 409
    for who in ("stranger", "observer"):
        assert edit(sent, who, "Not mine.").status_code == 404
    assert "report-edit" not in sent.text("focal_point", f"report?part=article-15&edit={OBSERVED}")
    assert section(sent) == "Specimen text."


def test_an_edit_says_whose_approval_it_clears(sent: Scene) -> None:
    with sent.work() as w:
        w.take("approve_report", w.expert_1, text_hash=w.review.report_sha256)
    form = sent.text("officer", f"report?part=article-15&edit={OBSERVED}")
    assert "Zimbabwe approved the present text. Saving a change clears that." in form
    assert edit(sent, "officer", "Specimen text.").status_code == 302
    assert approvals() == 1, "nothing changed, so nothing is cleared"
    assert edit(sent, "officer", "Other words.").status_code == 302
    assert approvals() == 0
    assert "Approved an earlier text" in sent.text("officer", "report")


# Agreement ---------------------------------------------------------------------------------------


def approve(scene: Scene, who: str, link: str) -> Any:
    """Follow the button of the report's page to the end, as a person does."""
    client = scene.browser(who)
    first = soup(client.get(link).get_data(as_text=True)).select_one("main form.panel")
    assert first is not None
    data = {str(one["name"]): str(one["value"]) for one in first.select("input[type=hidden]")}
    answer = client.post(str(first["action"]), data=data)
    second = soup(answer.get_data(as_text=True)).select_one("main form.panel")
    if answer.status_code != 200 or second is None:
        return answer
    data = {str(one["name"]): str(one["value"]) for one in second.select("input[type=hidden]")}
    return client.post(str(second["action"]), data=data)


def link_to_approve(scene: Scene, who: str) -> str:
    page = soup(scene.text(who, "report"))
    return next(str(a["href"]) for a in page.select("a.btn") if "approve_report" in str(a["href"]))


def test_three_states_approve_the_text_they_read(sent: Scene) -> None:
    for number, who in enumerate(("expert_2", "focal_point", "expert_1"), start=1):
        link = link_to_approve(sent, who)
        assert present(sent) in link
        assert approve(sent, who, link).status_code == 302
        assert approvals() == number
    page = sent.text("officer", "report")
    assert page.count("Approved this text") == 3
    assert "agree_report" in page


def test_a_text_that_changed_while_it_was_read_is_not_approved(sent: Scene) -> None:
    link = link_to_approve(sent, "expert_1")
    edit(sent, "officer", "Changed while it was read.")
    answer = approve(sent, "expert_1", link)
    assert answer.status_code == 409
    assert "Secretariat officer" in answer.get_data(as_text=True)
    assert approvals() == 0


def test_steps_that_are_not_possible_say_why(sent: Scene) -> None:
    page = soup(sent.text("officer", "report"))
    greyed = {one.button.get_text(): one.get_text() for one in page.select(".greyed") if one.button}
    assert "3 of 3 approvals" in greyed["Record that all three agree"]
    assert "not agreed" in greyed["Issue the summary and complete the review"]


# Files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["docx", "pdf"])
@pytest.mark.parametrize("what", ["report", "summary"])
def test_files_are_recorded_and_carry_the_hash(sent: Scene, form: str, what: str) -> None:
    answer = sent.post("expert_1", f"report/{form}", {"what": what})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].endswith(f'-zambia.{form}"')
    assert answer.data[:4] == (b"%PDF" if form == "pdf" else b"PK\x03\x04")
    with db.reading() as session:
        row = session.scalars(sa.select(Audit).where(Audit.verb == "report_downloaded")).one()
        assert row.after == {"what": what, "format": form, "sha256": present(sent)}
        assert row.person_id == sent.person("expert_1").id
    if form == "docx":
        document = Document(io.BytesIO(answer.data))
        assert present(sent)[:16] in document.sections[0].footer.paragraphs[0].text


def test_files_need_a_form_of_ours(sent: Scene) -> None:
    assert sent.get("expert_1", "report/pdf").status_code == 405
    assert sent.browser("expert_1").post(sent.path("report/pdf")).status_code == 400
    assert sent.post("expert_1", "report/pdf", {"what": "everything"}).status_code == 404
    assert sent.post("stranger", "report/pdf", {}).status_code == 404


def test_the_print_view_is_the_paper(sent: Scene) -> None:
    page = soup(sent.text("focal_point", "report/print"))
    assert page.select_one(".sheet-marking") is not None
    assert "Article 15. Bribery of national public officials" in page.get_text()
    summary = soup(sent.text("focal_point", "report/print?what=summary")).get_text()
    assert "Article 15. Bribery" not in summary
    assert sent.get("focal_point", "report/print?what=x").status_code == 404


def test_what_is_to_be_written_is_said_where_it_is_written(drafted: Scene) -> None:
    page = drafted.text("officer", "report?part=summary")
    assert page.count("To be written by the secretariat.") == 3
    assert "<li>Bribery and trading in influence</li>" in page
    form = drafted.text("officer", "report?edit=summary:III:1")
    assert form.count("To be written by the secretariat.") == 3
    with drafted.work() as w:
        world.write_summary(w)
    assert "To be written" not in drafted.text("officer", "report?part=summary")
