"""The acts of one review: from the draw to where it ends or gets stuck, and what comes between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Answer, Finding, MilestoneDate, Person
from review.services import blueprint, people, snapshot, steps
from review.services.errors import NotFound
from tests import world
from tests.year import changes
from tests.year.letters import Done

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
    people: dict[str, int] = field(default_factory=dict)
    done: Done = field(default_factory=lambda: Done(0))
    """What the last act did."""


class Course:
    """The acts of one review, each with the days it waits after the last."""

    def __init__(self, random: Random, party: Party) -> None:
        self.random, self.party, self.asked = random, party, ""
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
        if self.party.review_id % 5 == 3:  # by itself, on another day than was meant at first
            yield late(5, 30), self._stop
            yield late(1, 10), self._prolong
        elif self.random.random() < 0.2:
            yield late(40, 200), self._stop
            yield late(5, 40), self._step("resume", "officer")
        if self.random.random() < 0.3:
            yield late(30, 120), self._longer
        if self.random.random() < 0.15:
            yield late(20, 150), self._close_an_account
        if self.random.random() < 0.15:
            yield late(20, 150), self._release
        yield from self._changes()

    def _changes(self) -> Iterator[Wait]:
        """How somebody reads, who holds an office; in some of few reviews, whatever the seed."""
        late, number = self.random.uniform, self.party.review_id
        if number % 3 == 0:
            yield late(30, 60), self._rest
        if number % 2:
            yield late(2, 30), self._prefer
        if number % 4 < 2:
            yield late(2, 30), self._hand_over
        if number % 3 == 1:
            who = self.random.choice(("focal_point", "expert_1", "expert_2"))
            yield late(2, 30), self._ask_for_more(who)
            yield late(1, 10), self._refuse

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
        slot = int(who[-1]) if who.startswith("expert") else 0
        self.party.done = Done(self.party.review_id, step, slot, given)

    def _step(self, step: str, who: str, **given: Any) -> Act:
        return lambda session, now: self._take(session, now, step, who, given)

    def _nominate(self, who: str, step: str, iso3: str, **given: Any) -> Act:
        email = f"{who}.{self.party.review_id}@{iso3.lower()}.example".replace("_", "")
        language = self.random.choice(changes.LANGUAGES)
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

    def _prolong(self, session: Session, now: datetime) -> None:
        until = now.date() + timedelta(days=self.random.randrange(3, 30))
        given = world.stop(now) | {"until": until.isoformat()}
        self._take(session, now, "prolong_stop", "officer", given)

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

    def _rest(self, session: Session, now: datetime) -> None:
        changes.rest(session, self._anybody(), self.random.randrange(5, 40), now)

    def _prefer(self, session: Session, now: datetime) -> None:
        changes.prefer(session, self._anybody(), self.random.choice(changes.LANGUAGES), now)

    def _anybody(self) -> int:
        if not self.party.people:
            raise NotFound("nobody is named yet")
        return self.random.choice(sorted(self.party.people.values()))

    def _hand_over(self, session: Session, now: datetime) -> None:
        """Somebody else follows; what comes later is done by them."""
        leaves = self._anybody()
        who = next(who for who, number in self.party.people.items() if number == leaves)
        member = changes.holding(session, self.party.review_id, leaves)
        state = str(session.get_one(Person, leaves).iso3).lower()
        email = f"next.{who}.{self.party.review_id}@{state}.example".replace("_", "")
        given = {"member": str(member), "title": "Specimen successor", "email": email,
                 "language": self.random.choice(changes.LANGUAGES)}  # fmt: skip
        self._take(session, now, "hand_over", "officer", given)
        made = session.scalars(sa.select(Person).where(Person.email == email)).one()
        made.activated_at = now
        self.party.people[who] = made.id

    def _ask_for_more(self, who: str) -> Act:
        def act(session: Session, now: datetime) -> None:
            one = changes.owed_with_a_date(session, self.party.review_id, who, self.random)
            stands = one.agreed_on or one.model_on
            assert stands is not None
            new = max(stands, now.date()) + timedelta(days=self.random.randrange(10, 40))
            self.asked = f"{one.key}:{one.slot}"
            given = {"milestone": self.asked, "new_date": new.isoformat()}
            self._take(session, now, "ask_extension", who, given | {"reason": "Specimen reason."})

        return act

    def _refuse(self, session: Session, now: datetime) -> None:
        given = {"milestone": self.asked, "reason": "Specimen reason."}
        self._take(session, now, "refuse_extension", "officer", given)
