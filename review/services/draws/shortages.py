"""What plain counting says of a cycle: places still open, and reviews that can still be taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from review.languages import N_
from workflows.facts import Reason
from workflows.lots import Board


@dataclass(frozen=True, slots=True)
class Slack:
    """How much room a cycle has: places still open, and reviews that parties can still take.

    ``early`` counts the years before the last. ``owed``: reviews still missing for the fewest of
    each party. ``own_group``: by regional group, open first places and the room of its parties.
    """

    places: int
    room: int
    early_places: int
    early_room: int
    owed: int
    own_group: Mapping[str, tuple[int, int]]


def slack(board: Board) -> Slack:
    """What is open and what is left of the limits; a rough picture, the check itself is exact."""
    rules = board.rules
    serving = [one for one in board.parties.values() if one.serves]
    room = {one.code: max(0, rules.most - board.carried[one.code]) for one in serving}
    early = {
        one.code: min(room[one.code], max(0, rules.working_most - board.carried_early[one.code]))
        for one in serving
    }
    first = Counter(
        board.parties[review.code].group or ""
        for review in board.reviews.values()
        if 1 in review.open_slots()
    )
    before_last = [r for r in board.reviews.values() if r.year < rules.last_year]
    return Slack(
        places=len(board.open_slots()),
        room=sum(room.values()),
        early_places=sum(len(review.open_slots()) for review in before_last),
        early_room=sum(early.values()),
        owed=sum(max(0, rules.least - board.carried[one.code]) for one in serving),
        own_group={
            group: (count, sum(room[o.code] for o in serving if group in ("", o.group)))
            for group, count in sorted(first.items())
        },
    )


def counted(slack: Slack) -> Iterator[Reason]:
    """What plain counting shows already."""
    if slack.room < slack.places:
        text = N_("%(places)d places are open, and the parties can take only %(room)d reviews.")
        yield Reason(text, {"places": slack.places, "room": slack.room})
    if slack.early_room < slack.early_places:
        text = N_(
            "Before the last year %(places)d places are open, and the parties can take only"
            " %(room)d reviews."
        )
        yield Reason(text, {"places": slack.early_places, "room": slack.early_room})
    if slack.owed > slack.places:
        text = N_("%(places)d places are open, and parties still owe %(owed)d reviews.")
        yield Reason(text, {"places": slack.places, "owed": slack.owed})
    for group, (places, room) in slack.own_group.items():
        if group and room < places:
            text = N_("%(group)s: %(places)d first places, and only %(room)d reviews to take.")
            yield Reason(text, {"group": group, "places": places, "room": room})
