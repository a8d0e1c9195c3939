"""The calendar of one person: what their side owes, meetings, sessions of the Group.

Nothing is in it that its reader may not see on the page of the review, and nothing that others do
changes it before it changes a date of the reader's. What is done disappears, and so does a review
that the reader has left, or whose clock is stopped: no period runs then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import policy
from review.mail import entries, ical
from review.mail.entries import About, Where
from review.mail.ical import Entry, Feed, Mailbox
from review.mail.voice import Voice
from review.models import Audit, GroupSession, Person
from review.services import snapshot
from review.services.audit import Verb
from review.services.extensions import parse_milestone
from review.services.queries.date_changes import appointment_of
from review.services.queries.my_turn import reviews_of
from review.services.queries.turns import due
from review.services.snapshot import Snapshot
from workflows import engine
from workflows.deadlines import local_day
from workflows.outlook import Appointment, Key
from workflows.spec import Party

EVERY: Final = timedelta(hours=4)
"""How often programs are asked to look again; some look once a day whatever they are asked."""
_ONCE: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""When a session was entered that came with the system."""
_DIALOGUE: Final = ("dialogue_scheduled", 0)


@dataclass(frozen=True, slots=True)
class _Known:
    """What one calendar is made of."""

    person: Person
    reviews: tuple[Snapshot, ...]
    changed: Mapping[tuple[int, Key], datetime]
    sessions: tuple[tuple[GroupSession, datetime], ...]


def of_person(session: Session, person: Person, secretariat: Mailbox, now: datetime) -> bytes:
    """The calendar file of a person, in their language or else in English.

    The same rows give the same bytes, whenever it is asked for; sessions leave when they are over.
    """
    seen = snapshot.load_many(session, reviews_of(session, person), now)
    running = tuple(one for one in seen if not one.process.stage(one.stage).final)
    takes_part = any(policy.capacities(person, one.members) for one in running)
    known = _Known(
        person,
        running,
        _changes(session, running),
        tuple(_sessions(session, now)) if takes_part else (),
    )
    return entries.spoken(person.language, lambda voice: _written(voice, known, secretariat))


def _written(voice: Voice, known: _Known, secretariat: Mailbox) -> bytes:
    feed = Feed(voice.gettext("Country reviews"), EVERY)
    return ical.written(
        _entries(voice, known),
        language=voice.language.code,
        secretariat=secretariat,
        feed=feed,
    )


def _entries(voice: Voice, known: _Known) -> Iterator[Entry]:
    for seen in known.reviews:
        about = About(seen.id, seen.columns["iso3"], seen.process)
        yield from _deadlines(voice, about, seen, known)
        if (meeting := dialogue_of(seen)) is not None:
            yield _dialogue(voice, about, meeting, known.changed)
    for one, since in known.sessions:
        yield entries.session(
            voice, one.id, one.title, one.place, one.first_day, one.last_day, since
        )


def _deadlines(voice: Voice, about: About, seen: Snapshot, known: _Known) -> Iterator[Entry]:
    for key in owed(seen, known.person):
        yield _deadline(voice, about, seen, key, known.changed, known.person.time_zone)


def _deadline(
    voice: Voice,
    about: About,
    seen: Snapshot,
    key: Key,
    changed: Mapping[tuple[int, Key], datetime],
    zone: str,
) -> Entry:
    owner = due(seen, seen.process.milestone(key[0]), key[1], seen.facts.due[key])
    return entries.deadline(
        voice,
        about,
        owner.milestone,
        owner.slot,
        on=seen.facts.due[key],
        where=Where(owner.zone, owner.place, zone),
        changed_at=changed[seen.id, key],
    )


def dialogue_of(seen: Snapshot) -> Appointment | None:
    """The visit or meeting, while the days that were set for it stand."""
    return appointment_of(seen) if _DIALOGUE in seen.done else None


def _dialogue(
    voice: Voice, about: About, meeting: Appointment, changed: Mapping[tuple[int, Key], datetime]
) -> Entry:
    changed_at = changed[about.review_id, _DIALOGUE]
    return entries.dialogue(voice, about, meeting.first, meeting.last, changed_at=changed_at)


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a file is made. ``linked``: they can sign in and open the page of the review."""

    language: str
    time_zone: str
    linked: bool = True


def one_deadline(
    session: Session, seen: Snapshot, key: Key, reader: Reader, secretariat: Mailbox
) -> bytes:
    """The file of one date of a review, which the caller has found to be the reader's."""
    changed = _changes(session, [seen])
    return _one(
        seen,
        reader,
        secretariat,
        lambda voice, about: _deadline(voice, about, seen, key, changed, reader.time_zone),
    )


def one_dialogue(
    session: Session, seen: Snapshot, meeting: Appointment, reader: Reader, secretariat: Mailbox
) -> bytes:
    """The file of the visit or meeting of a review, for somebody who may see the review."""
    changed = _changes(session, [seen])
    return _one(
        seen, reader, secretariat, lambda voice, about: _dialogue(voice, about, meeting, changed)
    )


def _one(
    seen: Snapshot, reader: Reader, secretariat: Mailbox, say: Callable[[Voice, About], Entry]
) -> bytes:
    about = About(seen.id, seen.columns["iso3"], seen.process, linked=reader.linked)
    return entries.spoken(
        reader.language,
        lambda voice: ical.written(
            [say(voice, about)], language=voice.language.code, secretariat=secretariat
        ),
    )


def owed(seen: Snapshot, person: Person) -> Iterator[Key]:
    """What a person's side has to reach by a day in one review, also what waits for others yet."""
    if seen.facts.suspended:
        return
    mine = {(who.actor.party, who.slot) for who in policy.capacities(person, seen.members)}
    for (key, slot), dates in sorted(seen.dates.items()):
        item = seen.process.milestone(key)
        party = item.owner_of(0 if item.repeats else slot)
        side = slot if party is Party.REVIEWING_STATE else 0
        if dates.done_at or dates.due_on is None or (party, side) not in mine:
            continue
        if engine.applies(item, seen.facts):
            yield key, slot


def _changes(session: Session, reviews: Sequence[Snapshot]) -> dict[tuple[int, Key], datetime]:
    """When each date of these reviews was last set, from the audit trail of their steps."""
    found = {(one.id, key): _since(one) for one in reviews for key in (*one.dates, _DIALOGUE)}
    processes = {one.id: one.process for one in reviews}
    rows = session.execute(
        sa.select(
            Audit.review_id,
            Audit.at,
            Audit.after["dates"],
            Audit.after["reached"],
            Audit.after.has_key("dialogue_first_day"),
            Audit.after["question"],
        )
        .where(Audit.review_id.in_(processes), Audit.definition != "")
        .order_by(Audit.id)
    )
    for review_id, at, dates, reached, met, question in rows:
        touched = [parse_milestone(name) for name in dates or ()]
        anchors = {parse_milestone(name)[0] for name in reached or ()}
        touched += [
            (item.key, slot)
            for item, slot in processes[review_id].instances()
            if item.due is not None and item.due.after in anchors
        ]
        touched += [_DIALOGUE] if met else []
        touched += [("question_answered", question)] if question else []
        found.update({(review_id, key): at for key in touched})
    return found


def _since(seen: Snapshot) -> datetime:
    """When the dates of a review were set at the earliest."""
    started: datetime | None = seen.columns["started_at"]
    return started or _ONCE


def _sessions(session: Session, now: datetime) -> Iterator[tuple[GroupSession, datetime]]:
    """The sessions that are not over, of every cycle, as whoever asks for a date is shown them."""
    today = local_day(now, snapshot.VIENNA)
    rows = session.execute(
        sa.select(Audit.after["session"], Audit.at)
        .where(Audit.verb.in_((Verb.SESSION_ADDED.value, Verb.SESSION_CHANGED.value)))
        .order_by(Audit.id)
    )
    entered: dict[int, datetime] = dict(rows.all())
    wanted = sa.select(GroupSession).where(GroupSession.last_day >= today)
    for one in session.scalars(wanted.order_by(GroupSession.first_day, GroupSession.id)):
        yield one, entered.get(one.id, _ONCE)
