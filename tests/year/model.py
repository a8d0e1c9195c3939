"""What ought to be sent, told once more in the plainest way.

The model knows the definition of the process (what is owed by whom, its ladder, whom a step tells),
the positions and dates of the reviews as they stand after each act, the people, and the days off as
the library `holidays` has them. It shares no code with the steps, the sweep, the digests, the
delivery or the calendar arithmetic of the engine: it walks day by day and remembers what it has
said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from tests.year.letters import ENDED, Done, Letters, Owing, Reader, Told
from tests.year.standing import VIENNA, Account, Owed, Place
from workflows.spec import Party, Recipient, Rule


class Model(Letters):
    """The plan, and what has become of it. ``expected`` is what must arrive, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Told] = []
        """Written and not yet taken by the mail server."""
        self.expected: list[Told] = []
        self.dropped: list[Told] = []
        """Pointless when its turn came."""
        self.for_digest: dict[int, list[Told]] = {}
        self.digests: set[str] = set()
        self.written: set[str] = set()

    def follow(self, session: Session, done: Done, now: datetime) -> None:
        """An act was done: what it tells at once, and how things stand since."""
        told = list(self.of_step(done)) if done.step else []
        accounts, members = self.accounts, self.members[done.review_id]
        self.observe(session, done.review_id, now)
        told += self.of_newcomers(done, accounts)
        told += self.of_closing(done, accounts, now)
        told += self._of_leaving(done, accounts, set(members), now)
        self.waiting += told
        for number, former in accounts.items():
            if former.digest and not self.accounts[number].digest:
                for one in self.for_digest.pop(number, []):  # single ones again
                    self.waiting.append(replace(one, not_before=None))

    def _of_leaving(
        self,
        done: Done,
        accounts: Mapping[int, Account],
        members: set[tuple[int, str, int]],
        now: datetime,
    ) -> Iterator[Told]:
        """What is told of it that somebody leaves a review, with or without a successor."""
        present = set(self.members[done.review_id])
        for left in members - present:
            number, role, slot = left
            self.questions.pop((done.review_id, number), None)
            if done.step == "release_person":
                yield from self.of_release(done, number, accounts[number])
            else:
                (came,) = [one[0] for one in present - members if one[1:] == (role, slot)]
                self._move(number, came, done, now)
                yield from self.of_hand_over(done, number, came, slot, accounts[number])

    def _move(self, left: int, came: int, done: Done, now: datetime) -> None:
        """What waits for whoever leaves goes to whoever follows; of reminders they hear later."""
        to = str(done.given["email"]), str(done.given["language"])
        waits = [one for one in self.waiting if one.person_id == left]
        for told in [one for one in waits if one.review_id == done.review_id]:
            self.waiting.remove(told)
            if told.notice == "reminder":
                self.dropped.append(told)
                self._look_again(told, came, now)
                continue
            key = f"instead of {told.key}"
            moved = replace(told, key=key, person_id=came, address=to[0], language=to[1])
            self.waiting.append(moved)
        for told in self.for_digest.get(left, []):
            if told.review_id == done.review_id and told.notice == "reminder":
                self._look_again(told, came, now)

    def _look_again(self, told: Told, came: int, now: datetime) -> None:
        """Whoever is new in office is reminded of the latest rung when they are not any more."""
        one = self.owed.get(told.about[0][:3])
        if one is not None and one.passed(now):
            morning = self.free_from(one, came)
            one.looks_again = min(one.looks_again or morning, morning)

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
            for told in self._tellings(one, offset, rule, now):
                self._write(told, now)

    def _write(self, told: Told, now: datetime) -> None:
        if told.key in self.written:
            return
        self.written.add(told.key)
        told.written, told.not_before = now, self._morning(told, now)
        if told.person_id and self.accounts[told.person_id].digest and not told.passed_on:
            self.for_digest.setdefault(told.person_id, []).append(told)
        else:
            self.waiting.append(told)

    def _tellings(self, one: Owed, offset: int, rule: Rule, now: datetime) -> Iterator[Told]:
        name, office = f"{one.key}:{offset}", Place(VIENNA, "AUT")
        reached = list(self._reached(one, rule))
        mornings = []
        for to, reader in reached:
            first = to is Recipient.PERSON
            notice = "reminder" if first else "reminder_passed_on"
            if morning := self._free_again(one, reader.person_id, now):
                mornings.append(morning)
            else:
                told = self._reminder(f"remind:{name}", notice, reader, one)
                yield replace(told, passed_on=not first, offset=offset, places=(one.place,))
        one.looks_again = min(mornings, default=None)
        resting = [reader for _, reader in reached if self.rests(reader.person_id, one.place, now)]
        if Recipient.SECRETARIAT in rule.to or len(resting) == len(reached):
            for number in self._watchers(one):
                told = self._reminder(f"escalate:{name}", "escalation", Reader(number), one)
                yield replace(told, offset=offset, places=(one.place, office))

    def _free_again(self, one: Owed, number: int, now: datetime) -> datetime | None:
        """When whoever has a pause, or is new in office, may be reminded; None: today."""
        pause, free = self.rests(number, one.place, now), self.free_from(one, number)
        settles = free if one.place.day(now) < one.place.day(free) else None
        return max(filter(None, (pause, settles)), default=None)

    def _reminder(self, key: str, notice: str, reader: Reader, one: Owed) -> Told:
        key, to = f"{key}:{reader.name}", self.reads(reader, self.sides[one.review_id])
        return Told(key, notice, reader.person_id, *to, one.review_id, (one.about,))

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
            return [Reader(0, slot)] if iso3 and self.states[iso3].mission else []
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
            return [Reader(number) for number in self.office(one.review_id)]
        slot = one.slot if party is Party.REVIEWING_STATE else 0
        return self._side(one.review_id, party, slot, self.sides[one.review_id][slot])

    def _watchers(self, one: Owed) -> list[int]:
        own = self.office(one.review_id)
        if self.party_of(one.item, one.slot) is not Party.SECRETARIAT:
            return own
        return [number for number in self.administrators() if number not in own]

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
            items = [one.about for one in self.owed.values() if self._is_reminded(one, number, now)]
            items += [item for one in rows if one.notice == "escalation" for item in one.about]
            self.for_digest[number] = []
            if items:
                self.digests.add(key)
                to = account.email, account.language
                told = Told(key, "digest", number, *to, about=tuple(items), places=(place,))
                self.waiting.append(told)

    def _is_reminded(self, one: Owed, number: int, now: datetime) -> bool:
        """Whether a thing is this person's to do, and one of the rungs told them so last."""
        readers = [reader.person_id for reader in self._responsible(one)]
        passed = one.passed(now)
        due = number in readers and bool(passed) and Recipient.PERSON in passed[-1][1].to
        return due and one.place.day(now) >= one.place.day(self.free_from(one, number))

    def deliver(self, now: datetime, busy: Mapping[str, bool]) -> None:
        """The mail server takes what waits and still makes sense.

        ``busy``: it has not taken these yet, and whether they were tried in vain.
        """
        left = []
        for told in self.waiting:
            early = told.not_before is not None and now < told.not_before
            if early or told.key in busy:
                told.tried = told.tried and not busy.get(told.key)
                left.append(told)
            elif not self._makes_sense(told) or self._is_replaced(told, now):
                self.dropped.append(told)
            elif morning := self._morning(told, now):
                told.not_before, told.tried = morning, True
                left.append(told)
            else:
                self.expected.append(replace(told, left=now))
        self.waiting = left

    def _morning(self, told: Told, now: datetime) -> datetime | None:
        """The first morning after a pause on which all places work; None where it is today."""
        moment = self._after_pause(told, now) or now
        while rests := [one for one in told.places if not one.works(one.day(moment))]:
            moment = rests[0].next_morning(moment)
        if told.notice == "digest":  # on its day or, from seven on, on another
            here = told.places[0]
            moment = max(now, here.nine(here.day(moment)).replace(hour=7))
        return moment if moment > now else None

    def _after_pause(self, told: Told, now: datetime) -> datetime | None:
        """When a reminder may leave in whose way a pause came after it was written."""
        pause = self.pauses.get(told.person_id)
        if pause is None or told.written is None or pause.since <= told.written:
            return None
        if told.notice == "escalation":
            return None
        return self.rests(told.person_id, told.places[0], now)

    def _is_replaced(self, told: Told, now: datetime) -> bool:
        """Whether the next rung has come to the same people while it was put off."""
        if not told.tried or told.notice != "reminder":
            return False
        passed = self.owed[told.about[0][:3]].passed(now)
        return passed[-1][0] > told.offset and Recipient.PERSON in passed[-1][1].to

    def _makes_sense(self, told: Told) -> bool:
        if told.notice == ENDED:
            return True
        account = self.accounts.get(told.person_id)
        if account is not None and not account.active:
            return False
        if told.review_id and self._has_left(told.person_id, told.review_id):
            return False
        return not told.about or any(self._is_open(told, owing) for owing in told.about)

    def _has_left(self, number: int, review_id: int) -> bool:
        """Whether somebody had a part in a review and has none any more."""
        took_part = (review_id, number) in self.since
        return took_part and not self._takes_part(number, review_id)

    def _takes_part(self, number: int, review_id: int) -> bool:
        return any(number == person_id for person_id, _, _ in self.members[review_id])

    def _is_open(self, told: Told, owing: Owing) -> bool:
        """Whether it is still owed, by that day, and still concerns the reader."""
        review_id, key, slot, due = owing
        one = self.owed.get((review_id, key, slot))
        if one is None or one.due != due:
            return False
        return (
            not told.person_id
            or told.passed_on
            or self.accounts[told.person_id].role.startswith("secretariat")
            or self._takes_part(told.person_id, review_id)
        )
