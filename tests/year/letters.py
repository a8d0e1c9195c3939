"""The mails that an act brings at once: of its step, to whom, and what goes with a new holder.

Read from the definition's ``tells`` and from the people as they stood before the act.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from tests.year.standing import DAY, Account, Place, Standing
from workflows.spec import Notice, Party

ROLES: Final = {Party.STATE_UNDER_REVIEW: "focal_point", Party.REVIEWING_STATE: "expert"}
ASKED: Final = "succession_asked"
ENDED: Final = "office_ended"
"""The last word to whoever has left: sent although the account is closed."""


@dataclass(frozen=True)
class Done:
    """What an act did: in which review and, where it was a step, which, for which side, given."""

    review_id: int
    step: str = ""
    slot: int = 0
    given: Mapping[str, Any] = field(default_factory=dict)


class Reader(NamedTuple):
    """Who is told: a person, or the mission of a side."""

    person_id: int
    slot: int = 0

    @property
    def name(self) -> str:
        """As the key of a mail ends."""
        return str(self.person_id or f"mission-{self.slot}")


Sent = tuple[str, str, str, str, datetime | None]
"""A mail: why it exists, its notice, its address, its language, when it left."""
Owing = tuple[int, str, int, date | None]
"""What a mail reminds of: review, milestone, its number, its date."""


@dataclass
class Told:
    """A mail that the model expects: its key, whom it goes to, where and in which language."""

    key: str
    notice: str
    person_id: int
    address: str
    language: str
    review_id: int | None = None
    about: tuple[Owing, ...] = ()
    """What it reminds of; pointless once nothing of it is owed any more."""
    passed_on: bool = False
    """To somebody without a part in the review: their leaving it changes nothing."""
    offset: int = 0
    places: tuple[Place, ...] = ()
    """Where it is owed and where it is read: it leaves on a working day of both."""
    written: datetime | None = None
    not_before: datetime | None = None
    """It was put off to this morning."""
    tried: bool = False
    """It was put off when its turn came, not when it was written."""
    left: datetime | None = None
    """The look of the worker at which it leaves."""

    @property
    def sent(self) -> Sent:
        """As it is compared with what arrived."""
        return self.key, self.notice, self.address, self.language, self.left


@dataclass
class Question:
    """Who follows in an office of a side: since when it is asked, and after how many days again."""

    slot: int
    begun: datetime
    asked: list[int] = field(default_factory=list)


class Letters(Standing):
    """What is written with an act, by the definition of the process."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: dict[int, int] = {}
        """How many were taken in each review."""
        self.questions: dict[tuple[int, int], Question] = {}
        """What the State has not answered: who follows somebody in a review."""

    def of_step(self, done: Done) -> Iterator[Told]:
        """One mail for each notice of the step and each reader, to people as they are now."""
        number = self.steps[done.review_id] = self.steps.get(done.review_id, 0) + 1
        written = set()
        for notice in self.definitions[done.review_id].step(done.step).tells:
            for reader in self._told(done, notice):
                key = f"step:{done.review_id}:{number}:{notice.key}:{reader.name}"
                if key not in written:
                    written.add(key)
                    yield self.told(key, notice.key, reader, done)

    def told(self, key: str, notice: str, reader: Reader, done: Done) -> Told:
        """A mail to a reader: where, and in which language, they read today."""
        to = self.reads(reader, self._sides(done))
        return Told(key, notice, reader.person_id, *to, review_id=done.review_id)

    def reads(self, reader: Reader, sides: Mapping[int, str]) -> tuple[str, str]:
        """The address and the language of a reader."""
        if reader.person_id:
            account = self.accounts[reader.person_id]
            return account.email, account.language
        country = self.states[sides[reader.slot]]
        return country.mission, country.language

    def _told(self, done: Done, notice: Notice) -> Iterator[Reader]:
        """The people of each party that is named; for want of them, its mission."""
        sides = self._sides(done)
        for party in notice.to:
            if party is Party.SECRETARIAT:
                yield from map(Reader, self.office(done.review_id))
                continue
            slots = (1, 2) if party is Party.REVIEWING_STATE else (0,)
            for slot in slots:
                if slot in sides and self._concerns(done, notice, slot):
                    yield from self._side(done.review_id, party, slot, sides[slot])

    def _concerns(self, done: Done, notice: Notice, slot: int) -> bool:
        """A receipt is for the actor's side; of a refusal only the side that asked is told."""
        if notice.own:
            return slot == done.slot
        if done.step != "refuse_extension":
            return True
        key, _, number = str(done.given["milestone"]).partition(":")
        item = self.definitions[done.review_id].milestone(key)
        of_reviewers = self.party_of(item, int(number)) is Party.REVIEWING_STATE
        return slot == (int(number) if of_reviewers else 0)

    def _side(self, review_id: int, party: Party, slot: int, iso3: str) -> list[Reader]:
        people = [
            Reader(number)
            for number, role, at in self.members[review_id]
            if (role, at) == (ROLES[party], slot) and self.accounts[number].active
        ]
        return people or ([Reader(0, slot)] if self.states[iso3].mission else [])

    def _sides(self, done: Done) -> dict[int, str]:
        """The States of the review, with those that the step itself brings in."""
        drawn = done.step == "assign_reviewers"
        new = {1: done.given["first"], 2: done.given["second"]} if drawn else {}
        return self.sides[done.review_id] | new

    def office(self, review_id: int) -> list[int]:
        """The officer of a review; without one, those who look after all of them."""
        officer = self.officers[review_id]
        return [officer] if officer else self.administrators()

    def administrators(self) -> list[int]:
        """Those who look after all reviews."""
        return [n for n, one in self.accounts.items() if one.role == "secretariat_administrator"]

    def of_newcomers(self, done: Done, before: Mapping[int, Account]) -> Iterator[Told]:
        """An invitation for whoever has an account since the act, as it was given."""
        to = str(done.given.get("email")), str(done.given.get("language"))
        for number in self.accounts.keys() - before.keys():
            yield Told(f"invitation:{number}", "invitation", number, *to)

    def of_hand_over(
        self, done: Done, left: int, came: int, slot: int, former: Account
    ) -> Iterator[Told]:
        """The successor, the mission of the State and whoever leaves are told, in this order."""
        name = f"succession:{done.review_id}"
        to = str(done.given["email"]), str(done.given["language"])
        review_id = done.review_id
        taken = "office_taken_over"
        yield Told(f"{name}:{taken}:{came}", taken, came, *to, review_id=review_id)
        country = self.states[self.sides[review_id][slot]]
        if country.mission:
            key, to = f"{name}:succession_receipt:0", (country.mission, country.language)
            yield Told(key, "succession_receipt", 0, *to, review_id=review_id)
        if former.active:  # nothing goes to an account that was closed before
            to = former.email, former.language
            yield Told(f"{name}:{ENDED}:{left}", ENDED, left, *to, review_id=review_id)

    def of_release(self, done: Done, left: int, former: Account) -> Iterator[Told]:
        """The last word to whoever leaves without a successor."""
        if former.active:
            key = f"released:{done.review_id}:{ENDED}:{left}"
            to = former.email, former.language
            yield Told(key, ENDED, left, *to, review_id=done.review_id)

    def of_closing(
        self, done: Done, before: Mapping[int, Account], now: datetime
    ) -> Iterator[Told]:
        """The mission is asked who follows somebody whose account was closed."""
        for number, _, slot in self.members[done.review_id]:
            former = before.get(number)
            if former and former.active and not self.accounts[number].active:
                self.questions[done.review_id, number] = Question(slot, now)
                yield from self._question(done.review_id, slot, "1")

    def asked_again(self, now: datetime) -> Iterator[Told]:
        """Questions whose day has come: the latest one each, on a working day of the State."""
        for (review_id, _), one in self.questions.items():
            iso3 = self.sides[review_id][one.slot]
            place = Place(self.states[iso3].zone, iso3)
            begun = place.day(one.begun)
            passed = [
                days
                for days in self.definitions[review_id].asking.again
                if place.nine(place.working(begun + days * DAY)) <= now
            ]
            if place.works(place.day(now)) and passed and passed[-1] not in one.asked:
                one.asked.append(passed[-1])
                yield from self._question(review_id, one.slot, f"again-{passed[-1]}")

    def _question(self, review_id: int, slot: int, number: str) -> Iterator[Told]:
        """Who follows in an office: the question to the mission, if it has an address."""
        country = self.states[self.sides[review_id][slot]]
        if country.mission:
            key, to = (
                f"succession:{review_id}:{ASKED}:{number}",
                (country.mission, country.language),
            )
            yield Told(key, ASKED, 0, *to, review_id=review_id)
