"""Papers: what is composed, and that every sign of it survives into the files."""

from __future__ import annotations

import io
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import typst
from docx import Document

from review.resources import DATA, TEMPLATES
from review.services import blueprint, differences, papers
from review.services.differences import Change
from review.services.rendering import docx, paper, pdf
from review.services.rendering.paper import REPORT, SUMMARY, Cover, Paper

CHAPTERS = ("III", "IV")
AT = datetime(2013, 5, 1, 10, 0, 7, 123456, tzinfo=UTC)
COVER = Cover(
    kind=REPORT,
    state="Zambia",
    reviewers=("Zimbabwe", "Italy"),
    cycle=1,
    year=1,
    chapters=CHAPTERS,
    language="en",
    sha256="ab" * 32,
    at=AT,
    specimen=True,
)
TEXTS = {
    "introduction": 'A & B < C > D "quoted"\tand a tab\nin two lines\n\nSecond paragraph.',
    "process": "#let x = 1; *not bold* $x$ \\ `code` @label <w:t/> ]]>",
    "legal_system": "نص عربي & <رموز> ١٢٣\n\n中文样本文字\n\nРусский текст",
    "summary:III:1": "Bribery and trading in influence\n\n15(a): Specimen text.",
    "provision:15(a):b": "Specimen observation.",
    "provision:15(a):d": "Specimen challenge.",
}


def made(cover: Cover = COVER, texts: dict[str, str] | None = None) -> Paper:
    return (paper.summary if cover.kind == SUMMARY else paper.report)(cover, texts or TEXTS)


def words(one: Paper) -> list[str]:
    return [block.text for block in one.blocks]


def lines_of(one: Paper) -> list[tuple[str, str]]:
    """Style and text of every paragraph of the DOCX file, read back."""
    document = Document(io.BytesIO(docx.render(one)))
    return [(p.style.name or "", p.text) for p in document.paragraphs if p.style is not None]


def queried(one: Paper, selector: str) -> str:
    """What typst itself says stands in the paper."""
    answer: Any = typst.query(
        str(TEMPLATES / "report" / "paper.typ"),
        selector,
        sys_inputs={"data": json.dumps(pdf._data(one))},
        font_paths=[str(DATA / "fonts")],
        ignore_system_fonts=True,
    )
    return json.dumps(json.loads(answer), ensure_ascii=False)


# What a paper says -------------------------------------------------------------------------------


def test_paragraphs_are_numbered_through_and_headings_keep_the_blueprint() -> None:
    one = made()
    numbers = [block.number for block in one.blocks if block.level == 0]
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    assert words(one)[0] == "I. Introduction"
    assert "Chapter III. Criminalization and law enforcement" in words(one)
    assert "Article 15. Bribery of national public officials" in words(one)


def test_headings_never_skip_a_level() -> None:
    for one in (made(), made(replace(COVER, kind=SUMMARY))):
        levels = [block.level for block in one.blocks if block.level > 0]
        assert levels[0] == 1
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_empty_parts_are_left_out_and_missing_observations_are_said() -> None:
    said = words(made())
    at = said.index("15(a) Active bribery (promise, offering or giving)")
    assert said[at + 1] == "(b) Observations on the implementation of the article"
    assert said[at + 3] == "(d) Challenges in implementation, where applicable"
    assert said[at + 5].startswith("15(b)")
    assert said[at + 7] == "No text yet."


def test_summary_holds_section_three_alone() -> None:
    said = words(made(replace(COVER, kind=SUMMARY)))
    assert said[0] == "1. Overview of the legal and institutional framework"
    assert "15(a): Specimen text." in said
    assert "Specimen observation." not in said


def test_an_empty_section_is_named_in_a_draft_and_left_out_of_what_is_issued() -> None:
    draft = words(made(replace(COVER, kind=SUMMARY)))
    assert draft[1] == "No text yet."
    issued = words(made(replace(COVER, kind=SUMMARY, public=True)))
    assert "No text yet." not in issued
    assert issued[0] == "2. Criminalization and law enforcement"


def test_a_cycle_is_called_alike_on_pages_and_papers() -> None:
    facts = dict(made().facts)
    assert facts["Review"] == "First cycle, year 1, chapters III, IV"
    assert blueprint.cycle(2, str) == "Second cycle"
    assert blueprint.cycle(3, str) == "Cycle 3"


def test_title_page_says_what_the_text_is() -> None:
    draft = made()
    assert draft.marking == "Confidential"
    assert "Specimen text" in draft.notice
    assert dict(draft.facts)["Status"] == "Draft, not agreed"
    assert dict(draft.facts)["SHA-256"] == "ab" * 32
    assert draft.foot == "Zambia · SHA-256 abababababababab · 1 May 2013"
    issued = replace(COVER, kind=SUMMARY, symbol="CAC/COSP/IRG/I/1/1", agreed_at=AT, public=True)
    final = made(replace(issued, specimen=False))
    assert (final.marking, final.notice) == ("", "")
    assert final.foot.startswith("CAC/COSP/IRG/I/1/1 · ")
    assert dict(final.facts)["Status"].startswith("Agreed by all three States")


# The files ---------------------------------------------------------------------------------------


def test_every_sign_survives_into_docx() -> None:
    lines = lines_of(made())
    numbered = [text.partition("\t")[2] for style, text in lines if style == "Numbered"]
    assert numbered[0] == 'A & B < C > D "quoted"\tand a tab\nin two lines'
    assert numbered[1] == "Second paragraph."
    assert numbered[2] == TEXTS["process"]
    assert {"نص عربي & <رموز> ١٢٣", "中文样本文字", "Русский текст"} <= set(numbered)
    assert ("Heading 4", "Article 15. Bribery of national public officials") in lines
    assert ("RunIn", "Bribery and trading in influence") in lines
    assert ("Marking", "CONFIDENTIAL") in lines


def test_docx_has_contents_foot_and_properties() -> None:
    document = Document(io.BytesIO(docx.render(made())))
    xml = document.element.xml
    assert 'TOC \\o "1-4"' in xml
    assert 'w:anchor="heading1"' in xml
    foot = document.sections[0].footer.paragraphs
    assert "SHA-256 abababababababab · 1 May 2013" in foot[0].text
    assert "Specimen text" in foot[1].text
    assert document.core_properties.title.startswith("Country review report")
    assert document.core_properties.language == "en"


def test_arabic_runs_from_right_to_left() -> None:
    arabic = replace(COVER, language="ar")
    document = Document(io.BytesIO(docx.render(made(arabic))))
    assert document.sections[0]._sectPr.xpath("w:bidi")
    heading = next(p for p in document.paragraphs if p.style and p.style.name == "Heading 1")
    assert heading._p.xpath("w:pPr/w:bidi")
    body = {p.text.partition("\t")[2]: p for p in document.paragraphs}
    assert body["نص عربي & <رموز> ١٢٣"]._p.xpath("w:pPr/w:bidi")
    assert not body["中文样本文字"]._p.xpath("w:pPr/w:bidi")
    assert pdf.render(made(arabic)).startswith(b"%PDF")


def test_pdf_is_tagged_and_takes_user_text_as_text() -> None:
    one = made()
    content = pdf.render(one)
    assert content.startswith(b"%PDF-1.7")
    assert b"pdfuaid" in content
    assert b"StructTreeRoot" in content
    assert queried(one, "heading").count('"func": "heading"') == 1 + sum(
        block.level > 0 for block in one.blocks
    ), "the contents, and every heading once"
    said = queried(one, "par")
    for text in ("#let x = 1; *not bold* $x$ \\\\ `code` @label <w:t/> ]]>", "نص عربي & <رموز>"):
        assert text in said
    assert "中文样本文字" in said


def test_the_same_paper_is_the_same_pdf() -> None:
    assert pdf.render.__wrapped__(made()) == pdf.render.__wrapped__(made())


def test_signs_that_no_font_has_do_not_stop_a_pdf() -> None:
    assert pdf.render(made(texts=TEXTS | {"process": "\U000e0fff \u0f56 \U0001f642"}))


@pytest.mark.parametrize("form", ["docx", "pdf"])
def test_a_report_of_real_length_takes_seconds_not_minutes(form: str) -> None:
    long = dict.fromkeys(blueprint.keys(CHAPTERS), "Specimen text, a longer sentence. " * 12)
    make, _ = papers.FORMATS[form]
    assert len(make(made(texts=long))) > 10_000


def test_file_names_are_plain() -> None:
    assert (
        papers.file_name(SUMMARY, "Côte d'Ivoire", "pdf") == "executive-summary-c-te-d-ivoire.pdf"
    )


# Differences -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("The State should complete its law.", "The State could amend its law."),
        ("", "New."),
        ("Gone.", ""),
        ("one\ntwo\nthree", "one\n2\nthree\nfour"),
        ("样本文字说明", "样本新字说明"),
        ("a " * 4000, "b " * 4000),
    ],
)
def test_differences_add_up_to_both_texts(before: str, after: str) -> None:
    pieces = differences.words(before, after)
    assert "".join(p.text for p in pieces if p.change is not Change.GONE) == after
    assert "".join(p.text for p in pieces if p.change is not Change.NEW) == before


def test_differences_name_whole_words() -> None:
    pieces = differences.words("The State should complete it.", "The State could amend it.")
    assert [(p.change.value, p.text) for p in pieces] == [
        ("same", "The State "),
        ("gone", "should complete"),
        ("new", "could amend"),
        ("same", " it."),
    ]
