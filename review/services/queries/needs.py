"""What needs the secretariat today: found in the data, each with the one thing to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Member, Outbox, Person
from review.services import dead_addresses, planning
from review.services.account_links import INVITATION_FOR
from review.services.dead_addresses import Trouble
from review.services.queries import date_changes, offices
from review.services.queries.board import Row
from review.services.queries.offices import Line
from review.services.queries.turns import Due
from review.services.queries.undelivered import undelivered
from review.services.snapshot import VIENNA
from workflows import engine
from workflows.deadlines import local_day
from workflows.engine import Turn
from workflows.spec import Channel, Party, Process

UNDATED_AFTER: Final = 7
"""Days after which a turn of the secretariat that has no date is shown."""
STOPPED_AFTER: Final = timedelta(days=30)
EACH: Final = 2
"""So many of one kind are told one by one; the rest in one sentence."""
_Owed = tuple[int, str, int]
"""Review, milestone, side."""


class Kind(StrEnum):
    """Why something needs the secretariat, most pressing first."""

    ADDRESS_DEAD = "address_dead"
    MAIL_FAILED = "mail_failed"
    DATE_ASKED = "date_asked"
    SUCCESSION = "succession"
    OWN_LATE = "own_late"
    SILENT = "silent"
    OWN_WAITING = "own_waiting"
    READY = "ready"
    STOPPED = "stopped"
    NOT_DRAWN = "not_drawn"
    NO_OFFICER = "no_officer"
    INVITATIONS = "invitations"


@dataclass(frozen=True, slots=True)
class Reminded:
    """The reminders that went out about something: how many, and when the last."""

    count: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """One thing. Of ``row``, ``due`` and ``address`` only what belongs to its kind is there."""

    kind: Kind
    days: int = 0
    count: int = 1
    row: Row | None = None
    due: Due | None = None
    step: str = ""
    since: date | None = None
    address: str = ""
    error: str = ""
    passed_on: bool = False
    """The mails went to the next address of the side."""
    trouble: Trouble | None = None
    succession: Line | None = None
    reminded: Reminded = Reminded()
    asked: date | None = None
    """The date that somebody asks for."""
    rest: bool = False
    """Stands for all further ones of its kind."""


def needs(session: Session, rows: Sequence[Row], now: datetime, prepared: int) -> tuple[Need, ...]:
    """What needs the secretariat about these reviews, most pressing first.

    ``prepared`` is the latest year of the cycle whose reviews can be started by now.
    """
    running = [row for row in rows if not row.stage.final]
    found = [
        *_dead(session, rows),
        *_failed(session, rows, now),
        *_dates_asked(session, running, now),
        *_successions(session, rows, now),
        *_turns(running),
        *_stopped(running, now),
        *_selected(running, prepared),
        *_without_officer(running, prepared),
        *_invitations(session, rows, now),
    ]
    shown = []
    for kind in Kind:
        mine = sorted((n for n in found if n.kind is kind), key=lambda need: -need.days)
        shown += _told(kind, mine)
    return _with_reminders(session, shown)


def _told(kind: Kind, found: list[Need]) -> list[Need]:
    if len(found) <= EACH + 1 or kind is Kind.DATE_ASKED:  # each waits for an answer of its own
        return found
    rest = found[EACH:]
    return [*found[:EACH], Need(kind, rest[0].days, len(rest), rest=True)]


def _dead(session: Session, rows: Sequence[Row]) -> Iterator[Need]:
    """Addresses that take no mail: of people and missions of these reviews, and of no review."""
    shown = {row.id: row for row in rows}
    parts = sa.select(Member.person_id, Member.review_id).where(Member.ended_at.is_(None))
    reviews: dict[int, set[int]] = {}
    for person_id, review_id in session.execute(parts):
        reviews.setdefault(person_id, set()).add(review_id)
    for one in dead_addresses.all_of_them(session):
        iso3 = one.state.iso3 if one.state else None
        mine = reviews.get(one.person.id, set()) if one.person else set()
        mine |= {r.id for r in rows if iso3 in {side.iso3 for side in r.seen.sides.values()}}
        if mine and not mine & shown.keys():
            continue
        since = local_day(one.dead.since, VIENNA)
        yield Need(
            Kind.ADDRESS_DEAD,
            row=next((shown[number] for number in sorted(mine & shown.keys())), None),
            address=one.dead.address,
            error=one.dead.said,
            since=since,
            trouble=one,
        )


def _failed(session: Session, rows: Sequence[Row], now: datetime) -> Iterator[Need]:
    """Mails that did not arrive, about these reviews and about accounts."""
    by_id = {row.id: row for row in rows}
    for one in undelivered(session, now):
        if one.review_id is None or one.review_id in by_id:
            yield Need(
                Kind.MAIL_FAILED,
                count=one.mails,
                row=by_id[one.review_id] if one.review_id else None,
                address=one.address,
                error=one.error,
                passed_on=one.passed_on,
                since=local_day(one.last, VIENNA),
            )


def _dates_asked(session: Session, rows: Sequence[Row], now: datetime) -> Iterator[Need]:
    """Requests of parties for another date."""
    by_id = {row.id: row for row in rows}
    for one in date_changes.waiting(session, by_id):
        row = by_id[one.review_id]
        yield Need(
            Kind.DATE_ASKED,
            (now - one.at).days,
            row=row,
            due=date_changes.due_of(row.seen, one.key, row.seen.facts.due.get(one.key)),
            step="grant_extension",
            since=local_day(one.at, VIENNA),
            asked=one.asked_date,
        )


def _successions(session: Session, rows: Sequence[Row], now: datetime) -> Iterator[Need]:
    """Offices that may have to change hands and about which the State has not answered."""
    by_id = {row.id: row for row in rows}
    for line in offices.lines(session, now, open_ones=True, reviews=by_id):
        yield Need(
            Kind.SUCCESSION,
            line.days,
            row=by_id[line.review.id],
            since=local_day(line.one.begun_at, VIENNA),
            succession=line,
        )


def _turns(rows: Sequence[Row]) -> Iterator[Need]:
    for row in rows:
        if row.stage.key == row.seen.process.start:
            continue
        for due in row.dues:
            if due.party is not Party.SECRETARIAT:
                if _on_the_board(row.seen.process, due):
                    yield Need(
                        Kind.SILENT, due.late_days, row=row, due=due, address=_address(row, due)
                    )
            elif due.late_days:
                yield Need(Kind.OWN_LATE, due.late_days, row=row, due=due, step=_step(row, due))
            elif due.on is None:
                yield from _undated(row, due)


def _on_the_board(process: Process, due: Due) -> bool:
    """Whether somebody is so late that the rules of the process put it before the secretariat."""
    rules = process.rules(due.milestone, channel=Channel.BOARD)
    return any(due.late_days >= rule.days for rule in rules)


def _undated(row: Row, due: Due) -> Iterator[Need]:
    """A turn of the secretariat without a date, counted from when it became its turn."""
    seen = row.seen
    since = planning.turn_since(seen, due.milestone, VIENNA)
    days = (local_day(seen.now, VIENNA) - since).days
    if days > UNDATED_AFTER:
        yield Need(Kind.OWN_WAITING, days, row=row, due=due, step=_step(row, due), since=since)


def _step(row: Row, due: Due) -> str:
    steps = engine.steps_of_turn(row.seen.process, Turn(due.milestone, due.slot, due.party))
    return steps[0].key if steps else ""


def _address(row: Row, due: Due) -> str:
    """Whom to write to: the people of that side, else its Permanent Mission."""
    role = due.party.actor.value
    slot = due.slot if due.party is Party.REVIEWING_STATE else 0
    people = [m.email for m in row.seen.members if m.role == role and m.slot == slot]
    side = row.seen.sides.get(slot)
    return ",".join(people) or (side.mission_email if side else None) or ""


def _stopped(rows: Sequence[Row], now: datetime) -> Iterator[Need]:
    for row in rows:
        since, until = row.seen.columns["suspended_at"], row.seen.columns["suspended_until"]
        if since and until is None and now - since > STOPPED_AFTER:
            yield Need(
                Kind.STOPPED,
                (now - since).days,
                row=row,
                step="resume",
                since=local_day(since, VIENNA),
            )


def _selected(rows: Sequence[Row], prepared: int) -> Iterator[Need]:
    """Reviews of years that have come: ready to start, or still without reviewing States."""
    undrawn = 0
    for row in rows:
        if row.stage.key != row.seen.process.start or row.year > prepared or row.is_stopped:
            continue
        if row.seen.facts.reviewers == {1, 2}:
            yield Need(Kind.READY, row.days, row=row, step="notify_start")
        else:
            undrawn += 1
    if undrawn:
        yield Need(Kind.NOT_DRAWN, count=undrawn)


def _without_officer(rows: Sequence[Row], prepared: int) -> Iterator[Need]:
    count = sum(1 for row in rows if row.officer_id is None and row.year <= prepared)
    if count:
        yield Need(Kind.NO_OFFICER, count=count)


def _invitations(session: Session, rows: Sequence[Row], now: datetime) -> Iterator[Need]:
    """People of these reviews who were invited and never came, their link being over."""
    count = session.scalar(
        sa.select(sa.func.count(sa.distinct(Person.id)))
        .join(Member, Member.person_id == Person.id)
        .where(
            Member.review_id.in_([row.id for row in rows]),
            Member.ended_at.is_(None),
            Person.active,
            Person.activated_at.is_(None),
            Person.invited_at < now - INVITATION_FOR,
        )
    )
    if count:
        yield Need(Kind.INVITATIONS, count=count)


def _with_reminders(session: Session, shown: Sequence[Need]) -> tuple[Need, ...]:
    silent = [need.row.id for need in shown if need.kind is Kind.SILENT and need.row]
    sent = _reminders(session, silent) if silent else {}
    return tuple(_reminded(need, sent) for need in shown)


def _reminded(need: Need, sent: Mapping[_Owed, Reminded]) -> Need:
    if need.kind is not Kind.SILENT or need.row is None or need.due is None:
        return need
    return replace(
        need, reminded=sent.get((need.row.id, need.due.milestone.key, need.due.slot), Reminded())
    )


def _reminders(session: Session, ids: Sequence[int]) -> dict[_Owed, Reminded]:
    """Reminders by review, milestone and side, from the keys under which each is written once."""
    milestone, slot, due, offset = (sa.func.split_part(Outbox.key, ":", n) for n in (3, 4, 5, 6))
    found = session.execute(
        sa.select(
            Outbox.review_id,
            milestone,
            slot,
            sa.func.count(sa.distinct(sa.func.concat(due, offset))),
            sa.func.max(Outbox.created_at),
        )
        .where(Outbox.review_id.in_(ids), Outbox.key.startswith("remind:"))
        .group_by(Outbox.review_id, milestone, slot)
    )
    return {
        (review_id, about, int(side)): Reminded(count, last)
        for review_id, about, side, count, last in found
        if review_id is not None
    }
