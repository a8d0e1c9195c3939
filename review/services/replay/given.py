"""What the parties give with each step of the replay: specimen words, dates of the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

from review import reference
from review.services import documented, specimen
from review.services.durations import FINAL_STEP, Plan, Planned
from review.services.snapshot import VIENNA
from workflows.deadlines import local_day

_AGREED: Final = {
    "self_assessment_submitted": "submit_self_assessment",
    "dialogue_closed": "close_dialogue",
    "draft_circulated": "circulate_draft",
    "report_agreed": "agree_report",
}
_FIRST_PROVISION: Final = "33"


@dataclass(frozen=True, slots=True)
class Moment:
    """A planned step about to be taken, with what only the database knows."""

    plan: Plan
    planned: Planned
    seed: int
    symbol: str
    report_sha256: str

    @property
    def today(self) -> date:
        """The day at the secretariat's duty station."""
        return local_day(self.planned.at, VIENNA)

    @property
    def rng(self) -> Random:
        """Chance that depends on seed, State and step alone."""
        named = f"{self.seed}:{self.plan.entry.iso3}:{self.planned.step}:{self.planned.slot}"
        return Random(named)  # noqa: S311 - a simulation, not a secret


def given(moment: Moment) -> dict[str, Any]:
    """The values that the step asks for."""
    make = _GIVEN.get(moment.planned.step)
    return make(moment) if make else {}


def focal_point(iso3: str) -> dict[str, str]:
    """The person who speaks for a State under review: a role and an address, no name."""
    party = reference.party(iso3)
    return {
        "title": f"Focal point of {party.name}",
        "email": f"focal.point@{iso3.lower()}.example",
        "language": party.language,
    }


def expert(iso3: str) -> dict[str, str]:
    """The person who reviews for a State: a role and an address, no name."""
    party = reference.party(iso3)
    return {
        "title": f"Governmental expert of {party.name}",
        "email": f"expert@{iso3.lower()}.example",
        "language": party.language,
    }


def observer(iso3: str) -> dict[str, str]:
    """Somebody of the Permanent Mission in Vienna who reads along: a role, no name."""
    party = reference.party(iso3)
    return {
        "title": f"Observer, Permanent Mission of {party.name}",
        "email": f"observer@{iso3.lower()}.example",
        "language": party.language,
    }


def symbols(plans: Mapping[str, Plan]) -> dict[str, str]:
    """The document symbol of each executive summary: as documented, else the next free number.

    Numbers run by year of the cycle in the order of issue; the first of a year has none.
    """
    taken = set(documented.documented_symbols())
    found: dict[str, str] = {}
    numbers: dict[int, int] = {}
    for iso3, plan in sorted(plans.items(), key=lambda item: _issued(item[1])):
        pin = documented.pins(iso3).get(FINAL_STEP)
        if pin and pin.symbol:
            found[iso3] = pin.symbol
            continue
        year = plan.entry.year
        number = numbers.get(year, 0)
        while (symbol := _symbol(year, number)) in taken:
            number += 1
        numbers[year] = number + 1
        found[iso3] = symbol
    return found


def _issued(plan: Plan) -> datetime:
    return next(step.at for step in plan.steps if step.step == FINAL_STEP)


def _symbol(year: int, number: int) -> str:
    return f"CAC/COSP/IRG/I/{year}/1" + (f"/Add.{number}" if number else "")


def _nominate_expert(moment: Moment) -> dict[str, Any]:
    slot, pair = moment.planned.slot, moment.plan.pair
    return {"side": slot, **expert(pair.first if slot == 1 else pair.second)}


def _introductory_call(moment: Moment) -> dict[str, Any]:
    rng, own = moment.rng, reference.party(moment.plan.entry.iso3).language
    values: dict[str, Any] = {
        "held_on": moment.today,
        "language": own if rng.random() < 0.6 else "en",
        "division": rng.choices(("split", "swapped", "both"), (50, 20, 30))[0],
    }
    return values | {
        f"agreed_{milestone}": _agreed(moment, step, rng) for milestone, step in _AGREED.items()
    }


def _agreed(moment: Moment, step: str, rng: Random) -> date:
    """A date as agreed at the call: mostly kept, sometimes missed by some weeks."""
    really = moment.plan.when(step)
    day = local_day(really, VIENNA) if really else moment.today
    shift = rng.randrange(2, 20) if rng.random() < 0.6 else -rng.randrange(5, 40)
    return max(day + timedelta(days=shift), moment.today + timedelta(days=14))


def _question(moment: Moment) -> dict[str, Any]:
    return {
        "provision": _FIRST_PROVISION,
        "text": specimen.QUESTION,
        "answer_by": moment.today + timedelta(days=21),
    }


def _days_of_dialogue(moment: Moment) -> tuple[date, date]:
    """Two or three days in one week, ending on the day on which the dialogue is recorded."""
    held = next(s for s in moment.plan.steps if s.step == "record_dialogue")
    if held.pin and held.pin.documented:
        return held.pin.first_day, held.pin.last_day
    last = local_day(held.at, VIENNA)
    if last.weekday() < 2:
        last -= timedelta(days=last.weekday() + 3)
    return last - timedelta(days=2), last


def _schedule(moment: Moment) -> dict[str, Any]:
    first, last = _days_of_dialogue(moment)
    first = max(first, moment.today)
    visit = moment.plan.traits.means == "country_visit"
    place = reference.party(moment.plan.entry.iso3).place if visit else "Vienna"
    return {"first_day": first, "last_day": max(first, last), "place": place}


def _dialogue(moment: Moment) -> dict[str, Any]:
    first, last = _days_of_dialogue(moment)
    return {"first_day": first, "last_day": last}


def _comment(moment: Moment) -> dict[str, Any]:
    return {"comment": specimen.COMMENT} if moment.rng.random() < 0.5 else {}


_GIVEN: Final[Mapping[str, Callable[[Moment], dict[str, Any]]]] = {
    "nominate_focal_point": lambda m: focal_point(m.plan.entry.iso3),
    "nominate_expert": _nominate_expert,
    "hold_introductory_call": _introductory_call,
    "return_for_completion": lambda _: {"reason": specimen.RETURNED},
    "ask_for_information": _question,
    "answer_question": lambda _: {"question": 1, "answer": specimen.QUESTION_ANSWER},
    "agree_means": lambda m: {"means": m.plan.traits.means},
    "schedule_dialogue": _schedule,
    "record_dialogue": _dialogue,
    "comment_on_draft": _comment,
    "approve_report": lambda m: {"text_hash": m.report_sha256},
    FINAL_STEP: lambda m: {"symbol": m.symbol},
    "publish_report": lambda _: {"extent": "all", "consent": True},
    "publish_response": lambda _: {"consent": True},
}


def is_simulated(plan: Plan, planned: Planned) -> bool:
    """Whether the date of a step comes from the model rather than from a source."""
    return bool(plan.pair.drawn) or not planned.documented
