"""Who reads in another language finds States by the names that the United Nations uses there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask

from review import clock, db, languages, reference
from review.mail.voice import Voice
from review.models import Person
from review.reference.states import NAMED_IN, names
from tests.journeys.crawl import Crawler, Walk
from tests.web.office import NOW, Office

CAST = ("Zambia", "Italy", "Zimbabwe", "Mexico", "Albania", "Brazil", "Papua New Guinea")
ENGLISH = re.compile("|".join(CAST))


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    """Everybody reads Russian, in which no name of a State is spelt as in English."""
    made = Office(app)
    with db.transaction() as session:
        session.execute(sa.update(Person).values(language="ru"))
    with clock.frozen(NOW):
        yield made


def test_every_state_has_a_name_in_every_language() -> None:
    for code in NAMED_IN:
        known = names(code)
        assert list(known) == [one.name for one in reference.parties()]
        assert len(set(known.values())) == len(known)
        assert all(name == name.strip() for name in known.values())
    assert set(NAMED_IN) | {languages.SOURCE} == set(languages.CODES)
    assert names("en") == names("xx") == {}


def test_mails_name_states_in_their_language() -> None:
    assert [Voice(code).name("Germany") for code in ("ar", "es", "fr", "ru", "zh", "en")] == [
        "ألمانيا", "Alemania", "Allemagne", "Германия", "德国", "Germany",
    ]  # fmt: skip


def walk(office: Office, who: str) -> Walk:
    crawler = Crawler(office.app)
    return crawler.walk(who, office.browser(who), 2, public=False)


@pytest.mark.parametrize("who", ["officer", "admin", "focal_point", "expert_1"])
def test_no_page_names_a_state_in_english_to_somebody_else(office: Office, who: str) -> None:
    found, read = set(), 0
    for answer in walk(office, who).answers.values():
        if answer.kind != "text/html" or answer.page is None:
            continue
        read += 1
        page = BeautifulSoup(answer.text, "html.parser")
        for example in page.select("pre, textarea"):
            example.decompose()
        for text in page.find_all(string=ENGLISH):
            found.add((answer.endpoint, " ".join(str(text).split())[:90]))
    assert read > 8
    assert not found, sorted(found)
