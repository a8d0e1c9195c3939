"""What people do in a year of 165 reviews: drawn by a generator, taken as real steps.

Each review is a sequence of acts with waits between them; many stop somewhere on the way, as in
life. An act that the process refuses for now is tried again some days later. States are those of
the first cycle, everything else is specimen: who reviews whom and when is drawn by the generator.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db, reference
from review.models import Answer, Cycle, Finding, MilestoneDate, Person, State
from review.services import blueprint, people, snapshot, steps
from review.services.errors import InvalidGiven, NotFound, Refused
from tests import world

BEGIN = datetime(2011, 7, 4, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Act = Callable[[Session, datetime], None]
Wait = tuple[float, Act]
"""Days until an act, and the act."""


@dataclass
class Party:
    """The people of one review, by role and side, as the generator made them."""

    review_id: int
    iso3: str
    reviewers: tuple[str, str]
    officer_id: int
    people: dict[str, int]


class Life:
    """A queue of acts. ``due()`` gives those whose hour has come; each is one transaction."""

    def __init__(self, seed: int, reviews: int = 165) -> None:
        self.random = Random(seed)
        self.taken = 0
        self.refused = 0
        self._queue: list[tuple[datetime, int, int, Act]] = []
        self._courses: dict[int, Iterator[Wait]] = {}
        self._parties: dict[int, Party] = {}
        with db.transaction() as session:
            self._found(session, reviews)

    def next_at(self) -> datetime | None:
        """When the next act is due."""
        return self._queue[0][0] if self._queue else None

    def act(self, now: datetime) -> int | None:
        """Do what is due first; the review it changed, None where it was refused for now."""
        _, number, review_id, act = heapq.heappop(self._queue)
        try:
            with db.transaction() as session:
                act(session, now)
        except (Refused, InvalidGiven, NotFound):
            self.refused += 1
            wait = 5 + self.random.expovariate(1 / 10)
            self._put(number, review_id, act, now + wait * DAY)
            return None
        self.taken += 1
        self._follow(number, review_id, now)
        return review_id

    def _follow(self, number: int, review_id: int, now: datetime) -> None:
        coming = next(self._courses[number], None)
        if coming is not None:
            days, act = coming
            self._put(number, review_id, act, now + days * DAY)

    def _put(self, number: int, review_id: int, act: Act, at: datetime) -> None:
        heapq.heappush(self._queue, (at, number, review_id, act))

    def _found(self, session: Session, reviews: int) -> None:
        codes = sorted({one.iso3 for one in reference.first_cycle()})[:reviews]
        assert len(set(codes)) == reviews
        world.states(session, *codes)
        without = self.random.sample(codes, reviews // 6)
        session.execute(sa.update(State).where(State.iso3.in_(without)).values(mission_email=None))
        of = world.cycle(session)
        officers = [
            world.person(session, "secretariat_officer", None, f"officer_{n}", digest=n == 2)
            for n in range(4)
        ]
        for n in range(2):
            world.person(
                session, "secretariat_administrator", None, f"administrator_{n}", digest=n == 1
            )
        for number, iso3 in enumerate(codes):
            self._open(session, number, iso3, of, officers, codes)

    def _open(
        self,
        session: Session,
        number: int,
        iso3: str,
        of: Cycle,
        officers: list[Person],
        codes: list[str],
    ) -> None:
        officer = officers[number % len(officers)]
        made = world.review(session, of, iso3, officer_id=officer.id if number % 7 else None)
        first, second = self._reviewers(iso3, codes)
        party = Party(made.id, iso3, (first, second), officer.id, {})
        start = BEGIN + self.random.uniform(0, 40) * DAY
        course = _Course(self.random, party)
        for side, acts in enumerate((course.main(), course.disturbances())):
            key = 2 * number + side
            self._courses[key] = acts
            self._follow(key, made.id, start)

    def _reviewers(self, iso3: str, codes: list[str]) -> tuple[str, str]:
        """The first of the same group, the second any other; both parties to the Convention."""
        able = {one.iso3 for one in reference.parties_at(BEGIN.date())} & set(codes) - {iso3}
        group = reference.party(iso3).regional_group
        own = sorted(one for one in able if reference.party(one).regional_group == group)
        first = self.random.choice(own)
        return first, self.random.choice(sorted(able - {first}))


class _Course:
    """The acts of one review, each with the days it waits after the last."""

    def __init__(self, random: Random, party: Party) -> None:
        self.random, self.party = random, party
        self.patience = random.choice((0.3, 0.7, 1.0, 1.6))

    def main(self) -> Iterator[Wait]:
        """From the draw to the summary, or to where this review gets stuck."""
        acts = list(self._whole())
        stuck = len(acts) if self.random.random() < 0.35 else self.random.randrange(3, len(acts))
        for mean, act in acts[:stuck]:
            yield self.random.expovariate(1 / (mean * self.patience)), act

    def disturbances(self) -> Iterator[Wait]:
        """What happens beside it: the clock stopped, dates asked for, people who leave."""
        late = self.random.uniform
        if self.random.random() < 0.2:
            yield late(40, 200), self._stop
            yield late(5, 40), self._step("resume", "officer")
        if self.random.random() < 0.3:
            yield late(30, 120), self._longer
        if self.random.random() < 0.15:
            yield late(20, 150), self._close_an_account
        if self.random.random() < 0.15:
            yield late(20, 150), self._release

    def _whole(self) -> Iterator[Wait]:
        first, second = self.party.reviewers
        yield 1, self._step("assign_reviewers", "officer", first=first, second=second,
                            session="Specimen session", drawn_on="2011-07-01")  # fmt: skip
        yield 3, self._step("notify_start", "officer")
        yield 12, self._nominate("focal_point", "nominate_focal_point", self.party.iso3)
        yield 6, self._nominate("expert_1", "nominate_expert", first, side="1")
        yield 6, self._nominate("expert_2", "nominate_expert", second, side="2")
        yield 10, self._call
        yield 45, self._answer
        if self.random.random() < 0.2:
            yield 8, self._step("return_for_completion", "officer", reason="Specimen reason.")
            yield 12, self._step("submit_self_assessment", "focal_point")
        yield 6, self._step("circulate_response", "officer")
        asks = self.random.random() < 0.4
        if asks:
            yield 10, self._ask
        yield 25, self._assess(1)
        yield 12, self._assess(2)
        yield 6, self._step("forward_outcome", "officer")
        if asks:
            yield 12, self._step("answer_question", "focal_point", question="1", answer="Specimen.")
        yield 10, self._step("agree_means", "focal_point", means="remote")
        yield 25, self._step("close_dialogue", "officer")
        yield 6, self._step("assemble_draft", "officer")
        for key in blueprint.to_write(("III", "IV")):
            yield 1, self._step("edit_report", "officer", section=key, text="Specimen text.")
        yield 4, self._step("circulate_draft", "officer")
        yield 7, self._step("comment_on_draft", "expert_1")
        yield 7, self._step("comment_on_draft", "expert_2")

    def _actor(self, session: Session, who: str) -> Person:
        number = self.party.officer_id if who == "officer" else self.party.people.get(who, 0)
        if not number:
            raise NotFound(f"no {who} is named yet")
        return session.get_one(Person, number)

    def _take(
        self, session: Session, now: datetime, step: str, who: str, given: Mapping[str, Any]
    ) -> None:
        actor = self._actor(session, who)
        steps.take(session, self.party.review_id, step, actor=actor, now=now, given=given)

    def _step(self, step: str, who: str, **given: Any) -> Act:
        return lambda session, now: self._take(session, now, step, who, given)

    def _nominate(self, who: str, step: str, iso3: str, **given: Any) -> Act:
        email = f"{who}.{self.party.review_id}@{iso3.lower()}.example".replace("_", "")
        language = self.random.choice(("ar", "en", "es", "fr", "ru", "zh"))
        digests = self.random.random() < 0.25

        def act(session: Session, now: datetime) -> None:
            named = {"title": f"Specimen {who}", "email": email, "language": language}
            self._take(session, now, step, "officer", named | given)
            made = session.scalars(sa.select(Person).where(Person.email == email)).one()
            made.activated_at, made.digest = now, digests
            self.party.people[who] = made.id

        return act

    def _call(self, session: Session, now: datetime) -> None:
        given = {"held_on": now.date().isoformat(), "language": "en", "division": "both"}
        self._take(session, now, "hold_introductory_call", "officer", given)

    def _answer(self, session: Session, now: datetime) -> None:
        actor = self._actor(session, "focal_point")
        refs = snapshot.load(session, self.party.review_id, now).provisions(0)
        own = {"review_id": self.party.review_id, "updated_at": now, "updated_by": actor.id}
        values = {"adopted": "yes", "measures": "Specimen text.", "complete": True}
        session.execute(sa.insert(Answer), [own | values | {"provision": ref} for ref in refs])
        self._take(session, now, "submit_self_assessment", "focal_point", {})

    def _assess(self, slot: int) -> Act:
        def act(session: Session, now: datetime) -> None:
            actor = self._actor(session, f"expert_{slot}")
            refs = snapshot.load(session, self.party.review_id, now).provisions(slot)
            own = {"review_id": self.party.review_id, "slot": slot, "updated_at": now,
                   "updated_by": actor.id, "level": "yes", "complete": True}  # fmt: skip
            values = {"observation": "Specimen text."}
            session.execute(sa.insert(Finding), [own | values | {"provision": ref} for ref in refs])
            self._take(session, now, "submit_desk_review", f"expert_{slot}", {})

        return act

    def _ask(self, session: Session, now: datetime) -> None:
        ref = snapshot.load(session, self.party.review_id, now).provisions(0)[0]
        by = (now + 15 * DAY).date().isoformat()
        given = {"provision": ref, "text": "Specimen question.", "answer_by": by}
        self._take(session, now, "ask_for_information", "officer", given)

    def _stop(self, session: Session, now: datetime) -> None:
        """The clock is stopped for longer than it will be: somebody resumes the review before."""
        self._take(session, now, "suspend", "officer", world.stop(now))

    def _longer(self, session: Session, now: datetime) -> None:
        """Some open date is put off by weeks; what depends on it moves along or does not."""
        open_dates = session.scalars(
            sa.select(MilestoneDate)
            .where(
                MilestoneDate.review_id == self.party.review_id,
                MilestoneDate.done_at.is_(None),
                MilestoneDate.model_on.is_not(None),
            )
            .order_by(MilestoneDate.key, MilestoneDate.slot)
        ).all()
        if not open_dates:
            raise NotFound("nothing to put off")
        one = self.random.choice(open_dates)
        stands = one.due_on
        assert stands is not None
        new = max(stands, now.date()) + timedelta(days=self.random.randrange(10, 40))
        given = {"milestone": f"{one.key}:{one.slot}", "new_date": new.isoformat()}
        moves = {"moves": "yes"} if self.random.random() < 0.5 else {}
        reason = {"reason": "Specimen reason."}
        self._take(session, now, "grant_extension", "officer", given | moves | reason)

    def _close_an_account(self, session: Session, now: datetime) -> None:
        who = self.random.choice(("expert_1", "expert_2"))
        if who not in self.party.people:
            raise NotFound(who)
        administrator = session.scalars(
            sa.select(Person).where(Person.role == "secretariat_administrator").order_by(Person.id)
        ).first()
        assert administrator is not None
        people.close(
            session, self.party.people[who], "Specimen reason.", actor=administrator, now=now
        )

    def _release(self, session: Session, now: datetime) -> None:
        seen = snapshot.load(session, self.party.review_id, now)
        if not seen.members:
            raise NotFound("nobody to release")
        gone = self.random.choice(seen.members)
        given = {"member": str(gone.member_id), "reason": "Specimen reason."}
        self._take(session, now, "release_person", "officer", given)
