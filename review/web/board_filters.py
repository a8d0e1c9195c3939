"""The board's address: what it asks for, read with care, and written again for a link."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from review import reference
from review.services.queries.board_filters import (
    ALL,
    MINE,
    NOBODY,
    NONE,
    OPEN,
    ORDERS,
    Filters,
)
from review.web.asked import Reader
from workflows.registry import process
from workflows.spec import Party

if TYPE_CHECKING:
    from review.models import Cycle

_TURNS: Final = (*(party.value for party in Party), NOBODY)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for, and the parts of it that mean nothing here."""

    filters: Filters
    ignored: tuple[str, ...]


def read(
    args: Mapping[str, str], cycle: Cycle, cycles: Container[int], officers: Container[str]
) -> Asked:
    """The filters of an address. Whatever is unknown in it is named, never an error.

    Somebody who searches for a State without choosing a stage looks among completed ones too.
    """
    reader = Reader(args)
    if (number := reader.number("cycle", 1, 99)) and number not in cycles:
        reader.ignore("cycle", number)
    q = reader.words("q")
    stages = {ALL, *(stage.key for stage in process(cycle.process_key).stages)}
    filters = Filters(
        year=reader.number("year", 1, 5),
        group=reader.one_of("group", reference.REGIONAL_GROUPS),
        stage=reader.one_of("stage", stages, ALL if q and "stage" not in args else OPEN),
        turn=reader.one_of("turn", _TURNS),
        officer=reader.one_of("officer", _Either({MINE, NONE}, officers)),
        late=reader.one_of("late", {"1"}) == "1",
        q=q,
        sort=reader.one_of("sort", ORDERS, "late"),
        page=reader.number("page", 1, 9999) or 1,
        everything=reader.one_of("rows", {ALL}) == ALL,
    )
    return Asked(filters, tuple(reader.ignored))


@dataclass(frozen=True, slots=True)
class _Either:
    """What is in one or the other."""

    some: Container[str]
    others: Container[str]

    def __contains__(self, value: object) -> bool:
        return value in self.some or value in self.others


def cycle_number(args: Mapping[str, str]) -> int | None:
    """The number of the cycle that an address names; None if it names none, or nonsense."""
    return Reader(args).number("cycle", 1, 99)


def written(cycle: int, filters: Filters, **changes: Any) -> dict[str, str]:
    """The filters as parameters of an address, without those that ask for nothing."""
    wanted = replace(filters, **changes)
    values = {
        "cycle": str(cycle),
        "year": str(wanted.year or ""),
        "group": wanted.group,
        "stage": wanted.stage,
        "turn": wanted.turn,
        "officer": wanted.officer,
        "late": "1" if wanted.late else "",
        "q": wanted.q,
        "sort": wanted.sort if wanted.sort != "late" else "",
        "page": str(wanted.page) if wanted.page > 1 else "",
        "rows": ALL if wanted.everything else "",
    }
    kept = {name: value for name, value in values.items() if value}
    if wanted.q and wanted.stage == OPEN:
        kept["stage"] = OPEN
    return kept
