"""Who is told of something owed, rung by rung: its people, then others for them, then the office.

The rule of the process that has come names the recipients. Where a recipient does not exist the
next one up is told; where all rest, the officer is. So every reminder that falls due reaches
somebody, and nobody hears of it twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Member, Person
from review.policy import ADMINISTRATOR
from review.services import holds, notices
from review.services.holds import Holds
from review.services.snapshot import Snapshot, Someone
from workflows.deadlines import Place, Reminder, local_day, when_all_work
from workflows.spec import Milestone, Party, Recipient, Trigger
from workflows.working_days import LONGEST_PAUSE

REMINDER: Final = "reminder"
PASSED_ON: Final = "reminder_passed_on"
ESCALATION: Final = "escalation"
NOTICES: Final = frozenset({REMINDER, PASSED_ON, ESCALATION})
"""Every mail by which somebody is reminded of a milestone."""

RESTING: Final = "resting"
"""The office is told instead, because everybody who would be reminded has a pause."""
UNREACHED: Final = "unreached"
"""The office is told instead, because nobody is named and no mission has an address."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A milestone whose moment has come: the review, which one, whose, the reminder to write."""

    seen: Snapshot
    item: Milestone
    slot: int
    reminder: Reminder
    day: date
    """From which the reminder is counted: the due date, or that of the turn."""
    place: Place
    """Where the days of whoever owes it begin and end."""

    @property
    def party(self) -> Party:
        """Who owes it."""
        return self.item.owner_of(0 if self.item.repeats else self.slot)

    @property
    def side(self) -> int:
        """The side that owes it: 0 for the State under review, 1 and 2 for the reviewing States."""
        return self.slot if self.party is Party.REVIEWING_STATE else 0

    @property
    def due_on(self) -> date | None:
        """The day that counts; None where there is no date."""
        return self.seen.dates[self.item.key, self.slot].due_on

    @property
    def key(self) -> str:
        """This reminder, and no other: review, milestone, day counted from, place in the ladder."""
        on = self.reminder.rule.on
        day = str(self.day) if on is Trigger.DUE else f"{on}-{self.day}"
        return f"{self.seen.id}:{self.item.key}:{self.slot}:{day}:{self.reminder.offset}"


@dataclass(frozen=True, slots=True)
class Office:
    """What a sweep knows besides the reviews."""

    administrators: tuple[Someone, ...] = ()
    digests: frozenset[int] = frozenset()
    """Who gets one message a day instead of single ones."""
    holds: Holds = field(default_factory=Holds)
    focal_points: Mapping[str, tuple[Someone, ...]] = field(default_factory=dict)
    """The focal points in office of each State, of its own reviews."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One person who is told of something owed, or would be but for a pause or a new office."""

    notice: str
    owed: Owed
    to: Someone
    waits: bool = False
    """For the digest of its reader."""
    held: date | None = None
    """The last day on which it is kept back."""
    settles: bool = False
    """It is kept back because its reader has just taken office, and not by a pause."""
    instead: str = ""
    """Why the office is told in place of those who owe it: RESTING, UNREACHED or not at all."""
    quiet: frozenset[int] = frozenset()
    """Weekdays that its reader has chosen to be left alone on."""

    @property
    def place(self) -> Place:
        """Where its reader works: the office at the duty station, others where it is owed."""
        place = self.owed.place
        if self.notice == ESCALATION:
            place = self.owed.seen.place_of(Party.SECRETARIAT, 0)
        return place.without(self.quiet)

    def leaves_at(self, at: datetime) -> datetime:
        """When a mail that is written at this moment leaves: on a day on which all of them work.

        One for a digest leaves with it. Raises CalendarError.
        """
        return at if self.waits else when_all_work(at, (self.owed.place, self.place))

    @property
    def key(self) -> str:
        """Why the mail exists: the same reason never writes a second one."""
        prefix = "escalate" if self.notice == ESCALATION else "remind"
        return f"{prefix}:{self.owed.key}:{notices.name_of(self.to)}"


def tellings(owed: Owed, knows: Office, day: date) -> Iterator[Telling]:
    """Those whom the rule names, with their pauses; by the last rung, or for want of them, office.

    Nothing falls silent: a pause of everybody is told to those who look after the review, and has
    no effect where nobody would hear that. A pause of the review holds back what goes to parties.
    A new holder of an office is left alone for some days, which nobody else is told.
    """
    rule, pauses = owed.reminder.rule, knows.holds
    reached = list(_reached(owed, knows))
    instead = _instead(owed, reached, pauses, day)
    told = Recipient.SECRETARIAT in rule.to or instead
    listeners = _listeners(owed, knows, day) if told else ()
    for recipient, to in reached:
        held = pauses.either(to.person_id, owed.seen.id, day)
        held = None if instead and not listeners else held
        new = settling(owed, to, day)
        settles = new is not None and (held is None or held < new)
        notice = REMINDER if recipient is Recipient.PERSON else PASSED_ON
        waits = notice == REMINDER and _waits(to, knows, day)
        until, quiet = new if settles else held, pauses.quiet.get(to.person_id, frozenset())
        yield Telling(notice, owed, to, waits, until, settles, quiet=quiet)
    for to in listeners:
        quiet = pauses.quiet.get(to.person_id, frozenset())
        waits = _waits(to, knows, day)
        yield Telling(ESCALATION, owed, to, waits, instead=instead, quiet=quiet)


def responsible(owed: Owed) -> Iterable[Someone]:
    """Those who are reminded: the people of the side that owes it, else its mission."""
    return notices.people(owed.seen, owed.party, owed.side)


def settling(owed: Owed, to: Someone, day: date) -> date | None:
    """The last day on which somebody is too new in office to be reminded, if this is one of them.

    Working days of the State are counted from the day on which they took office there.
    """
    count = owed.seen.process.settling.working_days
    if to.since is None or not count:
        return None
    since = local_day(to.since, owed.place.zone)
    if day - since > timedelta(days=count + LONGEST_PAUSE):
        return None  # most are long in office: nothing to count
    until = owed.place.calendar.after(since, count)
    return until if day <= until else None


def _instead(
    owed: Owed, reached: Sequence[tuple[Recipient, Someone]], pauses: Holds, day: date
) -> str:
    if set(owed.reminder.rule.to) == {Recipient.SECRETARIAT}:
        return ""
    if not reached:
        return UNREACHED
    rest = all(pauses.person(to.person_id, day) for _, to in reached)
    return RESTING if rest and not pauses.review(owed.seen.id, day) else ""


def _reached(owed: Owed, knows: Office) -> Iterator[tuple[Recipient, Someone]]:
    """Whom the rule names besides the secretariat or, if there is none of them, the next one up."""
    named = [to for to in owed.reminder.rule.to if to is not Recipient.SECRETARIAT]
    taken: set[str] = set()
    for recipient in named:
        yield from _new(recipient, owed, knows, taken)
    if not named:
        return
    for other in list(Recipient)[named[-1].rung + 1 : Recipient.SECRETARIAT.rung]:
        if not taken:
            yield from _new(other, owed, knows, taken)


def _new(
    recipient: Recipient, owed: Owed, knows: Office, taken: set[str]
) -> Iterator[tuple[Recipient, Someone]]:
    """The people behind a recipient who are not told already, by address: it is one mailbox."""
    for to in _behind(recipient, owed, knows):
        if to.email.lower() not in taken:
            taken.add(to.email.lower())
            yield recipient, to


def _behind(recipient: Recipient, owed: Owed, knows: Office) -> Iterable[Someone]:
    if recipient is Recipient.PERSON:
        return responsible(owed)
    side = None if owed.party is Party.SECRETARIAT else owed.seen.sides.get(owed.side)
    if side is None:
        return ()
    if recipient is Recipient.FOCAL_POINT:
        # of a State under review the focal point is the person who owes it
        reviews = owed.party is Party.REVIEWING_STATE
        return knows.focal_points.get(side.iso3, ()) if reviews else ()
    mission = notices.mission(side)
    return (mission,) if mission else ()


def _waits(to: Someone, knows: Office, day: date) -> bool:
    """Whether a mail waits for a digest: not for that of somebody who has a pause."""
    return to.person_id in knows.digests and not knows.holds.person(to.person_id, day)


def _listeners(owed: Owed, knows: Office, day: date) -> Sequence[Someone]:
    """Who hears an escalation: of those without a pause; else all, since somebody has to."""
    own = tuple(_watchers(owed, knows.administrators))
    taken = {to.person_id for to in responsible(owed)} | {to.person_id for to in own}
    others = [one for one in knows.administrators if one.person_id not in taken]
    for some in (own, others):
        awake = [to for to in some if not knows.holds.person(to.person_id, day)]
        if awake:
            return awake
    return own


def _watchers(owed: Owed, administrators: Sequence[Someone]) -> Iterable[Someone]:
    """Who is told that something is long past: the officer; of the officer's own, the others."""
    if owed.party is not Party.SECRETARIAT:
        return owed.seen.secretariat
    own = {one.person_id for one in owed.seen.secretariat}
    return [one for one in administrators if one.person_id not in own]


def office(session: Session, now: datetime) -> Office:
    """Administrators, readers of digests, pauses and focal points, as they are."""
    people = session.scalars(
        sa.select(Person)
        .where(Person.active, sa.or_(Person.role == ADMINISTRATOR, Person.digest))
        .order_by(Person.id)
    ).all()
    return Office(
        tuple(_someone(one) for one in people if one.role == ADMINISTRATOR),
        frozenset(one.id for one in people if one.digest),
        holds.in_force(session, now),
        _focal_points(session),
    )


def _focal_points(session: Session) -> dict[str, tuple[Someone, ...]]:
    in_office = sa.exists().where(
        Member.person_id == Person.id, Member.role == "focal_point", Member.ended_at.is_(None)
    )
    wanted = sa.select(Person).where(Person.active, Person.iso3.is_not(None), in_office)
    found: dict[str, tuple[Someone, ...]] = {}
    for one in session.scalars(wanted.order_by(Person.id)):
        found[one.iso3 or ""] = (*found.get(one.iso3 or "", ()), _someone(one))
    return found


def _someone(one: Person) -> Someone:
    return Someone(one.id, one.role, 0, one.email, one.title, one.language, one.time_zone)
