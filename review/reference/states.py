"""States parties and signatories, their groups, capitals and time zones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from review.reference.source import UnknownReferenceError, day, rows
from workflows.words import N_

REGIONAL_GROUPS: Final = (
    N_("African States"),
    N_("Asia-Pacific States"),
    N_("Eastern European States"),
    N_("Latin American and Caribbean States"),
    N_("Western European and other States"),
)
NAMED_IN: Final = ("ar", "es", "fr", "ru", "zh")
_LANGUAGE_CODES: Final = {
    "Arabic": "ar",
    "Chinese": "zh",
    "English": "en",
    "French": "fr",
    "Russian": "ru",
    "Spanish": "es",
}


@dataclass(frozen=True, slots=True)
class Party:
    """A State (or the European Union) that signed or joined the Convention."""

    iso3: str
    name: str
    name_2013: str
    regional_group: str | None
    signature_date: date | None
    ratification_date: date | None
    instrument: str
    language: str
    legal_tradition: str
    capital: str
    time_zone: str
    dates_basis: str

    @property
    def place(self) -> str:
        """What "end of day in …" names: the capital, else the State."""
        return self.capital or self.name


@cache
def parties() -> tuple[Party, ...]:
    """Every party and signatory, in alphabetical order of the English name."""
    seats = {row["iso3"]: row for row in rows("capitals.csv")}
    return tuple(_party(row, seats[row["iso3"]]) for row in rows("states_parties.csv"))


def party(iso3: str) -> Party:
    """The party with this ISO 3166 alpha-3 code; raises UnknownReferenceError."""
    try:
        return _parties_by_code()[iso3]
    except KeyError:
        raise UnknownReferenceError(f"No party has the code '{iso3}'") from None


@cache
def names(code: str) -> Mapping[str, str]:
    """The names that the United Nations uses in one of the other five languages, by English name.

    Empty for English and for any code that is none of these.
    """
    if code not in NAMED_IN:
        return {}
    return {row["en"]: row[code] for row in rows("state_names.csv")}


def parties_at(day: date) -> tuple[Party, ...]:
    """Those that had deposited their instrument by `day`."""
    return tuple(p for p in parties() if p.ratification_date and p.ratification_date <= day)


def signatories_at(day: date) -> tuple[Party, ...]:
    """Those that had signed by `day`, whether party or not."""
    return tuple(p for p in parties() if p.signature_date and p.signature_date <= day)


@cache
def _parties_by_code() -> dict[str, Party]:
    return {p.iso3: p for p in parties()}


def _party(row: dict[str, str], seat: dict[str, str]) -> Party:
    group = row["regional_group"]
    return Party(
        iso3=row["iso3"],
        name=row["name"],
        name_2013=row["name_2013"],
        regional_group=group if group in REGIONAL_GROUPS else None,
        signature_date=day(row["signature_date"]),
        ratification_date=day(row["ratification_date"]),
        instrument=row["instrument"],
        language=_LANGUAGE_CODES.get(row["language"], "en"),
        legal_tradition=row["legal_tradition"],
        capital=seat["capital"],
        time_zone=seat["time_zone"],
        dates_basis=row["dates_basis"],
    )
