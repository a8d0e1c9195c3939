"""What somebody owes, since when, where: read after each act, counted in the plainest way."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Member, MilestoneDate, Pause, Person, Review, Reviewer, State
from review.reference import days_off
from workflows.country_review import SETTLING
from workflows.registry import process
from workflows.spec import Deadline, Milestone, Party, Process, Rule, Trigger

VIENNA = "Europe/Vienna"
DAY = timedelta(days=1)
WITH_DIRECT_DIALOGUE = {"country_visit", "joint_meeting", "virtual_visit"}


@dataclass(frozen=True)
class Place:
    """A zone and the State (or the duty station) whose days off count."""

    zone: str
    iso3: str

    def works(self, day: date) -> bool:
        """Whether it is a working day there."""
        if day.weekday() in days_off.weekend(self.iso3):
            return False
        return day not in days_off.public_holidays(self.iso3, day.year)

    def nine(self, day: date) -> datetime:
        """Nine in the morning there."""
        return datetime.combine(day, time(9), ZoneInfo(self.zone))

    def working(self, day: date) -> date:
        """This day or, if nobody works then, the next on which somebody does."""
        while not self.works(day):
            day += DAY
        return day

    def next_morning(self, moment: datetime) -> datetime:
        """Nine in the morning of the next working day."""
        return self.nine(self.working(self.day(moment) + DAY))

    def day(self, moment: datetime) -> date:
        """The day there at a moment."""
        return moment.astimezone(ZoneInfo(self.zone)).date()


@dataclass
class Owed:
    """Something somebody owes since a moment, reminded of from a day; ``said``: the last rung."""

    review_id: int
    item: Milestone
    slot: int
    due: date | None
    on: Trigger
    day: date
    rules: tuple[Rule, ...]
    since: datetime
    place: Place
    said: int | None = None
    rests_until: datetime | None = None
    """Looked at on a day off, it is left for the next working morning."""
    looks_again: datetime | None = None
    """The morning after a pause, or from which somebody is not new in office any more."""
    mornings: list[tuple[datetime, int, Rule]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """As the keys of its mails begin."""
        day = str(self.day) if self.on is Trigger.DUE else f"turn-{self.day}"
        return f"{self.review_id}:{self.item.key}:{self.slot}:{day}"

    @property
    def about(self) -> tuple[int, str, int, date | None]:
        """As a mail names it."""
        return self.review_id, self.item.key, self.slot, self.due

    def passed(self, now: datetime, since: datetime | None = None) -> list[tuple[int, Rule]]:
        """The rungs whose morning lies after ``since`` and not after ``now``."""
        while not self.mornings or self.mornings[-1][0] <= now:
            self._climb()
        return [
            (offset, rule)
            for morning, offset, rule in self.mornings
            if (since is None or since < morning) and morning <= now
        ]

    def _climb(self) -> None:
        """Work out when the next rung comes: the last rule comes again and again."""
        at = len(self.mornings)
        rule = self.rules[min(at, len(self.rules) - 1)]
        offset = rule.days + max(0, at - len(self.rules) + 1) * rule.every
        day = self.day + timedelta(days=offset)
        while not self.place.works(day):
            day += -DAY if offset <= 0 else DAY
        self.mornings.append((self.place.nine(day), offset, rule))


def last_day(period: Deadline, begins: date, place: Place) -> date:
    """The last day of a period: so many months or weeks on, and on a working day."""
    months = begins.month - 1 + period.months
    year, month = begins.year + months // 12, months % 12 + 1
    day = date(year, month, min(begins.day, calendar.monthrange(year, month)[1]))
    return place.working(day + 7 * period.weeks * DAY)


@dataclass
class Account:
    """What the model knows of a person."""

    role: str
    digest: bool
    active: bool
    zone: str
    iso3: str | None
    email: str
    language: str


@dataclass
class Country:
    """What the model knows of a State; ``mission``: the address of its mission, if there is one."""

    zone: str
    mission: str
    language: str


class Rest(NamedTuple):
    """A pause of somebody: when it began, and its last day."""

    since: datetime
    until: date


class Standing:
    """The reviews and the people as they are."""

    def __init__(self) -> None:
        self.owed: dict[tuple[int, str, int], Owed] = {}
        self.accounts: dict[int, Account] = {}
        self.members: dict[int, list[tuple[int, str, int]]] = {}
        self.officers: dict[int, int | None] = {}
        self.sides: dict[int, dict[int, str]] = {}
        self.states: dict[str, Country] = {}
        self.focal_points: set[int] = set()
        self.since: dict[tuple[int, int], datetime] = {}
        """Since when somebody holds an office in a review."""
        self.pauses: dict[int, Rest] = {}
        self.stops: dict[int, date] = {}
        """The last day of each stop of a clock."""
        self.definitions: dict[int, Process] = {}
        self.checked: dict[tuple[int, str, int], datetime] = {}
        """Due dates that were counted here too, and the moment their period began."""

    def observe(self, session: Session, review_id: int, at: datetime) -> None:
        """Look at a review after an act, and at the people."""
        self._look_at_people(session, review_id)
        review = session.get_one(Review, review_id)
        self.stops.pop(review_id, None)
        if review.suspended_until is not None:
            self.stops[review_id] = review.suspended_until
        rows = session.scalars(sa.select(MilestoneDate).where(MilestoneDate.review_id == review_id))
        dates = {(one.key, one.slot): one for one in rows}
        done = {key for key, one in dates.items() if one.done_at}
        definition = self.definitions[review_id] = process(review.process_key)
        self._count(review_id, definition, dates)
        for (key, slot), one in dates.items():
            item = definition.milestone(key)
            name = (review_id, key, slot)
            if not self._is_owed(review, definition, item, slot, done):
                self.owed.pop(name, None)
                continue
            due = one.agreed_on or one.model_on
            on = Trigger.DUE if due else Trigger.TURN
            rules = definition.rules(item, on)
            place = self._place(review_id, item, slot)
            day = due or self._turn(review, item, dates.values(), place)
            former = self.owed.get(name)
            if not rules:
                self.owed.pop(name, None)
            elif former is None or (former.on, former.day) != (on, day):
                self.owed[name] = Owed(review_id, item, slot, due, on, day, rules, at, place)

    def _count(
        self,
        review_id: int,
        definition: Process,
        dates: dict[tuple[str, int], MilestoneDate],
    ) -> None:
        """A period that begins ends on the day that the definition says. Raises AssertionError."""
        for (key, slot), one in dates.items():
            item, name = definition.milestone(key), (review_id, key, slot)
            begun = dates[item.due.after, 0].done_at if item.due else None
            if item.due is None or begun is None or self.checked.get(name) == begun:
                continue
            self.checked[name] = begun
            vienna = Place(VIENNA, "AUT")
            meant = last_day(item.due, vienna.day(begun), self._place(review_id, item, slot))
            assert one.model_on == meant, f"{name} is due on {one.model_on}, ought to be {meant}"

    def _is_owed(
        self,
        review: Review,
        definition: Process,
        item: Milestone,
        slot: int,
        done: set[tuple[str, int]],
    ) -> bool:
        """Not reached, in a review whose clock runs, and waiting for nothing but its owner."""
        return (
            (item.key, slot) not in done
            and review.suspended_at is None
            and review.stage != "completed"
            and self._applies(item, review)
            and (item.due is None or (item.due.after, 0) in done)
            and all(
                not self._applies(need, review) or all((need.key, s) in done for s in need.slots)
                for need in map(definition.milestone, item.needs)
            )
        )

    @staticmethod
    def _turn(
        review: Review, item: Milestone, dates: Iterable[MilestoneDate], place: Place
    ) -> date:
        """The day from which it waited for nothing else, after the visit if that is fixed."""
        reached = [one.done_at for one in dates if one.key in item.needs and one.done_at]
        day = place.day(max(filter(None, [*reached, review.stage_since, review.resumed_at])))
        return max(day, review.dialogue_last_day or day)

    @staticmethod
    def _applies(item: Milestone, review: Review) -> bool:
        return item.applies is None or review.means in WITH_DIRECT_DIALOGUE

    def _look_at_people(self, session: Session, review_id: int) -> None:
        if not self.states:
            for state in session.scalars(sa.select(State)):
                self.states[state.iso3] = Country(
                    state.time_zone, state.mission_email or "", state.language
                )
        self.accounts = {
            one.id: Account(
                one.role, one.digest, one.active, one.time_zone, one.iso3, one.email, one.language
            )
            for one in session.scalars(sa.select(Person).order_by(Person.id))
        }
        self.pauses = {
            one.person_id: Rest(one.set_at, one.until)
            for one in session.scalars(sa.select(Pause).where(Pause.ended_at.is_(None)))
            if one.person_id is not None
        }
        self.members[review_id] = [
            (one.person_id, one.role, one.slot)
            for one in session.scalars(
                sa.select(Member)
                .where(Member.review_id == review_id, Member.ended_at.is_(None))
                .order_by(Member.id)
            )
        ]
        in_office = sa.select(Member.person_id).where(
            Member.role == "focal_point", Member.ended_at.is_(None)
        )
        self.since |= {
            (review_id, one.person_id): one.since
            for one in session.scalars(sa.select(Member).where(Member.review_id == review_id))
        }
        self.focal_points = set(session.scalars(in_office))
        review = session.get_one(Review, review_id)
        self.officers[review_id] = review.officer_id
        self.sides[review_id] = {0: review.iso3} | {
            one.slot: one.iso3
            for one in session.scalars(
                sa.select(Reviewer).where(
                    Reviewer.review_id == review_id, Reviewer.voided_at.is_(None)
                )
            )
        }

    def over(self, now: datetime) -> list[int]:
        """The reviews whose clock runs again by itself now: the last day of their stop is over."""
        today = Place(VIENNA, "AUT").day(now)
        return sorted(number for number, last in self.stops.items() if last < today)

    def rests(self, number: int, place: Place, now: datetime) -> datetime | None:
        """The working morning after the pause that somebody has on this day; None without one."""
        found = self.pauses.get(number)
        if found is None or place.day(now) > found.until:
            return None
        return place.nine(place.working(found.until + DAY))

    def free_from(self, one: Owed, number: int) -> datetime:
        """The morning from which somebody is not new in office any more."""
        morning = self.since.get((one.review_id, number))
        if morning is None:
            return one.since
        for _ in range(SETTLING.working_days + 1):
            morning = one.place.next_morning(morning)
        return morning

    def _place(self, review_id: int, item: Milestone, slot: int) -> Place:
        party = self.party_of(item, slot)
        if party is Party.SECRETARIAT:
            return Place(VIENNA, "AUT")
        iso3 = self.sides[review_id][slot if party is Party.REVIEWING_STATE else 0]
        return Place(self.states[iso3].zone, iso3)

    @staticmethod
    def party_of(item: Milestone, slot: int) -> Party:
        """Who owes it."""
        return item.owner_of(0 if item.repeats else slot)
