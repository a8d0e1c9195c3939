"""What needs the secretariat today, as sentences with one named button each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from flask import url_for

from review.services.queries.needs import Kind, Need
from review.web import mail_needs, present, succession_needs, wording
from review.web.mail_needs import Show, Told
from review.web.mail_needs import said as _said
from review.web.mail_needs import state as _state
from review.web.words import _, ngettext
from workflows.spec import Party


def told(need: Need, show: Show) -> Told:
    """A need in words."""
    if need.rest or need.kind not in _ONE:
        return _MANY[need.kind](need, show)
    return _ONE[need.kind](need)


def _step(need: Need) -> tuple[str, str]:
    """The step's own words for its button, and its page."""
    assert need.row is not None  # noqa: S101 - needs with a step are about a review
    if not need.step:
        return _("Open the review"), url_for("reviews.show", review_id=need.row.id)
    step = need.row.seen.process.step(need.step)
    return _(step.label), url_for("steps.ask", review_id=need.row.id, step=step.key)


def _was_due(need: Need) -> str:
    """What was owed, by when, where: "Desk review received: Fri 27 May 2011, end of day in …"."""
    if need.due is None or need.due.on is None:
        return ""
    text = present.due(need.due.on, need.due.zone, need.due.place)
    return _("%(what)s: %(when)s.", what=_(need.due.milestone.label), when=text.main)


def _date_asked(need: Need) -> Told:
    assert need.row is not None  # noqa: S101 - a request is about a review
    assert need.due is not None  # noqa: S101 - and about one of its dates
    asked = present.day(need.asked) if need.asked else ""
    since = present.day(need.since) if need.since else ""
    milestone = f"{need.due.milestone.key}:{need.due.slot}"
    return Told(
        _("%(who)s asks for another date", who=wording.owner(need.due)),
        _said(
            _("Review of %(state)s.", state=_state(need)),
            _was_due(need),
            _("Wanted: %(day)s. Asked on %(since)s.", day=asked, since=since),
        ),
        _("Answer the request"),
        url_for("steps.ask", review_id=need.row.id, step=need.step, milestone=milestone),
    )


def _own_late(need: Need) -> Told:
    label, href = _step(need)
    return Told(
        ngettext(
            "%(state)s: the secretariat is %(num)s day late",
            "%(state)s: the secretariat is %(num)s days late",
            need.days,
            state=_state(need),
        ),
        _said(_was_due(need)),
        label,
        href,
    )


def _own_late_rest(need: Need, show: Show) -> Told:
    return Told(
        ngettext(
            "One more review waits for the secretariat past its date",
            "%(num)s more reviews wait for the secretariat past their date",
            need.count,
        ),
        (),
        _("Show them"),
        show(turn=Party.SECRETARIAT.value, late=True),
    )


def _silent(need: Need) -> Told:
    who = wording.owner(need.due) if need.due else ""
    about = ""
    if need.due and need.due.party is Party.REVIEWING_STATE:
        about = _("Review of %(state)s.", state=_state(need))
    subject = quote(_("Country review of %(state)s", state=_state(need)))
    href = f"mailto:{quote(need.address, safe='@,')}?subject={subject}"
    label = _("Write to %(state)s", state=who)
    if not need.address and need.row:
        label, href = _("Open the review"), url_for("reviews.show", review_id=need.row.id)
    return Told(
        ngettext(
            "%(who)s is %(num)s day past the date",
            "%(who)s is %(num)s days past the date",
            need.days,
            who=who,
        ),
        _said(about, _was_due(need), _reminders(need)),
        label,
        href,
    )


def _reminders(need: Need) -> str:
    sent = need.reminded
    if not sent.count or sent.last is None:
        return _("No reminder has gone out.")
    return ngettext(
        "%(num)s reminder went out, on %(day)s.",
        "%(num)s reminders went out, the last on %(day)s.",
        sent.count,
        day=present.day(sent.last),
    )


def _silent_rest(need: Need, show: Show) -> Told:
    return Told(
        ngettext(
            "One more party is past its date",
            "%(num)s more parties are past their dates",
            need.count,
        ),
        _said(ngettext("%(num)s day at the most.", "%(num)s days at the most.", need.days)),
        _("Show the late reviews"),
        show(late=True),
    )


def _own_waiting(need: Need) -> Told:
    label, href = _step(need)
    since = present.day(need.since) if need.since else ""
    return Told(
        ngettext(
            "%(state)s has waited for the secretariat for %(num)s day",
            "%(state)s has waited for the secretariat for %(num)s days",
            need.days,
            state=_state(need),
        ),
        _said(
            _(
                "%(what)s: not yet, open since %(day)s. No date is set for it.",
                what=_(need.due.milestone.label) if need.due else "",
                day=since,
            )
        ),
        label,
        href,
    )


def _own_waiting_rest(need: Need, show: Show) -> Told:
    return Told(
        ngettext(
            "One more review waits for the secretariat",
            "%(num)s more reviews wait for the secretariat",
            need.count,
        ),
        (),
        _("Show them"),
        show(turn=Party.SECRETARIAT.value, sort="days"),
    )


def _ready(need: Need) -> Told:
    label, href = _step(need)
    names = (
        [_(side.name) for slot, side in sorted(need.row.seen.sides.items()) if slot]
        if need.row
        else []
    )
    return Told(
        _("%(state)s can be started", state=_state(need)),
        _said(_("The reviewing States are drawn: %(names)s.", names=present.listed(names))),
        label,
        href,
    )


def _ready_rest(need: Need, show: Show) -> Told:
    return Told(
        ngettext(
            "One more review can be started",
            "%(num)s more reviews can be started",
            need.count,
        ),
        _said(_("Their reviewing States are drawn and their year has come.")),
        _("Show them"),
        show(stage="selected"),
    )


def _stopped(need: Need) -> Told:
    label, href = _step(need)
    return Told(
        ngettext(
            "The clock of %(state)s has been stopped for %(num)s day",
            "The clock of %(state)s has been stopped for %(num)s days",
            need.days,
            state=_state(need),
        ),
        _said(
            _("Since %(day)s. No period runs and no reminder goes.", day=present.day(need.since))
            if need.since
            else ""
        ),
        label,
        href,
    )


def _stopped_rest(need: Need, show: Show) -> Told:
    return Told(
        ngettext(
            "One more clock has been stopped for a month",
            "%(num)s more clocks have been stopped for a month",
            need.count,
        ),
        (),
        _("Show them"),
        show(turn="nobody"),
    )


def _not_drawn(need: Need, show: Show) -> Told:
    return Told(
        ngettext(
            "One review waits for its reviewing States",
            "%(num)s reviews wait for their reviewing States",
            need.count,
        ),
        _said(_("Their year has come, but both reviewing States are not drawn yet.")),
        _("Show them"),
        show(stage="selected"),
    )


def _no_officer(need: Need, show: Show) -> Told:
    return Told(
        ngettext("One review has no officer", "%(num)s reviews have no officer", need.count),
        _said(_("Their messages go to the administrators meanwhile.")),
        _("Show them"),
        show(officer="none"),
    )


def _invitations(need: Need, _show: Show) -> Told:
    return Told(
        ngettext(
            "An invitation has expired unused",
            "%(num)s invitations have expired unused",
            need.count,
        ),
        _said(_("These people take part in a review and have not opened their account.")),
        _("Invite again"),
        url_for("people.index", status="expired"),
    )


_ONE: Final[dict[Kind, Callable[[Need], Told]]] = {
    Kind.ADDRESS_DEAD: mail_needs.address_dead,
    Kind.MAIL_FAILED: mail_needs.mail_failed,
    Kind.DATE_ASKED: _date_asked,
    Kind.SUCCESSION: succession_needs.open_one,
    Kind.OWN_LATE: _own_late,
    Kind.SILENT: _silent,
    Kind.OWN_WAITING: _own_waiting,
    Kind.READY: _ready,
    Kind.STOPPED: _stopped,
}
"""Told one by one."""
_MANY: Final[dict[Kind, Callable[[Need, Show], Told]]] = {
    Kind.ADDRESS_DEAD: mail_needs.addresses_dead,
    Kind.MAIL_FAILED: mail_needs.mails_failed,
    Kind.SUCCESSION: succession_needs.others,
    Kind.OWN_LATE: _own_late_rest,
    Kind.SILENT: _silent_rest,
    Kind.OWN_WAITING: _own_waiting_rest,
    Kind.READY: _ready_rest,
    Kind.STOPPED: _stopped_rest,
    Kind.NOT_DRAWN: _not_drawn,
    Kind.NO_OFFICER: _no_officer,
    Kind.INVITATIONS: _invitations,
}
"""Told as a number, with the way to all of them."""
