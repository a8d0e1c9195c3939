"""A seeded model of how long each part of a review took, calibrated on one published total.

The model is a chain of steps with a typical number of days each and a random spread. What a source
ties to a day (see `documented`) stands there; the steps between are stretched to fit. One number,
the pace, stretches every review that no source dates; it is chosen so that exactly the published
number of reviews was finalised on the published day. The same seed gives the same cycle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from review.reference import FirstCycleEntry, first_cycle, party
from review.services import documented
from review.services.documented import Pin
from review.services.pairs import Pair, expected
from review.services.snapshot import VIENNA

DEFAULT_SEED: Final = 1
FINAL_STEP: Final = "issue_summary"

_START: Final[Mapping[int, date]] = {
    1: date(2010, 7, 12),
    2: date(2011, 6, 20),
    3: date(2012, 7, 2),
    4: date(2013, 6, 10),
    5: date(2014, 6, 16),
}
"""First day on which reviews of a year of the cycle are taken to have been notified."""
_START_SPREAD_DAYS: Final = 20
_LATE_START_SHARE: Final = 0.2
_LATE_START_DAYS: Final = (150, 330)
"""Some States asked for time before their review began."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A step of the first cycle as the model has it. `slot`: see `workflows.spec.Who`."""

    at: datetime
    step: str
    slot: int
    documented: bool = False
    pin: Pin | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Traits:
    """What varies between reviews besides time."""

    returned: bool
    means: str
    asks: bool
    publishes_report: bool
    publishes_response: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of one review from the notification on, in order of time."""

    entry: FirstCycleEntry
    pair: Pair
    traits: Traits
    steps: tuple[Planned, ...]

    def when(self, step: str) -> datetime | None:
        """The moment of the first step of this name."""
        return next((planned.at for planned in self.steps if planned.step == step), None)


@dataclass(frozen=True, slots=True)
class _Link:
    """A step of the chain: typical days after all of `after`, and the spread of their logarithm."""

    step: str
    after: tuple[str, ...]
    days: float
    spread: float = 0.5
    slots: tuple[int, ...] = (0,)
    name: str = ""
    only_if: Callable[[Traits], bool] = lambda _: True

    @property
    def key(self) -> str:
        return self.name or self.step


def _direct(traits: Traits) -> bool:
    return traits.means != "remote"


_CHAIN: Final = (
    _Link("nominate_focal_point", ("notify_start",), 28, 0.7),
    _Link("nominate_expert", ("notify_start",), 34, 0.6, (1, 2)),
    _Link("hold_introductory_call", ("nominate_focal_point", "nominate_expert"), 20),
    _Link("submit_self_assessment", ("hold_introductory_call",), 110, 0.6),
    _Link("return_for_completion", ("submit_self_assessment",), 14, only_if=lambda t: t.returned),
    _Link(
        "submit_self_assessment",
        ("return_for_completion",),
        25,
        name="submit_again",
        only_if=lambda t: t.returned,
    ),
    _Link("circulate_response", ("submit_self_assessment", "submit_again"), 35, 0.6),
    _Link("submit_desk_review", ("circulate_response",), 60, 0.5, (1, 2)),
    _Link("ask_for_information", ("circulate_response",), 22, 0.3, (1,), only_if=lambda t: t.asks),
    _Link("forward_outcome", ("submit_desk_review",), 10),
    _Link("answer_question", ("ask_for_information",), 24, only_if=lambda t: t.asks),
    _Link("agree_means", ("forward_outcome",), 18),
    _Link("schedule_dialogue", ("agree_means",), 12, only_if=_direct),
    _Link("record_dialogue", ("schedule_dialogue",), 65, 0.4, only_if=_direct),
    _Link("close_dialogue", ("agree_means", "record_dialogue", "answer_question"), 18),
    _Link("assemble_draft", ("close_dialogue",), 30),
    _Link("circulate_draft", ("assemble_draft",), 35),
    _Link("comment_on_draft", ("circulate_draft",), 14, 0.4, (1, 2)),
    _Link("send_report_to_state", ("comment_on_draft",), 10),
    _Link("approve_report", ("send_report_to_state",), 34, 0.6, (1, 2, 0)),
    _Link("agree_report", ("approve_report",), 3, 0.3),
    _Link(FINAL_STEP, ("agree_report",), 28, 0.3),
    _Link("publish_response", (FINAL_STEP,), 30, only_if=lambda t: t.publishes_response),
    _Link("publish_report", (FINAL_STEP,), 45, only_if=lambda t: t.publishes_report),
)
_BY_STATE: Final = frozenset(
    {
        "nominate_focal_point",
        "submit_self_assessment",
        "answer_question",
        "agree_means",
        "schedule_dialogue",
        "publish_report",
        "publish_response",
    }
)


def plan(entry: FirstCycleEntry, pair: Pair, seed: int, pace: float) -> Plan:
    """The review of one State by this pair, from notification to publication."""
    rng = Random(f"{seed}:{entry.iso3}")  # noqa: S311 - a simulation, not a secret
    pins = documented.pins(entry.iso3)
    traits = _traits(rng, pins)
    start = _START[entry.year] + timedelta(days=rng.randrange(_START_SPREAD_DAYS))
    if rng.random() < _LATE_START_SHARE:
        start += timedelta(days=rng.randrange(*_LATE_START_DAYS))
    stretched = 1.0 if FINAL_STEP in pins or "agree_report" in pins else pace
    offsets = _offsets(rng, traits, stretched)
    days = _placed(offsets, start, pins)
    zones = tuple(party(code).time_zone for code in (entry.iso3, pair.first, pair.second))
    return Plan(entry, pair, traits, tuple(_timed(rng, days, pins, zones)))


@cache
def calibrated(seed: int) -> Mapping[str, Plan]:
    """The plans of all reviews that run, by State, at the pace that meets the published total."""
    pairs = expected(seed)
    entries = [entry for entry in first_cycle() if entry.iso3 in pairs]
    slow, fast = 20.0, 0.05
    for _ in range(60):
        pace = (slow + fast) / 2
        plans = {e.iso3: plan(e, pairs[e.iso3], seed, pace) for e in entries}
        before, after = _finalised(plans)
        if before < documented.PUBLISHED_FINALISED:
            slow = pace
        elif after > documented.PUBLISHED_FINALISED:
            fast = pace
        else:
            return plans
    raise ValueError(f"The seed {seed} cannot meet the published total; take another one.")


def _finalised(plans: Mapping[str, Plan]) -> tuple[int, int]:
    """How many reviews end before the published day, and how many by its end."""
    days = [end.date() for one in plans.values() if (end := one.when(FINAL_STEP))]
    published = documented.PUBLISHED_DAY
    return sum(day < published for day in days), sum(day <= published for day in days)


def _traits(rng: Random, pins: Mapping[str, Pin]) -> Traits:
    returned, asks = rng.random() < 0.2, rng.random() < 0.6
    means = rng.choices(("country_visit", "joint_meeting", "remote"), (70, 15, 15))[0]
    report, response = rng.random() < 0.4, rng.random() < 0.3
    return Traits(
        returned,
        "country_visit" if "record_dialogue" in pins else means,
        asks,
        report or "publish_report" in pins,
        response,
    )


@dataclass(frozen=True, slots=True)
class _Offset:
    days: float
    rank: int
    step: str
    slot: int
    pinned: bool


def _offsets(rng: Random, traits: Traits, pace: float) -> list[_Offset]:
    """Days from the notification to each step, in order; steps that do not happen are left out."""
    latest = {"notify_start": 0.0}
    found = [_Offset(0.0, 0, "notify_start", 0, pinned=True)]
    for rank, link in enumerate(_CHAIN, start=1):
        factors = [rng.lognormvariate(0, link.spread) for _ in link.slots]
        if not link.only_if(traits):
            continue
        begun = max(latest[key] for key in link.after if key in latest)
        ends = [begun + link.days * pace * factor for factor in factors]
        latest[link.key] = max(ends)
        found += [
            _Offset(end, rank, link.step, slot, pinned=end == max(ends) and not link.name)
            for slot, end in zip(link.slots, ends, strict=True)
        ]
    return sorted(found, key=lambda o: (o.days, o.rank))


def _placed(
    offsets: Sequence[_Offset], start: date, pins: Mapping[str, Pin]
) -> list[tuple[float, _Offset]]:
    """Each step with its day since 1 January of year 1, stretched between the pinned days."""
    first_day = pins["notify_start"].first_day if "notify_start" in pins else start
    known = [(0.0, float(first_day.toordinal()))]
    for offset in offsets[1:]:
        pin = pins.get(offset.step) if offset.pinned else None
        if pin is None:
            continue
        steps_since = sum(1 for o in offsets if known[-1][0] < o.days <= offset.days)
        if pin.last_day.toordinal() - known[-1][1] > steps_since:
            known.append((offset.days, float(pin.last_day.toordinal())))
    return [(_stretched(offset.days, known), offset) for offset in offsets]


def _stretched(days: float, known: Sequence[tuple[float, float]]) -> float:
    for (before, day_before), (after, day_after) in pairwise(known):
        if days <= after:
            share = (days - before) / (after - before) if after > before else 1.0
            return day_before + share * (day_after - day_before)
    last, last_day = known[-1]
    return last_day + days - last


def _timed(
    rng: Random,
    days: Sequence[tuple[float, _Offset]],
    pins: Mapping[str, Pin],
    zones: Sequence[str],
) -> Iterator[Planned]:
    """Moments in working hours where each step is taken, strictly one after the other."""
    previous = datetime.min.replace(tzinfo=UTC)
    for day, offset in days:
        pin = pins.get(offset.step) if offset.pinned else None
        exact = pin is not None and pin.documented and date.fromordinal(int(day)) == pin.last_day
        zone = ZoneInfo(_zone(offset, zones))
        local = time(rng.randrange(9, 17), rng.randrange(60))
        on = date.fromordinal(int(day))
        while True:
            at = datetime.combine(on, local, zone).astimezone(UTC)
            if at > previous and (exact or on.weekday() < 5):
                break
            on += timedelta(days=1)
        previous = at
        yield Planned(at, offset.step, offset.slot, exact, pin)


def _zone(offset: _Offset, zones: Sequence[str]) -> str:
    """Where the one who takes a step sits."""
    if offset.step in _BY_STATE or (offset.step == "approve_report" and offset.slot == 0):
        return zones[0]
    return zones[offset.slot] if offset.slot else VIENNA
