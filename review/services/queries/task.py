"""The page behind the link of a mail about a task: how it stands, and what can be done; read only.

It says what the mail says, and what became of the task since: nothing that only parties read. A
link that has expired shows its date and no more; one that has ended, nothing of the review.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from review import policy
from review.models import Audit, Capability, CapabilityUse, Outbox, Person, State
from review.services import by_link, capabilities, snapshot
from review.services.audit import Verb
from review.services.by_link import party_of
from review.services.capabilities import Purpose, Standing
from review.services.errors import NotFound
from review.services.queries.date_changes import Asked, open_requests
from review.services.queries.step_choices import consequences
from review.services.queries.turns import Due, due, owed
from review.services.snapshot import VIENNA, Side, Snapshot
from workflows import engine
from workflows.engine import Option
from workflows.spec import FACT_GROUPS, Party, Step, Who


@dataclass(frozen=True, slots=True)
class Done:
    """Who did what was asked, for which State (empty: the secretariat), and when."""

    by: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """That somebody (no name: a Permanent Mission) has confirmed receipt of a task, and when."""

    by: str
    state: str
    milestone: str
    """With its slot: ``desk_review:2``."""
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskPage:
    """What the page of a link shows."""

    link: Capability
    standing: Standing
    seen: Snapshot
    side: Side
    """The State for which the link is, also when another has taken its place."""
    due: Due
    who: Who
    step: Step | None
    """By which the task is done, the first where there are several."""
    asked_by: Who | None
    """The State that asked, where it was not the secretariat."""
    done: Done | None
    is_turn: bool
    next_reminder: datetime | None
    receivers: tuple[str, ...]
    """Who is told when it is done: names of States, and of functions of the secretariat."""
    holders: tuple[Due, ...]
    """What is owed in the review now, and by whom."""
    options: tuple[Option, ...]
    """What can be done with the link."""
    elsewhere: tuple[Step, ...]
    """What can be done by whoever signs in."""
    request: Asked | None
    """An open request for another date of this task."""
    uses: Sequence[CapabilityUse]

    @property
    def is_mission(self) -> bool:
        """Whether the link is a Permanent Mission's, which has no account."""
        return self.link.person_id is None

    @property
    def receipt(self) -> datetime | None:
        """When receipt was confirmed with this link."""
        return next((one.at for one in self.uses if one.act == by_link.RECEIPT), None)

    @property
    def is_open(self) -> bool:
        """Whether anything can be done with the link at all."""
        return self.standing is Standing.OPEN and self.done is None


def load(session: Session, token: str, now: datetime) -> TaskPage:
    """The page of a link, with what its reader may know. Raises NotFound for an unknown one."""
    found = capabilities.look_up(session, token, Purpose.TASK, now=now)
    one = found.capability
    if one is None or one.review_id is None:
        raise NotFound("no such link")
    seen = snapshot.load(session, one.review_id, now, FACT_GROUPS)
    item = seen.process.milestone(one.milestone)
    party = party_of(seen.process, one)
    who = Who(party.actor, one.slot or 0)
    dates = seen.dates.get((item.key, one.milestone_slot), snapshot.Dates())
    about = due(seen, item, one.milestone_slot, dates.due_on)
    steps = [step for step in seen.process.steps_for(item.key) if who.actor in step.by]
    step = steps[0] if steps else None
    turns = owed(seen)
    page = TaskPage(
        link=one,
        standing=found.standing,
        seen=seen,
        side=_side(session, seen, one),
        due=about,
        who=who,
        step=step,
        asked_by=_asked_by(session, one),
        done=_done(session, seen, one, dates.done_at),
        is_turn=any((t.milestone.key, t.slot) == (item.key, one.milestone_slot) for t in turns),
        next_reminder=dates.remind_at,
        receivers=_receivers(seen, step, who),
        holders=turns,
        options=_options(seen, one, who),
        elsewhere=() if one.person_id is None else tuple(s for s in steps if not s.by_link),
        request=_request(session, seen, one, who),
        uses=session.scalars(
            sa.select(CapabilityUse)
            .where(CapabilityUse.capability_id == one.id)
            .order_by(CapabilityUse.id)
        ).all(),
    )
    return _allowed(page)


def _allowed(page: TaskPage) -> TaskPage:
    """A page without what its link does not show any more.

    Of an expired link the date and that it is done, and by which State; of one that has ended,
    nothing of what became of the task: its reader has no part in the review.
    """
    if page.standing is Standing.OPEN:
        return page
    done = page.done and replace(page.done, by="")
    less = replace(page, done=done, next_reminder=None, receivers=(), holders=(), request=None)
    if page.standing is Standing.EXPIRED:
        return less
    nothing = Due(page.due.milestone, page.due.slot, page.due.party, "", "", None, VIENNA, "", 0)
    return replace(
        less,
        due=nothing,
        done=None,
        is_turn=False,
        asked_by=None,
        options=(),
        elsewhere=(),
        uses=(),
    )


def _side(session: Session, seen: Snapshot, one: Capability) -> Side:
    """The State of a link: that of its mission, or of the side on which its person takes part."""
    slot = one.slot or 0
    side = seen.sides.get(slot, seen.sides[0])
    if one.iso3 in {None, side.iso3}:
        return side
    own = session.get_one(State, one.iso3)
    return Side(
        slot, own.iso3, own.name, own.language, own.capital, own.time_zone, own.mission_email
    )


def _options(seen: Snapshot, one: Capability, who: Who) -> tuple[Option, ...]:
    if one.person is None or who not in policy.capacities(one.person, seen.members):
        return ()
    return tuple(
        Option(step, who, engine.reasons_against(seen.process, step, seen.facts, who))
        for step in by_link.steps_of(seen.process, one)
    )


def _request(session: Session, seen: Snapshot, one: Capability, who: Who) -> Asked | None:
    wanted = (one.milestone, one.milestone_slot)
    return next((r for r in open_requests(session, seen, who) if r.key == wanted), None)


def _receivers(seen: Snapshot, step: Step | None, who: Who) -> tuple[str, ...]:
    if step is None:
        return ()
    told = consequences(seen, step, who).told
    names = (name for each in told if not each.notice.own for name in each.names)
    return tuple(dict.fromkeys(names))


def _asked_by(session: Session, one: Capability) -> Who | None:
    """Who asked, as the mail of the link says it; nobody's own side asks itself."""
    params = session.scalar(sa.select(Outbox.params).where(Outbox.id == one.outbox_id)) or {}
    by, state = params.get("by"), params.get("by_state")
    if not state or state == params.get("for_state") or by in {None, "secretariat"}:
        return None
    slots = {params["state"]: 0} | {iso3: n for n, iso3 in enumerate(params["reviewers"], 1)}
    actor = next(a for a in Party if a.actor.value == by).actor
    return Who(actor, slots[state]) if state in slots else None


def _done(
    session: Session, seen: Snapshot, one: Capability, done_at: datetime | None
) -> Done | None:
    if done_at is None:
        return None
    row = session.execute(
        sa.select(Person.title, Audit.iso3, Audit.at)
        .outerjoin(Person, Person.id == Audit.person_id)
        .where(
            Audit.review_id == seen.id,
            Audit.after["reached"].contains(sa.cast([by_link.named(one)], JSONB)),
        )
        .order_by(Audit.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return Done("", "", done_at)
    title, iso3, at = row
    names = {side.iso3: side.name for side in seen.sides.values()}
    return Done(title or "", names.get(iso3 or "", ""), at)


def open_receipts(session: Session, seen: Snapshot, reader: Person) -> list[Receipt]:
    """The receipts confirmed for what is owed in a review now, the last one of each person.

    The secretariat reads all of them, others those of their own State.
    """
    mine = sa.true() if reader.is_secretariat else Audit.iso3 == reader.iso3
    found = _receipts(session, seen, sa.and_(Audit.review_id == seen.id, mine))
    turns = {f"{one.milestone.key}:{one.slot}" for one in owed(seen)}
    last = {(one.by, one.state, one.milestone): one for one in found if one.milestone in turns}
    return list(last.values())


def receipt_of_mail(session: Session, mail: int) -> Receipt | None:
    """The receipt that was confirmed with the link of a mail."""
    found = _receipts(session, None, Audit.after["mail"].astext == str(mail))
    return found[0] if found else None


def _receipts(
    session: Session, seen: Snapshot | None, condition: sa.ColumnElement[bool]
) -> list[Receipt]:
    rows = session.execute(
        sa.select(Person.title, Audit.iso3, Audit.after["milestone"].astext, Audit.at)
        .outerjoin(Person, Person.id == Audit.person_id)
        .where(Audit.verb == Verb.RECEIPT_CONFIRMED.value, condition)
        .order_by(Audit.id)
    )
    names = {side.iso3: side.name for side in seen.sides.values()} if seen else {}
    return [
        Receipt(title or "", names.get(iso3, iso3 or ""), milestone, at)
        for title, iso3, milestone, at in rows
    ]
