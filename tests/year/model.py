"""What ought to be sent, told once more in the plainest way.

The model knows the definition of the process (what is owed by whom, its ladder), the positions and
dates of the reviews as they stand after each act, the people, and the days off as the library
`holidays` has them. It shares no code with the sweep, the digests, the delivery or the calendar
arithmetic of the engine: it walks day by day and remembers what it has said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.year.standing import VIENNA, Owed, Place, Standing
from workflows.spec import Party, Recipient, Rule


class Reader(NamedTuple):
    """Who is told: a person, or the mission of a side."""

    person_id: int
    slot: int = 0

    @property
    def name(self) -> str:
        """As the key of a mail ends."""
        return str(self.person_id or f"mission-{self.slot}")


@dataclass
class Told:
    """A mail that the model expects: its key, whom it goes to, what it is about."""

    key: str
    notice: str
    person_id: int
    owed: tuple[int, str, int, date | None] | None = None
    passed_on: bool = False
    """To somebody without a part in the review: their leaving it changes nothing."""
    offset: int = 0
    places: tuple[Place, ...] = ()
    """Where it is owed and where it is read: it leaves on a working day of both."""
    not_before: datetime | None = None
    """It was put off to this morning."""
    tried: bool = False
    """It was put off when its turn came, not when it was written."""


class Model(Standing):
    """The plan, and what has become of it."""

    def __init__(self) -> None:
        super().__init__()
        self.told: set[str] = set()
        self.waiting: list[Told] = []
        """Written and not yet taken by the mail server."""
        self.expected: list[tuple[str, datetime]] = []
        """The keys of what must arrive, and at which look of the worker."""
        self.dropped: list[str] = []
        self.for_digest: dict[int, list[Told]] = {}
        self.digests: set[str] = set()

    def remind(self, now: datetime) -> None:
        """A sweep at this moment: the latest rung that has passed, on a working day."""
        for one in self.owed.values():
            passed = one.passed(now, one.since)
            if not passed or (one.rests_until and now < one.rests_until):
                continue
            if not one.place.works(one.place.day(now)):
                one.rests_until = one.place.next_morning(now)
                continue
            offset, rule = max(passed, key=lambda rung: rung[0])
            again = one.looks_again is not None and now >= one.looks_again
            if one.said is not None and offset <= one.said and not again:
                continue
            one.said, one.looks_again = offset, None
            for told in self._tellings(one, offset, rule):
                morning = self.free_from(one, told.person_id)
                if told.notice == "reminder" and one.place.day(now) < one.place.day(morning):
                    one.looks_again = min(one.looks_again or morning, morning)
                elif told.key not in self.told:
                    self.told.add(told.key)
                    self._write(told, now)

    def _write(self, told: Told, now: datetime) -> None:
        told.not_before = self._morning(told, now)
        if told.person_id and self.accounts[told.person_id].digest and not told.passed_on:
            self.for_digest.setdefault(told.person_id, []).append(told)
        else:
            self.waiting.append(told)

    def _tellings(self, one: Owed, offset: int, rule: Rule) -> Iterator[Told]:
        about = (one.review_id, one.item.key, one.slot, one.due)
        name = f"{one.key}:{offset}"
        own, office = (one.place,), (one.place, Place(VIENNA, "AUT"))
        reached = list(self._reached(one, rule))
        for to, reader in reached:
            first = to is Recipient.PERSON
            notice = "reminder" if first else "reminder_passed_on"
            key = f"remind:{name}:{reader.name}"
            yield Told(key, notice, reader.person_id, about, not first, offset, own)
        if Recipient.SECRETARIAT in rule.to or not reached:
            for number in self._watchers(one):
                key = f"escalate:{name}:{number}"
                yield Told(key, "escalation", number, about, False, offset, office)

    def _reached(self, one: Owed, rule: Rule) -> Iterator[tuple[Recipient, Reader]]:
        """Whom the rule names; where there is none of them, the next one up the ladder."""
        named = [to for to in rule.to if to is not Recipient.SECRETARIAT]
        taken: set[Reader] = set()
        for to in named or ():
            for reader in self._behind(to, one):
                if reader not in taken:
                    taken.add(reader)
                    yield to, reader
        if not named:
            return
        ladder = [Recipient.PERSON, Recipient.FOCAL_POINT, Recipient.MISSION]
        for other in ladder[ladder.index(named[-1]) + 1 :]:
            if not taken:
                for reader in self._behind(other, one):
                    taken.add(reader)
                    yield other, reader

    def _behind(self, to: Recipient, one: Owed) -> list[Reader]:
        party = self.party_of(one.item, one.slot)
        if to is Recipient.PERSON:
            return self._responsible(one)
        if party is Party.SECRETARIAT:
            return []
        slot = one.slot if party is Party.REVIEWING_STATE else 0
        iso3 = self.sides[one.review_id].get(slot, "")
        if to is Recipient.MISSION:
            return [Reader(0, slot)] if iso3 and self.states[iso3][1] else []
        if party is not Party.REVIEWING_STATE:
            return []
        return [
            Reader(number)
            for number, account in self.accounts.items()
            if account.iso3 == iso3 and account.active and number in self.focal_points
        ]

    def _responsible(self, one: Owed) -> list[Reader]:
        party = self.party_of(one.item, one.slot)
        if party is Party.SECRETARIAT:
            return [Reader(number) for number in self._office(one.review_id)]
        slot = one.slot if party is Party.REVIEWING_STATE else 0
        role = "expert" if party is Party.REVIEWING_STATE else "focal_point"
        named = [
            Reader(number)
            for number, has, at in self.members[one.review_id]
            if (has, at) == (role, slot) and self.accounts[number].active
        ]
        if named:
            return named
        iso3 = self.sides[one.review_id][slot]
        return [Reader(0, slot)] if self.states[iso3][1] else []

    def _office(self, review_id: int) -> list[int]:
        officer = self.officers[review_id]
        return [officer] if officer else self._administrators()

    def _administrators(self) -> list[int]:
        return [n for n, one in self.accounts.items() if one.role == "secretariat_administrator"]

    def _watchers(self, one: Owed) -> list[int]:
        own = self._office(one.review_id)
        if self.party_of(one.item, one.slot) is not Party.SECRETARIAT:
            return own
        return [number for number in self._administrators() if number not in own]

    def write_digests(self, now: datetime) -> None:
        """One message a day, from seven on where its reader lives, on a working day of theirs."""
        for number, account in self.accounts.items():
            place = Place(account.zone, account.iso3 or "AUT")
            day = place.day(now)
            key = f"digest:{number}:{day}"
            early = now < datetime.combine(day, time(7), ZoneInfo(account.zone))
            if not (account.digest and account.active) or early or not place.works(day):
                continue
            if key in self.digests:
                continue
            rows = [one for one in self.for_digest.get(number, []) if self._makes_sense(one)]
            self.for_digest[number] = rows
            if not rows:
                continue
            mine = any(self._is_reminded(one, number, now) for one in self.owed.values())
            self.for_digest[number] = []
            if mine or any(one.notice == "escalation" for one in rows):
                self.digests.add(key)
                self.waiting.append(Told(key, "digest", number, places=(place,)))

    def _is_reminded(self, one: Owed, number: int, now: datetime) -> bool:
        """Whether a thing is this person's to do, and one of the rungs told them so last."""
        readers = [reader.person_id for reader in self._responsible(one)]
        passed = one.passed(now)
        due = number in readers and bool(passed) and Recipient.PERSON in passed[-1][1].to
        return due and one.place.day(now) >= one.place.day(self.free_from(one, number))

    def deliver(self, now: datetime, busy: set[str]) -> None:
        """The mail server takes what waits and still makes sense; ``busy``: it did not yet."""
        left = []
        for told in self.waiting:
            early = told.not_before is not None and now < told.not_before
            if early or told.key in busy:
                left.append(told)
            elif not self._makes_sense(told) or self._is_replaced(told, now):
                self.dropped.append(told.key)
            elif morning := self._morning(told, now):
                told.not_before, told.tried = morning, True
                left.append(told)
            else:
                self.expected.append((told.key, now))
        self.waiting = left

    def _morning(self, told: Told, now: datetime) -> datetime | None:
        """The first morning on which all places work; None where they do today."""
        moment = now
        while rests := [one for one in told.places if not one.works(one.day(moment))]:
            moment = rests[0].next_morning(moment)
            if told.notice == "digest":
                moment = moment.replace(hour=7)
        return moment if moment > now else None

    def _is_replaced(self, told: Told, now: datetime) -> bool:
        """Whether the next rung has come to the same people while it was put off."""
        if not told.tried or told.notice != "reminder" or told.owed is None:
            return False
        passed = self.owed[told.owed[:3]].passed(now)
        return passed[-1][0] > told.offset and Recipient.PERSON in passed[-1][1].to

    def _makes_sense(self, told: Told) -> bool:
        account = self.accounts.get(told.person_id)
        if account is not None and not account.active:
            return False
        if told.owed is None:
            return True
        review_id, key, slot, due = told.owed
        one = self.owed.get((review_id, key, slot))
        if one is None or one.due != due:
            return False
        return (
            account is None
            or told.passed_on
            or account.role.startswith("secretariat")
            or any(number == told.person_id for number, _, _ in self.members[review_id])
        )
