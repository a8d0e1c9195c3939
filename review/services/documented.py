"""What public sources fix about the first cycle: sessions of the Group and dates of single reviews.

A source rarely gives the day of a step. `Pin.documented` is true only where the source names the
very event to the day; everywhere else the day leans on the source and stays marked as simulated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

from review.reference import DocumentedMilestone, documented_milestones, party


@dataclass(frozen=True, slots=True)
class Session:
    """A session of the Implementation Review Group at which reviewing States were drawn.

    ``basis`` says how its days are known.
    """

    name: str
    first_day: date
    last_day: date
    kind: str = "session"
    basis: str = "recalled"


SESSIONS: Final[Mapping[int, Session]] = {
    1: Session("First session", date(2010, 6, 28), date(2010, 7, 2), basis="documented"),
    2: Session("Second session", date(2011, 5, 30), date(2011, 6, 3)),
    3: Session("Third session", date(2012, 6, 18), date(2012, 6, 22)),
    4: Session("Fourth session", date(2013, 5, 27), date(2013, 5, 31)),
}
"""By year of the first cycle: the session at which the reviewing States of that year were drawn."""

_REPEATED_AT: Final[Mapping[int, Session]] = {
    3: Session("Resumed third session", date(2012, 11, 14), date(2012, 11, 16), kind="resumed"),
}
"""Later sessions of a year at which draws were made up for or repeated (recalled)."""

PUBLISHED_DAY: Final = date(2013, 5, 24)
PUBLISHED_FINALISED: Final = 38
"""Reviews finalised by PUBLISHED_DAY: report of the Secretary-General, sixty-eighth session."""

_DOCUMENTS_A_YEAR: Final = 8700
"""Job numbers that Vienna gave out in a year of that time; used to place a number in its year."""

_STEP_OF: Final[Mapping[str, str]] = {
    "review_launch": "notify_start",
    "self_assessment_completed_or_published": "submit_self_assessment",
    "self_assessment_presented_to_government": "submit_self_assessment",
    "self_assessment_results_shared": "submit_self_assessment",
    "country_visit": "record_dialogue",
    "review_finalised": "agree_report",
    "executive_summary_submitted": "agree_report",
    "executive_summary_document": "issue_summary",
    "executive_summary_conference_room_paper": "issue_summary",
    "country_report": "publish_report",
    "country_report_launched": "publish_report",
}
_NAMES_THE_EVENT: Final = frozenset(
    {
        "review_launch",
        "country_visit",
        "executive_summary_document",
        "executive_summary_conference_room_paper",
    }
)
_PROVES_THE_REVIEW_RAN: Final = frozenset(_STEP_OF.values())


@dataclass(frozen=True, slots=True)
class Pin:
    """A step of a review tied to a day by a source; `last_day` is the day it was over."""

    step: str
    first_day: date
    last_day: date
    documented: bool
    symbol: str = ""


def sessions() -> tuple[Session, ...]:
    """Every session of the first cycle at which reviewing States were drawn, by their days."""
    return tuple(
        sorted((*SESSIONS.values(), *_REPEATED_AT.values()), key=lambda held: held.first_day)
    )


def drawn_at(year: int, reviewers: Iterable[str]) -> Session:
    """The session at which these reviewing States can have been drawn for a year of the cycle.

    That of the year; a repeated draw where one of them was not yet a party then.
    """
    joined = [party(code).ratification_date for code in reviewers if code]
    held = SESSIONS[year]
    if year in _REPEATED_AT and any(day is None or day > held.first_day for day in joined):
        return _REPEATED_AT[year]
    return held


@cache
def pins(iso3: str) -> Mapping[str, Pin]:
    """The steps of this State's review that a source ties to a day, by step."""
    found: dict[str, Pin] = {}
    for milestone in documented_milestones():
        if milestone.iso3 == iso3 and (pin := _pin(milestone)):
            found[pin.step] = _better(found.get(pin.step), pin)
    return found


def ran(iso3: str) -> bool:
    """Whether a source shows that this State's review was under way, whoever reviewed it."""
    return any(step in _PROVES_THE_REVIEW_RAN for step in pins(iso3))


def documented_symbols() -> Iterator[str]:
    """The document symbols that sources give to executive summaries of the first cycle."""
    for milestone in documented_milestones():
        if _is_summary_symbol(milestone.document_symbol):
            yield milestone.document_symbol


def _pin(milestone: DocumentedMilestone) -> Pin | None:
    step = _STEP_OF.get(milestone.stage)
    if step is None or milestone.date_from is None or milestone.date_to is None:
        return None
    symbol = milestone.document_symbol if _is_summary_symbol(milestone.document_symbol) else ""
    if milestone.precision == "day":
        exact = milestone.stage in _NAMES_THE_EVENT
        return Pin(step, milestone.date_from, milestone.date_to, exact, symbol)
    day = _day_of_job(milestone) or _late_in(milestone.date_from, milestone.date_to)
    return Pin(step, day, day, documented=False, symbol=symbol)


def _better(first: Pin | None, second: Pin) -> Pin:
    """Of two sources for one step the exact one, else the later; a known symbol is kept."""
    if first is None:
        return second
    exact_first = (first.documented, first.first_day) > (second.documented, second.first_day)
    chosen, other = (first, second) if exact_first else (second, first)
    symbol = chosen.symbol or other.symbol
    return Pin(chosen.step, chosen.first_day, chosen.last_day, chosen.documented, symbol)


def _day_of_job(milestone: DocumentedMilestone) -> date | None:
    """About when a job number such as V.12-57446 was given out: numbers run through the year."""
    match = re.fullmatch(r"V\.\d\d-\d?(\d{4})", milestone.job_number)
    if not match or milestone.date_from is None:
        return None
    share = min(int(match[1]) / _DOCUMENTS_A_YEAR, 0.98)
    return milestone.date_from + timedelta(days=int(share * 365))


def _late_in(first: date, last: date) -> date:
    """Three quarters into a period of which nothing more is known: reviews rather took long."""
    return first + (last - first) * 3 / 4


def _is_summary_symbol(symbol: str) -> bool:
    return symbol.startswith("CAC/COSP/IRG/I/")
