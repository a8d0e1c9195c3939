"""The official pairings: a report first, then all of them or none; and the lists that leave."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
import sqlalchemy as sa
from docx import Document
from sqlalchemy.orm import Session

from review import languages
from review.models import Audit, Outbox, Reviewer
from review.services.draws import pairings, pairings_lists, pairings_paper, prepare
from review.services.draws.orders import Purpose
from review.services.draws.pairings import Effect, Report
from review.services.errors import InvalidGiven, Refused
from tests.services import drawing
from tests.services.drawing import NOW, Setting

HEAD = "iso3,reviewer1,reviewer2,basis\n"
AFR, ASI, WEO = (drawing.codes()[n : n + drawing.IN_A_GROUP] for n in (0, 6, 12))
"""Codes of parties by regional group, six each."""


@pytest.fixture
def setting(session: Session) -> Setting:
    return drawing.setting(session)


def report(setting: Setting, text: str) -> Report:
    return pairings.report(setting.session, setting.cycle, text.encode(), NOW)


def apply(setting: Setting, text: str, digest: str) -> Report:
    return pairings.apply(
        setting.session, 1, text.encode(), digest, source="Specimen session", drawn_on=NOW.date(),
        actor=setting.officer, now=NOW,
    )  # fmt: skip


def load(setting: Setting, text: str) -> Report:
    done = apply(setting, text, report(setting, text).digest)
    setting.session.expire_all()
    return done


def line(state: str, first: str, second: str, basis: str = "documented") -> str:
    return f"{state},{first},{second},{basis}\n"


GOOD = HEAD + line(AFR[0], AFR[1], WEO[0]) + line(ASI[0], ASI[1], AFR[2], "recalled")


def test_report_says_what_loading_would_do_and_does_nothing(setting: Setting) -> None:
    found = report(setting, GOOD)

    assert [(one.number, one.state, one.effect) for one in found.lines] == [
        (2, AFR[0], Effect.ADDED),
        (3, ASI[0], Effect.ADDED),
    ]
    assert found.faults == ()
    assert setting.session.scalars(sa.select(Reviewer)).all() == []


def test_pairings_are_loaded_and_a_second_load_finds_them_equal(setting: Setting) -> None:
    load(setting, GOOD)

    pairs = setting.pairs()
    assert (pairs[AFR[0]], pairs[ASI[0]]) == ((AFR[1], WEO[0]), (ASI[1], AFR[2]))
    bases = {row.iso3: row.basis for row in setting.session.scalars(sa.select(Reviewer))}
    assert (bases[WEO[0]], bases[AFR[2]]) == ("documented", "recalled")
    verbs = setting.session.scalars(sa.select(Audit.verb).order_by(Audit.id)).all()
    assert verbs == ["assign_reviewers", "assign_reviewers", "pairings_loaded"]
    assert setting.session.scalar(sa.select(sa.func.count()).select_from(Outbox)) == 6

    assert {one.effect for one in load(setting, GOOD).lines} == {Effect.EQUAL}
    assert setting.session.scalar(sa.select(sa.func.count()).select_from(Outbox)) == 6


def test_changed_pairs_replace_what_stands_and_the_rest_stays(setting: Setting) -> None:
    load(setting, GOOD)

    found = load(setting, HEAD + line(AFR[0], AFR[1], WEO[1]))

    assert [one.effect for one in found.lines] == [Effect.CHANGED]
    pairs = setting.pairs()
    assert (pairs[AFR[0]], pairs[ASI[0]]) == ((AFR[1], WEO[1]), (ASI[1], AFR[2]))


def test_basis_alone_is_changed_without_a_mail(setting: Setting) -> None:
    load(setting, GOOD)

    found = load(setting, HEAD + line(AFR[0], AFR[1], WEO[0], "recalled"))

    assert [one.effect for one in found.lines] == [Effect.BASIS]
    assert setting.session.scalar(sa.select(sa.func.count()).select_from(Outbox)) == 6


@pytest.mark.parametrize(
    ("text", "number", "words"),
    [
        (HEAD + line("XXX", AFR[1], WEO[0]), 2, "XXX is not a State party"),
        (HEAD + line(AFR[0], "XXX", WEO[0]), 2, "XXX is not a State party"),
        (HEAD + line(AFR[0], AFR[1], ""), 2, "Both reviewing States"),
        (HEAD + line(AFR[0], AFR[1], WEO[0], "guessed"), 2, "The basis is one of"),
        (GOOD + line(AFR[0], AFR[1], WEO[1]), 4, "stands in line 2 already"),
        (HEAD + line(AFR[0], AFR[0], WEO[0]), 2, "its own reviewer"),
        (HEAD + line(AFR[0], AFR[1], AFR[1]), 2, "both places"),
        (HEAD + line(AFR[0], WEO[1], WEO[0]), 2, "No reviewing State"),
        (HEAD + line(AFR[0], WEO[1], AFR[1]), 2, "place 2, not 1"),
        (GOOD + line(AFR[1], AFR[0], WEO[0]), 2, "review each other"),
        (HEAD + "AAA,BBB\n", 2, "2 cells, the head has 4"),
        (HEAD + '"AAA,BBB\n', 2, "not CSV"),
        (HEAD, 0, "no line with a State"),
        (HEAD.replace(",basis", ""), 1, "column basis is missing"),
        (HEAD.strip() + ",colour\n", 1, "“colour” is not known"),
        (HEAD.strip() + ",basis\n", 1, "there twice"),
        ("year," + HEAD + f"4,{line(AFR[0], AFR[1], WEO[0])}", 2, "in year 1, not in 4"),
    ],
)
def test_faults_name_their_line_and_nothing_is_applied(
    setting: Setting, text: str, number: int, words: str
) -> None:
    found = report(setting, text)

    assert [fault.number for fault in found.faults] == [number]
    assert words in str(found.faults[0].reason)
    with pytest.raises(Refused), setting.session.begin_nested():
        apply(setting, text, found.digest)
    assert setting.session.scalars(sa.select(Reviewer)).all() == []


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * (1024 * 1024 + 1)])
def test_file_that_is_no_text_is_refused(setting: Setting, content: bytes) -> None:
    found = pairings.report(setting.session, setting.cycle, content, NOW)

    assert [fault.number for fault in found.faults] == [0]


def test_limits_are_warned_of_and_the_official_list_counts(setting: Setting) -> None:
    text = HEAD + "".join(line(state, AFR[5], WEO[0]) for state in AFR[:4])

    found = load(setting, text)

    words = [str(fault.reason) for fault in found.warnings]
    assert sum("the most are 3" in text for text in words) == 2
    assert setting.pairs()[AFR[3]] == (AFR[5], WEO[0])


def test_report_of_yesterday_is_not_applied(setting: Setting) -> None:
    digest = report(setting, GOOD).digest
    load(setting, HEAD + line(AFR[0], AFR[2], WEO[2]))

    with pytest.raises(Refused, match="changed since the report"):
        apply(setting, GOOD, digest)

    assert setting.pairs()[AFR[0]] == (AFR[2], WEO[2])


def test_review_that_has_begun_keeps_its_pair(setting: Setting) -> None:
    load(setting, GOOD)
    drawing.start(setting, AFR[0])

    assert report(setting, GOOD).faults == ()
    found = report(setting, HEAD + line(AFR[0], AFR[1], WEO[1]))

    assert "has begun" in str(found.faults[0].reason)


def test_nothing_is_loaded_into_a_published_draw(setting: Setting) -> None:
    draw = setting.prepared(purpose=Purpose.REGULAR)
    prepare.publish(setting.session, draw.id, actor=setting.officer, now=NOW)

    found = report(setting, GOOD)

    assert "is published" in str(found.faults[0].reason)


def test_source_is_needed(setting: Setting) -> None:
    with pytest.raises(InvalidGiven, match="where the pairings are from"):
        pairings.apply(
            setting.session, 1, GOOD.encode(), "", source=" ", drawn_on=NOW.date(),
            actor=setting.officer, now=NOW,
        )  # fmt: skip


def test_list_that_was_given_out_can_be_loaded_again(setting: Setting) -> None:
    load(setting, GOOD)
    rows = pairings_lists.pairings(setting.session, setting.cycle)
    content = pairings_lists.as_csv([row for row in rows if row.first]).decode()

    found = report(setting, content)

    assert found.faults == ()
    assert {one.effect for one in found.lines} == {Effect.EQUAL}
    assert [row.year for row in rows] == sorted(row.year for row in rows)
    public = json.loads(json.dumps(pairings_lists.as_json(setting.cycle, rows)))
    (one,) = [row for row in public["pairings"] if row["iso3"] == AFR[0]]
    assert [each["iso3"] for each in one["reviewers"]] == [AFR[1], WEO[0]]


def test_paper_has_a_table_for_each_year_and_group_in_two_languages(setting: Setting) -> None:
    load(setting, GOOD)
    rows = pairings_lists.pairings(setting.session, setting.cycle)

    made = Document(BytesIO(pairings_paper.docx(setting.cycle, rows, reader="en", at=NOW)))

    texts = [paragraph.text for paragraph in made.paragraphs]
    assert [text.split(" / ")[0] for text in texts if text.startswith("Year ")] == [
        f"Year {year}" for year in range(1, 5)
    ]
    assert sum(text.startswith("African States") for text in texts) == 4
    assert len(made.tables) == 12
    lines = [[cell.text for cell in row.cells] for table in made.tables for row in table.rows]
    head = lines[0]
    assert "State under review" in head[0]
    assert "\n" in head[0], "the second language stands below the first"
    named = {row.state: row for row in rows}
    one = named[AFR[0]]
    assert one.first
    assert one.second
    (found,) = [line for line in lines if line[0].split("\n")[0] == one.name]
    assert [cell.split("\n")[0] for cell in found[1:3]] == [one.first.name, one.second.name]
    assert found[3].split("\n")[0] == "documented"
    assert sum(len(table.rows) - 1 for table in made.tables) == len(rows)


@pytest.mark.parametrize("reader", ["en", "fr", "ar", "zh"])
def test_paper_of_a_cycle_without_reviews_says_so(setting: Setting, reader: str) -> None:
    content = pairings_paper.docx(setting.cycle, [], reader=reader, at=NOW, specimen=True)

    texts = [paragraph.text for paragraph in Document(BytesIO(content)).paragraphs]
    nobody = languages.translations(reader).gettext("No State is under review in this cycle yet.")
    assert [text for text in texts if text.startswith(nobody)]
