"""What is published before a draw, as a document and back (specification, sections 2, 4 and 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from workflows import chance, review_years
from workflows.lots import Board, LotOrder, LotParty, LotReview, LotsError, Rules
from workflows.review_years import Place, YearParty

FORMAT: Final = "uncac-lots/1"


class Kind(StrEnum):
    """What is drawn: reviewing States of a year, or the years of review."""

    REVIEWERS = "reviewers"
    YEARS = "years"


class Mode(StrEnum):
    """How reviewing States are drawn: one after the other, or as one sample of all solutions."""

    LOT_BY_LOT = "lot_by_lot"
    WHOLE = "whole"


@dataclass(frozen=True)
class ReviewersAnnouncement:
    """The announcement of a draw of reviewing States.

    Raises LotsError if rules, parties, reviews and lots contradict each other.
    """

    cycle: int
    year: int
    title: str
    secret_sha256: str
    mode: Mode
    rules: Rules
    parties: tuple[LotParty, ...]
    reviews: tuple[LotReview, ...]
    lots: tuple[LotOrder, ...]

    def __post_init__(self) -> None:
        _check_head(self.cycle, self.secret_sha256)
        if self.year < 1:
            raise LotsError("year: must be at least 1")
        _ = self.board

    @property
    def kind(self) -> Kind:
        """What is drawn."""
        return Kind.REVIEWERS

    @cached_property
    def board(self) -> Board:
        """What stands before the first lot."""
        return Board.of(self.rules, self.parties, self.reviews, self.lots)

    def document(self) -> dict[str, Any]:
        """The announcement in the form in which it is published."""
        return {
            **_head(self),
            "mode": str(self.mode),
            "rules": {name: getattr(self.rules, name) for name in Rules.__slots__},
            "parties": [_party(one) for one in sorted(self.parties, key=lambda one: one.code)],
            "reviews": [_review(one) for one in sorted(self.reviews, key=lambda one: one.code)],
            "lots": [
                {"state": lot.state, "slot": lot.slot, "without": sorted(lot.without)}
                for lot in self.lots
            ],
        }

    @cached_property
    def commitment(self) -> str:
        """SHA-256 of the document."""
        return chance.digest(self.document())


@dataclass(frozen=True)
class YearsAnnouncement:
    """The announcement of a draw of the years of review (ToR 14).

    Raises LotsError if the quotas of a group do not add up to its parties.
    """

    cycle: int
    title: str
    secret_sha256: str
    quotas: Mapping[str, tuple[int, ...]]
    parties: tuple[YearParty, ...]
    year: int = field(default=0, init=False)
    mode: Mode = field(default=Mode.LOT_BY_LOT, init=False)

    def __post_init__(self) -> None:
        _check_head(self.cycle, self.secret_sha256)
        if any(count < 0 for row in self.quotas.values() for count in row):
            raise LotsError("quotas: a quota is 0 or more")
        codes = [party.code for party in self.parties]
        if twice := {code for code in codes if codes.count(code) > 1}:
            raise LotsError(f"the party {min(twice)} is listed twice")
        for group in sorted({*self.quotas, *(party.group for party in self.parties)}):
            members = sum(party.group == group for party in self.parties)
            if sum(self.quotas.get(group, ())) != members:
                raise LotsError(f"the quotas of {group or 'no group'} do not add up to {members}")

    @property
    def kind(self) -> Kind:
        """What is drawn."""
        return Kind.YEARS

    @cached_property
    def lots(self) -> tuple[Place, ...]:
        """The places in the order of drawing."""
        return review_years.places(self.quotas)

    def document(self) -> dict[str, Any]:
        """The announcement in the form in which it is published."""
        return {
            **_head(self),
            "mode": str(self.mode),
            "rules": {"quotas": {group: list(row) for group, row in self.quotas.items()}},
            "parties": [
                {"code": p.code, "name": p.name, "group": p.group, "volunteers": p.volunteers}
                for p in sorted(self.parties, key=lambda one: one.code)
            ],
            "reviews": [],
            "lots": [{"group": place.group, "year": place.year} for place in self.lots],
        }

    @cached_property
    def commitment(self) -> str:
        """SHA-256 of the document."""
        return chance.digest(self.document())


Announcement = ReviewersAnnouncement | YearsAnnouncement


def _check_head(cycle: int, secret_sha256: str) -> None:
    if cycle < 1:
        raise LotsError("cycle: must be at least 1")
    if len(secret_sha256) != 64 or not set("0123456789abcdef").issuperset(secret_sha256):
        raise LotsError("secret_sha256: must have 64 lower-case hexadecimal digits")


def _head(announcement: Announcement) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": str(announcement.kind),
        "cycle": announcement.cycle,
        "year": announcement.year,
        "title": announcement.title,
        "secret_sha256": announcement.secret_sha256,
    }


def _party(party: LotParty) -> dict[str, Any]:
    return {
        "code": party.code,
        "name": party.name,
        "group": party.group,
        "tradition": party.tradition,
        "serves": party.serves,
        "excused": sorted(party.excused),
    }


def _review(review: LotReview) -> dict[str, Any]:
    return {"code": review.code, "year": review.year, "reviewers": list(review.reviewers)}


def read(document: object) -> Announcement:
    """The announcement that a document describes.

    Raises LotsError with what is wrong and where, if it is not one in the published form.
    """
    try:
        head = _fields(document, "announcement", _HEAD)
        if head["format"] != FORMAT:
            raise LotsError(f"format: {head['format']!r} is not {FORMAT}")
        read_kind = {"reviewers": _read_reviewers, "years": _read_years}.get(head["kind"])
        if read_kind is None:
            raise LotsError(f"kind: {head['kind']!r} is neither reviewers nor years")
        found = read_kind(head)
    except (review_years.YearsError, KeyError) as fault:
        raise LotsError(str(fault)) from fault
    if found.document() != document:
        raise LotsError("the announcement is not in the published form and order")
    return found


_HEAD: Final = {
    "format": str, "kind": str, "cycle": int, "year": int, "title": str, "secret_sha256": str,
    "mode": str, "rules": dict, "parties": list, "reviews": list, "lots": list,
}  # fmt: skip
_RULES: Final = dict.fromkeys(Rules.__slots__, int) | {"no_mutual": bool}
_PARTY: Final = {
    "code": str, "name": str, "group": (str, type(None)), "tradition": str, "serves": bool,
    "excused": list,
}  # fmt: skip
_REVIEW: Final = {"code": str, "year": int, "reviewers": list}
_LOT: Final = {"state": str, "slot": int, "without": list}
_YEAR_PARTY: Final = {"code": str, "name": str, "group": str, "volunteers": int}


def _read_reviewers(head: Mapping[str, Any]) -> Announcement:
    if head["mode"] not in list(Mode):
        raise LotsError(f"mode: {head['mode']!r} is neither lot_by_lot nor whole")
    parties = [_fields(one, "parties", _PARTY) for one in head["parties"]]
    reviews = [_fields(one, "reviews", _REVIEW) for one in head["reviews"]]
    lots = [_fields(one, "lots", _LOT) for one in head["lots"]]
    for one in parties:
        _check_code(one["code"])
        if one["group"] == "":
            raise LotsError(f"parties: a group of {one['code']} has no name")
        if any(year < 1 for year in _each(one["excused"], int, "excused")):
            raise LotsError(f"excused: a year of {one['code']} is not at least 1")
    return ReviewersAnnouncement(
        head["cycle"],
        head["year"],
        head["title"],
        head["secret_sha256"],
        Mode(head["mode"]),
        Rules(**_fields(head["rules"], "rules", _RULES)),
        tuple(LotParty(**{**one, "excused": frozenset(one["excused"])}) for one in parties),
        tuple(LotReview(one["code"], one["year"], _pair(one)) for one in reviews),
        tuple(
            LotOrder(lot["state"], lot["slot"], tuple(_each(lot["without"], str, "without")))
            for lot in lots
        ),
    )


def _pair(review: Mapping[str, Any]) -> tuple[str | None, str | None]:
    found = review["reviewers"]
    if len(found) != 2 or any(not isinstance(code, str | None) for code in found):
        raise LotsError(f"the review of {review['code']} does not have two reviewers or null")
    return found[0], found[1]


def _read_years(head: Mapping[str, Any]) -> Announcement:
    quotas = _fields(head["rules"], "rules", {"quotas": dict})["quotas"]
    parties = [_fields(one, "parties", _YEAR_PARTY) for one in head["parties"]]
    for one in parties:
        _check_code(one["code"])
        if one["volunteers"] < 0:
            raise LotsError(f"volunteers: {one['code']} has a year below 0")
    return YearsAnnouncement(
        head["cycle"],
        head["title"],
        head["secret_sha256"],
        {group: tuple(_each(row, int, "quotas")) for group, row in quotas.items()},
        tuple(YearParty(**one) for one in parties),
    )


def _check_code(code: str) -> None:
    if len(code) != 3 or not (code.isascii() and code.isalpha() and code.isupper()):
        raise LotsError(f"parties: {code!r} is not a code of three capital letters")


def _each(values: object, kind: type, where: str) -> Sequence[Any]:
    if not isinstance(values, list) or any(not _is(value, kind) for value in values):
        raise LotsError(f"{where}: must be a list of {kind.__name__}")
    return values


def _fields(document: object, where: str, kinds: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise LotsError(f"{where}: must be an object")
    if unlike := sorted(document.keys() ^ kinds.keys()):
        raise LotsError(f"{where}: {unlike[0]} is missing or unknown")
    for name, kind in kinds.items():
        if not _is(document[name], kind):
            raise LotsError(f"{where}: {name} has the wrong type")
    return document


def _is(value: object, kind: Any) -> bool:
    """Whether a value is of a kind; true and false are no numbers."""
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
