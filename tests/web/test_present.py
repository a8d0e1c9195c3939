"""How dates, distances, names and sizes read, and in which language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask, g
from flask_babel import force_locale

from review import clock, languages
from review.mail import due
from review.mail.voice import Voice
from review.reference import days_off
from review.web import present
from tests.mail import test_dates as mailed

NOW = datetime(2011, 5, 12, 8, 0, tzinfo=UTC)


@pytest.fixture
def reader(app: Flask) -> Iterator[None]:
    """A reader in Vienna on Thu 12 May 2011, at 10:00."""
    with clock.frozen(NOW), app.test_request_context():
        yield


@pytest.mark.parametrize("code", languages.CODES)
@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Bogota", "America/Lima"])
def test_page_and_mail_say_the_same_of_a_date(app: Flask, code: str, zone: str) -> None:
    day, lima = date.fromisoformat(mailed.PARAMS["due"]), ("America/Lima", "Lima")
    with clock.frozen(mailed.NOW), app.test_request_context(), force_locale(code):
        g.time_zone = zone
        working = days_off.calendar("PER").between(present.today("America/Lima"), day)
        page = present.due(day, *lima, working=working)
    said = due.of(mailed.PARAMS | {"time_zone": zone}, Voice(code), mailed.NOW, {})
    assert working == 9
    assert said.long == page.main
    assert said.distance == "; ".join(filter(None, (page.distance, page.yours)))


@pytest.mark.usefixtures("reader")
class TestDates:
    def test_a_due_day_names_its_capital_and_its_distance(self) -> None:
        text = present.due(date(2011, 5, 27), "Africa/Lusaka", "Lusaka")
        assert text.main == "Fri 27 May 2011, end of day in Lusaka"
        assert text.distance == "in 15 days"
        assert text.yours == "the same hour in Vienna"
        assert text.late == 0

    def test_the_reader_sees_their_own_hour(self) -> None:
        text = present.due(date(2011, 5, 27), "America/Lima", "Lima")
        assert text.yours == "your time Sat 28 May, 07:00"
        early = present.due(date(2011, 5, 27), "Pacific/Port_Moresby", "Port Moresby")
        assert early.yours == "your time Fri 27 May, 16:00"

    def test_no_own_hour_in_the_same_zone(self) -> None:
        g.time_zone = "Africa/Lusaka"
        assert present.due(date(2011, 5, 27), "Africa/Lusaka", "Lusaka").yours == ""

    @pytest.mark.parametrize(
        ("day", "distance", "late"),
        [
            (date(2011, 5, 12), "today", 0),
            (date(2011, 5, 13), "tomorrow", 0),
            (date(2011, 5, 11), "1 day ago", 1),
            (date(2011, 3, 31), "42 days ago", 42),
        ],
    )
    def test_distance_and_lateness(self, day: date, distance: str, late: int) -> None:
        text = present.due(day, "Europe/Vienna")
        assert (text.distance, text.late) == (distance, late)

    def test_a_day_ends_where_it_is_owed(self) -> None:
        """At 23:30 in Vienna the day is over in Port Moresby, and not yet in Lima."""
        with clock.frozen(datetime(2011, 5, 27, 21, 30, tzinfo=UTC)):
            assert present.late_days(date(2011, 5, 27), "Pacific/Port_Moresby") == 1
            assert present.late_days(date(2011, 5, 27), "Europe/Vienna") == 0
            assert present.late_days(date(2011, 5, 27), "America/Lima") == 0

    def test_a_moment_names_its_place(self) -> None:
        at = datetime(2011, 5, 11, 14, 20, tzinfo=UTC)
        assert present.moment(at, "Africa/Lusaka") == "Wed 11 May 2011, 16:20 in Lusaka"
        assert present.moment(at) == "Wed 11 May 2011, 16:20 in Vienna"
        assert present.moment(at, "America/Lima") == "Wed 11 May 2011, 09:20 in Lima"

    def test_a_period_names_the_year_once(self) -> None:
        assert present.period(date(2010, 7, 12), date(2010, 8, 25)) == "12 Jul – 25 Aug 2010"
        assert present.period(date(2010, 11, 19), date(2011, 3, 18)) == "19 Nov 2010 – 18 Mar 2011"

    @pytest.mark.parametrize("code", languages.CODES)
    def test_every_language_has_every_form(self, code: str) -> None:
        with force_locale(code):
            for shown in (present.day, present.short_day, present.day_of_year, present.month):
                assert shown(date(2011, 5, 27))
            assert present.due(date(2011, 5, 27), "America/Argentina/Buenos_Aires").main

    def test_cities_are_named_in_the_language(self) -> None:
        with force_locale("ar"):
            assert present.zone_name("Europe/Vienna") == "فيينا"
            assert present.place_name("Africa/Lusaka", "Lusaka") == "لوساكا"
            assert present.place_name("Europe/Zurich", "Bern") == "Bern"
        assert present.zone_name("America/Argentina/Buenos_Aires") == "Buenos Aires"


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    ("octets", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1_440_000, "1.4 MB"), (25_000_000, "25 MB")],
)
def test_sizes_are_said_in_words(octets: int, words: str) -> None:
    assert present.size(octets) == words


@pytest.mark.usefixtures("reader")
def test_names_in_a_sentence() -> None:
    assert present.listed(["Italy", "Zambia", "Zimbabwe"]) == "Italy, Zambia and Zimbabwe"
