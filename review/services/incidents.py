"""Incidents: a rule that is broken, told to the administrators once, and once when it is over.

Any number of processes may look at once. An open incident is one row under a unique index, its
mails have its number in their key, and a row is closed by whoever closes it first; so nothing is
told twice. Nothing here depends on scheduler, worker or broker: mails wait in the outbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review import db
from review.models import Incident, Outbox, Person
from review.policy import ADMINISTRATOR
from review.services import health, heartbeats, outbox, watch_picture, watchdogs
from review.services.heartbeats import Job
from review.services.watchdogs import Broken
from review.settings import Settings

OPENED: Final = "incident_opened"
CLOSED: Final = "incident_closed"
NOTICES: Final = (OPENED, CLOSED)
_NOBODY_SENDS: Final = frozenset(
    {("broker_away", ""), ("scheduler_silent", ""), ("mail_unsent", ""), ("job_silent", "deliver")}
)
"""While one of these rules is broken, a mail that waits for a worker may wait for long."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of one look."""

    broken: tuple[Broken, ...] = ()
    opened: int = 0
    closed: int = 0

    @property
    def nobody_sends(self) -> bool:
        """Whether no worker can be relied on to send what was written."""
        return any(one.key in _NOBODY_SENDS for one in self.broken)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong now, or was until a moment ago, in words to be translated."""

    words: str
    advice: str
    subject: str
    """What it is about, to be translated; empty where the words say it."""
    facts: dict[str, Any]
    since: datetime | None = None
    """When its incident was opened; None before."""
    calm_since: datetime | None = None


def watch(
    settings: Settings, jobs: Sequence[Job], *, now: datetime, machine: Callable[[], datetime]
) -> Watched:
    """One look at everything, and what follows: incidents opened and closed, mails written.

    ``machine`` reads this machine's own clock. Raises OperationalError while the database is away.
    """
    broker = health.ask_broker(settings.redis_url, health.TRIES)
    with db.transaction() as session:
        heartbeats.expect(session, jobs, now)
        picture = watch_picture.look(session, jobs, now=now, machine=machine, broker=broker.ok)
        broken = watchdogs.judge(picture, settings)
        return note(session, broken, now, calm=timedelta(seconds=settings.watch_calm_seconds))


def note(session: Session, broken: Iterable[Broken], now: datetime, *, calm: timedelta) -> Watched:
    """Open an incident for each broken rule that no other explains; close those that are over.

    One is over once its rule has held for ``calm``: what comes and goes is told of once.
    """
    found = {one.key: one for one in broken}
    there = {(one.rule, one.subject): one for one in session.scalars(_open())}
    opened = closed = 0
    for key, one in sorted(found.items()):
        if key in there:
            _go_on(session, there[key], one, now)
        elif not _is_explained(one, there):
            opened += _begin(session, one, now)
    for key, incident in sorted(there.items()):
        if key not in found:
            closed += _calm_down(session, incident, now, calm)
    return Watched(tuple(found.values()), opened, closed)


def _is_explained(one: Broken, noted: Iterable[tuple[str, str]]) -> bool:
    """Whether another rule explains it: one that is broken, or was until a moment ago.

    Once the cause is gone, what has piled up takes a while; that is no incident of its own.
    """
    return one.explained or any(rule in one.rule.because_of for rule, _ in noted)


def _open() -> sa.Select[Incident]:
    return sa.select(Incident).where(Incident.closed_at.is_(None)).order_by(Incident.id)


def _begin(session: Session, one: Broken, now: datetime) -> bool:
    rule, subject = one.key
    facts = one.measured.facts
    made = session.execute(
        insert(Incident)
        .values(rule=rule, subject=subject, opened_at=now, seen_at=now, facts=facts)
        .on_conflict_do_nothing(
            index_elements=[Incident.rule, Incident.subject],
            index_where=Incident.closed_at.is_(None),
        )
        .returning(Incident.id)
    ).scalar()
    if made is None:  # somebody else opened it a moment ago
        return False
    _log.error("incident %s is opened: %s %s", made, rule, subject)
    _tell(session, OPENED, session.get_one(Incident, made), now)
    return True


def _go_on(session: Session, incident: Incident, one: Broken, now: datetime) -> None:
    session.execute(
        sa.update(Incident)
        .where(Incident.id == incident.id, Incident.closed_at.is_(None))
        .values(seen_at=now, calm_since=None, facts=one.measured.facts)
    )


def _calm_down(session: Session, incident: Incident, now: datetime, calm: timedelta) -> bool:
    """Note that the rule holds again; close the incident once it has held long enough."""
    since = incident.calm_since or now
    over = now - since >= calm
    row = session.execute(
        sa.update(Incident)
        .where(Incident.id == incident.id, Incident.closed_at.is_(None))
        .values(calm_since=since, closed_at=max(now, incident.opened_at) if over else None)
        .returning(Incident.id)
    ).first()
    if row is None or not over:
        return False
    _log.warning("incident %s is over: %s %s", incident.id, incident.rule, incident.subject)
    session.refresh(incident)
    _tell(session, CLOSED, incident, now)
    return True


def _tell(session: Session, notice: str, incident: Incident, now: datetime) -> None:
    """One mail to each administrator, in their language."""
    told = sa.select(Person).where(Person.active, Person.role == ADMINISTRATOR).order_by(Person.id)
    for person in session.scalars(told).all():
        outbox.put(
            session,
            notice,
            key=f"{notice}:{incident.id}:{person.id}",
            to=person,
            now=now,
            params=_params(incident),
        )


def _params(incident: Incident) -> dict[str, Any]:
    one = trouble(incident)
    return {
        "words": one.words,
        "advice": one.advice,
        "subject": one.subject,
        "facts": one.facts,
        "opened_at": incident.opened_at.isoformat(),
        "over_since": incident.calm_since.isoformat() if incident.calm_since else None,
    }


def trouble(incident: Incident) -> Trouble:
    """An incident in words; one of a rule that this version does not know by its key."""
    rule = watchdogs.find(incident.rule)
    return Trouble(
        rule.words if rule else incident.rule.replace("_", " "),
        rule.advice if rule else "",
        watchdogs.about(incident.subject),
        incident.facts,
        incident.opened_at,
        incident.calm_since,
    )


def troubles(session: Session, broken: Iterable[Broken]) -> list[Trouble]:
    """What is wrong: open incidents, and what is found broken now and nobody has noted yet.

    What goes on stands first, each in the order of the rules.
    """
    noted = {(one.rule, one.subject): one for one in session.scalars(_open())}
    found = {key: trouble(one) for key, one in noted.items()}
    for one in broken:
        if one.key not in noted and not _is_explained(one, noted):
            about = watchdogs.about(one.measured.subject)
            words, advice = one.rule.words, one.rule.advice
            found[one.key] = Trouble(words, advice, about, one.measured.facts)
    order = [rule.key for rule in watchdogs.RULES]
    ranked = sorted(found, key=lambda key: order.index(key[0]) if key[0] in order else len(order))
    return sorted((found[key] for key in ranked), key=lambda one: one.calm_since is not None)


def troubles_now(
    session: Session,
    settings: Settings,
    jobs: Iterable[Job],
    *,
    now: datetime,
    machine: Callable[[], datetime],
) -> list[Trouble]:
    """The same, computed afresh. The broker is not asked: whoever reads a page need not wait."""
    picture = watch_picture.look(session, jobs, now=now, machine=machine)
    return troubles(session, watchdogs.judge(picture, settings))


def recent(session: Session, count: int = 50) -> Sequence[Incident]:
    """The latest incidents, open ones first."""
    order = (Incident.closed_at.is_not(None), Incident.id.desc())
    return session.scalars(sa.select(Incident).order_by(*order).limit(count)).all()


def told(session: Session, incidents: Iterable[Incident]) -> dict[int, list[Outbox]]:
    """The mails about these incidents, by the incident's number."""
    found: dict[int, list[Outbox]] = {one.id: [] for one in incidents}
    number = sa.cast(sa.func.split_part(Outbox.key, ":", 2), sa.BigInteger)
    wanted = sa.select(number, Outbox).where(Outbox.notice.in_(NOTICES))
    for of, mail in session.execute(wanted.order_by(Outbox.id)):
        if of in found:
            found[of].append(mail)
    return found
