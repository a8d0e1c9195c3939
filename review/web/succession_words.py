"""How offices and successions read on a page: which office, why, how it stands, what happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from review.languages import N_
from review.services.queries.offices import Asked, Line
from review.web import wording
from review.web.words import _, ngettext

if TYPE_CHECKING:
    from review.models import Office, Succession

_WHY: Final = {
    "not_me": N_("The holder says that this is not their task any more"),
    "mandate_ended": N_("The mandate has ended"),
    "bounced": N_("Messages to the holder come back"),
    "silent": N_("Nothing is heard of the holder"),
    "account_closed": N_("The account of the holder was closed"),
    "requested": N_("The secretariat asks whether this is still right"),
}
_STATE: Final = {
    "open": N_("waits for a name"),
    "proposed": N_("waits for the State"),
    "confirmed": N_("handed over"),
    "refused": N_("still in office"),
    "withdrawn": N_("taken back"),
}
_MAILS: Final = {
    "sent": N_("sent"),
    "waiting": N_("waits to be sent"),
    "failed": N_("not delivered"),
    "recorded": N_("recorded, not sent"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the course of a succession."""

    title: str
    at: datetime
    text: str = ""
    href: str = ""
    link: str = ""
    zone: str = ""
    place: str = ""
    stage: int | None = None


def why(one: Succession) -> str:
    """Why an office may have to change hands."""
    return _(_WHY[one.why])


def state(one: Succession) -> str:
    """How a succession stands."""
    return _(_STATE[one.state])


def unanswered(line: Line) -> str:
    """That the mission was asked for the last time and has not answered; else nothing."""
    if not line.unanswered:
        return ""
    return ngettext(
        "The Permanent Mission was asked once and has not answered.",
        "The Permanent Mission was asked %(num)s times and has not answered.",
        line.unanswered,
    )


def office(one: Office, *, numbered: bool = False) -> str:
    """An office: "Focal point of Zambia", "Governmental expert of Italy, no. 2"."""
    name = _("%(role)s of %(state)s", role=wording.role(one.role), state=_(one.state.name))
    return wording.numbered(name, one.number) if numbered else name


def course(one: Succession, mails: Sequence[Asked]) -> list[Event]:
    """What happened in a succession, the latest first."""
    told = reversed(list(_events(one, mails)))  # of one moment, what followed comes first
    return sorted(told, key=lambda event: event.at, reverse=True)


def _events(one: Succession, mails: Sequence[Asked]) -> Iterator[Event]:
    by = one.beginner.title if one.beginner else _("Found by the system")
    yield Event(why(one), one.begun_at, by)
    if one.proposed_at is not None:
        proposer = one.proposer.title if one.proposer else ""
        title = _("%(name)s was proposed", name=one.title) if one.is_open else _("A name was given")
        yield Event(title, one.proposed_at, proposer)
    for mail in mails:
        text = f"{mail.address}, {_(_MAILS[mail.state])}"
        yield Event(_("The Permanent Mission was asked"), mail.at, text)
    if one.answered_at is not None:
        yield Event(_answer(one), one.answered_at, answered_by(one))


def _answer(one: Succession) -> str:
    if one.state == "confirmed":
        return _("The office went to %(name)s", name=one.title)
    if one.state == "refused":
        return _("The holder is still in office")
    return _("Taken back") if one.answered_as else _("The holder left the review another way")


def answered_by(one: Succession) -> str:
    """Who answered a succession: the mission with the name given there, or a person."""
    if one.answered_as == "mission":
        mission = _("Permanent Mission of %(state)s", state=_(one.office.state.name))
        return f"{mission}, {one.signed_by}" if one.signed_by else mission
    name = one.answerer.title if one.answerer else ""
    return f"{name}, {one.note_verbale}" if name and one.note_verbale else name or one.note_verbale
