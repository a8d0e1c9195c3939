"""The date a mail is about: in words, where its day ends, how far it is, whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from review import reference
from review.mail import owed
from review.mail.letter import DaysOff
from review.mail.voice import Voice
from review.reference import days_off
from workflows import deadlines
from workflows.registry import process
from workflows.spec import Milestone, Party

OFFICE: Final = (deadlines.DUTY_STATION_ZONE, "Vienna")
"""Where the days of the secretariat end."""


@dataclass(frozen=True, slots=True)
class Due:
    """A due date as a mail names it; without one ``known`` is false and every text empty."""

    known: bool = False
    yours: bool = False
    """The recipient's own side owes it."""
    day: str = ""
    long: str = ""
    """With the place where the day ends."""
    distance: str = ""
    """From the day on which the mail is written, and the reader's own hour where it differs."""
    late: int = 0
    """Full days since it ended; 0 while it is not over."""
    milestone: str = ""
    """What is reached by then."""
    reminder: str = ""
    """When the next reminder comes if nothing happens: for those who owe it, and the office."""


def of(params: Mapping[str, Any], voice: Voice, now: datetime, other: DaysOff) -> Due:
    """The due date among the parameters of a mail, at the moment of writing.

    ``other``: the single days that are recorded for the States of the review.
    """
    if not params.get("milestone"):
        return Due()
    item = process(params["process"]).milestone(params["milestone"])
    slot = owed.slot_of(params, item)
    owner = item.owner_of(slot)
    on = params.get("new_date") or params.get("due")
    yours = owed.by_reader(params)
    escalated = "escalates" in params and params["party"] == Party.SECRETARIAT.value
    if not on:
        return Due(yours=yours, milestone=_name(params, item, voice))
    end, iso3 = date.fromisoformat(on), _owner(params, owner, slot)
    zone, place = _where(params, iso3)
    calendar = days_off.calendar(iso3, other.get(iso3))
    text = voice.dates.due(
        end,
        zone,
        place,
        now=now,
        mine=params["time_zone"],
        working=max(0, calendar.between(deadlines.local_day(now, zone), end)),
    )
    return Due(
        known=True,
        yours=yours,
        day=voice.day(end),
        long=text.main,
        distance="; ".join(filter(None, (text.distance, text.yours))),
        late=text.late,
        milestone=_name(params, item, voice),
        reminder=_reminder(params, (zone, place), voice, now) if yours or escalated else "",
    )


def _name(params: Mapping[str, Any], item: Milestone, voice: Voice) -> str:
    """What is dated, by its number where there are several of it: "Question answered, no. 2"."""
    what = voice.gettext(item.label)
    if not item.repeats:
        return what
    return voice.gettext("%(what)s, no. %(number)s", what=what, number=owed.number_of(params))


@dataclass(frozen=True, slots=True)
class Along:
    """A date that moved along with the one a mail is about."""

    milestone: str
    yours: bool
    day: str
    long: str
    old: str


def along(params: Mapping[str, Any], voice: Voice, now: datetime, other: DaysOff) -> list[Along]:
    """The dates that moved along, those that the recipient owes first."""
    found = []
    for one in params.get("moved_along", ()):
        its = {**params, **one, "slot_of_milestone": one["slot"], "slot": params["slot"]}
        moved = of(its, voice, now, other)
        old = voice.day(date.fromisoformat(one["old_date"]))
        found.append(Along(moved.milestone, moved.yours, moved.day, moved.long, old))
    return sorted(found, key=lambda one: not one.yours)


def _owner(params: Mapping[str, Any], owner: Party, slot: int) -> str | None:
    """The State that owes it; None for the secretariat."""
    if owner is Party.SECRETARIAT:
        return None
    return str(params["state"] if slot == 0 else params["reviewers"][slot - 1])


def _where(params: Mapping[str, Any], iso3: str | None) -> tuple[str, str]:
    if params.get("due_zone"):
        return params["due_zone"], params["due_place"]
    if iso3 is None:
        return OFFICE
    state = reference.party(iso3)
    return state.time_zone, state.place


def _reminder(
    params: Mapping[str, Any], where: tuple[str, str], voice: Voice, now: datetime
) -> str:
    """The next reminder as it was planned when the mail was written, unless it has passed."""
    if not params.get("next_reminder"):
        return ""
    coming = datetime.fromisoformat(params["next_reminder"])
    return voice.moment(coming, *where) if coming > now else ""
