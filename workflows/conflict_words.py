"""A conflict in words: templates with parameters, translated where they are shown.

One sentence says what is missing, then each rule of the conflict follows once, with the States it
holds for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from workflows.conflicts import Conflict
from workflows.facts import Reason
from workflows.lots import Board
from workflows.relaxed import Element, Kind
from workflows.words import N_

_TEXTS: Final[Mapping[Kind, str]] = {
    Kind.REVIEW: N_("Reviews with places still to be filled: %(states)s."),
    Kind.OWN_GROUP: N_(
        "One reviewing State comes from the regional group of the State under review: %(states)s."
    ),
    Kind.MOST: N_(
        "Nobody carries out more than %(limit)s reviews; so many stand already: %(states)s."
    ),
    Kind.WORKING_MOST: N_(
        "Nobody carries out more than %(limit)s reviews before year %(year)s;"
        " so many stand already: %(states)s."
    ),
    Kind.LEAST: N_(
        "Everybody carries out at least %(limit)s by the end of the cycle;"
        " so many stand already: %(states)s."
    ),
    Kind.EXCUSED: N_("Excused from reviewing in year %(year)s: %(states)s."),
    Kind.NOT_SERVING: N_("Takes no further reviews: %(states)s."),
    Kind.REPEATED: N_("A repeated lot does not fall on the same State again: %(states)s."),
    Kind.NO_MUTUAL: N_("No two States review each other: %(states)s."),
}


def say(conflict: Conflict, board: Board) -> list[Reason]:
    """The conflict in sentences: what is missing, the rules, what stands and is taken as given."""
    rules = [
        sentence(list(elements), board)
        for _, elements in groupby(_in_order(conflict), key=lambda e: (e.kind, e.year))
    ]
    return [_missing(conflict, board), *rules, *_given(conflict, board)]


def sentence(elements: Sequence[Element], board: Board) -> Reason:
    """The sentence for elements of one kind and year: also for a single one."""
    kind, rules = elements[0].kind, board.rules
    limit = {
        Kind.MOST: rules.most,
        Kind.WORKING_MOST: rules.working_most,
        Kind.LEAST: rules.least,
    }.get(kind)
    states = ", ".join(_state(element, board) for element in elements)
    year = rules.last_year if kind is Kind.WORKING_MOST else elements[0].year
    params = {"states": states, "limit": limit, "year": year}
    named = {key: value for key, value in params.items() if f"%({key})s" in _TEXTS[kind]}
    return Reason(_TEXTS[kind], named)


def _in_order(conflict: Conflict) -> list[Element]:
    order = list(_TEXTS)
    return sorted(conflict.elements, key=lambda e: (order.index(e.kind), e.year, e.state, e.other))


def _state(element: Element, board: Board) -> str:
    """A State by name, with what matters about it for this kind of rule."""
    party = board.parties[element.state]
    details: dict[Kind, Callable[[], str]] = {
        Kind.REVIEW: lambda: f" ({len(board.reviews[element.state].open_slots())})",
        Kind.OWN_GROUP: lambda: f" ({party.group})",
        Kind.MOST: lambda: f" ({board.carried[element.state]})",
        Kind.WORKING_MOST: lambda: f" ({board.carried_early[element.state]})",
        Kind.LEAST: lambda: f" ({board.carried[element.state]})",
        Kind.REPEATED: lambda: f" ({_names(sorted(board.without[element.state]), board)})",
        Kind.NO_MUTUAL: lambda: f" – {board.parties[element.other].name}",
    }
    detail = details.get(element.kind)
    return party.name + (detail() if detail else "")


def _missing(conflict: Conflict, board: Board) -> Reason:
    reviews, least = conflict.of(Kind.REVIEW), conflict.of(Kind.LEAST)
    if not conflict.missing or (reviews and least) or not (reviews or least):
        return Reason(N_("These rules cannot all be kept, however the lots fall."))
    if reviews:
        places = sum(len(board.reviews[e.state].open_slots()) for e in reviews)
        return Reason(
            N_(
                "Places to be filled for %(states)s: %(places)s. Under the rules below no more than"
                " %(filled)s of them can be."
            ),
            {
                "states": _names([e.state for e in reviews], board),
                "places": places,
                "filled": places - conflict.missing,
            },
        )
    owed = sum(board.rules.least - board.carried[e.state] for e in least)
    return Reason(
        N_(
            "Reviews still owed by %(states)s: %(owed)s. Under the rules below there are places for"
            " no more than %(left)s of them."
        ),
        {
            "states": _names([e.state for e in least], board),
            "owed": owed,
            "left": owed - conflict.missing,
        },
    )


def _given(conflict: Conflict, board: Board) -> Iterator[Reason]:
    pairs = [
        f"{board.parties[state].name} ({_names([code], board)})"
        for state, slot in conflict.standing
        if (code := board.reviews[state].reviewers[slot - 1])
    ]
    if pairs:
        text = N_("Taken as given, the reviewing State in brackets: %(pairs)s.")
        yield Reason(text, {"pairs": ", ".join(pairs)})


def _names(codes: Sequence[str], board: Board) -> str:
    return ", ".join(board.parties[code].name for code in codes)
